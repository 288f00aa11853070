use serde::{Deserialize, Serialize};

use super::{Activation, CnnHead, Initialisation, Normalisation, limits};
use crate::setup::Problems;

/// A network of the VGG family (Simonyan and Zisserman 2015): five blocks of 3×3 convolutions, each with normalisation and
/// activation, with 2×2 max pooling after each block; the head, hidden linear layers, and a linear layer to the answer. Depth
/// 11, 13, 16 and 19 are the paper's configurations A, B, D and E, counted with its two hidden linear layers.
///
/// The paper's own head is `flatten` with `hidden = [4096, 4096]` and `dropout = 0.5`; the default, a mean over all positions,
/// suits small images. Pooling is left out where the image is already a single pixel high or wide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VggSetup {
    /// 11, 13, 16 or 19.
    pub depth: usize,
    /// Channels of the first block; the next have 2, 4, 8 and 8 times as many.
    pub width: usize,
    /// Normalisation after each convolution.
    pub normalisation: Normalisation,
    /// Activation after each convolution and hidden layer.
    pub activation: Activation,
    /// How the feature map becomes a vector.
    pub head: CnnHead,
    /// Widths of hidden linear layers between head and answer.
    pub hidden: Vec<usize>,
    /// Probability of dropping a unit before each linear layer while training, 0 to below 1.
    pub dropout: f64,
    /// Weights before the first step.
    pub initialisation: Initialisation,
}

impl Default for VggSetup {
    fn default() -> Self {
        Self {
            depth: 11,
            width: 64,
            normalisation: Normalisation::Batch,
            activation: Activation::Relu,
            head: CnnHead::GlobalAverage,
            hidden: Vec::new(),
            dropout: 0.0,
            initialisation: Initialisation::Kaiming,
        }
    }
}

impl VggSetup {
    /// The depths there are.
    pub const DEPTHS: [usize; 4] = [11, 13, 16, 19];

    /// Channels and number of convolutions of each block.
    pub fn blocks(&self) -> [(usize, usize); 5] {
        let convolutions = match self.depth {
            11 => [1, 1, 2, 2, 2],
            13 => [2, 2, 2, 2, 2],
            16 => [2, 2, 3, 3, 3],
            _ => [2, 2, 4, 4, 4],
        };
        let factors = [1, 2, 4, 8, 8];
        std::array::from_fn(|i| (self.width.saturating_mul(factors[i]), convolutions[i]))
    }

    /// Whether a block's pooling has something to halve.
    pub fn pools(height: usize, width: usize) -> bool {
        height.min(width) >= 2
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        limits::depth_of(problems, self.depth, &Self::DEPTHS);
        limits::width(problems, "model.width", self.width);
        limits::widths(problems, "model.hidden", &self.hidden);
        limits::dropout(problems, self.dropout);
    }

    pub(super) fn in_words(&self, kind: &str) -> String {
        match self.width {
            64 => format!("{kind}-{}", self.depth),
            width => format!("{kind}-{} width {width}", self.depth),
        }
    }
}
