use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::setup::Problems;

/// A field of the setup that a sweep varies, and the values that it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Axis {
    /// Path of the field, such as `regime.learning_rate`, as `--set` takes it.
    pub field: String,
    /// What it takes.
    pub values: AxisValues,
    /// The axis only counts where all these fields have one of these values; elsewhere the field keeps the base's value, and
    /// the combination is there once. Fields may be of the base or of axes before this one.
    pub when: BTreeMap<String, OneOf>,
}

/// The values of an axis, in the order in which they are counted.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisValues {
    /// Each of these.
    Values(Vec<Value>),
    /// Equal steps from one end to the other.
    Linear(Range),
    /// Equal factors from one end to the other.
    Logarithmic(Range),
    /// The powers of two between two ends, both of which count.
    PowersOfTwo(Ends),
}

/// An axis as a file holds it: one of the kinds of values beside its field.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    linear: Option<Range>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logarithmic: Option<Range>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    powers_of_two: Option<Ends>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    when: BTreeMap<String, OneOf>,
}

impl TryFrom<Written> for Axis {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let field = written.field;
        let mut given: Vec<AxisValues> = [
            written.values.map(AxisValues::Values),
            written.linear.map(AxisValues::Linear),
            written.logarithmic.map(AxisValues::Logarithmic),
            written.powers_of_two.map(AxisValues::PowersOfTwo),
        ]
        .into_iter()
        .flatten()
        .collect();
        match (given.pop(), given.is_empty()) {
            (Some(values), true) => Ok(Self {
                field,
                values,
                when: written.when,
            }),
            (_, _) => Err(format!(
                "the axis over `{field}` needs its values as exactly one of `values`, `linear`, `logarithmic` and \
                 `powers_of_two`"
            )),
        }
    }
}

impl From<Axis> for Written {
    fn from(axis: Axis) -> Self {
        let mut written = Self {
            field: axis.field,
            values: None,
            linear: None,
            logarithmic: None,
            powers_of_two: None,
            when: axis.when,
        };
        match axis.values {
            AxisValues::Values(values) => written.values = Some(values),
            AxisValues::Linear(range) => written.linear = Some(range),
            AxisValues::Logarithmic(range) => written.logarithmic = Some(range),
            AxisValues::PowersOfTwo(ends) => written.powers_of_two = Some(ends),
        }
        written
    }
}

/// Two ends, both of which count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// First value.
    pub from: f64,
    /// Last value.
    pub to: f64,
    /// How many values. Needed by every searcher but the random one, which draws from the whole range without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// Two ends of whole numbers, both of which count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ends {
    /// Not less than this, 1 or more.
    pub from: u64,
    /// Not more than this.
    pub to: u64,
}

/// One value, or several of which any will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOf {
    /// Any of these.
    Any(Vec<Value>),
    /// This.
    One(Value),
}

impl OneOf {
    /// Whether `value` is one of them.
    pub fn has(&self, value: &Value) -> bool {
        match self {
            Self::Any(values) => values.iter().any(|known| is_same(known, value)),
            Self::One(known) => is_same(known, value),
        }
    }
}

/// Whether two values are the same, where `1` and `1.0` are.
pub(super) fn is_same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

impl Axis {
    /// How many values it has; `None` for a range without a count, which has no end of them.
    pub fn len(&self) -> Option<u64> {
        match &self.values {
            AxisValues::Values(values) => Some(values.len() as u64),
            AxisValues::Linear(range) | AxisValues::Logarithmic(range) => range.count,
            AxisValues::PowersOfTwo(ends) => Some(powers(*ends).count() as u64),
        }
    }

    /// Whether it has no value at all.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The value at `index`, where there is one. A range keeps three more digits than a single-precision number has, so that
    /// a third of something is the same on every machine and still short.
    pub fn value(&self, index: u64) -> Option<Value> {
        let at = usize::try_from(index).ok()?;
        match &self.values {
            AxisValues::Values(values) => values.get(at).cloned(),
            AxisValues::PowersOfTwo(ends) => powers(*ends).nth(at).map(Value::from),
            AxisValues::Linear(Range { count, .. })
            | AxisValues::Logarithmic(Range { count, .. }) => {
                let count = (*count)?;
                let share = match count {
                    0 | 1 => 0.0,
                    _ => index as f64 / (count - 1) as f64,
                };
                (index < count).then(|| self.between(share))?
            }
        }
    }

    /// The value of a range at `share` of the way, 0 to 1; `None` for an axis that is no range.
    pub fn between(&self, share: f64) -> Option<Value> {
        let value = match &self.values {
            AxisValues::Linear(range) => range.from + (range.to - range.from) * share,
            AxisValues::Logarithmic(range) => range.from * (range.to / range.from).powf(share),
            AxisValues::Values(_) | AxisValues::PowersOfTwo(_) => return None,
        };
        Some(number(value))
    }

    pub(super) fn validate(&self, at: &str, problems: &mut Problems) {
        problems.require(
            !self.field.trim().is_empty(),
            format!("{at}.field"),
            &self.field,
            "the path of a field, such as regime.learning_rate",
        );
        match &self.values {
            AxisValues::Values(values) => {
                problems.require(
                    !values.is_empty(),
                    format!("{at}.values"),
                    "an empty list",
                    "one value or more; leave the axis out where nothing is to be varied",
                );
                let known = |at: &usize| values[..*at].iter().any(|it| is_same(it, &values[*at]));
                if let Some(twice) = (1..values.len()).find(known) {
                    problems.require(
                        false,
                        format!("{at}.values"),
                        &values[twice],
                        "each value once: its runs would count as further seeds of the same setup",
                    );
                }
            }
            AxisValues::Linear(range) => range.validate(&format!("{at}.linear"), problems),
            AxisValues::Logarithmic(range) => {
                let at = format!("{at}.logarithmic");
                range.validate(&at, problems);
                for (end, value) in [("from", range.from), ("to", range.to)] {
                    problems.require(
                        value > 0.0,
                        format!("{at}.{end}"),
                        value,
                        "above 0, since a logarithmic range goes by factors",
                    );
                }
            }
            AxisValues::PowersOfTwo(ends) => problems.require(
                powers(*ends).next().is_some(),
                format!("{at}.powers_of_two"),
                format!("{} to {}", ends.from, ends.to),
                "two ends with a power of two between them, such as 8 to 512",
            ),
        }
    }
}

impl Range {
    fn validate(&self, at: &str, problems: &mut Problems) {
        for (end, value) in [("from", self.from), ("to", self.to)] {
            problems.require(
                value.is_finite(),
                format!("{at}.{end}"),
                value,
                "a finite number",
            );
        }
        problems.require(
            self.count != Some(0),
            format!("{at}.count"),
            0,
            "1 or more; leave the axis out where nothing is to be varied",
        );
        problems.require(
            self.count != Some(1) || self.from.to_bits() == self.to.to_bits(),
            format!("{at}.count"),
            1,
            "2 or more for a range with two ends",
        );
        problems.require(
            self.count.is_none_or(|count| count < 2) || self.from.to_bits() != self.to.to_bits(),
            format!("{at}.to"),
            self.to,
            "another end than `from`: each value is to be there once",
        );
    }
}

fn powers(ends: Ends) -> impl Iterator<Item = u64> {
    (0..63)
        .map(|exponent| 1_u64 << exponent)
        .filter(move |power| (ends.from..=ends.to).contains(power))
}

/// A number with 10 significant digits, as a whole number where it is one.
fn number(value: f64) -> Value {
    let rounded: f64 = format!("{value:.9e}").parse().unwrap_or(value);
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 {
        Value::from(rounded as i64)
    } else {
        Value::from(rounded)
    }
}
