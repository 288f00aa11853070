//! Plain stacks of convolutions: `cnn`, `lenet5`, `vgg`.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Dropout, Linear};
use burn::tensor::{Device, Tensor};

use super::Samples;
use super::convolve::convolve;
use super::head::{Answer, Head};
use super::layers::{MapNorm, NonLinearity, Pool, drop, dropout, global_average};
use super::processor::linear;
use super::weights::{Convolution, Maker};
use crate::setup::{
    Activation, CnnHead, CnnSetup, Initialisation, InputShape, Lenet5Setup, Normalisation, Pooling,
    VggSetup,
};

/// Convolutional network: blocks of convolutions closed by pooling, a head, linear layers.
#[derive(Module, Debug)]
pub struct Cnn {
    blocks: Vec<Block>,
    activation: NonLinearity,
    dropout: Option<Dropout>,
    hidden: Vec<Linear>,
    pub(super) classes: Head,
    channels: usize,
    height: usize,
    width: usize,
    global_average: bool,
}

/// Convolutions, each with normalisation and activation, and what halves the image.
#[derive(Module, Debug)]
struct Block {
    convolutions: Vec<Conv2d>,
    norms: Vec<Option<MapNorm>>,
    pooling: Option<Pool>,
}

/// What a stack of convolutions is made of.
struct Parts<'a> {
    blocks: Vec<BlockParts>,
    normalisation: Normalisation,
    activation: Activation,
    head: CnnHead,
    hidden: &'a [usize],
    dropout: f64,
    initialisation: Initialisation,
}

struct BlockParts {
    out: usize,
    convolutions: usize,
    kernel: usize,
    /// Zeros around the image before each convolution: top, left, bottom, right.
    padding: [usize; 4],
    pooling: Pooling,
}

impl Cnn {
    /// For images of shape `input`; `flattened` numbers leave the head.
    pub fn of_cnn(
        setup: &CnnSetup,
        input: InputShape,
        flattened: usize,
        answer: Answer<'_>,
        device: &Device,
    ) -> Self {
        let blocks = setup.channels.iter().map(|&out| BlockParts {
            out,
            convolutions: setup.convolutions,
            kernel: setup.kernel,
            padding: [setup.kernel / 2; 4],
            pooling: setup.pooling,
        });
        let parts = Parts {
            blocks: blocks.collect(),
            normalisation: setup.normalisation,
            activation: setup.activation,
            head: setup.head,
            hidden: &setup.hidden,
            dropout: setup.dropout,
            initialisation: setup.initialisation,
        };
        Self::new(parts, input, flattened, answer, device)
    }

    /// As [`Cnn::of_cnn`].
    pub fn of_lenet5(
        setup: &Lenet5Setup,
        input: InputShape,
        flattened: usize,
        answer: Answer<'_>,
        device: &Device,
    ) -> Self {
        let (_, height, width) = image(input);
        let paddings = [Lenet5Setup::padding(height, width), [0; 4]];
        let blocks = Lenet5Setup::CHANNELS.into_iter().zip(paddings);
        let blocks = blocks.map(|(out, padding)| BlockParts {
            out,
            convolutions: 1,
            kernel: Lenet5Setup::KERNEL,
            padding,
            pooling: setup.pooling,
        });
        let parts = Parts {
            blocks: blocks.collect(),
            normalisation: setup.normalisation,
            activation: setup.activation,
            head: CnnHead::Flatten,
            hidden: &Lenet5Setup::HIDDEN,
            dropout: setup.dropout,
            initialisation: setup.initialisation,
        };
        Self::new(parts, input, flattened, answer, device)
    }

    /// As [`Cnn::of_cnn`].
    pub fn of_vgg(
        setup: &VggSetup,
        input: InputShape,
        flattened: usize,
        answer: Answer<'_>,
        device: &Device,
    ) -> Self {
        let (_, mut height, mut width) = image(input);
        let blocks = setup.blocks().into_iter().map(|(out, convolutions)| {
            let pools = VggSetup::pools(height, width);
            if pools {
                (height, width) = (height / 2, width / 2);
            }
            BlockParts {
                out,
                convolutions,
                kernel: 3,
                padding: [1; 4],
                pooling: if pools { Pooling::Max } else { Pooling::None },
            }
        });
        let parts = Parts {
            blocks: blocks.collect(),
            normalisation: setup.normalisation,
            activation: setup.activation,
            head: setup.head,
            hidden: &setup.hidden,
            dropout: setup.dropout,
            initialisation: setup.initialisation,
        };
        Self::new(parts, input, flattened, answer, device)
    }

    fn new(
        parts: Parts<'_>,
        input: InputShape,
        flattened: usize,
        answer: Answer<'_>,
        device: &Device,
    ) -> Self {
        let make = Maker::new(parts.initialisation, device);
        let (channels, height, width) = image(input);
        let mut from = channels;
        let blocks = parts
            .blocks
            .iter()
            .map(|block| {
                let built = Block::new(block, from, parts.normalisation, &make);
                from = block.out;
                built
            })
            .collect();
        let mut vector = flattened;
        let hidden = parts
            .hidden
            .iter()
            .map(|&to| {
                let layer = make.linear(vector, to);
                vector = to;
                layer
            })
            .collect();
        Self {
            blocks,
            activation: NonLinearity::new(parts.activation),
            dropout: dropout(parts.dropout),
            hidden,
            classes: Head::new(&make, vector, answer),
            channels,
            height,
            width,
            global_average: parts.head == CnnHead::GlobalAverage,
        }
    }

    /// Images to answers `[batch, answer]`.
    pub fn forward(&self, samples: Samples) -> Tensor<2> {
        let mut x = samples.into_images(self.channels, self.height, self.width);
        for block in &self.blocks {
            x = block.forward(x, &self.activation);
        }
        let mut x = if self.global_average {
            global_average(x)
        } else {
            x.flatten(1, 3)
        };
        for layer in &self.hidden {
            x = linear(layer, drop(&self.dropout, x));
            x = self.activation.forward(x);
        }
        self.classes.forward(drop(&self.dropout, x))
    }
}

impl Block {
    fn new(parts: &BlockParts, from: usize, norm: Normalisation, make: &Maker<'_>) -> Self {
        let (mut convolutions, mut norms) = (Vec::new(), Vec::new());
        let mut channels = from;
        for _ in 0..parts.convolutions {
            convolutions.push(make.conv(Convolution {
                padding: parts.padding,
                ..Convolution::same(channels, parts.out, parts.kernel)
            }));
            norms.push(MapNorm::new(norm, parts.out, make.device));
            channels = parts.out;
        }
        Self {
            convolutions,
            norms,
            pooling: Pool::new(parts.pooling, 2, 0),
        }
    }

    fn forward(&self, x: Tensor<4>, activation: &NonLinearity) -> Tensor<4> {
        let mut x = x;
        for (convolution, norm) in self.convolutions.iter().zip(&self.norms) {
            x = convolve(convolution, x);
            if let Some(norm) = norm {
                x = norm.forward(x);
            }
            x = activation.forward(x);
        }
        match &self.pooling {
            Some(pool) => pool.forward(x),
            None => x,
        }
    }
}

/// Channels, height and width. A plan was made before, which refuses anything but images.
pub(super) fn image(input: InputShape) -> (usize, usize, usize) {
    match input {
        InputShape::Image {
            channels,
            height,
            width,
        } => (channels, height, width),
        other => (1, 1, other.len()),
    }
}
