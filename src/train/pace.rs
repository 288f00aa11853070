//! Time in the training loop: how long a train phase takes, how often the metrics are read.

use std::time::Instant;

use super::Observer;
use super::checkpoint::Position;
use super::metrics::Reading;
use crate::setup::Phase;

/// Seconds between two readings of the training metrics, about.
const READ_EVERY_S: f64 = 0.25;

/// A train phase that is going on.
pub struct PhaseClock {
    /// When it began.
    pub begun: Instant,
}

impl PhaseClock {
    /// Begins a phase.
    pub fn begin(observer: &mut dyn Observer) -> Self {
        observer.begin(Phase::Train);
        Self {
            begun: Instant::now(),
        }
    }

    /// Ends it. The device must have nothing left to do.
    pub fn end(self, observer: &mut dyn Observer, position: &mut Position) {
        let elapsed_s = self.begun.elapsed().as_secs_f64();
        observer.end(Phase::Train);
        position.train_s += elapsed_s;
        position.measured_s += elapsed_s;
    }
}

/// How often the metrics are read: by steps, so that nothing has to be timed in between, adapted so that it happens a
/// few times a second whatever a step takes.
pub struct Pace {
    /// Steps between two readings.
    pub read_every: u64,
    since: Instant,
}

impl Pace {
    /// Reads after the first step.
    pub fn new() -> Self {
        Self {
            read_every: 1,
            since: Instant::now(),
        }
    }

    /// After a reading: samples a second since the last one.
    pub fn read(&mut self, reading: &Reading) -> f64 {
        let elapsed_s = self.since.elapsed().as_secs_f64().max(1e-9);
        let steps_per_s = reading.steps as f64 / elapsed_s;
        self.read_every = ((steps_per_s * READ_EVERY_S) as u64).max(1);
        self.since = Instant::now();
        reading.samples as f64 / elapsed_s
    }

    /// Leaves out the time until now, which was no training.
    pub fn leave_out(&mut self) {
        self.since = Instant::now();
    }
}
