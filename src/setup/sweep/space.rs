use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
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
            self.validate_axis(at).map_err(|message| SweepError::Axis {
                field: axis.field.clone(),
                message,
            })?;
        }
        Ok(())
    }

    fn validate_axis(&self, at: usize) -> Result<(), String> {
        let (axis, earlier) = (&self.axes[at], &self.axes[..at]);
        let has = |axes: &[Axis], field: &str| axes.iter().any(|axis| axis.field == field);
        if let Some(field) = axis
            .when
            .keys()
            .find(|field| has(&self.axes[at..], field) && !has(earlier, field))
        {
            return Err(format!(
                "its `when` asks for `{field}`, whose axis must come before it"
            ));
        }
        let under = self.where_it_counts(at)?;
        // A range of more is looked at here and there, both ends included; a trial says what is wrong with the others.
        const LOOKED_AT_MAX: u64 = 1 << 10;
        let count = axis.len().unwrap_or(2);
        let looked_at = count.min(LOOKED_AT_MAX);
        let spread = |step: u64| match looked_at {
            _ if looked_at == count => step,
            _ => (u128::from(step) * u128::from(count - 1) / u128::from(looked_at - 1)) as u64,
        };
        for index in (0..looked_at).map(spread) {
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
                .map_err(|error| format!("value {value}: {error}"))?;
        }
        Ok(())
    }

    /// The choices of earlier axes under which an axis counts and its field is there: the first such ones.
    fn where_it_counts(&self, at: usize) -> Result<Change, String> {
        /// Choices that are looked through; more would take long to say what a trial says as well.
        const LOOKED_THROUGH_MAX: usize = 1 << 14;
        let axis = &self.axes[at];
        let field = BTreeSet::from([axis.field.as_str()]);
        let asked = self.asked();
        let earlier: Vec<usize> = (0..at)
            .filter(|earlier| {
                let earlier = &self.axes[*earlier];
                is_tied(earlier, &asked) || decides(earlier, &field)
            })
            .collect();
        let combinations = self.combinations();
        let (mut found, mut looked) = (None, 0);
        combinations.walk(&earlier, &mut Vec::new(), &mut |chosen| {
            looked += 1;
            if combinations.counts(axis, chosen) {
                let under = self.changed_by(chosen);
                let is_there = under
                    .apply(&self.base)
                    .is_ok_and(|setup| setup.to_value().pointer(&pointer(&axis.field)).is_some());
                if is_there || found.is_none() {
                    found = Some(under);
                }
                return !is_there && looked < LOOKED_THROUGH_MAX;
            }
            looked < LOOKED_THROUGH_MAX
        });
        found.ok_or_else(|| {
            let fields: Vec<&str> = axis.when.keys().map(String::as_str).collect();
            format!(
                "its `when` never holds; check field and value of {}",
                fields.join(", ")
            )
        })
    }

    /// The fields that conditions ask for.
    fn asked(&self) -> BTreeSet<&str> {
        self.axes
            .iter()
            .flat_map(|axis| axis.when.keys().map(String::as_str))
            .collect()
    }
}

impl<'a> Combinations<'a> {
    /// How many there are. Axes that nothing depends on are multiplied, not counted through, so that millions take no time;
    /// where those that others depend on are too many as well, it is the number without any condition, which is no less.
    pub fn count(self) -> u128 {
        const COUNTED_MAX: u128 = 1 << 16;
        let axes = &self.sweep.axes;
        let asked = self.sweep.asked();
        let is_tied = |axis: &&Axis| is_tied(axis, &asked);
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

    /// `count` different combinations by chance, or all where there are no more: on each axis that counts, each of its values
    /// is as likely as another, and a range without a count is drawn from as a whole. Numbered in the order of drawing.
    pub fn draw(self, count: usize, seed: u64) -> Vec<Combination> {
        /// Draws for each combination that is wished for, before a small space counts as used up.
        const PATIENCE: usize = 50;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for _ in 0..count.saturating_mul(PATIENCE) {
            if found.len() == count {
                break;
            }
            let mut choices: Vec<(usize, Value)> = Vec::new();
            for (at, axis) in self.sweep.axes.iter().enumerate() {
                if !self.counts(axis, &choices) {
                    continue;
                }
                let value = match axis.len() {
                    Some(0) => None,
                    Some(count) => axis.value(rng.random_range(0..count)),
                    None => axis.between(rng.random()),
                };
                choices.extend(value.map(|value| (at, value)));
            }
            if seen.insert(format!("{choices:?}")) {
                found.push(Combination {
                    number: found.len() as u64,
                    choices,
                });
            }
        }
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
            setup
                .pointer(&pointer(field))
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

/// The JSON pointer of a field's dotted path.
fn pointer(field: &str) -> String {
    format!("/{}", field.replace('.', "/"))
}

/// Whether an axis depends on another, or another may depend on it by what is `asked` for.
fn is_tied(axis: &Axis, asked: &BTreeSet<&str>) -> bool {
    !axis.when.is_empty() || decides(axis, asked)
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
