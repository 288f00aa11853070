//! The meters of a run: found, checked against what was asked for, and started.

use std::path::Path;

use super::failure;
use crate::device::DeviceEntry;
use crate::power::recording::Recorder;
use crate::power::{self, Clock, Sampler, SamplerOptions};
use crate::protocol::{Failure, FailureKind, Knowledge, PhaseEnergy};
use crate::setup::Setup;
use crate::worker::busy::Busy;
use crate::worker::convert;
use crate::worker::known::Known;
use crate::worker::learn::Learn;
use crate::worker::meters::{Beginning, Meters};
use crate::worker::outbox::Outbox;
use crate::worker::wall::Wall;
use crate::worker::watch::all_answer;

/// What the meters of a run go by beside its setup.
pub struct Around<'a> {
    /// What the device is given to do.
    pub busy: &'a Busy,
    /// What is known of the machine's power.
    pub knowledge: &'a Knowledge,
    /// What was seen while sensors were watched.
    pub watched: &'a power::Watched,
}

/// Finds the meters, tells which they are, and starts to read them. A run that goes on has a beginning: so many seconds and energies.
pub fn start(
    setup: &Setup,
    entry: &DeviceEntry,
    around: &Around<'_>,
    record: Option<&Path>,
    (t_s, trained): (f64, Vec<PhaseEnergy>),
    outbox: &Outbox,
) -> Result<Meters, Failure> {
    let knowledge = around.knowledge;
    let known = Known::of(knowledge, entry);
    let mut found = power::discover(&power::Options {
        watched: around.watched.clone(),
        ..known.options(entry, &setup.measure, around.busy)
    });
    known.remark(&mut found);
    all_answer(&setup.measure, &found)?;
    let wall = setup
        .measure
        .wall
        .then(|| Wall::choose(&knowledge.walls, &entry.identity(), &found))
        .transpose()?;
    let clock = Clock::new();
    let rate_hz = setup.measure.rate_hz;
    // Before the run comes to be in the library: a file that is in the way ends it here.
    let recorder = record.map(|file| Recorder::create(file, &found.meters, &clock, rate_hz));
    let recorder = recorder
        .transpose()
        .map_err(failure(FailureKind::Storage))?;
    outbox.send(convert::meters(&found, rate_hz, wall.as_ref()));
    let learn = Learn::new(entry, &found);
    // Before the first reading, so that no reading is older than the run.
    let begun_s = clock.now_s();
    let options = SamplerOptions { rate_hz };
    let recording = recorder.as_ref().map(Recorder::recording);
    let record = recorder.map(|recorder| Box::new(recorder) as Box<dyn power::Record>);
    let (sampler, samples) = Sampler::start_recorded(found.meters, clock.clone(), options, record)
        .map_err(failure(FailureKind::Training))?;
    let beginning = Beginning {
        recording,
        shift_s: t_s - begun_s,
        trained,
        wall,
        learn,
    };
    Meters::start(sampler, samples, clock, beginning, outbox.clone())
        .map_err(failure(FailureKind::Training))
}
