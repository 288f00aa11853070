use std::fmt;

use serde::{Deserialize, Serialize};

/// The shape of one sample as a model sees it, without the batch axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputShape {
    /// A picture, stored channel by channel, each row-major (CHW).
    Image {
        /// Number of channels: 1 for grey, 3 for red, green and blue.
        channels: usize,
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// This many numbers without neighbourhood, as a row of a table has.
    Features(usize),
    /// Symbols one after the other, such as the characters of a text, each a number below the size of the vocabulary.
    Tokens {
        /// Number of positions.
        length: usize,
        /// How many different symbols there are.
        vocabulary: usize,
    },
    /// A vector at each position of a sequence: what layers make of tokens, and of images read line by line or in
    /// patches. No dataset has this shape.
    Sequence {
        /// Number of positions.
        length: usize,
        /// Numbers at each position.
        width: usize,
    },
}

impl InputShape {
    /// Numbers in one sample; saturates where the product does not fit.
    pub fn len(&self) -> usize {
        match *self {
            Self::Image {
                channels,
                height,
                width,
            } => channels.saturating_mul(height).saturating_mul(width),
            Self::Features(count) => count,
            Self::Tokens { length, .. } => length,
            Self::Sequence { length, width } => length.saturating_mul(width),
        }
    }

    /// Whether a sample holds no number at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Channels of a picture; 1 for anything else.
    pub fn channels(&self) -> usize {
        match *self {
            Self::Image { channels, .. } => channels,
            _ => 1,
        }
    }

    /// Height and width in pixels, where the sample is a picture.
    pub fn height_and_width(&self) -> Option<(usize, usize)> {
        match *self {
            Self::Image { height, width, .. } => Some((height, width)),
            _ => None,
        }
    }
}

impl fmt::Display for InputShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image {
                channels,
                height,
                width,
            } => write!(f, "{channels}×{height}×{width}"),
            Self::Features(count) => write!(f, "{count} features"),
            Self::Tokens { length, vocabulary } => write!(f, "{length} tokens of {vocabulary}"),
            Self::Sequence { length, width } => write!(f, "{length} × {width}"),
        }
    }
}
