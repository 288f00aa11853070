//! What is left of a run, told from a short profile of itself.
//!
//! A run is cut into stretches, from one evaluation to the next. Its first ones are left out: clocks, heat and caches
//! settle there (del Rey et al., arXiv 2307.05520, find power stable after about the fourth epoch). Of the others, seconds and
//! joules a step are taken as draws about a level, and what is left as more of them:
//!
//! - the level is their mean; its error is `s ÷ √k`, and each of the `m` stretches to come adds its own `s`, so that the sum
//!   has the variance `m² · s² ÷ k + m · s²`, with Student's t of `k − 1` degrees of freedom;
//! - stretches that follow each other may be alike (heat, other programs): from six on, the variance is multiplied by
//!   `(1 + r) ÷ (1 − r)` with their correlation `r` from one to the next, where that is above 0;
//! - where a straight line through six or more has a slope that differs from none at 5 %, the run drifts. The level is then
//!   the line's at its end. The drift is carried on for as many stretches as were seen and then held; the forecast goes half
//!   that way, and its interval reaches from no further drift to all of it. What falls is foretold no lower than the least
//!   stretch that was seen.
//!
//! The interval is of what the meter will say. How far the meter itself may be off is not in it.

use super::forecast::Expected;
use super::statistics::distributions::t_quantile;
use super::statistics::{Moments, mean_interval};

/// Most stretches at the beginning that are left out.
const SETTLING: usize = 4;
/// Stretches from which on drift and likeness are looked for.
const FOR_DRIFT: usize = 6;

/// A part of a run between two evaluations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Steps in it, one or more.
    pub steps: u64,
    /// Seconds of training and evaluation.
    pub time_s: f64,
    /// Gross joules of training and evaluation, as the meters counted them; `None` where they did not.
    pub energy_j: Option<f64>,
}

/// Cuts a run into stretches as its evaluations come in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    stretches: Vec<Stretch>,
    step: u64,
    time_s: f64,
    energy_j: Option<f64>,
}

impl Profile {
    /// An evaluation after `step` steps, with the seconds and the joules of training and evaluation until then.
    pub fn evaluated(&mut self, step: u64, time_s: f64, energy_j: Option<f64>) {
        // A counter begins at nothing; later, a stretch has joules where both of its ends have.
        let before_j = if self.step == 0 {
            Some(0.0)
        } else {
            self.energy_j
        };
        self.stretches.push(Stretch {
            steps: step.saturating_sub(self.step),
            time_s: time_s - self.time_s,
            energy_j: energy_j.zip(before_j).map(|(now, before)| now - before),
        });
        (self.step, self.time_s, self.energy_j) = (step, time_s, energy_j);
    }

    /// Steps, seconds and joules at the last evaluation.
    pub fn so_far(&self) -> (u64, f64, Option<f64>) {
        (self.step, self.time_s, self.energy_j)
    }

    /// What `steps_left` more steps will take; `None` before the second evaluation, since the first stretch settles.
    pub fn left(&self, steps_left: u64) -> Option<Remainder> {
        (self.stretches.len() > 1)
            .then(|| remainder(&self.stretches, steps_left))
            .flatten()
    }
}

/// What is left of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Remainder {
    /// Seconds of training and evaluation.
    pub time_s: Expected,
    /// Gross joules of training and evaluation; `None` where stretches lack them.
    pub energy_j: Option<Expected>,
    /// Stretches that it rests on.
    pub stretches: usize,
    /// Whether power or pace drifts.
    pub drifts: bool,
}

/// What `steps_left` steps will take after `stretches`, in order. `None` without any.
pub fn remainder(stretches: &[Stretch], steps_left: u64) -> Option<Remainder> {
    let whole: Vec<&Stretch> = stretches
        .iter()
        .filter(|stretch| stretch.steps > 0)
        .collect();
    // A third of what there is, so that a short profile keeps most of itself.
    let settling = match whole.len() {
        0 => return None,
        1 => 0,
        count => (count / 3).clamp(1, SETTLING),
    };
    let kept = &whole[settling..];
    let steps: u64 = kept.iter().map(|stretch| stretch.steps).sum();
    let to_come = steps_left as f64 * kept.len() as f64 / steps as f64;
    let a_stretch = steps as f64 / kept.len() as f64;
    let rates = |of: &dyn Fn(&Stretch) -> Option<f64>| -> Option<Vec<f64>> {
        kept.iter()
            .map(|stretch| Some(of(stretch)? / stretch.steps as f64 * a_stretch))
            .collect()
    };
    let time = rates(&|stretch| Some(stretch.time_s)).map(|rates| ahead(&rates, to_come))?;
    let energy = rates(&|stretch| stretch.energy_j).map(|rates| ahead(&rates, to_come));
    Some(Remainder {
        time_s: time.sum,
        energy_j: energy.map(|energy| energy.sum),
        stretches: kept.len(),
        drifts: time.drifts || energy.is_some_and(|energy| energy.drifts),
    })
}

#[derive(Clone, Copy)]
struct Ahead {
    sum: Expected,
    drifts: bool,
}

/// The sum of `to_come` more figures after `figures`.
fn ahead(figures: &[f64], to_come: f64) -> Ahead {
    let count = figures.len() as f64;
    let level = mean_interval(figures.iter().copied());
    let Some(level) = level.filter(|_| to_come > 0.0) else {
        let sum = Expected {
            value: 0.0,
            range: Some((0.0, 0.0)),
        };
        return Ahead { sum, drifts: false };
    };
    let plain = level.mean * to_come;
    let Some(variance) = Moments::of(figures.iter().copied()).and_then(|found| found.variance)
    else {
        let sum = Expected {
            value: plain,
            range: None,
        };
        return Ahead { sum, drifts: false };
    };
    let line = (figures.len() >= FOR_DRIFT).then(|| Line::through(figures));
    let (residual, variance_of_level, freedom, further) = match &line {
        Some(line) if line.is_steep => {
            let seen = to_come.min(count);
            let further = line.slope * (seen * (seen + 1.0) / 2.0 + seen * (to_come - seen));
            (line.variance, line.variance_at_end(), count - 2.0, further)
        }
        _ => (variance, variance / count, count - 1.0, 0.0),
    };
    let middle = match &line {
        Some(line) if line.is_steep => line.at_end() * to_come + further / 2.0,
        _ => plain,
    };
    let alike = match &line {
        Some(line) => {
            let r = line.likeness.clamp(0.0, 0.9);
            (1.0 + r) / (1.0 - r)
        }
        None => 1.0,
    };
    let spread = (alike * (to_come * to_come * variance_of_level + to_come * residual)).sqrt();
    let half = t_quantile(0.975, freedom) * spread + further.abs() / 2.0;
    // A pace that rises comes to rest: it is not foretold to fall below what was ever seen, let alone to nothing.
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let value = match further < 0.0 {
        true => middle.max(least * to_come),
        false => middle.max(0.0),
    };
    Ahead {
        sum: Expected {
            value,
            range: Some(((middle - half).max(0.0), value + half)),
        },
        drifts: further != 0.0,
    }
}

/// A straight line through figures at 0, 1, 2, ….
struct Line {
    count: f64,
    middle: f64,
    slope: f64,
    /// Variance of what is left of the figures.
    variance: f64,
    /// Σ (x − x̄)².
    squares: f64,
    /// Whether the slope differs from none at 5 %.
    is_steep: bool,
    /// Correlation of what is left from one figure to the next.
    likeness: f64,
}

impl Line {
    fn through(figures: &[f64]) -> Self {
        let count = figures.len() as f64;
        let centre = (count - 1.0) / 2.0;
        let middle = figures.iter().sum::<f64>() / count;
        let places = || {
            figures
                .iter()
                .enumerate()
                .map(|(at, figure)| (at as f64 - centre, figure))
        };
        let squares: f64 = places().map(|(x, _)| x * x).sum();
        let slope = places()
            .map(|(x, figure)| x * (figure - middle))
            .sum::<f64>()
            / squares;
        let rests: Vec<f64> = places()
            .map(|(x, figure)| figure - middle - slope * x)
            .collect();
        let rest: f64 = rests.iter().map(|rest| rest * rest).sum();
        let variance = rest / (count - 2.0);
        let error = (variance / squares).sqrt();
        let next: f64 = rests.windows(2).map(|two| two[0] * two[1]).sum();
        Self {
            count,
            middle,
            slope,
            variance,
            squares,
            // What rounding makes of equal figures is no drift.
            is_steep: slope.abs() > t_quantile(0.975, count - 2.0) * error
                && slope.abs() * count > 1e-9 * middle.abs(),
            likeness: if rest > 0.0 { next / rest } else { 0.0 },
        }
    }

    fn at_end(&self) -> f64 {
        self.middle + self.slope * (self.count - 1.0) / 2.0
    }

    fn variance_at_end(&self) -> f64 {
        let reach = (self.count - 1.0) / 2.0;
        self.variance * (1.0 / self.count + reach * reach / self.squares)
    }
}
