//! Layers with their initial weights.

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use crate::setup::Initialisation;

/// Deviation of [`Initialisation::Normal`], and of learnt positions and class tokens.
pub const SMALL: f64 = 0.02;

/// Makes layers whose weights are drawn as a setup asks.
#[derive(Clone, Copy)]
pub struct Maker<'a> {
    /// How weights are drawn.
    pub initialisation: Initialisation,
    /// Where they are drawn.
    pub device: &'a Device,
}

/// A convolution with equal sides.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// Channels that enter and leave it.
    pub channels: [usize; 2],
    /// Height and width of its kernel.
    pub kernel: usize,
    /// Step from one position to the next.
    pub stride: usize,
    /// Zeros around the image: top, left, bottom, right.
    pub padding: [usize; 4],
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// Whether a number is added to each channel.
    pub has_bias: bool,
}

impl Convolution {
    /// One that keeps the size of the image, with stride 1 and an odd kernel.
    pub fn same(from: usize, to: usize, kernel: usize) -> Self {
        Self {
            channels: [from, to],
            kernel,
            stride: 1,
            padding: [kernel / 2; 4],
            groups: 1,
            has_bias: true,
        }
    }
}

impl<'a> Maker<'a> {
    /// One that draws on `device`.
    pub fn new(initialisation: Initialisation, device: &'a Device) -> Self {
        Self {
            initialisation,
            device,
        }
    }

    /// Of weights; `None` where the layer's own is wanted.
    fn initializer(&self) -> Option<Initializer> {
        Some(match self.initialisation {
            Initialisation::Default => return None,
            Initialisation::Kaiming => Initializer::KaimingNormal {
                gain: std::f64::consts::SQRT_2,
                fan_out_only: false,
            },
            Initialisation::Xavier => Initializer::XavierUniform { gain: 1.0 },
            Initialisation::Normal => Initializer::Normal {
                mean: 0.0,
                std: SMALL,
            },
        })
    }

    fn zeros(&self, count: usize) -> Param<Tensor<1>> {
        Initializer::Zeros.init([count], self.device)
    }

    /// A linear layer with bias.
    pub fn linear(&self, from: usize, to: usize) -> Linear {
        let config = LinearConfig::new(from, to);
        match self.initializer() {
            None => config.init(self.device),
            Some(initializer) => Linear {
                weight: initializer.init_with([from, to], Some(from), Some(to), self.device),
                bias: Some(self.zeros(to)),
            },
        }
    }

    /// The linear layers of `gates` gates of a recurrent cell of `width` states in one, gate after gate. By default weights and
    /// biases are uniform in ±1/√width, as in PyTorch.
    pub fn gates(&self, from: usize, width: usize, gates: usize) -> Linear {
        let bound = 1.0 / (width as f64).sqrt();
        let uniform = Initializer::Uniform {
            min: -bound,
            max: bound,
        };
        let Some(initializer) = self.initializer() else {
            return Linear {
                weight: uniform.init([from, gates * width], self.device),
                bias: Some(uniform.init([gates * width], self.device)),
            };
        };
        // Each gate by itself: what an initialisation says of a matrix, it says of a gate's.
        let each = (0..gates).map(|_| {
            initializer
                .init_with::<2, _>([from, width], Some(from), Some(width), self.device)
                .val()
        });
        Linear {
            weight: Param::from_tensor(Tensor::cat(each.collect(), 1).detach()),
            bias: Some(self.zeros(gates * width)),
        }
    }

    /// A convolution.
    pub fn conv(&self, conv: Convolution) -> Conv2d {
        let [top, left, bottom, right] = conv.padding;
        let config = Conv2dConfig::new(conv.channels, [conv.kernel; 2])
            .with_stride([conv.stride; 2])
            .with_padding(PaddingConfig2d::Explicit(top, left, bottom, right))
            .with_groups(conv.groups);
        match self.initializer() {
            None => config.with_bias(conv.has_bias).init(self.device),
            Some(initializer) => {
                let config = config.with_bias(false).with_initializer(initializer);
                let mut layer = config.init(self.device);
                layer.bias = conv.has_bias.then(|| self.zeros(conv.channels[1]));
                layer
            }
        }
    }

    /// Tokens to vectors, drawn with `deviation`.
    pub fn embedding(&self, vocabulary: usize, width: usize, deviation: f64) -> Embedding {
        let deviation = match self.initialisation {
            Initialisation::Normal => SMALL,
            _ => deviation,
        };
        EmbeddingConfig::new(vocabulary, width)
            .with_initializer(Initializer::Normal {
                mean: 0.0,
                std: deviation,
            })
            .init(self.device)
    }

    /// Vectors that are learnt, drawn with a deviation of [`SMALL`].
    pub fn vectors(&self, count: usize, width: usize) -> Param<Tensor<2>> {
        Initializer::Normal {
            mean: 0.0,
            std: SMALL,
        }
        .init([count, width], self.device)
    }
}
