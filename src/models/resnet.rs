use burn::module::Module;
use burn::nn::Dropout;
use burn::tensor::{Device, Tensor};

use super::Samples;
use super::cnn::image;
use super::head::{Answer, Head};
use super::layers::{NonLinearity, NormedConv, Pool, drop, dropout, global_average};
use super::processor::add;
use super::weights::{Convolution, Maker};
use crate::setup::{InputShape, Pooling, Residual, ResnetSetup};

/// Residual network of basic blocks or bottlenecks.
#[derive(Module, Debug)]
pub struct Resnet {
    stem: NormedConv,
    pool: Option<Pool>,
    blocks: Vec<Block>,
    activation: NonLinearity,
    dropout: Option<Dropout>,
    pub(super) classes: Head,
    channels: usize,
    height: usize,
    width: usize,
}

/// Convolutions with the activation between them, and what their input is brought to the same shape by.
#[derive(Module, Debug)]
struct Block {
    convolutions: Vec<NormedConv>,
    shortcut: Option<NormedConv>,
}

impl Resnet {
    /// For images of shape `input`; `flattened` numbers leave the head.
    pub fn new(
        setup: &ResnetSetup,
        input: InputShape,
        flattened: usize,
        answer: Answer<'_>,
        device: &Device,
    ) -> Self {
        let make = Maker::new(setup.initialisation, device);
        let (channels, height, width) = image(input);
        let keeps_size = setup.stem.keeps_size(height, width);
        let stem = if keeps_size {
            Convolution::same(channels, setup.width, 3)
        } else {
            Convolution {
                stride: 2,
                ..Convolution::same(channels, setup.width, 7)
            }
        };
        let pool = if keeps_size {
            Pooling::None
        } else {
            Pooling::Max
        };
        let mut from = setup.width;
        let blocks = setup.blocks().into_iter().map(|block| {
            let built = Block::new(setup, from, &block, &make);
            from = block.out;
            built
        });
        let blocks = blocks.collect();
        Self {
            stem: NormedConv::new(&make, stem, setup.normalisation),
            pool: Pool::new(pool, 3, 1),
            blocks,
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
        if let Some(pool) = &self.pool {
            x = pool.forward(x);
        }
        for block in &self.blocks {
            x = block.forward(x, &self.activation);
        }
        self.classes.forward(drop(&self.dropout, global_average(x)))
    }
}

impl Block {
    fn new(setup: &ResnetSetup, from: usize, block: &Residual, make: &Maker<'_>) -> Self {
        let middle = block.channels;
        let strided = |conv: Convolution| Convolution {
            stride: block.stride,
            ..conv
        };
        let convolutions = if setup.has_bottlenecks() {
            vec![
                Convolution::same(from, middle, 1),
                strided(Convolution::same(middle, middle, 3)),
                Convolution::same(middle, block.out, 1),
            ]
        } else {
            vec![
                strided(Convolution::same(from, middle, 3)),
                Convolution::same(middle, block.out, 3),
            ]
        };
        let with_norm = |conv| NormedConv::new(make, conv, setup.normalisation);
        let reshapes = block.stride != 1 || from != block.out;
        let shortcut = reshapes.then(|| strided(Convolution::same(from, block.out, 1)));
        Self {
            convolutions: convolutions.into_iter().map(with_norm).collect(),
            shortcut: shortcut.map(with_norm),
        }
    }

    fn forward(&self, x: Tensor<4>, activation: &NonLinearity) -> Tensor<4> {
        let entered = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x.clone()),
            None => x.clone(),
        };
        let mut x = x;
        for (i, convolution) in self.convolutions.iter().enumerate() {
            if i > 0 {
                x = activation.forward(x);
            }
            x = convolution.forward(x);
        }
        activation.forward(add(x, entered))
    }
}
