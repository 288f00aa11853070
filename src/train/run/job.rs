//! What a run trains with, and how it ended.

use std::path::PathBuf;

use burn::tensor::Device;

use crate::setup::sweep::Until;
use crate::setup::{Metric, Setup, plan::Plan};
use crate::train::{StartFrom, StopReason, TeacherFrom};
use crate::units::HeadOutcome;

/// Everything that a run trains with.
pub struct Job {
    /// What was asked for, validated.
    pub setup: Setup,
    /// The layers of its model for this data.
    pub plan: Plan,
    /// Where to train; without autodiff.
    pub device: Device,
    /// Whether kernels are compiled and tuned on first use, as on a GPU.
    pub compiles: bool,
    /// Whether the device computes on the processor, as the CPU backend and software adapters do, so that its memory is the
    /// main memory.
    pub on_processor: bool,
    /// Where checkpoints go; without it none are written.
    pub checkpoints: Option<PathBuf>,
    /// The checkpoint to go on from.
    pub resume: Option<PathBuf>,
    /// How far it goes for now; it is then evaluated and saved, to go on later.
    pub until: Option<Until>,
}

/// The runs of a library that a run makes use of, where its setup names any.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Whose weights it starts from.
    pub start: Option<StartFrom>,
    /// Who teaches it.
    pub teacher: Option<TeacherFrom>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Why it ended.
    pub reason: StopReason,
    /// Steps done, over all sessions of the run.
    pub steps: u64,
    /// Epochs done, whole or begun.
    pub epochs: u64,
    /// Samples learnt from over all sessions, repeats among them; of reinforcement learning, steps of the environment.
    pub samples: u64,
    /// Seconds of training steps over all sessions.
    pub train_s: f64,
    /// What the task is judged by.
    pub metric: Metric,
    /// The last held-out value of the task's metric.
    pub final_metric: Option<f64>,
    /// The last held-out loss.
    pub final_loss: Option<f64>,
    /// The best of them.
    pub best_metric: Option<f64>,
    /// Whether the target was reached; `None` where there is none.
    pub target_reached: Option<bool>,
    /// Each head, where several labels are learnt at once.
    pub heads: Vec<HeadOutcome>,
    /// Steps at the best evaluation, by what early stopping goes by.
    pub best_step: Option<u64>,
    /// Whether the run ended with the weights of then.
    pub is_restored: bool,
}
