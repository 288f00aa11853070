use serde::{Deserialize, Serialize};

use super::{Activation, CnnHead, Initialisation, Normalisation, Pooling, limits};
use crate::setup::Problems;

/// A convolutional network: blocks of convolutions (each with normalisation and activation) closed by pooling; then the
/// head, hidden linear layers, and a linear layer to the answer. Convolutions keep the size of the image (zero padding).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CnnSetup {
    /// Channels of each block, first to last.
    pub channels: Vec<usize>,
    /// Convolutions in each block.
    pub convolutions: usize,
    /// Height and width of the kernels, odd.
    pub kernel: usize,
    /// Normalisation after each convolution.
    pub normalisation: Normalisation,
    /// Activation after each convolution and hidden layer.
    pub activation: Activation,
    /// Down-sampling at the end of each block.
    pub pooling: Pooling,
    /// How the feature map becomes a vector.
    pub head: CnnHead,
    /// Widths of hidden linear layers between head and answer.
    pub hidden: Vec<usize>,
    /// Probability of dropping a unit before each linear layer while training, 0 to below 1.
    pub dropout: f64,
    /// Weights before the first step.
    pub initialisation: Initialisation,
}

impl Default for CnnSetup {
    fn default() -> Self {
        Self {
            channels: vec![16, 32],
            convolutions: 1,
            kernel: 3,
            normalisation: Normalisation::Batch,
            activation: Activation::Relu,
            pooling: Pooling::Max,
            head: CnnHead::Flatten,
            hidden: Vec::new(),
            dropout: 0.0,
            initialisation: Initialisation::Default,
        }
    }
}

impl CnnSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            !self.channels.is_empty(),
            "model.channels",
            "[]",
            "one number of channels for each block, at least one block",
        );
        limits::widths(problems, "model.channels", &self.channels);
        limits::widths(problems, "model.hidden", &self.hidden);
        problems.require(
            (1..=8).contains(&self.convolutions),
            "model.convolutions",
            self.convolutions,
            "1 to 8",
        );
        problems.require(
            self.kernel % 2 == 1 && self.kernel <= 31,
            "model.kernel",
            self.kernel,
            "an odd number from 1 to 31",
        );
        limits::dropout(problems, self.dropout);
    }

    pub(super) fn in_words(&self, kind: &str) -> String {
        format!("{kind} {}", limits::joined(&self.channels))
            .trim_end()
            .to_owned()
    }
}
