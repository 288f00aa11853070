//! Products of tensors that are matrices, however they lie in memory.

use burn::backend::flex::FlexTensor;

use super::matrices::{Matrix, Onto, Threads, multiply};
use super::tensors::tensor;

/// `a` `[rows, depth]` · `b` `[depth, columns]`.
pub fn product(a: &FlexTensor, b: &FlexTensor) -> FlexTensor {
    let [rows, columns] = [a.layout().shape()[0], b.layout().shape()[1]];
    let out = vec![0.0; rows * columns];
    onto(out, a, b, Onto::Anything)
}

/// The same plus `row` `[columns]` in each row.
pub fn product_and_row(a: &FlexTensor, b: &FlexTensor, row: &[f32]) -> FlexTensor {
    onto(row.repeat(a.layout().shape()[0]), a, b, Onto::Sums)
}

fn onto(mut out: Vec<f32>, a: &FlexTensor, b: &FlexTensor, onto: Onto) -> FlexTensor {
    let sides = [a.layout().shape()[0], b.layout().shape()[1]];
    with_matrix(a, |a| {
        with_matrix(b, |b| multiply(a, b, &mut out, onto, Threads::All));
    });
    tensor(out, sides)
}

/// Calls `with` with the tensor as it lies in memory, or with a copy where rows or columns run backwards.
fn with_matrix(tensor: &FlexTensor, with: impl FnOnce(Matrix<'_>)) {
    let layout = tensor.layout();
    let steps = [0, 1].map(|side| usize::try_from(layout.strides()[side]));
    let sides = [0, 1].map(|side| layout.shape()[side]);
    if let [Ok(down), Ok(right)] = steps {
        let numbers: &[f32] = tensor.storage();
        let numbers = &numbers[layout.start_offset()..];
        with(Matrix::with_steps(numbers, sides, [down, right]));
    } else {
        let copy = tensor.to_contiguous();
        with(Matrix::new(copy.storage(), sides));
    }
}
