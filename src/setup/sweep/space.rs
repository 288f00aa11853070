use std::collections::BTreeSet;

use serde_json::Value;

use super::{Axis, Sweep, SweepError};
use crate::setup::{Change, Setup};

/// One choice for every axis that counts: the axis by its position, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Combination {
    /// Where it stands when the axes are counted through, from 0; the same in every session of a sweep.
    pub number: u64,
    /// The choices, in the order of the axes.
    pub choices: Vec<(usize, Value)>,
}

/// All combinations of a sweep's axes, the last one fastest. Nothing is spread out until it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Combinations<'a> {
    sweep: &'a Sweep,
}

impl Sweep {
    /// All combinations of the axes.
    pub fn combinations(&self) -> Combinations<'_> {
        Combinations { sweep: self }
    }

    /// Checks each axis, each of its values and what it depends on against the setup's fields.
    pub(super) fn validate_axes(&self) -> Result<(), SweepError> {
        for (at, axis) in self.axes.iter().enumerate() {
            let refused = |message: String| SweepError::Axis {
                field: axis.field.clone(),
                message,
            };
            let mut under = Change::default();
            for (field, allowed) in &axis.when {
                if self.axes[at..].iter().any(|later| later.field == *field)
                    && !self.axes[..at]
                        .iter()
                        .any(|earlier| earlier.field == *field)
                {
                    return Err(refused(format!(
                        "its `when` asks for `{field}`, whose axis must come before it"
                    )));
                }
                let first = match allowed {
                    super::OneOf::One(value) => Some(value),
                    super::OneOf::Any(values) => values.first(),
                };
                let Some(first) = first else {
                    return Err(refused(format!("its `when` allows no value of `{field}`")));
                };
                let mut change = Change::default();
                change.set(field, first.clone());
                under = under.and(change);
            }
            under
                .apply(&self.base)
                .map_err(|error| refused(format!("its `when` does not fit: {error}")))?;
            for index in 0..axis.len().unwrap_or(2) {
                let value = match axis.len() {
                    Some(_) => axis.value(index),
                    None => axis.between(index as f64),
                };
                let Some(value) = value else { continue };
                let mut change = Change::default();
                change.set(&axis.field, value.clone());
                under
                    .clone()
                    .and(change)
                    .apply(&self.base)
                    .map_err(|error| refused(format!("value {value}: {error}")))?;
            }
        }
        Ok(())
    }
}

impl<'a> Combinations<'a> {
    /// How many there are. Axes that nothing depends on are multiplied, not counted through, so that millions take no time;
    /// where those that others depend on are too many as well, it is the number without any condition, which is no less.
    pub fn count(self) -> u128 {
        const COUNTED_MAX: u128 = 1 << 16;
        let axes = &self.sweep.axes;
        let asked: BTreeSet<&str> = axes
            .iter()
            .flat_map(|axis| axis.when.keys().map(String::as_str))
            .collect();
        let is_tied = |axis: &&Axis| !axis.when.is_empty() || decides(axis, &asked);
        let product = |axes: &mut dyn Iterator<Item = &Axis>| {
            axes.map(|axis| u128::from(axis.len().unwrap_or(u64::MAX)))
                .fold(1, u128::saturating_mul)
        };
        let free = product(&mut axes.iter().filter(|axis| !is_tied(axis)));
        let tied_at_most = product(&mut axes.iter().filter(is_tied));
        if tied_at_most > COUNTED_MAX {
            return free.saturating_mul(tied_at_most);
        }
        let tied: Vec<usize> = (0..axes.len()).filter(|at| is_tied(&&axes[*at])).collect();
        let mut counted = 0_u128;
        self.walk(&tied, &mut Vec::new(), &mut |_| {
            counted += 1;
            true
        });
        free.saturating_mul(counted)
    }

    /// Every combination, up to `most` of them.
    pub fn take(self, most: usize) -> Vec<Combination> {
        let mut found = Vec::new();
        let all: Vec<usize> = (0..self.sweep.axes.len()).collect();
        self.walk(&all, &mut Vec::new(), &mut |choices| {
            if found.len() < most {
                found.push(Combination {
                    number: found.len() as u64,
                    choices: choices.to_vec(),
                });
            }
            found.len() < most
        });
        found
    }

    /// Goes through the axes `at`, an axis at a time, until `visit` says no.
    fn walk(
        self,
        at: &[usize],
        chosen: &mut Vec<(usize, Value)>,
        visit: &mut dyn FnMut(&[(usize, Value)]) -> bool,
    ) -> bool {
        let Some((first, rest)) = at.split_first() else {
            return visit(chosen);
        };
        let axis = &self.sweep.axes[*first];
        if !self.counts(axis, chosen) {
            return self.walk(rest, chosen, visit);
        }
        for index in 0..axis.len().unwrap_or_default() {
            let Some(value) = axis.value(index) else {
                continue;
            };
            chosen.push((*first, value));
            let goes_on = self.walk(rest, chosen, visit);
            chosen.pop();
            if !goes_on {
                return false;
            }
        }
        true
    }

    /// Whether `axis` counts where `chosen` was chosen before it.
    pub fn counts(self, axis: &Axis, chosen: &[(usize, Value)]) -> bool {
        let sweep = self.sweep;
        let mut applied: Option<Value> = None;
        axis.when.iter().all(|(field, allowed)| {
            let direct = chosen
                .iter()
                .rev()
                .find(|(at, _)| sweep.axes[*at].field == *field);
            if let Some((_, value)) = direct {
                return allowed.has(value);
            }
            // Another axis may have changed the field by the way, as a kind of optimiser does.
            let setup = applied.get_or_insert_with(|| {
                sweep
                    .changed_by(chosen)
                    .apply(&sweep.base)
                    .map_or(Value::Null, |setup| Setup::to_value(&setup))
            });
            let pointer = format!("/{}", field.replace('.', "/"));
            setup
                .pointer(&pointer)
                .is_some_and(|value| allowed.has(value))
        })
    }
}

impl Sweep {
    /// The change that these choices are.
    pub(super) fn changed_by(&self, choices: &[(usize, Value)]) -> Change {
        choices.iter().fold(Change::default(), |all, (at, value)| {
            let mut change = Change::default();
            change.set(&self.axes[*at].field, value.clone());
            all.and(change)
        })
    }
}

/// Whether what `axis` sets may decide a field that a condition asks for: the field itself, one inside it, or one of a table
/// whose kind it sets.
fn decides(axis: &Axis, asked: &BTreeSet<&str>) -> bool {
    let table = axis
        .field
        .strip_suffix(".kind")
        .or_else(|| axis.field.strip_suffix(".name"));
    asked.iter().any(|field| {
        let is_inside = |outer: &str| {
            field
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        is_inside(&axis.field)
            || table.is_some_and(is_inside)
            // A dataset may bring its kind of model along.
            || axis.field.starts_with("dataset") && field.starts_with("model")
    })
}
