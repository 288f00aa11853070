//! What enters a block added to what comes out of it, by all threads.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use super::tensors::{Back, Input, changed, is_here, numbers, operation};
use super::threads::pairs;

/// `a` + `b`, number by number.
pub fn add<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
    let are_alike = a.dims() == b.dims() && a.device().is_autodiff() == b.device().is_autodiff();
    if !(are_alike && is_here(&a) && is_here(&b)) {
        return a + b;
    }
    let out = operation([Input::taken(a), Input::taken(b)], |[a, b], _| {
        let b = b.to_contiguous();
        let out = changed(a, |a| pairs(a, numbers(&b), |a, b| *a += b));
        (out, Some(Added))
    });
    out.expect("both inputs take part in what is differentiated, or none does")
}

#[derive(Clone, Debug)]
struct Added;

impl Back<2> for Added {
    fn back(self, gradient: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        wanted.map(|is_wanted| is_wanted.then(|| gradient.clone()))
    }
}
