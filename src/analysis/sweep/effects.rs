//! What each axis does when the others are averaged out.

use serde::Serialize;

use super::axes::Axis;
use super::figure::Figure;
use super::setups::{SetupResult, Standing};
use crate::analysis::statistics::{distributions, fit, fit_with_last, holm};
use crate::units::Estimate;

/// A figure of a setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Gross joules to the target, or of whole runs.
    Energy,
    /// Seconds to the target, or of whole runs.
    Time,
    /// Joules a step.
    EnergyPerStep,
    /// Joules a training sample.
    EnergyPerSample,
    /// Joules for each update of one parameter.
    EnergyPerUpdate,
    /// Value of the metric at the end.
    Quality,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 6] = [
        Self::Energy,
        Self::Time,
        Self::EnergyPerStep,
        Self::EnergyPerSample,
        Self::EnergyPerUpdate,
        Self::Quality,
    ];

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Energy => "energy",
            Self::Time => "time",
            Self::EnergyPerStep => "energy per step",
            Self::EnergyPerSample => "energy per sample",
            Self::EnergyPerUpdate => "energy per parameter update",
            Self::Quality => "metric",
        }
    }

    /// Unit of its figures; none for the metric.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Time => "s",
            Self::Quality => "",
            _ => "J",
        }
    }

    /// The figure of a setup. Energy and time only of those that are ranked: what did not reach the target has no energy to
    /// it. All others of every setup that has one.
    pub fn of(self, setup: &SetupResult) -> Option<&Figure> {
        let figure = match self {
            Self::Energy => setup.energy_j.as_ref(),
            Self::Time => setup.time_s.as_ref(),
            Self::EnergyPerStep => setup.j_per_step.as_ref(),
            Self::EnergyPerSample => setup.j_per_sample.as_ref(),
            Self::EnergyPerUpdate => setup.j_per_update.as_ref(),
            Self::Quality => setup.quality.as_ref(),
        };
        let needs_rank = matches!(self, Self::Energy | Self::Time);
        figure.filter(|_| !needs_rank || setup.standing == Standing::Reached)
    }

    /// Whether effects multiply, so that logarithms add up.
    fn multiplies(self) -> bool {
        self != Self::Quality
    }

    /// As it is put into a sum; `None` where that cannot be.
    pub(super) fn to_sum(self, value: f64) -> Option<f64> {
        match self.multiplies() {
            true => (value > 0.0).then(|| value.ln()),
            false => Some(value),
        }
        .filter(|value| value.is_finite())
    }

    /// Back from a sum.
    pub(super) fn of_sum(self, value: f64) -> f64 {
        if self.multiplies() {
            value.exp()
        } else {
            value
        }
    }
}

/// What the axes do to one measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effects {
    /// Of what.
    pub measure: Measure,
    /// Setups that have a figure.
    pub setups: usize,
    /// Setups that have none, such as those that did not reach the target; what the axes did to them is not in here.
    pub left_out: usize,
    /// Whether every combination of levels has exactly one setup with a figure, so that adjusted and plain means are equal.
    pub balanced: bool,
    /// By axis, in the axes' order.
    pub axes: Vec<AxisEffect>,
}

/// What one axis does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AxisEffect {
    /// Position of the axis.
    pub axis: usize,
    /// By level, in order.
    pub levels: Vec<LevelEffect>,
    /// Largest adjusted mean ÷ smallest; of the metric the difference. `None` where it cannot be told from other axes.
    pub span: Option<f64>,
    /// Fisher's F of the axis beyond all others, with its degrees of freedom.
    pub f: Option<(f64, usize, usize)>,
    /// Its p-value, corrected for the number of axes by Holm's method.
    pub p: Option<f64>,
    /// Share of what the other axes leave unexplained that this one explains (partial η²), 0 to 1.
    pub share: Option<f64>,
}

/// What the setups at one level of an axis come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LevelEffect {
    /// Name of the level.
    pub level: String,
    /// Setups with a figure.
    pub setups: usize,
    /// Setups without one.
    pub left_out: usize,
    /// Their plain mean, geometric but for the metric.
    pub plain: Option<f64>,
    /// The mean that they would have if every level of the other axes were there equally often, with its 95 % interval.
    pub adjusted: Option<Estimate>,
}

/// Main effects of the axes on `measure`. `None` where fewer than two setups have a figure.
///
/// The model is additive in the logarithm (of the metric, in itself): constant + one effect a level of each axis, by least
/// squares, each setup counting once. Adjusted means are the model's over a grid in which all levels of the other axes are
/// there equally often (estimated marginal means; Searle, Speed and Milliken, The American Statistician 34, 1980); in a
/// full grid they are the plain means. What the axes do together (interactions) is left in the residual and so widens the
/// intervals. F compares the residual with and without the axis (type III). An axis whose levels cannot be told from those of
/// others, since they never vary apart, has no adjusted means.
pub fn effects(measure: Measure, setups: &[SetupResult], axes: &[Axis]) -> Option<Effects> {
    let with: Vec<(&SetupResult, f64)> = setups
        .iter()
        .filter_map(|setup| Some((setup, measure.to_sum(measure.of(setup)?.mean())?)))
        .collect();
    if with.len() < 2 {
        return None;
    }
    let present = Levels::of(&with, axes);
    let rows: Vec<Vec<usize>> = with.iter().map(|(setup, _)| present.row(setup)).collect();
    let values: Vec<f64> = with.iter().map(|(_, value)| *value).collect();
    let whole = fit(present.columns, &rows, &values);
    let separable = !whole.dropped.iter().any(|dropped| *dropped);

    let cells: usize = present.counts().product();
    let mut distinct: Vec<&Vec<usize>> = with.iter().map(|(setup, _)| &setup.levels).collect();
    distinct.sort();
    distinct.dedup();
    let balanced = distinct.len() == with.len() && with.len() == cells;

    let mut found: Vec<AxisEffect> = (0..axes.len())
        .map(|at| {
            let levels = level_effects(measure, setups, &with, (&axes[at], at), &|level| {
                let weights = present.weights(at, level).filter(|_| separable)?;
                let middle = whole.value(&weights);
                let half = whole.standard_error(&weights).map_or(0.0, |error| {
                    distributions::t_quantile(0.975, whole.freedom as f64) * error
                });
                Some(Estimate {
                    value: measure.of_sum(middle),
                    low: measure.of_sum(middle - half),
                    high: measure.of_sum(middle + half),
                })
            });
            let test = f_test(&present, &rows, &values, at);
            AxisEffect {
                axis: at,
                span: span(measure, &levels),
                levels,
                f: test.map(|test| (test.f, test.above, test.below)),
                p: test.map(|test| {
                    distributions::f_upper(test.f, test.above as f64, test.below as f64)
                }),
                share: test.map(|test| test.share),
            }
        })
        .collect();
    let tested: Vec<usize> = (0..found.len())
        .filter(|at| found[*at].p.is_some())
        .collect();
    let p_values: Vec<f64> = tested.iter().filter_map(|at| found[*at].p).collect();
    for (at, p) in tested.into_iter().zip(holm(&p_values)) {
        found[at].p = Some(p);
    }
    Some(Effects {
        measure,
        setups: with.len(),
        left_out: setups.len() - with.len(),
        balanced,
        axes: found,
    })
}

/// The columns of the model: the constant, then for each axis its levels that are there, but the first.
struct Levels {
    /// For each axis its levels that are there, and the first column of the second of them.
    axes: Vec<(Vec<usize>, usize)>,
    columns: usize,
}

impl Levels {
    fn of(with: &[(&SetupResult, f64)], axes: &[Axis]) -> Self {
        let mut columns = 1;
        let axes = (0..axes.len())
            .map(|at| {
                let mut levels: Vec<usize> =
                    with.iter().map(|(setup, _)| setup.levels[at]).collect();
                levels.sort_unstable();
                levels.dedup();
                let first = columns;
                columns += levels.len() - 1;
                (levels, first)
            })
            .collect();
        Self { axes, columns }
    }

    fn counts(&self) -> impl Iterator<Item = usize> {
        self.axes.iter().map(|(levels, _)| levels.len())
    }

    fn column(&self, axis: usize, level: usize) -> Option<usize> {
        let (levels, first) = &self.axes[axis];
        let at = levels.binary_search(&level).ok()?;
        at.checked_sub(1).map(|at| first + at)
    }

    fn row(&self, setup: &SetupResult) -> Vec<usize> {
        let columns = setup.levels.iter().enumerate();
        let others = columns.filter_map(|(axis, level)| self.column(axis, *level));
        [0].into_iter().chain(others).collect()
    }

    /// What makes the mean at a level of an axis out of the coefficients; `None` where the level is not there.
    fn weights(&self, axis: usize, level: usize) -> Option<Vec<f64>> {
        self.axes[axis].0.binary_search(&level).ok()?;
        let mut weights = vec![0.0; self.columns];
        weights[0] = 1.0;
        for (other, (levels, first)) in self.axes.iter().enumerate() {
            if other == axis {
                if let Some(column) = self.column(axis, level) {
                    weights[column] = 1.0;
                }
                continue;
            }
            for at in 0..levels.len() - 1 {
                weights[first + at] = 1.0 / levels.len() as f64;
            }
        }
        Some(weights)
    }
}

fn level_effects(
    measure: Measure,
    setups: &[SetupResult],
    with: &[(&SetupResult, f64)],
    (axis, at): (&Axis, usize),
    adjusted: &dyn Fn(usize) -> Option<Estimate>,
) -> Vec<LevelEffect> {
    let mut sums = vec![(0_usize, 0.0); axis.levels.len()];
    for (setup, value) in with {
        let (count, sum) = &mut sums[setup.levels[at]];
        *count += 1;
        *sum += value;
    }
    let mut all = vec![0_usize; axis.levels.len()];
    for setup in setups {
        all[setup.levels[at]] += 1;
    }
    axis.levels
        .iter()
        .enumerate()
        .map(|(level, name)| {
            let (count, sum) = sums[level];
            LevelEffect {
                level: name.clone(),
                setups: count,
                left_out: all[level] - count,
                plain: (count > 0).then(|| measure.of_sum(sum / count as f64)),
                adjusted: adjusted(level),
            }
        })
        .collect()
}

fn span(measure: Measure, levels: &[LevelEffect]) -> Option<f64> {
    let values = || {
        levels
            .iter()
            .filter_map(|level| Some(level.adjusted?.value))
    };
    let (least, most) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
    Some(match measure.multiplies() {
        true => most / least,
        false => most - least,
    })
}

#[derive(Clone, Copy)]
struct FTest {
    f: f64,
    above: usize,
    below: usize,
    share: f64,
}

/// What the axis explains beyond all others. `None` where nothing of it can be told apart, or nothing is left to compare with.
fn f_test(present: &Levels, rows: &[Vec<usize>], values: &[f64], axis: usize) -> Option<FTest> {
    let (levels, first) = &present.axes[axis];
    let last: Vec<usize> = (*first..first + levels.len() - 1).collect();
    let fit = fit_with_last(present.columns, rows, values, &last);
    if fit.rank_of_last < last.len() || last.is_empty() || fit.freedom == 0 {
        return None;
    }
    let explained = (fit.residual_without_last - fit.residual).max(0.0);
    let error = fit.residual / fit.freedom as f64;
    if fit.residual_without_last <= 0.0 {
        return None;
    }
    Some(FTest {
        f: match error > 0.0 {
            true => explained / last.len() as f64 / error,
            false => f64::INFINITY,
        },
        above: last.len(),
        below: fit.freedom,
        share: explained / fit.residual_without_last,
    })
}
