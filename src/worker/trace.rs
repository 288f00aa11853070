//! Where the time of training steps goes: the host's parts of some steps as they are, then the kernels of as many more.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::controls::Controls;
use super::outbox::Outbox;
use super::session::{self, failure};
use super::warm_up::WarmUp;
use super::{convert, task};
use crate::device::{self, DeviceKind, KernelWatch, Opened};
use crate::protocol::{
    DeviceTrace, Event, Failure, FailureKind, Stretch, TracedKernel, TracedPart, TracedStep,
};
use crate::setup::{Phase, Setup, StepPart, StopSetup};
use crate::train::{
    self, Evaluation, Job, Observer, Predictions, Progress, Saved, Signal, Sources, TeacherFrom,
    Work,
};

/// A number of steps that is never reached; a setup can hold none that is larger.
const NEVER: u64 = i64::MAX as u64;

/// Steps of a stretch at most: a trace is looked at step by step.
const STEPS_MAX: u64 = 100;
/// Steps before the first stretch, in which the loop finds its pace of reading the metrics.
const SETTLE_STEPS: u64 = 5;

/// Steps to be traced.
pub struct Trace {
    /// What is trained.
    pub setup: Setup,
    /// Steps of a stretch.
    pub steps: u64,
    /// Where tuned kernels are kept.
    pub kernel_cache: Option<PathBuf>,
    /// The run that teaches, where one does.
    pub teacher: Option<TeacherFrom>,
}

impl Trace {
    /// Works on a thread of its own; the process ends with it.
    pub fn start(self, outbox: Outbox, controls: Arc<Controls>) {
        task::start(
            "joulelab-train",
            outbox,
            controls,
            move |outbox, controls| self.run(outbox, controls),
        );
    }

    fn run(mut self, outbox: &Outbox, controls: &Controls) -> Result<(), Failure> {
        if !(1..=STEPS_MAX).contains(&self.steps) {
            return Err(Failure {
                kind: FailureKind::Setup,
                message: format!(
                    "{} steps cannot be traced; 1 to {STEPS_MAX} can",
                    self.steps
                ),
            });
        }
        // The loop goes on until the trace is whole, and nothing comes between two steps.
        self.setup.regime.stop = StopSetup {
            steps: Some(NEVER),
            ..StopSetup::default()
        };
        // What the weights are takes no time.
        self.setup.start = None;
        self.setup.regime.evaluation.every_steps = Some(NEVER);
        let before = Instant::now();
        let sources = Sources {
            start: None,
            teacher: self.teacher,
        };
        let (plan, _) = session::describe_taught(&self.setup, sources.teacher.as_ref(), outbox)?;
        let chosen = session::choose(&self.setup.device)?;
        session::check_memory(&self.setup, &plan, &chosen.entry)?;
        outbox.send(Event::Device {
            device: convert::device(&chosen.entry),
            because: chosen.because,
        });
        if let Some(folder) = &self.kernel_cache {
            device::use_kernel_cache(folder, &chosen.entry);
        }
        let opened = device::open(&chosen.entry).map_err(failure(FailureKind::Device))?;
        let mut tracer = Tracer {
            steps: self.steps,
            opened: opened.clone(),
            before,
            warm_up: WarmUp::new(outbox, self.kernel_cache.as_deref()),
            controls,
            trains: false,
            settled: 0,
            now: None,
            stretches: Vec::new(),
            problem: None,
        };
        let job = Job {
            setup: self.setup,
            plan,
            device: opened.device,
            compiles: opened.compiles,
            on_processor: matches!(chosen.entry.kind, DeviceKind::Cpu | DeviceKind::Software),
            checkpoints: None,
            resume: None,
            until: None,
        };
        train::train_with(job, &sources, &mut tracer).map_err(session::training_failure)?;
        match tracer.problem {
            Some(failure) => Err(failure),
            None => {
                outbox.send(Event::Traced {
                    stretches: tracer.stretches,
                });
                Ok(())
            }
        }
    }
}

/// Notes when what began. Costs the thread that trains a look at the clock for each part of a step.
struct Tracer<'a> {
    steps: u64,
    opened: Opened,
    /// A moment before the device was opened.
    before: Instant,
    warm_up: Arc<WarmUp>,
    controls: &'a Controls,
    trains: bool,
    settled: u64,
    now: Option<Recording>,
    stretches: Vec<Stretch>,
    problem: Option<Failure>,
}

/// The stretch that is going on.
struct Recording {
    from: Instant,
    watch: Option<KernelWatch>,
    steps: Vec<TracedStep>,
    /// Parts of the step that is going on.
    parts: Vec<TracedPart>,
    open: Option<(StepPart, f64)>,
}

impl Recording {
    fn now_s(&self) -> f64 {
        self.from.elapsed().as_secs_f64()
    }

    /// Ends the part that is going on.
    fn close(&mut self, now_s: f64) {
        let Some((part, begin_s)) = self.open.take() else {
            return;
        };
        let closed = TracedPart {
            part,
            begin_s,
            end_s: now_s,
        };
        match self.steps.last_mut() {
            // It comes once the step before it is handed over.
            Some(step) if part == StepPart::Read => step.parts.push(closed),
            _ => self.parts.push(closed),
        }
    }

    fn end_step(&mut self) {
        let now_s = self.now_s();
        self.close(now_s);
        self.steps.push(TracedStep {
            parts: std::mem::take(&mut self.parts),
            handed_over_s: now_s,
        });
    }

    fn end(self, done_s: f64) -> Stretch {
        let device = self.watch.map(|watch| {
            let seen = watch.end();
            let last = seen.kernels.iter().map(|kernel| kernel.end).max();
            let shift_s = done_s - last.unwrap_or_default().as_secs_f64();
            let kernels = seen.kernels.into_iter().map(|kernel| TracedKernel {
                name: kernel.name,
                begin_s: shift_s + kernel.begin.as_secs_f64(),
                end_s: shift_s + kernel.end.as_secs_f64(),
            });
            DeviceTrace {
                kernels: kernels.collect(),
                untimed: seen.untimed,
            }
        });
        Stretch {
            steps: self.steps,
            done_s,
            device,
        }
    }
}

impl Tracer<'_> {
    fn is_whole(&self) -> bool {
        // Where nothing is compiled there are no kernels to time: the host does all of the work itself.
        let wanted = if self.opened.compiles { 2 } else { 1 };
        self.stretches.len() >= wanted
    }

    /// A step was handed over: begins and ends stretches. The device is only waited for at their edges.
    fn stepped(&mut self) -> Result<(), Failure> {
        match &mut self.now {
            None if self.settled < SETTLE_STEPS => {
                self.settled += 1;
                if self.settled == SETTLE_STEPS {
                    self.begin_stretch()?;
                }
            }
            None => {}
            Some(recording) => {
                recording.end_step();
                if recording.steps.len() as u64 == self.steps {
                    self.end_stretch()?;
                }
            }
        }
        Ok(())
    }

    fn begin_stretch(&mut self) -> Result<(), Failure> {
        self.wait()?;
        let watches = !self.stretches.is_empty();
        self.now = Some(Recording {
            watch: watches.then(|| KernelWatch::start(self.before)),
            from: Instant::now(),
            steps: Vec::new(),
            parts: Vec::new(),
            open: None,
        });
        Ok(())
    }

    fn end_stretch(&mut self) -> Result<(), Failure> {
        self.wait()?;
        if let Some(recording) = self.now.take() {
            let done_s = recording.now_s();
            self.stretches.push(recording.end(done_s));
        }
        if self.is_whole() {
            return Ok(());
        }
        self.begin_stretch()
    }

    fn wait(&self) -> Result<(), Failure> {
        self.opened.wait().map_err(failure(FailureKind::Training))
    }
}

impl Observer for Tracer<'_> {
    fn begin(&mut self, phase: Phase) {
        self.trains = phase == Phase::Train;
    }

    fn end(&mut self, phase: Phase) {
        if phase == Phase::WarmUp {
            self.warm_up.end();
        }
        self.trains = false;
    }

    fn warms_up(&mut self, steps: u64) {
        self.warm_up.begin(steps);
    }

    fn is_warm(&mut self) -> bool {
        self.warm_up.is_warm()
    }

    fn part(&mut self, part: StepPart) {
        if let Some(recording) = &mut self.now {
            let now_s = recording.now_s();
            recording.close(now_s);
            recording.open = Some((part, now_s));
        }
    }

    /// The sums were read.
    fn progress(&mut self, _: &Progress) {
        if let Some(recording) = &mut self.now {
            let now_s = recording.now_s();
            recording.close(now_s);
        }
    }

    fn worked(&mut self, work: Work) {
        match work {
            Work::Forward { .. } | Work::Teach { .. } => {}
            Work::Step | Work::Update { .. } if !self.trains => self.warm_up.step(),
            Work::Step | Work::Update { .. } => {
                self.problem = self.stepped().err();
            }
        }
    }

    fn signal(&mut self) -> Signal {
        if self.is_whole() || self.problem.is_some() || self.controls.is_stopped() {
            Signal::Leave
        } else {
            Signal::Continue
        }
    }

    fn evaluated(&mut self, _: &Evaluation) {}

    fn predicted(&mut self, _: Predictions) {}

    fn saved(&mut self, _: &Saved) {}

    fn wait_while_paused(&mut self) {}

    fn energy_used_j(&mut self) -> Option<f64> {
        None
    }
}
