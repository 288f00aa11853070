use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use super::axes::{self, Axis};
use super::figure::Figure;
use super::trial::{State, Trial};
use crate::units::Estimate;

/// How a setup stands, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Every seed that ended did what was asked, and its energy is known: it is ranked.
    Reached,
    /// Some seeds did. It is not ranked: the mean of those that did leaves out what the others cost.
    Partly,
    /// Every seed did, but energies are missing.
    Unmeasured,
    /// No seed did.
    NotReached,
    /// No seed has ended yet.
    Unfinished,
}

impl Standing {
    /// For people; of whole runs nothing was to be reached.
    pub fn in_words(self, has_target: bool) -> &'static str {
        match (self, has_target) {
            (Self::Reached, true) => "reached",
            (Self::Reached, false) => "finished",
            (Self::Partly, true) => "reached by some seeds",
            (Self::Partly, false) => "finished by some seeds",
            (Self::Unmeasured, _) => "energy missing",
            (Self::NotReached, true) => "not reached",
            (Self::NotReached, false) => "not finished",
            (Self::Unfinished, _) => "not over yet",
        }
    }
}

/// What the seeds of one setup came to. Energy and time are those to the target where there is one, over the seeds that
/// reached it; else of the whole runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetupResult {
    /// Where it stands on each axis.
    pub axes: BTreeMap<String, Value>,
    /// The same for people.
    pub label: String,
    /// Position from 1 on among the setups that are ranked, by mean energy.
    pub rank: Option<usize>,
    /// How it stands.
    pub standing: Standing,
    /// Runs, by identifier.
    pub runs: Vec<String>,
    /// Seeds that were tried, those that go on included.
    pub trials: usize,
    /// Seeds that reached the target; without one, that finished.
    pub reached: usize,
    /// Seeds that ended without reaching it.
    pub not_reached: usize,
    /// Seeds that failed.
    pub failed: usize,
    /// Seeds that a searcher gave up.
    pub pruned: usize,
    /// Seeds that are not over.
    pub unfinished: usize,
    /// Gross joules.
    pub energy_j: Option<Figure>,
    /// The same without the idle baseline; of whole runs only.
    pub net_j: Option<Figure>,
    /// Seconds.
    pub time_s: Option<Figure>,
    /// Joules for each success, what failures cost included: all energy ÷ seeds that reached the target.
    pub energy_a_success_j: Option<f64>,
    /// Value of the metric at the end.
    pub quality: Option<Figure>,
    /// Joules of whole runs ÷ steps.
    pub j_per_step: Option<Figure>,
    /// Joules of whole runs ÷ training samples seen.
    pub j_per_sample: Option<Figure>,
    /// Joules of whole runs ÷ (steps × parameters).
    pub j_per_update: Option<Figure>,
    /// Mean power in watts.
    pub mean_power_w: Option<f64>,
    /// Highest power in watts.
    pub max_power_w: Option<f64>,
    /// Trainable parameters.
    pub parameters: Option<f64>,
    /// Floating-point operations for one training sample.
    pub flops_per_sample: Option<f64>,
    /// Multiply-accumulate operations of a forward pass over one sample.
    pub macs: Option<f64>,
    /// How busy the device was, 0 to 1.
    pub utilisation: Option<f64>,
    /// Which level of each axis it has, in the axes' order.
    #[serde(skip)]
    pub levels: Vec<usize>,
    /// Which of the group's meters measured it.
    #[serde(skip)]
    pub meters: Vec<usize>,
}

/// The meters of a group, and what their errors have in common.
#[derive(Debug, Default)]
pub struct Meters {
    places: HashMap<(String, String), usize>,
    /// The least relative error below and above among the trials of each.
    pub common: Vec<(f64, f64)>,
}

impl Meters {
    /// The meters of `trials`. What every trial of a meter is uncertain by can be common to all of them, as an error of its
    /// scale is; what one is uncertain by beyond that is its own, as the edges of a short window are.
    pub fn of<'a>(trials: impl Iterator<Item = &'a Trial>) -> Self {
        let mut meters = Self::default();
        for trial in trials {
            let Some(energy) = &trial.energy else {
                continue;
            };
            let Estimate { value, low, high } = energy.gross_j;
            if value <= 0.0 {
                continue;
            }
            let relative = ((value - low) / value, (high - value) / value);
            let key = (trial.device.clone(), energy.meter.clone());
            let next = meters.common.len();
            let place = *meters.places.entry(key).or_insert(next);
            match meters.common.get_mut(place) {
                Some(common) => {
                    *common = (common.0.min(relative.0), common.1.min(relative.1));
                }
                None => meters.common.push(relative),
            }
        }
        meters
    }

    fn place(&self, trial: &Trial) -> Option<usize> {
        let energy = trial.energy.as_ref()?;
        let key = (trial.device.clone(), energy.meter.clone());
        self.places.get(&key).copied()
    }
}

/// The trials of one group by setup, in order of rank, then of standing.
pub fn setups(
    trials: &[&Trial],
    axes: &[Axis],
    meters: &Meters,
    has_target: bool,
) -> Vec<SetupResult> {
    let mut by_setup: HashMap<Vec<Option<String>>, Vec<&Trial>> = HashMap::new();
    for trial in trials {
        let key = axes
            .iter()
            .map(|axis| trial.axes.get(&axis.path).map(Value::to_string))
            .collect();
        by_setup.entry(key).or_default().push(trial);
    }
    let mut setups: Vec<SetupResult> = by_setup
        .into_values()
        .map(|trials| setup(&trials, axes, meters, has_target))
        .collect();
    let energy = |setup: &SetupResult| setup.energy_j.as_ref().map_or(f64::INFINITY, Figure::mean);
    setups.sort_by(|a, b| {
        a.standing
            .cmp(&b.standing)
            .then(energy(a).total_cmp(&energy(b)))
            .then_with(|| a.levels.cmp(&b.levels))
            .then_with(|| a.label.cmp(&b.label))
    });
    let ranked = setups
        .iter_mut()
        .filter(|setup| setup.standing == Standing::Reached);
    for (at, setup) in ranked.enumerate() {
        setup.rank = Some(at + 1);
    }
    setups
}

fn setup(trials: &[&Trial], axes: &[Axis], meters: &Meters, has_target: bool) -> SetupResult {
    let count = |of: &dyn Fn(&Trial) -> bool| trials.iter().filter(|trial| of(trial)).count();
    let succeeded = |trial: &Trial| match has_target {
        // One that went on after its target, or failed later, had reached it.
        true => trial.to_target.is_some() && trial.is_over(),
        false => trial.state == State::Finished,
    };
    let reached = count(&succeeded);
    let failed = count(&|trial| trial.state == State::Failed && !succeeded(trial));
    let pruned = count(&|trial| trial.state == State::Pruned && !succeeded(trial));
    let unfinished = count(&|trial| trial.state == State::Unfinished);
    let not_reached = trials.len() - reached - failed - pruned - unfinished;
    let successes = || trials.iter().filter(|trial| succeeded(trial));
    let over = || trials.iter().filter(|trial| trial.is_over());

    let gross = |trial: &Trial| match has_target {
        true => trial.to_target.and_then(|to_target| to_target.gross_j),
        false => trial.energy.as_ref().map(|energy| energy.gross_j),
    };
    let time_s = |trial: &Trial| match has_target {
        true => trial.to_target.map(|to_target| to_target.time_s),
        false => trial.time_s,
    };
    let energy_j = Figure::of(successes().filter_map(|trial| Some((trial.seed, gross(trial)?))));
    let measured = energy_j.as_ref().map_or(0, |figure| figure.count);
    let standing = match reached {
        0 if unfinished == trials.len() => Standing::Unfinished,
        0 => Standing::NotReached,
        _ if not_reached + failed + pruned > 0 => Standing::Partly,
        _ if measured < reached => Standing::Unmeasured,
        _ => Standing::Reached,
    };
    let per = |of: &dyn Fn(&Trial) -> Option<f64>| {
        Figure::of(over().filter_map(|trial| {
            let parts = of(trial).filter(|parts| *parts > 0.0)?;
            Some((
                trial.seed,
                trial.energy.as_ref()?.gross_j.scale(1.0 / parts),
            ))
        }))
    };
    let mean = |of: &dyn Fn(&Trial) -> Option<f64>| {
        let (sum, count) = over()
            .filter_map(|trial| of(trial))
            .fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    };
    let first = trials.first();
    let of_axes: BTreeMap<String, Value> = axes
        .iter()
        .filter_map(|axis| {
            let value = first?.axes.get(&axis.path)?;
            Some((axis.path.clone(), value.clone()))
        })
        .collect();
    let mut used: Vec<usize> = successes()
        .filter_map(|trial| meters.place(trial))
        .collect();
    used.sort_unstable();
    used.dedup();
    SetupResult {
        label: axes::label(
            axes.iter()
                .map(|axis| (axis.path.as_str(), of_axes.get(&axis.path))),
        ),
        levels: axes
            .iter()
            .map(|axis| axis.level(of_axes.get(&axis.path)))
            .collect(),
        axes: of_axes,
        rank: None,
        standing,
        runs: trials
            .iter()
            .filter_map(|trial| trial.run.clone())
            .collect(),
        trials: trials.len(),
        reached,
        not_reached,
        failed,
        pruned,
        unfinished,
        net_j: match has_target {
            true => None,
            false => Figure::of(
                successes().filter_map(|trial| Some((trial.seed, trial.energy.as_ref()?.net_j?))),
            ),
        },
        time_s: Figure::of_exact(
            successes().filter_map(|trial| Some((trial.seed, time_s(trial)?))),
        ),
        energy_a_success_j: energy_a_success(trials, reached, &gross, &succeeded),
        quality: Figure::of_exact(over().filter_map(|trial| Some((trial.seed, trial.quality()?)))),
        j_per_step: per(&|trial| trial.steps.map(|steps| steps as f64)),
        j_per_sample: per(&|trial| trial.samples.map(|samples| samples as f64)),
        j_per_update: per(&|trial| Some(trial.steps? as f64 * trial.parameters? as f64)),
        mean_power_w: mean(&|trial| trial.mean_power_w()),
        max_power_w: over()
            .filter_map(|trial| trial.max_power_w.or_else(|| trial.mean_power_w()))
            .reduce(f64::max),
        parameters: mean(&|trial| trial.parameters.map(|parameters| parameters as f64)),
        flops_per_sample: mean(&|trial| trial.flops_per_sample),
        macs: mean(&|trial| trial.macs),
        utilisation: mean(&|trial| trial.utilisation),
        energy_j,
        meters: used,
    }
}

/// All energy of the trials that are over ÷ successes; `None` where there was none or a figure is missing.
fn energy_a_success(
    trials: &[&Trial],
    reached: usize,
    gross: &dyn Fn(&Trial) -> Option<Estimate>,
    succeeded: &dyn Fn(&Trial) -> bool,
) -> Option<f64> {
    if reached == 0 {
        return None;
    }
    let mut sum = 0.0;
    for trial in trials.iter().filter(|trial| trial.is_over()) {
        sum += match succeeded(trial) {
            true => gross(trial)?.value,
            false => trial.energy.as_ref()?.gross_j.value,
        };
    }
    Some(sum / reached as f64)
}
