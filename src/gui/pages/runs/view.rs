//! Which runs the table shows, in which order: made once a change, not once a frame.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::columns::Column;
use super::rows::{Item, Kind};
use crate::analysis::{MeanInterval, mean_interval};
use crate::library::Status;
use crate::units::Metric;

/// What the table is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// By which column.
    pub column: Column,
    /// The largest first.
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self {
            column: Column::Date,
            descending: true,
        }
    }
}

/// Which runs are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Every word of this is in name, identifier, note, dataset, model, device, status or tags.
    pub text: String,
    /// That stand so.
    pub status: Option<Status>,
    /// On this dataset.
    pub dataset: Option<String>,
    /// On this device.
    pub device: Option<String>,
    /// With this label.
    pub tag: Option<String>,
}

impl Wanted {
    /// Whether every run is wanted.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    fn lets_through(&self, words: &[String], item: &Item) -> bool {
        let run = &item.listed.run;
        words
            .iter()
            .all(|word| item.haystack.contains(word.as_str()))
            && self.status.is_none_or(|status| run.status == status)
            && self
                .dataset
                .as_ref()
                .is_none_or(|dataset| run.setup.dataset == *dataset)
            && self
                .device
                .as_ref()
                .is_none_or(|device| run.device.name == *device)
            && self.tag.as_ref().is_none_or(|tag| run.tags.contains(tag))
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Runs of one setup: its position among the groups.
    Group(usize),
    /// A run: its position in the list.
    Run {
        /// Where.
        row: usize,
        /// Whether it stands below the line of its group.
        is_nested: bool,
    },
}

/// Runs of one setup on one device, which differ by the seed.
#[derive(Clone, Debug)]
pub struct Group {
    /// Tells it from others and stays the same when the list is read again.
    pub key: String,
    /// Its runs.
    pub rows: Vec<usize>,
    /// What their task is judged by.
    pub metric: Metric,
    /// Over the best value of each.
    pub best_result: Option<MeanInterval>,
    /// Over the latest value of each.
    pub final_result: Option<MeanInterval>,
    /// Over the energy of each, J; `None` as well where what was measured differs.
    pub energy_j: Option<MeanInterval>,
    /// Whether their energies cover different parts or are of different grades.
    pub is_mixed: bool,
    /// Whether its runs are shown.
    pub is_open: bool,
}

/// What the filters offer.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Datasets there are.
    pub datasets: BTreeSet<String>,
    /// Devices there are.
    pub devices: BTreeSet<String>,
    /// Labels there are.
    pub tags: BTreeSet<String>,
}

/// The lines of the table.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// In order.
    pub lines: Vec<Line>,
    /// Groups, where runs are grouped.
    pub groups: Vec<Group>,
    /// Runs that are wanted, in order, hidden in a group or not.
    pub rows: Vec<usize>,
    /// What the filters offer.
    pub choices: Choices,
    /// What the energies of the wanted runs cover, and how well.
    pub kinds: BTreeSet<Kind>,
    /// Changes with every change.
    pub revision: u64,
    made_of: Option<Made>,
}

/// What a view was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Of the list.
    pub revision: u64,
    /// Which runs.
    pub wanted: Wanted,
    /// In which order.
    pub sort: Sort,
    /// Whether runs of one setup stand together.
    pub grouped: bool,
    /// Groups whose runs are shown.
    pub open: HashSet<String>,
}

impl View {
    /// Makes the lines anew where anything has changed; whether it had.
    pub fn keep_up(&mut self, items: &[Arc<Item>], made: Made) -> bool {
        if self.made_of.as_ref() == Some(&made) {
            return false;
        }
        if self
            .made_of
            .as_ref()
            .is_none_or(|before| before.revision != made.revision)
        {
            self.choices = choices(items);
        }
        let words: Vec<String> = made
            .wanted
            .text
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        self.rows = (0..items.len())
            .filter(|row| made.wanted.lets_through(&words, &items[*row]))
            .collect();
        self.rows.sort_by(|a, b| {
            let (a, b) = (&items[*a], &items[*b]);
            let pinned = b.listed.run.pinned.cmp(&a.listed.run.pinned);
            pinned.then_with(|| made.sort.column.compare(a, b, made.sort.descending))
        });
        self.kinds = kinds(self.rows.iter().map(|row| items[*row].as_ref()));
        self.revision += 1;
        self.groups.clear();
        let alone = |row: &usize| Line::Run {
            row: *row,
            is_nested: false,
        };
        self.lines = if made.grouped {
            self.group(items, &made.open)
        } else {
            self.rows.iter().map(alone).collect()
        };
        self.made_of = Some(made);
        true
    }

    /// Lines with runs of one setup together, where the first of them stands. What is alone stands by itself.
    fn group(&mut self, items: &[Arc<Item>], open: &HashSet<String>) -> Vec<Line> {
        let mut order: Vec<String> = Vec::new();
        let mut members: HashMap<String, Vec<usize>> = HashMap::new();
        for row in &self.rows {
            let key = group_key(&items[*row]);
            let rows = members.entry(key.clone()).or_default();
            if rows.is_empty() {
                order.push(key);
            }
            rows.push(*row);
        }
        let mut lines = Vec::new();
        for key in order {
            let rows = members.remove(&key).unwrap_or_default();
            if let [row] = rows.as_slice() {
                lines.push(Line::Run {
                    row: *row,
                    is_nested: false,
                });
                continue;
            }
            lines.push(Line::Group(self.groups.len()));
            let group = group(items, key, rows, open);
            if group.is_open {
                lines.extend(group.rows.iter().map(|row| Line::Run {
                    row: *row,
                    is_nested: true,
                }));
            }
            self.groups.push(group);
        }
        lines
    }
}

/// The same for runs that repeat each other: one setup but for the seed, one device.
pub fn group_key(item: &Item) -> String {
    let run = &item.listed.run;
    format!(
        "{} {} {}",
        run.setup.group_hash, run.machine.fingerprint, run.device.identity
    )
}

fn group(items: &[Arc<Item>], key: String, rows: Vec<usize>, open: &HashSet<String>) -> Group {
    let each = |of: fn(&Item) -> Option<f64>| {
        mean_interval(rows.iter().filter_map(|row| of(&items[*row])))
    };
    let is_mixed = kinds(rows.iter().map(|row| items[*row].as_ref())).len() > 1;
    Group {
        metric: rows
            .first()
            .map(|row| items[*row].listed.run.metrics.metric)
            .unwrap_or_default(),
        best_result: each(|item| item.listed.run.metrics.best_test_metric),
        final_result: each(|item| item.listed.run.metrics.final_test_metric),
        energy_j: each(|item| item.energy_j().map(|energy| energy.value)).filter(|_| !is_mixed),
        is_mixed,
        is_open: open.contains(&key),
        key,
        rows,
    }
}

/// What the energies of `items` cover and how well; more than one must not be compared without a word.
pub fn kinds<'a>(items: impl IntoIterator<Item = &'a Item>) -> BTreeSet<Kind> {
    items
        .into_iter()
        .filter_map(|item| item.kind.clone())
        .collect()
}

fn choices(items: &[Arc<Item>]) -> Choices {
    let mut choices = Choices::default();
    let add = |set: &mut BTreeSet<String>, text: &str| {
        if !set.contains(text) {
            set.insert(text.to_owned());
        }
    };
    for item in items {
        let run = &item.listed.run;
        add(&mut choices.datasets, &run.setup.dataset);
        add(&mut choices.devices, &run.device.name);
        for tag in &run.tags {
            add(&mut choices.tags, tag);
        }
    }
    choices
}

/// Why energies of these kinds cannot be compared as they stand; `None` where they can.
pub fn warning(kinds: &BTreeSet<Kind>) -> Option<String> {
    if kinds.len() < 2 {
        return None;
    }
    let labels: Vec<String> = kinds.iter().map(Kind::label).collect();
    Some(format!(
        "These energies cover different parts of the machine or are of different grades, so they cannot be compared as \
         they stand: {}.",
        labels.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energies_of_two_grades_are_compared_with_a_warning() {
        let kind = |grade| Kind {
            parts: vec![crate::units::Boundary::GpuBoard],
            grade,
            simulated: false,
        };
        let one = BTreeSet::from([kind(crate::units::Grade::B)]);
        assert_eq!(warning(&one), None);
        let two = BTreeSet::from([kind(crate::units::Grade::B), kind(crate::units::Grade::E)]);
        let text = warning(&two).unwrap();
        assert!(
            text.ends_with("GPU board, grade B; GPU board, grade E."),
            "{text}"
        );
    }
}
