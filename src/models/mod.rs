//! Networks: Burn modules built from a setup.
//!
//! Depends on `setup` only. A further kind of model is one file here, one variant of [`Network`] and of
//! `setup::ModelSetup`, and its layers in `setup::plan`, which must come to the same number of parameters.
//!
//! The policy of reinforcement learning is an [`Mlp`] whose answers are scores of actions; it needs nothing of its own.

mod attention;
mod cnn;
pub mod convolve;
mod head;
mod layers;
mod mlp;
mod mobilenet;
mod names;
mod orthogonal;
pub mod processor;
mod recurrent;
mod resnet;
mod sequence;
mod transformer;
mod vit;
mod weights;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Int, Tensor};

use crate::setup::{InputShape, ModelSetup, Outputs, plan::Plan};

pub use cnn::Cnn;
pub use head::{Answer, Head};
pub use layers::casts_itself;
pub use mlp::Mlp;
pub use mobilenet::Mobilenet;
pub use names::{Named, NamedFlag};
pub use recurrent::Recurrent;
pub use resnet::Resnet;
pub use transformer::Transformer;
pub use vit::Vit;

/// A batch of samples, as a network takes it.
#[derive(Clone, Debug)]
pub enum Samples {
    /// `[batch, numbers]`: the features of a table's row, or the channels, rows and columns of an image one after the other.
    Numbers(Tensor<2>),
    /// `[batch, length]`.
    Tokens(Tensor<2, Int>),
    /// `[batch, channels, height, width]`: images of another size than those that the network was built for.
    Images(Tensor<4>),
}

impl Samples {
    /// As numbers `[batch, numbers]`. A plan is made before a network is built, and refuses tokens where they make no
    /// sense; a network that gets them all the same sees them as quantities.
    fn into_numbers(self) -> Tensor<2> {
        match self {
            Self::Numbers(numbers) => numbers,
            Self::Tokens(tokens) => tokens.float(),
            Self::Images(images) => images.flatten(1, 3),
        }
    }

    /// As images `[batch, channels, height, width]`, of this shape where nothing else is said of them.
    fn into_images(self, channels: usize, height: usize, width: usize) -> Tensor<4> {
        match self {
            Self::Images(images) => images,
            other => {
                let numbers = other.into_numbers();
                let [batch, _] = numbers.dims();
                numbers.reshape([batch, channels, height, width])
            }
        }
    }
}

/// A network of any kind.
#[derive(Module, Debug)]
pub enum Network {
    /// Multilayer perceptron.
    Mlp(Mlp),
    /// Plain stack of convolutions: CNN, LeNet-5, VGG.
    Cnn(Cnn),
    /// Residual network.
    Resnet(Resnet),
    /// MobileNetV2.
    Mobilenet(Mobilenet),
    /// Vision transformer.
    Vit(Vit),
    /// LSTM or GRU.
    Recurrent(Recurrent),
    /// Transformer, encoder or decoder.
    Transformer(Transformer),
}

impl Network {
    /// Builds the network with initial weights drawn from `seed`.
    ///
    /// The weights are drawn on the CPU and then moved, so that one seed gives the same network on every device.
    /// `plan` must be that of `model` for samples of shape `input`.
    pub fn new(
        model: &ModelSetup,
        input: InputShape,
        outputs: Outputs,
        plan: &Plan,
        seed: u64,
        device: &Device,
    ) -> Self {
        let cpu = Device::flex();
        cpu.seed(seed);
        let flattened = plan.flattened;
        let answer = Answer {
            numbers: outputs.numbers,
            heads: plan.heads.as_ref(),
        };
        let network = match model {
            ModelSetup::Mlp(setup) => Self::Mlp(Mlp::new(setup, input, flattened, answer, &cpu)),
            ModelSetup::Cnn(setup) => Self::Cnn(Cnn::of_cnn(setup, input, flattened, answer, &cpu)),
            ModelSetup::Lenet5(setup) => {
                Self::Cnn(Cnn::of_lenet5(setup, input, flattened, answer, &cpu))
            }
            ModelSetup::Vgg(setup) => Self::Cnn(Cnn::of_vgg(setup, input, flattened, answer, &cpu)),
            ModelSetup::Resnet(setup) => {
                Self::Resnet(Resnet::new(setup, input, flattened, answer, &cpu))
            }
            ModelSetup::MobilenetV2(setup) => {
                Self::Mobilenet(Mobilenet::new(setup, input, flattened, answer, &cpu))
            }
            ModelSetup::Vit(setup) => Self::Vit(Vit::new(setup, input, answer, &cpu)),
            ModelSetup::Lstm(setup) => {
                Self::Recurrent(Recurrent::new(setup, true, input, outputs, answer, &cpu))
            }
            ModelSetup::Gru(setup) => {
                Self::Recurrent(Recurrent::new(setup, false, input, outputs, answer, &cpu))
            }
            ModelSetup::Transformer(setup) => {
                Self::Transformer(Transformer::new(setup, input, outputs, answer, &cpu))
            }
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

    /// Answers `[answers, numbers]`: one for each sample, or one for each position of each sample, sample after sample,
    /// where [`Outputs::per_position`] asks for that. Of classes, tokens and actions they are scores before softmax. Those of
    /// several heads stand one after the other, in the order of the plan.
    pub fn forward(&self, samples: Samples) -> Tensor<2> {
        match self {
            Self::Mlp(mlp) => mlp.forward(samples),
            Self::Cnn(cnn) => cnn.forward(samples),
            Self::Resnet(resnet) => resnet.forward(samples),
            Self::Mobilenet(mobilenet) => mobilenet.forward(samples),
            Self::Vit(vit) => vit.forward(samples.into_numbers()),
            Self::Recurrent(recurrent) => recurrent.forward(samples),
            Self::Transformer(transformer) => transformer.forward(samples),
        }
    }

    /// Of a network that learns how much each of its heads counts: `sₖ` `[heads]`, the logarithm of the variance of each head's
    /// loss.
    pub fn uncertainty(&self) -> Option<Tensor<1>> {
        match self {
            Self::Mlp(mlp) => &mlp.classes,
            Self::Cnn(cnn) => &cnn.classes,
            Self::Resnet(resnet) => &resnet.classes,
            Self::Mobilenet(mobilenet) => &mobilenet.classes,
            Self::Vit(vit) => &vit.classes,
            Self::Recurrent(recurrent) => &recurrent.classes,
            Self::Transformer(transformer) => &transformer.classes,
        }
        .uncertainty()
    }
}

/// Draws every parameter that has not been drawn yet, in the order of the network.
struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        drop(param.val());
    }
}
