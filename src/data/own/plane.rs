//! Grey pictures: where something is written on them, and means over equal areas.

use super::picture::{Framing, PictureRule};

/// Share of the brightest from which a point is ink.
const INK: f32 = 0.2;

/// A grey picture; values from 0, black, to 1, white.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `[height × width]`, row by row.
    pub values: Vec<f32>,
}

/// A part of a plane, which may reach beyond it; in its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

/// `plane` in the size of the set, each pixel the mean over its area.
pub(super) fn framed(plane: &Plane, framing: Framing, rule: &PictureRule) -> Vec<f32> {
    let (columns, rows) = (rule.width as f32, rule.height as f32);
    let part = match (framing, plane.ink()) {
        (Framing::Whole, _) | (_, None) => plane.middle(columns / rows),
        (_, Some(ink)) => {
            // In source pixels for each of the set's.
            let scale = (ink.width / columns).max(ink.height / rows) / framing.share();
            let (width, height) = (scale * columns, scale * rows);
            let (x, y) = match framing {
                Framing::Mass => plane.centre_of_mass(),
                _ => (ink.x + ink.width / 2.0, ink.y + ink.height / 2.0),
            };
            Part {
                x: x - width / 2.0,
                y: y - height / 2.0,
                width,
                height,
            }
        }
    };
    plane.resampled(part, rule.width, rule.height)
}

impl Plane {
    /// An empty one, black.
    pub fn black(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            values: vec![0.0; width * height],
        }
    }

    /// Whether nothing is on it.
    pub fn is_black(&self) -> bool {
        self.values.iter().all(|value| *value <= 0.0)
    }

    /// The box around what is written; `None` where nothing is.
    fn ink(&self) -> Option<Part> {
        let brightest = self.values.iter().copied().fold(0.0, f32::max);
        let at = |index: usize| (index % self.width, index / self.width);
        let ink = self.values.iter().enumerate();
        let ink = ink.filter(|(_, value)| brightest > 0.0 && **value >= INK * brightest);
        let (left, top, right, bottom) = ink.map(|(index, _)| at(index)).fold(
            (usize::MAX, usize::MAX, 0, 0),
            |(left, top, right, bottom), (x, y)| {
                (left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1))
            },
        );
        (left < right && top < bottom).then(|| Part {
            x: left as f32,
            y: top as f32,
            width: (right - left) as f32,
            height: (bottom - top) as f32,
        })
    }

    fn centre_of_mass(&self) -> (f32, f32) {
        let (mut mass, mut across, mut down) = (0.0, 0.0, 0.0);
        for (index, value) in self.values.iter().enumerate() {
            let value = f64::from(*value);
            mass += value;
            across += value * ((index % self.width) as f64 + 0.5);
            down += value * ((index / self.width) as f64 + 0.5);
        }
        ((across / mass) as f32, (down / mass) as f32)
    }

    /// The largest part in the middle whose width is `proportion` of its height.
    fn middle(&self, proportion: f32) -> Part {
        let (width, height) = (self.width as f32, self.height as f32);
        let (w, h) = if width > height * proportion {
            (height * proportion, height)
        } else {
            (width, width / proportion)
        };
        Part {
            x: (width - w) / 2.0,
            y: (height - h) / 2.0,
            width: w,
            height: h,
        }
    }

    /// `columns` × `rows` means over equal areas of `part`; black beyond the plane.
    fn resampled(&self, part: Part, columns: usize, rows: usize) -> Vec<f32> {
        let across = shares(part.x, part.width, columns, self.width);
        let down = shares(part.y, part.height, rows, self.height);
        let mean = |(down, across): (&Shares, &Shares)| {
            let row = |(y, weight): &(usize, f32)| {
                let values = &self.values[y * self.width..(y + 1) * self.width];
                weight
                    * across
                        .iter()
                        .map(|(x, share)| share * values[*x])
                        .sum::<f32>()
            };
            down.iter().map(row).sum()
        };
        let both = down
            .iter()
            .flat_map(|down| across.iter().map(move |across| (down, across)));
        both.map(mean).collect()
    }
}

/// Pixels below a stretch, with how much of the stretch each is.
type Shares = Vec<(usize, f32)>;

/// Of each of `count` equal stretches of `from .. from + length` the pixels below it, with how much of the stretch each is.
fn shares(from: f32, length: f32, count: usize, pixels: usize) -> Vec<Shares> {
    let stretch = length / count as f32;
    let one = |index: usize| {
        let low = from + index as f32 * stretch;
        let high = low + stretch;
        let (first, last) = (low.floor().max(0.0) as usize, high.ceil().max(0.0) as usize);
        let covered = |pixel: usize| {
            let (begin, end) = (pixel as f32, pixel as f32 + 1.0);
            (high.min(end) - low.max(begin)).max(0.0) / stretch
        };
        (first..last.min(pixels))
            .map(|pixel| (pixel, covered(pixel)))
            .collect()
    };
    (0..count).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Features;

    fn rule(framing: Framing, side: usize) -> PictureRule {
        PictureRule {
            channels: 1,
            height: side,
            width: side,
            white: 16,
            on_black: true,
            framing,
        }
    }

    #[test]
    fn pixels_are_means_over_their_areas() {
        let mut plane = Plane::black(8, 8);
        // Of the first 4×4 block 4 points, of the last 16.
        for at in [0, 1, 8, 9] {
            plane.values[at] = 1.0;
        }
        for y in 4..8 {
            plane.values[y * 8 + 4..y * 8 + 8].fill(1.0);
        }
        let rule = rule(Framing::Whole, 2);
        assert_eq!(
            rule.bytes(framed(&plane, Framing::Whole, &rule)),
            Features::U8(vec![4, 0, 0, 16])
        );
    }

    #[test]
    fn what_is_written_is_put_where_the_set_has_it() {
        // A small square in a corner.
        let mut plane = Plane::black(28, 28);
        for y in 2..6 {
            plane.values[y * 28 + 1..y * 28 + 5].fill(1.0);
        }
        let filled = framed(&plane, Framing::Fill, &rule(Framing::Fill, 4));
        assert_eq!(filled, vec![1.0; 16]);
        let mass = framed(&plane, Framing::Mass, &rule(Framing::Mass, 28));
        let ink = Plane {
            width: 28,
            height: 28,
            values: mass,
        };
        let part = ink.ink().unwrap();
        assert_eq!(
            (part.x, part.y, part.width, part.height),
            (4.0, 4.0, 20.0, 20.0)
        );
        let (x, y) = ink.centre_of_mass();
        assert!((x - 14.0).abs() < 1e-3 && (y - 14.0).abs() < 1e-3);
    }
}
