//! One update of the weights: forward and backward over the batch's parts, clipping, the optimiser's step.

use burn::tensor::{FloatDType, Tensor};

use burn::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};

use super::batches::Batch;
use super::clip::clip;
use super::half::Half;
use super::metrics::Metrics;
use super::objective::Objective;
use crate::models::Network;
use crate::setup::{RegimeSetup, StepPart};

/// Hears which part of a step begins.
pub type Tell<'a> = &'a mut dyn FnMut(StepPart);

/// What a step needs beside network, optimiser and batch.
pub struct Update<'a> {
    pub regime: &'a RegimeSetup,
    pub objective: &'a Objective,
    /// Of each parameter.
    pub learning_rate: ModuleLearningRate,
}

impl Update<'_> {
    /// One step of gradient descent; nothing in it waits for the device.
    pub fn step(
        &self,
        network: Network,
        optimiser: &mut ModuleOptimizer,
        batch: Batch,
        half: Option<&mut Half>,
        metrics: &mut Metrics,
        tell: Tell<'_>,
    ) -> Network {
        let clipping = self.regime.gradient_clipping;
        let Some(half) = half else {
            let gradients = self.gradients(&network, batch, None, metrics, tell);
            metrics.end_step();
            tell(StepPart::Optimiser);
            let gradients = clip(&network, gradients, clipping);
            return optimiser.step(self.learning_rate.clone(), network, gradients);
        };
        let gradients = self.gradients(&network, batch, Some(half), metrics, tell);
        metrics.end_step();
        tell(StepPart::Optimiser);
        let (gradients, overflow) = half.unscale(&network, gradients);
        let gradients = clip(&network, gradients, clipping);
        let before = network.clone();
        let after = optimiser.step(self.learning_rate.clone(), network, gradients);
        overflow.skip(&before, after)
    }

    /// The gradient of the batch's mean loss: the sum over its parts, each with its share of the answers that count. In 16
    /// bits it is scaled.
    fn gradients(
        &self,
        network: &Network,
        batch: Batch,
        half: Option<&Half>,
        metrics: &mut Metrics,
        tell: Tell<'_>,
    ) -> GradientsParams {
        let passes = self.regime.accumulation_steps();
        let samples = self.regime.batch_size / passes;
        let of_all = (passes > 1).then(|| batch.targets.count()).flatten();
        let mut sum = GradientsAccumulator::new();
        for Batch {
            samples: part,
            targets,
        } in batch.parts(passes)
        {
            tell(StepPart::Forward);
            let answers: Tensor<2> = match half {
                None => network.forward(part),
                Some(half) => {
                    // Anew for each part: a backward pass uses up the way from these weights to those in 32 bits.
                    let halved = half.network(network);
                    halved.forward(half.samples(part)).cast(FloatDType::F32)
                }
            };
            // In 32 bits whatever the passes are in.
            let uncertainty = network.uncertainty();
            let judged = self
                .objective
                .judge(answers.clone(), &targets, uncertainty.as_ref());
            let (loss, told) = match (&of_all, targets.count()) {
                _ if passes == 1 => (judged.loss, judged.told),
                (Some(all), Some(own)) => {
                    let share = own / all.clone().clamp_min(1.0);
                    (judged.loss * share.clone(), judged.told * share.inner())
                }
                _ => (judged.loss / passes as f64, judged.told / passes as f64),
            };
            tell(StepPart::Metrics);
            metrics.add(
                told,
                judged.each,
                &answers.inner(),
                &targets.inner(),
                samples,
            );
            tell(StepPart::Backward);
            let loss = match half {
                None => loss,
                Some(half) => half.scaled(loss),
            };
            let gradients = GradientsParams::from_grads(loss.backward(), network);
            if passes == 1 {
                return gradients;
            }
            sum.accumulate(network, gradients);
        }
        sum.grads()
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, ModuleVisitor, Param};
    use burn::tensor::{Device, TensorData};

    use super::super::objective::Targets;
    use super::*;
    use crate::models::Samples;
    use crate::setup::{InputShape, MlpSetup, ModelSetup, Outputs, Task, plan::plan};

    struct Flat<'a>(&'a GradientsParams, Vec<f32>);

    impl ModuleVisitor for Flat<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = self.0.get::<D>(param.id).unwrap();
            self.1.extend(gradient.into_data().iter::<f32>());
        }
    }

    /// The parts of a batch have different numbers of answers that count, one of them none.
    #[test]
    fn parts_weigh_as_much_as_they_have_answers_that_count() {
        let device = Device::flex().autodiff();
        let (input, outputs) = (InputShape::Features(4), Outputs::of_sample(3));
        let model = ModelSetup::Mlp(MlpSetup::default());
        let plan = plan(&model, input, outputs).unwrap();
        let network = Network::new(&model, input, outputs, &plan, 1, &device);
        let objective = Objective::new(Task::Sequence, outputs, 0.1, 1.0);
        let gradient = |micro: Option<usize>| {
            let regime = RegimeSetup {
                batch_size: 8,
                micro_batch_size: micro,
                ..RegimeSetup::default()
            };
            let values: Vec<f32> = (0..32_u8).map(|i| f32::from(i % 7) - 3.0).collect();
            let weights = vec![1.0_f32, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0];
            let classes: Vec<i32> = (0..8).map(|i| i % 3).collect();
            let batch = Batch {
                samples: Samples::Numbers(Tensor::from_data(
                    TensorData::new(values, [8, 4]),
                    &device,
                )),
                targets: Targets::Weighted {
                    classes: Tensor::from_data(TensorData::new(classes, [8]), &device),
                    weights: Tensor::from_data(TensorData::new(weights, [8]), &device),
                },
            };
            let update = Update {
                regime: &regime,
                objective: &objective,
                learning_rate: 0.1.into(),
            };
            let mut metrics = Metrics::new(&objective, &device.clone().inner());
            let gradients = update.gradients(&network, batch, None, &mut metrics, &mut |_| {});
            metrics.end_step();
            let mut flat = Flat(&gradients, Vec::new());
            network.visit(&mut flat);
            (flat.1, metrics.read().unwrap().unwrap())
        };
        let (whole, read) = gradient(None);
        assert!(whole.iter().any(|x| x.abs() > 0.01));
        for micro in [4, 2, 1] {
            let (parts, read_parts) = gradient(Some(micro));
            let worst = whole.iter().zip(&parts).map(|(a, b)| (a - b).abs());
            assert!(worst.fold(0.0, f32::max) < 1e-6, "micro-batches of {micro}");
            assert!((read.loss - read_parts.loss).abs() < 1e-6);
            assert_eq!((read.steps, read_parts.steps), (1, 1));
            assert_eq!((read.samples, read_parts.samples), (8, 8));
        }
    }
}
