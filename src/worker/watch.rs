//! The meters without a run: live readings, windows of time, and the power of the idle machine.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::busy::Busy;
use super::controls::Controls;
use super::known::Known;
use super::outbox::Outbox;
use super::{convert, session, task, wall};
use crate::power::recording::{Recorder, RecordingState};
use crate::power::{self, Clock, IdleBaseline, Record, Sampler, SamplerOptions, Status, WindowId};
use crate::protocol::{Event, Failure, FailureKind, Knowledge, PhaseEnergy};
use crate::setup::MeasureSetup;

/// Time between two readings that are told.
pub const EVERY: Duration = Duration::from_millis(500);
/// The longest that idle power is measured for, s; that of a run's baseline.
const IDLE_S_MAX: f64 = 3600.0;

/// What the meters are read for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Purpose {
    /// To be seen, and to measure windows of time, until it is stopped.
    Look {
        /// Whether the idle machine is measured first, as long as the measuring says.
        baseline: bool,
    },
    /// To know the power of the idle machine.
    Idle {
        /// For how long, in seconds.
        duration_s: f64,
    },
}

/// What the controller asks of the thread that watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Begin a window.
    OpenWindow,
    /// End it.
    CloseWindow,
    /// Wake up and end.
    Stop,
}

/// Meters to be read without a run.
pub struct Watch {
    /// Device whose meter is to be matched, as in a setup.
    pub device: String,
    /// How to measure.
    pub measure: MeasureSetup,
    /// Whether other graphics cards than the device are read too.
    pub every_gpu: bool,
    /// What is known of the machine's power from earlier.
    pub knowledge: Knowledge,
    /// What for.
    pub purpose: Purpose,
    /// File to which every raw reading is written.
    pub record: Option<PathBuf>,
    /// What the controller asks for meanwhile.
    pub wishes: Receiver<Wish>,
}

impl Watch {
    /// Reads on a thread of its own; the process ends with it.
    pub fn start(self, outbox: Outbox, controls: Arc<Controls>) {
        task::start(
            "joulelab-watch",
            outbox,
            controls,
            move |outbox, controls| self.run(outbox, controls),
        );
    }

    /// Finds the meters as a run would. The device is looked up and its meter read, but it is not opened: nothing is
    /// computed on it.
    fn run(self, outbox: &Outbox, controls: &Controls) -> Result<(), Failure> {
        let idle_s = match self.purpose {
            Purpose::Idle { duration_s } => Some(duration_s),
            Purpose::Look { baseline } => baseline.then_some(self.measure.idle_s),
        };
        idle_s.map_or(Ok(()), check_duration)?;
        let found = self.discover(outbox)?;
        let clock = Clock::new();
        let rate_hz = self.measure.rate_hz;
        let recorder = self.record.as_deref().map(|file| {
            Recorder::create(file, &found.meters, &clock, rate_hz)
                .map_err(session::failure(FailureKind::Storage))
        });
        let recorder = recorder.transpose()?;
        let recording = recorder.as_ref().map(Recorder::recording);
        let record = recorder.map(|recorder| Box::new(recorder) as Box<dyn Record>);
        let mut watching = Watching::start(found, clock, rate_hz, record, outbox)?;
        if let Some(duration_s) = idle_s {
            watching.measure_idle(duration_s, controls)?;
        }
        if matches!(self.purpose, Purpose::Look { .. }) {
            watching.look(&self.wishes, controls)?;
        }
        // Whatever is still to be written is, before the sampler is gone.
        drop(watching);
        recording.map_or(Ok(()), |recording| is_whole(&recording.state()))
    }

    fn discover(&self, outbox: &Outbox) -> Result<power::Discovery, Failure> {
        let chosen = session::choose(&self.device)?;
        outbox.send(Event::Device {
            device: convert::device(&chosen.entry),
            because: chosen.because,
        });
        let known = Known::of(&self.knowledge, &chosen.entry);
        let mut options = known.options(&chosen.entry, &self.measure, &Busy::default());
        options.every_gpu = self.every_gpu;
        if self.every_gpu
            && let Some(gpu) = &mut options.gpu
        {
            // How busy other programs keep it is not known here: a model that goes by that has nothing to say, and the
            // card is missing from the sum instead of idle in it.
            gpu.busy = Arc::new(|| None);
            gpu.work = Some(Arc::new(|| None));
        }
        let mut found = power::discover(&options);
        known.remark(&mut found);
        let at_wall = wall::report(&self.knowledge.walls, &chosen.entry.identity(), &found);
        outbox.send(convert::sources(&found, at_wall));
        outbox.send(convert::meters(&found, self.measure.rate_hz, None));
        all_answer(&self.measure, &found)?;
        Ok(found)
    }
}

/// Half of the meters that were asked for would look like all of them.
///
/// # Errors
/// Where one of them was refused.
pub fn all_answer(measure: &MeasureSetup, found: &power::Discovery) -> Result<(), Failure> {
    for report in &found.report {
        if let Status::Refused { reason, remedy } = &report.status
            && measure.meters.contains(&report.id)
        {
            let remedy = remedy.as_deref().map(|remedy| format!("; {remedy}"));
            return Err(Failure {
                kind: FailureKind::Setup,
                message: format!("{}: {reason}{}", report.id, remedy.unwrap_or_default()),
            });
        }
    }
    Ok(())
}

/// A recording that lacks something is told at the end: the figures themselves are not touched by it.
fn is_whole(recording: &RecordingState) -> Result<(), Failure> {
    let message = match (&recording.problem, recording.lost) {
        (Some(problem), _) => format!("the recording ended before the measuring did: {problem}"),
        (None, 0) => return Ok(()),
        (None, lost) => format!("{lost} lines of the recording were lost: the disk was too slow"),
    };
    Err(Failure {
        kind: FailureKind::Storage,
        message,
    })
}

fn check_duration(duration_s: f64) -> Result<(), Failure> {
    if duration_s > 0.0 && duration_s <= IDLE_S_MAX {
        return Ok(());
    }
    Err(Failure {
        kind: FailureKind::Setup,
        message: format!(
            "idle power cannot be measured for `{duration_s}` s; allowed: above 0 to {IDLE_S_MAX} s"
        ),
    })
}

/// Meters that are being read, and what the controller is told of them.
pub struct Watching<'a> {
    sampler: Sampler,
    outbox: &'a Outbox,
    /// When reading began, on the process's clock.
    begun_s: f64,
    /// When the meters were read that were told last.
    told_s: Cell<f64>,
    baseline: Option<IdleBaseline>,
    /// The window that is open.
    window: Option<WindowId>,
}

impl<'a> Watching<'a> {
    /// Begins to read.
    ///
    /// # Errors
    /// Where the rate is out of bounds or the system gives no thread.
    pub fn start(
        found: power::Discovery,
        clock: Clock,
        rate_hz: f64,
        record: Option<Box<dyn Record>>,
        outbox: &'a Outbox,
    ) -> Result<Self, Failure> {
        let begun_s = clock.now_s();
        let options = SamplerOptions { rate_hz };
        // Single samples are nobody's here: without a receiver they are dropped at once.
        let (sampler, _) = Sampler::start_recorded(found.meters, clock, options, record)
            .map_err(session::failure(FailureKind::Setup))?;
        Ok(Self {
            sampler,
            outbox,
            begun_s,
            told_s: Cell::new(begun_s),
            baseline: None,
            window: None,
        })
    }

    fn look(&mut self, wishes: &Receiver<Wish>, controls: &Controls) -> Result<(), Failure> {
        let mut due = Instant::now() + EVERY;
        loop {
            match wishes.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(Wish::OpenWindow) => self.open_window()?,
                Ok(Wish::CloseWindow) => {
                    self.close_window()?;
                }
                Ok(Wish::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) if controls.is_stopped() => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    self.tell();
                    due = (due + EVERY).max(Instant::now());
                }
            }
        }
    }

    /// Measures the idle machine, tells it, and counts it from the windows that follow.
    ///
    /// # Errors
    /// Where the meters do not answer.
    pub fn measure_idle(&mut self, duration_s: f64, controls: &Controls) -> Result<(), Failure> {
        let told_at = Cell::new(Instant::now());
        let keep_going = || {
            if told_at.get().elapsed() >= EVERY {
                told_at.set(Instant::now());
                self.tell();
            }
            !controls.is_stopped()
        };
        let baseline = self
            .sampler
            .measure_idle(duration_s, &keep_going)
            .map_err(session::failure(FailureKind::Meter))?;
        // What was cut short is not what was asked for.
        if !controls.is_stopped() {
            self.outbox.send(Event::Idle {
                power: convert::idle_power(&baseline, &self.sampler),
                duration_s: baseline.duration_s,
                baseline: serde_json::to_value(&baseline).unwrap_or_default(),
                age_s: None,
            });
        }
        self.baseline = Some(baseline);
        Ok(())
    }

    /// Opens a window and says so.
    ///
    /// # Errors
    /// Where the meters do not answer.
    pub fn open_window(&mut self) -> Result<(), Failure> {
        if self.window.is_some() {
            self.refuse("a window is open already; close it first");
            return Ok(());
        }
        let edge = self
            .sampler
            .edge(&[], &["measured"])
            .map_err(session::failure(FailureKind::Meter))?;
        self.window = edge.opened.first().copied();
        self.outbox.send(Event::WindowOpened {
            t_s: edge.t_s - self.begun_s,
        });
        Ok(())
    }

    /// Closes the window and tells what it came to, by meter.
    ///
    /// # Errors
    /// Where the meters do not answer.
    pub fn close_window(&mut self) -> Result<Vec<PhaseEnergy>, Failure> {
        let Some(window) = self.window.take() else {
            self.refuse("no window is open");
            return Ok(Vec::new());
        };
        let edge = self
            .sampler
            .edge(&[window], &[])
            .map_err(session::failure(FailureKind::Meter))?;
        let figures = edge.closed.first().map(Vec::as_slice).unwrap_or_default();
        let window = convert::window(figures, self.baseline.as_ref(), &self.sampler);
        let energies = window.energies.clone();
        self.outbox.send(Event::WindowClosed {
            t_s: edge.t_s - self.begun_s,
            window,
        });
        Ok(energies)
    }

    fn refuse(&self, message: &str) {
        self.outbox.send(Event::Failed(Failure {
            kind: FailureKind::Protocol,
            message: message.to_owned(),
        }));
    }

    /// Only what is new: where a driver hangs, an old reading must not look like one of now.
    pub fn tell(&self) {
        let snapshot = self.sampler.snapshot();
        if snapshot.t_s <= self.told_s.get() {
            return;
        }
        self.told_s.set(snapshot.t_s);
        let window = self
            .window
            .and_then(|window| self.sampler.peek(window).ok())
            .map(|figures| convert::window(&figures, self.baseline.as_ref(), &self.sampler));
        self.outbox.offer(Event::Readings {
            t_s: snapshot.t_s - self.begun_s,
            now: convert::meters_now(&snapshot),
            window,
        });
    }
}
