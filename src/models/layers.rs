//! Layers that several networks share.

use burn::module::Module;
use burn::nn::activation::{Activation as BurnActivation, ActivationConfig, LeakyReluConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, GroupNorm, GroupNormConfig, LayerNorm,
    LayerNormConfig, Linear, LinearConfig,
};
use burn::tensor::{DType, Device, FloatDType, Tensor, activation};

use crate::setup::{Activation, Normalisation};

/// The non-linearity; SiLU is not among Burn's own modules.
#[derive(Module, Debug)]
pub enum NonLinearity {
    /// One of Burn's.
    Burn(BurnActivation),
    /// x·sigmoid(x).
    Silu(burn::nn::Identity),
}

impl NonLinearity {
    /// The module for a choice in a setup.
    pub fn new(activation: Activation, device: &Device) -> Self {
        let config = match activation {
            Activation::Relu => ActivationConfig::Relu,
            Activation::LeakyRelu => ActivationConfig::LeakyRelu(LeakyReluConfig::new()),
            Activation::Gelu => ActivationConfig::Gelu,
            Activation::Tanh => ActivationConfig::Tanh,
            Activation::Sigmoid => ActivationConfig::Sigmoid,
            Activation::Silu => return Self::Silu(burn::nn::Identity::new()),
        };
        Self::Burn(config.init(device))
    }

    /// Element by element, any shape.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Burn(module) => module.forward(x),
            Self::Silu(_) => activation::silu(x),
        }
    }
}

/// Whether modules called `container`, as Burn names them to those who visit a network, take numbers of any precision and
/// compute in 32 bits: their weights stay in 32 bits too.
pub fn casts_itself(container: &str) -> bool {
    ["Enum:VectorNorm", "Enum:MapNorm"].contains(&container)
}

/// Normalises in 32 bits whatever `x` is in: sums of squares soon leave the range of 16.
fn in_f32<const D: usize>(
    x: Tensor<D>,
    normalise: impl FnOnce(Tensor<D>) -> Tensor<D>,
) -> Tensor<D> {
    if x.dtype() == DType::F16 {
        normalise(x.cast(FloatDType::F32)).cast(FloatDType::F16)
    } else {
        normalise(x)
    }
}

/// Normalisation of feature vectors, `[batch, features]`.
#[derive(Module, Debug)]
pub enum VectorNorm {
    /// Over the batch.
    Batch(BatchNorm),
    /// Over the features.
    Layer(LayerNorm),
}

impl VectorNorm {
    /// The module for a choice in a setup.
    pub fn new(normalisation: Normalisation, features: usize, device: &Device) -> Option<Self> {
        match normalisation {
            Normalisation::None => None,
            Normalisation::Batch => Some(Self::Batch(BatchNormConfig::new(features).init(device))),
            Normalisation::Layer => Some(Self::Layer(LayerNormConfig::new(features).init(device))),
        }
    }

    /// `[batch, features]` to the same shape.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        in_f32(x, |x| match self {
            Self::Batch(norm) => norm.forward(x),
            Self::Layer(norm) => norm.forward(x),
        })
    }
}

/// Normalisation of feature maps, `[batch, channels, height, width]`.
#[derive(Module, Debug)]
pub enum MapNorm {
    /// Over batch and positions.
    Batch(BatchNorm),
    /// Over channels and positions: one group, gain and shift a channel.
    Layer(GroupNorm),
}

impl MapNorm {
    /// The module for a choice in a setup.
    pub fn new(normalisation: Normalisation, channels: usize, device: &Device) -> Option<Self> {
        match normalisation {
            Normalisation::None => None,
            Normalisation::Batch => Some(Self::Batch(BatchNormConfig::new(channels).init(device))),
            Normalisation::Layer => {
                Some(Self::Layer(GroupNormConfig::new(1, channels).init(device)))
            }
        }
    }

    /// `[batch, channels, height, width]` to the same shape.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        in_f32(x, |x| match self {
            Self::Batch(norm) => norm.forward(x),
            Self::Layer(norm) => norm.forward(x),
        })
    }
}

/// Dropout, where a setup asks for any.
pub fn dropout(probability: f64) -> Option<Dropout> {
    (probability > 0.0).then(|| DropoutConfig::new(probability).init())
}

/// A linear layer with bias.
pub fn linear(from: usize, to: usize, device: &Device) -> Linear {
    LinearConfig::new(from, to).init(device)
}
