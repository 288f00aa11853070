use serde::Serialize;

use crate::analysis::statistics::{Moments, distributions::t_quantile};
use crate::units::Estimate;

/// A mean over seeds, with what is known of how far it may be off.
///
/// Two things make it uncertain. Seeds differ: the mean of n of them lies within `t(0.975, n − 1) · s ÷ √n` with 95 %
/// confidence. And the meter may be off: that error is common to all seeds, so that its interval is the mean of their
/// intervals and does not shrink with n. The two are independent and add in quadrature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// How many seeds.
    pub count: usize,
    /// Mean with both uncertainties together; without a second seed, that of the measurement alone.
    pub estimate: Estimate,
    /// Half the width of the interval over the seeds; `None` for a single one, which says nothing of the spread.
    pub spread: Option<f64>,
    /// The interval that the measurement alone gives.
    pub measured: Estimate,
    /// Each seed with its value, in order of the seeds.
    #[serde(skip)]
    pub by_seed: Vec<(u64, f64)>,
}

impl Figure {
    /// The mean of figures of several seeds, each with the interval of its measurement. `None` where there are none.
    pub fn of(figures: impl IntoIterator<Item = (u64, Estimate)>) -> Option<Self> {
        let mut by_seed = Vec::new();
        let (mut low, mut high) = (0.0, 0.0);
        for (seed, figure) in figures {
            let is_number = [figure.value, figure.low, figure.high]
                .iter()
                .all(|x| x.is_finite());
            if is_number {
                by_seed.push((seed, figure.value));
                low += figure.low;
                high += figure.high;
            }
        }
        by_seed.sort_by_key(|(seed, _)| *seed);
        let moments = Moments::of(by_seed.iter().map(|(_, value)| *value))?;
        let n = moments.count as f64;
        let measured = Estimate {
            value: moments.mean,
            // What rounding leaves over does not put the mean outside its own interval.
            low: (low / n).min(moments.mean),
            high: (high / n).max(moments.mean),
        };
        let spread = moments
            .variance_of_mean()
            .map(|variance| t_quantile(0.975, n - 1.0) * variance.sqrt());
        Some(Self {
            count: moments.count,
            estimate: widened(measured, spread.unwrap_or(0.0)),
            spread,
            measured,
            by_seed,
        })
    }

    /// The mean of figures that are known exactly, such as seconds.
    pub fn of_exact(figures: impl IntoIterator<Item = (u64, f64)>) -> Option<Self> {
        let exact = |(seed, value)| (seed, Estimate::exact(value));
        Self::of(figures.into_iter().map(exact))
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.estimate.value
    }

    /// How far the measurement alone may be off below and above, relative to the mean.
    pub fn relative(&self) -> (f64, f64) {
        let Estimate { value, low, high } = self.measured;
        if value > 0.0 {
            (
                ((value - low) / value).max(0.0),
                ((high - value) / value).max(0.0),
            )
        } else {
            (0.0, 0.0)
        }
    }
}

/// `estimate` with an independent ± `half` on top; no energy, time or share is below 0.
fn widened(estimate: Estimate, half: f64) -> Estimate {
    let Estimate { value, low, high } = estimate;
    let below = (value - low).hypot(half);
    let floor = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    Estimate {
        value,
        low: (value - below).max(floor),
        high: value + (high - value).hypot(half),
    }
}
