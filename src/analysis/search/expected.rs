//! What a sweep will take, told before it begins from earlier runs of the device.

use serde::{Deserialize, Serialize};

use super::Rung;
use crate::analysis::forecast::{PastRun, Planned, forecast};
use crate::setup::Setup;

/// A sum that is expected, with an interval where there is enough to tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Total {
    /// Best guess.
    pub value: f64,
    /// From where to where. Intervals of the runs are added linearly: what is wrong with the pace of one is wrong with all.
    pub range: Option<(f64, f64)>,
}

/// What a sweep will take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Runs, or stretches of runs that go on rung by rung.
    pub trials: u64,
    /// Share of its combinations for which earlier runs tell how long they take, 0 to 1.
    pub known_share: f64,
    /// Seconds of training and evaluation; `None` unless every combination is known.
    pub time_s: Option<Total>,
    /// Gross joules of training and evaluation; `None` unless every combination is known.
    pub energy_j: Option<Total>,
    /// Whether targets may end runs before.
    pub may_end_earlier: bool,
}

impl Outlook {
    /// What is left of it where only `share` (0 to 1) of the trials can run; the others fail at once and take nothing.
    pub fn of_share(self, share: f64) -> Self {
        let scaled = |total: Total| Total {
            value: total.value * share,
            range: total.range.map(|(low, high)| (low * share, high * share)),
        };
        Self {
            time_s: self.time_s.map(scaled),
            energy_j: self.energy_j.map(scaled),
            ..self
        }
    }
}

/// One combination of a sweep.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its setup with any of the seeds.
    pub setup: Setup,
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// Floating-point operations for one sample, forwards and backwards.
    pub flop_per_sample: f64,
}

/// Tells what rungs over `candidates` will take, from `past`, runs of the device from newest to oldest. A rung's trials are
/// taken to be like the mean of all candidates: which of them go on is not known before.
pub fn outlook(rungs: &[Rung], candidates: &[Candidate], past: &[PastRun]) -> Outlook {
    let trials = rungs.iter().map(|rung| rung.trials).sum();
    let mut time = Some(Sum::default());
    let mut energy = Some(Sum::default());
    let mut known = candidates.len();
    let mut may_end_earlier = false;
    for rung in rungs {
        let told: Vec<_> = candidates
            .iter()
            .filter_map(|candidate| stretch(candidate, rung, past))
            .collect();
        known = known.min(told.len());
        may_end_earlier |= told.iter().any(|forecast| forecast.may_end_earlier);
        let whole = told.len() == candidates.len() && !told.is_empty();
        let share = rung.trials as f64 / told.len().max(1) as f64;
        for forecast in &told {
            let of_time = forecast.time_s;
            add(&mut time, Some((of_time.value, of_time.range)), share);
            let of_energy = forecast.energy_j;
            add(&mut energy, of_energy.map(|it| (it.value, it.range)), share);
        }
        if !whole {
            time = None;
            energy = None;
        }
    }
    let total = |sum: Option<Sum>| {
        sum.map(|sum| Total {
            value: sum.value,
            range: (!sum.is_open).then_some((sum.low, sum.high)),
        })
    };
    Outlook {
        trials,
        known_share: known as f64 / candidates.len().max(1) as f64,
        time_s: total(time),
        energy_j: total(energy),
        may_end_earlier,
    }
}

/// What the part of a run takes that lies within a rung.
fn stretch(
    candidate: &Candidate,
    rung: &Rung,
    past: &[PastRun],
) -> Option<crate::analysis::forecast::Forecast> {
    let mut setup = candidate.setup.clone();
    let stop = &mut setup.regime.stop;
    let steps = |until: Option<crate::setup::sweep::Until>| {
        until.map(|until| until.steps(candidate.steps_per_epoch))
    };
    let end = [stop.steps_max(candidate.steps_per_epoch), steps(rung.until)]
        .into_iter()
        .flatten()
        .min();
    let from = steps(rung.from).unwrap_or_default();
    if rung.from.is_some() || rung.until.is_some() {
        stop.epochs = None;
        stop.steps = end.map(|end| end.saturating_sub(from));
    }
    let planned = Planned {
        setup: &setup,
        steps_per_epoch: candidate.steps_per_epoch,
        flop_per_sample: candidate.flop_per_sample,
    };
    forecast(&planned, past)
}

#[derive(Clone, Copy, Default)]
struct Sum {
    value: f64,
    low: f64,
    high: f64,
    is_open: bool,
}

fn add(sum: &mut Option<Sum>, more: Option<(f64, Option<(f64, f64)>)>, times: f64) {
    let Some((value, range)) = more else {
        *sum = None;
        return;
    };
    if let Some(sum) = sum {
        sum.value += value * times;
        sum.is_open |= range.is_none();
        let (low, high) = range.unwrap_or((value, value));
        sum.low += low * times;
        sum.high += high * times;
    }
}
