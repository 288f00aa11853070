//! Learning from samples whose right answers are known.

use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Device;

use super::batches::{Batch, Batches, Order, Scale, shuffled};
use super::checkpoint::Position;
use super::clip::clip;
use super::confusion::Answers;
use super::evaluate::Held;
use super::metrics::{Metrics, Reading};
use super::objective::Objective;
use super::paradigm::{Look, Paradigm, Subject};
use super::{Observer, Predictions, TrainError, Work};
use crate::data;
use crate::models::Network;
use crate::setup::{Metric, RegimeSetup, Setup, plan::Plan};

/// Gradient descent on batches of a dataset, judged by its held-out part.
pub struct Supervised {
    regime: RegimeSetup,
    device: Device,
    train: Batches,
    held: Held,
    /// The class of each held-out sample.
    truth: Vec<u16>,
    /// Numbers of an answer.
    outputs: usize,
    objective: Objective,
    metrics: Metrics,
    steps_per_epoch: u64,
    /// Of the epoch that goes on.
    order: Option<(u64, Order)>,
    has_dropout: bool,
}

impl Supervised {
    /// Loads the dataset of `setup` and puts it on `device`, which is without autodiff.
    ///
    /// # Errors
    /// Where the dataset cannot be read.
    pub fn load(
        setup: &Setup,
        plan: &Plan,
        device: &Device,
    ) -> Result<(Self, Subject), TrainError> {
        let data = data::load(&setup.dataset)?;
        let autodiff = device.clone().autodiff();
        let (input, target) = (data.info.input, data.info.target);
        let (task, outputs) = (data.info.task, data.info.outputs());
        let truth = data.test.labels.classes(target).map(<[u16]>::to_vec);
        let scale = Scale::of(&data.train.labels);
        let train = Batches::new(data.train, target, scale, &data.normalisation, &autodiff);
        let test = Batches::new(data.test, target, scale, &data.normalisation, device);
        let held = Held::new(test, setup.regime.evaluation.batch_size, device);
        let objective =
            Objective::new(task, outputs, setup.regime.label_smoothing, scale.deviation);
        let subject = Subject {
            input,
            outputs,
            samples: train.len(),
        };
        let paradigm = Self {
            metrics: Metrics::new(&objective, device),
            steps_per_epoch: setup.steps_per_epoch(train.len()) as u64,
            has_dropout: plan.layers.iter().any(|layer| layer.name == "dropout"),
            regime: setup.regime.clone(),
            device: device.clone(),
            train,
            held,
            truth: truth.unwrap_or_default(),
            outputs: outputs.numbers,
            objective,
            order: None,
        };
        Ok((paradigm, subject))
    }

    /// The batch of a step.
    fn batch(&mut self, step: u64) -> Batch {
        let epoch = step / self.steps_per_epoch;
        let order = match &mut self.order {
            Some((of, order)) if *of == epoch => order,
            order => {
                let shuffled = shuffled(self.train.len(), self.regime.seed, epoch);
                &mut order.insert((epoch, self.train.order(shuffled))).1
            }
        };
        let size = self.regime.batch_size;
        let from = (step % self.steps_per_epoch) as usize * size;
        self.train.batch(order, from, size)
    }
}

impl Paradigm for Supervised {
    fn metric(&self) -> Metric {
        self.objective.metric()
    }

    /// Nothing in it waits for the device.
    fn step(
        &mut self,
        network: Network,
        optimiser: &mut ModuleOptimizer,
        learning_rate: f64,
        position: &mut Position,
        observer: &mut dyn Observer,
    ) -> Result<Network, TrainError> {
        let step = position.step;
        let batch = self.batch(step);
        let regime = &self.regime;
        if self.has_dropout {
            // The masks depend on seed and step alone, so that a resumed run draws the same ones.
            self.device
                .seed(regime.seed ^ step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
        let answers = network.forward(batch.samples);
        let judged = self.objective.judge(answers.clone(), &batch.targets);
        let gradients = GradientsParams::from_grads(judged.loss.backward(), &network);
        let gradients = clip(&network, gradients, regime.gradient_clipping);
        let network = optimiser.step(learning_rate, network, gradients);
        self.metrics.add(
            judged.loss.inner(),
            judged.each.inner(),
            &answers.inner(),
            &batch.targets.inner(),
            regime.batch_size,
        );
        position.step += 1;
        position.samples += regime.batch_size as u64;
        observer.worked(Work::Step);
        Ok(network)
    }

    fn unread(&self) -> u64 {
        self.metrics.steps()
    }

    fn read(&mut self) -> Result<Option<Reading>, TrainError> {
        self.metrics.read()
    }

    fn look(
        &mut self,
        network: &Network,
        _: &Position,
        observer: &mut dyn Observer,
    ) -> Result<Look, TrainError> {
        let (means, answers) = self.held.score(network, &self.objective, &self.device)?;
        observer.worked(self.held.work());
        Ok(Look {
            means,
            is_whole: true,
            answers: Some(answers),
        })
    }

    fn predictions(&self, answers: Answers, step: u64, epoch: u64) -> Option<Predictions> {
        answers.predictions(&self.truth, self.outputs, step, epoch)
    }
}
