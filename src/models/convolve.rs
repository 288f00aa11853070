//! Convolutions in the way that is fastest on their device.

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

/// Applies `conv` to `[batch, channels, height, width]`.
///
/// On the CPU backend a convolution of single pixels is the product of its weights and the channels at each position, which
/// is what is computed then, forward and backward. Burn's own takes the gradient of the weights as a convolution whose kernel is as
/// large as the image, which took five times as long as its forward pass; as a product the whole training step of such a layer
/// takes half the time. Larger kernels gain nothing: to lay patches beside each other costs more than the better product saves
/// (`benches/convolution.rs`).
pub fn convolve(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    if is_pointwise(conv) && x.device().without_autodiff() == Device::flex() {
        pointwise(conv, x)
    } else {
        conv.forward(x)
    }
}

fn is_pointwise(conv: &Conv2d) -> bool {
    let has_padding = match conv.padding {
        PaddingConfig2d::Valid => false,
        PaddingConfig2d::Explicit(top, left, bottom, right) => top + left + bottom + right > 0,
        PaddingConfig2d::Same => true,
    };
    !has_padding && conv.kernel_size == [1, 1] && conv.stride == [1, 1] && conv.groups == 1
}

fn pointwise(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let [batch, from, height, width] = x.dims();
    let weight = conv.weight.val();
    let [to, ..] = weight.dims();
    let channels = x.reshape([batch, from, height * width]);
    let out = weight.reshape([1, to, from]).matmul(channels);
    let out = match &conv.bias {
        Some(bias) => out + bias.val().reshape([1, to, 1]),
        None => out,
    };
    out.reshape([batch, to, height, width])
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::nn::conv::Conv2dConfig;
    use burn::tensor::Distribution;

    use super::*;

    /// Result, and gradients of samples, weights and biases.
    fn all(conv: &Conv2d, x: &Tensor<4>, with: fn(&Conv2d, Tensor<4>) -> Tensor<4>) -> Vec<f32> {
        let out = with(conv, x.clone());
        // Neither symmetric nor constant, so that no mistake of order cancels.
        let loss = (out.clone().sin() * out.clone()).sum();
        let gradients = loss.backward();
        let mut values = Vec::new();
        let mut take = |data: burn::tensor::TensorData| values.extend(data.iter::<f32>());
        take(out.into_data());
        take(x.grad(&gradients).unwrap().into_data());
        take(conv.weight.val().grad(&gradients).unwrap().into_data());
        if let Some(bias) = &conv.bias {
            take(bias.val().grad(&gradients).unwrap().into_data());
        }
        values
    }

    #[test]
    fn single_pixels_come_out_as_of_burns_own() {
        let device = Device::flex().autodiff();
        device.seed(5);
        for (has_bias, [batch, from, to, side]) in [
            (true, [3, 5, 7, 4]),
            (false, [1, 16, 2, 1]),
            (true, [2, 1, 9, 6]),
        ] {
            let config = Conv2dConfig::new([from, to], [1, 1]).with_bias(has_bias);
            let mut conv = config.init(&device);
            conv.bias = has_bias.then(|| {
                Param::from_tensor(Tensor::random(
                    [to],
                    Distribution::Normal(0.0, 1.0),
                    &device,
                ))
            });
            assert!(is_pointwise(&conv));
            let normal = Distribution::Normal(0.0, 1.0);
            let x = Tensor::random([batch, from, side, side], normal, &device).require_grad();
            let (own, burn) = (
                all(&conv, &x, convolve),
                all(&conv, &x, |conv, x| conv.forward(x)),
            );
            assert_eq!(own.len(), burn.len());
            for (own, burn) in own.iter().zip(&burn) {
                assert!(
                    (own - burn).abs() <= 1e-4 * burn.abs().max(1.0),
                    "{own} {burn}"
                );
            }
        }
    }

    #[test]
    fn other_convolutions_are_left_to_burn() {
        let device = Device::flex();
        let config = || Conv2dConfig::new([4, 4], [1, 1]);
        let others = [
            Conv2dConfig::new([4, 4], [3, 3]),
            config().with_stride([2, 2]),
            config().with_groups(2),
            config().with_padding(PaddingConfig2d::Explicit(0, 1, 0, 1)),
        ];
        for other in others {
            assert!(!is_pointwise(&other.init(&device)));
        }
    }
}
