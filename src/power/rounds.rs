use std::sync::{Arc, Mutex};

use super::{
    Clock, Edge, MeterInfo, Place, Planned, Record, SamplerError, SamplerOptions, Snapshot,
    WindowId,
    sampler::{Shared, lock},
    sampling::Sampling,
};

/// Sampling without a thread: whoever holds it says when the meters are read. With a clock that is moved by hand and
/// simulated meters, an hour of measuring takes a moment and comes out the same each time. The pace is the one asked
/// for, whatever the readings cost.
pub struct Rounds {
    sampling: Sampling,
    shared: Arc<Mutex<Shared>>,
    meters: Vec<MeterInfo>,
    places: Vec<Place>,
}

impl Rounds {
    /// Reads every meter once. `record` hears of everything, as from a [`Sampler`](super::Sampler).
    ///
    /// # Errors
    /// Where the rate is out of bounds.
    pub fn begin(
        meters: Vec<Planned>,
        clock: Clock,
        options: SamplerOptions,
        record: Option<Box<dyn Record>>,
    ) -> Result<Self, SamplerError> {
        let period_s = options.period_s()?;
        let infos = meters.iter().map(|meter| meter.info().clone()).collect();
        let places = meters.iter().map(Planned::place).collect();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let mut sampling =
            Sampling::new(meters, clock, period_s, Arc::clone(&shared), None, record);
        sampling.begin();
        Ok(Self {
            sampling,
            shared,
            meters: infos,
            places,
        })
    }

    /// What is read or stands by, in the order of the figures.
    pub fn meters(&self) -> &[MeterInfo] {
        &self.meters
    }

    /// Where each meter sits and what it is read for, in the same order.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// One round of readings: every meter that is due, and stand-bys step in for what was lost.
    pub fn round(&mut self) {
        self.sampling.round();
    }

    /// Closes and opens windows at one reading of every meter; with `stand_bys`, those are read and told in the opened
    /// windows too.
    ///
    /// # Errors
    /// Where a window is not open; then nothing is closed or opened.
    pub fn edge(
        &mut self,
        close: &[WindowId],
        open: &[&str],
        stand_bys: bool,
    ) -> Result<Edge, SamplerError> {
        let open = open.iter().map(|&label| label.to_owned()).collect();
        self.sampling.edge(close, open, stand_bys)
    }

    /// The state at the last reading.
    pub fn snapshot(&self) -> Snapshot {
        lock(&self.shared).snapshot.clone()
    }
}
