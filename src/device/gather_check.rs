//! Whether the kernel that puts batches together does on a device what it says.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::gather::{Gathering, Images};

const IMAGES: usize = 5;
const CHANNELS: usize = 3;
const HEIGHT: usize = 5;
const WIDTH: usize = 7;
const NUMBERS: usize = CHANNELS * HEIGHT * WIDTH;
const CUTOUT: i32 = 2;
/// Mean and deviation of each channel.
const SCALE: [f32; 2 * CHANNELS] = [120.0, 60.0, 100.5, 50.0, 33.0, 71.0];
/// Images of the batch.
const CHOSEN: [i32; 4] = [3, 0, 4, 3];
/// Rows lower, columns further right, mirrored, first row and column of the square; for each image of the batch.
const CHANGES: [[i32; 5]; 4] = [
    [0, 0, 0, 3, 5],
    [-2, 1, 1, 0, 0],
    [1, -3, 0, 2, -1],
    [4, 6, 1, 4, 6],
];

/// The largest difference between a batch of `device`, which must compute with wgpu, and what it should be, in deviations.
///
/// # Errors
/// What the device said, where it could not compute at all.
pub(super) fn difference(device: &Device) -> Result<f64, String> {
    let words: Vec<i32> = (0..IMAGES)
        .flat_map(|image| words(&pixels(image)))
        .collect();
    let stride = words.len() / IMAGES;
    let words = Tensor::<2, Int>::from_data(TensorData::new(words, [IMAGES, stride]), device);
    let scale = Tensor::<2>::from_data(TensorData::new(SCALE.to_vec(), [CHANNELS, 2]), device);
    let batch = CHOSEN.len();
    let chosen = Tensor::<1, Int>::from_data(TensorData::new(CHOSEN.to_vec(), [batch]), device);
    let changes = TensorData::new(CHANGES.concat(), [batch, 5]);
    let changes = Tensor::<2, Int>::from_data(changes, device);
    let images = Images {
        words: &words,
        scale: &scale,
        gathering: Gathering {
            channels: CHANNELS,
            height: HEIGHT,
            width: WIDTH,
            first: 0,
            is_changed: true,
            cutout: CUTOUT as usize,
        },
    };
    let found = super::self_check::values(images.gather(chosen, changes))?;
    let expected = expected();
    if found.len() != expected.len() {
        return Ok(f64::INFINITY);
    }
    // A NaN must not be lost, as `f64::max` would lose it.
    let differences = expected
        .iter()
        .zip(&found)
        .map(|(a, b)| f64::from((a - b).abs()));
    Ok(differences.fold(0.0, |most, one| if one <= most { most } else { one }))
}

/// A pattern without symmetry.
fn pixels(image: usize) -> Vec<u8> {
    (0..NUMBERS)
        .map(|i| ((i * i + 31 * image + 5 * i) % 251) as u8)
        .collect()
}

/// Four pixels in a word, the first in the lowest bits.
fn words(pixels: &[u8]) -> Vec<i32> {
    let word = |four: &[u8]| {
        let mut bytes = [0; 4];
        bytes[..four.len()].copy_from_slice(four);
        i32::from_le_bytes(bytes)
    };
    pixels.chunks(4).map(word).collect()
}

fn expected() -> Vec<f32> {
    let mut batch = Vec::with_capacity(CHOSEN.len() * NUMBERS);
    for (image, [down, right, mirrored, cut_row, cut_column]) in CHOSEN.into_iter().zip(CHANGES) {
        let pixels = pixels(image as usize);
        for channel in 0..CHANNELS {
            for row in 0..HEIGHT as i32 {
                for column in 0..WIDTH as i32 {
                    let is_cut = (0..CUTOUT).contains(&(row - cut_row))
                        && (0..CUTOUT).contains(&(column - cut_column));
                    if is_cut {
                        batch.push(0.0);
                        continue;
                    }
                    let from = if mirrored == 1 {
                        WIDTH as i32 - 1 - column
                    } else {
                        column
                    };
                    let (y, x) = (row + down, from + right);
                    let is_inside =
                        (0..HEIGHT as i32).contains(&y) && (0..WIDTH as i32).contains(&x);
                    let place = channel * HEIGHT * WIDTH + (y * WIDTH as i32 + x).max(0) as usize;
                    let pixel = if is_inside { pixels[place] } else { 0 };
                    batch.push((f32::from(pixel) - SCALE[2 * channel]) / SCALE[2 * channel + 1]);
                }
            }
        }
    }
    batch
}
