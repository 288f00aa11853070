//! A run of training, from loading to its outcome: the loop that is the same for every way of learning.

mod between;
mod due;
mod job;
mod load;
mod steps;
mod warm_up;

pub use job::{Job, Outcome, Sources};

use std::path::PathBuf;

use burn::tensor::Device;

use super::checkpoint::Position;
use super::layers::Layers;
use super::learner::Learner;
use super::method::{Method, Subject};
use super::{Observer, StartFrom, StopReason, TrainError};
use crate::models::Network;
use crate::setup::sweep::Until;
use crate::setup::{Phase, Setup, Stage, plan::Plan};

/// Trains until the stop rule or the user ends it.
///
/// All work on the device happens on the calling thread; it should be one that does nothing else.
///
/// # Errors
/// Where the device fails or a checkpoint cannot be written or read.
pub fn train(job: Job, observer: &mut dyn Observer) -> Result<Outcome, TrainError> {
    train_from(job, None, observer)
}

/// As [`train`], where `start` is the checkpoint of the run whose weights the setup asks for.
///
/// # Errors
/// As [`train`]; and where the weights to start from cannot be read, or do not fit.
pub fn train_from(
    job: Job,
    start: Option<&StartFrom>,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    let sources = Sources {
        start: start.cloned(),
        teacher: None,
    };
    train_with(job, &sources, observer)
}

/// As [`train`], with the runs that the setup names.
///
/// # Errors
/// As [`train_from`]; and where the teacher cannot teach.
pub fn train_with(
    job: Job,
    sources: &Sources,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    observer.begin(Phase::Load);
    let (mut run, learner) = Run::load(job, sources, observer)?;
    run.sync("loading the data")?;
    observer.end(Phase::Load);

    observer.begin(Phase::WarmUp);
    run.warm_up(observer)?;
    run.sync("warming up")?;
    observer.end(Phase::WarmUp);

    run.train(learner, observer)
}

struct Run {
    setup: Setup,
    setup_hash: String,
    plan: Plan,
    subject: Subject,
    device: Device,
    autodiff: Device,
    compiles: bool,
    checkpoints: Option<PathBuf>,
    until: Option<Until>,
    method: Box<dyn Method>,
    position: Position,
    steps_per_epoch: u64,
    layers: Layers,
    /// What changes when, in order of time.
    stages: Vec<Stage>,
    /// Height and width of the images of the next step, where they are smaller than their own.
    size: Option<(usize, usize)>,
    /// The network of the best evaluation, where it is to be restored.
    best: Option<Network>,
    /// Whether it was.
    is_restored: bool,
}

impl Run {
    fn sync(&self, doing: &'static str) -> Result<(), TrainError> {
        self.device.sync().map_err(TrainError::device(doing))
    }

    /// What holds in step `step`, from 0.
    fn stage(&self, step: u64) -> (usize, Option<(usize, usize)>) {
        let stage = self.stages.iter().rev().find(|s| s.from_step <= step);
        stage.map_or((0, None), |stage| (stage.opened, stage.size))
    }

    /// From the next step on images have this size; tells it where sizes change in this run.
    fn resize(&mut self, size: Option<(usize, usize)>, observer: &mut dyn Observer) {
        self.size = size;
        self.method.resize(size);
        if self.setup.regime.resize.is_some() {
            observer.resized(size);
        }
    }

    fn steps_max(&self) -> Option<u64> {
        self.setup.regime.stop.steps_max(self.steps_per_epoch)
    }

    fn learning_rate(&self, step: u64) -> f64 {
        let regime = &self.setup.regime;
        let total = self.steps_max().unwrap_or(u64::MAX);
        let factor = regime.schedule.factor(step, total, self.steps_per_epoch);
        regime.learning_rate * factor
    }

    /// Lets `opened` groups of layers learn, and tells which those are.
    fn open(&self, learner: Learner, opened: usize, observer: &mut dyn Observer) -> Learner {
        observer.learns(&self.layers.learning(opened));
        learner.open(opened)
    }

    fn outcome(&self, reason: StopReason) -> Outcome {
        let Position {
            step,
            samples,
            train_s,
            ref stop,
            ..
        } = self.position;
        Outcome {
            reason,
            steps: step,
            epochs: step.div_ceil(self.steps_per_epoch),
            samples,
            train_s,
            metric: self.method.metric(),
            final_metric: stop.final_metric,
            final_loss: stop.final_loss,
            best_metric: stop.best_metric,
            target_reached: self.setup.has_target().then_some(stop.target_reached),
            heads: stop.heads.clone(),
            best_step: stop.best.as_ref().map(|best| best.step),
            is_restored: self.is_restored,
        }
    }
}
