//! Tests of whether two means differ, and what remains of them when there are many.

use serde::Serialize;

use super::distributions::{t_quantile, t_two_sided};
use super::mean::Moments;

/// A difference of two means, how far it may be off, and how likely one as large would be if there were none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Test {
    /// First mean minus second.
    pub difference: f64,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// Degrees of freedom of its Student's t.
    pub freedom: f64,
    /// Difference ÷ standard error; infinite where there is no spread at all.
    pub t: f64,
    /// Two-sided p-value.
    pub p: f64,
}

impl Test {
    /// A difference with a known standard error.
    pub fn of(difference: f64, standard_error: f64, freedom: f64) -> Self {
        // Without any spread, as with deterministic costs, equal is equal and different is different.
        let (t, p) = match (difference == 0.0, standard_error > 0.0) {
            (true, _) => (0.0, 1.0),
            (false, false) => (f64::INFINITY.copysign(difference), 0.0),
            (false, true) => {
                let t = difference / standard_error;
                (t, t_two_sided(t, freedom))
            }
        };
        Self {
            difference,
            standard_error,
            freedom,
            t,
            p,
        }
    }

    /// Half the width of the interval in which the difference lies with `confidence` (0 to 1).
    pub fn half_width(&self, confidence: f64) -> f64 {
        if self.standard_error > 0.0 {
            t_quantile(0.5 + confidence / 2.0, self.freedom) * self.standard_error
        } else {
            0.0
        }
    }
}

/// Degrees of freedom of a sum of independent variances of means, each with its own: (Σv)² ÷ Σ(v² ÷ ν)
/// (Welch, Biometrika 34, 1947; Satterthwaite, Biometrics Bulletin 2, 1946). Infinite where nothing varies.
pub fn satterthwaite(parts: &[(f64, f64)]) -> f64 {
    let sum: f64 = parts.iter().map(|(variance, _)| variance).sum();
    let below: f64 = parts
        .iter()
        .map(|(variance, freedom)| variance * variance / freedom)
        .sum();
    if below > 0.0 {
        sum * sum / below
    } else {
        f64::INFINITY
    }
}

/// Welch's test of two independent groups, whose variances may differ. `None` where either has fewer than two figures.
pub fn welch(a: &[f64], b: &[f64]) -> Option<Test> {
    let (a, b) = (
        Moments::of(a.iter().copied())?,
        Moments::of(b.iter().copied())?,
    );
    let (of_a, of_b) = (a.variance_of_mean()?, b.variance_of_mean()?);
    let freedom = satterthwaite(&[(of_a, (a.count - 1) as f64), (of_b, (b.count - 1) as f64)]);
    Some(Test::of(a.mean - b.mean, (of_a + of_b).sqrt(), freedom))
}

/// Student's test of pairs: of the differences against none. `None` where there are fewer than two pairs of numbers.
pub fn paired(pairs: &[(f64, f64)]) -> Option<Test> {
    let differences = Moments::of(pairs.iter().map(|(a, b)| a - b))?;
    let variance = differences.variance_of_mean()?;
    let freedom = (differences.count - 1) as f64;
    Some(Test::of(differences.mean, variance.sqrt(), freedom))
}

/// The p-values of a family of tests, corrected so that the chance of even one false alarm among them stays below the
/// level (Holm, Scandinavian Journal of Statistics 6, 1979): the k-th smallest of m is multiplied by m − k + 1, and none
/// is below a smaller one's. In the order given.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut corrected = vec![1.0; p_values.len()];
    let mut least = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        let factor = (p_values.len() - rank) as f64;
        least = least.max((p_values[at] * factor).min(1.0));
        corrected[at] = least;
    }
    corrected
}
