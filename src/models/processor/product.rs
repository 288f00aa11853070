//! Products of matrices, without a copy of the result where that can be had.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::ops::{ConvOptions, FloatTensorOps, ModuleOps};
use burn::tensor::Shape;

/// `a` `[rows, depth]` · `b` `[depth, columns]`.
///
/// Burn's product copies its result once, by one thread, since it allocates it as bytes and wants them aligned as numbers. Its
/// convolution with a kernel of one pixel does not: with `a` as its weights and `b` as the image it is the same product, by the same
/// `gemm`. It takes matrices in the order of memory alone: one that is turned is copied, where it is smaller than the result.
pub fn product(a: FlexTensor, b: FlexTensor) -> FlexTensor {
    let [rows, depth, columns] = [
        a.layout().shape()[0],
        a.layout().shape()[1],
        b.layout().shape()[1],
    ];
    let copied = |matrix: &FlexTensor, numbers: usize| match matrix.is_contiguous() {
        true => 0,
        false => numbers,
    };
    if copied(&a, rows * depth) + copied(&b, depth * columns) >= rows * columns {
        return Flex::float_matmul(a, b);
    }
    let weight = a.to_contiguous();
    let image = b.to_contiguous();
    let weight = weight.reshape(Shape::from(vec![rows, depth, 1, 1]));
    let image = image.reshape(Shape::from(vec![1, depth, 1, columns]));
    let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
    let result = Flex::conv2d(image, weight, None, options);
    result.reshape(Shape::from(vec![rows, columns]))
}
