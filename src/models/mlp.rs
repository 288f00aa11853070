use burn::module::Module;
use burn::nn::{Dropout, Embedding, Linear};
use burn::tensor::{Device, Tensor};

use super::Samples;
use super::head::{Answer, Head};
use super::layers::{NonLinearity, VectorNorm, drop, dropout};
use super::processor::linear;
use super::weights::Maker;
use crate::setup::{InputShape, MlpSetup};

/// Multilayer perceptron: linear, normalisation, activation and dropout for each hidden width, then linear to the
/// answer. Tokens become vectors first, which are laid one after the other.
#[derive(Module, Debug)]
pub struct Mlp {
    embedding: Option<Embedding>,
    hidden: Vec<Linear>,
    norms: Vec<Option<VectorNorm>>,
    activation: NonLinearity,
    dropout: Option<Dropout>,
    pub(super) classes: Head,
}

impl Mlp {
    /// For samples of shape `input`, of which `flattened` numbers enter the first linear layer.
    pub fn new(
        setup: &MlpSetup,
        input: InputShape,
        flattened: usize,
        answer: Answer<'_>,
        device: &Device,
    ) -> Self {
        let make = Maker::new(setup.initialisation, device);
        let embedding = match input {
            InputShape::Tokens { vocabulary, .. } => {
                Some(make.embedding(vocabulary, setup.embedding, 1.0))
            }
            _ => None,
        };
        let mut width = flattened;
        let (mut hidden, mut norms) = (Vec::new(), Vec::new());
        for &next in &setup.hidden {
            hidden.push(make.linear(width, next));
            norms.push(VectorNorm::new(setup.normalisation, next, device));
            width = next;
        }
        Self {
            embedding,
            hidden,
            norms,
            activation: NonLinearity::new(setup.activation),
            dropout: dropout(setup.dropout),
            classes: Head::new(&make, width, answer),
        }
    }

    /// Samples to answers `[batch, answer]`.
    pub fn forward(&self, samples: Samples) -> Tensor<2> {
        let mut x = match (samples, &self.embedding) {
            (Samples::Tokens(tokens), Some(embedding)) => embedding.forward(tokens).flatten(1, 2),
            (samples, _) => samples.into_numbers(),
        };
        for (layer, norm) in self.hidden.iter().zip(&self.norms) {
            x = linear(layer, x);
            if let Some(norm) = norm {
                x = norm.forward(x);
            }
            x = drop(&self.dropout, self.activation.forward(x));
        }
        self.classes.forward(x)
    }
}
