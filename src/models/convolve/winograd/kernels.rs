//! Kernels to the places of a tile, and the gradients of these back to kernels.

use super::{APART, PLACES};
use crate::models::convolve::geometry::Geometry;
use crate::models::processor::matrices::Matrix;
use crate::models::processor::scratch::Scratch;
use crate::models::processor::threads::share_with;

/// Weights of a kernel.
const TAPS: usize = 9;

/// G · kernel · Gᵀ for every pair of channels.
#[derive(Debug)]
pub struct Kernels {
    /// For each channel of the result a row, and in it for each place a run of as many numbers as there are channels seen.
    numbers: Scratch,
    /// Channels of the result, and those that they see.
    sides: [usize; 2],
}

impl Kernels {
    /// Of `weight` `[to, from, 3, 3]`.
    pub fn new(weight: &[f32], geometry: &Geometry) -> Self {
        let Geometry { from, to, .. } = *geometry;
        Self::of([to, from], |out, tap, run| {
            let weight = weight[out * from * TAPS + tap..].iter();
            take(run, weight.step_by(TAPS));
        })
    }

    /// Of the same weights for the way back, from the channels of the result to those of the images: each turned by half a turn.
    pub fn backwards(weight: &[f32], geometry: &Geometry) -> Self {
        let Geometry { from, to, .. } = *geometry;
        Self::of([from, to], |out, tap, run| {
            let weight = weight[out * TAPS + TAPS - 1 - tap..].iter();
            take(run, weight.step_by(from * TAPS));
        })
    }

    /// `of_tap` gives for a channel of the result the weights of a tap, a run.
    fn of(sides: [usize; 2], of_tap: impl Fn(usize, usize, &mut [f32]) + Sync + Send) -> Self {
        let [outs, seen] = sides;
        let step = Self::step(seen);
        let mut numbers = Scratch::new(outs * step);
        let work = numbers.len();
        let room = || vec![0.0; (TAPS + 12) * seen];
        share_with(&mut numbers, step, work, room, |room, out, row| {
            let (taps, sums) = room.split_at_mut(TAPS * seen);
            for (tap, run) in taps.chunks_exact_mut(seen).enumerate() {
                of_tap(out, tap, run);
            }
            for (index, sums) in sums.chunks_exact_mut(seen).enumerate() {
                let of = [0, 1, 2].map(|row| &taps[(3 * row + index % 3) * seen..][..seen]);
                kernel_sums(index / 3, of, sums);
            }
            for (index, places) in row.chunks_exact_mut(seen).take(PLACES).enumerate() {
                let of = [0, 1, 2].map(|column| &sums[(index / 4 * 3 + column) * seen..][..seen]);
                kernel_sums(index % 4, of, places);
            }
        });
        Self { numbers, sides }
    }

    fn step(seen: usize) -> usize {
        PLACES * seen + APART
    }

    /// What belongs to a place, `[channels of the result, channels seen]`.
    pub fn place(&self, place: usize) -> Matrix<'_> {
        let seen = self.sides[1];
        Matrix::with_step(&self.numbers[place * seen..], self.sides, Self::step(seen))
    }
}

/// Gᵀ · sums · G: the gradient `[to, from, 3, 3]`, where `of` gives that of a place, `[to, from]`.
pub fn gradient<'a>(
    of: impl Fn(usize) -> &'a [f32] + Sync + Send,
    geometry: &Geometry,
) -> Vec<f32> {
    let Geometry { from, to, .. } = *geometry;
    let mut gradient = vec![0.0; to * from * TAPS];
    let work = 2 * gradient.len();
    let room = || vec![0.0; (12 + TAPS) * from];
    share_with(
        &mut gradient,
        from * TAPS,
        work,
        room,
        |room, channel, kernels| {
            let (sums, taps) = room.split_at_mut(12 * from);
            for (index, sums) in sums.chunks_exact_mut(from).enumerate() {
                let of = [0, 1, 2, 3].map(|row| &of(4 * row + index % 4)[channel * from..][..from]);
                gradient_sums(index / 4, of, sums);
            }
            for (index, taps) in taps.chunks_exact_mut(from).enumerate() {
                let of =
                    [0, 1, 2, 3].map(|column| &sums[(index / 3 * 4 + column) * from..][..from]);
                gradient_sums(index % 3, of, taps);
            }
            for (tap, run) in taps.chunks_exact(from).enumerate() {
                take(kernels[tap..].iter_mut().step_by(TAPS), run);
            }
        },
    );
    gradient
}

fn take<'a, 'b>(
    to: impl IntoIterator<Item = &'a mut f32>,
    from: impl IntoIterator<Item = &'b f32>,
) {
    for (to, from) in to.into_iter().zip(from) {
        *to = *from;
    }
}

/// A row of G, times three runs.
fn kernel_sums(row: usize, [a, b, c]: [&[f32]; 3], to: &mut [f32]) {
    let sign = match row {
        0 => return to.copy_from_slice(a),
        1 => 0.5,
        2 => -0.5,
        _ => return to.copy_from_slice(c),
    };
    for (to, ((a, b), c)) in to.iter_mut().zip(a.iter().zip(b).zip(c)) {
        *to = 0.5 * (a + c) + sign * b;
    }
}

/// A row of Gᵀ, times four runs.
fn gradient_sums(row: usize, [a, b, c, d]: [&[f32]; 4], to: &mut [f32]) {
    let (alone, sign) = match row {
        0 => (Some(a), 0.5),
        1 => (None, -0.5),
        _ => (Some(d), 0.5),
    };
    for (to, (b, c)) in to.iter_mut().zip(b.iter().zip(c)) {
        *to = 0.5 * b + sign * c;
    }
    for (to, alone) in to.iter_mut().zip(alone.into_iter().flatten()) {
        *to += alone;
    }
}
