//! A convolution with a backward pass of its own, on the tensors of the CPU backend.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{
    Autodiff, Backend, BackendTypes, DispatchKindConversion, DispatchTensor, Flex,
};
use burn::tensor::{DType, Tensor};

use super::parts::Convolution;

type Differentiable = Autodiff<Flex>;

/// `[batch, to, height, width]` of `x` `[batch, from, height, width]`, `weight` and `bias` `[to]`; `None` where these are not
/// tensors of the CPU backend in 32 bits, all with autodiff or all without.
pub fn convolved(
    convolution: Convolution,
    x: &Tensor<4>,
    weight: &Tensor<4>,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<4>> {
    if x.device().is_autodiff() {
        let (x, weight) = (
            primitive::<Differentiable, 4>(x)?,
            primitive::<Differentiable, 4>(weight)?,
        );
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let out = match bias {
            None => tracked([x_node, weight_node], convolution, x, weight, None),
            Some(bias) => {
                let (bias, bias_node) = primitive::<Differentiable, 1>(bias)?.into_parts();
                let nodes = [x_node, weight_node, bias_node];
                tracked(nodes, convolution, x, weight, Some(bias))
            }
        };
        Some(Tensor::from_primitive::<Differentiable>(out))
    } else {
        let (x, weight) = (primitive::<Flex, 4>(x)?, primitive::<Flex, 4>(weight)?);
        let bias = match bias {
            Some(bias) => Some(primitive::<Flex, 1>(bias)?),
            None => None,
        };
        let out = convolution.forward(x, weight, bias);
        Some(Tensor::from_primitive::<Flex>(out))
    }
}

fn primitive<B: Backend, const D: usize>(tensor: &Tensor<D>) -> Option<B::FloatTensorPrimitive>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    if tensor.dtype() != DType::F32 {
        return None;
    }
    tensor.clone().try_into_primitive::<B>().ok()
}

/// The result, which remembers how to go back to the tensors of `nodes`: images, weights, and biases where there are any.
fn tracked<const N: usize>(
    nodes: [NodeGuard; N],
    convolution: Convolution,
    x: FlexTensor,
    weight: FlexTensor,
    bias: Option<FlexTensor>,
) -> <Differentiable as BackendTypes>::FloatTensorPrimitive {
    let state = (convolution, x.clone(), weight.clone());
    let out = convolution.forward(x, weight, bias);
    match Convolved
        .prepare::<NoCheckpointing>(nodes)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(preparation) => preparation.finish(state, out),
        OpsKind::UnTracked(preparation) => preparation.finish(out),
    }
}

#[derive(Debug)]
struct Convolved;

impl<const N: usize> Backward<Flex, N> for Convolved {
    /// The convolution, its images and its weights.
    type State = (Convolution, FlexTensor, FlexTensor);

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (convolution, x, weight) = ops.state;
        for (index, node) in ops.parents.into_iter().enumerate() {
            let Some(node) = node else { continue };
            let gradient = gradient.clone();
            let own = match index {
                0 => convolution.input_gradient(x.clone(), weight.clone(), gradient),
                1 => convolution.weight_gradient(x.clone(), gradient),
                _ => convolution.bias_gradient(gradient),
            };
            gradients.register::<Flex>(node.id, own);
        }
    }
}
