//! From tensors of the CPU backend to numbers and back, and operations on them with a backward pass.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{Autodiff, Backend, DispatchKindConversion, DispatchTensor, Flex};
use burn::tensor::{Bytes, DType, Device, Shape, Tensor};

type Differentiable = Autodiff<Flex>;

/// Whether `tensor` lies on the CPU backend, in numbers of 32 bits.
pub fn is_here<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && tensor.device().without_autodiff() == Device::flex()
}

/// A tensor that an operation takes: what it holds, and its place in what is differentiated, if it has one.
pub struct Input {
    /// On the CPU backend, in 32 bits.
    pub tensor: FlexTensor,
    node: Option<NodeGuard>,
}

impl Input {
    /// `None` where the tensor is not one of the CPU backend in 32 bits.
    pub fn of<const D: usize>(tensor: &Tensor<D>) -> Option<Self> {
        is_here(tensor).then(|| Self::taken(tensor.clone()))
    }

    /// Of a tensor that [`is_here`], so that the operation may be the only one that holds the numbers, and can change them in place.
    pub fn taken<const D: usize>(tensor: Tensor<D>) -> Self {
        if tensor.device().is_autodiff() {
            let (tensor, node) = primitive::<Differentiable, D>(tensor).into_parts();
            let node = Some(node);
            Self { tensor, node }
        } else {
            let tensor = primitive::<Flex, D>(tensor);
            Self { tensor, node: None }
        }
    }
}

fn primitive<B: Backend, const D: usize>(tensor: Tensor<D>) -> B::FloatTensorPrimitive
where
    DispatchTensor: DispatchKindConversion<B>,
{
    let primitive = tensor.try_into_primitive::<B>();
    primitive.expect("the tensor's device says that it is of this backend")
}

/// As [`changed`], of a tensor that [`is_here`] and takes no part in what is differentiated.
pub fn changed_here<const D: usize>(
    tensor: Tensor<D>,
    change: impl FnOnce(&mut [f32]),
) -> Tensor<D> {
    let changed = changed(primitive::<Flex, D>(tensor), change);
    Tensor::from_primitive::<Flex>(changed)
}

/// What an operation keeps of its forward pass, and how it goes back with that.
pub trait Back<const N: usize>: Clone + Debug + Send + 'static {
    /// The gradients of the inputs, given that of the result; of those that are not `wanted`, anything.
    fn back(self, gradient: FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N];
}

/// The result of `forward` on the inputs' tensors, as a tensor that remembers the way back where one of the inputs needs it.
///
/// `forward` is told whether the way back is needed; without it, it may give `None` for it. `None` where some inputs take part in
/// what is differentiated and others do not, which cannot be told apart here.
pub fn operation<const N: usize, const D: usize, B: Back<N>>(
    inputs: [Input; N],
    forward: impl FnOnce([FlexTensor; N], bool) -> (FlexTensor, Option<B>),
) -> Option<Tensor<D>> {
    let mut nodes = Vec::with_capacity(N);
    let tensors = inputs.map(|input| {
        nodes.extend(input.node);
        input.tensor
    });
    if nodes.is_empty() {
        let (out, _) = forward(tensors, false);
        return Some(Tensor::from_primitive::<Flex>(out));
    }
    let nodes: [NodeGuard; N] = nodes.try_into().ok()?;
    let preparation = Step::<B>::default()
        .prepare::<NoCheckpointing>(nodes)
        .compute_bound()
        .stateful();
    let out = match preparation {
        OpsKind::Tracked(preparation) => {
            let (out, back) = forward(tensors, true);
            preparation.finish(back, out)
        }
        OpsKind::UnTracked(preparation) => preparation.finish(forward(tensors, false).0),
    };
    Some(Tensor::from_primitive::<Differentiable>(out))
}

#[derive(Debug)]
struct Step<B>(std::marker::PhantomData<fn() -> B>);

impl<B> Default for Step<B> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<const N: usize, B: Back<N>> Backward<Flex, N> for Step<B> {
    type State = Option<B>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let back = ops.state.expect("a tracked operation keeps its way back");
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let own = back.back(gradient, wanted);
        for (node, own) in ops.parents.into_iter().zip(own) {
            if let (Some(node), Some(own)) = (node, own) {
                gradients.register::<Flex>(node.id, own);
            }
        }
    }
}

/// The numbers of a tensor that is contiguous.
pub fn numbers(tensor: &FlexTensor) -> &[f32] {
    tensor
        .as_slice()
        .expect("the tensor is contiguous and in 32 bits")
}

/// A tensor of `numbers`, which are as many as `shape` says.
pub fn tensor(numbers: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    let layout = Layout::contiguous(shape.into());
    FlexTensor::new(Bytes::from_elems(numbers), layout, DType::F32)
}

/// The tensor, contiguous and its memory no more than its numbers: the same, where nobody else holds it.
pub fn unshared(tensor: FlexTensor) -> FlexTensor {
    let contiguous = tensor.to_contiguous();
    // Otherwise it would hold the numbers too.
    drop(tensor);
    contiguous
}

/// The tensor with its numbers changed by `change`: in place, where nobody else holds them.
pub fn changed(tensor: FlexTensor, change: impl FnOnce(&mut [f32])) -> FlexTensor {
    let mut tensor = unshared(tensor);
    change(tensor.storage_mut());
    tensor
}
