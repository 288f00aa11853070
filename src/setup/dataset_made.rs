//! Options of the sets without pictures that the program makes by itself.

use serde::{Deserialize, Serialize};

use super::problem::Problems;

/// Options of the pole on a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CartPoleSetup {
    /// Steps after which an episode ends though the pole still stands, 1 to [`Self::STEPS_MAX`]; each earns a reward of 1.
    pub episode_steps_max: usize,
}

impl Default for CartPoleSetup {
    /// As `CartPole-v1` of Gymnasium.
    fn default() -> Self {
        Self {
            episode_steps_max: 500,
        }
    }
}

impl CartPoleSetup {
    /// Most steps that an episode may be given.
    pub const STEPS_MAX: usize = 100_000;

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            (1..=Self::STEPS_MAX).contains(&self.episode_steps_max),
            "dataset.episode_steps_max",
            self.episode_steps_max,
            format!("1 to {} steps", Self::STEPS_MAX),
        );
    }
}
