//! Batch normalisation of images: while training, a pass for the statistics of each channel and one for the result, each way; in use
//! one pass in place.

use burn::backend::flex::FlexTensor;
use burn::module::RunningState;
use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor};

use super::sums::{sum, sum_of, sum_of_pairs};
use super::tensors::{Back, Input, changed, changed_here, is_here, numbers, operation, tensor};
use super::threads::{each_of, share};

/// Pixels of an image below which a channel's numbers lie too far apart for this way.
const PIXELS_MIN: usize = 4;

/// `norm` on `[batch, channels, height, width]` (Ioffe and Szegedy 2015).
pub fn batch_norm(norm: &BatchNorm, x: Tensor<4>) -> Tensor<4> {
    if is_here(&x) && !x.device().is_autodiff() {
        in_use(norm, x)
    } else {
        training(norm, &x).unwrap_or_else(|| norm.forward(x))
    }
}

/// With the statistics of what was learnt from, of a tensor of the CPU backend.
fn in_use(norm: &BatchNorm, x: Tensor<4>) -> Tensor<4> {
    let [_, count, height, width] = x.dims();
    let of = |tensor: Tensor<1>| values(tensor, &x.device());
    let (gains, shifts) = (of(norm.gamma.val()), of(norm.beta.val()));
    let (means, variances) = (of(norm.running_mean.value()), of(norm.running_var.value()));
    let moments = means.iter().zip(&variances);
    let scales = moments.map(|(&mean, &variance)| Moments { mean, variance }.scale(norm.epsilon));
    let scales: Vec<Scale> = scales.collect();
    changed_here(x, |x| {
        let (work, pixels) = (2 * x.len(), height * width);
        share(x, count * pixels, work, |_, image| {
            for (channel, plane) in image.chunks_exact_mut(pixels).enumerate() {
                let (Scale { mean, inverse }, shift) = (scales[channel], shifts[channel]);
                let factor = inverse * gains[channel];
                for x in plane {
                    *x = (*x - mean) * factor + shift;
                }
            }
        });
    })
}

/// The numbers of a tensor of any device of this backend.
fn values(tensor: Tensor<1>, device: &Device) -> Vec<f32> {
    tensor.to_device(device).into_data().iter().collect()
}

fn training(norm: &BatchNorm, x: &Tensor<4>) -> Option<Tensor<4>> {
    // With the running statistics there is nothing to sum up.
    let trains = x.device().is_autodiff() && norm.training.is_enabled();
    let shape = x.shape();
    let [_, count, height, width] = x.dims();
    let pixels = height * width;
    if !trains || pixels < PIXELS_MIN || shape.num_elements() == 0 {
        return None;
    }
    let inputs = [
        Input::of(x)?,
        Input::of(&norm.gamma.val())?,
        Input::of(&norm.beta.val())?,
    ];
    let mut moments = Vec::new();
    let out = operation(inputs, |inputs, is_tracked| {
        let [x, gain, shift] = inputs.map(|input| input.to_contiguous());
        let (from, gains, shifts) = (numbers(&x), numbers(&gain), numbers(&shift));
        let channels = Channels { count, pixels };
        moments = each_of(count, from.len(), |channel| channels.moments(from, channel));
        let scales: Vec<Scale> = moments.iter().map(|of| of.scale(norm.epsilon)).collect();
        let mut out = vec![0.0; from.len()];
        let work = 2 * out.len();
        share(&mut out, count * pixels, work, |index, out| {
            let image = &from[index * count * pixels..];
            let planes = out.chunks_exact_mut(pixels).zip(image.chunks_exact(pixels));
            for (channel, (out, plane)) in planes.enumerate() {
                let (scale, shift) = (scales[channel], shifts[channel]);
                let factor = scale.inverse * gains[channel];
                for (out, x) in out.iter_mut().zip(plane) {
                    *out = (x - scale.mean) * factor + shift;
                }
            }
        });
        let way = is_tracked.then(|| Normalised {
            channels,
            x: x.clone(),
            gain: gain.clone(),
            scales,
        });
        (tensor(out, shape), way)
    })?;
    let means = moments.iter().map(|of| of.mean).collect();
    follow(&norm.running_mean, means, norm.momentum, x);
    let variances = moments.iter().map(|of| of.variance).collect();
    follow(&norm.running_var, variances, norm.momentum, x);
    Some(out)
}

/// Moves what is kept of all batches towards that of this one, as Burn does.
fn follow(running: &RunningState<Tensor<1>>, now: Vec<f32>, momentum: f64, x: &Tensor<4>) {
    let device = x.device();
    let now = Tensor::<1>::from_floats(now.as_slice(), &device);
    let before = running.value_sync().to_device(&device);
    let after = before.mul_scalar(1.0 - momentum) + now.mul_scalar(momentum);
    running.update(after.detach());
}

/// How the channels of images lie in memory.
#[derive(Clone, Copy, Debug)]
struct Channels {
    count: usize,
    pixels: usize,
}

impl Channels {
    /// The planes of one of them, image by image.
    fn planes(self, images: &[f32], channel: usize) -> impl Iterator<Item = &[f32]> {
        let planes = images.chunks_exact(self.pixels);
        planes.skip(channel).step_by(self.count)
    }

    fn moments(self, images: &[f32], channel: usize) -> Moments {
        let count = (images.len() / self.count) as f64;
        let planes = || self.planes(images, channel);
        let mean = (planes().map(sum).sum::<f64>() / count) as f32;
        // Of what is left without the mean: the mean of squares less the square of the mean would lose digits.
        let squares = planes().map(|plane| sum_of(plane, |x| (x - mean) * (x - mean)));
        let variance = (squares.sum::<f64>() / count) as f32;
        Moments { mean, variance }
    }
}

#[derive(Clone, Copy)]
struct Moments {
    mean: f32,
    variance: f32,
}

impl Moments {
    fn scale(self, epsilon: f64) -> Scale {
        Scale {
            mean: self.mean,
            inverse: (1.0 / (f64::from(self.variance) + epsilon).sqrt()) as f32,
        }
    }
}

/// What a channel was moved and scaled by, before its gain.
#[derive(Clone, Copy, Debug)]
struct Scale {
    mean: f32,
    /// 1 / √(variance + ε).
    inverse: f32,
}

#[derive(Clone, Debug)]
struct Normalised {
    channels: Channels,
    x: FlexTensor,
    gain: FlexTensor,
    /// Of each channel.
    scales: Vec<Scale>,
}

impl Back<3> for Normalised {
    /// With n = (x − mean) / σ, the gradient of x is gain · (g − mean(g) − n · mean(g · n)) / σ, for the gradient g of the result.
    fn back(self, gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let Channels { count, pixels } = self.channels;
        let (from, gains) = (numbers(&self.x), numbers(&self.gain));
        let gradient = gradient.to_contiguous();
        let out = numbers(&gradient);
        // Of g and of g · n.
        let sums: Vec<[f64; 2]> = each_of(count, 2 * from.len(), |channel| {
            let planes = |images| self.channels.planes(images, channel);
            let Scale { mean, inverse } = self.scales[channel];
            let along = planes(out).zip(planes(from));
            let along = along.map(|(g, x)| sum_of_pairs(g, x, |g, x| g * (x - mean)));
            let (plain, along): (f64, f64) = (planes(out).map(sum).sum(), along.sum());
            [plain, along * f64::from(inverse)]
        });
        let per_channel = (from.len() / count) as f64;
        let of_x = wanted[0].then(|| {
            changed(gradient, |gradient| {
                let work = 3 * gradient.len();
                share(gradient, count * pixels, work, |index, gradient| {
                    let image = &from[index * count * pixels..];
                    let planes = gradient.chunks_exact_mut(pixels);
                    let planes = planes.zip(image.chunks_exact(pixels)).enumerate();
                    for (channel, (gradient, plane)) in planes {
                        let Scale { mean, inverse } = self.scales[channel];
                        let [plain, along] = sums[channel].map(|sum| (sum / per_channel) as f32);
                        let (along, factor) = (along * inverse, gains[channel] * inverse);
                        for (gradient, x) in gradient.iter_mut().zip(plane) {
                            *gradient = (*gradient - plain - (x - mean) * along) * factor;
                        }
                    }
                });
            })
        });
        let of = |which: usize| {
            let sums = sums.iter().map(|of| of[which] as f32).collect();
            Some(tensor(sums, [count]))
        };
        [of_x, of(1), of(0)]
    }
}
