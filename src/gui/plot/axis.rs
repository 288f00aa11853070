use crate::units::{Metric, count, duration, quantity, significant};

/// What an axis counts, and so how figures on it are written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Unit {
    /// A bare number, such as a loss.
    #[default]
    None,
    /// A share, 0 to 1, written in per cent.
    Percent,
    /// Whole things, such as steps.
    Count,
    /// Seconds, written as seconds, minutes or hours.
    Seconds,
    /// Something with SI prefixes.
    Si {
        /// How it is written: `W`, `J`, `Wh`.
        symbol: &'static str,
        /// How much of it one is: 1/3600 for joules that are written in watt-hours.
        scale: f64,
    },
}

impl Unit {
    /// Watts.
    pub const WATTS: Self = Self::Si {
        symbol: "W",
        scale: 1.0,
    };
    /// Joules.
    pub const JOULES: Self = Self::Si {
        symbol: "J",
        scale: 1.0,
    };
    /// Joules that are written in watt-hours.
    pub const WATT_HOURS: Self = Self::Si {
        symbol: "Wh",
        scale: 1.0 / 3600.0,
    };

    /// `value` with its unit, for people.
    pub fn written(self, value: f64) -> String {
        match self {
            Self::None if value == 0.0 => "0".to_owned(),
            Self::None if (1e-4..1e5).contains(&value.abs()) => significant(value, 4),
            Self::None => format!("{value:.3e}"),
            Self::Percent => format!("{:.2} %", value * 100.0),
            Self::Count if value >= 0.0 => count(value.round() as u64),
            Self::Count => format!("{value:.0}"),
            Self::Seconds => duration(value),
            Self::Si { symbol, scale } => quantity(value * scale, symbol),
        }
    }

    /// By what figures of an axis are multiplied, and what stands behind them.
    fn shown(self, size: f64) -> (f64, String) {
        let prefixed = |size: f64, from: f64, symbol: &str| {
            let (factor, prefix) = match size {
                size if size >= 0.9995e9 => (1e-9, "G"),
                size if size >= 0.9995e6 => (1e-6, "M"),
                size if size >= from => (1e-3, "k"),
                size if size >= 0.9995 || size <= 0.0 => (1.0, ""),
                size if size >= 0.9995e-3 => (1e3, "m"),
                _ => (1e6, "µ"),
            };
            (factor, format!("{prefix}{symbol}"))
        };
        match self {
            Self::None if size >= 1e5 => prefixed(size, 0.9995e3, ""),
            Self::None => (1.0, String::new()),
            Self::Percent => (100.0, " %".to_owned()),
            Self::Count if size < 1e4 => (1.0, String::new()),
            Self::Count => prefixed(size, 0.9995e3, ""),
            Self::Seconds if size < 180.0 => (1.0, " s".to_owned()),
            Self::Seconds if size < 10_800.0 => (1.0 / 60.0, " min".to_owned()),
            Self::Seconds => (1.0 / 3600.0, " h".to_owned()),
            Self::Si { symbol, scale } => {
                let (factor, text) = prefixed(size * scale, 0.9995e3, symbol);
                (factor * scale, format!(" {text}"))
            }
        }
    }
}

/// One axis of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What it shows, in words.
    pub name: String,
    /// In what.
    pub unit: Unit,
    /// Whether equal distances are equal factors; what is not positive is a gap then.
    pub log: bool,
    /// A value that is always in sight, unless zoomed.
    pub include: Option<f64>,
    /// Bounds beyond which nothing can be, such as 0 and 1 for a share.
    pub limits: Option<(f64, f64)>,
}

impl Axis {
    /// An axis of a task's metric, named `name`.
    pub fn of_metric(name: impl Into<String>, metric: Metric) -> Self {
        if metric.is_share() {
            Self::new(name, Unit::Percent)
        } else {
            Self::new(name, Unit::None)
        }
    }

    /// An axis of `unit` named `name`.
    pub fn new(name: impl Into<String>, unit: Unit) -> Self {
        Self {
            name: name.into(),
            unit,
            ..Self::default()
        }
    }

    /// With equal distances for equal factors.
    #[must_use]
    pub fn log(mut self, log: bool) -> Self {
        self.log = log;
        self
    }

    /// With `value` always in sight.
    #[must_use]
    pub fn include(mut self, value: f64) -> Self {
        self.include = Some(value);
        self
    }

    /// With nothing beyond `low` and `high`.
    #[must_use]
    pub fn limits(mut self, low: f64, high: f64) -> Self {
        self.limits = Some((low, high));
        self
    }

    /// Where `value` is along the axis; not a number where it has no place there.
    pub(super) fn place(&self, value: f64) -> f64 {
        match self.log {
            false => value,
            true if value > 0.0 => value.log10(),
            true => f64::NAN,
        }
    }

    /// The value at a place.
    pub(super) fn value(&self, place: f64) -> f64 {
        if self.log { 10_f64.powf(place) } else { place }
    }

    /// Bounds, as places, for data from `low` to `high`, as values: rounded outwards to what is easily read, so that
    /// they move seldom while data arrives.
    pub(super) fn bounds(&self, data: Option<(f64, f64)>, parts: f64) -> (f64, f64) {
        let (mut low, mut high) = match (data, self.log) {
            (Some((low, high)), _) => (low, high),
            (None, false) => (0.0, 1.0),
            (None, true) => (0.1, 1.0),
        };
        if let Some(value) = self.include.filter(|value| !self.log || *value > 0.0) {
            (low, high) = (low.min(value), high.max(value));
        }
        if self.log {
            return log_bounds(self.place(low), self.place(high));
        }
        if high <= low {
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low, high) = (
                if low >= 0.0 {
                    (low - room).max(0.0)
                } else {
                    low - room
                },
                high + room,
            );
        }
        let (factor, _) = self.unit.shown(low.abs().max(high.abs()));
        let step = nice((high - low) * factor / parts) / factor;
        low = (low / step + 1e-9).floor() * step;
        high = (high / step - 1e-9).ceil() * step;
        if let Some((least, most)) = self.limits {
            (low, high) = (low.max(least), high.min(most));
        }
        if high > low {
            (low, high)
        } else {
            (low, low + step)
        }
    }

    /// Where ticks are between two places, no more than `ticks_max`; each with its text, which is empty for a mere line.
    pub(super) fn ticks(&self, low: f64, high: f64, ticks_max: usize) -> Vec<(f64, String)> {
        let ticks_max = ticks_max.max(2);
        if self.log && high - low > 0.5 {
            return self.log_ticks(low, high, ticks_max);
        }
        let size = self.value(low).abs().max(self.value(high).abs());
        let (factor, suffix) = self.unit.shown(size);
        // A short stretch of a logarithmic axis is nearly straight: ticks at round values of it.
        let (from, to) = (self.value(low) * factor, self.value(high) * factor);
        let mut step = nice((to - from) / ticks_max as f64);
        if self.unit == Unit::Count {
            step = step.max(factor);
        }
        if !(step > 0.0 && step.is_finite()) {
            return Vec::new();
        }
        let places = (-step.log10() + 1e-9).ceil().clamp(0.0, 9.0) as usize;
        let first = (from / step - 1e-9).ceil();
        (0..=ticks_max + 2)
            .map(|at| (first + at as f64) * step)
            .take_while(|value| *value <= to + step * 1e-6)
            .map(|value| {
                // Without it zero could be written as -0.
                let value = if value.abs() < step * 1e-6 {
                    0.0
                } else {
                    value
                };
                let number = match self.unit {
                    Unit::Count if suffix.is_empty() => count(value.abs() as u64),
                    _ => format!("{value:.places$}"),
                };
                (self.place(value / factor), format!("{number}{suffix}"))
            })
            .filter(|(place, _)| place.is_finite())
            .collect()
    }

    fn log_ticks(&self, low: f64, high: f64, ticks_max: usize) -> Vec<(f64, String)> {
        let decades = high - low;
        let every = (decades / ticks_max as f64).ceil().max(1.0) as i32;
        let mut ticks = Vec::new();
        for decade in low.floor() as i32..=high.ceil() as i32 {
            let named = decade.rem_euclid(every) == 0;
            let text = if named {
                self.written_power(decade)
            } else {
                String::new()
            };
            ticks.push((f64::from(decade), text));
            if every > 1 || decades > 2.0 {
                continue;
            }
            for digit in 2..10 {
                let place = f64::from(decade) + f64::from(digit).log10();
                let named = decades < 1.5 && matches!(digit, 2 | 5);
                let text = if named {
                    self.unit.written(self.value(place))
                } else {
                    String::new()
                };
                ticks.push((place, text));
            }
        }
        ticks.retain(|(place, _)| (low - 1e-9..=high + 1e-9).contains(place));
        ticks
    }

    fn written_power(&self, power: i32) -> String {
        if self.unit != Unit::None || (-3..=4).contains(&power) {
            return match self.unit {
                Unit::None | Unit::Count if power >= 0 => count(10_u64.pow(power.unsigned_abs())),
                Unit::None => format!("{:.*}", power.unsigned_abs() as usize, 10_f64.powi(power)),
                unit => unit.written(10_f64.powi(power)),
            };
        }
        let power = power.to_string();
        let raised = power.chars().map(|digit| match digit {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32(0x2070 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
        });
        format!("10{}", raised.collect::<String>())
    }
}

fn log_bounds(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = if low.is_finite() && high.is_finite() {
        (low, high)
    } else {
        (-1.0, 0.0)
    };
    // To tenths of a decade: whole ones would leave half of a plot empty.
    let (low, high) = (
        (low * 10.0 - 0.2).floor() / 10.0,
        (high * 10.0 + 0.2).ceil() / 10.0,
    );
    if high - low < 0.2 {
        (low - 0.1, high + 0.1)
    } else {
        (low, high)
    }
}

/// The least of 1, 2 and 5 times a power of ten that is no less than `step`.
fn nice(step: f64) -> f64 {
    if !(step > 0.0 && step.is_finite()) {
        return 1.0;
    }
    let power = 10_f64.powf(step.log10().floor());
    let digit = step / power;
    let round = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|round| digit <= round * (1.0 + 1e-9));
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, low: f64, high: f64) -> Vec<String> {
        axis.ticks(low, high, 5)
            .into_iter()
            .map(|tick| tick.1)
            .filter(|text| !text.is_empty())
            .collect()
    }

    #[test]
    fn ticks_are_round_in_the_unit_that_is_shown() {
        let watts = Axis::new("power", Unit::WATTS);
        assert_eq!(
            texts(&watts, 0.0, 1500.0),
            ["0.0 kW", "0.5 kW", "1.0 kW", "1.5 kW"]
        );
        let seconds = Axis::new("time", Unit::Seconds);
        assert_eq!(
            texts(&seconds, 0.0, 600.0),
            ["0 min", "2 min", "4 min", "6 min", "8 min", "10 min"]
        );
        let steps = Axis::new("step", Unit::Count);
        assert_eq!(texts(&steps, 0.0, 3.0), ["0", "1", "2", "3"]);
        let hours = Axis::new("energy", Unit::WATT_HOURS);
        assert_eq!(
            texts(&hours, 0.0, 7200.0),
            ["0.0 Wh", "0.5 Wh", "1.0 Wh", "1.5 Wh", "2.0 Wh"]
        );
    }

    #[test]
    fn a_logarithmic_axis_names_powers_of_ten_and_has_no_place_for_zero() {
        let loss = Axis::new("loss", Unit::None).log(true);
        assert_eq!(texts(&loss, -2.0, 1.0), ["0.01", "0.1", "1", "10"]);
        assert_eq!(texts(&loss, -6.0, -4.0), ["10⁻⁶", "10⁻⁵", "10⁻⁴"]);
        assert!(loss.place(0.0).is_nan() && loss.place(-1.0).is_nan());
    }

    #[test]
    fn bounds_stay_while_a_little_data_arrives() {
        let axis = Axis::new("step", Unit::Count);
        assert_eq!(
            axis.bounds(Some((0.0, 10_010.0)), 50.0),
            axis.bounds(Some((0.0, 10_150.0)), 50.0)
        );
        let (low, high) = axis.bounds(Some((3.0, 3.0)), 10.0);
        assert!(low < 3.0 && high > 3.0);
        let share = Axis::new("accuracy", Unit::Percent).limits(0.0, 1.0);
        assert_eq!(share.bounds(Some((0.93, 0.999)), 10.0).1, 1.0);
    }
}
