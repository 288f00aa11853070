//! Convolutions plane by plane, for those in which a channel of the result sees one or few of the images.
//!
//! A plane is written with its padding, and with the pixels that a stride leaves between apart from each other ("phases"), so
//! that each place of the kernel meets its pixels in one run as long as the result: all three passes are then sums and
//! products of such runs, which processors make several at once.

use super::geometry::Geometry;
use crate::models::processor::threads::share;

/// Numbers that are added side by side, as compilers never change the order of a sum by themselves.
const LANES: usize = 32;

/// Products in the time that it takes to read or write a number that is not at hand.
const PRODUCTS: usize = 4;

/// `[batch, to, height, width]` of `x`, kernels `[to, from / groups, height, width]` and biases `[to]`. The channels of the geometry
/// are those of all groups.
pub fn forward(
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    geometry: &Geometry,
    groups: usize,
) -> Vec<f32> {
    let grid = Grid::new(geometry);
    let (pixels, out_pixels, taps) = (geometry.pixels(), geometry.out_pixels(), grid.taps());
    let (seen, seeing) = (geometry.from / groups, geometry.to / groups);
    let mut result = vec![0.0; geometry.batch * geometry.to * out_pixels];
    let work = result.len() * seen * taps.len() / PRODUCTS;
    share(
        &mut result,
        geometry.to * out_pixels,
        work,
        |image, result| {
            let mut planes = vec![grid.phases(); seen];
            let mut sums = vec![[0.0; LANES]; grid.run.div_ceil(LANES)];
            for (channel, result) in result.chunks_exact_mut(out_pixels).enumerate() {
                if channel % seeing == 0 {
                    let first = image * geometry.from + channel / seeing * seen;
                    for (index, phases) in planes.iter_mut().enumerate() {
                        let place = (first + index) * pixels;
                        grid.split(&x[place..place + pixels], phases);
                    }
                }
                let kernels = weight[channel * seen * taps.len()..].chunks_exact(taps.len());
                let runs = planes.iter().zip(kernels).flat_map(|(phases, kernel)| {
                    let run = |tap: &Tap| &phases[tap.phase][tap.offset..];
                    kernel
                        .iter()
                        .zip(&taps)
                        .map(move |(weight, tap)| (*weight, run(tap)))
                });
                let bias = bias.map_or(0.0, |bias| bias[channel]);
                add_up(&mut sums, bias, &runs.collect::<Vec<_>>());
                grid.without_gaps(sums.as_flattened(), result);
            }
        },
    );
    result
}

/// The gradient of `x`, given that of the result.
pub fn input_gradient(
    weight: &[f32],
    gradient: &[f32],
    geometry: &Geometry,
    groups: usize,
) -> Vec<f32> {
    let grid = Grid::new(geometry);
    let (pixels, out_pixels, taps) = (geometry.pixels(), geometry.out_pixels(), grid.taps());
    let (seen, seeing) = (geometry.from / groups, geometry.to / groups);
    let mut result = vec![0.0; geometry.batch * geometry.from * pixels];
    let work = gradient.len() * seen * taps.len() / PRODUCTS;
    share(
        &mut result,
        geometry.from * pixels,
        work,
        |image, result| {
            // Zeros before the gradient, for what a tap further on in the kernel reaches back to.
            let mut planes = vec![vec![0.0; grid.reach + grid.length()]; seeing];
            let mut phases = grid.phases();
            for (channel, result) in result.chunks_exact_mut(pixels).enumerate() {
                let first = channel / seen * seeing;
                if channel % seen == 0 {
                    for (index, plane) in planes.iter_mut().enumerate() {
                        let place = (image * geometry.to + first + index) * out_pixels;
                        let gradient = &gradient[place..place + out_pixels];
                        grid.with_gaps(gradient, &mut plane[grid.reach..]);
                    }
                }
                for (index, phase) in phases.iter_mut().enumerate() {
                    let runs = planes.iter().enumerate().flat_map(|(to, plane)| {
                        let kernel = ((first + to) * seen + channel % seen) * taps.len();
                        let own = weight[kernel..].iter().zip(&taps);
                        let own = own.filter(move |(_, tap)| tap.phase == index);
                        own.map(|(weight, tap)| (*weight, &plane[grid.reach - tap.offset..]))
                    });
                    let (whole, _) = phase.as_chunks_mut();
                    add_up(whole, 0.0, &runs.collect::<Vec<_>>());
                }
                grid.join(&phases, result);
            }
        },
    );
    result
}

/// The gradient of the kernels, `[to, from / groups, height, width]`, given that of the result.
pub fn weight_gradient(
    x: &[f32],
    gradient: &[f32],
    geometry: &Geometry,
    groups: usize,
) -> Vec<f32> {
    let grid = Grid::new(geometry);
    let (pixels, out_pixels, taps) = (geometry.pixels(), geometry.out_pixels(), grid.taps());
    let (seen, seeing) = (geometry.from / groups, geometry.to / groups);
    let mut result = vec![0.0; geometry.to * seen * taps.len()];
    let work = gradient.len() * seen * taps.len() / PRODUCTS;
    share(&mut result, seen * taps.len(), work, |channel, result| {
        let mut sums = vec![[0.0; LANES]; seen * taps.len()];
        let mut runs = vec![0.0; grid.run.next_multiple_of(LANES)];
        let mut phases = grid.phases();
        for image in 0..geometry.batch {
            let place = (image * geometry.to + channel) * out_pixels;
            grid.with_gaps(&gradient[place..place + out_pixels], &mut runs);
            for (index, sums) in sums.chunks_exact_mut(taps.len()).enumerate() {
                let place = image * geometry.from + channel / seeing * seen + index;
                grid.split(&x[place * pixels..(place + 1) * pixels], &mut phases);
                for (sums, tap) in sums.iter_mut().zip(&taps) {
                    multiply_add(&runs, &phases[tap.phase][tap.offset..], sums);
                }
            }
        }
        for (result, sums) in result.iter_mut().zip(&sums) {
            *result = sums.iter().sum();
        }
    });
    result
}

/// Where the numbers of a plane lie.
struct Grid<'a> {
    geometry: &'a Geometry,
    /// Columns of a phase.
    pitch: usize,
    /// Rows of a phase that any patch sees.
    rows: usize,
    /// Numbers of the result, with gaps up to the pitch.
    run: usize,
    /// The largest offset of a tap.
    reach: usize,
}

/// A place of the kernel: which phase it sees, and how far the run of its pixels lies behind that of the first place.
struct Tap {
    phase: usize,
    offset: usize,
}

impl<'a> Grid<'a> {
    fn new(geometry: &'a Geometry) -> Self {
        let ([_, width], [down, right]) = (geometry.side, geometry.stride);
        let [height, columns] = geometry.kernel;
        let pitch = (width + 2 * geometry.padding[1]).div_ceil(right);
        let rows = geometry.out()[0] + (height - 1) / down;
        Self {
            geometry,
            pitch,
            rows,
            run: geometry.out()[0] * pitch,
            reach: (height - 1) / down * pitch + (columns - 1) / right,
        }
    }

    fn taps(&self) -> Vec<Tap> {
        let ([height, width], [down, right]) = (self.geometry.kernel, self.geometry.stride);
        let tap = |row: usize, column: usize| Tap {
            phase: row % down * right + column % right,
            offset: row / down * self.pitch + column / right,
        };
        let places = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        places.map(|(row, column)| tap(row, column)).collect()
    }

    /// Numbers of a phase, and as many behind it as a last run of lanes may reach.
    fn length(&self) -> usize {
        (self.rows * self.pitch + self.geometry.kernel[1]).next_multiple_of(LANES) + LANES
    }

    fn phases(&self) -> Vec<Vec<f32>> {
        let [down, right] = self.geometry.stride;
        vec![vec![0.0; self.length()]; down * right]
    }

    /// The pixels of a plane; what is not a pixel is left as it is.
    fn split(&self, plane: &[f32], phases: &mut [Vec<f32>]) {
        let right = self.geometry.stride[1];
        self.each_row(|phase, left, y, first| {
            let line = &plane[y * self.geometry.side[1]..(y + 1) * self.geometry.side[1]];
            let to = &mut phases[phase][first..];
            if right == 1 {
                to[..line.len()].copy_from_slice(line);
            } else {
                for (to, from) in to.iter_mut().zip(line[left..].iter().step_by(right)) {
                    *to = *from;
                }
            }
        });
    }

    /// The other way: the pixels that any patch saw.
    fn join(&self, phases: &[Vec<f32>], plane: &mut [f32]) {
        let right = self.geometry.stride[1];
        self.each_row(|phase, left, y, first| {
            let line = &mut plane[y * self.geometry.side[1]..(y + 1) * self.geometry.side[1]];
            let from = phases[phase][first..].iter();
            for (to, from) in line[left..].iter_mut().step_by(right).zip(from) {
                *to = *from;
            }
        });
    }

    /// For each row of a plane that a patch sees, and each phase that has pixels of it: the phase, its first column in the plane,
    /// the row, and where the pixels begin in the phase.
    fn each_row(&self, mut each: impl FnMut(usize, usize, usize, usize)) {
        let ([height, width], [down, right]) = (self.geometry.side, self.geometry.stride);
        let [above, before] = self.geometry.padding;
        for y in 0..height {
            let (row, below) = ((y + above) / down, (y + above) % down);
            if row >= self.rows {
                break;
            }
            for left in 0..right.min(width) {
                let column = left + before;
                let phase = below * right + column % right;
                each(phase, left, y, row * self.pitch + column / right);
            }
        }
    }

    /// A plane of the result, its rows a pitch apart.
    fn with_gaps(&self, plane: &[f32], runs: &mut [f32]) {
        let width = self.geometry.out()[1];
        for (line, run) in plane.chunks_exact(width).zip(runs.chunks_mut(self.pitch)) {
            run[..width].copy_from_slice(line);
        }
    }

    fn without_gaps(&self, runs: &[f32], plane: &mut [f32]) {
        let width = self.geometry.out()[1];
        for (line, run) in plane.chunks_exact_mut(width).zip(runs.chunks(self.pitch)) {
            line.copy_from_slice(&run[..width]);
        }
    }
}

/// `bias` plus the sum of all runs, each times its weight.
fn add_up(sums: &mut [[f32; LANES]], bias: f32, runs: &[(f32, &[f32])]) {
    for (index, sums) in sums.iter_mut().enumerate() {
        let mut own = [bias; LANES];
        for (weight, run) in runs {
            let run = &run[index * LANES..][..LANES];
            for (own, number) in own.iter_mut().zip(run) {
                *own += weight * number;
            }
        }
        *sums = own;
    }
}

/// Adds the products of `a`, whole lanes of it, and of the numbers of `b` at the same places.
fn multiply_add(a: &[f32], b: &[f32], sums: &mut [f32; LANES]) {
    let ((a, _), (b, _)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut own = *sums;
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in own.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    *sums = own;
}
