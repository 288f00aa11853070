//! The worker: the process that owns the training device and the meters.
//!
//! It is this program's internal `worker` command. It reads commands from standard input and writes events to standard
//! output, one JSON object a line; whatever else prints to standard output, drivers included, lands on standard error.
//! It ends with its run, or at once when its standard input ends: a controller that is gone leaves no orphan. The same
//! holds for a worker that only reads the meters.
//!
//! Depends on `train`, `power`, `device` and `protocol`, and on `data` and `setup` below them. Training happens on one thread, meters are read on another, and
//! both meet here on one monotonic clock.

mod answer;
mod answers;
mod busy;
mod controls;
mod convert;
mod cool_down;
mod infer;
mod known;
mod learn;
mod load;
mod meters;
mod outbox;
mod replay;
mod session;
mod streams;
mod task;
mod trace;
mod wall;
mod warm_up;
mod watch;

use std::io::{BufRead, Read};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use crate::protocol::{
    Command, Event, Failure, FailureKind, LINE_BYTES_MAX, PROTOCOL, RunRequest, decode,
};
use answer::{Answer, Question};
use controls::Controls;
use infer::{Ask, Infer};
use load::Load;
use outbox::Outbox;
use session::Trainer;
use trace::Trace;
use watch::{Purpose, Watch, Wish};

/// Version of this program, as it is stored with every run.
pub const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Serves one controller over the standard streams.
///
/// # Errors
/// Where the standard streams cannot be set up.
pub fn serve() -> std::io::Result<ExitCode> {
    let channel = streams::take_stdout()?;
    // The controller decides what an interrupt means; the terminal sends it to both.
    if let Err(error) = ctrlc::set_handler(|| {}) {
        tracing::warn!("interrupts cannot be ignored: {error}");
    }
    let outbox = Outbox::start(channel)?;
    outbox.send(Event::Hello {
        protocol: PROTOCOL,
        program_version: PROGRAM_VERSION.to_owned(),
        pid: std::process::id(),
    });
    Ok(Worker {
        outbox,
        controls: Arc::new(Controls::default()),
        process: Arc::new(Controls::default()),
        activity: None,
    }
    .listen())
}

struct Worker {
    outbox: Outbox,
    /// What the user wants of what is going on; each run has its own.
    controls: Arc<Controls>,
    /// Told when the thread ends that trains, with which the process does.
    process: Arc<Controls>,
    activity: Option<Activity>,
}

/// What a worker does beside answering questions: one thing, with which it ends; or runs, one after the other, as long as
/// each keeps it for another.
enum Activity {
    Run {
        trainer: Trainer,
        stays: bool,
    },
    /// With where wishes to the thread go that watches.
    Watch(SyncSender<Wish>),
    /// With where windows are asked for of the network that answers.
    Infer(SyncSender<Ask>),
    /// With where questions go to the network that answers them.
    Ask(SyncSender<Question>),
    /// A load or a trace: nothing is kept of it, so that it may be ended anywhere.
    Load,
}

/// Wishes that may wait for the thread that watches: it takes them at once unless a driver hangs.
const WISHES_WAITING: usize = 16;
/// How long a load that is stopped may take to end by itself.
const LOAD_PATIENCE: Duration = Duration::from_millis(300);

impl Worker {
    fn listen(mut self) -> ExitCode {
        let mut input = std::io::stdin().lock();
        let mut line = String::new();
        loop {
            line.clear();
            // A line without an end must not fill the memory.
            let limited = (&mut input)
                .take(LINE_BYTES_MAX as u64)
                .read_line(&mut line);
            match limited {
                Ok(0) | Err(_) => return self.leave(),
                Ok(_) if line.trim().is_empty() => {}
                Ok(_) => match decode(&line) {
                    Ok(command) => self.obey(command),
                    Err(error) => self.outbox.send(Event::Failed(Failure {
                        kind: FailureKind::Protocol,
                        message: error.to_string(),
                    })),
                },
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Devices => answers::devices(&self.outbox),
            Command::Doctor {
                device,
                measure,
                knowledge,
            } => answers::doctor(&self.outbox, &device, &measure, &knowledge),
            Command::FitWall(readings) => answers::fit_wall(&self.outbox, readings),
            Command::Run(request)
                if matches!(self.activity, Some(Activity::Run { stays: true, .. })) =>
            {
                self.run_another(*request);
            }
            Command::Run(_)
            | Command::Watch { .. }
            | Command::MeasureIdle { .. }
            | Command::Load { .. }
            | Command::Trace { .. }
            | Command::Infer(_)
            | Command::Ask(_)
                if self.activity.is_some() =>
            {
                self.outbox.send(Event::Failed(Failure {
                    kind: FailureKind::Protocol,
                    message:
                        "a worker trains one run or reads the meters once; start another worker"
                            .to_owned(),
                }));
            }
            Command::Run(request) => {
                let trainer = Trainer::start(self.outbox.clone(), Arc::clone(&self.process));
                self.activity = Some(Activity::Run {
                    trainer,
                    stays: true,
                });
                self.run_another(*request);
            }
            Command::Watch {
                device,
                measure,
                every_gpu,
                baseline,
                knowledge,
                record,
            } => self.watch(|wishes| Watch {
                device,
                measure,
                every_gpu,
                knowledge,
                purpose: Purpose::Look { baseline },
                record,
                wishes,
            }),
            Command::MeasureIdle {
                device,
                measure,
                duration_s,
                knowledge,
            } => self.watch(|wishes| Watch {
                device,
                measure,
                every_gpu: false,
                knowledge,
                purpose: Purpose::Idle { duration_s },
                record: None,
                wishes,
            }),
            Command::Load {
                device,
                measure,
                settle_s,
                duration_s,
                share,
                kernel_cache,
                knowledge,
            } => {
                self.activity = Some(Activity::Load);
                let load = Load {
                    device,
                    measure,
                    settle_s,
                    duration_s,
                    share,
                    kernel_cache,
                    knowledge,
                };
                load.start(self.outbox.clone(), Arc::clone(&self.controls));
            }
            Command::Trace {
                setup,
                steps,
                kernel_cache,
                teacher,
            } => {
                self.activity = Some(Activity::Load);
                let trace = Trace {
                    setup: *setup,
                    steps,
                    kernel_cache,
                    teacher: teacher.map(|teacher| session::teacher_from(*teacher)),
                };
                trace.start(self.outbox.clone(), Arc::clone(&self.controls));
            }
            Command::Infer(request) => {
                let (sender, asked) = sync_channel(WISHES_WAITING);
                self.activity = Some(Activity::Infer(sender));
                let infer = Infer {
                    request: *request,
                    asked,
                };
                infer.start(self.outbox.clone(), Arc::clone(&self.controls));
            }
            Command::MeasureInference {
                batch_size,
                warm_up_s,
                duration_s,
            } => self.ask(Ask {
                batch_size,
                warm_up_s,
                duration_s,
            }),
            Command::Ask(request) => {
                let (sender, asked) = sync_channel(WISHES_WAITING);
                self.activity = Some(Activity::Ask(sender));
                let answer = Answer {
                    request: *request,
                    asked,
                };
                answer.start(self.outbox.clone(), Arc::clone(&self.controls));
            }
            Command::Question { id, samples } => self.question(Question::Samples { id, samples }),
            Command::ReadMeters => self.question(Question::ReadMeters),
            Command::Replay { file } => replay::replay(&self.outbox, &file),
            Command::OpenWindow => self.wish(Wish::OpenWindow),
            Command::CloseWindow => self.wish(Wish::CloseWindow),
            Command::Pause => self.controls.pause(),
            Command::Resume => self.controls.resume(),
            Command::Checkpoint => self.controls.checkpoint(),
            Command::Stop => {
                self.controls.stop();
                if let Some(Activity::Watch(wishes)) = &self.activity {
                    // Only wakes it: where the queue is full, it sees the stop when it comes to that.
                    let _ = wishes.try_send(Wish::Stop);
                }
                if matches!(
                    self.activity,
                    Some(Activity::Load | Activity::Infer(_) | Activity::Ask(_))
                ) {
                    self.end_load();
                }
            }
        }
    }

    /// Hands a run to the thread that trains.
    fn run_another(&mut self, request: RunRequest) {
        let Some(Activity::Run { trainer, stays }) = &mut self.activity else {
            return;
        };
        *stays = request.terms.stays;
        let controls = Arc::new(Controls::default());
        if trainer.take(request, Arc::clone(&controls)) {
            self.controls = controls;
        } else {
            self.outbox.send(Event::Failed(Failure {
                kind: FailureKind::Protocol,
                message: "a run is waiting already; ask for the next one when this one has ended"
                    .to_owned(),
            }));
        }
    }

    fn watch(&mut self, watch: impl FnOnce(Receiver<Wish>) -> Watch) {
        let (sender, wishes) = sync_channel(WISHES_WAITING);
        self.activity = Some(Activity::Watch(sender));
        watch(wishes).start(self.outbox.clone(), Arc::clone(&self.controls));
    }

    /// Ends a load: it sees the stop between two turns, but may be deep in a driver that compiles kernels.
    fn end_load(&self) {
        let until = Instant::now() + LOAD_PATIENCE;
        while Instant::now() < until {
            if self.controls.has_ended() {
                // Its own thread ends the process.
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.outbox.close();
        std::process::exit(0);
    }

    /// Asks for a window of the network that answers.
    fn ask(&self, ask: Ask) {
        let message = match &self.activity {
            Some(Activity::Ask(_)) => return self.question(Question::Measure(ask)),
            Some(Activity::Infer(asked)) => match asked.try_send(ask) {
                Ok(()) => return,
                Err(_) => "a window is waiting already",
            },
            _ => "nothing can be asked; send `infer` first",
        };
        self.outbox.send(Event::Failed(Failure {
            kind: FailureKind::Protocol,
            message: message.to_owned(),
        }));
    }

    /// Hands a question to the network that answers them.
    fn question(&self, question: Question) {
        let message = match &self.activity {
            Some(Activity::Ask(asked)) => match asked.try_send(question) {
                Ok(()) => return,
                Err(_) => "too many questions are waiting already",
            },
            _ => "nothing can be asked; send `ask` first",
        };
        self.outbox.send(Event::Failed(Failure {
            kind: FailureKind::Protocol,
            message: message.to_owned(),
        }));
    }

    /// Passes a wish on to the thread that watches the meters.
    fn wish(&self, wish: Wish) {
        let (kind, message) = match &self.activity {
            Some(Activity::Watch(wishes)) => match wishes.try_send(wish) {
                Ok(()) => return,
                Err(_) => (FailureKind::Meter, "the meters do not answer"),
            },
            _ => (
                FailureKind::Protocol,
                "windows are opened and closed while the meters are watched; send `watch` first",
            ),
        };
        self.outbox.send(Event::Failed(Failure {
            kind,
            message: message.to_owned(),
        }));
    }

    /// The controller is gone. What it has recorded is safe with it; there is nobody left to train for.
    fn leave(self) -> ExitCode {
        let keeps = matches!(self.activity, Some(Activity::Run { stays: true, .. }));
        if self.process.has_ended() || self.controls.has_ended() && !keeps {
            // The run's own thread ends the process, with the run's exit code.
            loop {
                std::thread::park();
            }
        }
        match self.activity {
            // Nothing is being made that could be lost, and a meter's driver may hang.
            Some(Activity::Watch(_) | Activity::Load | Activity::Infer(_) | Activity::Ask(_)) => {
                std::process::exit(0)
            }
            // Between two runs: nothing is lost.
            Some(Activity::Run { .. }) if self.controls.has_ended() => {
                self.outbox.close();
                std::process::exit(0);
            }
            Some(Activity::Run { .. }) => {
                tracing::warn!("the controller is gone; the worker ends with it");
                // The training thread may be deep in a driver: nothing gentler would end it for certain.
                std::process::exit(i32::from(ORPHANED));
            }
            None => {
                self.outbox.close();
                ExitCode::SUCCESS
            }
        }
    }
}

/// Exit code of a worker whose controller went away in the middle of a run.
const ORPHANED: u8 = 9;
