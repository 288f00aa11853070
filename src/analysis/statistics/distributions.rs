//! Quantiles and tail probabilities of the distributions that tests and intervals need.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::beta::checked_beta_reg;

/// Quantile of Student's t with `freedom` degrees of freedom (more than 0) at probability `p` (0 to 1). `NaN` where they
/// are not.
pub fn t_quantile(p: f64, freedom: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |t| t.inverse_cdf(p))
}

/// Probability that Student's t with `freedom` degrees of freedom is at least as far from 0 as `t`: the p-value of a
/// two-sided test, `I(ν ÷ (ν + t²); ν/2, 1/2)` (Abramowitz and Stegun 26.7.1).
pub fn t_two_sided(t: f64, freedom: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    checked_beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t)).unwrap_or(f64::NAN)
}

/// Probability that Fisher's F with `above` and `below` degrees of freedom is at least `f`: `I(ν₂ ÷ (ν₂ + ν₁·f); ν₂/2, ν₁/2)`
/// (Abramowitz and Stegun 26.6.2).
pub fn f_upper(f: f64, above: f64, below: f64) -> f64 {
    if f.is_infinite() {
        return 0.0;
    }
    checked_beta_reg(
        below / 2.0,
        above / 2.0,
        below / (below + above * f.max(0.0)),
    )
    .unwrap_or(f64::NAN)
}

/// Quantile of the standard normal distribution.
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    Normal::standard().inverse_cdf(p)
}

/// Probability that a standard normal figure is at least as far from 0 as `z`.
pub fn normal_two_sided(z: f64) -> f64 {
    statrs::function::erf::erfc(z.abs() / std::f64::consts::SQRT_2)
}
