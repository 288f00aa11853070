use serde::{Deserialize, Serialize};

/// A value with the interval that it lies in; any unit. `low <= value <= high`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Best guess.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// Nothing, exactly.
    pub const ZERO: Self = Self {
        value: 0.0,
        low: 0.0,
        high: 0.0,
    };

    /// A value known exactly.
    pub fn exact(value: f64) -> Self {
        Self {
            value,
            low: value,
            high: value,
        }
    }

    /// `value ± half_width`.
    pub fn plus_minus(value: f64, half_width: f64) -> Self {
        Self {
            value,
            low: value - half_width,
            high: value + half_width,
        }
    }

    /// `value` known up to a factor: from `value / factor` to `value × factor`.
    pub fn within_factor(value: f64, factor: f64) -> Self {
        Self {
            value,
            low: value / factor,
            high: value * factor,
        }
    }

    /// Sum of two parts of one source. Their errors are systematic, so the widths add up.
    pub fn plus_same_source(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            low: self.low + other.low,
            high: self.high + other.high,
        }
    }

    /// Sum of figures of independent sources: the distances to the ends add in quadrature.
    pub fn sum_independent(parts: impl IntoIterator<Item = Self>) -> Self {
        let (mut value, mut below, mut above) = (0.0, 0.0_f64, 0.0_f64);
        for part in parts {
            value += part.value;
            below += (part.value - part.low).powi(2);
            above += (part.high - part.value).powi(2);
        }
        Self {
            value,
            low: value - below.sqrt(),
            high: value + above.sqrt(),
        }
    }

    /// Difference of two figures of independent sources, as in gross minus idle baseline.
    pub fn minus_independent(self, other: Self) -> Self {
        let value = self.value - other.value;
        let below = (self.value - self.low).hypot(other.high - other.value);
        let above = (self.high - self.value).hypot(other.value - other.low);
        Self {
            value,
            low: value - below,
            high: value + above,
        }
    }

    /// Difference of two figures of one source, with a relative error common to both: the ends of the difference
    /// are the differences of the ends.
    pub fn minus_same_source(self, other: Self) -> Self {
        let (a, b) = (self.low - other.low, self.high - other.high);
        let value = self.value - other.value;
        Self {
            value,
            low: value.min(a).min(b),
            high: value.max(a).max(b),
        }
    }

    /// The figure times a constant; a negative one turns the ends round.
    pub fn scale(self, by: f64) -> Self {
        let (a, b) = (self.low * by, self.high * by);
        Self {
            value: self.value * by,
            low: a.min(b),
            high: a.max(b),
        }
    }

    /// Half the width of the interval.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Whether `truth` lies in the interval.
    pub fn covers(self, truth: f64) -> bool {
        (self.low..=self.high).contains(&truth)
    }
}
