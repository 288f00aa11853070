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

use serde::{Deserialize, Serialize};

use super::{
    CnnHead, CnnSetup, InputShape, MlpSetup, ModelSetup, Normalisation, Pooling, Problems,
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
}

/// Most parameters that are accepted: beyond them no device of today could hold weights, gradients and the optimiser's
/// state.
const PARAMETERS_MAX: u64 = 20_000_000_000;

/// Plans a model for samples of a shape and a number of classes.
///
/// # Errors
/// Where the model does not fit the samples: a kernel larger than the image, more pooling than there are pixels, a
/// convolutional network for tabular data.
pub fn plan(model: &ModelSetup, input: InputShape, classes: usize) -> Result<Plan, Problems> {
    let mut planner = Planner {
        shape: input,
        layers: Vec::new(),
        problems: Problems::default(),
    };
    let flattened = match model {
        ModelSetup::Mlp(mlp) => planner.mlp(mlp, classes),
        ModelSetup::Cnn(cnn) => planner.cnn(cnn, classes),
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
