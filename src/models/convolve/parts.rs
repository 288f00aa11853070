//! The parts of a convolution's training step, each in the way that is fastest on the processor.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::ops::{ConvOptions, FloatTensorOps, ModuleOps};
use burn::tensor::Shape;

use super::geometry::Geometry;
use super::{dense, planes, winograd};
use crate::models::processor::sums::sum;
use crate::models::processor::tensors::{numbers, tensor};
use crate::models::processor::threads::each_of;

/// Channels of the images below which Burn's own gradient of the images is faster: its product has one row for each of them.
const CHANNELS_MIN: usize = 16;

/// Channels of the images in a group up to which it is faster plane by plane; larger groups are left to Burn.
const GROUP_MAX: usize = 8;

/// A convolution without dilation, whose padding is the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Sizes; the channels are those of all groups.
    pub geometry: Geometry,
    /// Groups of channels that see nothing of each other.
    pub groups: usize,
}

impl Convolution {
    /// Whether there is a way of our own for it.
    pub fn is_known(&self) -> bool {
        let geometry = &self.geometry;
        let is_smaller = |axis: usize| {
            geometry.padding[axis] < geometry.kernel[axis]
                && geometry.side[axis] + 2 * geometry.padding[axis] >= geometry.kernel[axis]
        };
        let has_numbers = geometry.batch * geometry.from * geometry.to > 0;
        let is_small = self.groups == 1 || geometry.from / self.groups <= GROUP_MAX;
        has_numbers && is_smaller(0) && is_smaller(1) && is_small
    }

    /// A channel of the result sees one of the images, or few.
    fn is_by_planes(&self) -> bool {
        self.groups > 1 || self.geometry.from == 1
    }

    fn is_by_tiles(&self) -> bool {
        self.groups == 1 && winograd::is_for(&self.geometry)
    }

    /// Single pixels: the images are their patches.
    fn is_pointwise(&self) -> bool {
        let Geometry {
            kernel,
            stride,
            padding,
            ..
        } = self.geometry;
        self.groups == 1 && kernel == [1, 1] && stride == [1, 1] && padding == [0, 0]
    }

    fn options(&self) -> ConvOptions<2> {
        let Geometry {
            stride, padding, ..
        } = self.geometry;
        ConvOptions::new(stride, padding, [1, 1], self.groups)
    }

    /// `[batch, to, height, width]` of `x`, `weight` `[to, from / groups, kernel height, kernel width]` and `bias` `[to]`.
    pub fn forward(
        &self,
        x: FlexTensor,
        weight: FlexTensor,
        bias: Option<FlexTensor>,
    ) -> FlexTensor {
        if self.is_pointwise() {
            return Flex::conv2d(x, weight, bias, self.options());
        }
        let (x, weight) = (x.to_contiguous(), weight.to_contiguous());
        let bias = bias.map(|bias| bias.to_contiguous());
        let bias = bias.as_ref().map(numbers);
        let out = if self.is_by_planes() {
            planes::forward(
                numbers(&x),
                numbers(&weight),
                bias,
                &self.geometry,
                self.groups,
            )
        } else {
            let forward = match self.is_by_tiles() {
                true => winograd::forward,
                false => dense::forward,
            };
            forward(numbers(&x), numbers(&weight), bias, &self.geometry)
        };
        let [height, width] = self.geometry.out();
        tensor(out, [self.geometry.batch, self.geometry.to, height, width])
    }

    /// The gradient of `x`, in its shape, given that of the result.
    pub fn input_gradient(
        &self,
        x: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
    ) -> FlexTensor {
        let Geometry {
            batch,
            from,
            side: [height, width],
            stride,
            ..
        } = self.geometry;
        let is_left = self.is_pointwise() || stride != [1, 1] || from < CHANNELS_MIN;
        if is_left && self.groups == 1 {
            return Flex::conv2d_x_backward(x, weight, gradient, self.options());
        }
        let (weight, gradient) = (weight.to_contiguous(), gradient.to_contiguous());
        let out = if self.groups > 1 {
            planes::input_gradient(
                numbers(&weight),
                numbers(&gradient),
                &self.geometry,
                self.groups,
            )
        } else {
            let input_gradient = match self.is_by_tiles() {
                true => winograd::input_gradient,
                false => dense::input_gradient,
            };
            input_gradient(numbers(&weight), numbers(&gradient), &self.geometry)
        };
        tensor(out, [batch, from, height, width])
    }

    /// The gradient of the weights, in their shape, given that of the result.
    pub fn weight_gradient(&self, x: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let (x, gradient) = (x.to_contiguous(), gradient.to_contiguous());
        let Geometry {
            from,
            to,
            kernel: [height, width],
            ..
        } = self.geometry;
        let out = if self.is_by_planes() {
            planes::weight_gradient(numbers(&x), numbers(&gradient), &self.geometry, self.groups)
        } else if self.is_pointwise() {
            return self.pointwise_weight_gradient(x, gradient);
        } else {
            let weight_gradient = match self.is_by_tiles() {
                true => winograd::weight_gradient,
                false => dense::weight_gradient,
            };
            weight_gradient(numbers(&x), numbers(&gradient), &self.geometry)
        };
        tensor(out, [to, from / self.groups, height, width])
    }

    /// The sum over the images of their products, which need no other layout.
    fn pointwise_weight_gradient(&self, x: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let Geometry {
            batch, from, to, ..
        } = self.geometry;
        let pixels = self.geometry.pixels();
        let x = x.reshape(Shape::from(vec![batch, from, pixels]));
        let gradient = gradient.reshape(Shape::from(vec![batch, to, pixels]));
        let products = Flex::float_matmul(gradient, x.transpose(1, 2));
        let sum = Flex::float_sum_dim(products, 0);
        sum.reshape(Shape::from(vec![to, from, 1, 1]))
    }

    /// The gradient of the biases, `[to]`, given that of the result.
    pub fn bias_gradient(&self, gradient: FlexTensor) -> FlexTensor {
        let gradient = gradient.to_contiguous();
        let (images, to) = (numbers(&gradient), self.geometry.to);
        let sums = each_of(to, images.len(), |channel| {
            let planes = images.chunks_exact(self.geometry.out_pixels());
            planes.skip(channel).step_by(to).map(sum).sum::<f64>() as f32
        });
        tensor(sums, [to])
    }
}
