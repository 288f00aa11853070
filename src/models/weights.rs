//! Layers with their initial weights.

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::orthogonal::orthogonal;
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

    /// Of weights that are drawn one by one; `None` where the layer's own is wanted, or those of a matrix depend on each other.
    fn initializer(&self) -> Option<Initializer> {
        Some(match self.initialisation {
            Initialisation::Default | Initialisation::Orthogonal => return None,
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

    /// Numbers that are learnt, from 0.
    pub fn zeros(&self, count: usize) -> Param<Tensor<1>> {
        Initializer::Zeros.init([count], self.device)
    }

    /// Weights `[from, to]`; `None` where the layer's own are wanted.
    fn matrix(&self, from: usize, to: usize) -> Option<Param<Tensor<2>>> {
        if self.initialisation == Initialisation::Orthogonal {
            return Some(Param::from_tensor(orthogonal(from, to, self.device)));
        }
        let initializer = self.initializer()?;
        Some(initializer.init_with([from, to], Some(from), Some(to), self.device))
    }

    /// A linear layer with bias.
    pub fn linear(&self, from: usize, to: usize) -> Linear {
        match self.matrix(from, to) {
            None => LinearConfig::new(from, to).init(self.device),
            Some(weight) => Linear {
                weight,
                bias: Some(self.zeros(to)),
            },
        }
    }

    /// The linear layers of `gates` gates of a recurrent cell of `width` states in one, gate after gate. By default weights and
    /// biases are uniform in ±1/√width, as in PyTorch.
    pub fn gates(&self, from: usize, width: usize, gates: usize) -> Linear {
        // Each gate by itself: what an initialisation says of a matrix, it says of a gate's.
        let each = (0..gates).map(|_| Some(self.matrix(from, width)?.val()));
        if let Some(each) = each.collect::<Option<Vec<_>>>() {
            return Linear {
                weight: Param::from_tensor(Tensor::cat(each, 1).detach()),
                bias: Some(self.zeros(gates * width)),
            };
        }
        let bound = 1.0 / (width as f64).sqrt();
        let uniform = Initializer::Uniform {
            min: -bound,
            max: bound,
        };
        Linear {
            weight: uniform.init([from, gates * width], self.device),
            bias: Some(uniform.init([gates * width], self.device)),
        }
    }

    /// A convolution.
    pub fn conv(&self, conv: Convolution) -> Conv2d {
        let [top, left, bottom, right] = conv.padding;
        let config = Conv2dConfig::new(conv.channels, [conv.kernel; 2])
            .with_stride([conv.stride; 2])
            .with_padding(PaddingConfig2d::Explicit(top, left, bottom, right))
            .with_groups(conv.groups);
        let config = match self.initializer() {
            Some(initializer) => config.with_bias(false).with_initializer(initializer),
            None if self.initialisation == Initialisation::Default => {
                return config.with_bias(conv.has_bias).init(self.device);
            }
            None => config.with_bias(false),
        };
        let mut layer = config.init(self.device);
        layer.bias = conv.has_bias.then(|| self.zeros(conv.channels[1]));
        if self.initialisation == Initialisation::Orthogonal {
            layer.weight = Param::from_tensor(self.orthogonal_kernel(conv));
        }
        layer
    }

    /// `[to, from / groups, kernel, kernel]`: in each group a row for each channel that leaves it.
    fn orthogonal_kernel(&self, conv: Convolution) -> Tensor<4> {
        let [from, to] = conv.channels.map(|channels| channels / conv.groups);
        let columns = from * conv.kernel * conv.kernel;
        let each = (0..conv.groups).map(|_| orthogonal(to, columns, self.device));
        let rows = Tensor::cat(each.collect(), 0);
        rows.reshape([to * conv.groups, from, conv.kernel, conv.kernel])
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
