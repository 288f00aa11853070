//! The meters without a run: live readings, and the power of the idle machine.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::controls::Controls;
use super::outbox::Outbox;
use super::{convert, session, task};
use crate::power::{self, Clock, Sampler, SamplerOptions};
use crate::protocol::{Event, Failure, FailureKind};
use crate::setup::MeasureSetup;

/// Time between two readings that are told.
const EVERY: Duration = Duration::from_millis(500);
/// The longest that idle power is measured for, s; that of a run's baseline.
const IDLE_S_MAX: f64 = 3600.0;

/// What the meters are read for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Purpose {
    /// To be seen, until it is stopped.
    Look,
    /// To know the power of the idle machine.
    Idle {
        /// For how long, in seconds.
        duration_s: f64,
    },
}

/// Meters to be read without a run.
pub struct Watch {
    /// Device whose meter is to be matched, as in a setup.
    pub device: String,
    /// How to measure.
    pub measure: MeasureSetup,
    /// What for.
    pub purpose: Purpose,
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
        if let Purpose::Idle { duration_s } = self.purpose {
            check_duration(duration_s)?;
        }
        let chosen = session::choose(&self.device)?;
        outbox.send(Event::Device {
            device: convert::device(&chosen.entry),
            because: chosen.because,
        });
        let idle = session::Busy::default();
        let options = session::meter_options(&chosen.entry, &self.measure, &idle);
        let found = power::discover(&options);
        outbox.send(convert::sources(&found));
        outbox.send(convert::meters(&found));
        let clock = Clock::new();
        let begun_s = clock.now_s();
        let options = SamplerOptions {
            rate_hz: self.measure.rate_hz,
        };
        // Single samples are nobody's here: without a receiver they are dropped at once.
        let (sampler, _) = Sampler::start(found.meters, clock, options)
            .map_err(session::failure(FailureKind::Setup))?;
        let teller = Teller {
            sampler: &sampler,
            outbox,
            begun_s,
            told_s: Cell::new(begun_s),
        };
        match self.purpose {
            Purpose::Look => {
                while !controls.wait_for_stop(EVERY) {
                    teller.tell();
                }
            }
            Purpose::Idle { duration_s } => measure_idle(duration_s, &teller, controls)?,
        }
        Ok(())
    }
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

fn measure_idle(duration_s: f64, teller: &Teller<'_>, controls: &Controls) -> Result<(), Failure> {
    let told_at = Cell::new(Instant::now());
    let keep_going = || {
        if told_at.get().elapsed() >= EVERY {
            told_at.set(Instant::now());
            teller.tell();
        }
        !controls.is_stopped()
    };
    let baseline = teller
        .sampler
        .measure_idle(duration_s, &keep_going)
        .map_err(session::failure(FailureKind::Training))?;
    // What was cut short is not what was asked for.
    if !controls.is_stopped() {
        teller.outbox.send(Event::Idle {
            power: convert::idle_power(&baseline, teller.sampler),
            duration_s: baseline.duration_s,
        });
    }
    Ok(())
}

/// Tells the controller how the meters stand.
struct Teller<'a> {
    sampler: &'a Sampler,
    outbox: &'a Outbox,
    /// When reading began, on the process's clock.
    begun_s: f64,
    /// When the meters were read that were told last.
    told_s: Cell<f64>,
}

impl Teller<'_> {
    /// Only what is new: where a driver hangs, an old reading must not look like one of now.
    fn tell(&self) {
        let snapshot = self.sampler.snapshot();
        if snapshot.t_s <= self.told_s.get() {
            return;
        }
        self.told_s.set(snapshot.t_s);
        self.outbox.offer(Event::Readings {
            t_s: snapshot.t_s - self.begun_s,
            now: convert::meters_now(&snapshot),
        });
    }
}
