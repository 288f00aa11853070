use burn::module::Module;
use burn::nn::{Dropout, Linear};
use burn::tensor::{Device, Tensor};

use super::layers::{NonLinearity, VectorNorm, dropout, linear};
use crate::setup::MlpSetup;

/// Multilayer perceptron: linear, normalisation, activation and dropout for each hidden width, then linear to the
/// classes.
#[derive(Module, Debug)]
pub struct Mlp {
    hidden: Vec<Linear>,
    norms: Vec<Option<VectorNorm>>,
    activation: NonLinearity,
    dropout: Option<Dropout>,
    classes: Linear,
}

impl Mlp {
    /// For samples of `inputs` numbers.
    pub fn new(setup: &MlpSetup, inputs: usize, classes: usize, device: &Device) -> Self {
        let mut width = inputs;
        let (mut hidden, mut norms) = (Vec::new(), Vec::new());
        for &next in &setup.hidden {
            hidden.push(linear(width, next, device));
            norms.push(VectorNorm::new(setup.normalisation, next, device));
            width = next;
        }
        Self {
            hidden,
            norms,
            activation: NonLinearity::new(setup.activation, device),
            dropout: dropout(setup.dropout),
            classes: linear(width, classes, device),
        }
    }

    /// `[batch, inputs]` to class scores `[batch, classes]`.
    pub fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let mut x = samples;
        for (layer, norm) in self.hidden.iter().zip(&self.norms) {
            x = layer.forward(x);
            if let Some(norm) = norm {
                x = norm.forward(x);
            }
            x = self.activation.forward(x);
            if let Some(dropout) = &self.dropout {
                x = dropout.forward(x);
            }
        }
        self.classes.forward(x)
    }
}
