use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::plan::{Head, Heads};
use super::{DataCounts, Problems, Task};

/// Several labels learnt at once: one trunk, and a head for each label. The loss is a sum over the heads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MultitaskSetup {
    /// The heads, in the order in which they are told.
    pub heads: Vec<HeadSetup>,
    /// How their losses are added up.
    pub weighting: Weighting,
}

/// A head and what it is to reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeadSetup {
    /// The label of the dataset that it foretells; the head is called like it.
    pub label: String,
    /// Factor of its loss, above 0; 1 where the weights are learnt.
    pub weight: f64,
    /// Accuracy that it must reach on the held-out samples, above 0 to 1; left out: `regime.stop.target`.
    pub target: Option<f64>,
}

impl Default for HeadSetup {
    fn default() -> Self {
        Self {
            label: String::new(),
            weight: 1.0,
            target: None,
        }
    }
}

/// How the losses of several heads are added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// `Σ wₖ·Lₖ` with the weights of the setup.
    #[default]
    Fixed,
    /// `Σ exp(−sₖ)·Lₖ + sₖ/2`, where `sₖ = ln σₖ²` is learnt with the network from `sₖ = 0` (Kendall, Gal and Cipolla 2018,
    /// equation 10, for classes).
    Uncertainty,
}

impl MultitaskSetup {
    /// Heads for `labels` with the default of all else.
    pub fn of_labels<'a>(labels: impl IntoIterator<Item = &'a str>) -> Self {
        let heads = labels.into_iter().map(|label| HeadSetup {
            label: label.to_owned(),
            ..HeadSetup::default()
        });
        Self {
            heads: heads.collect(),
            weighting: Weighting::default(),
        }
    }

    /// The accuracy that each head must reach, where it must reach one; `of_all` is `regime.stop.target`.
    pub fn targets(&self, of_all: Option<f64>) -> Vec<Option<f64>> {
        self.heads
            .iter()
            .map(|head| head.target.or(of_all))
            .collect()
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            !self.heads.is_empty(),
            "multitask.heads",
            "[]",
            "one or more heads, each with the `label` that it foretells; for a run of one task, no table `multitask`",
        );
        let mut labels = BTreeSet::new();
        for (index, head) in self.heads.iter().enumerate() {
            let field = |name: &str| format!("multitask.heads.{index}.{name}");
            problems.require(
                !head.label.is_empty() && !head.label.contains('.'),
                field("label"),
                &head.label,
                "the name of a label, without a full stop: layers are named after it",
            );
            problems.require(
                labels.insert(&head.label),
                field("label"),
                &head.label,
                "each label once",
            );
            problems.require(
                head.weight.is_finite() && head.weight > 0.0,
                field("weight"),
                head.weight,
                "a finite number above 0",
            );
            let is_one = (head.weight - 1.0).abs() < f64::EPSILON;
            problems.require(
                is_one || self.weighting == Weighting::Fixed,
                field("weight"),
                head.weight,
                "1 where multitask.weighting is `uncertainty`, which learns the weights",
            );
            if let Some(target) = head.target {
                problems.require(
                    target > 0.0 && target <= 1.0,
                    field("target"),
                    target,
                    "a share above 0 to 1, such as 0.97, as the metric is accuracy",
                );
            }
        }
    }

    /// The heads for a set of data; what the set has no labels for is refused.
    pub(super) fn heads_for(&self, data: &DataCounts, problems: &mut Problems) -> Option<Heads> {
        if data.task != Task::Classification {
            problems.require(
                false,
                "multitask",
                data.task.name(),
                "a dataset with classes: heads foretell the classes of labels",
            );
            return None;
        }
        let names: Vec<&str> = data
            .labels
            .iter()
            .map(|label| label.name.as_str())
            .collect();
        let mut each = Vec::new();
        for (index, head) in self.heads.iter().enumerate() {
            let known = data.labels.iter().find(|label| label.name == head.label);
            problems.require(
                known.is_some(),
                format!("multitask.heads.{index}.label"),
                &head.label,
                format!(
                    "a label that the samples of this dataset have: {}",
                    names.join(", ")
                ),
            );
            each.extend(known.cloned());
        }
        Some(Heads {
            each,
            learns_weights: self.weighting == Weighting::Uncertainty,
        })
    }
}

/// The columns of `labels` that `heads` foretell, in their order; those that are not there are left out.
pub fn columns_of(heads: &[Head], labels: &[String]) -> Vec<usize> {
    let column = |head: &Head| labels.iter().position(|label| *label == head.name);
    heads.iter().filter_map(column).collect()
}
