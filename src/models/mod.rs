//! Networks: Burn modules built from a setup.
//!
//! Depends on `setup` only. A further kind of model is one file here, one variant of [`Network`] and of
//! `setup::ModelSetup`, and its layers in `setup::plan`.

mod cnn;
mod layers;
mod mlp;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use crate::setup::{InputShape, ModelSetup, plan::Plan};

pub use cnn::Cnn;
pub use mlp::Mlp;

/// A network of any kind.
#[derive(Module, Debug)]
pub enum Network {
    /// Multilayer perceptron.
    Mlp(Mlp),
    /// Convolutional network.
    Cnn(Cnn),
}

impl Network {
    /// Builds the network with initial weights drawn from `seed`.
    ///
    /// The weights are drawn on the CPU and then moved, so that one seed gives the same network on every device.
    /// `plan` must be that of `model` for samples of shape `input`.
    pub fn new(
        model: &ModelSetup,
        input: InputShape,
        classes: usize,
        plan: &Plan,
        seed: u64,
        device: &Device,
    ) -> Self {
        let cpu = Device::flex();
        cpu.seed(seed);
        let network = match model {
            ModelSetup::Mlp(mlp) => Self::Mlp(Mlp::new(mlp, input.len(), classes, &cpu)),
            ModelSetup::Cnn(cnn) => Self::Cnn(Cnn::new(cnn, input, plan.flattened, classes, &cpu)),
        };
        // Parameters are drawn when they are first used, which would be on `device` and from its own generator.
        network.visit(&mut Draw);
        let network = network.to_device(device);
        if device.is_autodiff() {
            network.train()
        } else {
            network
        }
    }

    /// Class scores before softmax, `[batch, classes]`, of samples `[batch, numbers]` (channels, rows and columns of an
    /// image one after the other).
    pub fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Mlp(mlp) => mlp.forward(samples),
            Self::Cnn(cnn) => cnn.forward(samples),
        }
    }
}

/// Draws every parameter that has not been drawn yet, in the order of the network.
struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        drop(param.val());
    }
}
