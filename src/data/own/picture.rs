//! Pictures: files and drawings, brought to the size and the look of a set.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::{DynamicImage, GrayImage};
use serde::{Deserialize, Serialize};

use super::{Encoding, OwnError, OwnSample, Takes};
use crate::data::image_folder::read;
use crate::data::{DataError, Features};

/// The brightest pixel of the shipped digits, whose pixels count 16 set points; of all other sets it is 255.
const DIGITS_WHITE: u8 = 16;
/// Share of white up to which the corners of a set are black.
const BLACK: f32 = 0.1;
/// Images of a set whose corners are looked at.
const LOOKED_AT: usize = 1000;
/// Share of the brightest from which a point is ink.
const INK: f32 = 0.2;

/// What pictures of a set are like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureRule {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Pixels.
    pub height: usize,
    /// Pixels.
    pub width: usize,
    /// What a white pixel counts.
    pub white: u8,
    /// Whether what is to be seen is bright, on black.
    pub on_black: bool,
    /// Where it stands in the picture.
    pub framing: Framing,
}

/// How what is written was put into the pictures of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Pictures are as they were taken.
    Whole,
    /// The box around the ink fills the picture, its longer side from edge to edge: the shipped digits (UCI: bitmaps normalised to
    /// 32×32 by NIST's programs, counted in blocks of 4×4).
    Fill,
    /// Its longer side is 20 of 28 pixels, and the centre of the ink's mass is that of the picture: MNIST (LeCun, Cortes,
    /// Burges).
    Mass,
    /// Its longer side is 24 of 28 pixels, in the middle: EMNIST (Cohen and others 2017, whose margin is 2 pixels).
    Box,
}

impl Framing {
    /// That of the set called `name`.
    fn of(name: &str) -> Self {
        match name {
            "digits" => Self::Fill,
            "mnist" => Self::Mass,
            "emnist" => Self::Box,
            _ => Self::Whole,
        }
    }

    /// Share of the picture's side that the longer side of the ink takes.
    fn share(self) -> f32 {
        match self {
            Self::Whole | Self::Fill => 1.0,
            Self::Mass => 20.0 / 28.0,
            Self::Box => 24.0 / 28.0,
        }
    }
}

/// Whether a picture's bright and dark are swapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Invert {
    /// Where the set is bright on black and the picture's border is bright.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

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

impl PictureRule {
    /// That of the set called `name`, of which `pixels` are some images of `[channels, height, width]`.
    pub(super) fn of(name: &str, [channels, height, width]: [usize; 3], pixels: &[u8]) -> Self {
        let white = if name == "digits" { DIGITS_WHITE } else { 255 };
        let area = height * width;
        let corners = [0, width - 1, area - width, area - 1];
        let images = pixels.chunks_exact(area * channels).take(LOOKED_AT);
        let (sum, count) = images
            .flat_map(|image| corners.map(|at| f32::from(image[at])))
            .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        Self {
            channels,
            height,
            width,
            white,
            on_black: channels == 1 && count > 0.0 && sum / count <= BLACK * f32::from(white),
            framing: Framing::of(name),
        }
    }

    /// Whether one can draw such pictures: bright strokes on black.
    pub fn can_be_drawn(&self) -> bool {
        self.on_black
    }

    /// Width of a stroke as a share of a drawing's side, so that it is about as wide as those of the set.
    pub fn brush(&self) -> f32 {
        match self.framing {
            Framing::Fill => 0.14,
            Framing::Mass | Framing::Box => 0.09,
            Framing::Whole => (1.6 / self.height.min(self.width) as f32).clamp(0.05, 0.2),
        }
    }

    /// What becomes of a picture in a file, in words.
    pub fn in_words(&self) -> String {
        let size = format!("{}×{}", self.width, self.height);
        let frame = match self.framing {
            Framing::Whole => {
                format!("the middle part of the same proportions is scaled to {size} pixels")
            }
            Framing::Fill => format!("what is written is scaled to fill {size} pixels"),
            Framing::Mass => format!(
                "what is written is scaled to 20 of 28 parts of {size} pixels, its centre of mass in the middle"
            ),
            Framing::Box => {
                format!("what is written is scaled to 24 of 28 parts of {size} pixels")
            }
        };
        let ground = if self.on_black {
            "; dark on bright is inverted"
        } else {
            ""
        };
        format!("{frame}{ground}")
    }

    /// Bytes of the set for values from 0 to 1.
    fn bytes(&self, values: impl IntoIterator<Item = f32>) -> Features {
        let white = f32::from(self.white);
        let byte = |value: f32| (value * white).round().clamp(0.0, white) as u8;
        Features::U8(values.into_iter().map(byte).collect())
    }
}

impl Encoding {
    fn picture(&self) -> Result<&PictureRule, OwnError> {
        match &self.takes {
            Takes::Picture(rule) => Ok(rule),
            _ => Err(OwnError::Given(format!(
                "the network takes no images, but {}",
                self.wants()
            ))),
        }
    }

    /// The image in the file at `path`.
    ///
    /// # Errors
    /// Where it is no image, damaged or too large, or the network takes none.
    pub fn read_picture(&self, path: &Path, invert: Invert) -> Result<OwnSample, OwnError> {
        let rule = self.picture()?;
        let refuse = |what: String| OwnError::File {
            what,
            path: path.to_owned(),
        };
        // A decoder that panics on a damaged file must not take the program with it.
        let image = catch_unwind(AssertUnwindSafe(|| read::decode(path)))
            .map_err(|_| refuse("the image cannot be decoded".to_owned()))?
            .map_err(|error| match error {
                DataError::Image { what, path } => OwnError::File { what, path },
                DataError::Read { source, path } => OwnError::File {
                    what: format!("cannot read the image: {source}"),
                    path,
                },
                other => other.into(),
            })?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let mut sample = OwnSample {
            name: name.to_string_lossy().into_owned(),
            features: Features::U8(Vec::new()),
            at: None,
            truth: BTreeMap::new(),
            notes: Vec::new(),
        };
        sample.features = rule.of_image(image, invert, &mut sample.notes);
        Ok(sample)
    }

    /// A drawing, bright strokes on black; put where the set has what is written, where `as_set`.
    ///
    /// # Errors
    /// Where the network takes no pictures.
    pub fn drawn(&self, drawing: &Plane, as_set: bool) -> Result<OwnSample, OwnError> {
        let rule = self.picture()?;
        let framing = if as_set { rule.framing } else { Framing::Whole };
        let one = framed(drawing, framing, rule);
        let values = (0..rule.channels).flat_map(|_| one.iter().copied());
        Ok(OwnSample {
            name: "drawing".to_owned(),
            features: rule.bytes(values),
            at: None,
            truth: BTreeMap::new(),
            notes: Vec::new(),
        })
    }
}

impl PictureRule {
    fn of_image(&self, image: DynamicImage, invert: Invert, notes: &mut Vec<String>) -> Features {
        let image = read::on_black(image);
        let is_own_size =
            [image.width(), image.height()] == [self.width as u32, self.height as u32];
        if self.channels == 3 {
            let mut bytes = vec![0; 3 * self.width * self.height];
            let mut image = image;
            if invert == Invert::Yes {
                image.invert();
            }
            read::fit(image, [self.height, self.width], 3, &mut bytes);
            return self.bytes(bytes.into_iter().map(|byte| f32::from(byte) / 255.0));
        }
        let mut grey = image.into_luma8();
        let is_inverted = match invert {
            Invert::Auto => self.on_black && border(&grey) > 127.5,
            Invert::Yes => true,
            Invert::No => false,
        };
        if is_inverted {
            for pixel in grey.pixels_mut() {
                pixel.0[0] = 255 - pixel.0[0];
            }
            if invert == Invert::Auto {
                notes.push("dark on bright: inverted, as the set is bright on black".to_owned());
            }
        }
        let pixels = grey.as_raw();
        if pixels.iter().all(|pixel| *pixel == pixels[0]) {
            notes.push("all of it is one shade: there is nothing to be seen".to_owned());
        }
        if self.framing == Framing::Whole || is_own_size {
            let mut bytes = vec![0; self.width * self.height];
            read::fit(grey.into(), [self.height, self.width], 1, &mut bytes);
            return self.bytes(bytes.into_iter().map(|byte| f32::from(byte) / 255.0));
        }
        // What is written from the ground's shade to its own brightest one: paper is never quite black.
        let ground = border(&grey);
        let brightest = grey.as_raw().iter().copied().max().unwrap_or(255);
        let range = (f32::from(brightest) - ground).max(1.0);
        let plane = Plane {
            width: grey.width() as usize,
            height: grey.height() as usize,
            values: grey
                .as_raw()
                .iter()
                .map(|byte| ((f32::from(*byte) - ground) / range).clamp(0.0, 1.0))
                .collect(),
        };
        self.bytes(framed(&plane, self.framing, self))
    }
}

/// Mean of the outermost pixels, 0 to 255.
fn border(image: &GrayImage) -> f32 {
    let (width, height) = image.dimensions();
    let (mut sum, mut count) = (0.0, 0.0_f32);
    for (x, y, pixel) in image.enumerate_pixels() {
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            sum += f32::from(pixel.0[0]);
            count += 1.0;
        }
    }
    sum / count.max(1.0)
}

/// `plane` in the size of the set, each pixel the mean over its area.
fn framed(plane: &Plane, framing: Framing, rule: &PictureRule) -> Vec<f32> {
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
        let mean = |(down, across): (&Vec<(usize, f32)>, &Vec<(usize, f32)>)| {
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

/// Of each of `count` equal stretches of `from .. from + length` the pixels below it, with how much of the stretch each is.
fn shares(from: f32, length: f32, count: usize, pixels: usize) -> Vec<Vec<(usize, f32)>> {
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
