//! Samples and labels on the device, and the order in which they are learnt.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::objective::Targets;
use crate::data::{Features, Labels, Normalisation, Split};
use crate::models::Samples;

/// Bytes of normalised samples that are kept on the device. A larger set stays in main memory, and each batch is
/// normalised and sent as it is needed; sending is not waited for.
const RESIDENT_BYTES_MAX: u64 = 1 << 30;

/// One part of a dataset, ready to be cut into batches.
pub struct Batches {
    device: Device,
    store: Store,
    sample_len: usize,
    samples: usize,
}

enum Store {
    /// Normalised once, whole on the device.
    Device { samples: Samples, wanted: Wanted },
    /// In main memory.
    Host {
        features: Features,
        labels: Labels,
        target: usize,
        scale: Scale,
        normalisation: Normalisation,
    },
}

/// What the answers are to be, on the device.
enum Wanted {
    /// `[samples]`.
    Classes(Tensor<1, Int>),
    /// `[samples, length]`; weights where not every position counts.
    Tokens {
        tokens: Tensor<2, Int>,
        weights: Option<Tensor<2>>,
    },
    /// `[samples]`.
    Numbers(Tensor<1>),
}

/// Mean and deviation of the numbers that are to be foretold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Mean over the training part.
    pub mean: f64,
    /// Deviation over the training part; 1 where all are the same, and for tasks without numbers.
    pub deviation: f64,
}

impl Scale {
    /// That of the training part's labels.
    pub fn of(labels: &Labels) -> Self {
        let none = Self {
            mean: 0.0,
            deviation: 1.0,
        };
        let Labels::Numbers(numbers) = labels else {
            return none;
        };
        let count = numbers.len().max(1) as f64;
        let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let squares = numbers.iter().map(|&x| (f64::from(x) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        if deviation > 0.0 {
            Self { mean, deviation }
        } else {
            Self { mean, ..none }
        }
    }

    fn apply(self, number: f32) -> f32 {
        ((f64::from(number) - self.mean) / self.deviation) as f32
    }
}

/// A batch of samples with what they are to be answered with.
pub struct Batch {
    /// Normalised samples.
    pub samples: Samples,
    /// What the answers are to be.
    pub targets: Targets,
}

/// An order of samples, on the device or in main memory, wherever the samples are.
pub enum Order {
    /// `[samples]`.
    Device(Tensor<1, Int>),
    /// The same.
    Host(Vec<u32>),
}

impl Batches {
    /// Takes over `split` with its column of classes `target`, or numbers brought to `scale`. `device` decides whether gradients
    /// can be taken.
    pub fn new(
        split: Split,
        target: usize,
        scale: Scale,
        normalisation: &Normalisation,
        device: &Device,
    ) -> Self {
        let samples = split.len();
        let sample_len = split.features.len() / samples.max(1);
        let bytes = split.features.len() as u64 * size_of::<f32>() as u64;
        let store = if bytes <= RESIDENT_BYTES_MAX {
            let all = || 0..samples;
            Store::Device {
                samples: samples_on(&split.features, sample_len, normalisation, all(), device),
                wanted: wanted_on(&split.labels, target, scale, all(), device),
            }
        } else {
            Store::Host {
                features: split.features,
                labels: split.labels,
                target,
                scale,
                normalisation: normalisation.clone(),
            }
        };
        Self {
            device: device.clone(),
            store,
            sample_len,
            samples,
        }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// The samples in the order of `indices`.
    pub fn order(&self, indices: Vec<u32>) -> Order {
        match &self.store {
            Store::Device { .. } => {
                let indices: Vec<i32> = indices.into_iter().map(|i| i as i32).collect();
                let count = indices.len();
                Order::Device(Tensor::from_data(
                    TensorData::new(indices, [count]),
                    &self.device,
                ))
            }
            Store::Host { .. } => Order::Host(indices),
        }
    }

    /// Samples `from .. from + count` of `order`.
    pub fn batch(&self, order: &Order, from: usize, count: usize) -> Batch {
        match (&self.store, order) {
            (Store::Device { samples, wanted }, Order::Device(order)) => {
                let chosen = order.clone().slice(from..from + count);
                let samples = match samples {
                    Samples::Numbers(all) => {
                        Samples::Numbers(all.clone().select(0, chosen.clone()))
                    }
                    Samples::Tokens(all) => Samples::Tokens(all.clone().select(0, chosen.clone())),
                };
                Batch {
                    samples,
                    targets: wanted.select(chosen),
                }
            }
            (
                Store::Host {
                    features,
                    labels,
                    target,
                    scale,
                    normalisation,
                },
                Order::Host(order),
            ) => {
                let chosen = &order[from..from + count];
                let indices = || chosen.iter().map(|&i| i as usize);
                let len = self.sample_len;
                Batch {
                    samples: samples_on(features, len, normalisation, indices(), &self.device),
                    targets: wanted_on(labels, *target, *scale, indices(), &self.device).whole(),
                }
            }
            // An order is only ever made by the store that it is used with.
            _ => unreachable!("an order belongs to the samples that it was made for"),
        }
    }
}

impl Wanted {
    fn select(&self, chosen: Tensor<1, Int>) -> Targets {
        match self {
            Self::Classes(all) => Self::Classes(all.clone().select(0, chosen)),
            Self::Numbers(all) => Self::Numbers(all.clone().select(0, chosen)),
            Self::Tokens { tokens, weights } => Self::Tokens {
                tokens: tokens.clone().select(0, chosen.clone()),
                weights: weights.clone().map(|weights| weights.select(0, chosen)),
            },
        }
        .whole()
    }

    /// All of it, in the order of a network's answers.
    fn whole(self) -> Targets {
        match self {
            Self::Classes(classes) => Targets::Classes(classes),
            Self::Numbers(numbers) => Targets::Numbers(numbers),
            Self::Tokens { tokens, weights } => {
                let [samples, length] = tokens.dims();
                let classes = tokens.reshape([samples * length]);
                match weights {
                    None => Targets::Classes(classes),
                    Some(weights) => Targets::Weighted {
                        classes,
                        weights: weights.reshape([samples * length]),
                    },
                }
            }
        }
    }
}

fn ints<const D: usize>(
    values: impl Iterator<Item = u16>,
    shape: [usize; D],
    device: &Device,
) -> Tensor<D, Int> {
    let values: Vec<i32> = values.map(i32::from).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn samples_on(
    features: &Features,
    sample_len: usize,
    normalisation: &Normalisation,
    samples: impl ExactSizeIterator<Item = usize>,
    device: &Device,
) -> Samples {
    let shape = [samples.len(), sample_len];
    match features {
        Features::Tokens(tokens) => {
            let chosen = samples.flat_map(|i| &tokens[i * sample_len..(i + 1) * sample_len]);
            Samples::Tokens(ints(chosen.copied(), shape, device))
        }
        _ => {
            let values = normalised(features, sample_len, normalisation, samples);
            Samples::Numbers(Tensor::from_data(TensorData::new(values, shape), device))
        }
    }
}

fn wanted_on(
    labels: &Labels,
    target: usize,
    scale: Scale,
    samples: impl ExactSizeIterator<Item = usize>,
    device: &Device,
) -> Wanted {
    let count = samples.len();
    match labels {
        Labels::Classes(columns) => {
            let column = columns.get(target).map_or(&[][..], Vec::as_slice);
            Wanted::Classes(ints(samples.map(|i| column[i]), [count], device))
        }
        Labels::Numbers(numbers) => {
            let values: Vec<f32> = samples.map(|i| scale.apply(numbers[i])).collect();
            Wanted::Numbers(Tensor::from_data(TensorData::new(values, [count]), device))
        }
        Labels::Tokens { length, tokens } => {
            // Decided for the whole part, so that every batch has the same form.
            let all_count = !tokens.contains(&Labels::NOT_ASKED);
            let chosen: Vec<u16> = samples
                .flat_map(|i| &tokens[i * length..(i + 1) * length])
                .copied()
                .collect();
            let is_asked = |token: u16| token != Labels::NOT_ASKED;
            let shape = [count, *length];
            let weights = (!all_count).then(|| {
                let weights = chosen
                    .iter()
                    .map(|&token| f32::from(u8::from(is_asked(token))));
                Tensor::from_data(TensorData::new(weights.collect::<Vec<_>>(), shape), device)
            });
            let tokens = chosen
                .iter()
                .map(|&token| if is_asked(token) { token } else { 0 });
            Wanted::Tokens {
                tokens: ints(tokens, shape, device),
                weights,
            }
        }
    }
}

/// The chosen samples as `(x − mean) / deviation`, per channel of an image or feature of a table.
fn normalised(
    features: &Features,
    sample_len: usize,
    normalisation: &Normalisation,
    samples: impl Iterator<Item = usize>,
) -> Vec<f32> {
    let groups = normalisation.mean.len().max(1);
    let group_len = (sample_len / groups).max(1);
    let mut out = Vec::with_capacity(samples.size_hint().0 * sample_len);
    for sample in samples {
        let start = sample * sample_len;
        for i in 0..sample_len {
            let value = match features {
                Features::U8(values) => f32::from(values[start + i]),
                Features::F32(values) => values[start + i],
                Features::Tokens(values) => f32::from(values[start + i]),
            };
            let group = (i / group_len).min(groups - 1);
            out.push((value - normalisation.mean[group]) / normalisation.std[group]);
        }
    }
    out
}

/// The order in which epoch `epoch` (from 0) takes `samples` samples: a permutation that depends on seed and epoch alone,
/// so that any epoch can be resumed, and is the same on every device.
pub fn shuffled(samples: usize, seed: u64, epoch: u64) -> Vec<u32> {
    // One stream of the generator an epoch: independent sequences of one seed.
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch.wrapping_add(1));
    let mut order: Vec<u32> = (0..samples as u32).collect();
    order.shuffle(&mut rng);
    order
}
