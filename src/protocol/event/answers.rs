//! What a network says that is asked, and how long it takes.

use serde::{Deserialize, Serialize};

use crate::units::{HeadProgress, Latencies, Metric};

/// A network that can be asked about samples of one's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskReady {
    /// Steps that had been done when its weights were saved.
    pub step: u64,
    /// What samples go through before it sees them: plain JSON, made and understood by the data room alone.
    pub encoding: serde_json::Value,
    /// How long it took to read the network and to warm up, s.
    pub seconds: f64,
}

/// What a network says of one label of a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadSaid {
    /// The label.
    pub label: String,
    /// What it says.
    pub says: Saying,
    /// From the sample in main memory to the answer in main memory, s.
    pub seconds: f64,
}

/// What a network says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Saying {
    /// The probability of each class.
    Classes(Vec<f64>),
    /// A number, in the unit of what was learnt.
    Number(f64),
    /// For each position the likeliest class, and its probability.
    Symbols(Vec<(u16, f64)>),
}

/// How good a network's answers to all held-out samples are, in batches of one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Samples in a batch.
    pub batch_size: usize,
    /// The task's metric.
    pub metric: Metric,
    /// Its value; `None` where it is no number.
    pub value: Option<f64>,
    /// Passes of the warm-up.
    pub warm_up_passes: u64,
    /// Seconds of the warm-up, kernels that were compiled included.
    pub warm_up_s: f64,
    /// Each head, where the network answers for several labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadProgress>,
}

/// A window in which a network was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InferenceWindow {
    /// Samples in a batch.
    pub batch_size: usize,
    /// Batches that were answered.
    pub passes: u64,
    /// From the first pass to the last answer, s.
    pub seconds: f64,
    /// From samples in main memory to answers in main memory, by batch.
    pub latencies: Latencies,
}
