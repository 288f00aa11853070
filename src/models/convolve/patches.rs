//! Images laid out so that the patches of a convolution are the rows of a matrix, without being copied one by one.
//!
//! The pixels that a kernel covers in one column, all channels of each, are written below one another (`tower` numbers), column
//! after column, row after row of the result. The columns of a patch are then neighbours: a patch is a run of `depth` numbers,
//! and the next one begins a stride of columns further on. So a matrix of all patches is this memory seen with rows that
//! overlap; only the height of the kernel multiplies the numbers, not its width.

use super::geometry::Geometry;
use crate::models::processor::matrices::Matrix;
use crate::models::processor::scratch::Scratch;
use crate::models::processor::threads::share;

/// Side of the squares in which matrices are transposed: what is read and written fits into the first cache.
const TILE: usize = 16;

/// Laid images of a block.
pub struct Patches {
    geometry: Geometry,
    numbers: Scratch,
}

impl Patches {
    /// Room for one block of the images.
    pub fn new(geometry: Geometry) -> Self {
        // The last patches, which are of no use, reach past the last row.
        let count = geometry.block() * geometry.laid() + geometry.depth();
        Self {
            geometry,
            numbers: Scratch::new(count),
        }
    }

    /// Lays `images` `[images, channels, height, width]` and returns their patches, `[images · patches, depth]`; a patch is
    /// ordered by column, row and channel.
    pub fn of(&mut self, images: &[f32]) -> Matrix<'_> {
        let geometry = self.geometry;
        let count = images.len() / (geometry.from * geometry.pixels());
        let used = count * geometry.laid();
        let numbers = &mut self.numbers;
        numbers[used..used + geometry.depth()].fill(0.0);
        share(
            &mut numbers[..used],
            geometry.laid(),
            used,
            |index, laid| {
                let length = geometry.from * geometry.pixels();
                let image = &images[index * length..][..length];
                lay(image, &geometry, laid);
            },
        );
        let step = geometry.stride[1] * geometry.tower();
        let sides = [count * geometry.patches(), geometry.depth()];
        Matrix::with_step(numbers, sides, step)
    }
}

/// One image, every number of `laid` being written.
fn lay(image: &[f32], geometry: &Geometry, laid: &mut [f32]) {
    let (channels, [height, width]) = (geometry.from, geometry.side);
    let turned = transposed(image, channels, geometry.pixels());
    let row = geometry.pitch() * geometry.tower();
    for (index, laid) in laid.chunks_exact_mut(row).enumerate() {
        let first = index * geometry.stride[0];
        for (column, tower) in laid.chunks_exact_mut(geometry.tower()).enumerate() {
            let Some(x) = column.checked_sub(geometry.padding[1]) else {
                tower.fill(0.0);
                continue;
            };
            for (below, pixel) in tower.chunks_exact_mut(channels).enumerate() {
                match (first + below).checked_sub(geometry.padding[0]) {
                    Some(y) if y < height && x < width => {
                        let from = (y * width + x) * channels;
                        pixel.copy_from_slice(&turned[from..from + channels]);
                    }
                    _ => pixel.fill(0.0),
                }
            }
        }
    }
}

/// `[rows, columns]` to `[columns, rows]`.
fn transposed(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    if rows == 1 {
        return matrix.to_vec();
    }
    let mut turned = vec![0.0; rows * columns];
    for (tile, turned) in turned.chunks_mut(TILE * rows).enumerate() {
        for left in (0..rows).step_by(TILE) {
            for (below, line) in turned.chunks_exact_mut(rows).enumerate() {
                let line = &mut line[left..(left + TILE).min(rows)];
                let from = matrix[left * columns + tile * TILE + below..].iter();
                for (to, from) in line.iter_mut().zip(from.step_by(columns)) {
                    *to = *from;
                }
            }
        }
    }
    turned
}

/// What products of patches come to, `[images · patches, to]`, as `[images, to, height, width]`: without the patches of no use,
/// plus `bias` `[to]`.
pub fn as_images(product: &[f32], bias: Option<&[f32]>, geometry: &Geometry, images: &mut [f32]) {
    let [height, width] = geometry.out();
    let (to, columns) = (geometry.to, geometry.columns());
    let length = to * height * width;
    let work = images.len();
    share(images, length, work, |index, image| {
        let product = &product[index * geometry.patches() * to..];
        for y in 0..height {
            for left in (0..width).step_by(TILE) {
                let right = (left + TILE).min(width);
                for channel in 0..to {
                    let line = (channel * height + y) * width;
                    let line = &mut image[line + left..line + right];
                    let bias = bias.map_or(0.0, |bias| bias[channel]);
                    let from = product[(y * columns + left) * to + channel..].iter();
                    for (pixel, from) in line.iter_mut().zip(from.step_by(to)) {
                        *pixel = from + bias;
                    }
                }
            }
        }
    });
}

/// A gradient of the result, `[images, to, height, width]`, as `[to, images · patches]`, with zeros for the patches of no use; `room`
/// holds it.
pub fn by_patches<'a>(gradient: &[f32], geometry: &Geometry, room: &'a mut [f32]) -> Matrix<'a> {
    let [_, width] = geometry.out();
    let (pixels, to, columns) = (geometry.out_pixels(), geometry.to, geometry.columns());
    let count = gradient.len() / (to * pixels) * geometry.patches();
    let laid = &mut room[..to * count];
    let work = laid.len();
    share(laid, count, work, |channel, laid| {
        for (index, laid) in laid.chunks_exact_mut(geometry.patches()).enumerate() {
            let image = &gradient[(index * to + channel) * pixels..][..pixels];
            for (row, laid) in image
                .chunks_exact(width)
                .zip(laid.chunks_exact_mut(columns))
            {
                laid[..width].copy_from_slice(row);
                laid[width..].fill(0.0);
            }
        }
    });
    Matrix::new(laid, [to, count])
}
