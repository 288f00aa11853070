//! Images that stay on the device as bytes: gathered, changed and normalised there.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::Shape;
use super::draws::Change;
use crate::data::Normalisation;
use crate::device::{Gathering, Images};

/// Bytes in one tensor: every adapter can bind 128 MiB at once (the least that WebGPU promises).
const PART_BYTES_MAX: usize = 128 << 20;
/// Numbers of a [`Change`], as the device takes them.
const NUMBERS_OF_CHANGE: usize = 5;

/// Images on a device, four pixels in a 32-bit word, as there are no bytes in WGSL.
pub struct Pixels {
    /// `[images, words]` each; every part but the last has `part_images`.
    parts: Vec<Tensor<2, Int>>,
    part_images: usize,
    shape: Shape,
    /// Bit at which each pixel of a word begins, `[1, 1, 4]`.
    shifts: Tensor<3, Int>,
    /// `[1, channels, 1]`.
    mean: Tensor<3>,
    /// `[1, channels, 1]`.
    deviation: Tensor<3>,
    /// `[1, height]` and `[1, width]`: 0, 1, …
    rows: Tensor<2, Int>,
    columns: Tensor<2, Int>,
    /// Mean and deviation of each channel, `[channels, 2]`, where a kernel of our own makes the batches.
    kernel_scale: Option<Tensor<2>>,
}

impl Pixels {
    /// Puts images of `shape` on `device`, which computes with wgpu where `with_kernel`: then one kernel makes a batch, else
    /// tensor operations do.
    pub fn new(
        pixels: &[u8],
        shape: Shape,
        normalisation: &Normalisation,
        with_kernel: bool,
        device: &Device,
    ) -> Self {
        let words = shape.len().div_ceil(4);
        let part_images = (PART_BYTES_MAX / (words * 4)).max(1);
        let parts = pixels.chunks(part_images * shape.len()).map(|part| {
            let images = part.len() / shape.len();
            let packed: Vec<i32> = part.chunks(shape.len()).flat_map(packed).collect();
            Tensor::from_data(TensorData::new(packed, [images, words]), device)
        });
        let per_channel = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [1, values.len(), 1]);
            Tensor::from_data(data, device)
        };
        let ints = |values: Vec<i32>| {
            let shape = [1, values.len()];
            Tensor::<2, Int>::from_data(TensorData::new(values, shape), device)
        };
        let up_to = |count: usize| (0..count as i32).collect::<Vec<_>>();
        let kernel_scale = with_kernel.then(|| {
            let channels = normalisation.mean.iter().zip(&normalisation.std);
            let pairs: Vec<f32> = channels.flat_map(|(mean, std)| [*mean, *std]).collect();
            let shape = [pairs.len() / 2, 2];
            Tensor::from_data(TensorData::new(pairs, shape), device)
        });
        Self {
            parts: parts.collect(),
            part_images,
            kernel_scale,
            shifts: ints(vec![0, 8, 16, 24]).unsqueeze(),
            mean: per_channel(&normalisation.mean),
            deviation: per_channel(&normalisation.std),
            rows: ints(up_to(shape.height)),
            columns: ints(up_to(shape.width)),
            shape,
        }
    }

    /// The images `chosen` `[batch]`, normalised, `[batch, channels · height · width]`.
    pub fn batch(&self, chosen: Tensor<1, Int>) -> Tensor<2> {
        if let Some(scale) = &self.kernel_scale {
            let changes = Tensor::zeros([1, NUMBERS_OF_CHANGE], &chosen.device());
            return self.by_kernel(scale, chosen, changes, None);
        }
        let [batch] = chosen.dims();
        let values = self.bytes(chosen).float();
        self.normalised(values).reshape([batch, self.shape.len()])
    }

    /// The same, each changed by its row of `changes` `[batch, 5]`, with `cutout` the side of the square.
    pub fn changed(
        &self,
        chosen: Tensor<1, Int>,
        changes: Tensor<2, Int>,
        cutout: usize,
    ) -> Tensor<2> {
        if let Some(scale) = &self.kernel_scale {
            return self.by_kernel(scale, chosen, changes, Some(cutout));
        }
        let [batch] = chosen.dims();
        let Shape {
            channels,
            height,
            width,
        } = self.shape;
        let number = |index: usize| changes.clone().slice([0..batch, index..index + 1]);
        let rows = self.rows.clone() + number(0);
        // Mirrored: last − column, which is column + flip · (last − 2 · column).
        let mirror = (self.columns.clone() * -2 + (width as i32 - 1)) * number(2);
        let columns = self.columns.clone() + mirror + number(1);
        let inside = grid(within(&rows, height), within(&columns, width));
        let place = rows.clamp(0, height as i32 - 1).reshape([batch, height, 1]) * width as i32
            + columns
                .clamp(0, width as i32 - 1)
                .reshape([batch, 1, width]);
        let place = place.reshape([batch, 1, height * width]);
        let place = place.expand([batch, channels, height * width]);
        let bytes = self.bytes(chosen).gather(2, place);
        let black = inside.bool_not().reshape([batch, 1, height * width]);
        let bytes = bytes.mask_fill(black.expand([batch, channels, height * width]), 0);
        let values = self.normalised(bytes.float());
        let values = if cutout == 0 {
            values
        } else {
            let rows = within(&(self.rows.clone() - number(3)), cutout);
            let columns = within(&(self.columns.clone() - number(4)), cutout);
            let cut = grid(rows, columns).reshape([batch, 1, height * width]);
            values.mask_fill(cut.expand([batch, channels, height * width]), 0.0)
        };
        values.reshape([batch, self.shape.len()])
    }

    /// A kernel for each part; those images that a part does not have come out of it as zeros.
    fn by_kernel(
        &self,
        scale: &Tensor<2>,
        chosen: Tensor<1, Int>,
        changes: Tensor<2, Int>,
        cutout: Option<usize>,
    ) -> Tensor<2> {
        let of_part = |(index, words): (usize, &Tensor<2, Int>)| {
            let gathering = Gathering {
                channels: self.shape.channels,
                height: self.shape.height,
                width: self.shape.width,
                first: index * self.part_images,
                is_changed: cutout.is_some(),
                cutout: cutout.unwrap_or(0),
            };
            let images = Images {
                words,
                scale,
                gathering,
            };
            images.gather(chosen.clone(), changes.clone())
        };
        let parts = self.parts.iter().enumerate().map(of_part);
        parts
            .reduce(|all, part| all + part)
            .expect("a training set has samples")
    }

    /// The pixels of images `chosen`, 0 to 255, `[batch, channels, height · width]`.
    fn bytes(&self, chosen: Tensor<1, Int>) -> Tensor<3, Int> {
        let [batch] = chosen.dims();
        let words = self.words(chosen);
        let [_, count] = words.dims();
        let bytes = words
            .reshape([batch, count, 1])
            .expand([batch, count, 4])
            .bitwise_right_shift(self.shifts.clone().expand([batch, count, 4]))
            .bitwise_and_scalar(255);
        bytes
            .reshape([batch, count * 4])
            .slice([0..batch, 0..self.shape.len()])
            .reshape([batch, self.shape.channels, self.shape.pixels()])
    }

    /// `[batch, words]`; each part is asked for all, and those that it does not have are taken from the others.
    fn words(&self, chosen: Tensor<1, Int>) -> Tensor<2, Int> {
        let mut words: Option<Tensor<2, Int>> = None;
        for (index, part) in self.parts.iter().enumerate() {
            let [images, count] = part.dims();
            if self.parts.len() == 1 {
                return part.clone().select(0, chosen);
            }
            let first = (index * self.part_images) as i32;
            let own = chosen.clone() - first;
            let [batch] = own.dims();
            let is_here = own.clone().greater_equal_elem(0).reshape([batch, 1]);
            let found = part.clone().select(0, own.clamp(0, images as i32 - 1));
            words = Some(match words {
                None => found,
                Some(before) => before.mask_where(is_here.expand([batch, count]), found),
            });
        }
        words.expect("a training set has samples")
    }

    fn normalised(&self, values: Tensor<3>) -> Tensor<3> {
        (values - self.mean.clone()) / self.deviation.clone()
    }
}

/// Whether each of `[batch, n]` is 0 or more and below `end`.
fn within(values: &Tensor<2, Int>, end: usize) -> Tensor<2, Bool> {
    let below = values.clone().lower_elem(end as i32);
    values.clone().greater_equal_elem(0).bool_and(below)
}

/// Where both the row `[batch, height]` and the column `[batch, width]` hold, `[batch, height, width]`.
fn grid(rows: Tensor<2, Bool>, columns: Tensor<2, Bool>) -> Tensor<3, Bool> {
    let ([batch, height], [_, width]) = (rows.dims(), columns.dims());
    let rows = rows
        .reshape([batch, height, 1])
        .expand([batch, height, width]);
    let columns = columns.reshape([batch, 1, width]);
    rows.bool_and(columns.expand([batch, height, width]))
}

/// Four bytes to a word, the first in the lowest bits; the last word is filled up with zeros.
fn packed(image: &[u8]) -> impl Iterator<Item = i32> + '_ {
    image.chunks(4).map(|four| {
        let mut bytes = [0; 4];
        bytes[..four.len()].copy_from_slice(four);
        i32::from_le_bytes(bytes)
    })
}

/// Changes as the device takes them, `[count, 5]`.
pub fn changes_on(changes: &[Change], device: &Device) -> Tensor<2, Int> {
    let numbers: Vec<i32> = changes
        .iter()
        .flat_map(|change| {
            [
                change.down,
                change.right,
                i32::from(change.flip),
                change.cut_row,
                change.cut_column,
            ]
        })
        .collect();
    let shape = [changes.len(), NUMBERS_OF_CHANGE];
    Tensor::from_data(TensorData::new(numbers, shape), device)
}
