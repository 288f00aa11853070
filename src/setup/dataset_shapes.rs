use serde::{Deserialize, Serialize};

use super::{
    dataset::{SplitSetup, require_seed},
    problem::Problems,
};
use crate::units::UnknownName;

/// Fewest images a [`ShapesSetup`] may ask for: two of each of the 60 combinations of shape, colour and size, so that
/// each is in both parts of the split.
pub const SHAPES_MIN_SAMPLES: usize = 120;
/// Most images a [`ShapesSetup`] may ask for.
pub const SHAPES_MAX_SAMPLES: usize = 1_000_000;
/// Most bytes of pixels a [`ShapesSetup`] may ask for (2 GiB).
pub const SHAPES_MAX_BYTES: usize = 2 << 30;

/// Options of the rendered shapes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShapesSetup {
    /// Height and width in pixels, 16 to 64.
    pub size: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Number of images, training and test together; from [`SHAPES_MIN_SAMPLES`] to [`SHAPES_MAX_SAMPLES`], and at
    /// most [`SHAPES_MAX_BYTES`] of pixels.
    pub samples: usize,
    /// Standard deviation of the pixel noise as a share of the full scale, 0 to 1.
    pub noise: f64,
    /// Seed of the images, at most `i64::MAX`.
    pub seed: u64,
    /// The label to learn. The other two stay available for training several tasks at once.
    pub label: ShapesLabel,
    /// Share of the images held out for testing, above 0 and below 1.
    pub test_fraction: f64,
    /// Seed of the split, at most `i64::MAX`.
    pub split_seed: u64,
}

impl Default for ShapesSetup {
    fn default() -> Self {
        let split = SplitSetup::default();
        Self {
            size: 28,
            channels: 1,
            samples: 4000,
            noise: 0.1,
            seed: 0,
            label: ShapesLabel::Shape,
            test_fraction: split.test_fraction,
            split_seed: split.split_seed,
        }
    }
}

impl ShapesSetup {
    /// The options of the split by themselves.
    pub fn split(&self) -> SplitSetup {
        SplitSetup {
            test_fraction: self.test_fraction,
            split_seed: self.split_seed,
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        let sane_size = (16..=64).contains(&self.size);
        let sane_channels = matches!(self.channels, 1 | 3);
        let sane_samples = (SHAPES_MIN_SAMPLES..=SHAPES_MAX_SAMPLES).contains(&self.samples);
        problems.require(
            sane_size,
            "dataset.size",
            self.size,
            "16 to 64 pixels a side",
        );
        problems.require(sane_channels, "dataset.channels", self.channels, "1 or 3");
        problems.require(
            sane_samples,
            "dataset.samples",
            self.samples,
            format!("{SHAPES_MIN_SAMPLES} to {SHAPES_MAX_SAMPLES} images"),
        );
        if sane_size && sane_channels && sane_samples {
            let image_bytes = self.size * self.size * self.channels;
            problems.require(
                self.samples <= SHAPES_MAX_BYTES / image_bytes,
                "dataset.samples",
                self.samples,
                format!(
                    "at most {} images of {image_bytes} bytes each",
                    SHAPES_MAX_BYTES / image_bytes
                ),
            );
        }
        problems.require(
            (0.0..=1.0).contains(&self.noise),
            "dataset.noise",
            self.noise,
            "a number from 0 to 1",
        );
        require_seed(problems, "dataset.seed", self.seed);
        self.split().validate(problems);
    }
}

/// What of a rendered shape is to be learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum ShapesLabel {
    /// Circle, square, triangle, cross or star.
    #[default]
    Shape,
    /// Red, green, blue or yellow; with one channel black, dark grey, light grey or white.
    Colour,
    /// Small, medium or large.
    Size,
}

impl ShapesLabel {
    /// Every label, in the order of the label columns.
    pub const ALL: [Self; 3] = [Self::Shape, Self::Colour, Self::Size];

    /// The name in a setup.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Colour => "colour",
            Self::Size => "size",
        }
    }

    /// The label called `name`.
    ///
    /// # Errors
    /// Where there is no such label; the nearest name is suggested.
    pub fn from_name(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|label| label.name() == name)
            .ok_or_else(|| UnknownName::new("label of shapes", name, Self::ALL.map(Self::name)))
    }
}

impl TryFrom<String> for ShapesLabel {
    type Error = UnknownName;

    fn try_from(name: String) -> Result<Self, UnknownName> {
        Self::from_name(&name)
    }
}

impl From<ShapesLabel> for &'static str {
    fn from(label: ShapesLabel) -> Self {
        label.name()
    }
}
