//! Convolutions in the way that is fastest on their device.
//!
//! On the CPU backend that is an operation of our own for most of them, made of matrix products: Burn takes the gradient of
//! the weights as a convolution whose kernel is as large as the image, which takes several times as long as the forward pass.
//! `docs/speed.md` has the figures, `benches/convolution.rs` takes them.
//!
//! `geometry` has the sizes; `patches` lays images so that products can be made of them; `dense`, `planes` and `winograd` are the
//! computations, on plain numbers; `parts` chooses between them and Burn's own by what was measured; `operation` makes it an
//! operation with a backward pass.

mod dense;
mod geometry;
mod operation;
mod parts;
mod patches;
mod planes;
mod winograd;

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;

pub use geometry::Geometry;
pub use parts::Convolution;

use super::processor::tensors::is_here;

/// Applies `conv` to `[batch, channels, height, width]`.
pub fn convolve(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    own(conv, &x).unwrap_or_else(|| conv.forward(x))
}

/// The result of our own operation, where there is one for this convolution on this device.
fn own(conv: &Conv2d, x: &Tensor<4>) -> Option<Tensor<4>> {
    if !is_here(x) || conv.dilation != [1, 1] {
        return None;
    }
    let [batch, from, height, width] = x.dims();
    let weight = conv.weight.val();
    let convolution = Convolution {
        geometry: Geometry {
            batch,
            from,
            to: weight.dims()[0],
            side: [height, width],
            kernel: conv.kernel_size,
            stride: conv.stride,
            padding: even_padding(conv)?,
        },
        groups: conv.groups,
    };
    if !convolution.is_known() {
        return None;
    }
    let bias = conv.bias.as_ref().map(|bias| bias.val());
    operation::convolved(convolution, x, &weight, bias.as_ref())
}

/// Zeros above and below, left and right, where they are known and the same on both sides.
fn even_padding(conv: &Conv2d) -> Option<[usize; 2]> {
    match conv.padding {
        PaddingConfig2d::Valid => Some([0, 0]),
        PaddingConfig2d::Explicit(top, left, bottom, right) if top == bottom && left == right => {
            Some([top, left])
        }
        PaddingConfig2d::Explicit(..) | PaddingConfig2d::Same => None,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use burn::module::Param;
    use burn::nn::conv::Conv2dConfig;
    use burn::tensor::{Device, Distribution, TensorData};

    use super::*;

    /// Channels in and out, side, kernel, stride, padding, groups.
    type Case = [usize; 7];

    /// Each way of our own, and each of Burn's that parts of them are left to; patches across rows, larger strides than kernels,
    /// sides that are no multiple of a stride, several blocks of images, tiles across the edge.
    const CASES: [Case; 22] = [
        [1, 16, 8, 3, 1, 1, 1],
        [16, 32, 4, 3, 1, 1, 1],
        [20, 5, 7, 3, 1, 0, 1],
        [17, 9, 6, 5, 1, 2, 1],
        [18, 3, 5, 5, 1, 4, 1],
        [3, 8, 13, 7, 2, 3, 1],
        [16, 24, 9, 3, 2, 1, 1],
        [16, 8, 9, 1, 2, 0, 1],
        [4, 8, 10, 1, 3, 0, 1],
        [16, 4, 11, 2, 3, 1, 1],
        [5, 7, 4, 1, 1, 0, 1],
        [16, 2, 1, 3, 1, 1, 1],
        [40, 33, 64, 3, 1, 1, 1],
        [32, 32, 7, 3, 1, 0, 1],
        [34, 33, 5, 3, 1, 2, 1],
        [32, 40, 1, 3, 1, 1, 1],
        [6, 6, 9, 3, 1, 1, 6],
        [6, 6, 9, 5, 2, 2, 6],
        [3, 3, 2, 5, 3, 4, 3],
        [4, 8, 6, 3, 1, 1, 2],
        [12, 6, 7, 3, 2, 1, 3],
        [1, 5, 9, 4, 3, 1, 1],
    ];

    fn convolution(
        [from, to, _, kernel, stride, padding, groups]: Case,
        has_bias: bool,
        device: &Device,
    ) -> Conv2d {
        let config = Conv2dConfig::new([from, to], [kernel; 2])
            .with_stride([stride; 2])
            .with_padding(PaddingConfig2d::Explicit(
                padding, padding, padding, padding,
            ))
            .with_groups(groups)
            .with_bias(has_bias);
        let mut conv = config.init(device);
        conv.bias = has_bias.then(|| Param::from_tensor(normal([to], device)));
        conv
    }

    fn normal<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
        Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
    }

    /// Result, and gradients of images, weights and biases.
    fn all(conv: &Conv2d, x: &Tensor<4>, with: Way) -> Vec<Vec<f32>> {
        let out = with(conv, x.clone());
        // Neither symmetric nor constant, so that no mistake of order cancels.
        let loss = (out.clone().sin() * out.clone()).sum();
        let gradients = loss.backward();
        let values = |data: TensorData| data.iter::<f32>().collect::<Vec<_>>();
        let mut found = vec![
            values(out.into_data()),
            values(x.grad(&gradients).unwrap().into_data()),
            values(conv.weight.val().grad(&gradients).unwrap().into_data()),
        ];
        if let Some(bias) = &conv.bias {
            found.push(values(bias.val().grad(&gradients).unwrap().into_data()));
        }
        found
    }

    type Way = fn(&Conv2d, Tensor<4>) -> Tensor<4>;

    /// Largest difference over the largest number.
    fn difference(own: &[f32], other: &[f32]) -> f32 {
        assert_eq!(own.len(), other.len());
        let largest =
            |values: &mut dyn Iterator<Item = f32>| values.fold(0.0_f32, |a, b| a.max(b.abs()));
        let apart = largest(&mut own.iter().zip(other).map(|(a, b)| a - b));
        apart / largest(&mut other.iter().copied()).max(f32::MIN_POSITIVE)
    }

    #[test]
    fn results_and_gradients_are_those_of_burn() {
        let device = Device::flex().autodiff();
        device.seed(5);
        for (index, case) in CASES.into_iter().enumerate() {
            let [from, _, side, ..] = case;
            for batch in [1, 3, 9] {
                let conv = convolution(case, index % 2 == 0, &device);
                let x = normal([batch, from, side, side + index % 3], &device).require_grad();
                assert!(own(&conv, &x).is_some(), "{case:?}");
                let found = all(&conv, &x, convolve);
                let burn = all(&conv, &x, |conv, x| conv.forward(x));
                assert_eq!(found.len(), burn.len());
                for (part, (own, burn)) in found.iter().zip(&burn).enumerate() {
                    let apart = difference(own, burn);
                    assert!(
                        apart <= 1e-5,
                        "{case:?}, batch {batch}, part {part}: {apart}"
                    );
                }
            }
        }
    }

    #[test]
    fn without_autodiff_the_result_is_the_same() {
        let device = Device::flex();
        for case in CASES {
            let conv = convolution(case, true, &device);
            let x = normal([2, case[0], case[2], case[2]], &device);
            let found = own(&conv, &x).unwrap().into_data();
            let values = |data: TensorData| data.iter::<f32>().collect::<Vec<_>>();
            let burn = values(conv.forward(x).into_data());
            assert!(difference(&values(found), &burn) <= 1e-5, "{case:?}");
        }
    }

    /// A part of the tensors may need no gradient, and what is not contiguous is read in its order.
    #[test]
    fn weights_alone_and_permuted_images_are_learnt_from() {
        let device = Device::flex().autodiff();
        for case in [CASES[1], CASES[6], CASES[10], CASES[13]] {
            let conv = convolution(case, true, &device);
            let x = normal([4, case[2], case[0], case[2]], &device).swap_dims(1, 2);
            let gradient = |with: Way| {
                let gradients = with(&conv, x.clone()).sin().sum().backward();
                let data = conv.weight.val().grad(&gradients).unwrap().into_data();
                data.iter::<f32>().collect::<Vec<_>>()
            };
            let apart = difference(&gradient(convolve), &gradient(|conv, x| conv.forward(x)));
            assert!(apart <= 1e-5, "{case:?}: {apart}");
        }
    }

    /// Sums are taken in an order that follows from the shapes alone.
    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let told = |threads: &str| {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "--ignored", "--nocapture"])
                .arg("models::convolve::tests::tells_what_it_computed")
                .env("RAYON_NUM_THREADS", threads)
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let told: Vec<_> = text
                .lines()
                .filter(|line| line.starts_with("sums "))
                .collect();
            assert_eq!(told.len(), CASES.len(), "{text}");
            told.join("\n")
        };
        assert_eq!(told("1"), told("3"));
    }

    #[test]
    #[ignore = "a part of the test above, in a process of its own"]
    fn tells_what_it_computed() {
        let device = Device::flex().autodiff();
        device.seed(7);
        for case in CASES {
            let conv = convolution(case, true, &device);
            let x = normal([17, case[0], case[2], case[2]], &device).require_grad();
            let of = |values: &Vec<f32>| {
                let mix = |sum: u64, value: &f32| sum.rotate_left(5) ^ u64::from(value.to_bits());
                values.iter().fold(0, mix)
            };
            println!(
                "sums {:x?}",
                all(&conv, &x, convolve).iter().map(of).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn other_convolutions_are_left_to_burn() {
        let device = Device::flex();
        let config = || Conv2dConfig::new([36, 4], [3, 3]);
        let x = || normal([2, 36, 7, 7], &device);
        for other in [
            config().with_groups(4),
            config().with_dilation([2, 1]),
            config().with_padding(PaddingConfig2d::Explicit(0, 1, 1, 1)),
            config().with_padding(PaddingConfig2d::Explicit(3, 3, 3, 3)),
            config().with_padding(PaddingConfig2d::Same),
        ] {
            let conv = other.init(&device);
            assert!(own(&conv, &x()).is_none(), "{other}");
            assert_eq!(convolve(&conv, x()).dims()[..2], [2, 4]);
        }
    }
}
