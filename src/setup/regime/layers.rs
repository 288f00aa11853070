use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::freezing::FreezingSetup;
use crate::setup::plan::is_head;
use crate::setup::{Length, Problems};

/// Which groups of layers learn, and how fast. A group is one of [`crate::setup::plan::Plan::groups`]; in a file it is named as
/// it is there (`blocks.0`), or by what several begin with (`blocks`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LayersSetup {
    /// Which groups learn, beside those that are frozen by name.
    pub train: TrainedLayers,
    /// `gradual`: epochs after which one more group learns, 1 or more.
    pub unfreeze_epochs: u64,
    /// `gradual`: steps after which one more group learns, instead of by epochs.
    pub unfreeze_steps: Option<u64>,
    /// `freezing`: when each group learns no more.
    pub freezing: FreezingSetup,
    /// Groups that never learn.
    pub frozen: Vec<String>,
    /// Factors of the learning rate by group, above 0; of two that name a group the longer counts.
    pub rates: BTreeMap<String, f64>,
    /// Factor of each group's learning rate against that of the group behind it, above 0 to 1; the head has 1.
    pub rate_decay: f64,
}

/// Which groups of layers learn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainedLayers {
    /// All of them, from the first step.
    #[default]
    All,
    /// The head alone.
    Head,
    /// At first the head, then one group more at a time, from the head to the samples (Howard and Ruder 2018).
    Gradual,
    /// All of them at first, then one group less at a time, from the samples to the head.
    Freezing,
}

impl Default for LayersSetup {
    fn default() -> Self {
        Self {
            train: TrainedLayers::All,
            unfreeze_epochs: 1,
            unfreeze_steps: None,
            freezing: FreezingSetup::default(),
            frozen: Vec::new(),
            rates: BTreeMap::new(),
            rate_decay: 1.0,
        }
    }
}

impl LayersSetup {
    /// How many of `groups` learn or wait by themselves: all heads of a model are one, and groups that are frozen by name wait for
    /// nothing.
    pub fn stages(&self, groups: &[&str]) -> usize {
        let heads = groups.iter().any(|group| is_head(group));
        self.waiting(groups).count() + usize::from(heads)
    }

    /// The groups before the head that are not frozen by name, from the samples on.
    fn waiting<'a>(&self, groups: &[&'a str]) -> impl DoubleEndedIterator<Item = &'a str> {
        let waits = |group: &&str| !is_head(group) && !self.is_frozen(group);
        groups.iter().copied().filter(waits)
    }

    fn is_frozen(&self, group: &str) -> bool {
        self.frozen.iter().any(|name| names(name, group))
    }

    /// How many of `count` [stages](Self::stages), counted from the head, learn in step `step` (from 0).
    pub fn opened(&self, count: usize, step: u64, length: Length) -> usize {
        let changes = self.changes(count, length);
        let last = changes.iter().rev().find(|(from, _)| *from <= step);
        last.map_or(0, |(_, opened)| *opened)
    }

    /// From which step on how many of `count` stages learn, in order of time; a run may end before it comes to all of them.
    pub fn changes(&self, count: usize, length: Length) -> Vec<(u64, usize)> {
        match self.train {
            TrainedLayers::All => vec![(0, count)],
            TrainedLayers::Head => vec![(0, count.min(1))],
            TrainedLayers::Gradual => {
                let every = match self.unfreeze_steps {
                    Some(steps) => steps.max(1),
                    None => self
                        .unfreeze_epochs
                        .max(1)
                        .saturating_mul(length.steps_per_epoch.max(1)),
                };
                let begin = |index: usize| every.saturating_mul(index as u64);
                (0..count).map(|index| (begin(index), index + 1)).collect()
            }
            TrainedLayers::Freezing => {
                // A run without a known end is refused; until then nothing freezes.
                let total = length.steps_max.unwrap_or(u64::MAX);
                let ends = match length.steps_max {
                    Some(total) => self.freezing.steps(count, total),
                    None => Vec::new(),
                };
                fewer(count, ends.into_iter().filter(|end| *end < total))
            }
        }
    }

    /// The same by shares of a run, from 0, of a run that takes all its steps; of [`TrainedLayers::Gradual`] the last stage alone.
    pub(in crate::setup) fn shares(&self, count: usize) -> Vec<(f64, usize)> {
        match self.train {
            TrainedLayers::All | TrainedLayers::Gradual => vec![(0.0, count)],
            TrainedLayers::Head => vec![(0.0, count.min(1))],
            TrainedLayers::Freezing => {
                let ends = self.freezing.shares(count).into_iter();
                fewer(count, ends.filter(|end| *end < 1.0))
            }
        }
    }

    /// The groups that learn where `opened` stages do, counted from the head; `groups` from the samples to the head.
    pub fn learning<'a>(&self, groups: &[&'a str], opened: usize) -> Vec<&'a str> {
        let limit = match self.train {
            TrainedLayers::Head => opened.min(1),
            _ => opened,
        };
        // All heads are one stage, and stand at the end.
        let heads = groups.iter().filter(|group| is_head(group));
        let before = limit.saturating_sub(heads.clone().count().min(1));
        let mut learning: Vec<&str> = self.waiting(groups).rev().take(before).collect();
        learning.reverse();
        if limit > 0 {
            learning.extend(heads.filter(|group| !self.is_frozen(group)));
        }
        learning
    }

    /// The factor of the learning rate of `group`, one of `groups`, in step `step` of a run of this length.
    pub fn factor_at(&self, groups: &[&str], group: &str, step: u64, length: Length) -> f64 {
        let factor = self.factor(groups, group);
        match (self.train, length.steps_max) {
            (TrainedLayers::Freezing, Some(total)) => {
                let stages = self.stages(groups);
                // All heads are the last stage; what is frozen by name has no rate that matters.
                let at = self.waiting(groups).position(|known| known == group);
                let at = at.unwrap_or(stages.saturating_sub(1));
                factor * self.freezing.factor(at, stages, step, total)
            }
            _ => factor,
        }
    }

    /// The factor of the learning rate of `group`, one of `groups`, whatever the step.
    pub fn factor(&self, groups: &[&str], group: &str) -> f64 {
        let named = self.rates.iter().filter(|(name, _)| names(name, group));
        let own = named
            .max_by_key(|(name, _)| name.len())
            .map_or(1.0, |(_, factor)| *factor);
        let behind = groups
            .iter()
            .position(|known| *known == group)
            .map_or(0, |at| {
                let heads = groups.iter().filter(|group| is_head(group)).count();
                (groups.len() - heads.saturating_sub(1)).saturating_sub(1 + at)
            });
        own * self
            .rate_decay
            .powi(i32::try_from(behind).unwrap_or(i32::MAX))
    }

    /// Whether every group has the base learning rate throughout.
    pub fn has_one_rate(&self) -> bool {
        self.train != TrainedLayers::Freezing
            && self.rates.is_empty()
            && (self.rate_decay - 1.0).abs() < f64::EPSILON
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        for (field, count) in [
            ("unfreeze_epochs", Some(self.unfreeze_epochs)),
            ("unfreeze_steps", self.unfreeze_steps),
        ] {
            if let Some(count) = count {
                problems.require(
                    count >= 1 && i64::try_from(count).is_ok(),
                    format!("regime.layers.{field}"),
                    count,
                    "a whole number, 1 or more",
                );
            }
        }
        problems.require(
            self.rate_decay > 0.0 && self.rate_decay <= 1.0,
            "regime.layers.rate_decay",
            self.rate_decay,
            "above 0 to 1",
        );
        for (group, &factor) in &self.rates {
            super::above_zero(problems, &format!("regime.layers.rates.{group}"), factor);
        }
        self.freezing.validate(problems);
    }

    /// Checks the names against the groups of a model, and that something learns from the first step on.
    pub(in crate::setup) fn validate_for(&self, groups: &[&str], problems: &mut Problems) {
        let frozen = self.frozen.iter().map(|name| ("frozen", name));
        let rates = self.rates.keys().map(|name| ("rates", name));
        let mut all_known = true;
        for (field, name) in frozen.chain(rates) {
            let known = groups.iter().any(|group| names(name, group));
            all_known &= known;
            problems.require(
                known,
                format!("regime.layers.{field}"),
                name,
                format!("a group of this model's layers: {}", groups.join(", ")),
            );
        }
        // From the head on, whose stage is the first of those that open and the last of those that freeze.
        let fewest = match self.train {
            TrainedLayers::All => self.stages(groups),
            _ => self.stages(groups).min(1),
        };
        let when = match self.train {
            TrainedLayers::Freezing => "to the last step",
            _ => "from the first step on",
        };
        problems.require(
            !all_known || groups.is_empty() || !self.learning(groups, fewest).is_empty(),
            "regime.layers.frozen",
            self.frozen.join(", "),
            format!("fewer groups: no layer is left that learns {when}"),
        );
    }
}

/// At first `count` stages, and one less at each of `ends`, which are in order.
fn fewer<K: PartialEq + Default>(count: usize, ends: impl Iterator<Item = K>) -> Vec<(K, usize)> {
    let mut changes = vec![(K::default(), count)];
    for (end, done) in ends.zip(1..) {
        let left = (end, count.saturating_sub(done));
        match changes.last_mut() {
            Some(last) if last.0 == left.0 => *last = left,
            _ => changes.push(left),
        }
    }
    changes
}

/// Whether `name` names `group`: as a whole, or by the parts that it begins with.
fn names(name: &str, group: &str) -> bool {
    group
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(steps_per_epoch: u64, steps_max: Option<u64>) -> Length {
        Length {
            steps_per_epoch,
            steps_max,
        }
    }

    const GROUPS: [&str; 5] = ["stem", "blocks.0", "blocks.1", "blocks.10", "head"];

    #[test]
    fn groups_open_from_the_head_one_at_a_time() {
        let gradual = LayersSetup {
            train: TrainedLayers::Gradual,
            unfreeze_epochs: 2,
            frozen: vec!["blocks.1".to_owned()],
            ..LayersSetup::default()
        };
        // The one that is frozen by name is no stage.
        let stages = gradual.stages(&GROUPS);
        assert_eq!(stages, 4);
        let opened = |step| gradual.opened(stages, step, length(3, None));
        assert_eq!([0, 5, 6, 12, 600].map(opened), [1, 1, 2, 3, 4]);
        assert_eq!(gradual.learning(&GROUPS, 2), ["blocks.10", "head"]);
        assert_eq!(
            gradual.learning(&GROUPS, 3),
            ["blocks.0", "blocks.10", "head"]
        );
        assert_eq!(
            gradual.learning(&GROUPS, 4),
            ["stem", "blocks.0", "blocks.10", "head"]
        );
        assert!(gradual.learning(&GROUPS, 0).is_empty());
        let by_steps = LayersSetup {
            unfreeze_steps: Some(7),
            ..gradual
        };
        assert_eq!(by_steps.opened(GROUPS.len(), 7, length(3, None)), 2);
    }

    #[test]
    fn groups_freeze_from_the_samples_on_and_the_head_never() {
        let freezing = LayersSetup {
            train: TrainedLayers::Freezing,
            ..LayersSetup::default()
        };
        let length = length(10, Some(80));
        // Times 0.5, 0.625, 0.75, 0.875 and 1 of 80 steps.
        assert_eq!(
            freezing.changes(GROUPS.len(), length),
            [(0, 5), (40, 4), (50, 3), (60, 2), (70, 1)]
        );
        let opened = |step| freezing.opened(GROUPS.len(), step, length);
        assert_eq!([0, 39, 40, 69, 79].map(opened), [5, 5, 4, 2, 1]);
        assert_eq!(freezing.learning(&GROUPS, 2), ["blocks.10", "head"]);
        let factor = |group, step| freezing.factor_at(&GROUPS, group, step, length);
        assert!((factor("stem", 20) - 0.5).abs() < 1e-12);
        assert_eq!(factor("stem", 40), 0.0);
        assert!((factor("head", 40) - 0.5).abs() < 1e-12);
        // What never learns is not counted: three groups freeze at 0.5, 0.75 and 1.
        let fewer = LayersSetup {
            frozen: vec!["stem".to_owned(), "blocks.1".to_owned()],
            ..freezing.clone()
        };
        assert_eq!(
            fewer.changes(fewer.stages(&GROUPS), length),
            [(0, 3), (40, 2), (60, 1)]
        );
        assert_eq!(fewer.learning(&GROUPS, 2), ["blocks.10", "head"]);
        assert_eq!(fewer.factor_at(&GROUPS, "blocks.0", 40, length), 0.0);
        let annealed = fewer.factor_at(&GROUPS, "blocks.10", 30, length);
        assert!((annealed - 0.5).abs() < 1e-12, "{annealed}");
        // In a run that is too short several freeze at once.
        let short = freezing.changes(GROUPS.len(), super::tests::length(1, Some(2)));
        assert_eq!(short, [(0, 5), (1, 3)]);
    }

    #[test]
    fn the_longest_name_decides_of_the_rate() {
        let layers = LayersSetup {
            rates: BTreeMap::from([("blocks".to_owned(), 0.5), ("blocks.1".to_owned(), 0.1)]),
            rate_decay: 0.5,
            ..LayersSetup::default()
        };
        let factor = |group| layers.factor(&GROUPS, group);
        assert_eq!(factor("head"), 1.0);
        assert_eq!(factor("blocks.10"), 0.5 * 0.5);
        assert_eq!(factor("blocks.1"), 0.1 * 0.25);
        assert_eq!(factor("stem"), 0.0625);
    }

    #[test]
    fn unknown_groups_and_a_network_that_cannot_learn_are_refused() {
        let problems = |layers: LayersSetup| {
            let mut problems = Problems::default();
            layers.validate_for(&GROUPS, &mut problems);
            problems.to_string()
        };
        let frozen = |names: &[&str]| LayersSetup {
            frozen: names.iter().map(|&name| name.to_owned()).collect(),
            ..LayersSetup::default()
        };
        assert_eq!(problems(frozen(&["stem", "blocks"])), "");
        assert!(problems(frozen(&["block"])).contains("stem, blocks.0"));
        assert!(problems(frozen(&["stem", "blocks", "head"])).contains("no layer is left"));
        let head = LayersSetup {
            train: TrainedLayers::Head,
            ..frozen(&["head"])
        };
        assert!(problems(head).contains("no layer is left"));
        let freezing = LayersSetup {
            train: TrainedLayers::Freezing,
            ..frozen(&["head"])
        };
        assert!(problems(freezing).contains("to the last step"));
    }
}
