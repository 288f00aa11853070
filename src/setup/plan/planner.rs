//! A model's layers as they are noted down, one after the other.

use super::{Heads, Layer};
use crate::setup::{Activation, InputShape, Normalisation, Outputs, Problems};

/// Notes layers down and keeps the shape that enters the next one.
pub(super) struct Planner {
    /// Kind of the model, as named in files and flags.
    kind: &'static str,
    /// What enters the next layer.
    pub shape: InputShape,
    /// The samples that the model was built for: choices that go by the size of images go by theirs.
    pub built: InputShape,
    /// What is to be answered with.
    pub outputs: Outputs,
    /// Heads that answer in place of one layer.
    pub heads: Option<Heads>,
    pub problems: Problems,
    layers: Vec<Layer>,
    /// Where in the model the next layers are, such as `block 2`.
    place: String,
    /// The group of the next layers, [`Layer::group`].
    group: String,
}

/// A convolution with equal sides.
#[derive(Clone, Copy)]
pub(super) struct Convolution {
    pub out: usize,
    pub kernel: usize,
    pub stride: usize,
    /// Zeros on every side.
    pub padding: usize,
    pub groups: usize,
    pub has_bias: bool,
}

impl Convolution {
    /// One that keeps the size of the image, with stride 1 and an odd kernel.
    pub fn same(out: usize, kernel: usize) -> Self {
        Self {
            out,
            kernel,
            stride: 1,
            padding: kernel / 2,
            groups: 1,
            has_bias: true,
        }
    }

    pub fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    pub fn bias(self, has_bias: bool) -> Self {
        Self { has_bias, ..self }
    }
}

impl Planner {
    pub fn new(kind: &'static str, input: InputShape, outputs: Outputs) -> Self {
        Self {
            kind,
            shape: input,
            built: input,
            outputs,
            heads: None,
            problems: Problems::default(),
            layers: Vec::new(),
            place: String::new(),
            group: "input".to_owned(),
        }
    }

    pub fn finish(self) -> (Vec<Layer>, Problems) {
        (self.layers, self.problems)
    }

    /// The next layers are at `place`; nowhere in particular where it is empty.
    pub fn at(&mut self, place: impl Into<String>) {
        self.place = place.into();
    }

    /// The next layers are of this group.
    pub fn group(&mut self, group: impl Into<String>) {
        self.group = group.into();
    }

    /// Where the next layers are.
    pub fn at_place(&self) -> String {
        self.place.clone()
    }

    /// Refuses the kind of model, with what to take instead.
    pub fn refuse<T>(&mut self, instead: &str) -> Option<T> {
        self.problems
            .require(false, "model.kind", self.kind, instead);
        None
    }

    /// Channels, height and width, for models that need an image; `None`, with the reason noted, where there is none.
    pub fn image(&mut self, model: &str) -> Option<(usize, usize, usize)> {
        match self.shape {
            InputShape::Image {
                channels,
                height,
                width,
            } if !self.outputs.per_position => Some((channels, height, width)),
            InputShape::Tokens { .. } => self.refuse(&format!(
                "`transformer`, `lstm` or `gru` for sequences of tokens; {model} needs images"
            )),
            _ => self.refuse(&format!("`mlp` for tabular data; {model} needs images")),
        }
    }

    /// Height and width of the images that the model was built for.
    pub fn built_size(&self) -> (usize, usize) {
        self.built.height_and_width().unwrap_or((1, 1))
    }

    /// Notes a layer that leaves `output` to the next.
    pub fn push(&mut self, name: &str, output: InputShape, parameters: u64, macs: u64, other: u64) {
        let forward_flop = macs.saturating_mul(2).saturating_add(other);
        let first_with_weights = parameters > 0 && self.layers.iter().all(|l| l.parameters == 0);
        // Whoever asks whether a model drops anything looks for the bare name.
        let name = if self.place.is_empty() || name == DROPOUT {
            name.to_owned()
        } else {
            format!("{}: {name}", self.place)
        };
        self.layers.push(Layer {
            name,
            group: self.group.clone(),
            output,
            parameters,
            macs,
            forward_flop,
            training_flop: forward_flop.saturating_mul(if first_with_weights { 2 } else { 3 }),
        });
        self.shape = output;
    }

    /// A linear layer, at every position of a sequence by itself.
    pub fn linear(&mut self, name: &str, width: usize) {
        let (positions, from, output) = match self.shape {
            InputShape::Sequence {
                length,
                width: from,
            } => (length, from, InputShape::Sequence { length, width }),
            _ => (1, self.shape.len(), InputShape::Features(width)),
        };
        let weights = (from as u64).saturating_mul(width as u64);
        let positions = positions as u64;
        self.push(
            name,
            output,
            weights.saturating_add(width as u64),
            weights.saturating_mul(positions),
            positions.saturating_mul(width as u64),
        );
    }

    /// The layer that answers; gives the length of the vector that enters it.
    pub fn answer(&mut self, dropout: f64) -> Option<usize> {
        self.at("");
        self.group(super::HEAD);
        self.dropout(dropout);
        let flattened = match self.shape {
            InputShape::Sequence { width, .. } => width,
            _ => self.shape.len(),
        };
        match self.heads.take() {
            None => self.linear("linear", self.outputs.numbers),
            Some(heads) => self.heads(&heads),
        }
        Some(flattened)
    }

    pub fn conv(&mut self, conv: Convolution) {
        let Some((height, width)) = self.shape.height_and_width() else {
            return;
        };
        let side =
            |side: usize| (side + 2 * conv.padding).saturating_sub(conv.kernel) / conv.stride + 1;
        let (height, width) = (side(height), side(width));
        let from = (self.shape.channels() / conv.groups) as u64;
        let out = conv.out as u64;
        let kernel = (conv.kernel * conv.kernel) as u64;
        let weights = kernel.saturating_mul(from).saturating_mul(out);
        let positions = (height as u64).saturating_mul(width as u64);
        let bias = if conv.has_bias { out } else { 0 };
        let name = if conv.groups > 1 {
            format!("depthwise conv {0}×{0}", conv.kernel)
        } else {
            format!("conv {0}×{0}", conv.kernel)
        };
        let output = InputShape::Image {
            channels: conv.out,
            height,
            width,
        };
        self.push(
            &name,
            output,
            weights.saturating_add(bias),
            weights.saturating_mul(positions),
            bias.saturating_mul(positions),
        );
    }

    pub fn normalise(&mut self, normalisation: Normalisation) {
        let name = match normalisation {
            Normalisation::None => return,
            Normalisation::Batch => "batch norm",
            Normalisation::Layer => "layer norm",
            Normalisation::Group => "group norm",
        };
        // Gain and shift are of each channel, also where the statistics are not.
        let channels = match self.shape {
            InputShape::Image { channels, .. } => channels,
            InputShape::Sequence { width, .. } => width,
            _ => self.shape.len(),
        };
        let n = self.shape.len() as u64;
        self.push(
            name,
            self.shape,
            2 * channels as u64,
            0,
            n.saturating_mul(4),
        );
    }

    pub fn activate(&mut self, activation: Activation) {
        self.elementwise(activation.name());
    }

    /// What takes one operation for each number.
    pub fn elementwise(&mut self, name: &str) {
        self.push(name, self.shape, 0, 0, self.shape.len() as u64);
    }

    pub fn dropout(&mut self, probability: f64) {
        if probability > 0.0 {
            self.elementwise(DROPOUT);
        }
    }

    /// Mean over all positions of an image or a sequence.
    pub fn mean(&mut self, name: &str) {
        let n = self.shape.len() as u64;
        let features = match self.shape {
            InputShape::Image { channels, .. } => channels,
            InputShape::Sequence { width, .. } => width,
            _ => return,
        };
        self.push(name, InputShape::Features(features), 0, 0, n);
    }

    /// The same numbers in another shape.
    pub fn reshape(&mut self, name: &str, output: InputShape) {
        self.push(name, output, 0, 0, 0);
    }

    pub fn flatten(&mut self) {
        self.reshape("flatten", InputShape::Features(self.shape.len()));
    }

    /// Tokens to vectors.
    pub fn embed(&mut self, length: usize, vocabulary: usize, width: usize) {
        let weights = (vocabulary as u64).saturating_mul(width as u64);
        let output = InputShape::Sequence { length, width };
        self.push("embedding", output, weights, 0, 0);
    }
}

/// What [`Layer::name`] is of a layer that drops numbers in training.
pub(super) const DROPOUT: &str = "dropout";
