//! Learning from samples whose right answers are known.

use burn::tensor::Device;

use super::batches::{Batches, Feed, Feeding, Residence, Scale};
use super::checkpoint::Position;
use super::confusion::{Answers, Asked};
use super::evaluate::Held;
use super::joint;
use super::kept::Kept;
use super::learner::Learner;
use super::method::{Look, Method, Subject};
use super::metrics::{Metrics, Reading};
use super::objective::Objective;
use super::update::Update;
use super::{Observer, Predictions, TrainError, Work};
use crate::data::{self, Dataset, Split};
use crate::models::Network;
use crate::setup::{Metric, RegimeSetup, Setup, StepPart, plan::Plan};

/// Gradient descent on batches of a dataset, judged by its held-out part.
pub struct Supervised {
    regime: RegimeSetup,
    device: Device,
    feed: Feed,
    held: Held,
    /// What is asked of the held-out samples.
    asked: Vec<Asked>,
    objective: Objective,
    metrics: Metrics,
    has_dropout: bool,
}

impl Supervised {
    /// Loads the dataset of `setup` and brings it to `device`, which is without autodiff; `on_processor` says whether
    /// it computes in main memory.
    ///
    /// # Errors
    /// Where the dataset cannot be read.
    pub fn load(
        setup: &Setup,
        plan: &Plan,
        device: &Device,
        on_processor: bool,
    ) -> Result<(Self, Subject), TrainError> {
        let data = data::load(&setup.dataset)?;
        let autodiff = device.clone().autodiff();
        let input = data.info.input;
        let outputs = data.info.outputs();
        let asked = asked(plan, &data);
        let scale = Scale::of(&data.train.labels);
        let kept = Kept::of(setup, &data);
        let samples = data.train.len();
        let feeding = Feeding::of(&setup.regime, setup.steps_per_epoch(samples) as u64);
        let normalisation = &data.normalisation;
        let smoothing = setup.regime.label_smoothing;
        let (objective, columns) =
            joint::objective_of(setup, plan, &data.info, smoothing, scale.deviation);
        let part = |split: Split, changes: bool, device: &Device| {
            let residence = Residence::choose(&split.features, changes, on_processor);
            Batches::new(
                split,
                input,
                columns.clone(),
                scale,
                normalisation,
                residence,
                device,
            )
        };
        let train = part(data.train, feeding.augmentation.moves_pixels(), &autodiff);
        let test = part(data.test, false, device);
        let supervised = Self {
            metrics: Metrics::new(&objective, device),
            has_dropout: plan.layers.iter().any(|layer| layer.name == "dropout"),
            regime: setup.regime.clone(),
            device: device.clone(),
            feed: Feed::new(train, feeding, input),
            held: Held::new(test, setup.regime.evaluation.batch_size, device),
            asked,
            objective,
        };
        let subject = Subject {
            input,
            outputs,
            samples,
            kept: Some(kept),
        };
        Ok((supervised, subject))
    }
}

impl Method for Supervised {
    fn metric(&self) -> Metric {
        self.objective.metric()
    }

    /// Nothing in it waits for the device.
    fn step(
        &mut self,
        learner: Learner,
        learning_rate: f64,
        position: &mut Position,
        observer: &mut dyn Observer,
    ) -> Result<Learner, TrainError> {
        let step = position.step;
        observer.part(StepPart::Gather);
        let batch = self.feed.batch(step)?;
        let regime = &self.regime;
        if self.has_dropout {
            // The masks depend on seed and step alone, so that a resumed run draws the same ones.
            self.device
                .seed(regime.seed ^ step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
        let update = Update {
            regime,
            objective: &self.objective,
            learning_rate: learner.rates(learning_rate),
        };
        let tell = &mut |part| observer.part(part);
        let learner = learner.step(&update, batch, step, &mut self.metrics, tell);
        position.step += 1;
        position.samples += regime.batch_size as u64;
        observer.worked(Work::Step);
        Ok(learner)
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

    fn predictions(&self, answers: Answers, step: u64, epoch: u64) -> Vec<Predictions> {
        answers.predictions(&self.asked, step, epoch)
    }
}

/// The classes of the held-out samples by each head, or by the one label that is learnt.
fn asked(plan: &Plan, data: &Dataset) -> Vec<Asked> {
    let of = |head: Option<String>, column: usize, classes: usize| Asked {
        head,
        truth: data
            .test
            .labels
            .classes(column)
            .map(<[u16]>::to_vec)
            .unwrap_or_default(),
        classes,
    };
    let Some(heads) = &plan.heads else {
        return vec![of(None, data.info.target, data.info.outputs().numbers)];
    };
    let columns = data.info.columns(&heads.each);
    let each = heads.each.iter().zip(columns);
    each.map(|(head, column)| of(Some(head.name.clone()), column, head.classes))
        .collect()
}
