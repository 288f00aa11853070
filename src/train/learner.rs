//! What changes from step to step: network, optimiser, average, loss scale.

use std::collections::HashSet;
use std::path::Path;

use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::module::ParamId;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Device;

use super::averaging::Average;
use super::batches::Batch;
use super::checkpoint::{self, Learnt, Position, Saved};
use super::clip::clip;
use super::half::Half;
use super::layers::{Factors, Layers};
use super::metrics::Metrics;
use super::update::{Tell, Update};
use super::{TrainError, optimiser};
use crate::models::Network;
use crate::setup::RegimeSetup;

/// A network that learns, with all that its regime keeps of it.
pub struct Learner {
    network: Network,
    optimiser: ModuleOptimizer,
    average: Option<Average>,
    half: Option<Half>,
    layers: Layers,
    /// How many groups of layers learn, counted from the head, and what does not.
    opened: usize,
    frozen: HashSet<ParamId>,
    factors: Factors,
}

impl Learner {
    /// Begins with `network`, of which as many of `layers` learn as in step `step`; `device` is without autodiff.
    ///
    /// # Errors
    /// Where the device does not compute in the precision of the regime.
    pub fn new(
        regime: &RegimeSetup,
        network: Network,
        layers: Layers,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let learner = Self {
            optimiser: optimiser::build(&regime.optimiser, &network, device),
            average: regime.ema.as_ref().map(|ema| Average::new(ema, &network)),
            half: Half::new(regime.precision, None, device)?,
            opened: 0,
            frozen: HashSet::new(),
            factors: layers.factors(&network),
            layers,
            network,
        };
        let opened = learner.layers.opened(0);
        Ok(learner.open(opened))
    }

    /// The same where `opened` groups of layers learn, counted from the head.
    pub fn open(mut self, opened: usize) -> Self {
        (self.network, self.frozen) = self.layers.freeze(self.network, opened);
        self.opened = opened;
        self
    }

    /// How many groups of layers learn, counted from the head.
    pub fn opened(&self) -> usize {
        self.opened
    }

    /// The learning rate of each parameter in step `step`, from 0, where the base rate is `base`.
    pub fn rates(&self, base: f64, step: u64) -> ModuleLearningRate {
        self.layers.rates(&self.factors, base, step)
    }

    /// The same from a checkpoint, where its run stands, and the network of its best evaluation, where that is kept.
    ///
    /// # Errors
    /// Where files are missing, damaged or of another setup.
    pub fn restored(
        self,
        folder: &Path,
        setup_hash: &str,
        regime: &RegimeSetup,
        device: &Device,
    ) -> Result<(Self, Position, Option<Network>), TrainError> {
        let from = checkpoint::load(folder, setup_hash, self.network, self.optimiser)?;
        let average = match (self.average, from.averaged) {
            (Some(average), Some(network)) => Some(average.with_network(network)),
            (average, _) => average,
        };
        let opened = self.layers.opened(from.position.step);
        let learner = Self {
            // Parameters have the names by which the checkpoint's optimiser knows them.
            factors: self.layers.factors(&from.network),
            network: from.network,
            optimiser: from.optimiser,
            average,
            half: Half::new(regime.precision, from.loss_scale, device)?,
            layers: self.layers,
            opened,
            frozen: HashSet::new(),
        };
        Ok((learner.open(opened), from.position, from.best))
    }

    /// One step, number `step` from 0; nothing in it waits for the device. `tell` hears of its parts.
    pub fn step(
        mut self,
        update: &Update<'_>,
        batch: Batch,
        step: u64,
        metrics: &mut Metrics,
        tell: Tell<'_>,
    ) -> Self {
        let (optimiser, half) = (&mut self.optimiser, self.half.as_mut());
        self.network = update.step(self.network, optimiser, batch, half, metrics, tell);
        if let Some(average) = &mut self.average {
            average.update(&self.network, step, &self.frozen);
        }
        self
    }

    /// The network as it is.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// One step, number `step` from 0, along gradients in 32 bits that were found elsewhere.
    pub fn apply(
        mut self,
        regime: &RegimeSetup,
        gradients: GradientsParams,
        learning_rate: f64,
        step: u64,
    ) -> Self {
        let gradients = clip(&self.network, gradients, regime.gradient_clipping);
        let rates = self.rates(learning_rate, step);
        self.network = self.optimiser.step(rates, self.network, gradients);
        if let Some(average) = &mut self.average {
            average.update(&self.network, step, &self.frozen);
        }
        self
    }

    /// The network that is evaluated: the average where one is made.
    pub fn best(&self) -> &Network {
        self.average
            .as_ref()
            .map_or(&self.network, Average::network)
    }

    /// Writes a checkpoint, with the network of the best evaluation, where it is kept, and whether that is what the run came to. Waits for
    /// the device.
    ///
    /// # Errors
    /// Where the device failed, or the disk is full or not writable.
    pub fn save(
        &self,
        folder: &Path,
        setup_hash: &str,
        position: &Position,
        epoch: u64,
        (best, is_restored): (Option<&Network>, bool),
    ) -> Result<Saved, TrainError> {
        let learnt = Learnt {
            network: &self.network,
            optimiser: &self.optimiser,
            averaged: self.average.as_ref().map(Average::network),
            best,
            is_restored,
            loss_scale: self.half.as_ref().map(Half::state).transpose()?,
        };
        Ok(checkpoint::save(
            folder, setup_hash, &learnt, position, epoch,
        )?)
    }
}
