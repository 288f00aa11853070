use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::attention::{Places, Stack};
use super::cnn::image;
use super::head::{Answer, Head};
use super::layers::of_each;
use super::weights::Maker;
use crate::setup::{InputShape, SequencePooling, VitSetup};

/// Vision transformer.
#[derive(Module, Debug)]
pub struct Vit {
    patches: Linear,
    places: Places,
    stack: Stack,
    pub(super) classes: Head,
    channels: usize,
    rows: usize,
    columns: usize,
    patch: usize,
    has_class_token: bool,
}

impl Vit {
    /// For images of shape `input`, whose height and width the patches divide.
    pub fn new(setup: &VitSetup, input: InputShape, answer: Answer<'_>, device: &Device) -> Self {
        let make = Maker::new(setup.initialisation, device);
        let (channels, height, width) = image(input);
        let (rows, columns) = (height / setup.patch, width / setup.patch);
        let has_class_token = setup.pooling == SequencePooling::ClassToken;
        Self {
            patches: make.linear(channels * setup.patch * setup.patch, setup.width),
            places: Places::new(rows * columns, setup.width, has_class_token, true, &make),
            stack: Stack::new(&setup.stack(), &make),
            classes: Head::new(&make, setup.width, answer),
            channels,
            rows,
            columns,
            patch: setup.patch,
            has_class_token,
        }
    }

    /// `[batch, channels · height · width]` to answers `[batch, answer]`.
    pub fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let [batch, _] = samples.dims();
        let (rows, columns, patch) = (self.rows, self.columns, self.patch);
        // A patch is contiguous in no layout of an image: rows and columns of patches first, then what is within them.
        let patches = samples
            .reshape([batch, self.channels, rows, patch, columns, patch])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([batch, rows * columns, self.channels * patch * patch]);
        let x = self.places.forward(of_each(&self.patches, patches));
        let x = self.stack.forward(x);
        let vector = if self.has_class_token {
            at(x, 0)
        } else {
            mean(x)
        };
        self.classes.forward(vector)
    }
}

/// The vectors at one position: `[batch, length, width]` to `[batch, width]`.
pub(super) fn at(x: Tensor<3>, position: usize) -> Tensor<2> {
    let [batch, _, width] = x.dims();
    x.narrow(1, position, 1).reshape([batch, width])
}

/// Mean over the positions: `[batch, length, width]` to `[batch, width]`.
pub(super) fn mean(x: Tensor<3>) -> Tensor<2> {
    let [batch, _, width] = x.dims();
    x.mean_dim(1).reshape([batch, width])
}
