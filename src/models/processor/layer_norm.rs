//! Layer normalisation, in one pass over each row each way.

use burn::backend::flex::FlexTensor;
use burn::nn::LayerNorm;
use burn::tensor::Tensor;

use super::sums::{sum, sum_of, sum_of_pairs, total};
use super::tensors::{Back, Input, changed, numbers, operation, tensor};
use super::threads::shared;

/// Rows of a piece.
const ROWS: usize = 32;

/// What is added to the variance by every layer normalisation here: Burn keeps to itself what its module was made with.
pub const EPSILON: f64 = 1e-5;

/// `norm`, which was made with [`EPSILON`], over the last axis of `x` (Ba, Kiros and Hinton 2016).
pub fn layer_norm<const D: usize>(norm: &LayerNorm, x: Tensor<D>) -> Tensor<D> {
    own(norm, &x).unwrap_or_else(|| norm.forward(x))
}

fn own<const D: usize>(norm: &LayerNorm, x: &Tensor<D>) -> Option<Tensor<D>> {
    let shape = x.shape();
    let (gain, shift) = (norm.gamma.val(), norm.beta.as_ref()?.val());
    let width = gain.dims()[0];
    if width == 0 || shape[D - 1] != width {
        return None;
    }
    let inputs = [Input::of(x)?, Input::of(&gain)?, Input::of(&shift)?];
    operation(inputs, |inputs, is_tracked| {
        let [x, gain, shift] = inputs.map(|input| input.to_contiguous());
        let mut out = vec![0.0; shape.num_elements()];
        let work = 2 * out.len();
        let (rows, gains, shifts) = (numbers(&x), numbers(&gain), numbers(&shift));
        let scales = shared(&mut out, ROWS * width, work, |index, out| {
            let rows = rows[index * ROWS * width..].chunks_exact(width);
            let scaled = out.chunks_exact_mut(width).zip(rows).map(|(out, row)| {
                let scale = Scale::of(row);
                let affine = gains.iter().zip(shifts);
                for ((out, x), (gain, shift)) in out.iter_mut().zip(row).zip(affine) {
                    *out = scale.apply(*x) * gain + shift;
                }
                scale
            });
            scaled.collect::<Vec<_>>()
        });
        let way = is_tracked.then(|| Normalised {
            x: x.clone(),
            gain: gain.clone(),
            scales: scales.concat(),
        });
        (tensor(out, shape), way)
    })
}

/// What a row was moved and scaled by.
#[derive(Clone, Copy, Debug)]
struct Scale {
    mean: f32,
    /// 1 / √(variance + ε).
    inverse: f32,
}

impl Scale {
    fn of(row: &[f32]) -> Self {
        let count = row.len() as f64;
        let mean = (sum(row) / count) as f32;
        // Of what is left without the mean: the mean of squares less the square of the mean would lose digits.
        let variance = sum_of(row, |x| (x - mean) * (x - mean)) / count;
        let inverse = (1.0 / (variance + EPSILON).sqrt()) as f32;
        Self { mean, inverse }
    }

    #[inline(always)]
    fn apply(self, x: f32) -> f32 {
        (x - self.mean) * self.inverse
    }
}

#[derive(Clone, Debug)]
struct Normalised {
    x: FlexTensor,
    gain: FlexTensor,
    /// Of each row.
    scales: Vec<Scale>,
}

impl Back<3> for Normalised {
    /// With n = (x − mean) / σ and h = gradient · gain, the gradient of x is (h − mean(h) − n · mean(h · n)) / σ.
    fn back(self, gradient: FlexTensor, _: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let (rows, gains) = (numbers(&self.x), numbers(&self.gain));
        let width = gains.len();
        let mut sums = Vec::new();
        let of_x = changed(gradient, |gradient| {
            let work = 3 * gradient.len();
            sums = shared(gradient, ROWS * width, work, |index, gradient| {
                let rows = rows[index * ROWS * width..].chunks_exact(width);
                let scales = &self.scales[index * ROWS..];
                // Of the gains and, behind them, of the shifts.
                let mut sums = vec![0.0; 2 * width];
                let mut scaled = vec![0.0; width];
                let gradients = gradient.chunks_exact_mut(width);
                for ((gradient, row), scale) in gradients.zip(rows).zip(scales) {
                    back_through(gradient, row, *scale, gains, &mut sums, &mut scaled);
                }
                sums
            });
        });
        let mut of_gain = total(&sums, 2 * width);
        let of_shift = of_gain.split_off(width);
        [
            Some(of_x),
            Some(tensor(of_gain, [width])),
            Some(tensor(of_shift, [width])),
        ]
    }
}

/// Makes the gradient of `row` of that of the result, and adds to `sums` those of gains and shifts. `scaled` is for use between.
fn back_through(
    gradient: &mut [f32],
    row: &[f32],
    scale: Scale,
    gains: &[f32],
    sums: &mut [f32],
    scaled: &mut [f32],
) {
    let width = row.len();
    let (of_gain, of_shift) = sums.split_at_mut(width);
    for i in 0..width {
        let normal = scale.apply(row[i]);
        of_gain[i] += gradient[i] * normal;
        of_shift[i] += gradient[i];
        gradient[i] *= gains[i];
        scaled[i] = normal;
    }
    let count = width as f64;
    let mean = (sum(gradient) / count) as f32;
    let along = (sum_of_pairs(gradient, scaled, |h, n| h * n) / count) as f32;
    for (gradient, normal) in gradient.iter_mut().zip(scaled.iter()) {
        *gradient = (*gradient - mean - normal * along) * scale.inverse;
    }
}
