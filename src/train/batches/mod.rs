//! Samples and labels where they are learnt from, and the order and changes in which they are.
//!
//! Where a part lies ([`Residence`]) is chosen by its size and by what is asked: see [`Residence::choose`].

mod draws;
mod feed;
mod host;
mod loader;
mod pixels;
mod scale;
mod shrink;
mod wanted;

pub use feed::{Feed, Feeding};
pub use scale::Scale;
pub use shrink::Shrink;

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use self::host::Host;
use self::loader::{Loader, Recipe};
use self::pixels::Pixels;
use self::wanted::Wanted;
use super::TrainError;
use super::objective::Targets;
use crate::data::{Features, Labels, Normalisation, Split};
use crate::models::Samples;
use crate::setup::InputShape;

/// Bytes of samples that are kept on the device, pixels as bytes, other numbers in 4 bytes each: a quarter of the memory of
/// the smallest cards on which one trains (4 GiB). How much memory a device has, no interface tells on every platform.
const RESIDENT_BYTES_MAX: u64 = 1 << 30;

/// Where samples lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residence {
    /// On the device, normalised once.
    Normalised,
    /// On the device as bytes; each batch is gathered, changed and normalised there by tensor operations.
    Pixels,
    /// The same, by one kernel of our own (`device/gather.rs`). Only where the device computes with wgpu; elsewhere as
    /// [`Self::Pixels`].
    Kernel,
    /// In main memory; a thread puts batches together ahead of time, and they are sent without waiting.
    Streamed,
}

impl Residence {
    /// For `features`, whose images are changed one by one where `changes`. A device that computes `on_processor` has the
    /// main memory for its own: images that are not changed are normalised once there, those that are changed are put
    /// together by the thread, which is quicker than tensor operations on the same cores (20 times on `flex`, 30 times on
    /// llvmpipe, for batches of 128 images of 3 × 32 × 32). Elsewhere images lie on the device as bytes, and the kernel makes
    /// batches: one launch, where tensor operations need some twenty. On llvmpipe it takes a half of their time for images that
    /// are not changed and a seventh for those that are (`benches/batches.rs`); no graphics card was at hand to measure.
    pub fn choose(features: &Features, changes: bool, on_processor: bool) -> Self {
        let is_image = matches!(features, Features::U8(_));
        let bytes = if is_image && !on_processor {
            features.bytes()
        } else {
            features.len() as u64 * size_of::<f32>() as u64
        };
        match (is_image, on_processor) {
            _ if bytes > RESIDENT_BYTES_MAX => Self::Streamed,
            (true, true) if changes => Self::Streamed,
            (true, false) => Self::Kernel,
            _ => Self::Normalised,
        }
    }
}

/// Shape of a sample; what is no image is one row of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    channels: usize,
    height: usize,
    width: usize,
}

impl Shape {
    fn of(input: InputShape) -> Self {
        let (height, width) = input.height_and_width().unwrap_or((1, input.len()));
        Self {
            channels: input.channels(),
            height,
            width,
        }
    }

    fn pixels(self) -> usize {
        (self.height * self.width).max(1)
    }

    fn len(self) -> usize {
        self.channels * self.pixels()
    }
}

/// One part of a dataset, ready to be cut into batches.
pub struct Batches {
    device: Device,
    store: Store,
    samples: usize,
}

enum Store {
    Normalised { samples: Samples, wanted: Wanted },
    Pixels { pixels: Pixels, wanted: Wanted },
    Streamed(Arc<Host>),
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
    /// Takes over `split`, whose samples are of shape `input`, with its `columns` of classes, or numbers brought to
    /// `scale`. `device` decides whether gradients can be taken.
    pub fn new(
        split: Split,
        input: InputShape,
        columns: impl Into<Columns>,
        scale: Scale,
        normalisation: &Normalisation,
        residence: Residence,
        device: &Device,
    ) -> Self {
        let samples = split.len();
        let shape = Shape::of(input);
        let host = Host::new(split, shape, columns.into(), scale, normalisation);
        let store = match (residence, &host.features) {
            (Residence::Streamed, _) => Store::Streamed(Arc::new(host)),
            (Residence::Pixels | Residence::Kernel, Features::U8(pixels)) => {
                let is_wgpu = device.clone().without_autodiff() != Device::flex();
                let with_kernel = residence == Residence::Kernel && is_wgpu;
                Store::Pixels {
                    pixels: Pixels::new(pixels, shape, normalisation, with_kernel, device),
                    wanted: host.wanted(0..samples).on(device),
                }
            }
            _ => {
                let all: Vec<u32> = (0..samples as u32).collect();
                let (samples, wanted) = host.assemble(&all, None, 0).on(device);
                Store::Normalised { samples, wanted }
            }
        };
        Self {
            device: device.clone(),
            store,
            samples,
        }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// Whether they lie on the device.
    pub fn is_resident(&self) -> bool {
        !matches!(self.store, Store::Streamed(_))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// The samples in the order of `indices`.
    pub fn order(&self, indices: Vec<u32>) -> Order {
        match &self.store {
            Store::Streamed(_) => Order::Host(indices),
            _ => {
                let indices: Vec<i32> = indices.into_iter().map(|i| i as i32).collect();
                let count = indices.len();
                Order::Device(Tensor::from_data(
                    TensorData::new(indices, [count]),
                    &self.device,
                ))
            }
        }
    }

    /// A thread that puts together the batches of `size` samples of `order`, first to last; `None` where the samples lie on
    /// the device.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn loader(&self, order: &Order, size: usize) -> Result<Option<Loader>, TrainError> {
        let (Store::Streamed(host), Order::Host(order)) = (&self.store, order) else {
            return Ok(None);
        };
        let order = order.clone();
        let recipe = move |index: u64| {
            let chosen = order.chunks_exact(size).nth(index as usize)?.to_vec();
            Some(Recipe {
                chosen,
                changes: None,
                cutout: 0,
            })
        };
        Loader::start(Arc::clone(host), 0, recipe).map(Some)
    }

    /// Samples `from .. from + count` of `order`: from the device, or the next that `loader` has.
    ///
    /// # Errors
    /// Where the loader has ended.
    pub fn batch(
        &self,
        order: &Order,
        from: usize,
        count: usize,
        loader: Option<&mut Loader>,
    ) -> Result<Batch, TrainError> {
        match (order, loader) {
            (Order::Device(order), _) => {
                let chosen = order.clone().slice(from..from + count);
                Ok(self.gathered(chosen, None))
            }
            (Order::Host(_), Some(loader)) => Ok(self.sent(loader.take()?)),
            (Order::Host(_), None) => Err(TrainError::Loader("there is none".to_owned())),
        }
    }

    /// The samples `chosen` `[batch]` from the device, changed where `changes` `[batch, 5]` are given, with the side of the
    /// square that is cut out.
    fn gathered(&self, chosen: Tensor<1, Int>, changes: Option<(Tensor<2, Int>, usize)>) -> Batch {
        let (samples, wanted) = match &self.store {
            Store::Normalised { samples, wanted } => {
                let chosen = chosen.clone();
                let samples = match samples {
                    Samples::Numbers(all) => Samples::Numbers(all.clone().select(0, chosen)),
                    Samples::Tokens(all) => Samples::Tokens(all.clone().select(0, chosen)),
                    Samples::Images(all) => Samples::Images(all.clone().select(0, chosen)),
                };
                (samples, wanted)
            }
            Store::Pixels { pixels, wanted } => {
                let samples = match changes {
                    None => pixels.batch(chosen.clone()),
                    Some((changes, cutout)) => pixels.changed(chosen.clone(), changes, cutout),
                };
                (Samples::Numbers(samples), wanted)
            }
            // An order is only ever made by the store that it is used with.
            Store::Streamed(_) => unreachable!("an order belongs to the samples it was made for"),
        };
        Batch {
            samples,
            targets: wanted.select(chosen),
        }
    }

    /// A batch from main memory, sent without waiting.
    fn sent(&self, assembled: host::Assembled) -> Batch {
        let (samples, wanted) = assembled.on(&self.device);
        Batch {
            samples,
            targets: wanted.whole(),
        }
    }
}

/// A batch in main memory, ready to be sent.
pub enum InMemory {
    /// `[batch, numbers]`, normalised.
    Numbers(TensorData),
    /// `[batch, length]`.
    Tokens(TensorData),
}

/// One sample of shape `input`, as a dataset holds it, as a batch.
pub fn in_memory(features: Features, input: InputShape, normalisation: &Normalisation) -> InMemory {
    let split = Split {
        features,
        labels: Labels::Numbers(vec![0.0]),
    };
    let scale = Scale::of(&split.labels);
    let host = Host::new(
        split,
        Shape::of(input),
        Columns::One(0),
        scale,
        normalisation,
    );
    host.assemble(&[0], None, 0).into_samples()
}

/// Which columns of classes samples are to be answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    /// One.
    One(usize),
    /// One for each head.
    Heads(Vec<usize>),
}

impl From<usize> for Columns {
    fn from(column: usize) -> Self {
        Self::One(column)
    }
}

impl Batch {
    /// Each sample as `share` of itself and the rest of its neighbour, the one before it in the batch, and what is to be
    /// answered likewise (Zhang and others 2018). The order of a batch is random, so its neighbours are random pairs.
    pub fn mixed(self, share: f64) -> Self {
        let Samples::Numbers(samples) = self.samples else {
            return self;
        };
        let neighbours = samples.clone().roll(&[1], &[0]);
        Self {
            samples: Samples::Numbers(samples * share + neighbours * (1.0 - share)),
            targets: self.targets.mixed(share),
        }
    }

    /// The batch in `count` parts of one size.
    pub fn parts(self, count: usize) -> Vec<Self> {
        if count <= 1 {
            return vec![self];
        }
        (0..count)
            .map(|index| Self {
                samples: part_of(&self.samples, index, count),
                targets: self.targets.part(index, count),
            })
            .collect()
    }
}

/// Part `index` of `count` equal ones.
pub fn part_of(samples: &Samples, index: usize, count: usize) -> Samples {
    match samples {
        Samples::Numbers(all) => Samples::Numbers(part(all, index, count)),
        Samples::Tokens(all) => Samples::Tokens(part(all, index, count)),
        Samples::Images(all) => Samples::Images(part(all, index, count)),
    }
}

/// Part `index` of `count` equal ones, along the first axis.
pub fn part<const D: usize, K: burn::tensor::kind::Basic>(
    all: &Tensor<D, K>,
    index: usize,
    count: usize,
) -> Tensor<D, K> {
    let size = all.dims()[0] / count;
    all.clone().narrow(0, index * size, size)
}
