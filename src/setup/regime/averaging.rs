use serde::{Deserialize, Serialize};

use super::share;
use crate::setup::Problems;

/// Exponential moving average of the weights, by which the model is evaluated and kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmaSetup {
    /// Share of the average that stays in each step, 0 to below 1.
    pub decay: f64,
}

impl Default for EmaSetup {
    fn default() -> Self {
        Self { decay: 0.999 }
    }
}

impl EmaSetup {
    /// The decay after `updates` steps: min(decay, (1 + t) / (10 + t)), so that the initial weights do not weigh on a short
    /// run (as in TensorFlow's `ExponentialMovingAverage`).
    pub fn decay_at(&self, updates: u64) -> f64 {
        let updates = updates as f64;
        self.decay.min((1.0 + updates) / (10.0 + updates))
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        share(problems, "regime.ema.decay", self.decay);
    }
}
