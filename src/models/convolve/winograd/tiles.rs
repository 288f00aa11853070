//! Planes of images to the places of their tiles, and back.
//!
//! A tile is a square of 4×4 pixels, of which the next begins two pixels further on; what it gives are two by two pixels of the
//! result. Here planes become sixteen runs of numbers, one for each place in a tile and each as long as there are tiles, so that
//! all sums are of runs, of which processors add several numbers at once. Small planes are taken together, since runs must be long
//! for that: the tiles of a group of planes are ordered by row, plane and column.

use crate::models::convolve::geometry::Geometry;

/// Places in a tile.
pub const PLACES: usize = 16;

/// Tiles that make a run long enough.
const RUN: usize = 64;

/// The tiles of planes.
#[derive(Clone, Copy, Debug)]
pub struct Tiles {
    rows: usize,
    columns: usize,
    /// Height and width of the images, and of the result.
    side: [usize; 2],
    out: [usize; 2],
    padding: [usize; 2],
}

/// Numbers on the way between planes and their tiles.
#[derive(Clone, Debug)]
pub struct Between {
    sums: Vec<f32>,
    line: Line,
}

/// A row of pixels with its padding: the first, third, fifth .. and those between them. Padding is zero from the beginning.
#[derive(Clone, Debug)]
struct Line {
    even: Vec<f32>,
    odd: Vec<f32>,
}

impl Tiles {
    pub fn new(geometry: &Geometry) -> Self {
        let out = geometry.out();
        Self {
            rows: out[0].div_ceil(2),
            columns: out[1].div_ceil(2),
            side: geometry.side,
            out,
            padding: geometry.padding,
        }
    }

    /// Tiles of a plane.
    pub fn count(&self) -> usize {
        self.rows * self.columns
    }

    /// Planes of a group.
    pub fn group(&self) -> usize {
        RUN.div_ceil(self.count())
    }

    /// Room for a group.
    pub fn between(&self) -> Between {
        let line = vec![0.0; self.columns + 1];
        Between {
            sums: vec![0.0; PLACES * self.group() * (self.rows + 1) * self.columns],
            line: Line {
                even: line.clone(),
                odd: line,
            },
        }
    }

    /// The tiles of `planes` of the images, Bᵀ · tile · B: those of a place `pitch` numbers behind those of the place before.
    pub fn of_images(
        &self,
        planes: &[&[f32]],
        between: &mut Between,
        pitch: usize,
        to: &mut [f32],
    ) {
        let row = planes.len() * self.columns;
        let (run, count) = ((self.rows + 1) * row, self.rows * row);
        let Between { sums, line } = between;
        // Tiles below each other share two rows of pixels: rows are taken in pairs, the first ones of all pairs before the second.
        for (half, sums) in sums[..8 * run].chunks_exact_mut(4 * run).enumerate() {
            for pair in 0..=self.rows {
                let y = (2 * pair + half).checked_sub(self.padding[0]);
                let y = y.filter(|y| *y < self.side[0]);
                for (index, plane) in planes.iter().enumerate() {
                    let place = pair * row + index * self.columns;
                    let place = place..place + self.columns;
                    let Some(y) = y else {
                        let of = sums.chunks_exact_mut(run);
                        of.for_each(|of| of[place.clone()].fill(0.0));
                        continue;
                    };
                    let width = self.side[1];
                    line.take_apart(&plane[y * width..][..width], self.padding[1]);
                    let (left, right) = sums.split_at_mut(2 * run);
                    let [(a, b), (c, d)] = [left, right].map(|of| of.split_at_mut(run));
                    line.image_sums([a, b, c, d].map(|of| &mut of[place.clone()]));
                }
            }
        }
        for place in 0..PLACES {
            // The rows of every tile; the third is the first row of the pair below.
            let of = [0, 1, 2, 3].map(|line| {
                let first = (line % 2 * 4 + place % 4) * run + line / 2 * row;
                &sums[first..][..count]
            });
            image_sums(place / 4, of, &mut to[place * pitch..][..count]);
        }
    }

    /// The tiles of `planes` of the result's gradient, A · square · Aᵀ, laid as those of [`Tiles::of_images`].
    pub fn of_gradients(
        &self,
        planes: &[&[f32]],
        between: &mut Between,
        pitch: usize,
        to: &mut [f32],
    ) {
        let ([height, width], count) = (self.out, planes.len() * self.count());
        let (pixels, sums) = between.sums[..12 * count].split_at_mut(4 * count);
        for (place, pixels) in pixels.chunks_exact_mut(count).enumerate() {
            let (half, right) = (place / 2, place % 2);
            for (index, line) in pixels.chunks_exact_mut(self.columns).enumerate() {
                let (pair, plane) = (index / planes.len(), planes[index % planes.len()]);
                let y = 2 * pair + half;
                match y < height && right < width {
                    true => every_other(&plane[y * width..][right..width], line),
                    false => line.fill(0.0),
                }
            }
        }
        for (pixels, sums) in pixels.chunks(2 * count).zip(sums.chunks_mut(4 * count)) {
            let (left, right) = pixels.split_at(count);
            for (column, sums) in sums.chunks_exact_mut(count).enumerate() {
                gradient_sums(column, [left, right], sums);
            }
        }
        for place in 0..PLACES {
            let of = [0, 4].map(|first| &sums[(first + place % 4) * count..][..count]);
            gradient_sums(place / 4, of, &mut to[place * pitch..][..count]);
        }
    }

    /// Planes of the result, Aᵀ · tile · A plus `bias`: `of` gives their tiles in a place.
    pub fn to_results<'a, 'b>(
        self,
        of: impl Fn(usize) -> &'a [f32],
        bias: f32,
        between: &mut Between,
        planes: impl ExactSizeIterator<Item = &'b mut [f32]>,
    ) {
        let (width, beside) = (self.out[1], planes.len() * self.columns);
        let count = self.rows * beside;
        let (sums, pixels) = between.sums[..12 * count].split_at_mut(8 * count);
        for (index, sums) in sums.chunks_exact_mut(count).enumerate() {
            let of = [0, 1, 2, 3].map(|row| &of(4 * row + index % 4)[..count]);
            result_sums(index / 4, of, 0.0, sums);
        }
        for (index, pixels) in pixels.chunks_exact_mut(count).enumerate() {
            let of = [0, 1, 2, 3].map(|column| &sums[(index / 2 * 4 + column) * count..][..count]);
            result_sums(index % 2, of, bias, pixels);
        }
        for (index, plane) in planes.enumerate() {
            for (y, line) in plane.chunks_exact_mut(width).enumerate() {
                let first = y % 2 * 2 * count + y / 2 * beside + index * self.columns;
                let left = &pixels[first..][..self.columns];
                let right = &pixels[first + count..][..self.columns];
                let (whole, last) = line.as_chunks_mut::<2>();
                for (pixels, (left, right)) in whole.iter_mut().zip(left.iter().zip(right)) {
                    *pixels = [*left, *right];
                }
                if let [last] = last {
                    *last = left[self.columns - 1];
                }
            }
        }
    }
}

impl Line {
    fn take_apart(&mut self, pixels: &[f32], padding: usize) {
        let Self { even, odd } = self;
        let behind = padding / 2;
        let (first, second) = match padding % 2 {
            0 => (&mut even[behind..], &mut odd[behind..]),
            _ => (&mut odd[behind..], &mut even[behind + 1..]),
        };
        let (pairs, last) = pixels.as_chunks::<2>();
        for ((first, second), pair) in first.iter_mut().zip(second).zip(pairs) {
            [*first, *second] = *pair;
        }
        if let (Some(to), [last]) = (first.get_mut(pairs.len()), last) {
            *to = *last;
        }
    }

    /// Tile by tile, Bᵀ times the four pixels of the line.
    fn image_sums(&self, [first, second, third, fourth]: [&mut [f32]; 4]) {
        let Self { even, odd } = self;
        let pixels = even.iter().zip(odd).zip(even[1..].iter().zip(&odd[1..]));
        let to = first
            .iter_mut()
            .zip(second)
            .zip(third.iter_mut().zip(fourth));
        for (((first, second), (third, fourth)), ((a, b), (c, d))) in to.zip(pixels) {
            *first = a - c;
            *second = b + c;
            *third = c - b;
            *fourth = b - d;
        }
    }
}

/// The first, third, fifth .. of `from`, and zeros where there are no more.
fn every_other(from: &[f32], to: &mut [f32]) {
    let (pairs, last) = from.as_chunks::<2>();
    let whole = pairs.len().min(to.len());
    let (ahead, behind) = to.split_at_mut(whole);
    for (to, [first, _]) in ahead.iter_mut().zip(pairs) {
        *to = *first;
    }
    behind.fill(0.0);
    if let (Some(to), [last]) = (behind.first_mut(), last) {
        *to = *last;
    }
}

/// A row of Bᵀ, times four runs.
fn image_sums(row: usize, [a, b, c, d]: [&[f32]; 4], to: &mut [f32]) {
    match row {
        0 => pairs(to, a, c, |a, c| a - c),
        1 => pairs(to, b, c, |b, c| b + c),
        2 => pairs(to, c, b, |c, b| c - b),
        _ => pairs(to, b, d, |b, d| b - d),
    }
}

/// A row of A, times two runs.
fn gradient_sums(row: usize, [a, b]: [&[f32]; 2], to: &mut [f32]) {
    match row {
        0 => to.copy_from_slice(a),
        1 => pairs(to, a, b, |a, b| a + b),
        2 => pairs(to, a, b, |a, b| a - b),
        _ => pairs(to, b, b, |b, _| -b),
    }
}

/// A row of Aᵀ, times four runs, plus `bias`.
fn result_sums(row: usize, [a, b, c, d]: [&[f32]; 4], bias: f32, to: &mut [f32]) {
    let (first, sign) = if row == 0 { (a, 1.0) } else { (d, -1.0) };
    let runs = first.iter().zip(b).zip(c);
    for (to, ((first, b), c)) in to.iter_mut().zip(runs) {
        *to = b + sign * (first + c) + bias;
    }
}

fn pairs(to: &mut [f32], a: &[f32], b: &[f32], with: impl Fn(f32, f32) -> f32) {
    for (to, (a, b)) in to.iter_mut().zip(a.iter().zip(b)) {
        *to = with(*a, *b);
    }
}
