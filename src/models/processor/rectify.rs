//! ReLU, in one pass each way.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Tensor, activation};

use super::tensors::{Back, Input, changed, is_here, numbers, operation};
use super::threads::pairs;
use super::threads::{PIECE, share};

/// The greater of `x` and 0, number by number.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if is_here(&x) {
        own(Input::taken(x))
    } else {
        activation::relu(x)
    }
}

fn own<const D: usize>(x: Input) -> Tensor<D> {
    let out = operation([x], |[x], _| {
        let out = changed(x, |x| {
            let work = x.len();
            share(x, PIECE, work, |_, x| {
                // What is no number stays so.
                x.iter_mut()
                    .for_each(|x| *x = if *x <= 0.0 { 0.0 } else { *x });
            });
        });
        (out.clone(), Some(Rectified { out }))
    });
    out.expect("one input either takes part in what is differentiated or does not")
}

#[derive(Clone, Debug)]
struct Rectified {
    out: FlexTensor,
}

impl Back<1> for Rectified {
    fn back(self, gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = changed(gradient, |gradient| {
            pairs(gradient, numbers(&self.out), |gradient, out| {
                *gradient = if out <= 0.0 { 0.0 } else { *gradient };
            });
        });
        [Some(gradient)]
    }
}
