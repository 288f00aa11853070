use serde::{Deserialize, Serialize};

use super::{Activation, Initialisation, Positions, SequencePooling, TransformerForm, limits};
use crate::setup::{Outputs, Problems};

/// A transformer (Vaswani et al. 2017) in its form with normalisation first: embeddings of the tokens with positions; blocks of
/// attention and two linear layers, each behind a layer normalisation and added to what entered it; a last layer normalisation;
/// a linear layer to the answer. An image is read row by row from the top, each row brought to the width by a linear layer.
///
/// An encoder sees the whole sample and gives one answer, from the mean over its positions or a class token. A decoder sees at
/// each position only what is before it; it answers at each position, or from the last one where one answer is asked for.
/// Embeddings and learnt positions are drawn with deviation 0.02.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransformerSetup {
    /// Encoder or decoder.
    pub form: TransformerForm,
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
    /// How a position is told from the others.
    pub positions: Positions,
    /// How the positions of an encoder become one vector.
    pub pooling: SequencePooling,
    /// Probability of dropping, while training: of inputs, attention weights and what a block adds; 0 to below 1.
    pub dropout: f64,
    /// Weights before the first step.
    pub initialisation: Initialisation,
}

impl Default for TransformerSetup {
    fn default() -> Self {
        Self {
            form: TransformerForm::Auto,
            depth: 2,
            width: 128,
            heads: 4,
            mlp_ratio: 4,
            activation: Activation::Gelu,
            positions: Positions::Learned,
            pooling: SequencePooling::Mean,
            dropout: 0.0,
            initialisation: Initialisation::Xavier,
        }
    }
}

/// A stack of blocks of attention and two linear layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionStack {
    /// Blocks.
    pub depth: usize,
    /// Numbers at each position.
    pub width: usize,
    /// Heads of each attention.
    pub heads: usize,
    /// Numbers between a block's two linear layers.
    pub hidden: usize,
    /// Activation between them.
    pub activation: Activation,
    /// Probability of dropping.
    pub dropout: f64,
    /// Whether a position sees only itself and those before it.
    pub is_causal: bool,
}

impl TransformerSetup {
    /// Whether it is a decoder, for what it is to answer with.
    pub fn is_causal(&self, outputs: Outputs) -> bool {
        match self.form {
            TransformerForm::Auto => outputs.per_position,
            TransformerForm::Encoder => false,
            TransformerForm::Decoder => true,
        }
    }

    /// Whether a learnt position is put before the others.
    pub fn has_class_token(&self, outputs: Outputs) -> bool {
        self.pooling == SequencePooling::ClassToken && !self.is_causal(outputs)
    }

    /// The blocks.
    pub fn stack(&self, outputs: Outputs) -> AttentionStack {
        AttentionStack {
            depth: self.depth,
            width: self.width,
            heads: self.heads,
            hidden: self.width.saturating_mul(self.mlp_ratio),
            activation: self.activation,
            dropout: self.dropout,
            is_causal: self.is_causal(outputs),
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        limits::depth(problems, self.depth);
        limits::width(problems, "model.width", self.width);
        limits::heads(problems, self.heads, self.width);
        limits::ratio(problems, self.mlp_ratio);
        limits::dropout(problems, self.dropout);
        problems.require(
            self.positions == Positions::Learned || self.width.is_multiple_of(2),
            "model.width",
            self.width,
            "an even number with sinusoidal positions: each wavelength has a sine and a cosine",
        );
    }

    pub(super) fn in_words(&self, kind: &str) -> String {
        let kind = match self.form {
            TransformerForm::Auto => kind,
            TransformerForm::Encoder => "encoder",
            TransformerForm::Decoder => "decoder",
        };
        format!("{kind} {}×{}", self.depth, self.width)
    }
}
