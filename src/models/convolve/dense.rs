//! Convolutions in one group as products of patches and weights, block by block of the images.

use super::geometry::Geometry;
use super::patches::{Patches, as_images, by_patches};
use crate::models::processor::matrices::{Matrix, Onto, Threads, multiply};
use crate::models::processor::scratch::Scratch;
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
    let weight = Matrix::new(&ordered, [geometry.to, depth]);
    products(x, weight.transposed(), bias, geometry)
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
    let weight = Matrix::new(&turned, [height * width * to, from]);
    products(gradient, weight, None, &geometry.backwards())
}

/// The gradient of the weights, given that of the result.
pub fn weight_gradient(x: &[f32], gradient: &[f32], geometry: &Geometry) -> Vec<f32> {
    let depth = geometry.depth();
    let mut patches = Patches::new(*geometry);
    let mut of_patches = Scratch::new(geometry.to * geometry.block() * geometry.patches());
    let mut sums = Scratch::new(geometry.to * depth);
    let mut onto = Onto::Anything;
    let images = x.chunks(geometry.block() * geometry.from * geometry.pixels());
    let gradients = gradient.chunks(geometry.block() * geometry.to * geometry.out_pixels());
    for (images, gradient) in images.zip(gradients) {
        let gradient = by_patches(gradient, geometry, &mut of_patches);
        let patches = patches.of(images);
        multiply(gradient, patches, &mut sums, onto, Threads::All);
        onto = Onto::Sums;
    }
    let mut result = vec![0.0; geometry.to * depth];
    let work = result.len();
    share(&mut result, depth, work, |to, result| {
        let sums = &sums[to * depth..(to + 1) * depth];
        by_column(geometry, |patch, kernel| result[kernel] = sums[patch]);
    });
    result
}

/// Products of the patches of `x` and `weight` `[depth, to]`, as images.
fn products(x: &[f32], weight: Matrix<'_>, bias: Option<&[f32]>, geometry: &Geometry) -> Vec<f32> {
    let mut patches = Patches::new(*geometry);
    let mut product = Scratch::new(geometry.block() * geometry.patches() * geometry.to);
    let mut result = vec![0.0; geometry.batch * geometry.to * geometry.out_pixels()];
    let images = x.chunks(geometry.block() * geometry.from * geometry.pixels());
    let results = result.chunks_mut(geometry.block() * geometry.to * geometry.out_pixels());
    for (images, result) in images.zip(results) {
        let count = images.len() / (geometry.from * geometry.pixels());
        let product = &mut product[..count * geometry.patches() * geometry.to];
        multiply(
            patches.of(images),
            weight,
            product,
            Onto::Anything,
            Threads::All,
        );
        as_images(product, bias, geometry, result);
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
