use serde::{Deserialize, Serialize};

use super::{Activation, Initialisation, Normalisation, Stem, limits};
use crate::setup::Problems;

/// A residual network (He et al. 2016): a stem, four stages of residual blocks, the mean over all positions, a linear layer to
/// the answer. Depth 18 and 34 are made of basic blocks (two 3×3 convolutions), 50 of bottlenecks (1×1, 3×3, 1×1 to four times
/// the channels). Every stage but the first halves height and width, in the 3×3 convolution of its first block, as torchvision
/// does (called v1.5). Convolutions have a bias only where no normalisation follows.
///
/// The stem for ImageNet is a 7×7 convolution of stride 2 and 3×3 max pooling of stride 2, that for CIFAR a 3×3 convolution of
/// stride 1; `auto` takes the latter where height or width is below 64 pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResnetSetup {
    /// 18, 34 or 50.
    pub depth: usize,
    /// Channels of the stem and of the first stage's 3×3 convolutions; the next stages have 2, 4 and 8 times as many.
    pub width: usize,
    /// How it begins.
    pub stem: Stem,
    /// Normalisation after each convolution.
    pub normalisation: Normalisation,
    /// Activation.
    pub activation: Activation,
    /// Probability of dropping a unit before the linear layer while training, 0 to below 1.
    pub dropout: f64,
    /// Weights before the first step.
    pub initialisation: Initialisation,
}

impl Default for ResnetSetup {
    fn default() -> Self {
        Self {
            depth: 18,
            width: 64,
            stem: Stem::Auto,
            normalisation: Normalisation::Batch,
            activation: Activation::Relu,
            dropout: 0.0,
            initialisation: Initialisation::Kaiming,
        }
    }
}

/// One residual block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residual {
    /// Stage and block within it, from 1.
    pub at: (usize, usize),
    /// Channels of its 3×3 convolutions.
    pub channels: usize,
    /// Channels that leave it.
    pub out: usize,
    /// Stride of its first 3×3 convolution.
    pub stride: usize,
}

impl ResnetSetup {
    /// The depths there are.
    pub const DEPTHS: [usize; 3] = [18, 34, 50];

    /// Whether the blocks are bottlenecks.
    pub fn has_bottlenecks(&self) -> bool {
        self.depth >= 50
    }

    /// The residual blocks, first to last.
    pub fn blocks(&self) -> Vec<Residual> {
        let counts = if self.depth == 18 {
            [2, 2, 2, 2]
        } else {
            [3, 4, 6, 3]
        };
        let expansion = if self.has_bottlenecks() { 4 } else { 1 };
        let mut blocks = Vec::new();
        for (stage, count) in counts.into_iter().enumerate() {
            let channels = self.width.saturating_mul(1 << stage);
            for block in 0..count {
                blocks.push(Residual {
                    at: (stage + 1, block + 1),
                    channels,
                    out: channels.saturating_mul(expansion),
                    stride: if stage > 0 && block == 0 { 2 } else { 1 },
                });
            }
        }
        blocks
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        limits::depth_of(problems, self.depth, &Self::DEPTHS);
        limits::width(problems, "model.width", self.width);
        limits::dropout(problems, self.dropout);
    }

    pub(super) fn in_words(&self, kind: &str) -> String {
        match self.width {
            64 => format!("{kind}-{}", self.depth),
            width => format!("{kind}-{} width {width}", self.depth),
        }
    }
}
