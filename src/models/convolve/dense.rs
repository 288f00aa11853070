//! Convolutions in one group as products of patches and weights, block by block of the images.

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::FloatTensorOps;
use burn::tensor::Shape;

use super::geometry::Geometry;
use super::patches::{Patches, as_images, by_patches, matrix};
use crate::models::processor::threads::share;

/// `[batch, to, height, width]` of `x` `[batch, from, height, width]`, weights `[to, from, kernel height, kernel width]` and
/// biases `[to]`.
pub fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, geometry: &Geometry) -> Vec<f32> {
    let depth = geometry.depth();
    let mut ordered = vec![0.0; weight.len()];
    share(&mut ordered, depth, weight.len(), |to, ordered| {
        let weight = &weight[to * depth..(to + 1) * depth];
        by_column(geometry, |patch, kernel| ordered[patch] = weight[kernel]);
    });
    // As many rows as a patch has numbers, and a column for each channel of the result.
    let layout = Layout::new(
        Shape::from(vec![depth, geometry.to]),
        vec![1, depth as isize],
        0,
    );
    let weight = matrix(ordered, [geometry.to, depth]).with_layout(layout);
    products(x, &weight, bias, geometry)
}

/// The gradient of `x`, given that of the result, `[batch, to, height, width]`: for a stride of 1 it is a convolution of that with
/// the weights turned round, from the channels of the result to those of `x`.
pub fn input_gradient(weight: &[f32], gradient: &[f32], geometry: &Geometry) -> Vec<f32> {
    let Geometry { from, to, .. } = *geometry;
    let [height, width] = geometry.kernel;
    let mut turned = vec![0.0; weight.len()];
    share(&mut turned, to * from, weight.len(), |place, turned| {
        let (column, row) = (place / height, place % height);
        let tap = (height - 1 - row) * width + (width - 1 - column);
        let taken = weight[tap..].iter().step_by(height * width);
        for (turned, weight) in turned.iter_mut().zip(taken) {
            *turned = *weight;
        }
    });
    let weight = matrix(turned, [height * width * to, from]);
    products(gradient, &weight, None, &geometry.backwards())
}

/// The gradient of the weights, given that of the result.
pub fn weight_gradient(x: &[f32], gradient: &[f32], geometry: &Geometry) -> Vec<f32> {
    let depth = geometry.depth();
    let mut patches = Patches::new(*geometry);
    let mut sums: Option<Vec<f32>> = None;
    let images = x.chunks(geometry.block() * geometry.from * geometry.pixels());
    let gradients = gradient.chunks(geometry.block() * geometry.to * geometry.out_pixels());
    for (images, gradient) in images.zip(gradients) {
        let product = Flex::float_matmul(by_patches(gradient, geometry), patches.of(images));
        let product: &[f32] = product.storage();
        match &mut sums {
            None => sums = Some(product.to_vec()),
            Some(sums) => {
                for (sum, product) in sums.iter_mut().zip(product) {
                    *sum += product;
                }
            }
        }
    }
    let mut result = vec![0.0; geometry.to * depth];
    if let Some(sums) = sums {
        let work = result.len();
        share(&mut result, depth, work, |to, result| {
            let sums = &sums[to * depth..(to + 1) * depth];
            by_column(geometry, |patch, kernel| result[kernel] = sums[patch]);
        });
    }
    result
}

/// Products of the patches of `x` and `weight` `[depth, to]`, as images.
fn products(x: &[f32], weight: &FlexTensor, bias: Option<&[f32]>, geometry: &Geometry) -> Vec<f32> {
    let mut patches = Patches::new(*geometry);
    let mut result = vec![0.0; geometry.batch * geometry.to * geometry.out_pixels()];
    let images = x.chunks(geometry.block() * geometry.from * geometry.pixels());
    let results = result.chunks_mut(geometry.block() * geometry.to * geometry.out_pixels());
    for (images, result) in images.zip(results) {
        let product = Flex::float_matmul(patches.of(images), weight.clone());
        as_images(product.storage(), bias, geometry, result);
    }
    result
}

/// Calls `pair` with each place in a patch, which is ordered by column, row and channel, and its place in a kernel, which is
/// ordered by channel, row and column.
fn by_column(geometry: &Geometry, mut pair: impl FnMut(usize, usize)) {
    let [height, width] = geometry.kernel;
    for column in 0..width {
        for row in 0..height {
            for channel in 0..geometry.from {
                let patch = (column * height + row) * geometry.from + channel;
                pair(patch, (channel * height + row) * width + column);
            }
        }
    }
}
