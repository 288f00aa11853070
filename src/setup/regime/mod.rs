//! How a model learns: batch, optimiser, schedule, bounds on the gradient, averaging, precision, augmentation.

mod augmentation;
mod averaging;
mod clipping;
mod freezing;
mod layers;
mod optimiser;
mod optimiser_options;
mod precision;
mod resize;
mod schedule;

pub use augmentation::AugmentationSetup;
pub use averaging::EmaSetup;
pub use clipping::GradientClipping;
pub use freezing::{FreezeRates, FreezeTimes, FreezingSetup};
pub use layers::{LayersSetup, TrainedLayers};
pub use optimiser::OptimiserSetup;
pub use optimiser_options::{
    AdaGradSetup, AdamSetup, AdamWSetup, LambSetup, LionSetup, MuonSetup, RmsPropSetup, SgdSetup,
};
pub use precision::Precision;
pub use resize::ResizeSetup;
pub(super) use resize::is_whole;
pub use schedule::{Schedule, ScheduleSetup};

use serde::{Deserialize, Serialize};

use super::{DataCounts, EvaluationSetup, Problems, ReinforcementSetup, StopSetup, Task};

/// How a model learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegimeSetup {
    /// Samples in a step, which is one update of the weights; of reinforcement learning, episodes.
    pub batch_size: usize,
    /// Samples that go through the network at once, a divisor of the batch size; the gradients of a step are summed over
    /// its micro-batches. None: the whole batch.
    pub micro_batch_size: Option<usize>,
    /// Base learning rate, above 0; the schedule scales it.
    pub learning_rate: f64,
    /// Label smoothing, 0 to below 1: this share of the target's mass is spread over all classes.
    pub label_smoothing: f64,
    /// Seed of initial weights, shuffling, augmentation and dropout.
    pub seed: u64,
    /// Numbers with which the network computes.
    pub precision: Precision,
    /// Which rule turns gradients into steps.
    pub optimiser: OptimiserSetup,
    /// How the learning rate changes over the run.
    pub schedule: ScheduleSetup,
    /// Bound on the gradient.
    pub gradient_clipping: GradientClipping,
    /// Which layers learn, and how fast.
    pub layers: LayersSetup,
    /// Smaller images at the beginning; none without it.
    pub resize: Option<ResizeSetup>,
    /// Averaging of the weights; none without it.
    pub ema: Option<EmaSetup>,
    /// How training images are changed each time they are seen.
    pub augmentation: AugmentationSetup,
    /// How it learns from rewards, for tasks of reinforcement learning; left out: the default options.
    pub reinforcement: Option<ReinforcementSetup>,
    /// When the run ends.
    pub stop: StopSetup,
    /// When the held-out samples are looked at.
    pub evaluation: EvaluationSetup,
}

impl Default for RegimeSetup {
    fn default() -> Self {
        Self {
            batch_size: 64,
            micro_batch_size: None,
            learning_rate: 0.003,
            label_smoothing: 0.0,
            seed: 0,
            precision: Precision::default(),
            optimiser: OptimiserSetup::default(),
            schedule: ScheduleSetup::default(),
            gradient_clipping: GradientClipping::default(),
            layers: LayersSetup::default(),
            resize: None,
            ema: None,
            augmentation: AugmentationSetup::default(),
            reinforcement: None,
            stop: StopSetup::default(),
            evaluation: EvaluationSetup::default(),
        }
    }
}

impl RegimeSetup {
    /// Passes through the network in a step: micro-batches of the batch.
    pub fn accumulation_steps(&self) -> usize {
        let micro = self.micro_batch_size.unwrap_or(self.batch_size).max(1);
        (self.batch_size / micro).max(1)
    }

    /// Numbers that are kept for each parameter, read and written in a step: the optimiser's state, and the average.
    pub fn state_per_parameter(&self) -> u64 {
        self.optimiser.state_per_parameter() + u64::from(self.ema.is_some())
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.batch_size >= 1,
            "regime.batch_size",
            self.batch_size,
            "a whole number, 1 or more, at most the number of training samples",
        );
        let micro = self.micro_batch_size;
        problems.require(
            micro.is_none_or(|micro| micro >= 1 && self.batch_size.is_multiple_of(micro)),
            "regime.micro_batch_size",
            micro.unwrap_or_default(),
            format!("a divisor of regime.batch_size ({})", self.batch_size),
        );
        problems.require(
            self.learning_rate > 0.0 && (self.learning_rate as f32).is_normal(),
            "regime.learning_rate",
            self.learning_rate,
            "a number above 0 that fits into 32 bits, 1.2e-38 to 3.4e38",
        );
        problems.require(
            (0.0..1.0).contains(&self.label_smoothing),
            "regime.label_smoothing",
            self.label_smoothing,
            "0 to below 1",
        );
        // TOML's whole numbers end there, and a setup must be writable as a file.
        problems.require(
            i64::try_from(self.seed).is_ok(),
            "regime.seed",
            self.seed,
            format!("0 to {}", i64::MAX),
        );
        self.optimiser.validate(problems);
        self.schedule.validate(problems);
        self.gradient_clipping.validate(problems);
        let needs_end = matches!(self.schedule.kind, Schedule::Cosine | Schedule::OneCycle);
        problems.require(
            !needs_end || self.stop.epochs.is_some() || self.stop.steps.is_some(),
            "regime.schedule.kind",
            "a curve over the whole run",
            "with regime.stop.epochs or regime.stop.steps, or `constant` or `step`: the curve needs to know where it ends",
        );
        let ends = self.stop.epochs.is_some() || self.stop.steps.is_some();
        for (field, needs_end) in [
            (
                "regime.layers.train",
                self.layers.train == TrainedLayers::Freezing,
            ),
            ("regime.resize", self.resize.is_some()),
        ] {
            problems.require(
                ends || !needs_end,
                field,
                "a schedule over the whole run",
                "with regime.stop.epochs or regime.stop.steps: its times are shares of the run",
            );
        }
        self.layers.validate(problems);
        if let Some(resize) = &self.resize {
            resize.validate(problems);
        }
        if let Some(ema) = &self.ema {
            ema.validate(problems);
        }
        self.augmentation.validate(problems);
        if let Some(reinforcement) = &self.reinforcement {
            reinforcement.validate(problems);
        }
        self.stop.validate(problems);
        self.evaluation.validate(problems);
    }

    pub(super) fn validate_for(&self, data: &DataCounts, problems: &mut Problems) {
        // What reinforcement learns from is made as it goes.
        problems.require(
            self.batch_size <= data.train || data.task == Task::Reinforcement,
            "regime.batch_size",
            self.batch_size,
            format!("1 to {}, the number of training samples", data.train),
        );
        problems.require(
            self.label_smoothing <= 0.0 || data.task != Task::Regression,
            "regime.label_smoothing",
            self.label_smoothing,
            "0, as there are no classes in regression",
        );
        self.augmentation.validate_for(data, problems);
        self.stop.validate_for(data.task.metric(), problems);
    }
}

fn share(problems: &mut Problems, field: &str, value: f64) {
    problems.require((0.0..1.0).contains(&value), field, value, "0 to below 1");
}

fn above_zero(problems: &mut Problems, field: &str, value: f64) {
    problems.require(
        value.is_finite() && value > 0.0,
        field,
        value,
        "a finite number above 0",
    );
}
