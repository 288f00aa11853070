use burn::module::Module;
use burn::nn::Dropout;
use burn::tensor::{Device, Tensor};

use super::Samples;
use super::cnn::image;
use super::head::{Answer, Head};
use super::layers::{NonLinearity, NormedConv, drop, dropout, global_average};
use super::processor::add;
use super::weights::{Convolution, Maker};
use crate::setup::{InputShape, Inverted, MobilenetSetup};

/// MobileNetV2.
#[derive(Module, Debug)]
pub struct Mobilenet {
    stem: NormedConv,
    blocks: Vec<Block>,
    last: NormedConv,
    activation: NonLinearity,
    dropout: Option<Dropout>,
    pub(super) classes: Head,
    channels: usize,
    height: usize,
    width: usize,
}

/// Inverted residual: to more channels, each by itself, back to fewer.
#[derive(Module, Debug)]
struct Block {
    expansion: Option<NormedConv>,
    depthwise: NormedConv,
    projection: NormedConv,
    adds: bool,
}

impl Mobilenet {
    /// For images of shape `input`; `flattened` numbers leave the head.
    pub fn new(
        setup: &MobilenetSetup,
        input: InputShape,
        flattened: usize,
        answer: Answer<'_>,
        device: &Device,
    ) -> Self {
        let make = Maker::new(setup.initialisation, device);
        let (channels, height, width) = image(input);
        let keeps_size = setup.stem.keeps_size(height, width);
        let norm = setup.normalisation;
        let stem = Convolution {
            stride: MobilenetSetup::first_stride(keeps_size),
            ..Convolution::same(channels, setup.first(), 3)
        };
        let inverted = setup.blocks(keeps_size);
        let before = inverted.last().map_or(setup.first(), |block| block.to);
        let blocks = inverted.iter().map(|block| {
            let with_norm = |conv| NormedConv::new(&make, conv, norm);
            Block::new(block, with_norm)
        });
        Self {
            stem: NormedConv::new(&make, stem, norm),
            blocks: blocks.collect(),
            last: NormedConv::new(&make, Convolution::same(before, setup.last(), 1), norm),
            activation: NonLinearity::new(setup.activation),
            dropout: dropout(setup.dropout),
            classes: Head::new(&make, flattened, answer),
            channels,
            height,
            width,
        }
    }

    /// Images to answers `[batch, answer]`.
    pub fn forward(&self, samples: Samples) -> Tensor<2> {
        let x = samples.into_images(self.channels, self.height, self.width);
        let mut x = self.activation.forward(self.stem.forward(x));
        for block in &self.blocks {
            x = block.forward(x, &self.activation);
        }
        let x = self.activation.forward(self.last.forward(x));
        self.classes.forward(drop(&self.dropout, global_average(x)))
    }
}

impl Block {
    fn new(block: &Inverted, with_norm: impl Fn(Convolution) -> NormedConv) -> Self {
        let expansion = Convolution::same(block.from, block.hidden, 1);
        let depthwise = Convolution {
            stride: block.stride,
            groups: block.hidden,
            ..Convolution::same(block.hidden, block.hidden, 3)
        };
        Self {
            expansion: block.expands().then(|| with_norm(expansion)),
            depthwise: with_norm(depthwise),
            projection: with_norm(Convolution::same(block.hidden, block.to, 1)),
            adds: block.adds(),
        }
    }

    fn forward(&self, x: Tensor<4>, activation: &NonLinearity) -> Tensor<4> {
        let entered = self.adds.then(|| x.clone());
        let mut x = x;
        if let Some(expansion) = &self.expansion {
            x = activation.forward(expansion.forward(x));
        }
        x = activation.forward(self.depthwise.forward(x));
        x = self.projection.forward(x);
        match entered {
            Some(entered) => add(x, entered),
            None => x,
        }
    }
}
