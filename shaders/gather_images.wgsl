// Puts a batch of images together in one pass: takes the chosen images from among all, crops, mirrors and normalises them, and cuts
// a square out of each. An invocation makes one number of the batch, or a few.
//
// What is the same for all batches are constants, which `src/device/gather.rs` writes before this text:
//   BATCH: u32                     images of the batch
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

// One number of a batch's image.
fn made(index: u32, number: u32) -> f32 {
    let image = chosen[index] - FIRST;
    if !is_within(image, IMAGES) {
        return 0.0;
    }
    let channel = number / PIXELS;
    var row = i32(number % PIXELS / WIDTH);
    var column = i32(number % WIDTH);
    if CHANGED {
        let change = index * 5u;
        if is_within(row - changes[change + 3u], CUTOUT) && is_within(column - changes[change + 4u], CUTOUT) {
            return 0.0;
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
    return (f32(pixel) - scale[2u * channel]) / scale[2u * channel + 1u];
}

// Workgroups along x share the numbers of an image, those along y the images: there may be more than a launch has workgroups.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var index = id.y; index < BATCH; index += groups.y) {
        for (var number = id.x; number < CHANNELS * PIXELS; number += groups.x * 64u) {
            batch[index * CHANNELS * PIXELS + number] = made(index, number);
        }
    }
}
