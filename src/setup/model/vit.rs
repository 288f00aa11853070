use serde::{Deserialize, Serialize};

use super::{Activation, AttentionStack, Initialisation, SequencePooling, limits};
use crate::setup::Problems;

/// A vision transformer (Dosovitskiy et al. 2021): the image is cut into square patches, each of which becomes a vector by one
/// linear layer; a learnt vector for each position is added; blocks of attention and two linear layers follow, each behind a
/// layer normalisation and added to what entered it; a last layer normalisation; class token or mean; a linear layer to the
/// answer.
///
/// Position vectors and class token are drawn with deviation 0.02.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VitSetup {
    /// Height and width of a patch in pixels; divides height and width of the image.
    pub patch: usize,
    /// Blocks.
    pub depth: usize,
    /// Numbers at each position.
    pub width: usize,
    /// Heads of each attention; divides the width.
    pub heads: usize,
    /// Width within a block's two linear layers, as a multiple of the width.
    pub mlp_ratio: usize,
    /// Activation between them.
    pub activation: Activation,
    /// How the positions become one vector.
    pub pooling: SequencePooling,
    /// Probability of dropping, while training: of inputs, attention weights and what a block adds; 0 to below 1.
    pub dropout: f64,
    /// Weights before the first step.
    pub initialisation: Initialisation,
}

impl Default for VitSetup {
    fn default() -> Self {
        Self {
            patch: 4,
            depth: 6,
            width: 128,
            heads: 4,
            mlp_ratio: 2,
            activation: Activation::Gelu,
            pooling: SequencePooling::ClassToken,
            dropout: 0.0,
            initialisation: Initialisation::Xavier,
        }
    }
}

impl VitSetup {
    /// The blocks.
    pub fn stack(&self) -> AttentionStack {
        AttentionStack {
            depth: self.depth,
            width: self.width,
            heads: self.heads,
            hidden: self.width.saturating_mul(self.mlp_ratio),
            activation: self.activation,
            dropout: self.dropout,
            is_causal: false,
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.patch >= 1,
            "model.patch",
            self.patch,
            "1 or more pixels",
        );
        limits::depth(problems, self.depth);
        limits::width(problems, "model.width", self.width);
        limits::heads(problems, self.heads, self.width);
        limits::ratio(problems, self.mlp_ratio);
        limits::dropout(problems, self.dropout);
    }

    pub(super) fn in_words(&self, kind: &str) -> String {
        format!("{kind} {}×{} patch {}", self.depth, self.width, self.patch)
    }
}
