//! A sweep while it is put together: what was typed, which need not make sense yet.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{self, Field};
use super::values;
use crate::setup::sweep::{Axis, AxisValues, Ends, OneOf, Range, Sweep};
use crate::setup::{Problem, Setup};

/// A sweep as it is put together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Everything but axes and seeds.
    pub sweep: Sweep,
    /// What is varied.
    pub axes: Vec<AxisDraft>,
    /// The seeds themselves, as typed; `None` where there are repeats.
    pub seeds: Option<String>,
}

/// How the values of an axis are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One by one.
    #[default]
    List,
    /// By equal steps.
    Linear,
    /// By equal factors.
    Logarithmic,
    /// Powers of two.
    PowersOfTwo,
}

impl Kind {
    /// Each, with its name and what it means.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (
            Self::List,
            "List",
            "Each of these values: numbers, words, lists",
        ),
        (
            Self::Linear,
            "Linear",
            "Equal steps from one end to the other, both among them",
        ),
        (
            Self::Logarithmic,
            "Logarithmic",
            "Equal factors from one end to the other, both among them",
        ),
        (
            Self::PowersOfTwo,
            "Powers of two",
            "Every power of two between the ends",
        ),
    ];
}

/// An axis as it is put together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AxisDraft {
    /// Path of the field.
    pub field: String,
    /// How its values are given.
    pub kind: Kind,
    /// The values of a list, as typed.
    pub list: String,
    /// First value of a range.
    pub from: f64,
    /// Last value of a range.
    pub to: f64,
    /// How many of a range; none where a random search draws from all of it.
    pub count: Option<u64>,
    /// Least of the powers of two.
    pub least: u64,
    /// Greatest of the powers of two.
    pub most: u64,
    /// Where it counts.
    pub when: Vec<When>,
}

impl Default for AxisDraft {
    fn default() -> Self {
        Self {
            field: String::new(),
            kind: Kind::List,
            list: String::new(),
            from: 0.0001,
            to: 0.1,
            count: Some(4),
            least: 16,
            most: 256,
            when: Vec::new(),
        }
    }
}

/// What an axis depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct When {
    /// Path of the field.
    pub field: String,
    /// The values of which it must have one, as typed.
    pub values: String,
}

impl AxisDraft {
    /// As it is edited.
    pub fn of(axis: &Axis) -> Self {
        let mut draft = Self {
            field: axis.field.clone(),
            when: axis
                .when
                .iter()
                .map(|(field, values)| When {
                    field: field.clone(),
                    values: match values {
                        OneOf::One(value) => values::written(std::slice::from_ref(value)),
                        OneOf::Any(values) => values::written(values),
                    },
                })
                .collect(),
            ..Self::default()
        };
        match &axis.values {
            AxisValues::Values(list) => draft.list = values::written(list),
            AxisValues::Linear(range) => draft.range(Kind::Linear, *range),
            AxisValues::Logarithmic(range) => draft.range(Kind::Logarithmic, *range),
            AxisValues::PowersOfTwo(ends) => {
                draft.kind = Kind::PowersOfTwo;
                (draft.least, draft.most) = (ends.from, ends.to);
            }
        }
        draft
    }

    fn range(&mut self, kind: Kind, range: Range) {
        self.kind = kind;
        (self.from, self.to, self.count) = (range.from, range.to, range.count);
    }

    /// Takes another field, with values that are worth a look for what the base has there.
    pub fn take(&mut self, field: &Field, base: &Setup) {
        self.field.clone_from(&field.path);
        self.when = field
            .only_with
            .iter()
            .map(|(kind, kinds)| When {
                field: kind.clone(),
                values: kinds.join(", "),
            })
            .collect();
        let words = fields::words(base, &field.path);
        if !words.is_empty() {
            self.kind = Kind::List;
            self.list = words.join(", ");
            return;
        }
        match &field.value {
            Some(Value::Bool(_)) => {
                self.kind = Kind::List;
                self.list = "false, true".to_owned();
            }
            Some(Value::Number(number)) => {
                let whole = number.as_u64().filter(|whole| *whole >= 4);
                let positive = number.as_f64().filter(|value| *value > 0.0);
                match (whole, positive) {
                    (Some(whole), _) => {
                        self.kind = Kind::PowersOfTwo;
                        self.least = (whole / 4).max(1).next_power_of_two();
                        self.most = whole.saturating_mul(4);
                    }
                    (None, Some(value)) if number.is_f64() => {
                        self.kind = Kind::Logarithmic;
                        // A float's last digits are noise of the multiplication.
                        let short = |value: f64| format!("{value:.6e}").parse().unwrap_or(value);
                        (self.from, self.to) = (short(value / 10.0), short(value * 10.0));
                        self.count = Some(3);
                    }
                    _ => {
                        self.kind = Kind::List;
                        self.list = number.to_string();
                    }
                }
            }
            other => {
                self.kind = Kind::List;
                let value = other.as_ref().filter(|value| !value.is_null());
                self.list = value.map_or_else(String::new, |value| {
                    values::written(std::slice::from_ref(value))
                });
            }
        }
    }

    /// The axis, number `at` of its sweep.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn axis(&self, at: usize) -> Result<Axis, Problem> {
        let wrong = |field: String, given: &str, why: String| Problem::new(field, given, why);
        let mut when = std::collections::BTreeMap::new();
        for (number, condition) in self.when.iter().enumerate() {
            let path = format!("axes[{at}].when[{number}]");
            let mut read = values::read(&condition.values)
                .map_err(|why| wrong(path.clone(), &condition.values, why))?;
            if read.is_empty() || condition.field.trim().is_empty() {
                let why = "a field, and a value that it must have".to_owned();
                return Err(wrong(path, &condition.values, why));
            }
            let values = match (read.pop(), read.is_empty()) {
                (Some(only), true) => OneOf::One(only),
                (last, _) => OneOf::Any(read.into_iter().chain(last).collect()),
            };
            when.insert(condition.field.trim().to_owned(), values);
        }
        let range = Range {
            from: self.from,
            to: self.to,
            count: self.count,
        };
        let values = match self.kind {
            Kind::List => AxisValues::Values(
                values::read(&self.list)
                    .map_err(|why| wrong(format!("axes[{at}].values"), &self.list, why))?,
            ),
            Kind::Linear => AxisValues::Linear(range),
            Kind::Logarithmic => AxisValues::Logarithmic(range),
            Kind::PowersOfTwo => AxisValues::PowersOfTwo(Ends {
                from: self.least,
                to: self.most,
            }),
        };
        Ok(Axis {
            field: self.field.trim().to_owned(),
            values,
            when,
        })
    }
}

impl Draft {
    /// A stored, read or shipped sweep, to be edited.
    pub fn of(sweep: &Sweep) -> Self {
        Self {
            axes: sweep.axes.iter().map(AxisDraft::of).collect(),
            seeds: sweep.seeds.as_ref().map(|seeds| {
                let words: Vec<String> = seeds.iter().map(u64::to_string).collect();
                words.join(", ")
            }),
            sweep: Sweep {
                axes: Vec::new(),
                seeds: None,
                ..sweep.clone()
            },
        }
    }

    /// A new one over `base`.
    pub fn over(base: &Setup) -> Self {
        Self::of(&Sweep {
            base: base.clone(),
            target: base.regime.stop.target,
            ..Sweep::default()
        })
    }

    /// The sweep, as far as what was typed can be read; not checked yet.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn sweep(&self) -> Result<Sweep, Vec<Problem>> {
        let (mut axes, mut problems) = (Vec::new(), Vec::new());
        for (at, axis) in self.axes.iter().enumerate() {
            match axis.axis(at) {
                Ok(axis) => axes.push(axis),
                Err(problem) => problems.push(problem),
            }
        }
        let seeds = self.seeds.as_ref().map(|text| read_seeds(text)).transpose();
        match (seeds, problems.is_empty()) {
            (Ok(seeds), true) => Ok(Sweep {
                axes,
                seeds,
                ..self.sweep.clone()
            }),
            (seeds, _) => {
                problems.extend(seeds.err());
                Err(problems)
            }
        }
    }
}

fn read_seeds(text: &str) -> Result<Vec<u64>, Problem> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let seeds = parts.map(str::parse).collect::<Result<_, _>>();
    seeds.map_err(|_| Problem::new("seeds", text, "whole numbers with commas between them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::sweep::shipped;

    #[test]
    fn every_shipped_sweep_goes_through_the_editor_unchanged() {
        for name in shipped::names() {
            let sweep = shipped(name).unwrap();
            assert_eq!(Draft::of(&sweep).sweep(), Ok(sweep), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_read_names_its_field() {
        let mut draft = Draft::over(&Setup::default());
        draft.axes.push(AxisDraft {
            field: "regime.batch_size".to_owned(),
            list: "16, [32".to_owned(),
            ..AxisDraft::default()
        });
        draft.seeds = Some("1, two".to_owned());
        let problems = draft.sweep().unwrap_err();
        let fields: Vec<&str> = problems
            .iter()
            .map(|problem| problem.field.as_str())
            .collect();
        assert_eq!(fields, ["axes[0].values", "seeds"]);
    }

    #[test]
    fn a_chosen_field_brings_values_that_the_setup_takes() {
        let base = Setup::default();
        for field in fields::fields(&base) {
            let mut axis = AxisDraft::default();
            axis.take(&field, &base);
            assert_eq!(axis.field, field.path);
            assert!(axis.axis(0).is_ok(), "{axis:?}");
        }
        let rate = fields::fields(&base)
            .into_iter()
            .find(|field| field.path == "regime.learning_rate")
            .unwrap();
        let mut axis = AxisDraft::default();
        axis.take(&rate, &base);
        assert_eq!(
            (axis.kind, axis.from, axis.to),
            (Kind::Logarithmic, 0.0003, 0.03)
        );
    }
}
