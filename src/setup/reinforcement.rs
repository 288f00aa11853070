use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Precision, Problems, RegimeSetup, plan::Plan};

/// Episodes in a row by whose mean return a policy is judged, and episodes in an epoch. It is the number by which
/// `CartPole-v1` counts as solved.
pub const EPISODES_JUDGED: usize = 100;

/// Mean return over [`EPISODES_JUDGED`] episodes at which `CartPole-v1` counts as solved, as Gymnasium registers it.
const CARTPOLE_SOLVED: f64 = 475.0;

/// Most episodes in a step: beyond it a typing error is likelier than a wish.
const EPISODES_MAX: usize = 10_000;

/// Options of reinforcement learning by REINFORCE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReinforcementSetup {
    /// What a reward is worth that comes a step later, as a share of one that comes now, above 0 to 1.
    pub discount: f64,
    /// Weight of the entropy of the policy's choices in the loss, at least 0: more keeps it exploring for longer.
    pub entropy: f64,
}

impl Default for ReinforcementSetup {
    fn default() -> Self {
        Self {
            discount: 0.99,
            entropy: 0.01,
        }
    }
}

impl ReinforcementSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.discount > 0.0 && self.discount <= 1.0,
            "regime.reinforcement.discount",
            self.discount,
            "above 0 to 1",
        );
        problems.require(
            self.entropy.is_finite() && self.entropy >= 0.0,
            "regime.reinforcement.entropy",
            self.entropy,
            "a finite number, 0 or more",
        );
    }
}

/// The fields of the regime from which a setup of `dataset` starts, where the general defaults would not do: those that solve
/// it within seconds, and its target.
pub(super) fn regime_for(dataset: &str) -> Option<Value> {
    (dataset == "cartpole").then(|| {
        json!({
            "batch_size": 10,
            "learning_rate": 0.01,
            "stop": { "target": CARTPOLE_SOLVED },
            "reinforcement": ReinforcementSetup::default(),
        })
    })
}

impl RegimeSetup {
    /// The options of reinforcement learning; the default ones where none are set.
    pub fn reinforcement(&self) -> ReinforcementSetup {
        self.reinforcement.clone().unwrap_or_default()
    }

    /// Checks what reinforcement learning cannot be combined with.
    pub(super) fn validate_for_reinforcement(&self, plan: &Plan, problems: &mut Problems) {
        problems.require(
            self.batch_size <= EPISODES_MAX,
            "regime.batch_size",
            self.batch_size,
            format!("1 to {EPISODES_MAX} episodes"),
        );
        problems.require(
            self.label_smoothing <= 0.0,
            "regime.label_smoothing",
            self.label_smoothing,
            "0, as there are no labels in reinforcement learning",
        );
        problems.require(
            self.precision == Precision::F32,
            "regime.precision",
            self.precision.name(),
            "`f32`, as returns of single episodes soon leave the range of 16 bits",
        );
        problems.require(
            self.micro_batch_size.is_none(),
            "regime.micro_batch_size",
            self.micro_batch_size.unwrap_or_default(),
            "nothing: a step of reinforcement learning goes through in parts of its own",
        );
        let has = |name: &str| plan.layers.iter().any(|layer| layer.name == name);
        problems.require(
            !has("dropout"),
            "model.dropout",
            "above 0",
            "0, as a policy must choose in learning as it did in playing",
        );
        problems.require(
            !has("batch norm"),
            "model.normalisation",
            "batch",
            "`none` or `layer`, as a policy must choose in learning as it did in playing",
        );
    }
}
