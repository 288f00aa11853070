//! A linear layer: products onto the biases, whose gradients several threads sum.

use burn::backend::flex::FlexTensor;
use burn::nn::Linear;
use burn::tensor::Tensor;

use super::product::{product, product_and_row};
use super::sums::of_columns;
use super::tensors::{Back, Input, numbers, operation, tensor};

/// `layer` on each row of `x` `[rows, from]`.
pub fn linear(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    own(layer, &x).unwrap_or_else(|| layer.forward(x))
}

fn own(layer: &Linear, x: &Tensor<2>) -> Option<Tensor<2>> {
    let bias = layer.bias.as_ref()?;
    let inputs = [
        Input::of(x)?,
        Input::of(&layer.weight.val())?,
        Input::of(&bias.val())?,
    ];
    operation(inputs, |[x, weight, bias], is_tracked| {
        let way = is_tracked.then(|| Product {
            x: x.clone(),
            weight: weight.clone(),
        });
        let bias = bias.to_contiguous();
        let out = product_and_row(&x, &weight, numbers(&bias));
        (out, way)
    })
}

#[derive(Clone, Debug)]
struct Product {
    x: FlexTensor,
    weight: FlexTensor,
}

impl Back<3> for Product {
    fn back(self, gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let gradient = gradient.to_contiguous();
        let of_bias = wanted[2].then(|| {
            let columns = gradient.layout().shape()[1];
            tensor(of_columns(numbers(&gradient), columns), [columns])
        });
        let of_weight = wanted[1].then(|| product(&self.x.transpose(0, 1), &gradient));
        let of_x = wanted[0].then(|| product(&gradient, &self.weight.transpose(0, 1)));
        [of_x, of_weight, of_bias]
    }
}
