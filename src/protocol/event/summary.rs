//! What a run came to.

use serde::{Deserialize, Serialize};

use super::{LostMeter, PhaseEnergy};
use crate::units::{HeadOutcome, Metric};

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Why it ended: `epochs`, `steps`, `target`, `energy`, `time`, `early-stopping`, `user` or `diverged`.
    pub reason: String,
    /// The same for people.
    pub reason_text: String,
    /// Steps done.
    pub steps: u64,
    /// Epochs done, whole or begun.
    pub epochs: u64,
    /// Training samples seen.
    pub samples: u64,
    /// What the task is judged by.
    #[serde(default)]
    pub metric: Metric,
    /// The last held-out value of it.
    pub final_metric: Option<f64>,
    /// The last held-out loss.
    pub final_loss: Option<f64>,
    /// The best held-out value of it.
    pub best_metric: Option<f64>,
    /// Whether the target was reached; `None` where there is none.
    pub target_reached: Option<bool>,
    /// Each head, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadOutcome>,
    /// Steps at the best evaluation: that with the lowest held-out loss, or of reinforcement learning the highest return.
    #[serde(default)]
    pub best_step: Option<u64>,
    /// Whether the run ended with the weights of then, as `regime.stop.restore_best` asks for.
    #[serde(default)]
    pub is_restored: bool,
    /// Seconds of training steps.
    pub train_s: f64,
    /// Energy of training and evaluation, by meter; the run's result.
    pub training: Vec<PhaseEnergy>,
    /// The same added up over the parts of the machine.
    pub components: PhaseEnergy,
    /// Parts of the machine that had no reading and are not in the sum.
    pub missing: Vec<String>,
    /// Meters that ended before the run did.
    #[serde(default)]
    pub lost: Vec<LostMeter>,
    /// What the recording of raw readings lacks, where one was asked for and is not whole; figures are not touched by it.
    #[serde(default)]
    pub recording_problem: Option<String>,
    /// Share of one core that reading the meters took, 0 to 1.
    pub meter_overhead_share: f64,
    /// Raw readings that were dropped because they were not taken in time.
    pub dropped_samples: u64,
}
