use serde::{Deserialize, Serialize};

use super::{Predictions, Saved};
use crate::setup::{Metric, Phase, StartReport, StepPart};
use crate::units::{HeadProgress, HeadResult};

/// What the user wants, asked before every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    Continue,
    /// Wait until the signal changes.
    Pause,
    /// Save the state now, then go on.
    Checkpoint,
    /// End the run after this step.
    Stop,
    /// End it without looking at the held-out samples or saving anything: nobody wants what was learnt.
    Leave,
}

/// Work that was handed to the device. It may still be going on; at the edges of a phase it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A training step over a whole batch.
    Step,
    /// A training step over samples whose number differs from step to step.
    Update {
        /// Samples that went forward and backward, those that fill up a batch among them.
        samples: u64,
        /// In how many batches.
        batches: u64,
    },
    /// A forward pass of a teacher's network.
    Teach {
        /// Samples that went through.
        samples: u64,
        /// In how many batches.
        batches: u64,
    },
    /// A forward pass.
    Forward {
        /// Samples that went through, repeats that fill up a batch among them.
        samples: u64,
        /// In how many batches.
        batches: u64,
    },
}

/// A reading of the training metrics, over the steps since the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done since the start of the run.
    pub step: u64,
    /// Epoch that is going on, from 1.
    pub epoch: u64,
    /// Mean training loss.
    pub loss: f64,
    /// The task's metric over the training samples.
    pub metric: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Training samples a second, evaluation and other phases left out.
    pub samples_per_s: f64,
    /// Steps after which the run ends at the latest, where that is known.
    pub steps_max: Option<u64>,
    /// Seconds of training steps since the start of the run.
    pub train_s: f64,
    /// Each head, where several labels are learnt at once.
    #[serde(default)]
    pub heads: Vec<HeadProgress>,
}

/// A look at the held-out samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps done.
    pub step: u64,
    /// Epoch in which it happens, from 1.
    pub epoch: u64,
    /// Mean loss over the held-out samples.
    pub loss: f64,
    /// The task's metric over the held-out samples.
    pub metric: f64,
    /// Further metrics over the held-out samples.
    pub others: Vec<(Metric, f64)>,
    /// Each head, where several labels are learnt at once.
    #[serde(default)]
    pub heads: Vec<HeadResult>,
    /// Mean training loss since the last evaluation, where a step was made.
    pub train_loss: Option<f64>,
    /// The task's metric over the training samples since the last evaluation.
    pub train_metric: Option<f64>,
    /// Training samples since the last evaluation.
    pub samples: u64,
    /// Seconds of training steps since the last evaluation.
    pub train_s: f64,
}

/// Who trains hears of everything through this, and says what is to happen.
pub trait Observer {
    /// A phase begins. The device has nothing left to do at this moment.
    fn begin(&mut self, phase: Phase);
    /// The phase that was begun last ends. The device has nothing left to do at this moment.
    fn end(&mut self, phase: Phase);
    /// The network took over what it had learnt before, in the load phase.
    fn started(&mut self, report: &StartReport) {
        let _ = report;
    }
    /// From the next step on these groups of layers learn, of those that the plan of the model has; told before the first step
    /// too.
    fn learns(&mut self, groups: &[String]) {
        let _ = groups;
    }
    /// From the next step on images have this height and width, where they are smaller than their own; told before the first step of
    /// a run that begins with smaller ones too.
    fn resized(&mut self, size: Option<(usize, usize)>) {
        let _ = size;
    }
    /// Training metrics were read.
    fn progress(&mut self, progress: &Progress);
    /// The held-out samples were looked at.
    fn evaluated(&mut self, evaluation: &Evaluation);
    /// What they were taken for, right after [`Self::evaluated`]; once for each head, where there are several.
    fn predicted(&mut self, predictions: Predictions);
    /// The state was saved.
    fn saved(&mut self, saved: &Saved);
    /// The device was given work; told after every step, so it must be cheap.
    fn worked(&mut self, work: Work);
    /// The warm-up that was begun is of so many steps.
    fn warms_up(&mut self, steps: u64) {
        let _ = steps;
    }
    /// Whether the warm-up may end early, once the device has done what it was given: nothing had to be tuned for it.
    fn is_warm(&mut self) -> bool {
        false
    }
    /// A part of a step begins, with which the one before ends; told several times a step, so it must be cheap.
    fn part(&mut self, part: StepPart) {
        let _ = part;
    }
    /// What the user wants; asked before every step, so it must be cheap.
    fn signal(&mut self) -> Signal;
    /// Blocks while the signal is [`Signal::Pause`].
    fn wait_while_paused(&mut self);
    /// Joules that training and evaluation have used since the start of the run, where any meter answers.
    fn energy_used_j(&mut self) -> Option<f64>;
}
