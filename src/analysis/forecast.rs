//! What a run will take, told from earlier runs of the same device.
//!
//! Of runs with the same dataset, model and batch size, each gives seconds and joules of training and evaluation a step.
//! Their geometric mean times the steps to come is the forecast. From `n ≥ 5` runs on, the interval is that in which one
//! more run lies with 95 % confidence: `exp(m ± t · s · √(1 + 1/n))` with mean `m` and deviation `s` of the logarithms, since
//! neither can be below 0, and Student's `t` of `n − 1` degrees of freedom. Of two to four runs, of whose spread that would
//! say too little, it is from the least to the greatest; one run gives none.
//!
//! Where no run was alike, seconds and joules a training FLOP take the place of those a step, always with the least and the
//! greatest as interval: how well a device is used differs from model to model.

use super::statistics::distributions::t_quantile;
use crate::library::{RunRow, sum_of_parts};
use crate::setup::{DatasetSetup, ModelSetup, Setup};

/// Runs alike from which on there is a prediction interval.
pub const FOR_INTERVAL: usize = 5;

/// What an earlier run says about later ones.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRun {
    /// What it learnt from.
    pub dataset: DatasetSetup,
    /// What learnt.
    pub model: ModelSetup,
    /// Samples in a step.
    pub batch_size: usize,
    /// Steps done.
    pub steps: u64,
    /// Floating-point operations of a step.
    pub flop_per_step: f64,
    /// Seconds of training and evaluation.
    pub time_s: f64,
    /// Gross joules of training and evaluation over the parts of the machine, and the meters that said so.
    pub energy: Option<(f64, String)>,
}

impl PastRun {
    /// What a stored run says; `None` where it did no step or its setup is of another version.
    pub fn of(row: &RunRow) -> Option<Self> {
        let setup: Setup = serde_json::from_str(&row.run.setup.json).ok()?;
        let sum = sum_of_parts(&row.training);
        let trained_s: f64 = row
            .totals
            .iter()
            .filter(|total| total.phase == "train" || total.phase == "evaluate")
            .map(|total| total.duration_s)
            .sum();
        let window_s = sum.as_ref().map_or(0.0, |sum| sum.figure.window_s);
        let time_s = if window_s > 0.0 { window_s } else { trained_s };
        let steps = row.run.steps.filter(|steps| *steps > 0)?;
        let flop_per_step = row.run.flops_per_sample? * setup.regime.batch_size as f64;
        // What made-up meters told forecasts nothing that will be drawn.
        let sum = sum.filter(|sum| !sum.figure.is_simulated());
        let energy = sum.and_then(|sum| Some((sum.figure.energy_j?.value, sum.figure.meter)));
        (time_s > 0.0 && flop_per_step > 0.0).then_some(Self {
            dataset: setup.dataset,
            model: setup.model,
            batch_size: setup.regime.batch_size,
            steps,
            flop_per_step,
            time_s,
            energy,
        })
    }

    fn is_like(&self, setup: &Setup) -> bool {
        self.batch_size == setup.regime.batch_size
            && self.dataset == setup.dataset
            && self.model == setup.model
    }
}

/// A run that is to be forecast.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'a> {
    /// What is asked for.
    pub setup: &'a Setup,
    /// Steps in one epoch.
    pub steps_per_epoch: u64,
    /// Floating-point operations for one sample, forwards and backwards.
    pub flop_per_sample: f64,
}

/// A figure that is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// Best guess.
    pub value: f64,
    /// From where to where, where there is enough to tell.
    pub range: Option<(f64, f64)>,
}

impl Expected {
    fn exact(value: f64) -> Self {
        Self {
            value,
            range: Some((value, value)),
        }
    }

    fn times(self, by: f64) -> Self {
        Self {
            value: self.value * by,
            range: self.range.map(|(low, high)| (low * by, high * by)),
        }
    }
}

/// On what a forecast rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Runs with the same dataset, model and batch size.
    Alike,
    /// Any runs of the device, by their floating-point operations.
    Operations,
}

/// What a run will take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Seconds of training and evaluation.
    pub time_s: Expected,
    /// Gross joules of training and evaluation; `None` where no earlier run has any.
    pub energy_j: Option<Expected>,
    /// Runs it is told from.
    pub runs: usize,
    /// What makes them comparable.
    pub basis: Basis,
    /// Whether accuracy or early stopping may end the run before.
    pub may_end_earlier: bool,
}

/// Tells from `past`, runs of one device from newest to oldest, what `planned` will take on it. `None` without a basis.
pub fn forecast(planned: &Planned<'_>, past: &[PastRun]) -> Option<Forecast> {
    let alike: Vec<&PastRun> = past
        .iter()
        .filter(|run| run.is_like(planned.setup))
        .collect();
    let (runs, basis) = match alike.is_empty() {
        false => (alike, Basis::Alike),
        true => (past.iter().collect(), Basis::Operations),
    };
    let regime = &planned.setup.regime;
    let flop_per_step = planned.flop_per_sample * regime.batch_size as f64;
    let work = |run: &PastRun| match basis {
        Basis::Alike => run.steps as f64,
        Basis::Operations => run.steps as f64 * run.flop_per_step,
    };
    // Joules of other meters are of other parts of the machine: those of the newest run count.
    let meters = runs
        .iter()
        .find_map(|run| run.energy.as_ref())
        .map(|(_, meters)| meters);
    let metered = || {
        runs.iter().filter_map(|run| {
            let (energy_j, by) = run.energy.as_ref()?;
            (Some(by) == meters).then_some((*run, *energy_j))
        })
    };
    let pace = |rates: Vec<f64>| match basis {
        Basis::Alike => one_more(&rates),
        Basis::Operations => any_of(&rates),
    };
    let time_rate = pace(runs.iter().map(|run| run.time_s / work(run)).collect())?;
    let energy_rate = pace(
        metered()
            .map(|(run, energy_j)| energy_j / work(run))
            .collect(),
    );
    let power_w = pace(
        metered()
            .map(|(run, energy_j)| energy_j / run.time_s)
            .collect(),
    );

    let by_steps = regime.stop.steps_max(planned.steps_per_epoch).map(|steps| {
        let amount = match basis {
            Basis::Alike => steps as f64,
            Basis::Operations => steps as f64 * flop_per_step,
        };
        (
            time_rate.times(amount),
            energy_rate.map(|rate| rate.times(amount)),
        )
    });
    let by_time = regime.stop.time_s.map(|time_s| {
        (
            Expected::exact(time_s),
            power_w.map(|power_w| power_w.times(time_s)),
        )
    });
    let by_energy = regime
        .stop
        .energy_j
        .zip(power_w)
        .map(|(energy_j, power_w)| {
            let time_s = Expected {
                value: energy_j / power_w.value,
                range: power_w
                    .range
                    .filter(|(low, _)| *low > 0.0)
                    .map(|(low, high)| (energy_j / high, energy_j / low)),
            };
            (time_s, Some(Expected::exact(energy_j)))
        });
    // Whichever bound comes first ends the run.
    let (time_s, energy_j) = [by_steps, by_time, by_energy]
        .into_iter()
        .flatten()
        .min_by(|(a, _), (b, _)| a.value.total_cmp(&b.value))?;
    Some(Forecast {
        time_s,
        energy_j,
        runs: runs.len(),
        basis,
        may_end_earlier: planned.setup.has_target() || regime.stop.patience.is_some(),
    })
}

/// Geometric mean, and where one more of the kind lies.
fn one_more(values: &[f64]) -> Option<Expected> {
    let count = values.len();
    if count < FOR_INTERVAL {
        return any_of(values);
    }
    let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let mean = mean(&logarithms)?;
    let squares: f64 = logarithms.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (count - 1) as f64).sqrt();
    let half =
        t_quantile(0.975, (count - 1) as f64) * deviation * (1.0 + 1.0 / count as f64).sqrt();
    Some(Expected {
        value: mean.exp(),
        range: Some(((mean - half).exp(), (mean + half).exp())),
    })
}

/// Geometric mean, from the least to the greatest.
fn any_of(values: &[f64]) -> Option<Expected> {
    let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let value = mean(&logarithms)?.exp();
    Some(Expected {
        value,
        range: (values.len() > 1).then(|| ends(values)),
    })
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn ends(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    (
        least,
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(setup: &Setup, steps: u64, time_s: f64, energy_j: f64) -> PastRun {
        PastRun {
            dataset: setup.dataset.clone(),
            model: setup.model.clone(),
            batch_size: setup.regime.batch_size,
            steps,
            flop_per_step: 1e6,
            time_s,
            energy: Some((energy_j, "rapl".to_owned())),
        }
    }

    fn planned(setup: &Setup) -> Planned<'_> {
        Planned {
            setup,
            steps_per_epoch: 10,
            flop_per_sample: 1e6 / 64.0,
        }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-3 * b.abs()
    }

    #[test]
    fn five_runs_alike_give_a_prediction_interval() {
        let setup = Setup::default();
        // 30 epochs of 10 steps; 0.1 s a step, with logarithms −0.2, −0.1, 0, 0.1, 0.2 about it.
        let runs = [-0.2, -0.1, 0.0, 0.1, 0.2_f64]
            .map(|off| past(&setup, 100, 10.0 * off.exp(), 100.0 * off.exp()));
        let found = forecast(&planned(&setup), &runs).expect("there is a basis");
        assert_eq!((found.runs, found.basis), (5, Basis::Alike));
        assert!(close(found.time_s.value, 30.0));
        let (low, high) = found.time_s.range.expect("five runs give one");
        let factor = (2.776 * 0.025_f64.sqrt() * 1.2_f64.sqrt()).exp();
        assert!(
            close(low, 30.0 / factor) && close(high, 30.0 * factor),
            "{low} {high}"
        );
        assert!(close(found.energy_j.expect("metered").value, 300.0));
    }

    #[test]
    fn one_run_gives_no_interval_and_two_give_their_ends() {
        let setup = Setup::default();
        let runs = [
            past(&setup, 100, 10.0, 100.0),
            past(&setup, 100, 20.0, 100.0),
        ];
        let one = forecast(&planned(&setup), &runs[..1]).expect("there is a basis");
        assert_eq!(one.time_s.range, None);
        let two = forecast(&planned(&setup), &runs).expect("there is a basis");
        assert!(
            two.time_s
                .range
                .is_some_and(|(a, b)| close(a, 30.0) && close(b, 60.0))
        );
    }

    #[test]
    fn other_setups_count_by_their_operations_and_nothing_is_no_basis() {
        let setup = Setup::default();
        let mut other = past(&setup, 100, 10.0, 50.0);
        other.batch_size = 32;
        other.flop_per_step = 5e5;
        let found = forecast(&planned(&setup), &[other]).expect("there is a basis");
        assert_eq!(found.basis, Basis::Operations);
        // 300 steps of 1 MFLOP at 5 MFLOP/s.
        assert!(close(found.time_s.value, 60.0), "{found:?}");
        assert_eq!(forecast(&planned(&setup), &[]), None);
    }

    #[test]
    fn the_first_bound_ends_it_and_energies_of_other_meters_are_left_out() {
        let mut setup = Setup::default();
        setup.regime.stop.energy_j = Some(150.0);
        let mut runs = [
            past(&setup, 100, 10.0, 100.0),
            past(&setup, 100, 10.0, 900.0),
        ];
        runs[1].energy = Some((900.0, "nvml".to_owned()));
        let found = forecast(&planned(&setup), &runs).expect("there is a basis");
        assert!(close(found.time_s.value, 15.0), "{found:?}");
        setup.regime.stop.time_s = Some(4.0);
        setup.regime.stop.target = Some(0.9);
        let found = forecast(&planned(&setup), &runs).expect("there is a basis");
        assert!(close(found.energy_j.expect("metered").value, 40.0) && found.may_end_earlier);
    }
}
