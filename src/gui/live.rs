//! The run that goes on, as the window follows it, and how it is started.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use super::curves::Curves;
use super::jobs::{Jobs, Lane};
use super::mistakes::Mistakes;
use super::state::{Page, Shared, State};
use crate::analysis::{Left, left};
use crate::control::{self, Ending, Launch, RunControl, RunEvent, WorkerCommand};
use crate::library::{Library, LibraryError, Status};
use crate::protocol::{
    Data, Device, Evaluation, Event, IdlePower, Meter, MeterNow, PhaseEnergy, Progress, SelfCheck,
    Source,
};
use crate::setup::{Phase, Setup};
use crate::units::{Estimate, HeadOutcome, HeadResult, Metric};

/// Time between two looks at a run, ms: what the window itself draws is part of what is measured.
const EVERY_MS: u32 = 100;
/// The same in quiet measurement.
const EVERY_QUIET_MS: u32 = 500;

/// Time between two looks at runs; shared with the threads that feed the window.
#[derive(Clone, Debug)]
pub struct Pace(Arc<AtomicU32>);

impl Default for Pace {
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(EVERY_MS)))
    }
}

impl Pace {
    /// Draw less, or as usual.
    pub fn set_quiet(&self, quiet: bool) {
        self.0.store(
            if quiet { EVERY_QUIET_MS } else { EVERY_MS },
            Ordering::Relaxed,
        );
    }

    /// Time between two looks.
    pub fn every(&self) -> Duration {
        Duration::from_millis(u64::from(self.0.load(Ordering::Relaxed)))
    }
}

/// What the user did with a run that has not shown yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To hold.
    Pause,
    /// To end.
    Stop,
}

/// A run that was started from the window; stays after its end, until the next.
pub struct Live {
    /// Tells it from earlier runs of this window.
    pub serial: u64,
    /// What is trained.
    pub setup: Setup,
    /// Identifier in the library, once it is recorded.
    pub run_id: Option<String>,
    /// What can be done with it, once its worker runs.
    pub control: Option<RunControl>,
    /// Device and why this one.
    pub device: Option<(Device, String)>,
    /// Dataset and model.
    pub data: Option<Data>,
    /// Comparison of the device with the CPU.
    pub self_check: Option<SelfCheck>,
    /// What is read.
    pub meters: Vec<Meter>,
    /// What is not read, and why.
    pub refused: Vec<Source>,
    /// Idle baseline.
    pub idle: Vec<IdlePower>,
    /// What it is doing.
    pub phase: Option<Phase>,
    /// How far the warm-up is, or before it the self-check, which has no steps.
    pub warm_up: Option<WarmUp>,
    /// The latest training metrics.
    pub progress: Option<Progress>,
    /// The latest look at the held-out samples.
    pub evaluation: Option<Evaluation>,
    /// Best value of the task's metric on the held-out samples.
    pub best_metric: Option<f64>,
    /// Each head, where several labels are learnt at once, as it was last looked at.
    pub heads: Vec<HeadOutcome>,
    /// Each meter at the latest reading.
    pub now: Vec<MeterNow>,
    /// Energy of training and evaluation so far, by meter.
    pub training: Vec<PhaseEnergy>,
    /// What its plots show.
    pub curves: Curves,
    /// What the network takes for what.
    pub mistakes: Mistakes,
    /// What the user asked for and the worker has not yet done.
    pub wish: Option<Wish>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Why it could not be started at all.
    pub not_started: Option<String>,
    /// When it was asked for.
    pub asked_at: Instant,
    /// Checkpoints written so far.
    pub checkpoints: u64,
}

impl Live {
    /// A run that is being started.
    pub fn new(serial: u64, setup: Setup) -> Self {
        Self {
            serial,
            setup,
            run_id: None,
            control: None,
            device: None,
            data: None,
            self_check: None,
            meters: Vec::new(),
            refused: Vec::new(),
            idle: Vec::new(),
            phase: None,
            warm_up: None,
            progress: None,
            evaluation: None,
            best_metric: None,
            heads: Vec::new(),
            now: Vec::new(),
            training: Vec::new(),
            curves: Curves::default(),
            mistakes: Mistakes::default(),
            wish: None,
            ending: None,
            not_started: None,
            asked_at: Instant::now(),
            checkpoints: 0,
        }
    }

    /// Whether it goes on, held or not.
    pub fn is_going_on(&self) -> bool {
        self.ending.is_none() && self.not_started.is_none()
    }

    /// What its task is judged by; accuracy until its dataset is known.
    pub fn metric(&self) -> Metric {
        let task = self.data.as_ref().map(|data| data.task);
        task.unwrap_or_default().metric()
    }

    /// Whether it is held.
    pub fn is_paused(&self) -> bool {
        self.phase == Some(Phase::Pause)
    }

    /// Takes in what happened.
    pub fn take(&mut self, event: RunEvent) {
        match event {
            RunEvent::Worker(event) => self.take_worker(*event),
            RunEvent::Recorded { run_id } => self.run_id = Some(run_id),
            RunEvent::Ended(ending) => {
                self.run_id = ending.run_id.clone().or(self.run_id.take());
                if let Some(summary) = &ending.summary {
                    self.training.clone_from(&summary.training);
                }
                self.phase = None;
                self.wish = None;
                self.ending = Some(*ending);
            }
        }
    }

    fn take_worker(&mut self, event: Event) {
        self.curves.take(&event);
        match event {
            Event::Device { device, because } => self.device = Some((device, because)),
            Event::Data(data) => self.data = Some(data),
            Event::SelfCheck(check) => self.self_check = Some(check),
            Event::Meters { meters, refused } => {
                self.meters = meters;
                self.refused = refused;
            }
            Event::Idle { power, .. } => self.idle = power,
            Event::PhaseBegan { phase, .. } => {
                self.phase = Some(phase);
                if phase == Phase::Pause && self.wish == Some(Wish::Pause) {
                    self.wish = None;
                }
            }
            Event::PhaseEnded { .. } => self.phase = None,
            Event::WarmUp { done, total, tuned } => {
                self.warm_up = Some(WarmUp { done, total, tuned })
            }
            Event::Progress { progress, .. } => self.progress = Some(progress),
            Event::Evaluated {
                evaluation,
                training,
                ..
            } => {
                let metric = self.metric();
                self.best_metric = match (self.best_metric, evaluation.metric) {
                    (Some(best), Some(now)) => Some(metric.better(best, now)),
                    (best, now) => best.or(now),
                };
                let heads = evaluation.heads.iter().enumerate();
                let after = |(at, head): (usize, &HeadResult)| {
                    HeadOutcome::after(self.heads.get(at), head.clone(), evaluation.step)
                };
                self.heads = heads.map(after).collect();
                self.evaluation = Some(evaluation);
                self.training = training;
            }
            Event::Energy { now, training, .. } => {
                self.now = now;
                self.training = training;
            }
            Event::Predictions(said) => self.mistakes.take(said),
            Event::Saved(_) => self.checkpoints += 1,
            _ => {}
        }
    }

    /// Energy of training and evaluation so far over the parts of the machine, with its provenance.
    pub fn energy(&self) -> Option<PhaseEnergy> {
        control::sum_of_parts(&self.training)
    }

    /// Power now over the parts of the machine, W; `None` where one of them has no reading.
    pub fn power_w(&self) -> Option<f64> {
        MeterNow::sum_w(&self.now)
    }

    /// Mean power of training and evaluation, W, over the time that the meters covered.
    pub fn mean_power_w(&self) -> Option<Estimate> {
        self.energy()?.gross.mean_power_w()
    }

    /// Whether it ended as its stop rule says without reaching its target.
    pub fn missed_target(&self) -> bool {
        self.ending.as_ref().is_some_and(|ending| {
            let told = ending.summary.as_ref();
            ending.status == Status::Completed
                && told.and_then(|told| told.target_reached) == Some(false)
        })
    }

    /// Seconds of training and evaluation, as the meters saw them; of training alone where there is no meter.
    pub fn elapsed_s(&self) -> f64 {
        let trained_s = self
            .progress
            .as_ref()
            .map_or(0.0, |progress| progress.train_s);
        self.training
            .iter()
            .map(|part| part.gross.window_s)
            .fold(trained_s, f64::max)
    }

    /// How much of the run is done, 0 to 1: by the bound that is nearest.
    pub fn share_done(&self) -> Option<f64> {
        let progress = self.progress.as_ref()?;
        let stop = &self.setup.regime.stop;
        let energy: Option<Estimate> = self.energy().and_then(|sum| sum.gross.energy_j);
        crate::analysis::share_done(
            stop,
            progress.step,
            progress.steps_max,
            self.elapsed_s(),
            energy,
        )
    }

    /// Time and energy that are left at the pace so far, warm-up left out.
    pub fn left(&self) -> Option<Left> {
        let energy = self.energy().and_then(|sum| sum.gross.energy_j);
        left(self.share_done()?, self.elapsed_s(), energy)
    }
}

/// What is stored of a run that is to be gone on with.
pub struct Earlier {
    setup: String,
    curves: Curves,
    mistakes: Mistakes,
    heads: Vec<HeadOutcome>,
}

impl Earlier {
    /// Reads it up to the last checkpoint.
    ///
    /// # Errors
    /// Where the library cannot be read or there is no such run.
    pub fn read(library: &Library, run_id: &str) -> Result<Self, LibraryError> {
        let run = library.run(run_id)?;
        let mut curves = Curves::of_run(library, run_id)?;
        let mut heads: Vec<HeadOutcome> = Vec::new();
        if let Some(checkpoint) = library.latest_checkpoint(run_id)? {
            curves.cut_after(checkpoint.step);
            let before = library.epochs(run_id)?.into_iter();
            for epoch in before.take_while(|epoch| epoch.step <= checkpoint.step) {
                let looks = epoch.heads.into_iter().enumerate();
                heads = looks
                    .map(|(at, look)| HeadOutcome::after(heads.get(at), look, epoch.step))
                    .collect();
            }
        }
        Ok(Self {
            setup: run.setup.json,
            curves,
            mistakes: Mistakes::of_run(library, run_id)?,
            heads,
        })
    }

    /// Goes on with the run `run_id`.
    pub fn go_on(self, shared: &mut Shared, run_id: String) {
        match serde_json::from_str(&self.setup) {
            Ok(setup) => {
                shared.preferences.page = Page::Train;
                shared.start(setup, Some(run_id));
                if let Some(live) = &mut shared.live {
                    live.curves = self.curves;
                    live.mistakes = self.mistakes;
                    live.heads = self.heads;
                }
            }
            Err(error) => shared.toasts.error(format!(
                "The run's setup is of another version and cannot be used: {error}"
            )),
        }
    }
}

/// What is needed to start runs.
#[derive(Clone, Debug)]
pub struct Starter {
    /// How to start a worker.
    pub worker: WorkerCommand,
    /// The library that records it.
    pub library: PathBuf,
    /// How often the window looks.
    pub pace: Pace,
}

impl Starter {
    /// Starts run number `serial` off the window's thread; its events come round as changes to the state.
    pub fn start(&self, jobs: &mut Jobs, serial: u64, setup: Setup, resume: Option<String>) {
        let launch = Launch {
            setup,
            name: None,
            note: None,
            tags: Vec::new(),
            resume,
            record: None,
            worker: self.worker.clone(),
            library: self.library.clone(),
        };
        let (sender, pace) = (jobs.sender(), self.pace.clone());
        jobs.run(Lane::Run, move |_| {
            let begun = control::start(launch)
                .map_err(|error| error.to_string())
                .and_then(|session| {
                    let control = session.control;
                    std::thread::Builder::new()
                        .name("joulelab-gui-feed".to_owned())
                        .spawn(move || {
                            feed(&session.events, &pace, |batch| {
                                sender.send(move |state| state.take_run_events(serial, batch))
                            });
                        })
                        .map(|_| control)
                        .map_err(|error| format!("cannot follow the run: {error}"))
                });
            Box::new(move |state: &mut State| {
                let live = state
                    .shared
                    .live
                    .as_mut()
                    .filter(|live| live.serial == serial);
                match (live, begun) {
                    (Some(live), Ok(control)) => {
                        if live.wish == Some(Wish::Stop) {
                            control.stop();
                        }
                        live.control = Some(control);
                    }
                    (Some(live), Err(error)) => live.not_started = Some(error),
                    (None, Ok(control)) => control.stop(),
                    (None, Err(_)) => {}
                }
            })
        });
    }
}

/// Hands events to the window through `give`, several at a time and never more often than the pace allows, until there are no
/// more or `give` says that nobody takes them.
pub(super) fn feed<E>(events: &Receiver<E>, pace: &Pace, give: impl Fn(Vec<E>) -> bool) {
    while let Ok(first) = events.recv() {
        std::thread::sleep(pace.every());
        let mut batch = vec![first];
        let over = loop {
            match events.try_recv() {
                Ok(event) => batch.push(event),
                Err(TryRecvError::Empty) => break false,
                Err(TryRecvError::Disconnected) => break true,
            }
        };
        let taken = give(batch);
        if over || !taken {
            return;
        }
    }
}

/// How far a warm-up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// Steps that were handed over.
    pub done: u64,
    /// Steps that it is of; 0 for the self-check before it.
    pub total: u64,
    /// Operations that were tuned.
    pub tuned: u64,
}

impl WarmUp {
    /// In words.
    pub fn sentence(self) -> String {
        let step = match self.total {
            0 => String::new(),
            total => format!("step {} of {total} · ", (self.done + 1).min(total)),
        };
        match self.tuned {
            0 => format!("{step}kernels are compiled, and tuned at the first run of a shape"),
            1 => format!("{step}1 operation tuned, which is kept"),
            tuned => format!("{step}{tuned} operations tuned, which is kept"),
        }
    }
}
