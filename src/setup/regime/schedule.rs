use serde::{Deserialize, Serialize};

use crate::setup::Problems;

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

impl ScheduleSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
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
