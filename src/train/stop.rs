use serde::{Deserialize, Serialize};

use super::Evaluation;
use crate::setup::StopSetup;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// All epochs done.
    Epochs,
    /// All steps done.
    Steps,
    /// The target accuracy was reached.
    Target,
    /// The energy budget was used up.
    Energy,
    /// The time budget was used up.
    Time,
    /// The held-out loss got no better for too long.
    EarlyStopping,
    /// The user wished it.
    User,
    /// The loss is no number any more.
    Diverged,
}

impl StopReason {
    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Epochs => "all epochs done",
            Self::Steps => "all steps done",
            Self::Target => "target accuracy reached",
            Self::Energy => "energy budget used up",
            Self::Time => "time budget used up",
            Self::EarlyStopping => "no better held-out loss for as many evaluations as allowed",
            Self::User => "stopped by the user",
            Self::Diverged => "diverged: the loss is no number any more",
        }
    }
}

/// What the stop rule remembers between evaluations; part of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StopState {
    /// Evaluations in a row that reached the target.
    pub in_target: u64,
    /// Whether the target was reached with its patience.
    pub target_reached: bool,
    /// Lowest held-out loss so far.
    pub best_loss: Option<f64>,
    /// Evaluations since then.
    pub since_best: u64,
    /// Highest held-out accuracy so far.
    pub best_accuracy: Option<f64>,
    /// The last held-out accuracy.
    pub final_accuracy: Option<f64>,
    /// The last held-out loss.
    pub final_loss: Option<f64>,
}

impl StopState {
    /// Takes an evaluation in; says whether the run ends by it.
    pub fn after(&mut self, evaluation: &Evaluation, stop: &StopSetup) -> Option<StopReason> {
        self.final_accuracy = Some(evaluation.accuracy);
        self.final_loss = Some(evaluation.loss);
        let best = self
            .best_accuracy
            .map_or(evaluation.accuracy, |best| best.max(evaluation.accuracy));
        self.best_accuracy = Some(best);

        let better = self
            .best_loss
            .is_none_or(|best| evaluation.loss < best - stop.min_delta);
        if better {
            self.best_loss = Some(evaluation.loss);
            self.since_best = 0;
        } else {
            self.since_best += 1;
        }

        if !evaluation.loss.is_finite() {
            return Some(StopReason::Diverged);
        }
        if let Some(target) = stop.target_accuracy {
            self.in_target = if evaluation.accuracy >= target {
                self.in_target + 1
            } else {
                0
            };
            if self.in_target >= stop.target_patience {
                self.target_reached = true;
                return Some(StopReason::Target);
            }
        }
        stop.patience
            .is_some_and(|patience| self.since_best >= patience)
            .then_some(StopReason::EarlyStopping)
    }
}
