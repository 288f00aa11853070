//! Samples and labels on the device, and the order in which they are learnt.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::data::{Features, Normalisation, Split};

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
    /// Normalised once, whole on the device: `[samples, numbers]` and `[samples]`.
    Device {
        samples: Tensor<2>,
        labels: Tensor<1, Int>,
    },
    /// In main memory.
    Host {
        features: Features,
        labels: Vec<u16>,
        normalisation: Normalisation,
    },
}

/// A batch of samples `[batch, numbers]` with labels `[batch]`.
pub struct Batch {
    /// Normalised samples.
    pub samples: Tensor<2>,
    /// The class of each.
    pub labels: Tensor<1, Int>,
}

/// An order of samples, on the device or in main memory, wherever the samples are.
pub enum Order {
    /// `[samples]`.
    Device(Tensor<1, Int>),
    /// The same.
    Host(Vec<u32>),
}

impl Batches {
    /// Takes over `split` with its label column `target`. `device` decides whether gradients can be taken.
    pub fn new(
        split: Split,
        target: usize,
        normalisation: &Normalisation,
        device: &Device,
    ) -> Self {
        let samples = split.len();
        let sample_len = split.features.len() / samples.max(1);
        let labels = split.labels.into_iter().nth(target).unwrap_or_default();
        let bytes = split.features.len() as u64 * size_of::<f32>() as u64;
        let store = if bytes <= RESIDENT_BYTES_MAX {
            let values = normalised(&split.features, sample_len, normalisation, 0..samples);
            Store::Device {
                samples: Tensor::from_data(TensorData::new(values, [samples, sample_len]), device),
                labels: labels_on(&labels, device),
            }
        } else {
            Store::Host {
                features: split.features,
                labels,
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
            (Store::Device { samples, labels }, Order::Device(order)) => {
                let chosen = order.clone().slice(from..from + count);
                Batch {
                    samples: samples.clone().select(0, chosen.clone()),
                    labels: labels.clone().select(0, chosen),
                }
            }
            (
                Store::Host {
                    features,
                    labels,
                    normalisation,
                },
                Order::Host(order),
            ) => {
                let chosen = &order[from..from + count];
                let indices = chosen.iter().map(|&i| i as usize);
                let values = normalised(features, self.sample_len, normalisation, indices.clone());
                let labels: Vec<u16> = indices.map(|i| labels[i]).collect();
                Batch {
                    samples: Tensor::from_data(
                        TensorData::new(values, [count, self.sample_len]),
                        &self.device,
                    ),
                    labels: labels_on(&labels, &self.device),
                }
            }
            // An order is only ever made by the store that it is used with.
            _ => unreachable!("an order belongs to the samples that it was made for"),
        }
    }
}

fn labels_on(labels: &[u16], device: &Device) -> Tensor<1, Int> {
    let labels: Vec<i32> = labels.iter().map(|&label| i32::from(label)).collect();
    let count = labels.len();
    Tensor::from_data(TensorData::new(labels, [count]), device)
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
