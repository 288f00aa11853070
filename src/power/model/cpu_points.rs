//! The two points of the processors' model, fitted to readings of this machine.

use serde::{Deserialize, Serialize};

use super::{
    fit::{FitError, Fitted, error_rule, mean_error, relative, residual, residual_in_words},
    shape,
};
use crate::{power::ErrorRule, units::Estimate};

/// Between the calmest and the busiest reading, f(u) has to rise by at least this much.
const SPREAD: f64 = 0.5;

/// One reading of a sensor or a plug meter, and how busy the processors were over the same time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadReading {
    /// Busy share of all processors, 0 to 1.
    pub busy: f64,
    /// Mean power of all processors, in watts, with the interval of the meter that said so.
    pub power_w: Estimate,
}

/// Idle and full power of the processors of one machine, as data. Made with [`CpuPoints::fit`], stored as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuPoints {
    /// Which processor, when, and against what.
    pub of: Fitted,
    /// Power of all processors with nothing to do, in watts.
    pub idle_w: f64,
    /// Power of all processors at full load, in watts.
    pub full_w: f64,
    /// How far the readings are off the curve, relative to the curve: √(Σ rᵢ² ÷ (n − 2)); `None` with two readings.
    pub residual: Option<f64>,
    /// What the readings themselves may be off by, as a share: the mean over them.
    pub truth_error: f64,
    /// How many readings there were.
    pub readings: usize,
}

impl CpuPoints {
    /// Fits P = idle · (1 − f(u)) + full · f(u), with f the [`shape`], to `readings`: the squares of the distances,
    /// relative to the model, add up to the least, and neither power is negative.
    ///
    /// # Errors
    /// Where there are fewer than two readings, one of them is none, f(u) rises by less than 0.5 between the calmest and
    /// the busiest, or the power falls as the load rises.
    pub fn fit(of: Fitted, readings: &[LoadReading]) -> Result<Self, FitError> {
        if readings.len() < 2 {
            return Err(FitError::TooFew {
                given: readings.len(),
                needed: 2,
            });
        }
        for (at, reading) in readings.iter().enumerate() {
            let power_w = reading.power_w;
            let busy = (0.0..=1.0).contains(&reading.busy);
            let power = power_w.value.is_finite() && power_w.value > 0.0;
            for (what, value, sane) in [
                ("the busy share", reading.busy, busy),
                ("the power in watts", power_w.value, power),
                (
                    "half the power's interval",
                    power_w.half_width(),
                    power_w.half_width().is_finite(),
                ),
            ] {
                if !sane {
                    let number = at + 1;
                    return Err(FitError::NoReading {
                        number,
                        what,
                        value,
                    });
                }
            }
        }
        let shares = || readings.iter().map(|reading| reading.busy);
        let low = shares().fold(1.0, f64::min);
        let high = shares().fold(0.0, f64::max);
        if shape(high) - shape(low) < SPREAD {
            return Err(FitError::TooClose { low, high });
        }
        let column = |of: fn(f64) -> f64| -> Vec<f64> {
            readings.iter().map(|r| of(shape(r.busy))).collect()
        };
        let powers_w: Vec<f64> = readings.iter().map(|r| r.power_w.value).collect();
        let solution = relative(&[column(|f| 1.0 - f), column(|f| f)], &powers_w);
        let (idle_w, full_w) = (solution.constants[0], solution.constants[1]);
        if full_w <= idle_w {
            return Err(FitError::Falls { idle_w, full_w });
        }
        Ok(Self {
            of,
            idle_w,
            full_w,
            residual: residual(solution.squares, readings.len(), 2),
            truth_error: mean_error(readings.iter().map(|reading| reading.power_w)),
            readings: readings.len(),
        })
    }

    /// The interval of figures made with the points: 25 %, or twice the residual and the readings' own error if that is
    /// more.
    pub fn error(&self) -> ErrorRule {
        error_rule(self.residual, self.truth_error)
    }

    /// Where the points come from, in words.
    pub fn in_words(&self) -> String {
        format!(
            "full load {:.1} W, idle {:.1} W, fitted {} ({})",
            self.full_w,
            self.idle_w,
            self.of.in_words(self.readings),
            residual_in_words(self.residual)
        )
    }
}
