//! Layers that several networks share.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, GroupNorm, GroupNormConfig, LayerNorm,
    LayerNormConfig, Linear, PaddingConfig2d,
};
use burn::tensor::{DType, Device, FloatDType, Tensor, activation};

use super::convolve::convolve;
use super::processor;
use super::weights::{Convolution, Maker};
use crate::setup::{Activation, Normalisation, Pooling, groups};

/// Slope of leaky ReLU below zero.
const LEAK: f64 = 0.01;

/// The non-linearity.
#[derive(Module, Debug)]
pub struct NonLinearity {
    #[module(skip)]
    kind: Activation,
}

impl NonLinearity {
    /// The module for a choice in a setup.
    pub fn new(kind: Activation) -> Self {
        Self { kind }
    }

    /// Element by element, any shape.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self.kind {
            Activation::Relu => processor::relu(x),
            Activation::Relu6 => activation::relu6(x),
            Activation::LeakyRelu => activation::leaky_relu(x, LEAK),
            // Burn's own takes e^x of positive x too, whose gradient is no number where it overflows.
            Activation::Elu => activation::relu(x.clone()) + x.clamp_max(0.0).exp().sub_scalar(1.0),
            Activation::Gelu => processor::gelu(x),
            Activation::Silu => activation::silu(x),
            Activation::Mish => activation::mish(x),
            Activation::Tanh => activation::tanh(x),
            Activation::Sigmoid => activation::sigmoid(x),
        }
    }
}

/// Whether modules called `container`, as Burn names them to those who visit a network, take numbers of any precision and
/// compute in 32 bits: their weights stay in 32 bits too.
pub fn casts_itself(container: &str) -> bool {
    ["Enum:VectorNorm", "Enum:MapNorm", "Struct:PositionNorm"].contains(&container)
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
    /// Over groups of the features.
    Group(GroupNorm),
}

impl VectorNorm {
    /// The module for a choice in a setup.
    pub fn new(normalisation: Normalisation, features: usize, device: &Device) -> Option<Self> {
        Some(match normalisation {
            Normalisation::None => return None,
            Normalisation::Batch => Self::Batch(BatchNormConfig::new(features).init(device)),
            Normalisation::Layer => Self::Layer(layer_norm(features, device)),
            Normalisation::Group => Self::Group(group_norm(groups(features), features, device)),
        })
    }

    /// `[batch, features]` to the same shape.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        in_f32(x, |x| match self {
            Self::Batch(norm) => norm.forward(x),
            Self::Layer(norm) => processor::layer_norm(norm, x),
            Self::Group(norm) => normalise_groups(norm, x),
        })
    }
}

/// Layer normalisation at each position of a sequence, `[batch, length, width]`.
#[derive(Module, Debug)]
pub struct PositionNorm {
    norm: LayerNorm,
}

impl PositionNorm {
    /// Over `width` numbers.
    pub fn new(width: usize, device: &Device) -> Self {
        Self {
            norm: layer_norm(width, device),
        }
    }

    /// `[batch, length, width]` to the same shape.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        in_f32(x, |x| processor::layer_norm(&self.norm, x))
    }
}

/// Normalisation of feature maps, `[batch, channels, height, width]`.
#[derive(Module, Debug)]
pub enum MapNorm {
    /// Over batch and positions.
    Batch(BatchNorm),
    /// Over channels and positions, in one group or several; gain and shift a channel.
    Layer(GroupNorm),
}

impl MapNorm {
    /// The module for a choice in a setup.
    pub fn new(normalisation: Normalisation, channels: usize, device: &Device) -> Option<Self> {
        Some(match normalisation {
            Normalisation::None => return None,
            Normalisation::Batch => Self::Batch(BatchNormConfig::new(channels).init(device)),
            Normalisation::Layer => Self::Layer(group_norm(1, channels, device)),
            Normalisation::Group => Self::Layer(group_norm(groups(channels), channels, device)),
        })
    }

    /// `[batch, channels, height, width]` to the same shape.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        in_f32(x, |x| match self {
            Self::Batch(norm) => processor::batch_norm(norm, x),
            Self::Layer(norm) => normalise_groups(norm, x),
        })
    }
}

fn layer_norm(width: usize, device: &Device) -> LayerNorm {
    let config = LayerNormConfig::new(width).with_epsilon(processor::EPSILON);
    config.init(device)
}

fn group_norm(groups: usize, channels: usize, device: &Device) -> GroupNorm {
    GroupNormConfig::new(groups, channels).init(device)
}

/// Normalises `[batch, channels, …]` by groups of the channels, sample by sample. Burn takes two numbers or fewer for a tensor of too low a
/// rank; so few samples go through three times, which changes nothing for each.
fn normalise_groups<const D: usize>(norm: &GroupNorm, x: Tensor<D>) -> Tensor<D> {
    if x.shape().num_elements() > 2 {
        return norm.forward(x);
    }
    let samples = x.dims()[0];
    let thrice = Tensor::cat(vec![x.clone(), x.clone(), x], 0);
    norm.forward(thrice).narrow(0, 0, samples)
}

/// A convolution and the normalisation behind it.
#[derive(Module, Debug)]
pub struct NormedConv {
    conv: Conv2d,
    norm: Option<MapNorm>,
}

impl NormedConv {
    /// The convolution has a bias only where no normalisation follows, which would take it away again.
    pub fn new(make: &Maker<'_>, conv: Convolution, normalisation: Normalisation) -> Self {
        let has_bias = normalisation == Normalisation::None;
        Self {
            conv: make.conv(Convolution { has_bias, ..conv }),
            norm: MapNorm::new(normalisation, conv.channels[1], make.device),
        }
    }

    /// `[batch, channels, height, width]` to other channels, height and width.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = convolve(&self.conv, x);
        match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        }
    }
}

/// Down-sampling by a stride of 2.
#[derive(Module, Debug)]
pub enum Pool {
    /// The largest.
    Max(MaxPool2d),
    /// The mean.
    Average(AvgPool2d),
}

impl Pool {
    /// Over `kernel×kernel` positions, with `padding` on every side.
    pub fn new(pooling: Pooling, kernel: usize, padding: usize) -> Option<Self> {
        let (kernel, padding) = (
            [kernel; 2],
            PaddingConfig2d::Explicit(padding, padding, padding, padding),
        );
        Some(match pooling {
            Pooling::None => return None,
            Pooling::Max => Self::Max(
                MaxPool2dConfig::new(kernel)
                    .with_strides([2, 2])
                    .with_padding(padding)
                    .init(),
            ),
            Pooling::Average => Self::Average(
                AvgPool2dConfig::new(kernel)
                    .with_strides([2, 2])
                    .with_padding(padding)
                    .init(),
            ),
        })
    }

    /// `[batch, channels, height, width]` to half the height and width.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Max(pool) => pool.forward(x),
            Self::Average(pool) => pool.forward(x),
        }
    }
}

/// Mean over all positions: `[batch, channels, height, width]` to `[batch, channels]`.
pub fn global_average(x: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = x.dims();
    x.reshape([batch, channels, height * width])
        .mean_dim(2)
        .reshape([batch, channels])
}

/// Dropout, where a setup asks for any.
pub fn dropout(probability: f64) -> Option<Dropout> {
    (probability > 0.0).then(|| DropoutConfig::new(probability).init())
}

/// Drops, where there is anything to drop by.
pub fn drop<const D: usize>(dropout: &Option<Dropout>, x: Tensor<D>) -> Tensor<D> {
    match dropout {
        Some(dropout) => dropout.forward(x),
        None => x,
    }
}

/// `layer` on every position of `x` `[batch, positions, width]`, as one product of all positions: what Burn makes of three axes is a
/// product a sample, and on the way back a gradient of the weights for each sample, to be summed.
pub fn of_each(layer: &Linear, x: Tensor<3>) -> Tensor<3> {
    let [batch, length, width] = x.dims();
    let out = processor::linear(layer, x.reshape([batch * length, width]));
    let [_, to] = out.dims();
    out.reshape([batch, length, to])
}
