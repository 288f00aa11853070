//! One axis: what it counts, where on it each row is, and what a place on it stands for.

use serde_json::Value;

use super::words::{plain, written};
use crate::gui::plot::Unit;
use crate::gui::preferences::EnergyUnit;

/// What an axis counts.
#[derive(Clone, Debug, PartialEq)]
enum Scale {
    /// Figures; with equal distances for equal factors where they span several powers of ten.
    Figures {
        low: f64,
        high: f64,
        log: bool,
        unit: Shown,
    },
    /// Words, evenly spaced.
    Words(Vec<String>),
}

/// How a figure of an axis is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// As it is.
    Plain,
    /// A share, in per cent.
    Percent,
    /// Joules, in the unit that the user chose.
    Energy,
}

impl Shown {
    fn written(self, value: f64, unit: EnergyUnit) -> String {
        match self {
            Self::Plain => plain(value),
            Self::Percent => Unit::Percent.written(value),
            Self::Energy => match unit {
                EnergyUnit::Joules => Unit::JOULES.written(value),
                EnergyUnit::WattHours => Unit::WATT_HOURS.written(value),
            },
        }
    }
}

/// One axis.
#[derive(Clone, Debug)]
pub struct ParallelAxis {
    /// What it shows; unique among the axes.
    pub name: String,
    scale: Scale,
    /// Where each row is, 0 below to 1 above; `None` where it has no such value.
    pub(super) places: Vec<Option<f64>>,
}

impl ParallelAxis {
    /// An axis of values of a setup, one for each row: figures where all are, else words.
    pub fn of_values(name: impl Into<String>, values: &[Option<Value>]) -> Self {
        let (scale, places) = scale_of(values);
        Self {
            name: name.into(),
            scale,
            places,
        }
    }

    /// An axis of figures, one for each row.
    pub fn of_figures(name: impl Into<String>, values: &[Option<f64>], shown: Shown) -> Self {
        let (scale, places) = figures(values, shown);
        Self {
            name: name.into(),
            scale,
            places,
        }
    }

    /// The same axis for some of the rows.
    pub fn only(&self, rows: &[usize]) -> Self {
        let places = rows
            .iter()
            .map(|row| self.places.get(*row).copied().flatten());
        Self {
            name: self.name.clone(),
            scale: self.scale.clone(),
            places: places.collect(),
        }
    }

    /// Whether any row has a place on it.
    pub(super) fn is_known(&self) -> bool {
        self.places.iter().any(Option::is_some)
    }

    /// Whether it counts one value alone, which lies in its middle.
    fn is_single(&self) -> bool {
        match &self.scale {
            Scale::Figures { low, high, .. } => high <= low,
            Scale::Words(words) => words.len() == 1,
        }
    }

    fn value(&self, place: f64) -> f64 {
        match &self.scale {
            Scale::Figures {
                low,
                high,
                log: false,
                ..
            } => low + (high - low) * place,
            Scale::Figures {
                low,
                high,
                log: true,
                ..
            } => low * (high / low).powf(place),
            Scale::Words(words) => place * words.len().saturating_sub(1) as f64,
        }
    }

    /// What is written beside the axis, and at which places: both of its ends, or the one value that it has.
    pub(super) fn marks(&self, unit: EnergyUnit) -> Vec<(f64, String)> {
        let places: &[f64] = if self.is_single() {
            &[0.5]
        } else {
            &[0.0, 1.0]
        };
        let marks = places
            .iter()
            .map(|place| (*place, self.written(*place, unit)));
        marks.collect()
    }

    pub(super) fn written(&self, place: f64, unit: EnergyUnit) -> String {
        match &self.scale {
            Scale::Figures { unit: shown, .. } => shown.written(self.value(place), unit),
            Scale::Words(words) => words
                .get(self.value(place).round() as usize)
                .cloned()
                .unwrap_or_default(),
        }
    }
}

fn scale_of(values: &[Option<Value>]) -> (Scale, Vec<Option<f64>>) {
    let known = || values.iter().flatten().filter(|value| !value.is_null());
    if known().all(Value::is_number) {
        let values: Vec<Option<f64>> = values
            .iter()
            .map(|value| value.as_ref()?.as_f64())
            .collect();
        return figures(&values, Shown::Plain);
    }
    let mut words: Vec<String> = known().map(written).collect();
    words.sort();
    words.dedup();
    let place = |value: &Option<Value>| {
        let word = written(value.as_ref().filter(|value| !value.is_null())?);
        Some(place_of(words.binary_search(&word).ok()?, words.len()))
    };
    let places = values.iter().map(place).collect();
    (Scale::Words(words), places)
}

/// Where word number `at` of so many lies, 0 to 1; one alone in the middle.
fn place_of(at: usize, words: usize) -> f64 {
    if words <= 1 {
        0.5
    } else {
        at as f64 / (words - 1) as f64
    }
}

fn figures(values: &[Option<f64>], unit: Shown) -> (Scale, Vec<Option<f64>>) {
    let known = || {
        values
            .iter()
            .flatten()
            .copied()
            .filter(|value| value.is_finite())
    };
    let (low, high) = (
        known().fold(f64::INFINITY, f64::min),
        known().fold(f64::NEG_INFINITY, f64::max),
    );
    let log = low > 0.0 && high / low > 30.0;
    let place = |value: f64| {
        if high <= low {
            0.5
        } else if log {
            (value / low).ln() / (high / low).ln()
        } else {
            (value - low) / (high - low)
        }
    };
    let places = values
        .iter()
        .map(|value| value.filter(|value| value.is_finite()).map(place))
        .collect();
    let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
    (
        Scale::Figures {
            low,
            high,
            log,
            unit,
        },
        places,
    )
}

/// Where a value that was typed in lies on the axis, 0 to 1.
pub(super) fn parsed(axis: &ParallelAxis, text: &str, unit: EnergyUnit) -> Option<f64> {
    match &axis.scale {
        Scale::Words(words) => {
            let at = words
                .iter()
                .position(|word| word.eq_ignore_ascii_case(text.trim()))?;
            Some(place_of(at, words.len()))
        }
        Scale::Figures {
            low,
            high,
            log,
            unit: shown,
        } => {
            let digits: String = text
                .trim()
                .chars()
                .take_while(|c| c.is_ascii_digit() || "+-.eE".contains(*c))
                .collect();
            let number: f64 = digits.parse().ok()?;
            let prefix = match text.trim()[digits.len()..].trim_start().chars().next() {
                Some('k') => 1e3,
                Some('M') => 1e6,
                Some('m') => 1e-3,
                _ => 1.0,
            };
            let value = match (shown, unit) {
                (Shown::Percent, _) => number / 100.0,
                (Shown::Energy, EnergyUnit::WattHours) => number * prefix * 3600.0,
                (Shown::Energy, EnergyUnit::Joules) => number * prefix,
                (Shown::Plain, _) => number,
            };
            if high <= low {
                return Some(0.5);
            }
            let place = if *log {
                (value / low).ln() / (high / low).ln()
            } else {
                (value - low) / (high - low)
            };
            place.is_finite().then(|| place.clamp(0.0, 1.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_words_and_missing_values_find_their_places() {
        let rates = [Some(json!(0.001)), Some(json!(0.1)), None];
        let (scale, places) = scale_of(&rates);
        assert!(matches!(scale, Scale::Figures { log: true, .. }));
        assert_eq!(places, [Some(0.0), Some(1.0), None]);
        let kinds = [Some(json!("sgd")), Some(json!("adam")), Some(json!("sgd"))];
        let (scale, places) = scale_of(&kinds);
        assert_eq!(scale, Scale::Words(vec!["adam".into(), "sgd".into()]));
        assert_eq!(places, [Some(1.0), Some(0.0), Some(1.0)]);
        let one = [Some(json!([128])), None];
        let (scale, places) = scale_of(&one);
        assert_eq!(scale, Scale::Words(vec!["128".into()]));
        assert_eq!(places, [Some(0.5), None]);
        let axis = ParallelAxis {
            name: "lr".into(),
            scale: scale_of(&rates).0,
            places: vec![],
        };
        let half = parsed(&axis, "0.01", EnergyUnit::Joules).unwrap();
        assert!(
            (half - 0.5).abs() < 1e-9 && axis.written(half, EnergyUnit::Joules).starts_with("0.01")
        );
    }
}
