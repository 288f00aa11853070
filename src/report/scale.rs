//! From figures to places: linear or logarithmic, with round marks.

use crate::units::significant;

/// A range of figures that is laid over a range of points.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    logarithmic: bool,
    prefix: (f64, &'static str),
}

/// Largest ÷ smallest from which on a scale is logarithmic where it may be.
const LOGARITHMIC_FROM: f64 = 12.0;

impl Scale {
    /// For `values`, with room at both ends; logarithmic where they are all above 0 and far apart.
    pub fn around(
        values: impl Iterator<Item = f64>,
        (from, to): (f64, f64),
        may_be_logarithmic: bool,
    ) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let logarithmic = may_be_logarithmic && low > 0.0 && high / low > LOGARITHMIC_FROM;
        if logarithmic {
            let room = (high / low).powf(0.05);
            (low, high) = (low / room, high * room);
        } else {
            let size = high.abs().max(low.abs());
            let room = match high - low {
                width if width > 1e-12 * size => 0.06 * width,
                _ if size > 0.0 => 0.1 * size,
                _ => 1.0,
            };
            // What is above 0 does not need a mark below.
            low = if low >= 0.0 {
                (low - room).max(0.0)
            } else {
                low - room
            };
            high += room;
        }
        Self::new((low, high), (from, to), logarithmic)
    }

    /// From 0 to a little more than the largest of `values`.
    pub fn from_zero(values: impl Iterator<Item = f64>, points: (f64, f64)) -> Self {
        let high = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        let high = if high > 0.0 { high * 1.02 } else { 1.0 };
        Self::new((0.0, high), points, false)
    }

    /// Exactly from `low` to `high`.
    pub fn new((low, high): (f64, f64), (from, to): (f64, f64), logarithmic: bool) -> Self {
        Self {
            low,
            high,
            from,
            to,
            logarithmic,
            prefix: prefix(high.abs().max(low.abs())),
        }
    }

    /// Where a figure lies, within the range.
    pub fn place(&self, value: f64) -> f64 {
        let share = match self.logarithmic {
            true => (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Round figures within the range with their names, without a unit.
    pub fn marks(&self, about: usize, factor: f64) -> Vec<(f64, String)> {
        let values = match self.logarithmic {
            true => self.logarithmic_marks(about),
            false => self.linear_marks(about),
        };
        let name = |value: f64| {
            let shown = value * factor;
            let text = significant(shown, 6);
            let text = match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text,
            };
            match text.as_str() {
                "-0" => "0".to_owned(),
                _ => text,
            }
        };
        values
            .into_iter()
            .map(|value| (value, name(value)))
            .collect()
    }

    /// Marks in the unit that [`Self::unit`] names.
    pub fn marks_in_unit(&self, about: usize) -> Vec<(f64, String)> {
        self.marks(about, 1.0 / self.prefix.0)
    }

    /// The unit with the prefix that fits the range.
    pub fn unit(&self, unit: &str) -> String {
        format!("{}{unit}", self.prefix.1)
    }

    fn linear_marks(&self, about: usize) -> Vec<f64> {
        let rough = (self.high - self.low) / about.max(1) as f64;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|by| by * power)
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|at| at as f64 * step).collect()
    }

    fn logarithmic_marks(&self, about: usize) -> Vec<f64> {
        let (first, last) = (
            self.low.log10().floor() as i32,
            self.high.log10().ceil() as i32,
        );
        let within = |steps: &[f64]| -> Vec<f64> {
            (first..=last)
                .flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)))
                .filter(|value| (self.low..=self.high).contains(value))
                .collect()
        };
        // As many as fit: 1, 2, 5; then only 1; then every few of those.
        let marks = within(&[1.0, 2.0, 5.0]);
        if marks.len() <= about + 2 {
            return marks;
        }
        let marks = within(&[1.0]);
        let stride = marks.len().div_ceil(about.max(1)).max(1);
        marks.into_iter().step_by(stride).collect()
    }
}

/// The SI prefix for figures up to `size`.
fn prefix(size: f64) -> (f64, &'static str) {
    const PREFIXES: [(f64, &str); 8] = [
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, "µ"),
        (1e-9, "n"),
        (1e-12, "p"),
    ];
    PREFIXES
        .into_iter()
        .find(|(scale, _)| size >= *scale * 2.0)
        .unwrap_or((1.0, ""))
}
