//! A trained network that is asked about samples while the meters are read.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::busy::{Busy, Costs};
use super::controls::Controls;
use super::known::Known;
use super::outbox::Outbox;
use super::session::{self, failure, training_failure};
use super::watch::{EVERY, Watching, all_answer};
use super::{convert, task, wall};
use crate::device::{self, DeviceKind};
use crate::power::{self, Clock};
use crate::protocol::{Answered, Event, Failure, FailureKind, InferRequest, InferenceWindow};
use crate::train::{InferJob, Inferer, Means, TrainError, Work, can_infer};
use crate::units::{HeadProgress, Latencies, Metric};

/// The longest window, and the longest warm-up, s.
const SECONDS_MAX: f64 = 3600.0;
/// Passes of a warm-up at least: the first ones compile and tune kernels.
const WARM_UP_PASSES: u64 = 10;

/// A window that is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ask {
    /// Samples at once.
    pub batch_size: usize,
    /// Seconds of warm-up, where the batches are of another size than before.
    pub warm_up_s: f64,
    /// Seconds of the window.
    pub duration_s: f64,
}

/// A network to be asked.
pub struct Infer {
    /// Which.
    pub request: InferRequest,
    /// Windows that the controller asks for.
    pub asked: Receiver<Ask>,
}

impl Infer {
    /// Answers on a thread of its own; the process ends with it.
    pub fn start(self, outbox: Outbox, controls: Arc<Controls>) {
        task::start(
            "joulelab-train",
            outbox,
            controls,
            move |outbox, controls| self.run(outbox, controls),
        );
    }

    fn run(self, outbox: &Outbox, controls: &Controls) -> Result<(), Failure> {
        let InferRequest {
            setup,
            checkpoint,
            kernel_cache,
            knowledge,
        } = self.request;
        if !can_infer(&setup.dataset) {
            return Err(Failure {
                kind: FailureKind::Setup,
                message: "a policy of reinforcement learning has no samples to be asked about"
                    .to_owned(),
            });
        }
        let (plan, input) = session::describe(&setup, outbox)?;
        let chosen = session::choose(&setup.device)?;
        let entry = &chosen.entry;
        outbox.send(Event::Device {
            device: convert::device(entry),
            because: chosen.because.clone(),
        });
        if let Some(folder) = &kernel_cache {
            device::use_kernel_cache(folder, entry);
        }
        let opened = device::open(entry).map_err(failure(FailureKind::Device))?;
        let busy = Busy::default();
        busy.count(Costs::of_run(&setup, &plan, input.len() as u64, |_| true));
        let job = InferJob {
            setup: setup.clone(),
            plan,
            device: opened.device.clone(),
            on_processor: matches!(entry.kind, DeviceKind::Cpu | DeviceKind::Software),
            checkpoint,
        };
        // Before anything is measured: what cannot be read is refused at once.
        let inferer = Inferer::load(job).map_err(training_failure)?;

        let known = Known::of(&knowledge, entry);
        let mut found = power::discover(&known.options(entry, &setup.measure, &busy));
        known.remark(&mut found);
        let at_wall = wall::report(&knowledge.walls, &entry.identity(), &found);
        outbox.send(convert::sources(&found, at_wall));
        outbox.send(convert::meters(&found, setup.measure.rate_hz, None));
        all_answer(&setup.measure, &found)?;
        let rate_hz = setup.measure.rate_hz;
        let mut watching = Watching::start(found, Clock::new(), rate_hz, None, outbox)?;
        if setup.measure.idle_s > 0.0 {
            watching.measure_idle(setup.measure.idle_s, controls)?;
        }
        outbox.send(Event::InferenceReady {
            step: inferer.step(),
            samples: inferer.samples() as u64,
        });
        let mut answering = Answering {
            inferer,
            busy,
            watching,
            outbox,
            controls,
        };
        while let Ok(ask) = self.asked.recv() {
            answering.measure(ask)?;
            if controls.is_stopped() {
                break;
            }
        }
        Ok(())
    }
}

/// A network that is asked over and over.
pub trait Asked {
    /// Samples at once; 0 before the first [`Self::begin`].
    fn batch_size(&self) -> usize;
    /// What its answers are judged by.
    fn metric(&self) -> Metric;
    /// Takes so many samples at once from now on, and says how good its answers are then, where that is known.
    ///
    /// # Errors
    /// Where the device fails.
    fn begin(&mut self, batch_size: usize) -> Result<Means, TrainError>;
    /// Asks once, and waits for the answer.
    ///
    /// # Errors
    /// Where the device fails.
    fn pass(&mut self) -> Result<(), TrainError>;
}

impl Asked for Inferer {
    fn batch_size(&self) -> usize {
        self.batch_size()
    }

    fn metric(&self) -> Metric {
        self.metric()
    }

    fn begin(&mut self, batch_size: usize) -> Result<Means, TrainError> {
        self.begin(batch_size)
    }

    fn pass(&mut self) -> Result<(), TrainError> {
        self.pass()
    }
}

/// A network that is asked while the meters are read.
pub struct Answering<'a, N> {
    /// It.
    pub inferer: N,
    /// What models of the power go by.
    pub busy: Busy,
    /// The meters.
    pub watching: Watching<'a>,
    /// To whom it is told.
    pub outbox: &'a Outbox,
    /// What the controller wants meanwhile.
    pub controls: &'a Controls,
}

impl<N: Asked> Answering<'_, N> {
    /// Measures a window.
    ///
    /// # Errors
    /// Where what is asked for cannot be, the meters do not answer or the device fails.
    pub fn measure(&mut self, ask: Ask) -> Result<(), Failure> {
        check(ask)?;
        if self.inferer.batch_size() != ask.batch_size {
            self.begin(ask)?;
        }
        // What was cut short is not what was asked for.
        if self.controls.is_stopped() {
            return Ok(());
        }
        self.watching.open_window()?;
        let begun = Instant::now();
        let (passes, latencies) = self.go_on(ask.duration_s, 1)?;
        let seconds = begun.elapsed().as_secs_f64();
        self.watching.close_window()?;
        self.outbox.send(Event::Inferred(InferenceWindow {
            batch_size: ask.batch_size,
            passes,
            seconds,
            latencies,
        }));
        Ok(())
    }

    /// Batches of another size: all held-out samples once, to see that the answers are right, then the warm-up.
    fn begin(&mut self, ask: Ask) -> Result<(), Failure> {
        let begun = Instant::now();
        self.busy.set(true);
        let means = self.inferer.begin(ask.batch_size);
        self.busy.set(false);
        let means = means.map_err(training_failure)?;
        let (passes, _) = self.go_on(ask.warm_up_s, WARM_UP_PASSES)?;
        self.outbox.send(Event::InferenceBegun(Answered {
            batch_size: ask.batch_size,
            metric: self.inferer.metric(),
            value: convert::finite(means.metric),
            warm_up_passes: passes,
            warm_up_s: begun.elapsed().as_secs_f64(),
            heads: means.heads.into_iter().map(HeadProgress::from).collect(),
        }));
        Ok(())
    }

    /// Asks one batch after the other for so many seconds, and `passes` at least. Gives how many, and how long each took.
    fn go_on(&mut self, seconds: f64, passes: u64) -> Result<(u64, Latencies), Failure> {
        let begun = Instant::now();
        let mut due = begun + EVERY;
        let mut latencies = Latencies::default();
        let samples = self.inferer.batch_size() as u64;
        self.busy.set(true);
        let mut done = 0;
        let result = loop {
            let asked = Instant::now();
            if let Err(error) = self.inferer.pass() {
                break Err(training_failure(error));
            }
            let answered = Instant::now();
            latencies.add((answered - asked).as_secs_f64());
            done += 1;
            self.busy.worked(Work::Forward {
                samples,
                batches: 1,
            });
            if answered >= due {
                self.watching.tell();
                due = answered + EVERY;
            }
            let is_over = (answered - begun).as_secs_f64() >= seconds && done >= passes;
            if is_over || self.controls.is_stopped() {
                break Ok(());
            }
        };
        self.busy.set(false);
        result.map(|()| (done, latencies))
    }
}

fn check(ask: Ask) -> Result<(), Failure> {
    let given = if ask.batch_size == 0 {
        Some(("batch_size", 0.0, "1 or more"))
    } else if !(0.0..=SECONDS_MAX).contains(&ask.warm_up_s) {
        Some(("warm_up_s", ask.warm_up_s, "0 to 3600 s"))
    } else if !(ask.duration_s > 0.0 && ask.duration_s <= SECONDS_MAX) {
        Some(("duration_s", ask.duration_s, "above 0 to 3600 s"))
    } else {
        None
    };
    match given {
        None => Ok(()),
        Some((field, given, allowed)) => Err(Failure {
            kind: FailureKind::Setup,
            message: format!("infer: {field} is `{given}`; allowed: {allowed}"),
        }),
    }
}
