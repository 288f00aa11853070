//! What a sweep says: which setup reached the same quality for the least energy, how sure that is, and what each axis did.
//!
//! [`analyse`] takes trials, however they were made, and is pure. The figures and formulas are explained for users in
//! `docs/analysis.md`. Figures of different metrics, targets, boundaries or grades, and simulated with real ones, are never
//! put together: [`groups`] sorts the trials into kinds, and one kind is analysed at a time.
//!
//! Depends on `units` and [`super::statistics`]; [`from_library`] on the library's types and `setup`.

pub mod axes;
mod compare;
mod correlations;
mod cost;
mod effects;
mod figure;
mod from_library;
mod heat;
mod kind;
mod layers;
mod ratio;
mod setups;
mod trial;
mod warnings;
pub mod words;

use serde::Serialize;

pub use axes::Axis;
pub use compare::{Comparison, Comparisons, LEVEL, SINGLE_SEED_FACTOR, Verdict};
pub use correlations::{Rank, StandIn};
pub use cost::{Choice, PowerFrom, cost};
pub use effects::{AxisEffect, Effects, LevelEffect, Measure};
pub use figure::Figure;
pub use from_library::{Macs, from_runs, from_sweep, retarget, with_ancestry};
pub use heat::{Cell, HeatMap};
pub use kind::{Group, Kind, Measured, groups};
pub use ratio::{Ratio, Shared, ratio};
pub use setups::{SetupResult, Standing};
pub use trial::{State, ToTarget, Trial, TrialEnergy};

use super::pareto::pareto_front_of_three;
use crate::units::Estimate;
use setups::Meters;

/// What an analysis depends on beside the trials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Weight of energy against time in the cost of Zeus, 0 to 1.
    pub eta: f64,
    /// Power that weighs time, in watts; `None` for the highest that any trial showed.
    pub max_power_w: Option<f64>,
    /// Which kind of trials, by position in [`groups`].
    pub group: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            eta: 0.5,
            max_power_w: None,
            group: 0,
        }
    }
}

/// The setups that took the least and the most, and how far they are apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Extremes {
    /// Position of the setup that took the least.
    pub best: usize,
    /// Position of the one that took the most.
    pub worst: usize,
    /// How much more it took.
    pub ratio: Ratio,
    /// The interval that holds for all pairs of ranked setups at once (Bonferroni): these two were picked for being far
    /// apart, and the plain interval does not know that.
    pub low_of_any_pair: f64,
    /// Its upper end.
    pub high_of_any_pair: f64,
    /// Whether they differ.
    pub verdict: Verdict,
}

/// The cost of Zeus over the setups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Costs {
    /// Power that weighs time, in watts.
    pub max_power_w: f64,
    /// Where that comes from.
    pub power_from: PowerFrom,
    /// The η that was asked for.
    pub eta: f64,
    /// Position of the cheapest setup there, and its cost in joules.
    pub best: Option<(usize, f64)>,
    /// The cheapest setup for every η.
    pub choices: Vec<Choice>,
}

/// What trials of one kind come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Analysis {
    /// What they have in common.
    pub kind: Kind,
    /// All kinds that there are, this one included.
    pub groups: Vec<Group>,
    /// Position of this one.
    pub group: usize,
    /// How the energies were measured, in words, each once.
    pub sources: Vec<String>,
    /// The axes on which the setups differ.
    pub axes: Vec<Axis>,
    /// The setups: those that are ranked first, from the least energy on; then the others.
    pub setups: Vec<SetupResult>,
    /// Trials that are analysed.
    pub trials: usize,
    /// Best and worst; `None` where fewer than two setups are ranked.
    pub extremes: Option<Extremes>,
    /// Energy weighed against time; `None` where no power is known.
    pub costs: Option<Costs>,
    /// Positions of the setups that no other beats in energy, time and metric at once, the cheapest first.
    pub front: Vec<usize>,
    /// Main effects of the axes, by measure.
    pub effects: Vec<Effects>,
    /// Each pair of axes, for the energy.
    pub heat_maps: Vec<HeatMap>,
    /// Rank correlations of energy with its usual stand-ins.
    pub correlations: Vec<Rank>,
    /// Which setups differ.
    pub comparisons: Comparisons,
    /// What a reader must know before comparing.
    pub warnings: Vec<String>,
    /// The result in a sentence.
    pub headline: String,
    /// Which differences are within noise, in words.
    pub noise: String,
}

/// Analyses the trials of one kind. `None` where there is no such kind, as where there are no trials.
pub fn analyse(trials: &[Trial], options: &Options) -> Option<Analysis> {
    let groups = groups(trials);
    let group = groups.get(options.group)?;
    let chosen: Vec<&Trial> = group.trials.iter().map(|at| &trials[*at]).collect();
    let has_target = group.kind.target.is_some();
    let meters = Meters::of(chosen.iter().copied());
    let axes = axes::axes(chosen.iter().copied());
    let mut setups = setups::setups(&chosen, &axes, &meters, has_target);
    let is_share = group.kind.metric.is_share();
    for figure in setups.iter_mut().filter_map(|setup| setup.quality.as_mut()) {
        figure.estimate = possible(figure.estimate, is_share);
    }
    let comparisons = compare::comparisons(&setups, &meters);
    let mut sources: Vec<String> = chosen
        .iter()
        .filter_map(|trial| Some(trial.energy.as_ref()?.source.clone()))
        .collect();
    sources.sort();
    sources.dedup();
    let mut analysis = Analysis {
        kind: group.kind.clone(),
        group: options.group,
        sources,
        trials: chosen.len(),
        extremes: extremes(&setups, &comparisons, &meters),
        costs: costs(&setups, &chosen, options),
        front: front(&setups, group.kind.metric.higher_is_better()),
        effects: all_effects(&setups, &axes, is_share),
        heat_maps: heat::heat_maps(Measure::Energy, &setups, &axes),
        correlations: correlations::correlations(&setups),
        comparisons,
        warnings: warnings::warnings(&chosen, &setups, &groups, options.group),
        headline: String::new(),
        noise: String::new(),
        axes,
        setups,
        groups,
    };
    analysis.headline = words::headline(&analysis);
    analysis.noise = words::noise(&analysis);
    Some(analysis)
}

/// An interval of the metric, within what the metric can be.
fn possible(estimate: Estimate, is_share: bool) -> Estimate {
    match is_share {
        true => Estimate {
            low: estimate.low.max(0.0),
            high: estimate.high.min(1.0).max(estimate.value),
            ..estimate
        },
        false => estimate,
    }
}

fn all_effects(setups: &[SetupResult], axes: &[Axis], is_share: bool) -> Vec<Effects> {
    if axes.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Effects> = Measure::ALL
        .into_iter()
        .filter_map(|measure| effects::effects(measure, setups, axes))
        .collect();
    let of_metric = found
        .iter_mut()
        .filter(|one| one.measure == Measure::Quality);
    for level in of_metric
        .flat_map(|one| &mut one.axes)
        .flat_map(|axis| &mut axis.levels)
    {
        level.adjusted = level.adjusted.map(|adjusted| possible(adjusted, is_share));
    }
    found
}

fn extremes(
    setups: &[SetupResult],
    comparisons: &Comparisons,
    meters: &Meters,
) -> Option<Extremes> {
    let ranked = setups.iter().filter(|setup| setup.rank.is_some()).count();
    let (best, worst) = (0, ranked.checked_sub(1).filter(|worst| *worst > 0)?);
    let ratio = compare::energy_ratio(setups, worst, best, meters)?;
    let pairs = (ranked * (ranked - 1) / 2) as f64;
    let any_pair = ratio.interval(1.0 - LEVEL / pairs);
    let compared = comparisons
        .list
        .iter()
        .find(|comparison| comparison.more == worst && comparison.less == best);
    Some(Extremes {
        best,
        worst,
        low_of_any_pair: any_pair.low,
        high_of_any_pair: any_pair.high,
        verdict: compared.map_or(Verdict::SingleSeed, |comparison| comparison.verdict),
        ratio,
    })
}

fn costs(setups: &[SetupResult], trials: &[&Trial], options: &Options) -> Option<Costs> {
    let highest = |of: &dyn Fn(&Trial) -> Option<f64>| {
        trials.iter().filter_map(|trial| of(trial)).reduce(f64::max)
    };
    let (max_power_w, power_from) = options
        .max_power_w
        .map(|power_w| (power_w, PowerFrom::Given))
        .or_else(|| Some((highest(&|trial| trial.max_power_w)?, PowerFrom::Highest)))
        .or_else(|| {
            Some((
                highest(&|trial| trial.mean_power_w())?,
                PowerFrom::HighestMean,
            ))
        })?;
    let best = setups
        .iter()
        .enumerate()
        .filter(|(_, setup)| setup.rank.is_some())
        .filter_map(|(at, setup)| Some((at, cost(setup, options.eta, max_power_w)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    Some(Costs {
        max_power_w,
        power_from,
        eta: options.eta,
        best,
        choices: cost::choices(setups, max_power_w),
    })
}

/// The front over the setups that are ranked and have all three figures.
fn front(setups: &[SetupResult], higher_is_better: bool) -> Vec<usize> {
    let sign = if higher_is_better { -1.0 } else { 1.0 };
    let mean = |figure: &Option<Figure>| figure.as_ref().map_or(f64::NAN, Figure::mean);
    let points: Vec<[f64; 3]> = setups
        .iter()
        .map(|setup| match setup.rank {
            Some(_) => [
                mean(&setup.energy_j),
                mean(&setup.time_s),
                sign * mean(&setup.quality),
            ],
            None => [f64::NAN; 3],
        })
        .collect();
    pareto_front_of_three(&points)
}
