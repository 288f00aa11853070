//! GELU, in one pass each way.

use std::f32::consts::FRAC_1_SQRT_2;

use burn::backend::flex::FlexTensor;
use burn::tensor::{Tensor, activation};

use super::exponential::exp;
use super::tensors::{Back, Input, changed, is_here, numbers, operation, tensor};
use super::threads::{PIECE, pairs, share, share_both};

/// x · Φ(x), number by number, with the distribution function Φ of the standard normal distribution (Hendrycks and Gimpel 2016).
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if is_here(&x) {
        own(Input::taken(x))
    } else {
        activation::gelu(x)
    }
}

fn own<const D: usize>(x: Input) -> Tensor<D> {
    let shape = x.tensor.layout().shape().clone();
    let out = operation([x], |[x], is_tracked| {
        if !is_tracked {
            let out = changed(x, |x| {
                let work = 2 * x.len();
                share(x, PIECE, work, |_, x| {
                    x.iter_mut().for_each(|x| *x = *x * cumulative(*x)[0]);
                });
            });
            return (out, None);
        }
        let mut slopes = vec![0.0; shape.num_elements()];
        let out = changed(x, |x| {
            share_both(x, &mut slopes, |x, slopes| {
                for (x, slope) in x.iter_mut().zip(slopes) {
                    let [below, density] = cumulative(*x);
                    *slope = below + *x * density;
                    *x *= below;
                }
            });
        });
        let slopes = tensor(slopes, shape);
        (out, Some(Sloped { slopes }))
    });
    out.expect("one input either takes part in what is differentiated or does not")
}

/// Φ(x) and φ(x) of the standard normal distribution. Φ by erf of 7.1.26 in Abramowitz and Stegun (1964), whose error is below
/// 1.5·10⁻⁷, and whose e^x is the same as that of φ.
#[inline(always)]
fn cumulative(x: f32) -> [f32; 2] {
    /// 1 / √(2π).
    const HEIGHT: f32 = 0.398_942_3;
    let e = exp(-0.5 * x * x);
    let t = 1.0 / (1.0 + 0.327_591_1 * FRAC_1_SQRT_2 * x.abs());
    let mut sum = 1.061_405_4;
    for factor in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        sum = sum * t + factor;
    }
    let tail = 0.5 * sum * t * e;
    [if x < 0.0 { tail } else { 1.0 - tail }, HEIGHT * e]
}

#[derive(Clone, Debug)]
struct Sloped {
    /// Φ(x) + x · φ(x).
    slopes: FlexTensor,
}

impl Back<1> for Sloped {
    fn back(self, gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = changed(gradient, |gradient| {
            pairs(gradient, numbers(&self.slopes), |gradient, slope| {
                *gradient *= slope;
            });
        });
        [Some(gradient)]
    }
}
