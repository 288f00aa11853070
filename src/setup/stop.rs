use serde::{Deserialize, Serialize};

use super::{Metric, Problems};

/// When a run ends: as soon as any of the set bounds is reached. Where no bound in epochs, steps, joules or seconds is
/// given, it is [`StopSetup::EPOCHS`] epochs, so that every run ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StopSetup {
    /// Passes over the training samples.
    pub epochs: Option<u64>,
    /// Steps of the optimiser.
    pub steps: Option<u64>,
    /// Value of the task's metric that the held-out samples must reach: a share of them above 0 to 1 for accuracy, at most
    /// so many bits per character, and so on.
    #[serde(alias = "target_accuracy")]
    pub target: Option<f64>,
    /// Evaluations in a row that must reach the target, 1 or more.
    pub target_patience: u64,
    /// Energy that may be used by training and evaluation, J, over all metered components.
    pub energy_j: Option<f64>,
    /// Seconds of training and evaluation.
    pub time_s: Option<f64>,
    /// Early stopping: evaluations without a better held-out loss before the run ends.
    pub patience: Option<u64>,
    /// Early stopping: how much lower the loss must be to count as better.
    pub min_delta: f64,
    /// Whether a run that is over has the weights of its best evaluation, by the same measure, instead of its last ones.
    pub restore_best: bool,
}

impl Default for StopSetup {
    fn default() -> Self {
        Self {
            epochs: Some(Self::EPOCHS),
            steps: None,
            target: None,
            target_patience: 1,
            energy_j: None,
            time_s: None,
            patience: None,
            min_delta: 0.0,
            restore_best: false,
        }
    }
}

impl StopSetup {
    /// Epochs of a run that has no other bound.
    pub const EPOCHS: u64 = 30;

    /// Fields that end a run by themselves, beside `epochs`.
    pub(super) const OTHER_BOUNDS: [&str; 3] = ["steps", "energy_j", "time_s"];

    /// Steps after which the run ends at the latest, where epochs or steps say so.
    pub fn steps_max(&self, steps_per_epoch: u64) -> Option<u64> {
        let by_epochs = self
            .epochs
            .map(|epochs| epochs.saturating_mul(steps_per_epoch));
        match (by_epochs, self.steps) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Checks the target against the metric that it is of.
    pub(super) fn validate_for(&self, metric: Metric, problems: &mut Problems) {
        if let Some(target) = self.target.filter(|_| metric.is_share()) {
            problems.require(
                target <= 1.0,
                "regime.stop.target",
                target,
                format!("a share above 0 to 1, such as 0.97, as the metric is {metric}"),
            );
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.epochs.is_some()
                || self.steps.is_some()
                || self.energy_j.is_some()
                || self.time_s.is_some(),
            "regime.stop",
            "no bound",
            "at least one of epochs, steps, energy_j, time_s",
        );
        for (field, count) in [
            ("epochs", self.epochs),
            ("steps", self.steps),
            ("patience", self.patience),
            ("target_patience", Some(self.target_patience)),
        ] {
            if let Some(count) = count {
                problems.require(
                    count >= 1 && i64::try_from(count).is_ok(),
                    format!("regime.stop.{field}"),
                    count,
                    "a whole number, 1 or more",
                );
            }
        }
        for (field, value) in [("energy_j", self.energy_j), ("time_s", self.time_s)] {
            if let Some(value) = value {
                problems.require(
                    value.is_finite() && value > 0.0,
                    format!("regime.stop.{field}"),
                    value,
                    "a finite number above 0",
                );
            }
        }
        if let Some(target) = self.target {
            problems.require(
                target.is_finite() && target > 0.0,
                "regime.stop.target",
                target,
                "a finite number above 0",
            );
        }
        problems.require(
            self.min_delta.is_finite() && self.min_delta >= 0.0,
            "regime.stop.min_delta",
            self.min_delta,
            "a finite number, 0 or more",
        );
    }
}

/// When the held-out samples are looked at. The last step of a run is always evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluationSetup {
    /// After every so many epochs.
    pub every_epochs: u64,
    /// After every so many steps, instead of by epochs.
    pub every_steps: Option<u64>,
    /// Samples in a batch of an evaluation; more is faster, up to the device's memory.
    pub batch_size: usize,
}

impl Default for EvaluationSetup {
    fn default() -> Self {
        Self {
            every_epochs: 1,
            every_steps: None,
            batch_size: 256,
        }
    }
}

impl EvaluationSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        for (field, count) in [
            ("every_epochs", Some(self.every_epochs)),
            ("every_steps", self.every_steps),
            ("batch_size", Some(self.batch_size as u64)),
        ] {
            if let Some(count) = count {
                problems.require(
                    count >= 1 && i64::try_from(count).is_ok(),
                    format!("regime.evaluation.{field}"),
                    count,
                    "a whole number, 1 or more",
                );
            }
        }
    }
}
