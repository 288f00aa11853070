//! The choices that several kinds of model share.

use serde::{Deserialize, Serialize};

/// Non-linearity between layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(0, x).
    #[default]
    Relu,
    /// min(max(0, x), 6).
    Relu6,
    /// x for positive x, 0.01·x else.
    LeakyRelu,
    /// x for positive x, e^x − 1 else (Clevert et al. 2016, α = 1).
    Elu,
    /// x·Φ(x), with the Gaussian distribution function.
    Gelu,
    /// x·sigmoid(x), also called swish.
    Silu,
    /// x·tanh(ln(1 + e^x)) (Misra 2020).
    Mish,
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e^−x).
    Sigmoid,
}

impl Activation {
    /// Every activation.
    pub const ALL: [Self; 9] = [
        Self::Relu,
        Self::Relu6,
        Self::LeakyRelu,
        Self::Elu,
        Self::Gelu,
        Self::Silu,
        Self::Mish,
        Self::Tanh,
        Self::Sigmoid,
    ];

    /// Name, as in files and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::LeakyRelu => "leaky-relu",
            Self::Elu => "elu",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Mish => "mish",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
        }
    }
}

/// Normalisation after a linear or convolutional layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    /// None.
    #[default]
    None,
    /// Over the batch, per feature or channel.
    Batch,
    /// Over the features of a sample (over channels and positions together for images).
    Layer,
    /// Over groups of the features or channels of a sample, as many as [`groups`] says.
    Group,
}

/// Most groups of a group normalisation (Wu and He 2018 found 32 to do well).
const GROUPS_MAX: usize = 32;
/// Fewest channels in a group: with one alone, and a single position left of the image, a group would be a single number
/// whose normalised value is always 0.
const GROUP_MIN: usize = 4;

/// Groups of a group normalisation over `channels`: the largest divisor of their number that is at most 32 and leaves at
/// least four channels in each group; one group where there is none.
pub fn groups(channels: usize) -> usize {
    let most = GROUPS_MAX.min(channels / GROUP_MIN);
    (1..=most)
        .rev()
        .find(|groups| channels.is_multiple_of(*groups))
        .unwrap_or(1)
}

/// What the weights are before the first step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initialisation {
    /// Weights and biases uniform in ±1/√(inputs), as linear and convolutional layers of Burn and PyTorch are made; in a
    /// recurrent layer ±1/√(hidden width). Of embeddings see the model.
    #[default]
    Default,
    /// Normal with deviation √(2/inputs), for layers that are followed by ReLU (He et al. 2015). Biases are 0, here and below.
    Kaiming,
    /// Uniform in ±√(6/(inputs + outputs)), for layers that are followed by tanh (Glorot and Bengio 2010).
    Xavier,
    /// Normal with deviation 0.02, as in BERT and GPT-2.
    Normal,
    /// Orthonormal rows or columns, whichever are fewer (Saxe et al. 2014): of a convolution a row for each output channel, of a
    /// grouped one and of a recurrent layer each group and gate by itself. Neither lengthens what goes through it nor
    /// shortens it more than it must.
    Orthogonal,
}

impl Initialisation {
    /// Every initialisation.
    pub const ALL: [Self; 5] = [
        Self::Default,
        Self::Kaiming,
        Self::Xavier,
        Self::Normal,
        Self::Orthogonal,
    ];

    /// Name, as in files and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Kaiming => "kaiming",
            Self::Xavier => "xavier",
            Self::Normal => "normal",
            Self::Orthogonal => "orthogonal",
        }
    }
}

/// Down-sampling at the end of a block; each halves height and width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Largest of 2×2.
    #[default]
    Max,
    /// Mean of 2×2.
    Average,
    /// No down-sampling.
    None,
}

/// How the last feature map becomes a vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CnnHead {
    /// Mean over all positions, one number a channel.
    #[default]
    GlobalAverage,
    /// All numbers, one after the other.
    Flatten,
}

/// How a network of residual blocks begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stem {
    /// As for CIFAR where height or width is below 64 pixels, else as for ImageNet.
    #[default]
    Auto,
    /// For small images: the beginning keeps their size.
    Cifar,
    /// For large images: the beginning makes them smaller.
    Imagenet,
}

/// Smallest side of an image, in pixels, for which [`Stem::Auto`] takes the beginning for large images.
pub const STEM_IMAGENET_MIN: usize = 64;

impl Stem {
    /// Whether images of this size keep it.
    pub fn keeps_size(self, height: usize, width: usize) -> bool {
        match self {
            Self::Auto => height.min(width) < STEM_IMAGENET_MIN,
            Self::Cifar => true,
            Self::Imagenet => false,
        }
    }
}

/// How the vectors of all positions become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SequencePooling {
    /// Mean over the positions.
    #[default]
    Mean,
    /// The vector at an added first position, whose input is learnt (Devlin et al. 2019, Dosovitskiy et al. 2021).
    ClassToken,
}

/// How a position is told from the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Positions {
    /// A learnt vector for each.
    #[default]
    Learned,
    /// Sines and cosines of wavelengths from 2π to 10,000·2π (Vaswani et al. 2017).
    Sinusoidal,
}

/// What a transformer's positions see of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransformerForm {
    /// A decoder where an answer is asked at each position, else an encoder.
    #[default]
    Auto,
    /// Every position sees all.
    Encoder,
    /// Every position sees itself and those before it.
    Decoder,
}
