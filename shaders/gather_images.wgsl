// Puts a batch of images together in one pass: takes the chosen images from among all, crops, mirrors and normalises them, and cuts
// a square out of each. An invocation makes one number of the batch.
//
// What is the same for all batches are constants, which `src/device/gather.rs` writes before this text:
//   CHANNELS, HEIGHT, WIDTH: u32   shape of an image
//   STRIDE: u32                    words from one image to the next; a word holds four pixels, the first in its lowest bits
//   FIRST, IMAGES: i32             the images that are at hand; the numbers of others are 0
//   CHANGED: bool                  whether images are changed
//   CUTOUT: i32                    side of the square that is cut out, in pixels

@group(0) @binding(0) var<storage, read_write> words: array<u32>;
// The images of the batch.
@group(0) @binding(1) var<storage, read_write> chosen: array<i32>;
// For each: rows that the crop lies lower and columns that it lies further right, whether it is mirrored, and the first row and
// column of the square.
@group(0) @binding(2) var<storage, read_write> changes: array<i32>;
// For each channel: mean and deviation.
@group(0) @binding(3) var<storage, read_write> scale: array<f32>;
// [images of the batch, channels, height, width]
@group(0) @binding(4) var<storage, read_write> batch: array<f32>;

const PIXELS: u32 = HEIGHT * WIDTH;

fn is_within(place: i32, end: i32) -> bool {
    return place >= 0 && place < end;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let number = id.x;
    if number >= CHANNELS * PIXELS {
        return;
    }
    let at = id.y * CHANNELS * PIXELS + number;
    let image = chosen[id.y] - FIRST;
    if !is_within(image, IMAGES) {
        batch[at] = 0.0;
        return;
    }
    let channel = number / PIXELS;
    var row = i32(number % PIXELS / WIDTH);
    var column = i32(number % WIDTH);
    if CHANGED {
        let change = id.y * 5u;
        if is_within(row - changes[change + 3u], CUTOUT) && is_within(column - changes[change + 4u], CUTOUT) {
            batch[at] = 0.0;
            return;
        }
        if changes[change + 2u] == 1 {
            column = i32(WIDTH) - 1 - column;
        }
        row += changes[change];
        column += changes[change + 1u];
    }
    // What lies outside of the image is black.
    var pixel = 0u;
    if is_within(row, i32(HEIGHT)) && is_within(column, i32(WIDTH)) {
        let place = channel * PIXELS + u32(row) * WIDTH + u32(column);
        pixel = (words[u32(image) * STRIDE + place / 4u] >> (place % 4u * 8u)) & 255u;
    }
    batch[at] = (f32(pixel) - scale[2u * channel]) / scale[2u * channel + 1u];
}
