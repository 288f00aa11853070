//! How training goes: metrics between two readings, looks at the held-out samples, checkpoints.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::units::{HeadProgress, HeadResult, Metric};

/// Training metrics over the steps since the last reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done since the start of the run.
    pub step: u64,
    /// Epoch that is going on, from 1.
    pub epoch: u64,
    /// Mean training loss; `None` where it is no number.
    pub loss: Option<f64>,
    /// The task's metric over the training samples.
    pub metric: Option<f64>,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Training samples a second.
    pub samples_per_s: f64,
    /// Steps after which the run ends at the latest.
    pub steps_max: Option<u64>,
    /// Seconds of training steps since the start of the run.
    pub train_s: f64,
    /// Each head, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadProgress>,
}

/// A look at the held-out samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps done.
    pub step: u64,
    /// Epoch in which it happens, from 1.
    pub epoch: u64,
    /// Mean loss; `None` where it is no number.
    pub loss: Option<f64>,
    /// The task's metric, [`super::Data::task`].
    pub metric: Option<f64>,
    /// Further metrics.
    #[serde(default)]
    pub others: BTreeMap<Metric, f64>,
    /// Each head, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadResult>,
    /// Mean training loss since the last evaluation.
    pub train_loss: Option<f64>,
    /// The task's metric over the training samples since the last evaluation.
    pub train_metric: Option<f64>,
    /// Training samples since the last evaluation.
    pub samples: u64,
    /// Seconds of training steps since the last evaluation.
    pub train_s: f64,
}

/// What the held-out samples were taken for. At most about 1.4 MB as a line: the worker leaves the samples of a larger
/// set out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predictions {
    /// The head that took them for it, where several labels are learnt at once: then there is one message for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Steps done.
    pub step: u64,
    /// Epoch in which it happens, from 1.
    pub epoch: u64,
    /// How many samples of each class (row) were taken for each class (column).
    pub confusion: Vec<Vec<u32>>,
    /// The answer to each sample; `None` where there are too many, or the network's scores are no numbers.
    pub samples: Option<SamplePredictions>,
}

/// The answer to each held-out sample, in the order of the dataset's test part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplePredictions {
    /// The class it was taken for.
    pub predicted: Vec<u16>,
    /// How sure the network was: the share that softmax gives to that class, in thousandths.
    pub confidence_permille: Vec<u16>,
}

/// A checkpoint on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Its folder.
    pub path: PathBuf,
    /// Steps done.
    pub step: u64,
    /// Whole epochs done.
    pub epoch: u64,
    /// Bytes of all its files.
    pub bytes: u64,
    /// SHA-256 of the network's file, in hexadecimal.
    pub sha256: String,
}
