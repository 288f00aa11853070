//! Layer shapes, parameter and FLOP counts of a model, computed without a device.
//!
//! Formulas, per sample, one multiplication and one addition being two FLOP:
//!
//! | layer | parameters | forward MAC | other forward FLOP |
//! |---|---|---|---|
//! | linear `i → o` | `i·o + o` | `i·o` | `o` (bias) |
//! | convolution `k×k`, `i → o` channels, output `h×w` | `k²·i·o + o` | `k²·i·o·h·w` | `o·h·w` (bias) |
//! | normalisation of `n` numbers, `c` channels | `2·c` | 0 | `4·n` (centre, scale, gain, shift) |
//! | activation, dropout of `n` numbers | 0 | 0 | `n` |
//! | 2×2 pooling to `n` numbers | 0 | 0 | `4·n` |
//! | global average of `n` numbers | 0 | 0 | `n` |
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

use serde::{Deserialize, Serialize};

use super::{
    CnnHead, CnnSetup, InputShape, MlpSetup, ModelSetup, Normalisation, Outputs, Pooling, Problems,
};

/// One layer of a model with its costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// What it does, such as `conv 3×3`.
    pub name: String,
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
    /// The layers in the order in which a sample passes them.
    pub layers: Vec<Layer>,
    /// Length of the vector that enters the first linear layer.
    pub flattened: usize,
}

impl Plan {
    /// Trainable numbers of the model.
    pub fn parameters(&self) -> u64 {
        self.layers.iter().map(|layer| layer.parameters).sum()
    }

    /// Multiply-accumulate operations of a forward pass over one sample.
    pub fn macs(&self) -> u64 {
        self.layers.iter().map(|layer| layer.macs).sum()
    }

    /// Floating-point operations of a forward pass over one sample.
    pub fn forward_flop(&self) -> u64 {
        self.layers.iter().map(|layer| layer.forward_flop).sum()
    }

    /// Floating-point operations of a forward and backward pass over one sample.
    pub fn training_flop(&self) -> u64 {
        self.layers.iter().map(|layer| layer.training_flop).sum()
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

    /// Numbers that the layers put out for one sample; a layer that computes nothing only looks at them in another shape.
    fn outputs(&self) -> f64 {
        let computes = |layer: &&Layer| layer.forward_flop > 0;
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
/// Where the model does not fit the samples: a kernel larger than the image, more pooling than there are pixels, a
/// convolutional network for tabular data.
pub fn plan(model: &ModelSetup, input: InputShape, outputs: Outputs) -> Result<Plan, Problems> {
    let mut planner = Planner {
        shape: input,
        layers: Vec::new(),
        problems: Problems::default(),
    };
    let flattened = match model {
        ModelSetup::Mlp(mlp) => planner.mlp(mlp, outputs.numbers),
        ModelSetup::Cnn(cnn) => planner.cnn(cnn, outputs.numbers),
    };
    let plan = Plan {
        layers: planner.layers,
        flattened,
    };
    planner.problems.require(
        plan.parameters() <= PARAMETERS_MAX,
        "model",
        format!("{} parameters", plan.parameters()),
        format!("at most {PARAMETERS_MAX} parameters"),
    );
    planner.problems.into_result().map(|()| plan)
}

struct Planner {
    shape: InputShape,
    layers: Vec<Layer>,
    problems: Problems,
}

impl Planner {
    fn push(&mut self, name: String, output: InputShape, parameters: u64, macs: u64, other: u64) {
        let forward_flop = (2 * macs).saturating_add(other);
        let first_with_weights = parameters > 0 && self.layers.iter().all(|l| l.parameters == 0);
        self.layers.push(Layer {
            name,
            output,
            parameters,
            macs,
            forward_flop,
            training_flop: forward_flop.saturating_mul(if first_with_weights { 2 } else { 3 }),
        });
        self.shape = output;
    }

    fn linear(&mut self, width: usize) {
        let (i, o) = (self.shape.len() as u64, width as u64);
        let macs = i.saturating_mul(o);
        self.push(
            "linear".to_owned(),
            InputShape::Features(width),
            macs.saturating_add(o),
            macs,
            o,
        );
    }

    fn normalise(&mut self, normalisation: Normalisation, channels: usize) {
        let name = match normalisation {
            Normalisation::None => return,
            Normalisation::Batch => "batch norm",
            Normalisation::Layer => "layer norm",
        };
        let n = self.shape.len() as u64;
        self.push(name.to_owned(), self.shape, 2 * channels as u64, 0, 4 * n);
    }

    fn elementwise(&mut self, name: &str) {
        let n = self.shape.len() as u64;
        self.push(name.to_owned(), self.shape, 0, 0, n);
    }

    fn hidden(
        &mut self,
        widths: &[usize],
        dropout: f64,
        activation: super::Activation,
        norm: Normalisation,
        dropout_first: bool,
    ) {
        for &width in widths {
            if dropout_first && dropout > 0.0 {
                self.elementwise("dropout");
            }
            self.linear(width);
            self.normalise(norm, width);
            self.elementwise(activation.name());
            if !dropout_first && dropout > 0.0 {
                self.elementwise("dropout");
            }
        }
    }

    fn mlp(&mut self, mlp: &MlpSetup, classes: usize) -> usize {
        let flattened = self.shape.len();
        self.hidden(
            &mlp.hidden,
            mlp.dropout,
            mlp.activation,
            mlp.normalisation,
            false,
        );
        self.linear(classes);
        flattened
    }

    fn cnn(&mut self, cnn: &CnnSetup, classes: usize) -> usize {
        let InputShape::Image {
            mut channels,
            mut height,
            mut width,
        } = self.shape
        else {
            self.problems.require(
                false,
                "model.kind",
                "cnn",
                "`mlp` for tabular data; a convolutional network needs images",
            );
            return 0;
        };
        for (block, &out) in cnn.channels.iter().enumerate() {
            self.problems.require(
                cnn.kernel <= height.min(width),
                "model.kernel",
                cnn.kernel,
                format!(
                    "at most {}, the size of the image in block {}",
                    height.min(width),
                    block + 1
                ),
            );
            for _ in 0..cnn.convolutions {
                let positions = (height * width) as u64;
                let weights = (cnn.kernel * cnn.kernel) as u64 * channels as u64 * out as u64;
                let output = InputShape::Image {
                    channels: out,
                    height,
                    width,
                };
                self.push(
                    format!("conv {0}×{0}", cnn.kernel),
                    output,
                    weights + out as u64,
                    weights.saturating_mul(positions),
                    out as u64 * positions,
                );
                // Layer normalisation is one group over channels and positions, with gain and shift a channel.
                self.normalise(cnn.normalisation, out);
                self.elementwise(cnn.activation.name());
                channels = out;
            }
            if cnn.pooling != Pooling::None {
                let halves = height >= 2 && width >= 2;
                self.problems.require(
                    halves,
                    "model.pooling",
                    format!("block {}", block + 1),
                    "`none`, or fewer blocks: the image is already a single pixel wide there",
                );
                if !halves {
                    return 0;
                }
                (height, width) = (height / 2, width / 2);
                let output = InputShape::Image {
                    channels,
                    height,
                    width,
                };
                let name = match cnn.pooling {
                    Pooling::Average => "average pool 2×2",
                    _ => "max pool 2×2",
                };
                self.push(name.to_owned(), output, 0, 0, 4 * output.len() as u64);
            }
        }
        match cnn.head {
            CnnHead::GlobalAverage => {
                let n = self.shape.len() as u64;
                self.push(
                    "global average".to_owned(),
                    InputShape::Features(channels),
                    0,
                    0,
                    n,
                );
            }
            CnnHead::Flatten => {
                self.push(
                    "flatten".to_owned(),
                    InputShape::Features(self.shape.len()),
                    0,
                    0,
                    0,
                );
            }
        }
        let flattened = self.shape.len();
        self.hidden(
            &cnn.hidden,
            cnn.dropout,
            cnn.activation,
            Normalisation::None,
            true,
        );
        if cnn.dropout > 0.0 {
            self.elementwise("dropout");
        }
        self.linear(classes);
        flattened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
