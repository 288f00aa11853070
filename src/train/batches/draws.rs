//! Chance in what is learnt from, drawn on the host from a counter-based generator (ChaCha with 8 rounds): every number
//! follows from seed, epoch and place alone, so that it is the same on every device and any step can be gone on from.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::setup::AugmentationSetup;

/// Streams of the generator, by what is drawn; the number of the epoch or step is added.
const ORDER: u64 = 1;
const CHANGES: u64 = 1 << 62;
const SHARES: u64 = 1 << 63;
/// Words of the generator that a change may take.
const WORDS_OF_CHANGE: u128 = 8;

fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// The order in which epoch `epoch` (from 0) takes `samples` samples: a permutation that depends on seed and epoch alone.
pub fn shuffled(samples: usize, seed: u64, epoch: u64) -> Vec<u32> {
    let mut rng = generator(seed, ORDER.wrapping_add(epoch));
    let mut order: Vec<u32> = (0..samples as u32).collect();
    order.shuffle(&mut rng);
    order
}

/// How one image is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Rows by which the crop lies lower than the image.
    pub down: i32,
    /// Columns by which it lies further to the right.
    pub right: i32,
    /// Whether the crop is mirrored left to right.
    pub flip: bool,
    /// First row of the square that is cut out, possibly above the image.
    pub cut_row: i32,
    /// Its first column, possibly left of the image.
    pub cut_column: i32,
}

/// What augmentation draws for images of a size.
#[derive(Clone, Debug)]
pub struct Draws {
    /// Seed of the run.
    pub seed: u64,
    /// What is asked for.
    pub augmentation: AugmentationSetup,
    /// Height of the images in pixels.
    pub height: usize,
    /// Width of the images in pixels.
    pub width: usize,
}

impl Draws {
    /// How the images at places `from .. from + count` of epoch `epoch` are changed.
    pub fn changes(&self, epoch: u64, from: usize, count: usize) -> Vec<Change> {
        let mut rng = generator(self.seed, CHANGES.wrapping_add(epoch));
        let padding = self.augmentation.crop_padding;
        let half = self.augmentation.cutout as i32 / 2;
        (from..from + count)
            .map(|place| {
                rng.set_word_pos(place as u128 * WORDS_OF_CHANGE);
                let mut below = |count: usize| {
                    // The share of the range that a whole number of 32 bits falls on; its bias is below 2⁻¹⁶ for images.
                    ((u64::from(rng.next_u32()) * count as u64) >> 32) as i32
                };
                Change {
                    down: below(2 * padding + 1) - padding as i32,
                    right: below(2 * padding + 1) - padding as i32,
                    flip: below(2) == 1 && self.augmentation.flip,
                    cut_row: below(self.height) - half,
                    cut_column: below(self.width) - half,
                }
            })
            .collect()
    }

    /// The share λ with which the samples of step `step` are mixed, from Beta(α, α); `None` where they are not.
    pub fn mix_share(&self, step: u64) -> Option<f64> {
        let alpha = self.augmentation.mixup;
        (alpha > 0.0).then(|| {
            let mut rng = generator(self.seed, SHARES.wrapping_add(step));
            // Two draws X, Y from Gamma(α) give X / (X + Y) from Beta(α, α); in logarithms, as they may be very small.
            let (x, y) = (
                ln_gamma_draw(alpha, &mut rng),
                ln_gamma_draw(alpha, &mut rng),
            );
            1.0 / (1.0 + (y - x).exp())
        })
    }
}

/// Logarithm of a draw from Gamma(`shape`, 1) (Marsaglia and Tsang 2000).
fn ln_gamma_draw(shape: f64, rng: &mut impl Rng) -> f64 {
    if shape < 1.0 {
        return ln_gamma_draw(shape + 1.0, rng) + uniform(rng).ln() / shape;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && uniform(rng).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d.ln() + v.ln();
        }
    }
}

/// Above 0 and below 1, with 53 bits.
fn uniform(rng: &mut impl Rng) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// From the standard normal distribution (Box and Muller 1958).
fn normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * uniform(rng).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(rng)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(augmentation: AugmentationSetup) -> Draws {
        Draws {
            seed: 5,
            augmentation,
            height: 8,
            width: 8,
        }
    }

    #[test]
    fn a_change_follows_from_its_place_alone() {
        let draws = draws(AugmentationSetup {
            crop_padding: 2,
            flip: true,
            cutout: 3,
            mixup: 0.0,
        });
        let all = draws.changes(3, 0, 1000);
        assert_eq!(draws.changes(3, 700, 20), all[700..720]);
        assert_ne!(draws.changes(4, 0, 1000), all);
        let share = |is: &dyn Fn(&Change) -> bool| all.iter().filter(|c| is(c)).count();
        assert!((420..580).contains(&share(&|c| c.flip)));
        for offset in -2..=2 {
            let found = share(&|c| c.down == offset);
            assert!((140..260).contains(&found), "{offset}: {found}");
        }
        assert!(all.iter().all(|c| (-1..7).contains(&c.cut_row)));
    }

    /// Mean 1/2 and variance 1 / (4·(2α + 1)), of the Beta distribution.
    #[test]
    fn shares_have_the_moments_of_the_beta_distribution() {
        for alpha in [0.2, 1.0, 4.0] {
            let draws = draws(AugmentationSetup {
                mixup: alpha,
                ..AugmentationSetup::default()
            });
            let shares: Vec<f64> = (0..20_000).filter_map(|s| draws.mix_share(s)).collect();
            let count = shares.len() as f64;
            let mean = shares.iter().sum::<f64>() / count;
            let variance = shares.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
            let expected = 0.25 / (2.0 * alpha + 1.0);
            assert!((mean - 0.5).abs() < 0.01, "α {alpha}: mean {mean}");
            assert!(
                (variance / expected - 1.0).abs() < 0.05,
                "α {alpha}: {variance}"
            );
        }
    }
}
