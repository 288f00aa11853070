//! What of the runs is drawn, and along what; remembered.

use serde::{Deserialize, Serialize};

use super::Run;
use crate::gui::curves::XAxis;
use crate::units;

/// What is drawn along y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Metric {
    #[default]
    Loss,
    #[serde(alias = "accuracy")]
    Result,
    Power,
    Energy,
}

impl Metric {
    pub(super) const ALL: [Self; 4] = [Self::Loss, Self::Result, Self::Power, Self::Energy];

    pub(super) fn label(self, result: units::Metric) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Result => result.title(),
            Self::Power => "power",
            Self::Energy => "energy so far",
        }
    }

    pub(super) fn has_splits(self) -> bool {
        matches!(self, Self::Loss | Self::Result)
    }
}

/// Which samples loss and result are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Split {
    Train,
    #[default]
    Test,
    Both,
}

impl Split {
    pub(super) const ALL: [Self; 3] = [Self::Train, Self::Test, Self::Both];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Test => "held-out",
            Self::Both => "both",
        }
    }
}

/// What is drawn; remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    pub(super) metric: Metric,
    pub(super) split: Split,
    pub(super) x: XAxis,
    pub(super) log: bool,
    pub(super) smoothing: f64,
    /// Runs of one setup as mean and band.
    pub(super) means: bool,
    /// Label of the meter whose power is drawn.
    pub(super) meter: Option<String>,
    /// The head whose loss and result are drawn, of runs that have it; none: those of the run.
    pub(super) head: Option<String>,
}

impl Choice {
    /// The head that is drawn, where what is drawn is of heads and one of `runs` has it.
    pub(super) fn head(&self, runs: &[Run<'_>]) -> Option<String> {
        let head = self.head.clone().filter(|_| self.metric.has_splits())?;
        heads(runs).contains(&head).then_some(head)
    }

    /// Whether training, held-out samples, or both.
    pub(super) fn splits(&self) -> &'static [bool] {
        match self.split {
            _ if !self.metric.has_splits() => &[false],
            Split::Train => &[true],
            Split::Test => &[false],
            Split::Both => &[true, false],
        }
    }
}

/// The heads of all runs, in the order in which they come.
pub(super) fn heads(runs: &[Run<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for head in runs.iter().flat_map(|run| &run.curves().heads) {
        if !names.contains(&head.name) {
            names.push(head.name.clone());
        }
    }
    names
}
