//! A convolution with a backward pass of its own, on the tensors of the CPU backend.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::parts::Convolution;
use crate::models::processor::tensors::{Back, Input, operation};

/// `[batch, to, height, width]` of `x` `[batch, from, height, width]`, `weight` and `bias` `[to]`; `None` where these are not
/// tensors of the CPU backend in 32 bits, all with autodiff or all without.
pub fn convolved(
    convolution: Convolution,
    x: &Tensor<4>,
    weight: &Tensor<4>,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<4>> {
    let (x, weight) = (Input::of(x)?, Input::of(weight)?);
    let way = |x: &FlexTensor, weight: &FlexTensor, is_tracked: bool| {
        is_tracked.then(|| Convolved {
            convolution,
            x: x.clone(),
            weight: weight.clone(),
        })
    };
    match bias {
        None => operation([x, weight], |[x, weight], is_tracked| {
            let way = way(&x, &weight, is_tracked);
            (convolution.forward(x, weight, None), way)
        }),
        Some(bias) => {
            let inputs = [x, weight, Input::of(bias)?];
            operation(inputs, |[x, weight, bias], is_tracked| {
                let way = way(&x, &weight, is_tracked);
                (convolution.forward(x, weight, Some(bias)), way)
            })
        }
    }
}

#[derive(Clone, Debug)]
struct Convolved {
    convolution: Convolution,
    x: FlexTensor,
    weight: FlexTensor,
}

/// Of images, weights, and biases where there are any.
impl<const N: usize> Back<N> for Convolved {
    fn back(self, gradient: FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N] {
        let Self {
            convolution,
            x,
            weight,
        } = self;
        std::array::from_fn(|index| {
            let gradient = gradient.clone();
            wanted[index].then(|| match index {
                0 => convolution.input_gradient(x.clone(), weight.clone(), gradient),
                1 => convolution.weight_gradient(x.clone(), gradient),
                _ => convolution.bias_gradient(gradient),
            })
        })
    }
}
