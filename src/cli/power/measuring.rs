//! A worker that reads the meters, with a window of time open.

use std::path::Path;
use std::time::{Duration, Instant};

use super::interrupts::Interrupts;
use crate::control::{self, AskError, Heard, Watch, WorkerCommand};
use crate::protocol::{Event, IdlePower, Knowledge, Meter, MeterNow, WindowEnergy};
use crate::setup::MeasureSetup;

/// Time between two looks at whether the user has had enough.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long a worker may take to end by itself.
const FINISH: Duration = Duration::from_secs(10);

/// Meters that are read, from the opening of the window.
pub struct Measuring {
    watch: Watch,
    /// What is read or stands by.
    pub meters: Vec<Meter>,
    /// Power of the idle machine, where it was asked for.
    pub idle: Vec<IdlePower>,
    /// When the window was opened, in seconds since reading began.
    opened_s: f64,
}

/// How the window stands.
#[derive(Clone, Debug)]
pub struct Update {
    /// Seconds since the window was opened.
    pub t_s: f64,
    /// Each meter now; empty at the end.
    pub now: Vec<MeterNow>,
    /// What the window has come to.
    pub window: WindowEnergy,
}

impl Measuring {
    /// Finds the meters, measures the idle machine where `measure` says so, and opens the window. `None` where the user
    /// interrupts it before that.
    ///
    /// # Errors
    /// Where the worker cannot be started, refuses or dies.
    pub fn start(
        worker: &WorkerCommand,
        device: &str,
        measure: &MeasureSetup,
        knowledge: Knowledge,
        record: Option<&Path>,
        interrupts: &Interrupts,
    ) -> Result<Option<Self>, AskError> {
        let baseline = measure.idle_s > 0.0;
        let mut watch = control::measure(worker, device, measure, baseline, knowledge, record)?;
        // It waits in the worker until that is done, so that no time passes between the two.
        watch.open_window();
        let (mut meters, mut idle) = (Vec::new(), Vec::new());
        while interrupts.count() == 0 {
            let Some(event) = heard(&mut watch, PATIENCE)? else {
                continue;
            };
            match event {
                Event::Meters { meters: found, .. } => {
                    meters = found;
                    if baseline {
                        eprintln!(
                            "measuring the idle machine for {} s: leave it alone",
                            measure.idle_s
                        );
                    }
                }
                Event::Idle { power, .. } => idle = power,
                Event::WindowOpened { t_s } => {
                    return Ok(Some(Self {
                        watch,
                        meters,
                        idle,
                        opened_s: t_s,
                    }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// How the window stands, if it is told within `patience`.
    ///
    /// # Errors
    /// Where the worker dies or its meters give no figures.
    pub fn next(&mut self, patience: Duration) -> Result<Option<Update>, AskError> {
        Ok(match heard(&mut self.watch, patience)? {
            Some(Event::Readings {
                t_s,
                now,
                window: Some(window),
            }) => Some(Update {
                t_s: t_s - self.opened_s,
                now,
                window,
            }),
            _ => None,
        })
    }

    /// Closes the window and gives what it came to. `None` where the user interrupts it once more than `interrupted` times.
    ///
    /// # Errors
    /// Where the worker died or its meters give no figures.
    pub fn close(
        &mut self,
        interrupts: &Interrupts,
        interrupted: u32,
    ) -> Result<Option<Update>, AskError> {
        self.watch.close_window();
        while interrupts.count() <= interrupted {
            if let Some(Event::WindowClosed { t_s, window }) = heard(&mut self.watch, PATIENCE)? {
                self.finish(interrupts, interrupted);
                return Ok(Some(Update {
                    t_s: t_s - self.opened_s,
                    now: Vec::new(),
                    window,
                }));
            }
        }
        Ok(None)
    }
}

impl Measuring {
    /// Lets the worker end by itself, so that a recording is whole. What it still complains of touches no figure.
    fn finish(&mut self, interrupts: &Interrupts, interrupted: u32) {
        self.watch.stop();
        let until = Instant::now() + FINISH;
        while interrupts.count() <= interrupted && Instant::now() < until {
            match self.watch.listen(PATIENCE) {
                Ok(Heard::Event(_) | Heard::Nothing) => {}
                Ok(Heard::End) => return,
                Err(error) => {
                    eprintln!("joulelab: {error}");
                    return;
                }
            }
        }
    }
}

/// What the worker tells within `patience`, if anything.
fn heard(watch: &mut Watch, patience: Duration) -> Result<Option<Event>, AskError> {
    match watch.listen(patience)? {
        Heard::Event(event) => Ok(Some(*event)),
        Heard::Nothing => Ok(None),
        Heard::End => Err(AskError::Died(
            "it ended before it had told the figures".to_owned(),
        )),
    }
}

/// What is left until `end`, no longer than a look takes.
pub fn until(end: Option<Instant>) -> Duration {
    end.map_or(PATIENCE, |end| {
        end.saturating_duration_since(Instant::now()).min(PATIENCE)
    })
}
