//! Pictures: files and drawings, brought to the size and the look of a set.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::{DynamicImage, GrayImage};
use serde::{Deserialize, Serialize};

use super::plane::{Plane, framed};
use super::{Encoding, OwnError, OwnSample, Takes};
use crate::data::image_folder::read;
use crate::data::{DataError, Features};

/// The brightest pixel of the shipped digits, whose pixels count 16 set points; of all other sets it is 255.
const DIGITS_WHITE: u8 = 16;
/// Share of white up to which the corners of a set are black.
const BLACK: f32 = 0.1;
/// Images of a set whose corners are looked at.
const LOOKED_AT: usize = 1000;

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
    pub(super) fn share(self) -> f32 {
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
    pub(super) fn bytes(&self, values: impl IntoIterator<Item = f32>) -> Features {
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
