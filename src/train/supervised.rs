//! Learning from samples whose right answers are known.

use burn::tensor::{Device, Tensor};

use super::batches::{Batches, Feed, Feeding, Residence, Scale, Shrink};
use super::checkpoint::Position;
use super::confusion::{Answers, Asked};
use super::evaluate::Held;
use super::joint;
use super::kept::Kept;
use super::learner::Learner;
use super::method::{Look, Method, Subject};
use super::metrics::{Metrics, Reading};
use super::objective::Objective;
use super::teacher::{Taught, Teacher, TeacherFrom};
use super::update::Update;
use super::{Observer, Predictions, TrainError, Work};
use crate::data::{self, Dataset, Split};
use crate::models::Network;
use crate::setup::{InputShape, Metric, RegimeSetup, Setup, StepPart, plan::Plan};

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
    input: InputShape,
    /// What makes images smaller, where they are to be.
    shrink: Option<Shrink>,
    teacher: Option<Teacher>,
}

impl Supervised {
    /// Loads the dataset of `setup` and brings it to `device`, which is without autodiff; `on_processor` says whether
    /// it computes in main memory, and `teacher` is the run that the setup has for one.
    ///
    /// # Errors
    /// Where the dataset cannot be read, or the teacher cannot teach.
    pub fn load(
        setup: &Setup,
        plan: &Plan,
        device: &Device,
        on_processor: bool,
        teacher: Option<&TeacherFrom>,
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
        let objective = match &setup.distil {
            Some(distil) => objective.taught(distil),
            None => objective,
        };
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
        let taught = Taught {
            setup,
            plan,
            info: &data.info,
            normalisation,
            length: setup.length(samples),
            device,
        };
        let supervised = Self {
            teacher: Teacher::load(&taught, teacher, train.is_resident())?,
            shrink: None,
            input,
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
        let mut batch = self.feed.batch(step)?;
        // A teacher sees whole images, as it was trained on them.
        let whole = self.teacher.is_some().then(|| batch.samples.clone());
        if let Some(shrink) = &self.shrink {
            batch.samples = shrink.apply(batch.samples);
        }
        if let (Some(teacher), Some(whole)) = (&mut self.teacher, whole) {
            observer.part(StepPart::Teach);
            let scores = teacher.scores(step, &whole, &mut self.feed, observer)?;
            let scores = Tensor::from_inner(scores);
            batch.targets = self.objective.teach(batch.targets, scores);
        }
        let regime = &self.regime;
        if self.has_dropout {
            // The masks depend on seed and step alone, so that a resumed run draws the same ones.
            self.device
                .seed(regime.seed ^ step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
        let update = Update {
            regime,
            objective: &self.objective,
            learning_rate: learner.rates(learning_rate, step),
        };
        let tell = &mut |part| observer.part(part);
        let learner = learner.step(&update, batch, step, &mut self.metrics, tell);
        position.step += 1;
        position.samples += regime.batch_size as u64;
        observer.worked(Work::Step);
        Ok(learner)
    }

    fn resize(&mut self, size: Option<(usize, usize)>) {
        let from = self.input.height_and_width();
        let (channels, device) = (self.input.channels(), self.device.clone().autodiff());
        self.shrink = from
            .zip(size)
            .map(|(from, to)| Shrink::new(channels, from, to, &device));
    }

    fn warmed_up(&mut self) {
        if let Some(teacher) = &mut self.teacher {
            teacher.begin();
        }
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
