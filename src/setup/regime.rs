use serde::{Deserialize, Serialize};

use super::{EvaluationSetup, Problems, ReinforcementSetup, StopSetup};

/// How a model learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegimeSetup {
    /// Samples in a step; of reinforcement learning, episodes.
    pub batch_size: usize,
    /// Base learning rate, above 0; the schedule scales it.
    pub learning_rate: f64,
    /// Label smoothing, 0 to below 1: this share of the target's mass is spread over all classes.
    pub label_smoothing: f64,
    /// Seed of initial weights, shuffling and dropout.
    pub seed: u64,
    /// Which rule turns gradients into steps.
    pub optimiser: OptimiserSetup,
    /// How the learning rate changes over the run.
    pub schedule: ScheduleSetup,
    /// Bound on the gradient.
    pub gradient_clipping: GradientClipping,
    /// When the run ends.
    pub stop: StopSetup,
    /// When the held-out samples are looked at.
    pub evaluation: EvaluationSetup,
    /// How it learns from rewards, for tasks of reinforcement learning; left out: the default options.
    pub reinforcement: Option<ReinforcementSetup>,
}

impl Default for RegimeSetup {
    fn default() -> Self {
        Self {
            batch_size: 64,
            learning_rate: 0.003,
            label_smoothing: 0.0,
            seed: 0,
            optimiser: OptimiserSetup::default(),
            schedule: ScheduleSetup::default(),
            gradient_clipping: GradientClipping::default(),
            stop: StopSetup::default(),
            evaluation: EvaluationSetup::default(),
            reinforcement: None,
        }
    }
}

/// Which rule turns gradients into steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum OptimiserSetup {
    /// Stochastic gradient descent.
    Sgd(SgdSetup),
    /// Adam (Kingma and Ba 2015), weight decay as L2 term.
    Adam(AdamSetup),
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    #[serde(rename = "adamw")]
    AdamW(AdamWSetup),
    /// RMSprop (Hinton 2012).
    #[serde(rename = "rmsprop")]
    RmsProp(RmsPropSetup),
}

impl OptimiserSetup {
    /// Every kind of optimiser, as named in files and flags.
    pub const KINDS: [&str; 4] = ["sgd", "adam", "adamw", "rmsprop"];

    /// The kind, as named in files and flags.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "sgd",
            Self::Adam(_) => "adam",
            Self::AdamW(_) => "adamw",
            Self::RmsProp(_) => "rmsprop",
        }
    }

    /// Numbers that it keeps for each parameter.
    pub fn state_per_parameter(&self) -> u64 {
        match self {
            Self::Sgd(sgd) => u64::from(sgd.momentum > 0.0),
            Self::Adam(_) | Self::AdamW(_) => 2,
            Self::RmsProp(rmsprop) => {
                1 + u64::from(rmsprop.momentum > 0.0) + u64::from(rmsprop.centered)
            }
        }
    }
}

impl Default for OptimiserSetup {
    fn default() -> Self {
        Self::Adam(AdamSetup::default())
    }
}

/// Options of stochastic gradient descent. Momentum has no dampening, as in PyTorch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SgdSetup {
    /// Share of the last step that is kept, 0 to below 1; 0 is plain descent.
    pub momentum: f64,
    /// Look-ahead form of the momentum; needs a momentum.
    pub nesterov: bool,
    /// L2 term, at least 0.
    pub weight_decay: f64,
}

impl Default for SgdSetup {
    fn default() -> Self {
        Self {
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
        }
    }
}

/// Options of Adam.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamSetup {
    /// Decay of the mean of gradients, 0 to below 1.
    pub beta_1: f64,
    /// Decay of the mean of squared gradients, 0 to below 1.
    pub beta_2: f64,
    /// Added to the denominator, above 0.
    pub epsilon: f64,
    /// L2 term, at least 0.
    pub weight_decay: f64,
}

impl Default for AdamSetup {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
        }
    }
}

/// Options of AdamW.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWSetup {
    /// Decay of the mean of gradients, 0 to below 1.
    pub beta_1: f64,
    /// Decay of the mean of squared gradients, 0 to below 1.
    pub beta_2: f64,
    /// Added to the denominator, above 0.
    pub epsilon: f64,
    /// Decoupled decay, at least 0.
    pub weight_decay: f64,
}

impl Default for AdamWSetup {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
        }
    }
}

/// Options of RMSprop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RmsPropSetup {
    /// Decay of the mean of squared gradients, 0 to below 1.
    pub alpha: f64,
    /// Share of the last step that is kept, 0 to below 1.
    pub momentum: f64,
    /// Added to the denominator, above 0.
    pub epsilon: f64,
    /// Whether the mean gradient is taken off before squaring.
    pub centered: bool,
    /// L2 term, at least 0.
    pub weight_decay: f64,
}

impl Default for RmsPropSetup {
    fn default() -> Self {
        Self {
            alpha: 0.99,
            momentum: 0.0,
            epsilon: 1e-8,
            centered: false,
            weight_decay: 0.0,
        }
    }
}

/// How the learning rate changes over the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleSetup {
    /// Shape of the curve.
    pub kind: Schedule,
    /// Steps of linear warm-up from 0 before the curve begins.
    pub warmup_steps: u64,
    /// `step`: epochs between two drops.
    pub step_epochs: u64,
    /// `step`: factor of each drop, above 0 to 1.
    pub step_factor: f64,
    /// `cosine` and `one-cycle`: the last learning rate as a share of the base, 0 to 1.
    pub final_factor: f64,
    /// `one-cycle`: share of the run in which the rate rises to the base, above 0 to below 1.
    pub rise_share: f64,
}

impl Default for ScheduleSetup {
    fn default() -> Self {
        Self {
            kind: Schedule::Constant,
            warmup_steps: 0,
            step_epochs: 10,
            step_factor: 0.1,
            final_factor: 0.0,
            rise_share: 0.3,
        }
    }
}

/// Shape of the learning-rate curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The base rate throughout.
    #[default]
    Constant,
    /// Drops by a factor every few epochs.
    Step,
    /// Half a cosine from the base to the final rate.
    Cosine,
    /// Rises from a 25th of the base to the base, then falls to the final rate, both along a cosine (Smith 2018).
    OneCycle,
}

/// Where the one-cycle schedule starts, as a share of the base rate.
const ONE_CYCLE_START: f64 = 1.0 / 25.0;

impl ScheduleSetup {
    /// Learning rate as a share of the base at `step` (0-based) of `total_steps`.
    pub fn factor(&self, step: u64, total_steps: u64, steps_per_epoch: u64) -> f64 {
        if step < self.warmup_steps {
            return (step + 1) as f64 / self.warmup_steps as f64;
        }
        let step = step - self.warmup_steps;
        let total = total_steps.saturating_sub(self.warmup_steps).max(1);
        let progress = (step as f64 / (total - 1).max(1) as f64).min(1.0);
        match self.kind {
            Schedule::Constant => 1.0,
            Schedule::Step => {
                let drops = step / (self.step_epochs.max(1) * steps_per_epoch.max(1));
                self.step_factor.powf(drops as f64)
            }
            Schedule::Cosine => cosine(1.0, self.final_factor, progress),
            Schedule::OneCycle if progress < self.rise_share => {
                cosine(ONE_CYCLE_START, 1.0, progress / self.rise_share)
            }
            Schedule::OneCycle => cosine(
                1.0,
                self.final_factor,
                (progress - self.rise_share) / (1.0 - self.rise_share),
            ),
        }
    }
}

/// From `from` to `to` along half a cosine, `progress` 0 to 1.
fn cosine(from: f64, to: f64, progress: f64) -> f64 {
    to + (from - to) * (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0
}

/// Bound on the gradient before the optimiser sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GradientClipping {
    /// No bound.
    #[default]
    None,
    /// The gradient of all parameters together is scaled down to this Euclidean norm.
    Norm {
        /// Largest norm, above 0.
        max: f64,
    },
    /// Every component is cut at ± this value.
    Value {
        /// Largest absolute value, above 0.
        max: f64,
    },
}

impl GradientClipping {
    /// Every kind of clipping, as named in files and flags.
    pub const KINDS: [&str; 3] = ["none", "norm", "value"];
}

impl RegimeSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.batch_size >= 1,
            "regime.batch_size",
            self.batch_size,
            "a whole number, 1 or more, at most the number of training samples",
        );
        problems.require(
            self.learning_rate.is_finite() && self.learning_rate > 0.0,
            "regime.learning_rate",
            self.learning_rate,
            "a finite number above 0",
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
        if let GradientClipping::Norm { max } | GradientClipping::Value { max } =
            self.gradient_clipping
        {
            above_zero(problems, "regime.gradient_clipping.max", max);
        }
        let needs_end = matches!(self.schedule.kind, Schedule::Cosine | Schedule::OneCycle);
        problems.require(
            !needs_end || self.stop.epochs.is_some() || self.stop.steps.is_some(),
            "regime.schedule.kind",
            "a curve over the whole run",
            "with regime.stop.epochs or regime.stop.steps, or `constant` or `step`: the curve needs to know where it ends",
        );
        self.stop.validate(problems);
        self.evaluation.validate(problems);
        if let Some(reinforcement) = &self.reinforcement {
            reinforcement.validate(problems);
        }
    }
}

impl OptimiserSetup {
    fn validate(&self, problems: &mut Problems) {
        let field = |name: &str| format!("regime.optimiser.{name}");
        let weight_decay = match self {
            Self::Sgd(sgd) => {
                share(problems, &field("momentum"), sgd.momentum);
                problems.require(
                    !sgd.nesterov || sgd.momentum > 0.0,
                    field("nesterov"),
                    sgd.nesterov,
                    "true only with a momentum above 0",
                );
                sgd.weight_decay
            }
            Self::Adam(AdamSetup {
                beta_1,
                beta_2,
                epsilon,
                weight_decay,
            })
            | Self::AdamW(AdamWSetup {
                beta_1,
                beta_2,
                epsilon,
                weight_decay,
            }) => {
                share(problems, &field("beta_1"), *beta_1);
                share(problems, &field("beta_2"), *beta_2);
                above_zero(problems, &field("epsilon"), *epsilon);
                *weight_decay
            }
            Self::RmsProp(rmsprop) => {
                share(problems, &field("alpha"), rmsprop.alpha);
                share(problems, &field("momentum"), rmsprop.momentum);
                above_zero(problems, &field("epsilon"), rmsprop.epsilon);
                rmsprop.weight_decay
            }
        };
        problems.require(
            weight_decay.is_finite() && weight_decay >= 0.0,
            field("weight_decay"),
            weight_decay,
            "a finite number, 0 or more",
        );
    }
}

impl ScheduleSetup {
    fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.step_epochs >= 1,
            "regime.schedule.step_epochs",
            self.step_epochs,
            "1 or more",
        );
        problems.require(
            self.step_factor > 0.0 && self.step_factor <= 1.0,
            "regime.schedule.step_factor",
            self.step_factor,
            "above 0 to 1",
        );
        problems.require(
            (0.0..=1.0).contains(&self.final_factor),
            "regime.schedule.final_factor",
            self.final_factor,
            "0 to 1",
        );
        problems.require(
            self.rise_share > 0.0 && self.rise_share < 1.0,
            "regime.schedule.rise_share",
            self.rise_share,
            "above 0 to below 1",
        );
        problems.require(
            i64::try_from(self.warmup_steps).is_ok(),
            "regime.schedule.warmup_steps",
            self.warmup_steps,
            format!("0 to {}", i64::MAX),
        );
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
