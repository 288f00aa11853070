//! What changes from step to step: network, optimiser, average, loss scale.

use std::path::Path;

use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Device;

use super::averaging::Average;
use super::batches::Batch;
use super::checkpoint::{self, Learnt, Position, Saved};
use super::clip::clip;
use super::half::Half;
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
}

impl Learner {
    /// Begins with `network`; `device` is without autodiff.
    ///
    /// # Errors
    /// Where the device does not compute in the precision of the regime.
    pub fn new(
        regime: &RegimeSetup,
        network: Network,
        device: &Device,
    ) -> Result<Self, TrainError> {
        Ok(Self {
            optimiser: optimiser::build(&regime.optimiser, &network, device),
            average: regime.ema.as_ref().map(|ema| Average::new(ema, &network)),
            half: Half::new(regime.precision, None, device)?,
            network,
        })
    }

    /// The same from a checkpoint, and where its run stands.
    ///
    /// # Errors
    /// Where files are missing, damaged or of another setup.
    pub fn restored(
        self,
        folder: &Path,
        setup_hash: &str,
        regime: &RegimeSetup,
        device: &Device,
    ) -> Result<(Self, Position), TrainError> {
        let from = checkpoint::load(folder, setup_hash, self.network, self.optimiser)?;
        let average = match (self.average, from.averaged) {
            (Some(average), Some(network)) => Some(average.with_network(network)),
            (average, _) => average,
        };
        let learner = Self {
            network: from.network,
            optimiser: from.optimiser,
            average,
            half: Half::new(regime.precision, from.loss_scale, device)?,
        };
        Ok((learner, from.position))
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
            average.update(&self.network, step);
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
        self.network = self.optimiser.step(learning_rate, self.network, gradients);
        if let Some(average) = &mut self.average {
            average.update(&self.network, step);
        }
        self
    }

    /// The network that is evaluated: the average where one is made.
    pub fn best(&self) -> &Network {
        self.average
            .as_ref()
            .map_or(&self.network, Average::network)
    }

    /// Writes a checkpoint. Waits for the device.
    ///
    /// # Errors
    /// Where the device failed, or the disk is full or not writable.
    pub fn save(
        &self,
        folder: &Path,
        setup_hash: &str,
        position: &Position,
        epoch: u64,
    ) -> Result<Saved, TrainError> {
        let learnt = Learnt {
            network: &self.network,
            optimiser: &self.optimiser,
            averaged: self.average.as_ref().map(Average::network),
            loss_scale: self.half.as_ref().map(Half::state).transpose()?,
        };
        Ok(checkpoint::save(
            folder, setup_hash, &learnt, position, epoch,
        )?)
    }
}
