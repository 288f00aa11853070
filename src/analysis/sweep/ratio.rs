use serde::Serialize;

use super::figure::Figure;
use crate::analysis::statistics::{Moments, Test, satterthwaite};
use crate::units::Estimate;

/// How much more one setup took than another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// Mean of the first ÷ mean of the second, with its 95 % interval.
    pub estimate: Estimate,
    /// Whether seeds were compared one by one, since both setups have the same.
    pub paired: bool,
    /// The test that there is no difference, on the logarithm of the ratio; `None` where either side has one seed.
    pub test: Option<Test>,
    /// Half the interval's width that comes from the seeds, as a logarithm.
    #[serde(skip)]
    pub log_measured: (f64, f64),
}

/// How far two measurements may be off against each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shared {
    /// The relative error below and above that all trials of one meter have in common, which a ratio cancels.
    pub common: (f64, f64),
    /// Whether both sides were measured by one meter.
    pub same_meter: bool,
}

/// Most shared seeds from which on setups are compared seed by seed.
const PAIRS_MIN: usize = 3;

/// `a ÷ b` with its 95 % interval. `None` where either mean is not above 0.
///
/// The logarithm of the ratio of two means has the standard error √(s_a² ÷ (n_a·ā²) + s_b² ÷ (n_b·b̄²)) to first order (the
/// delta method), with Welch's degrees of freedom. Where both have the same three seeds or more, the differences
/// `a_i ÷ ā − b_i ÷ b̄` of the pairs take its place, with n − 1. The interval is `R · exp(±t · error)`, which treats `a ÷ b` and
/// `b ÷ a` alike and stays above 0. Of the measurement's interval only what exceeds the common part of one meter counts,
/// in quadrature; of different meters all of it does. A single seed gives the interval of the measurement alone.
pub fn ratio(a: &Figure, b: &Figure, shared: Shared) -> Option<Ratio> {
    let value = a.mean() / b.mean();
    if !(a.mean() > 0.0 && b.mean() > 0.0 && value.is_finite()) {
        return None;
    }
    let pairs = pairs(a, b);
    let test = match &pairs {
        Some(pairs) => {
            let differences = pairs.iter().map(|(x, y)| x / a.mean() - y / b.mean());
            let moments = Moments::of(differences)?;
            moments.variance_of_mean().map(|variance| {
                let freedom = (moments.count - 1) as f64;
                Test::of(value.ln(), variance.sqrt(), freedom)
            })
        }
        None => relative_variance(a)
            .zip(relative_variance(b))
            .map(|(of_a, of_b)| {
                let freedom =
                    satterthwaite(&[(of_a, (a.count - 1) as f64), (of_b, (b.count - 1) as f64)]);
                Test::of(value.ln(), (of_a + of_b).sqrt(), freedom)
            }),
    };
    let log_measured = log_measured(a, b, shared);
    let mut ratio = Ratio {
        estimate: Estimate::exact(value),
        paired: pairs.is_some(),
        test,
        log_measured,
    };
    ratio.estimate = ratio.interval(0.95);
    Some(ratio)
}

impl Ratio {
    /// The ratio with the interval in which it lies with `confidence` (0 to 1).
    pub fn interval(&self, confidence: f64) -> Estimate {
        let half = self.test.map_or(0.0, |test| test.half_width(confidence));
        let value = self.estimate.value;
        Estimate {
            value,
            low: value * (-half.hypot(self.log_measured.0)).exp(),
            high: value * half.hypot(self.log_measured.1).exp(),
        }
    }
}

/// The values of the seeds that both have, where that is all of them and there are enough.
fn pairs(a: &Figure, b: &Figure) -> Option<Vec<(f64, f64)>> {
    let same = a.count == b.count
        && a.count >= PAIRS_MIN
        && a.by_seed.iter().zip(&b.by_seed).all(|(x, y)| x.0 == y.0)
        // A seed twice is no pair.
        && a.by_seed.windows(2).all(|two| two[0].0 != two[1].0);
    same.then(|| {
        a.by_seed
            .iter()
            .zip(&b.by_seed)
            .map(|(x, y)| (x.1, y.1))
            .collect()
    })
}

/// s² ÷ (n · mean²).
fn relative_variance(figure: &Figure) -> Option<f64> {
    let moments = Moments::of(figure.by_seed.iter().map(|(_, value)| *value))?;
    Some(moments.variance_of_mean()? / (moments.mean * moments.mean))
}

/// What the measurement leaves uncertain of the logarithm, below and above.
fn log_measured(a: &Figure, b: &Figure, shared: Shared) -> (f64, f64) {
    let own = |figure: &Figure| {
        let (below, above) = figure.relative();
        let (common_below, common_above) = match shared.same_meter {
            true => shared.common,
            false => (0.0, 0.0),
        };
        // What rounding leaves of a cancelled error is none.
        let rest = |whole: f64, common: f64| match whole - common {
            rest if rest > 1e-9 => rest,
            _ => 0.0,
        };
        let below = rest(below, common_below).min(0.999);
        (-(-below).ln_1p(), rest(above, common_above).ln_1p())
    };
    let ((a_below, a_above), (b_below, b_above)) = (own(a), own(b));
    (a_below.hypot(b_above), a_above.hypot(b_below))
}
