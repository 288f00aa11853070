use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, Linear, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::layers::{MapNorm, NonLinearity, dropout, linear};
use crate::setup::{CnnHead, CnnSetup, InputShape, Pooling};

/// Convolutional network: blocks of convolutions closed by pooling, a head, linear layers.
#[derive(Module, Debug)]
pub struct Cnn {
    blocks: Vec<Block>,
    activation: NonLinearity,
    dropout: Option<Dropout>,
    hidden: Vec<Linear>,
    classes: Linear,
    channels: usize,
    height: usize,
    width: usize,
    global_average: bool,
}

#[derive(Module, Debug)]
struct Block {
    convolutions: Vec<Conv2d>,
    norms: Vec<Option<MapNorm>>,
    pooling: Option<Pool>,
}

#[derive(Module, Debug)]
enum Pool {
    Max(MaxPool2d),
    Average(AvgPool2d),
}

impl Cnn {
    /// For images of shape `input`; `flattened` numbers leave the head.
    pub fn new(
        setup: &CnnSetup,
        input: InputShape,
        flattened: usize,
        classes: usize,
        device: &Device,
    ) -> Self {
        // A plan was made before, which refuses anything but images.
        let (channels, height, width) = match input {
            InputShape::Image {
                channels,
                height,
                width,
            } => (channels, height, width),
            other => (1, 1, other.len()),
        };
        let mut from = channels;
        let blocks = setup
            .channels
            .iter()
            .map(|&to| {
                let block = Block::new(setup, from, to, device);
                from = to;
                block
            })
            .collect();
        let mut vector = flattened;
        let hidden = setup
            .hidden
            .iter()
            .map(|&to| {
                let layer = linear(vector, to, device);
                vector = to;
                layer
            })
            .collect();
        Self {
            blocks,
            activation: NonLinearity::new(setup.activation, device),
            dropout: dropout(setup.dropout),
            hidden,
            classes: linear(vector, classes, device),
            channels,
            height,
            width,
            global_average: setup.head == CnnHead::GlobalAverage,
        }
    }

    /// `[batch, channels · height · width]` to class scores `[batch, classes]`.
    pub fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let [batch, _] = samples.dims();
        let mut x = samples.reshape([batch, self.channels, self.height, self.width]);
        for block in &self.blocks {
            x = block.forward(x, &self.activation);
        }
        let [_, channels, height, width] = x.dims();
        let mut x = if self.global_average {
            x.reshape([batch, channels, height * width])
                .mean_dim(2)
                .reshape([batch, channels])
        } else {
            x.reshape([batch, channels * height * width])
        };
        for layer in &self.hidden {
            x = self.activation.forward(layer.forward(self.drop(x)));
        }
        self.classes.forward(self.drop(x))
    }

    fn drop(&self, x: Tensor<2>) -> Tensor<2> {
        match &self.dropout {
            Some(dropout) => dropout.forward(x),
            None => x,
        }
    }
}

impl Block {
    fn new(setup: &CnnSetup, from: usize, to: usize, device: &Device) -> Self {
        let (mut convolutions, mut norms) = (Vec::new(), Vec::new());
        let mut channels = from;
        let half = setup.kernel / 2;
        for _ in 0..setup.convolutions {
            convolutions.push(
                Conv2dConfig::new([channels, to], [setup.kernel, setup.kernel])
                    .with_padding(PaddingConfig2d::Explicit(half, half, half, half))
                    .init(device),
            );
            norms.push(MapNorm::new(setup.normalisation, to, device));
            channels = to;
        }
        let pooling = match setup.pooling {
            Pooling::None => None,
            Pooling::Max => Some(Pool::Max(
                MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            )),
            Pooling::Average => Some(Pool::Average(
                AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            )),
        };
        Self {
            convolutions,
            norms,
            pooling,
        }
    }

    fn forward(&self, x: Tensor<4>, activation: &NonLinearity) -> Tensor<4> {
        let mut x = x;
        for (convolution, norm) in self.convolutions.iter().zip(&self.norms) {
            x = convolution.forward(x);
            if let Some(norm) = norm {
                x = norm.forward(x);
            }
            x = activation.forward(x);
        }
        match &self.pooling {
            Some(Pool::Max(pool)) => pool.forward(x),
            Some(Pool::Average(pool)) => pool.forward(x),
            None => x,
        }
    }
}
