//! Gradient clipping by the norm of all parameters together, and by value.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::setup::GradientClipping;

/// Applies `clipping` to the gradients of `model`, on the device.
///
/// The norm is the Euclidean norm over all parameters, and the scale `max / (norm + 1e-6)` where that is below 1, as
/// PyTorch's `clip_grad_norm_` has it. (Burn's own clipping takes the norm of each parameter by itself.)
pub fn clip<M: Module>(
    model: &M,
    gradients: GradientsParams,
    clipping: GradientClipping,
) -> GradientsParams {
    match clipping {
        GradientClipping::None => gradients,
        GradientClipping::Value { max } => {
            let mut clip = Clip {
                gradients,
                how: How::Value(max),
            };
            model.visit(&mut clip);
            clip.gradients
        }
        GradientClipping::Norm { max } => {
            let mut squares = Squares {
                gradients: &gradients,
                sum: None,
            };
            model.visit(&mut squares);
            let Some(sum) = squares.sum else {
                return gradients;
            };
            let scale = ((sum.sqrt() + 1e-6).recip() * max).clamp_max(1.0);
            let mut clip = Clip {
                gradients,
                how: How::Scale(scale),
            };
            model.visit(&mut clip);
            clip.gradients
        }
    }
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else {
            return;
        };
        let squares = gradient.square().sum();
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + squares,
            None => squares,
        });
    }
}

enum How {
    Value(f64),
    Scale(Tensor<1>),
}

struct Clip {
    gradients: GradientsParams,
    how: How,
}

impl ModuleVisitor for Clip {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return;
        };
        let clipped = match &self.how {
            How::Value(max) => gradient.clamp(-*max, *max),
            How::Scale(scale) => gradient * scale.clone().unsqueeze(),
        };
        self.gradients.register(param.id, clipped);
    }
}
