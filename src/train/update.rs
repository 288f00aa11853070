//! One update of the weights: forward and backward over the batch's parts, clipping, the optimiser's step.

use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};

use super::batches::Batch;
use super::clip::clip;
use super::metrics::Metrics;
use super::objective::Objective;
use crate::models::Network;
use crate::setup::RegimeSetup;

/// What a step needs beside network, optimiser and batch.
pub struct Update<'a> {
    pub regime: &'a RegimeSetup,
    pub objective: &'a Objective,
    pub learning_rate: f64,
}

impl Update<'_> {
    /// One step of gradient descent; nothing in it waits for the device.
    pub fn step(
        &self,
        network: Network,
        optimiser: &mut ModuleOptimizer,
        batch: Batch,
        metrics: &mut Metrics,
    ) -> Network {
        let gradients = self.gradients(&network, batch, metrics);
        metrics.end_step();
        let gradients = clip(&network, gradients, self.regime.gradient_clipping);
        optimiser.step(self.learning_rate, network, gradients)
    }

    /// The gradient of the batch's mean loss: the sum over its parts, each with its share of the answers that count.
    fn gradients(
        &self,
        network: &Network,
        batch: Batch,
        metrics: &mut Metrics,
    ) -> GradientsParams {
        let passes = self.regime.accumulation_steps();
        let samples = self.regime.batch_size / passes;
        let of_all = (passes > 1).then(|| batch.targets.count()).flatten();
        let mut sum = GradientsAccumulator::new();
        for Batch { samples: part, targets } in batch.parts(passes) {
            let answers = network.forward(part);
            let judged = self.objective.judge(answers.clone(), &targets);
            let loss = match (&of_all, targets.count()) {
                _ if passes == 1 => judged.loss,
                (Some(all), Some(own)) => judged.loss * (own / all.clone().clamp_min(1.0)),
                _ => judged.loss / passes as f64,
            };
            metrics.add(
                loss.clone().inner(),
                judged.each.inner(),
                &answers.inner(),
                &targets.inner(),
                samples,
            );
            let gradients = GradientsParams::from_grads(loss.backward(), network);
            if passes == 1 {
                return gradients;
            }
            sum.accumulate(network, gradients);
        }
        sum.grads()
    }
}
