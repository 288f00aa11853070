use serde::{Deserialize, Serialize};

use super::Problems;

/// Non-linearity between layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(0, x).
    #[default]
    Relu,
    /// x for positive x, 0.01·x else.
    LeakyRelu,
    /// x·Φ(x), with the Gaussian distribution function.
    Gelu,
    /// x·sigmoid(x), also called swish.
    Silu,
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e^−x).
    Sigmoid,
}

impl Activation {
    /// Every activation.
    pub const ALL: [Self; 6] = [
        Self::Relu,
        Self::LeakyRelu,
        Self::Gelu,
        Self::Silu,
        Self::Tanh,
        Self::Sigmoid,
    ];

    /// Name, as in files and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky-relu",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
        }
    }
}

/// Normalisation after a linear or convolutional layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    /// None.
    #[default]
    None,
    /// Over the batch, per feature or channel.
    Batch,
    /// Over the features of a sample (over channels and positions together for images).
    Layer,
}

/// Down-sampling at the end of a block; each halves height and width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Largest of 2×2.
    #[default]
    Max,
    /// Mean of 2×2.
    Average,
    /// No down-sampling.
    None,
}

/// How the last feature map becomes a vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CnnHead {
    /// Mean over all positions, one number a channel.
    #[default]
    GlobalAverage,
    /// All numbers, one after the other.
    Flatten,
}

/// What learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ModelSetup {
    /// Multilayer perceptron.
    Mlp(MlpSetup),
    /// Convolutional network.
    Cnn(CnnSetup),
}

impl ModelSetup {
    /// Every kind of model, as named in files and flags.
    pub const KINDS: [&str; 2] = ["mlp", "cnn"];

    /// The kind, as named in files and flags.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Mlp(_) => "mlp",
            Self::Cnn(_) => "cnn",
        }
    }

    /// The model in a few words, such as `cnn 16-32`.
    pub fn in_words(&self) -> String {
        let (kind, widths) = match self {
            Self::Mlp(mlp) => ("mlp", &mlp.hidden),
            Self::Cnn(cnn) => ("cnn", &cnn.channels),
        };
        let widths: Vec<String> = widths.iter().map(ToString::to_string).collect();
        if widths.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind} {}", widths.join("-"))
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        match self {
            Self::Mlp(mlp) => mlp.validate(problems),
            Self::Cnn(cnn) => cnn.validate(problems),
        }
    }
}

impl Default for ModelSetup {
    fn default() -> Self {
        Self::Cnn(CnnSetup::default())
    }
}

/// A multilayer perceptron: linear, normalisation, activation, dropout, for each hidden width; then a linear layer to
/// the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpSetup {
    /// Widths of the hidden layers, first to last; none makes a linear classifier.
    pub hidden: Vec<usize>,
    /// Activation after every hidden layer.
    pub activation: Activation,
    /// Normalisation before the activation.
    pub normalisation: Normalisation,
    /// Probability of dropping a hidden unit while training, 0 to below 1.
    pub dropout: f64,
}

impl Default for MlpSetup {
    fn default() -> Self {
        Self {
            hidden: vec![128],
            activation: Activation::Relu,
            normalisation: Normalisation::None,
            dropout: 0.0,
        }
    }
}

/// Widest layer that is accepted; beyond it a typing error is likelier than a wish.
const WIDTH_MAX: usize = 65_536;
/// Deepest stack that is accepted.
const DEPTH_MAX: usize = 64;

impl MlpSetup {
    fn validate(&self, problems: &mut Problems) {
        widths(problems, "model.hidden", &self.hidden);
        dropout(problems, self.dropout);
    }
}

/// A convolutional network: blocks of convolutions (each with normalisation and activation) closed by pooling; then the
/// head, hidden linear layers, and a linear layer to the classes. Convolutions keep the size of the image (zero padding).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CnnSetup {
    /// Channels of each block, first to last.
    pub channels: Vec<usize>,
    /// Convolutions in each block.
    pub convolutions: usize,
    /// Height and width of the kernels, odd.
    pub kernel: usize,
    /// Normalisation after each convolution.
    pub normalisation: Normalisation,
    /// Activation after each convolution and hidden layer.
    pub activation: Activation,
    /// Down-sampling at the end of each block.
    pub pooling: Pooling,
    /// How the feature map becomes a vector.
    pub head: CnnHead,
    /// Widths of hidden linear layers between head and classes.
    pub hidden: Vec<usize>,
    /// Probability of dropping a unit before each linear layer while training, 0 to below 1.
    pub dropout: f64,
}

impl Default for CnnSetup {
    fn default() -> Self {
        Self {
            channels: vec![16, 32],
            convolutions: 1,
            kernel: 3,
            normalisation: Normalisation::Batch,
            activation: Activation::Relu,
            pooling: Pooling::Max,
            head: CnnHead::Flatten,
            hidden: Vec::new(),
            dropout: 0.0,
        }
    }
}

impl CnnSetup {
    fn validate(&self, problems: &mut Problems) {
        problems.require(
            !self.channels.is_empty(),
            "model.channels",
            "[]",
            "one number of channels for each block, at least one block",
        );
        widths(problems, "model.channels", &self.channels);
        widths(problems, "model.hidden", &self.hidden);
        problems.require(
            (1..=8).contains(&self.convolutions),
            "model.convolutions",
            self.convolutions,
            "1 to 8",
        );
        problems.require(
            self.kernel % 2 == 1 && self.kernel <= 31,
            "model.kernel",
            self.kernel,
            "an odd number from 1 to 31",
        );
        dropout(problems, self.dropout);
    }
}

fn widths(problems: &mut Problems, field: &str, widths: &[usize]) {
    problems.require(
        widths.len() <= DEPTH_MAX,
        field,
        format!("{} layers", widths.len()),
        format!("at most {DEPTH_MAX} layers"),
    );
    for (i, width) in widths.iter().enumerate() {
        problems.require(
            (1..=WIDTH_MAX).contains(width),
            format!("{field}[{i}]"),
            width,
            format!("1 to {WIDTH_MAX}"),
        );
    }
}

fn dropout(problems: &mut Problems, dropout: f64) {
    problems.require(
        (0.0..1.0).contains(&dropout),
        "model.dropout",
        dropout,
        "a probability from 0 to below 1",
    );
}
