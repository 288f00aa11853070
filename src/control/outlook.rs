//! Forecasts of a run, made before it and while it goes on, and kept with it.

use super::record;
use crate::analysis::forecast::{Basis, Expected, PastRun, Planned, forecast};
use crate::analysis::profile::Profile;
use crate::library::{Filter, ForecastRecord, Library, LibraryError, Status};
use crate::protocol::{Data, Device, Event};
use crate::setup::Setup;

/// Earlier runs that are looked at, from the newest on.
const RUNS_MAX: u64 = 200;
/// Runs that a forecast of a sweep is told from: the newest count.
const PAST_RUNS: u64 = 300;
/// Shares of a run at which a forecast is made of it.
const SHARES: [f64; 3] = [0.1, 0.25, 0.5];

/// Watches a run and tells what it will come to.
pub(super) struct Outlook {
    /// Steps after which it ends at the latest; `None` where a budget of energy or time may end it before, which stretches
    /// know nothing of.
    steps_max: Option<u64>,
    may_end_earlier: bool,
    profile: Profile,
    /// How many of [`SHARES`] were passed.
    passed: usize,
}

impl Outlook {
    pub(super) fn new(setup: &Setup, data: &Data) -> Self {
        let stop = &setup.regime.stop;
        let has_budget = stop.energy_j.is_some() || stop.time_s.is_some();
        let steps_max = stop.steps_max(setup.steps_per_epoch(data.train) as u64);
        Self {
            steps_max: steps_max.filter(|_| !has_budget),
            may_end_earlier: may_end_earlier(setup),
            profile: Profile::default(),
            passed: 0,
        }
    }

    /// Takes an event in; a forecast where one is due.
    pub(super) fn take(&mut self, event: &Event) -> Option<ForecastRecord> {
        let Event::Evaluated {
            evaluation,
            training,
            ..
        } = event
        else {
            return None;
        };
        // Without meters nothing says how long evaluations take.
        let sum = record::sum_of_protocol(training)?;
        let (step, time_s) = (evaluation.step, sum.gross.window_s);
        let energy_j = sum.gross.energy_j.map(|energy| energy.value);
        self.profile.evaluated(step, time_s, energy_j);

        let steps_max = self.steps_max.filter(|max| *max > step)?;
        let share = step as f64 / steps_max as f64;
        let due = SHARES.iter().filter(|at| share >= **at).count();
        if due <= self.passed {
            return None;
        }
        let left = self.profile.left(steps_max - step)?;
        self.passed = due;
        let whole = |left: Expected, used: f64| {
            let range = left.range.map(|(low, high)| (low + used, high + used));
            (left.value + used, range)
        };
        let (time_s, time_range_s) = whole(left.time_s, time_s);
        let energy = left
            .energy_j
            .zip(energy_j)
            .map(|(left, used)| whole(left, used));
        Some(ForecastRecord {
            basis: "profile".to_owned(),
            count: left.stretches as u64,
            share,
            time_s,
            time_range_s,
            energy_j: energy.map(|energy| energy.0),
            energy_range_j: energy.and_then(|energy| energy.1),
            may_end_earlier: self.may_end_earlier,
        })
    }
}

fn may_end_earlier(setup: &Setup) -> bool {
    setup.has_target() || setup.regime.stop.patience.is_some()
}

/// The newest runs of `device` on this machine that did a step, the newest first, for forecasts.
///
/// # Errors
/// Where the library cannot be read.
pub fn past_runs(library: &Library, device: &Device) -> Result<Vec<PastRun>, LibraryError> {
    let filter = Filter {
        device: Some(device.name.clone()),
        limit: Some(PAST_RUNS),
        ..Filter::default()
    };
    let (machine, _) = super::here();
    let rows = library.runs(&filter)?;
    Ok(rows
        .iter()
        .filter(|row| row.run.machine.fingerprint == machine.fingerprint)
        .filter(|row| row.run.device.identity == device.identity)
        .filter_map(PastRun::of)
        .collect())
}

/// What earlier runs of `device` say of a run that is about to begin; `None` without a basis.
///
/// # Errors
/// Where the library cannot be read.
pub(super) fn before(
    library: &Library,
    (setup, data, device): (&Setup, &Data, &Device),
) -> Result<Option<ForecastRecord>, LibraryError> {
    let filter = Filter {
        status: vec![Status::Completed],
        device: Some(device.name.clone()),
        limit: Some(RUNS_MAX),
        ..Filter::default()
    };
    let (machine, _) = super::here();
    let past: Vec<PastRun> = library
        .runs(&filter)?
        .iter()
        .filter(|row| {
            row.run.device.identity == device.identity
                && row.run.machine.fingerprint == machine.fingerprint
        })
        .filter_map(PastRun::of)
        .collect();
    let planned = Planned {
        setup,
        steps_per_epoch: setup.steps_per_epoch(data.train) as u64,
        flop_per_sample: data.training_flop(setup) as f64,
    };
    Ok(forecast(&planned, &past).map(|found| ForecastRecord {
        basis: match found.basis {
            Basis::Alike => "alike",
            Basis::Operations => "operations",
        }
        .to_owned(),
        count: found.runs as u64,
        share: 0.0,
        time_s: found.time_s.value,
        time_range_s: found.time_s.range,
        energy_j: found.energy_j.map(|energy| energy.value),
        energy_range_j: found.energy_j.and_then(|energy| energy.range),
        may_end_earlier: found.may_end_earlier,
    }))
}
