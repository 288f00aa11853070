//! What is learnt: the loss of a task, and the sums from which its metrics follow.

mod loss;
mod sums;
mod targets;

pub use loss::{Each, Judged};
pub use sums::{Means, Sums};
pub use targets::Targets;

use burn::tensor::Tensor;

use super::joint::HeadObjective;
use crate::setup::{DistilSetup, Metric, Outputs, Task};

/// The loss of a task and what its metrics are made of.
#[derive(Clone, Debug)]
pub struct Objective {
    task: Task,
    outputs: usize,
    label_smoothing: f64,
    /// Deviation of the numbers that are foretold, which brings errors back to their unit.
    scale: f64,
    /// Where several labels are learnt at once.
    heads: Vec<HeadObjective>,
    /// How a teacher's answers count.
    soft: Soft,
}

/// How a teacher's answers count.
#[derive(Clone, Copy, Debug)]
struct Soft {
    temperature: f64,
    /// Against the right ones, 0 to 1.
    alpha: f64,
}

impl Objective {
    /// For a task whose model answers with `outputs`. `scale` is the deviation of the numbers that are foretold, 1 for
    /// other tasks.
    pub fn new(task: Task, outputs: Outputs, label_smoothing: f64, scale: f64) -> Self {
        Self {
            task,
            outputs: outputs.numbers,
            label_smoothing,
            scale,
            heads: Vec::new(),
            soft: Soft {
                temperature: 1.0,
                alpha: 0.0,
            },
        }
    }

    /// With a teacher, whose answers count as `setup` says.
    #[must_use]
    pub fn taught(mut self, setup: &DistilSetup) -> Self {
        self.soft = Soft {
            temperature: setup.temperature,
            alpha: setup.alpha,
        };
        for head in &mut self.heads {
            head.teach(setup);
        }
        self
    }

    /// For several heads.
    pub fn joint(heads: Vec<HeadObjective>) -> Self {
        Self {
            heads,
            ..Self::new(Task::Classification, Outputs::of_sample(0), 0.0, 1.0)
        }
    }

    /// `targets` with a teacher's `scores` `[answers, numbers]`, which stand as a network's own answers do.
    pub fn teach(&self, targets: Targets, scores: Tensor<2>) -> Targets {
        match targets {
            Targets::Heads(each) => {
                let heads = each.into_iter().zip(&self.heads);
                let taught = heads.map(|(targets, head)| targets.beside(head.own(&scores)));
                Targets::Heads(taught.collect())
            }
            one => one.beside(scores),
        }
    }

    /// What of `answers` `[answers, numbers]` single answers are told of: all of it where classes are asked for, the part of
    /// each head where there are several, and nothing else.
    pub fn shown(&self, answers: &Tensor<2>) -> Vec<Tensor<2>> {
        if !self.heads.is_empty() {
            return self.heads.iter().map(|head| head.own(answers)).collect();
        }
        let one = (self.task == Task::Classification).then(|| answers.clone());
        one.into_iter().collect()
    }

    /// The metric by which the task is judged.
    pub fn metric(&self) -> Metric {
        self.task.metric()
    }

    /// Metrics that an evaluation tells beside it.
    pub fn others(&self) -> &'static [Metric] {
        self.task.other_metrics(self.outputs)
    }
}
