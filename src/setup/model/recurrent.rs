use serde::{Deserialize, Serialize};

use super::{Initialisation, limits};
use crate::setup::Problems;

/// A recurrent network, of long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000) or
/// gated recurrent units (Cho et al. 2014, the reset gate applied after the product, as in cuDNN). Tokens become vectors by an
/// embedding, drawn from N(0, 1); an image is read row by row from the top. The answer is a linear layer of the last layer's
/// state: the last one for one answer, each one for an answer at each position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecurrentSetup {
    /// Layers, each of which reads the states of the one below.
    pub depth: usize,
    /// Numbers of a layer's state.
    pub width: usize,
    /// Of tokens only: numbers that each becomes.
    pub embedding: usize,
    /// Probability of dropping, while training: of what enters each layer but the first, and the answer; 0 to below 1.
    pub dropout: f64,
    /// Weights before the first step.
    pub initialisation: Initialisation,
}

impl Default for RecurrentSetup {
    fn default() -> Self {
        Self {
            depth: 1,
            width: 128,
            embedding: 64,
            dropout: 0.0,
            initialisation: Initialisation::Default,
        }
    }
}

impl RecurrentSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        limits::depth(problems, self.depth);
        limits::width(problems, "model.width", self.width);
        limits::width(problems, "model.embedding", self.embedding);
        limits::dropout(problems, self.dropout);
    }

    pub(super) fn in_words(&self, kind: &str) -> String {
        format!("{kind} {}×{}", self.depth, self.width)
    }
}
