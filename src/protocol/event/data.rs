//! What is learnt from and by what.

use serde::{Deserialize, Serialize};

use crate::setup::{InputShape, Setup, Task, plan::Plan};

/// What is learnt from and by what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// Name of the dataset in a setup.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Shape of one sample.
    pub input: InputShape,
    /// What is asked of the model.
    #[serde(default)]
    pub task: Task,
    /// The classes to tell apart, or the vocabulary.
    pub classes: Vec<String>,
    /// The classes of each head of the plan, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub head_classes: Vec<Vec<String>>,
    /// Samples to learn from.
    pub train: usize,
    /// Samples held out.
    pub test: usize,
    /// Layers of the model, with their costs.
    pub plan: Plan,
    /// Layers of the network that teaches it, where one does.
    #[serde(default)]
    pub teacher: Option<Plan>,
    /// Steps in one epoch.
    pub steps_per_epoch: u64,
}

impl Data {
    /// Floating-point operations of training on one sample by `setup`, the mean over a run that takes all its steps; with the forward pass of
    /// a teacher, as where it is asked about every sample anew.
    pub fn training_flop(&self, setup: &Setup) -> u64 {
        let teacher = self.teacher.as_ref().map_or(0, Plan::forward_flop);
        setup.training_flop(&self.plan).saturating_add(teacher)
    }
}
