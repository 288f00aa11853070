//! Which trials can be compared with each other.

use std::collections::BTreeMap;

use serde::Serialize;

use super::trial::{State, Trial};
use crate::units::{Boundary, Grade, Metric};

/// What figures must have in common to be compared. Trials that differ in any of it are different quantities.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// What the task is judged by.
    pub metric: Metric,
    /// The value that was to be reached; `None` where what is compared is the whole of a run.
    pub target: Option<f64>,
    /// How the energy was measured; `None` where no trial has one.
    pub measured: Option<Measured>,
}

/// What energies must have in common to be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Measured {
    /// Whether any of it is made up.
    pub simulated: bool,
    /// How good the source is.
    pub grade: Grade,
    /// What hardware is covered.
    pub boundary: Boundary,
    /// The parts that are in a sum.
    pub parts: Vec<Boundary>,
}

impl Measured {
    fn of(trial: &Trial) -> Option<Self> {
        let energy = trial.energy.as_ref()?;
        Some(Self {
            simulated: energy.simulated,
            grade: energy.grade,
            boundary: energy.boundary,
            parts: energy.parts.clone(),
        })
    }

    /// For people: `components (CPU package, DRAM) · grade B · simulated`.
    pub fn in_words(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|part| part.label()).collect();
        let parts = match parts.as_slice() {
            [] => String::new(),
            [only] if *only == self.boundary.label() => String::new(),
            several => format!(" ({})", several.join(", ")),
        };
        let simulated = if self.simulated { " · simulated" } else { "" };
        format!("{}{parts} · grade {}{simulated}", self.boundary, self.grade)
    }
}

impl Kind {
    /// `97 %`: a target as it was typed, without digits that say nothing.
    pub fn target_in_words(&self, target: f64) -> String {
        let (factor, unit) = self.metric.shown();
        // Two roundings of a product: 0.97 · 100 is 97, not 97.00000000000001.
        let shown = (target * factor * 1e9).round() / 1e9;
        match self.metric {
            Metric::Accuracy => format!("{shown}{unit}"),
            other => format!("{shown}{unit} {}", other.title()),
        }
    }

    /// For people.
    pub fn in_words(&self) -> String {
        let what = match self.target {
            Some(target) => format!("to {}", self.target_in_words(target)),
            None => format!("whole runs, by {}", self.metric),
        };
        match &self.measured {
            Some(measured) => format!("{what} · {}", measured.in_words()),
            None => format!("{what} · no energy measured"),
        }
    }
}

/// Trials of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// What they have in common.
    pub kind: Kind,
    /// Their positions among all trials.
    #[serde(skip)]
    pub trials: Vec<usize>,
    /// How many they are.
    pub count: usize,
}

/// The trials by kind, the one to be looked at first: the most trials, then what was really measured, then the better
/// grade. Trials without a reading join the largest group that shares metric and target, where they count as missing.
pub fn groups(trials: &[Trial]) -> Vec<Group> {
    // Targets are compared to the bit: they were typed, not computed.
    type Key = (Metric, Option<u64>, Option<Measured>);
    let mut found: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (at, trial) in trials.iter().enumerate() {
        let key = (
            trial.metric,
            trial.target.map(f64::to_bits),
            Measured::of(trial),
        );
        found.entry(key).or_default().push(at);
    }
    let (unmeasured, mut groups): (Vec<_>, Vec<_>) = found
        .into_iter()
        .map(|((metric, target, measured), trials)| Group {
            kind: Kind {
                metric,
                target: target.map(f64::from_bits),
                measured,
            },
            count: trials.len(),
            trials,
        })
        .partition(|group| group.kind.measured.is_none());
    let over = |group: &Group| {
        let is_over = |at: &&usize| trials[**at].state != State::Unfinished;
        group.trials.iter().filter(is_over).count()
    };
    groups
        .sort_by_cached_key(|group| (std::cmp::Reverse(over(group)), group.kind.measured.clone()));
    for lonely in unmeasured {
        let same = |group: &&mut Group| {
            group.kind.metric == lonely.kind.metric && group.kind.target == lonely.kind.target
        };
        match groups.iter_mut().find(same) {
            Some(group) => {
                group.trials.extend(&lonely.trials);
                group.trials.sort_unstable();
                group.count = group.trials.len();
            }
            None => groups.push(lonely),
        }
    }
    groups
}
