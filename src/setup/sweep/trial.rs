use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Combination, LearningRateRule, Sweep, order};
use crate::setup::Setup;

/// What a combination chooses for a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AxisValue {
    /// Path of the field.
    pub field: String,
    /// Its value.
    pub value: Value,
}

/// One run of a sweep that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Number of its combination, from 0; trials that only differ in chance share it.
    pub combination: u64,
    /// Which repeat it is, from 0.
    pub repeat: u64,
    /// Its seed.
    pub seed: u64,
    /// What the axes say, in their order; axes that do not count here are left out.
    pub values: Vec<AxisValue>,
    /// What is trained.
    pub setup: Setup,
    /// Why it cannot run, where its fields do not go together.
    pub problem: Option<String>,
}

/// All trials of a grid, in the order in which they are run.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialPlan {
    /// The trials.
    pub trials: Vec<Trial>,
}

impl Sweep {
    /// The trials of every combination with every seed, in the order in which they are run: block by block, a repeat each.
    /// The sweep must be valid.
    pub fn plan(&self) -> TrialPlan {
        let combinations = self.combinations().take(super::TRIALS_MAX as usize);
        TrialPlan {
            trials: self.blocks(&combinations),
        }
    }

    /// The trials of `combinations` with every seed, in the order in which they are run.
    pub fn blocks(&self, combinations: &[Combination]) -> Vec<Trial> {
        let mut trials = Vec::new();
        for (repeat, seed) in (0..).zip(self.seeds()) {
            let positions =
                order::positions(self.order, self.order_seed, repeat, combinations.len());
            trials.extend(
                positions
                    .into_iter()
                    .map(|at| self.trial(&combinations[at], repeat, seed)),
            );
        }
        trials
    }

    /// One trial: the base with the choices of `combination`, the sweep's target, the learning rate by its rule, and `seed`.
    pub fn trial(&self, combination: &Combination, repeat: u64, seed: u64) -> Trial {
        let values = combination
            .choices
            .iter()
            .map(|(at, value)| AxisValue {
                field: self.axes[*at].field.clone(),
                value: value.clone(),
            })
            .collect();
        let (setup, problem) = match self.changed_by(&combination.choices).apply(&self.base) {
            Ok(setup) => (setup, None),
            Err(error) => (self.base.clone(), Some(error.to_string())),
        };
        let setup = self.finished(setup, seed);
        let problem = problem.or_else(|| setup.validate().err().map(|error| error.to_string()));
        Trial {
            combination: combination.number,
            repeat,
            seed,
            values,
            setup,
            problem,
        }
    }

    fn finished(&self, mut setup: Setup, seed: u64) -> Setup {
        let regime = &mut setup.regime;
        regime.seed = seed;
        if self.target.is_some() {
            regime.stop.target = self.target;
        }
        if self.learning_rate_rule != LearningRateRule::None {
            regime.learning_rate *= self
                .learning_rate_rule
                .factor(regime.batch_size, self.base.regime.batch_size);
        }
        setup
    }
}
