//! Forward and backward passes in 16 bits, with weights in 32 and a dynamic loss scale (Micikevicius and others 2018). Scale,
//! overflow and the choice between old and new weights stay on the device: no step waits for the host.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Bool, Device, FloatDType, Tensor, TensorData, Transaction};
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::averaging::weights;
use super::metrics::first;
use crate::models::{Network, Samples, casts_itself};
use crate::setup::Precision;

/// The first scale of the loss, 2¹⁶.
const FIRST_SCALE: f64 = 65_536.0;
/// Steps without an overflow after which the scale doubles.
const GROWTH_STEPS: f64 = 2000.0;
/// The largest scale: beyond it, it could itself not be told from infinity in what it multiplies.
const SCALE_MAX: f64 = 16_777_216.0;

/// Whether a device called `device` trains with `precision`; `has_half` says whether it computes with 16-bit floats.
///
/// # Errors
/// Where it does not, with what does.
pub fn check_precision(
    precision: Precision,
    has_half: bool,
    device: &str,
) -> Result<(), TrainError> {
    if precision == Precision::F32 || has_half {
        return Ok(());
    }
    Err(TrainError::Precision {
        precision: precision.name(),
        device: device.to_owned(),
        reason: "its driver offers no 16-bit floats in shaders",
    })
}

/// The loss scale, as a checkpoint keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaleState {
    /// By how much the loss is multiplied.
    pub scale: f64,
    /// Steps since it changed or overflowed.
    pub good_steps: f64,
}

/// The loss scale on a device.
pub struct Half {
    /// `[1]`.
    scale: Tensor<1>,
    /// `[1]`.
    good_steps: Tensor<1>,
}

impl Half {
    /// On `device` (without autodiff), from the beginning or from a checkpoint; `None` where a run computes in 32 bits.
    ///
    /// # Errors
    /// Where the device does not compute in 16 bits.
    pub fn new(
        precision: Precision,
        state: Option<ScaleState>,
        device: &Device,
    ) -> Result<Option<Self>, TrainError> {
        if precision == Precision::F32 {
            return Ok(None);
        }
        check_precision(
            precision,
            device.supports_dtype(FloatDType::F16),
            &format!("{device:?}"),
        )?;
        let state = state.unwrap_or(ScaleState {
            scale: FIRST_SCALE,
            good_steps: 0.0,
        });
        let number = |x: f64| Tensor::from_data(TensorData::new(vec![x as f32], [1]), device);
        Ok(Some(Self {
            scale: number(state.scale),
            good_steps: number(state.good_steps),
        }))
    }

    /// `network` with its weights in 16 bits, through which gradients flow back to those in 32. Normalisation keeps 32.
    pub fn network(&self, network: &Network) -> Network {
        network.clone().map(&mut Halve::default())
    }

    /// Samples in 16 bits; tokens are none.
    pub fn samples(&self, samples: Samples) -> Samples {
        match samples {
            Samples::Numbers(numbers) => Samples::Numbers(numbers.cast(FloatDType::F16)),
            Samples::Images(images) => Samples::Images(images.cast(FloatDType::F16)),
            tokens => tokens,
        }
    }

    /// The loss `[1]`, scaled.
    pub fn scaled(&self, loss: Tensor<1>) -> Tensor<1> {
        loss * Tensor::from_inner(self.scale.clone())
    }

    /// Takes the scale off the gradients of `network`; where one of them overflowed, all become 0. Sets the scale for the
    /// next step: half after an overflow, twice after enough steps without.
    pub fn unscale(
        &mut self,
        network: &Network,
        gradients: GradientsParams,
    ) -> (GradientsParams, Overflow) {
        let mut count = CountLost {
            gradients: &gradients,
            lost: None,
        };
        network.visit(&mut count);
        let device = self.scale.device();
        let lost = count.lost.unwrap_or_else(|| Tensor::zeros([1], &device));
        let overflow = lost.greater_elem(0.0);
        let mut unscale = Unscale {
            gradients,
            factor: self.scale.clone().recip(),
            overflow: overflow.clone(),
        };
        network.visit(&mut unscale);

        let counted = self.good_steps.clone() + 1.0;
        let grows = counted.clone().greater_equal_elem(GROWTH_STEPS);
        let grown = (self.scale.clone() * 2.0).clamp_max(SCALE_MAX);
        let scale = self.scale.clone().mask_where(grows.clone(), grown);
        let halved = (self.scale.clone() * 0.5).clamp_min(1.0);
        self.scale = scale.mask_where(overflow.clone(), halved);
        self.good_steps = counted.mask_fill(grows.bool_or(overflow.clone()), 0.0);
        (unscale.gradients, Overflow(overflow))
    }

    /// The loss scale for a checkpoint. Waits for the device.
    ///
    /// # Errors
    /// Where the device failed.
    pub fn state(&self) -> Result<ScaleState, TrainError> {
        let data = Transaction::default()
            .register(self.scale.clone())
            .register(self.good_steps.clone())
            .try_execute()
            .map_err(TrainError::device("reading the loss scale"))?;
        Ok(ScaleState {
            scale: first(&data, 0),
            good_steps: first(&data, 1),
        })
    }
}

/// Whether a gradient of a step overflowed, `[1]`.
pub struct Overflow(Tensor<1, Bool>);

impl Overflow {
    /// The weights `after` the step, or those `before` where it overflowed: such a step is skipped.
    pub fn skip(self, before: &Network, after: Network) -> Network {
        let mut before = weights(before);
        after.map(&mut Choose {
            before: &mut before,
            overflow: self.0,
        })
    }
}

/// Casts parameters to 16 bits, but for those of modules that cast what enters them.
#[derive(Default)]
struct Halve {
    containers: Vec<String>,
}

impl ModuleMapper for Halve {
    fn enter_module(&mut self, _: &str, container: &str) {
        self.containers.push(container.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.containers.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.containers.iter().any(|name| casts_itself(name)) {
            return param;
        }
        param.map(|weights| weights.cast(FloatDType::F16))
    }
}

/// Counts the numbers that are no numbers any more.
struct CountLost<'a> {
    gradients: &'a GradientsParams,
    lost: Option<Tensor<1>>,
}

impl ModuleVisitor for CountLost<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else {
            return;
        };
        let lost = gradient.is_finite().bool_not().float().sum();
        self.lost = Some(match self.lost.take() {
            Some(sum) => sum + lost,
            None => lost,
        });
    }
}

struct Unscale {
    gradients: GradientsParams,
    factor: Tensor<1>,
    overflow: Tensor<1, Bool>,
}

impl ModuleVisitor for Unscale {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return;
        };
        let lost = self.overflow.clone().unsqueeze::<D>();
        let lost = lost.expand(gradient.shape());
        let gradient = gradient * self.factor.clone().unsqueeze();
        self.gradients
            .register(param.id, gradient.mask_fill(lost, 0.0));
    }
}

struct Choose<'a> {
    before: &'a mut GradientsParams,
    overflow: Tensor<1, Bool>,
}

impl ModuleMapper for Choose<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.is_require_grad() {
            // Running statistics, which were taken in the forward pass.
            return param;
        }
        let Some(before) = self.before.remove::<D>(param.id) else {
            return param;
        };
        let overflow = self.overflow.clone().unsqueeze::<D>();
        param.map(|after| {
            let after = after.inner();
            let overflow = overflow.expand(after.shape());
            Tensor::from_inner(after.mask_where(overflow, before)).require_grad()
        })
    }
}
