//! Convolutions with a kernel of 3×3 and a stride of 1, by the algorithm F(2×2, 3×3) of Winograd.
//!
//! Four pixels of the result, two by two, see a tile of 4×4 pixels. Taken one by one they need 36 multiplications for each pair of
//! channels; sixteen are enough between sums of the tile's pixels and sums of the kernel's weights (Lavin and Gray 2016, "Fast
//! Algorithms for Convolutional Neural Networks"):
//!
//! result = Aᵀ · [(G · kernel · Gᵀ) ⊙ (Bᵀ · tile · B)] · A
//!
//! Over all channels and tiles these are sixteen products of matrices, one for each place in a tile. The gradient of the images is
//! the same convolution with the kernels turned round; that of the kernels goes the same way back: Gᵀ · [(A · gradient · Aᵀ) ⊙
//! (Bᵀ · tile · B)] · G, with the sum over tiles taken by the products.

mod kernels;
mod tiles;

use super::geometry::Geometry;
use crate::models::processor::matrices::{Matrix, Onto, Threads, multiply};
use crate::models::processor::scratch::Scratch;
use crate::models::processor::threads::{share, share_with};
pub use kernels::Kernels;
use tiles::{Between, PLACES, Tiles};

/// Numbers that the tiles of a thread's images and their products may take together: 1 MiB, which the second cache of most
/// processors holds.
const BLOCK: usize = 1 << 18;

/// The same where all threads share a block: 16 MiB. Gradients are summed block by block, so this must not depend on the machine:
/// it would change the last bits of a run.
const SHARED_BLOCK: usize = 4 << 20;

/// Numbers that the tiles of one image and their products may take: 32 MiB, of which each thread needs as many.
const IMAGE_MAX: usize = 8 << 20;

/// Channels on either side from which on this is the fastest way (`benches/convolution.rs`).
const CHANNELS_MIN: usize = 32;

/// Numbers that are left between rows, which would lie a power of two apart without them: caches keep what does in the same few
/// places.
const APART: usize = 16;

/// Whether this is the way for it.
pub fn is_for(geometry: &Geometry) -> bool {
    let channels = geometry.from.min(geometry.to);
    geometry.kernel == [3, 3]
        && geometry.stride == [1, 1]
        && channels >= CHANNELS_MIN
        && of_images(&Tiles::new(geometry), 1, geometry) <= IMAGE_MAX
}

/// Numbers that the tiles of so many images and their products take.
fn of_images(tiles: &Tiles, images: usize, geometry: &Geometry) -> usize {
    PLACES * images * tiles.count() * (geometry.from + geometry.to)
}

/// `[batch, to, height, width]` of `x` `[batch, from, height, width]`, weights `[to, from, 3, 3]` and biases `[to]`.
pub fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, geometry: &Geometry) -> Vec<f32> {
    convolved(x, &Kernels::new(weight, geometry), bias, geometry)
}

/// The gradient of `x`, given that of the result, `[batch, to, height, width]`.
pub fn input_gradient(weight: &[f32], gradient: &[f32], geometry: &Geometry) -> Vec<f32> {
    let kernels = Kernels::backwards(weight, geometry);
    convolved(gradient, &kernels, None, &geometry.backwards())
}

/// The gradient of the weights, given that of the result.
pub fn weight_gradient(x: &[f32], gradient: &[f32], geometry: &Geometry) -> Vec<f32> {
    let blocks = Blocks::new(geometry, SHARED_BLOCK);
    let Geometry { from, to, .. } = *geometry;
    let (pixels, out_pixels) = (geometry.pixels(), geometry.out_pixels());
    let mut laid = Scratch::new(from * blocks.row());
    let mut gradients = Scratch::new(to * blocks.row());
    let of_place = to * from + APART;
    let mut sums = Scratch::new(PLACES * of_place);
    let images = x.chunks(blocks.images * from * pixels);
    let gradient = gradient.chunks(blocks.images * to * out_pixels);
    let mut onto = Onto::Anything;
    for (images, gradient) in images.zip(gradient) {
        let count = images.len() / (from * pixels) * blocks.tiles.count();
        blocks.lay_all(images, [from, pixels], &mut laid, Tiles::of_images);
        blocks.lay_all(
            gradient,
            [to, out_pixels],
            &mut gradients,
            Tiles::of_gradients,
        );
        let work = count * from * to;
        share(&mut sums, of_place, work, |place, sums| {
            let gradients = blocks.place(&gradients, place, [to, count]);
            let images = blocks.place(&laid, place, [from, count]).transposed();
            let sums = &mut sums[..to * from];
            multiply(gradients, images, sums, onto, Threads::One);
        });
        onto = Onto::Sums;
    }
    let of = |place: usize| &sums[place * of_place..][..to * from];
    kernels::gradient(of, geometry)
}

/// Block by block, each by one thread: what a block gives does not depend on others.
fn convolved(x: &[f32], kernels: &Kernels, bias: Option<&[f32]>, geometry: &Geometry) -> Vec<f32> {
    let blocks = Blocks::new(geometry, BLOCK);
    let images = blocks.images * geometry.from * geometry.pixels();
    let results = blocks.images * geometry.to * geometry.out_pixels();
    let mut result = vec![0.0; geometry.batch * geometry.to * geometry.out_pixels()];
    let work = result.len() * geometry.from;
    let room = || Room::new(&blocks, geometry);
    share_with(&mut result, results, work, room, |room, index, result| {
        let rest = &x[index * images..];
        let images = &rest[..rest.len().min(images)];
        room.convolve(images, kernels, bias, geometry, result);
    });
    result
}

/// What a thread needs for a block.
struct Room {
    blocks: Blocks,
    between: Between,
    /// Tiles of the images.
    laid: Scratch,
    /// For each place `[to, tiles]`.
    products: Scratch,
}

impl Room {
    fn new(blocks: &Blocks, geometry: &Geometry) -> Self {
        let of_place = geometry.to * blocks.images * blocks.tiles.count() + APART;
        Self {
            blocks: *blocks,
            between: blocks.tiles.between(),
            laid: Scratch::new(geometry.from * blocks.row()),
            products: Scratch::new(PLACES * of_place),
        }
    }

    fn convolve(
        &mut self,
        images: &[f32],
        kernels: &Kernels,
        bias: Option<&[f32]>,
        geometry: &Geometry,
        result: &mut [f32],
    ) {
        let Self {
            blocks,
            between,
            laid,
            products,
        } = self;
        let Geometry { from, to, .. } = *geometry;
        let (tiles, pixels) = (blocks.tiles, geometry.out_pixels());
        let count = result.len() / (to * pixels) * tiles.count();
        for (channel, row) in laid.chunks_exact_mut(blocks.row()).enumerate() {
            let planes = images.chunks_exact(geometry.pixels());
            let planes = planes.skip(channel).step_by(from);
            blocks.lay(planes, row, between, Tiles::of_images);
        }
        let of_place = to * count + APART;
        for place in 0..PLACES {
            let of_tiles = blocks.place(laid, place, [from, count]);
            let product = &mut products[place * of_place..][..to * count];
            let kernels = kernels.place(place);
            multiply(kernels, of_tiles, product, Onto::Anything, Threads::One);
        }
        let of_group = tiles.group() * to * pixels;
        for (group, result) in result.chunks_mut(of_group).enumerate() {
            for channel in 0..to {
                let first = channel * count + group * tiles.group() * tiles.count();
                let of = |place: usize| &products[place * of_place + first..];
                let planes = result.chunks_exact_mut(pixels).skip(channel).step_by(to);
                let bias = bias.map_or(0.0, |bias| bias[channel]);
                tiles.to_results(of, bias, between, planes);
            }
        }
    }
}

/// How images are taken, and where their tiles lie: a row for each channel, in it a run for each place in a tile, in it the tiles
/// of all images, group by group.
#[derive(Clone, Copy, Debug)]
struct Blocks {
    tiles: Tiles,
    /// Images of a block; the last has fewer.
    images: usize,
}

impl Blocks {
    /// Of about `numbers`, but of one group of images at least.
    fn new(geometry: &Geometry, numbers: usize) -> Self {
        let tiles = Tiles::new(geometry);
        let groups = (numbers / of_images(&tiles, tiles.group(), geometry)).max(1);
        let images = (groups * tiles.group()).min(geometry.batch);
        Self { tiles, images }
    }

    /// Numbers from one place's run to the next.
    fn pitch(&self) -> usize {
        self.images * self.tiles.count() + APART
    }

    /// Numbers from one channel's row to the next.
    fn row(&self) -> usize {
        PLACES * self.pitch() + APART
    }

    /// Lays the tiles of `images`, of so many channels with so many pixels, as `of_group` makes them of the planes of a group.
    fn lay_all(
        &self,
        images: &[f32],
        [channels, pixels]: [usize; 2],
        laid: &mut [f32],
        of_group: impl Fn(&Tiles, &[&[f32]], &mut Between, usize, &mut [f32]) + Sync + Send,
    ) {
        let (work, room) = (laid.len(), || self.tiles.between());
        share_with(laid, self.row(), work, room, |between, channel, row| {
            let planes = images.chunks_exact(pixels).skip(channel);
            self.lay(planes.step_by(channels), row, between, &of_group);
        });
    }

    /// Those of one channel.
    fn lay<'a>(
        &self,
        planes: impl Iterator<Item = &'a [f32]>,
        row: &mut [f32],
        between: &mut Between,
        of_group: impl Fn(&Tiles, &[&[f32]], &mut Between, usize, &mut [f32]),
    ) {
        let (tiles, planes) = (&self.tiles, planes.collect::<Vec<_>>());
        for (group, planes) in planes.chunks(tiles.group()).enumerate() {
            let first = group * tiles.group() * tiles.count();
            of_group(tiles, planes, between, self.pitch(), &mut row[first..]);
        }
    }

    /// The run of `place` of every channel: `[channels, tiles]`.
    fn place<'a>(&self, laid: &'a [f32], place: usize, sides: [usize; 2]) -> Matrix<'a> {
        Matrix::with_step(&laid[place * self.pitch()..], sides, self.row())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_images_and_few_channels_are_left_to_others() {
        let of = |channels: usize, side: usize| Geometry {
            batch: 8,
            from: channels,
            to: channels,
            side: [side; 2],
            kernel: [3, 3],
            stride: [1, 1],
            padding: [1, 1],
        };
        assert!(is_for(&of(32, 32)) && is_for(&of(64, 56)) && is_for(&of(512, 4)));
        assert!(!is_for(&of(31, 32)) && !is_for(&of(64, 224)));
        let geometry = Geometry {
            stride: [2, 2],
            ..of(64, 32)
        };
        assert!(!is_for(&geometry));
    }
}
