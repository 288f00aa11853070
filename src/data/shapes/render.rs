use rand_chacha::{ChaCha8Rng, rand_core::Rng};

use super::{
    geometry::{Figure, Point},
    ground::Ground,
};
use crate::{data::split, setup::ShapesSetup};

/// Number of colours.
pub(super) const COLOURS: usize = 4;
/// Red, green, blue, yellow.
const RGB: [[f32; 3]; COLOURS] = [
    [215.0, 45.0, 40.0],
    [45.0, 165.0, 65.0],
    [45.0, 85.0, 215.0],
    [235.0, 205.0, 50.0],
];
/// Black, dark grey, light grey, white: on both sides of the ground, which is `GROUND` ± about 30.
const GREY: [[f32; 1]; COLOURS] = [[8.0], [50.0], [204.0], [247.0]];
const GROUND: f32 = 128.0;
/// How far the texture, the tint of a channel and the brightness of a shape go, in steps of 255.
const TEXTURE: f32 = 24.0;
const TINT: f32 = 10.0;
const BRIGHTNESS: f32 = 8.0;

/// Radius of the circle around a small, medium and large shape, as a share of the image's side.
pub(super) const SIZES: [f32; 3] = [0.18, 0.27, 0.39];
/// By how much of itself the radius varies; the sizes stay apart.
const RADIUS_RANGE: f32 = 0.07;

/// What is on an image, by class.
pub(super) struct Look {
    pub outline: usize,
    pub colour: usize,
    pub size: usize,
}

/// Paints image number `index` into `pixels`, one channel after the other.
pub(super) fn image(setup: &ShapesSetup, index: u64, look: &Look, pixels: &mut [u8]) {
    let mut rng = split::rng(*b"joulelab shapes\0", setup.seed, index);
    let side = setup.size as f32;
    let radius =
        side * SIZES[look.size] * uniform(&mut rng, 1.0 - RADIUS_RANGE, 1.0 + RADIUS_RANGE);
    // Wholly within the image, with a pixel to spare.
    let margin = radius + 1.0;
    let figure = Figure {
        outline: look.outline,
        radius,
        centre: [
            uniform(&mut rng, margin, side - margin),
            uniform(&mut rng, margin, side - margin),
        ],
        direction: direction(&mut rng),
    };
    let brightness = uniform(&mut rng, -BRIGHTNESS, BRIGHTNESS);
    let ground = Ground::draw(&mut rng);
    let tints: [f32; 3] = std::array::from_fn(|_| uniform(&mut rng, -TINT, TINT));

    let paint: &[f32] = match setup.channels {
        1 => &GREY[look.colour],
        _ => &RGB[look.colour],
    };
    let area = setup.size * setup.size;
    for (i, pixel) in (0..area).map(|i| (i, [i % setup.size, i / setup.size])) {
        let point: Point = pixel.map(|position| position as f32 + 0.5);
        let covered = figure.coverage(point);
        let below = GROUND + TEXTURE * ground.at(point[0] / side, point[1] / side);
        for (channel, &colour) in paint.iter().enumerate() {
            let value =
                covered * (colour + brightness) + (1.0 - covered) * (below + tints[channel]);
            pixels[channel * area + i] = to_byte(value);
        }
    }
    if setup.noise > 0.0 {
        // Drawn last, so that the same image is under every amount of noise.
        let deviation = setup.noise as f32 * 255.0;
        let mut random = [[0; 4]; 64];
        for pixels in pixels.chunks_mut(random.len()) {
            rng.fill_bytes(random.as_flattened_mut());
            for (pixel, random) in pixels.iter_mut().zip(random) {
                *pixel = to_byte(f32::from(*pixel) + deviation * bell(random));
            }
        }
    }
}

fn to_byte(value: f32) -> u8 {
    // The cast saturates.
    (value + 0.5) as u8
}

/// A number from `low` to below `high`. Written out, so that images stay as they are when a library changes.
pub(super) fn uniform(rng: &mut impl Rng, low: f32, high: f32) -> f32 {
    // 24 bits are what an f32 holds exactly.
    let share = (rng.next_u32() >> 8) as f32 / (1 << 24) as f32;
    low + (high - low) * share
}

/// A number of mean 0 and deviation 1 from the sum of four random bytes, near enough to a normal one for noise, and the
/// same on every machine.
fn bell(random: [u8; 4]) -> f32 {
    // Four bytes of variance (256² − 1) / 12 each.
    const DEVIATION: f32 = 147.800_54;
    let sum: u16 = random.map(u16::from).iter().sum();
    (f32::from(sum) - 510.0) / DEVIATION
}

/// A direction of length 1, all equally likely: a point in a disc, moved to its rim.
fn direction(rng: &mut ChaCha8Rng) -> Point {
    loop {
        let [x, y] = [uniform(rng, -1.0, 1.0), uniform(rng, -1.0, 1.0)];
        let square = x * x + y * y;
        // Too near the middle the division would be coarse.
        if (0.01..=1.0).contains(&square) {
            let length = square.sqrt();
            return [x / length, y / length];
        }
    }
}
