//! The batches of a run, step by step.

use std::sync::Arc;

use burn::tensor::{Int, Tensor};

use super::draws::{Draws, shuffled};
use super::loader::{Loader, Recipe};
use super::pixels::changes_on;
use super::{Batch, Batches, Order, Store};
use crate::setup::{AugmentationSetup, InputShape, RegimeSetup};
use crate::train::TrainError;

/// How a run takes its samples.
#[derive(Clone, Debug)]
pub struct Feeding {
    /// Seed of order and augmentation.
    pub seed: u64,
    /// Samples in a batch.
    pub batch_size: usize,
    /// Batches in an epoch.
    pub steps_per_epoch: u64,
    /// How images are changed.
    pub augmentation: AugmentationSetup,
}

impl Feeding {
    /// As a regime says, with `steps_per_epoch` batches in an epoch.
    pub fn of(regime: &RegimeSetup, steps_per_epoch: u64) -> Self {
        Self {
            seed: regime.seed,
            batch_size: regime.batch_size,
            steps_per_epoch,
            augmentation: regime.augmentation.clone(),
        }
    }
}

/// The batches of a run. Which samples a step gets, and how they are changed, follows from the seed and the step alone.
pub struct Feed {
    batches: Batches,
    feeding: Feeding,
    draws: Draws,
    /// The epoch whose order and changes lie on the device.
    epoch: Option<Epoch>,
    loader: Option<Loader>,
}

struct Epoch {
    number: u64,
    order: Order,
    /// `[samples, 5]`.
    changes: Option<Tensor<2, Int>>,
}

impl Feed {
    /// Takes `batches` as `feeding` says.
    pub fn new(batches: Batches, feeding: Feeding, input: InputShape) -> Self {
        let (height, width) = input.height_and_width().unwrap_or((1, 1));
        Self {
            batches,
            draws: Draws {
                seed: feeding.seed,
                augmentation: feeding.augmentation.clone(),
                height,
                width,
            },
            feeding,
            epoch: None,
            loader: None,
        }
    }

    /// The batch of step `step`, from 0. Waits for nothing but, where batches are streamed, for the thread that makes them.
    ///
    /// # Errors
    /// Where that thread has ended.
    pub fn batch(&mut self, step: u64) -> Result<Batch, TrainError> {
        let batch = if matches!(self.batches.store, Store::Streamed(_)) {
            self.streamed(step)?
        } else {
            self.resident(step)
        };
        Ok(match self.draws.mix_share(step) {
            Some(share) => batch.mixed(share),
            None => batch,
        })
    }

    /// What the batches are made of.
    pub fn batches(&self) -> &Batches {
        &self.batches
    }

    /// Which samples the batch of step `step` has, `[batch]`; `None` where they do not lie on the device.
    pub fn chosen(&mut self, step: u64) -> Option<Tensor<1, Int>> {
        if !self.batches.is_resident() {
            return None;
        }
        let size = self.feeding.batch_size;
        let from = (step % self.feeding.steps_per_epoch) as usize * size;
        let epoch = self.at(step);
        let chosen = match &epoch.order {
            Order::Device(order) => Some(order.clone().slice(from..from + size)),
            Order::Host(_) => None,
        };
        self.epoch = Some(epoch);
        chosen
    }

    /// The epoch of step `step`.
    fn at(&mut self, step: u64) -> Epoch {
        let number = step / self.feeding.steps_per_epoch;
        let current = self.epoch.take().filter(|epoch| epoch.number == number);
        current.unwrap_or_else(|| self.begin(number))
    }

    fn resident(&mut self, step: u64) -> Batch {
        let epoch = self.at(step);
        let size = self.feeding.batch_size;
        let from = (step % self.feeding.steps_per_epoch) as usize * size;
        let part = from..from + size;
        let Order::Device(order) = &epoch.order else {
            unreachable!("what lies on the device is ordered there");
        };
        let changes = epoch.changes.as_ref().map(|changes| {
            let cutout = self.feeding.augmentation.cutout;
            (changes.clone().slice([part.clone(), 0..5]), cutout)
        });
        let batch = self.batches.gathered(order.clone().slice(part), changes);
        self.epoch = Some(epoch);
        batch
    }

    /// Order and changes of an epoch, sent to the device at once.
    fn begin(&self, number: u64) -> Epoch {
        let samples = self.batches.len();
        let order = shuffled(samples, self.feeding.seed, number);
        let changes = self.feeding.augmentation.moves_pixels().then(|| {
            let changes = self.draws.changes(number, 0, samples);
            changes_on(&changes, &self.batches.device)
        });
        Epoch {
            number,
            order: self.batches.order(order),
            changes,
        }
    }

    fn streamed(&mut self, step: u64) -> Result<Batch, TrainError> {
        let current = self.loader.take().filter(|l| l.next_index() == step);
        let mut loader = match current {
            Some(loader) => loader,
            None => self.start(step)?,
        };
        let batch = self.batches.sent(loader.take()?);
        self.loader = Some(loader);
        Ok(batch)
    }

    fn start(&self, step: u64) -> Result<Loader, TrainError> {
        let Store::Streamed(host) = &self.batches.store else {
            return Err(TrainError::Loader("there is nothing to stream".to_owned()));
        };
        let (feeding, draws) = (self.feeding.clone(), self.draws.clone());
        let samples = self.batches.len();
        let mut order: Option<(u64, Vec<u32>)> = None;
        let recipe = move |step: u64| {
            let epoch = step / feeding.steps_per_epoch;
            let from = (step % feeding.steps_per_epoch) as usize * feeding.batch_size;
            let order = match &mut order {
                Some((of, order)) if *of == epoch => order,
                order => {
                    &mut order
                        .insert((epoch, shuffled(samples, feeding.seed, epoch)))
                        .1
                }
            };
            let chosen = order.get(from..from + feeding.batch_size)?.to_vec();
            let changes = feeding
                .augmentation
                .moves_pixels()
                .then(|| draws.changes(epoch, from, feeding.batch_size));
            Some(Recipe {
                chosen,
                changes,
                cutout: feeding.augmentation.cutout,
            })
        };
        Loader::start(Arc::clone(host), step, recipe)
    }
}
