use serde::{Deserialize, Serialize};

use super::{Activation, Initialisation, Normalisation, Pooling, limits};
use crate::setup::Problems;

/// Smallest height and width, in pixels, that LeNet-5 works on; smaller images are centred in zeros.
pub const LENET5_SIDE: usize = 32;

/// LeNet-5 (LeCun et al. 1998) as it is built today: 5×5 convolutions to 6 and 16 channels without padding, each with activation
/// and 2×2 pooling; linear layers of 120 and 84 with activation; a linear layer to the answer. The original's sparse
/// connections between channels, trainable pooling, scaled tanh and radial basis functions are replaced by what took their place.
///
/// Images of less than 32 pixels are centred in 32×32 zeros, as the paper does with its 28×28 digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lenet5Setup {
    /// Activation after every layer but the last.
    pub activation: Activation,
    /// Down-sampling after each convolution, `max` or `average`.
    pub pooling: Pooling,
    /// Normalisation between each convolution and its activation.
    pub normalisation: Normalisation,
    /// Probability of dropping a unit before each linear layer while training, 0 to below 1.
    pub dropout: f64,
    /// Weights before the first step.
    pub initialisation: Initialisation,
}

impl Default for Lenet5Setup {
    fn default() -> Self {
        Self {
            activation: Activation::Relu,
            pooling: Pooling::Max,
            normalisation: Normalisation::None,
            dropout: 0.0,
            initialisation: Initialisation::Default,
        }
    }
}

impl Lenet5Setup {
    /// Channels of the two convolutions.
    pub const CHANNELS: [usize; 2] = [6, 16];
    /// Height and width of their kernels.
    pub const KERNEL: usize = 5;
    /// Widths of the hidden linear layers.
    pub const HIDDEN: [usize; 2] = [120, 84];

    /// Rows and columns of zeros around an image: top, left, bottom, right.
    pub fn padding(height: usize, width: usize) -> [usize; 4] {
        let missing = |side: usize| LENET5_SIDE.saturating_sub(side);
        let (rows, columns) = (missing(height), missing(width));
        let (top, left) = (rows / 2, columns / 2);
        [top, left, rows - top, columns - left]
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.pooling != Pooling::None,
            "model.pooling",
            "none",
            "max, average",
        );
        limits::dropout(problems, self.dropout);
    }

    pub(super) fn in_words(&self, kind: &str) -> String {
        kind.to_owned()
    }
}
