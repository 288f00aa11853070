use serde::{Deserialize, Serialize};

use super::{Activation, Initialisation, Normalisation, limits};
use crate::setup::Problems;

/// A multilayer perceptron: linear, normalisation, activation, dropout, for each hidden width; then a linear layer to
/// the answer.
///
/// It is also the policy network of reinforcement learning: its inputs are what is observed of the environment, its answers
/// a score for each action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpSetup {
    /// Widths of the hidden layers, first to last; none makes a linear classifier.
    pub hidden: Vec<usize>,
    /// Activation after every hidden layer.
    pub activation: Activation,
    /// Normalisation before the activation.
    pub normalisation: Normalisation,
    /// Probability of dropping a hidden unit while training, 0 to below 1.
    pub dropout: f64,
    /// Of tokens only: numbers that each becomes before all are laid one after the other; drawn from N(0, 1).
    pub embedding: usize,
    /// Weights before the first step.
    pub initialisation: Initialisation,
}

impl Default for MlpSetup {
    fn default() -> Self {
        Self {
            hidden: vec![128],
            activation: Activation::Relu,
            normalisation: Normalisation::None,
            dropout: 0.0,
            embedding: 32,
            initialisation: Initialisation::Default,
        }
    }
}

impl MlpSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        limits::widths(problems, "model.hidden", &self.hidden);
        limits::dropout(problems, self.dropout);
        limits::width(problems, "model.embedding", self.embedding);
    }

    pub(super) fn in_words(&self, kind: &str) -> String {
        format!("{kind} {}", limits::joined(&self.hidden))
            .trim_end()
            .to_owned()
    }
}
