use serde::{Deserialize, Serialize};

use super::{Activation, Initialisation, Normalisation, Stem, limits};
use crate::setup::Problems;

/// MobileNetV2 (Sandler et al. 2018): a 3×3 convolution, 17 inverted residuals (1×1 to more channels, 3×3 on each channel by
/// itself, 1×1 back without activation), a 1×1 convolution to 1280 channels, the mean over all positions, dropout, a linear
/// layer to the answer. Convolutions have a bias only where no normalisation follows.
///
/// With the stem for CIFAR the first convolution and the second group of blocks have a stride of 1 instead of 2, so that 32×32
/// pixels become 4×4 rather than 1×1; `auto` takes it where height or width is below 64 pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MobilenetSetup {
    /// Factor of all channels, above 0 to 4; rounded to multiples of 8, the last convolution never below 1280.
    pub width_multiplier: f64,
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

impl Default for MobilenetSetup {
    fn default() -> Self {
        Self {
            width_multiplier: 1.0,
            stem: Stem::Auto,
            normalisation: Normalisation::Batch,
            activation: Activation::Relu6,
            dropout: 0.2,
            initialisation: Initialisation::Kaiming,
        }
    }
}

/// One inverted residual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inverted {
    /// Channels that enter it.
    pub from: usize,
    /// Channels within it; as many as enter where it does not expand them.
    pub hidden: usize,
    /// Channels that leave it.
    pub to: usize,
    /// Stride of its 3×3 convolution.
    pub stride: usize,
}

impl Inverted {
    /// Whether it begins with a convolution to more channels.
    pub fn expands(&self) -> bool {
        self.hidden != self.from
    }

    /// Whether its input is added to its output.
    pub fn adds(&self) -> bool {
        self.stride == 1 && self.from == self.to
    }
}

impl MobilenetSetup {
    /// Table 2 of the paper: expansion, channels, blocks, stride of the first of them.
    const GROUPS: [(usize, usize, usize, usize); 7] = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ];

    /// Channels of the first convolution.
    pub fn first(&self) -> usize {
        self.scaled(32)
    }

    /// Channels of the last convolution.
    pub fn last(&self) -> usize {
        round_to_8(1280.0 * self.width_multiplier.max(1.0))
    }

    /// Stride of the first convolution, where the stem `keeps_size`.
    pub fn first_stride(keeps_size: bool) -> usize {
        if keeps_size { 1 } else { 2 }
    }

    /// The inverted residuals, first to last, where the stem `keeps_size`.
    pub fn blocks(&self, keeps_size: bool) -> Vec<Inverted> {
        let mut from = self.first();
        let mut blocks = Vec::new();
        for (group, (expansion, channels, count, stride)) in Self::GROUPS.into_iter().enumerate() {
            let to = self.scaled(channels);
            for block in 0..count {
                let halves = block == 0 && !(keeps_size && group == 1);
                blocks.push(Inverted {
                    from,
                    hidden: from * expansion,
                    to,
                    stride: if halves { stride } else { 1 },
                });
                from = to;
            }
        }
        blocks
    }

    fn scaled(&self, channels: usize) -> usize {
        round_to_8(channels as f64 * self.width_multiplier)
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.width_multiplier > 0.0 && self.width_multiplier <= 4.0,
            "model.width_multiplier",
            self.width_multiplier,
            "a number above 0, up to 4",
        );
        limits::dropout(problems, self.dropout);
    }

    pub(super) fn in_words(&self, kind: &str) -> String {
        if self.width_multiplier == 1.0 {
            kind.to_owned()
        } else {
            format!("{kind} ×{}", self.width_multiplier)
        }
    }
}

/// The nearest multiple of 8, at least 8, and never less than nine tenths of `channels`, as the authors' code and torchvision
/// round.
fn round_to_8(channels: f64) -> usize {
    let nearest = ((channels + 4.0) as usize / 8 * 8).max(8);
    if (nearest as f64) < 0.9 * channels {
        nearest + 8
    } else {
        nearest
    }
}
