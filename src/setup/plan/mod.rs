//! Layer shapes, parameter and FLOP counts of a model, computed without a device.
//!
//! Formulas, per sample, one multiplication and one addition being two FLOP:
//!
//! | layer | parameters | forward MAC | other forward FLOP |
//! |---|---|---|---|
//! | linear `i → o` at `t` positions (1 where there are none) | `i·o + o` | `t·i·o` | `t·o` (bias) |
//! | convolution `k×k`, `i → o` channels in `g` groups, output `h×w` | `k²·i·o/g + o` | `k²·i·o/g·h·w` | `o·h·w` (bias) |
//! | the same without bias | `k²·i·o/g` | `k²·i·o/g·h·w` | 0 |
//! | normalisation of `n` numbers, `c` channels or features | `2·c` | 0 | `4·n` (centre, scale, gain, shift) |
//! | activation, dropout, addition of `n` numbers | 0 | 0 | `n` |
//! | `k×k` pooling to `n` numbers | 0 | 0 | `k²·n` |
//! | mean over positions of `n` numbers | 0 | 0 | `n` |
//! | embedding of `v` tokens in `d` numbers | `v·d` | 0 | 0 (a look-up) |
//! | learnt positions, `n` numbers in all; class token of `d` numbers | `n`; `d` | 0 | `n`; 0 |
//! | attention between `t` positions of `d` numbers, `a` heads | 0 | `2·t²·d` (scores, weighted sum) | `t·d + 5·a·t²` (scale; softmax) |
//! | LSTM `i → h`, `t` steps | `4·h·(i + h + 2)` | `t·4·h·(i + h)` | `t·17·h` (sums 8, gates 5, state 4) |
//! | GRU `i → h`, `t` steps | `3·h·(i + h + 2)` | `t·3·h·(i + h)` | `t·16·h` (sums 10, gates 3, state 3) |
//!
//! Convolutions are counted over the whole output, the zeros around an image included; attention over all pairs of positions,
//! those that a decoder does not look at included, as they are computed too. A recurrent layer has two biases for each gate, as
//! in cuDNN and PyTorch.
//!
//! Forward FLOP are twice the MAC plus the others. Training adds the backward pass: the gradient with respect to a
//! layer's weights and that with respect to its input each cost as many MAC as forward, so a layer's training FLOP are
//! three times its forward FLOP; the first layer with weights needs no gradient of its input, so two times. The
//! optimiser's own work is not counted.
//!
//! Bytes between the device and its memory, every number being an `f32` of 4 bytes. With `P` parameters, `s` numbers of
//! optimiser state for each of them, `m` numbers of a sample and `n` of all layers' outputs together:
//!
//! | what | training step of `B` samples | forward pass of `B` samples in `k` batches |
//! |---|---|---|
//! | weights: read forward, read backward | `2·P` | `k·P` |
//! | gradients: written, read by the optimiser | `2·P` | |
//! | optimiser: weights read and written, state read and written | `(2 + 2·s)·P` | |
//! | samples: read forward, read for the gradient of the first weights | `2·m·B` | `m·B` |
//! | outputs: written, read by the next layer; read backward, their gradient written and read | `5·n·B` | `2·n·B` |
//!
//! Together `4·((6 + 2·s)·P + (2·m + 5·n)·B)` and `4·(k·P + (m + 2·n)·B)` bytes. A training step whose samples go through in
//! several batches moves `4·6·P` more for each batch after the first: weights read forward and backward, gradients written, and
//! added to the sum (both read, the sum written). This is a count of what has to be moved where
//! no layer is fused with the next and nothing stays in a cache, not a measurement: a constant that is fitted to it holds
//! for what is counted in the same way.

mod cnn;
mod heads;
mod image;
mod mlp;
mod mobilenet;
mod planner;
mod recurrent;
mod resnet;
mod trained;
mod transformer;

pub use heads::{Head, Heads, is_head};
pub use trained::Trained;

use serde::{Deserialize, Serialize};

use super::{InputShape, ModelSetup, Outputs, Problems};
use planner::Planner;

/// One layer of a model with its costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// What it does, such as `conv 3×3`.
    pub name: String,
    /// The group of layers that it belongs to, such as `blocks.0` or [`HEAD`]: what can be frozen and have a learning rate of its
    /// own.
    #[serde(default)]
    pub group: String,
    /// Shape of its output for one sample.
    pub output: InputShape,
    /// Trainable numbers.
    pub parameters: u64,
    /// Multiply-accumulate operations of a forward pass over one sample.
    pub macs: u64,
    /// Floating-point operations of a forward pass over one sample.
    pub forward_flop: u64,
    /// Floating-point operations of a forward and backward pass over one sample.
    pub training_flop: u64,
}

/// A model's layers, first to last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Shape of a sample.
    pub input: InputShape,
    /// The layers in the order in which a sample passes them.
    pub layers: Vec<Layer>,
    /// Length of the vector that leaves the head: it enters the hidden linear layers, or the one that answers.
    pub flattened: usize,
    /// The heads of a model that learns several labels at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heads: Option<Heads>,
    /// The same model for smaller images, where a run begins with such, smallest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smaller: Vec<SmallerPlan>,
}

/// A model built for images of one size, as it is for smaller ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmallerPlan {
    /// Shape of a smaller image.
    pub input: InputShape,
    /// The layers, with the parameters of the model and other costs.
    pub layers: Plan,
}

/// The group of the layer that answers; of several heads the beginning of their groups, as in `head.shape`.
pub const HEAD: &str = "head";

impl Plan {
    /// Groups of layers that have anything to learn, from the one that reads the samples to [`HEAD`].
    pub fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for layer in self.layers.iter().filter(|layer| layer.parameters > 0) {
            if !groups.contains(&layer.group.as_str()) {
                groups.push(&layer.group);
            }
        }
        groups
    }

    /// The layers for images of this height and width; as they were planned where it is none of the smaller ones.
    pub fn at(&self, size: Option<(usize, usize)>) -> &Self {
        let is_this = |smaller: &&SmallerPlan| smaller.input.height_and_width() == size;
        let found = size.and_then(|_| self.smaller.iter().find(is_this));
        found.map_or(self, |smaller| &smaller.layers)
    }

    /// Trainable numbers of the model.
    pub fn parameters(&self) -> u64 {
        self.total(|layer| layer.parameters)
    }

    /// Multiply-accumulate operations of a forward pass over one sample.
    pub fn macs(&self) -> u64 {
        self.total(|layer| layer.macs)
    }

    /// Floating-point operations of a forward pass over one sample.
    pub fn forward_flop(&self) -> u64 {
        self.total(|layer| layer.forward_flop)
    }

    /// Floating-point operations of a forward and backward pass over one sample.
    pub fn training_flop(&self) -> u64 {
        self.total(|layer| layer.training_flop)
    }

    /// Bytes moved between the device and its memory in a training step of `samples` samples of `input_numbers` numbers
    /// each, with `state` numbers of optimiser state for each parameter. The formula is at the top of this file.
    pub fn training_bytes(&self, input_numbers: u64, samples: u64, state: u64) -> f64 {
        let a_parameter = (6 + 2 * state) as f64 * self.parameters() as f64;
        let a_sample = 2.0 * input_numbers as f64 + 5.0 * self.outputs();
        BYTES_A_NUMBER * (a_parameter + a_sample * samples as f64)
    }

    /// Bytes that each batch after the first adds to a training step whose samples go through in several.
    pub fn further_batch_bytes(&self) -> f64 {
        BYTES_A_NUMBER * 6.0 * self.parameters() as f64
    }

    /// Bytes moved between the device and its memory in a forward pass of `samples` samples in `batches` batches.
    pub fn forward_bytes(&self, input_numbers: u64, samples: u64, batches: u64) -> f64 {
        let a_sample = input_numbers as f64 + 2.0 * self.outputs();
        BYTES_A_NUMBER * (self.parameters() as f64 * batches as f64 + a_sample * samples as f64)
    }

    fn total(&self, of: impl Fn(&Layer) -> u64) -> u64 {
        self.layers.iter().map(of).fold(0, u64::saturating_add)
    }

    /// Numbers that the layers put out for one sample; a layer that neither computes nor looks anything up only sees them in
    /// another shape.
    fn outputs(&self) -> f64 {
        let computes = |layer: &&Layer| layer.forward_flop > 0 || layer.parameters > 0;
        self.layers
            .iter()
            .filter(computes)
            .map(|layer| layer.output.len() as f64)
            .sum()
    }
}

/// Bytes of an `f32`.
const BYTES_A_NUMBER: f64 = 4.0;

/// Most parameters that are accepted: beyond them no device of today could hold weights, gradients and the optimiser's
/// state.
const PARAMETERS_MAX: u64 = 20_000_000_000;

/// Plans a model for samples of a shape and what it is to answer with.
///
/// # Errors
/// Where the model does not fit the samples: a kernel larger than the image, more pooling than there are pixels, patches that do
/// not fill it, a convolutional network for a table, one answer a sample where one at each position is asked for.
pub fn plan(model: &ModelSetup, input: InputShape, outputs: Outputs) -> Result<Plan, Problems> {
    plan_with_heads((model, input, outputs), None)
}

/// As [`plan`], where `heads` answer in place of one layer.
///
/// # Errors
/// As [`plan`].
pub fn plan_with_heads(
    (model, input, outputs): (&ModelSetup, InputShape, Outputs),
    heads: Option<Heads>,
) -> Result<Plan, Problems> {
    planned(Planner::new(model.kind(), input, outputs), model, heads)
}

/// Plans a model that was built for images of shape `built` for smaller ones, of shape `input`: kernels, strides and pooling are those of the
/// whole images.
///
/// # Errors
/// As [`plan`].
pub(super) fn plan_smaller(
    model: &ModelSetup,
    built: InputShape,
    input: InputShape,
    outputs: Outputs,
    heads: Option<&Heads>,
) -> Result<Plan, Problems> {
    let mut planner = Planner::new(model.kind(), input, outputs);
    planner.built = built;
    planned(planner, model, heads.cloned())
}

fn planned(
    mut planner: Planner,
    model: &ModelSetup,
    heads: Option<Heads>,
) -> Result<Plan, Problems> {
    let input = planner.shape;
    planner.heads.clone_from(&heads);
    let flattened = match model {
        ModelSetup::Mlp(mlp) => planner.mlp(mlp),
        ModelSetup::Cnn(cnn) => planner.cnn(cnn),
        ModelSetup::Lenet5(lenet) => planner.lenet5(lenet),
        ModelSetup::Vgg(vgg) => planner.vgg(vgg),
        ModelSetup::Resnet(resnet) => planner.resnet(resnet),
        ModelSetup::MobilenetV2(mobilenet) => planner.mobilenet(mobilenet),
        ModelSetup::Vit(vit) => planner.vit(vit),
        ModelSetup::Lstm(lstm) => planner.recurrent(recurrent::LSTM, lstm),
        ModelSetup::Gru(gru) => planner.recurrent(recurrent::GRU, gru),
        ModelSetup::Transformer(transformer) => planner.transformer(transformer),
    };
    let (layers, mut problems) = planner.finish();
    // A model that does not fit at all has been refused with a reason.
    let plan = Plan {
        input,
        smaller: Vec::new(),
        layers,
        flattened: flattened.unwrap_or_default(),
        heads,
    };
    problems.require(
        plan.parameters() <= PARAMETERS_MAX,
        "model",
        format!("{} parameters", plan.parameters()),
        format!("at most {PARAMETERS_MAX} parameters"),
    );
    problems.into_result().map(|()| plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::MlpSetup;

    #[test]
    fn bytes_follow_the_stated_formula() {
        let model = ModelSetup::Mlp(MlpSetup {
            hidden: vec![3],
            ..MlpSetup::default()
        });
        let plan = plan(&model, InputShape::Features(4), Outputs::of_sample(2)).unwrap();
        // 4·3 + 3 and 3·2 + 2 parameters; outputs: 3, its activation 3, 2.
        assert_eq!(plan.parameters(), 23);
        let training = 4.0 * ((6.0 + 2.0 * 2.0) * 23.0 + (2.0 * 4.0 + 5.0 * 8.0) * 10.0);
        assert_eq!(plan.training_bytes(4, 10, 2), training);
        let forward = 4.0 * (3.0 * 23.0 + (4.0 + 2.0 * 8.0) * 30.0);
        assert_eq!(plan.forward_bytes(4, 30, 3), forward);
    }
}
