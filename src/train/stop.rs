use serde::{Deserialize, Serialize};

use super::Evaluation;
use crate::setup::{Metric, StopSetup};
use crate::units::HeadOutcome;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// All epochs done.
    Epochs,
    /// All steps done.
    Steps,
    /// The target was reached.
    Target,
    /// The energy budget was used up.
    Energy,
    /// The time budget was used up.
    Time,
    /// The held-out loss got no better for too long.
    EarlyStopping,
    /// It got as far as it was to for now.
    Pause,
    /// The user wished it.
    User,
    /// The loss is no number any more.
    Diverged,
}

impl StopReason {
    /// Whether a run that ends so may have its best weights put back: not where it reached its target by those that it has, where it
    /// goes on later, and where it failed.
    pub fn restores(self) -> bool {
        match self {
            Self::Epochs | Self::Steps | Self::Energy | Self::Time | Self::EarlyStopping => true,
            Self::Target | Self::Pause | Self::User | Self::Diverged => false,
        }
    }

    /// For people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Epochs => "all epochs done",
            Self::Steps => "all steps done",
            Self::Target => "target reached",
            Self::Energy => "energy budget used up",
            Self::Time => "time budget used up",
            Self::EarlyStopping => "no better result for as many evaluations as allowed",
            Self::Pause => "as far as it was to go for now",
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
    /// Lowest held-out loss so far; of reinforcement learning, minus the highest return.
    pub best_loss: Option<f64>,
    /// Evaluations since then.
    pub since_best: u64,
    /// Best held-out value of the task's metric so far.
    pub best_metric: Option<f64>,
    /// The last one.
    pub final_metric: Option<f64>,
    /// The last held-out loss.
    pub final_loss: Option<f64>,
    /// Each head, where several labels are learnt at once.
    #[serde(default)]
    pub heads: Vec<HeadOutcome>,
    /// The evaluation that had the lowest loss, or of reinforcement learning the highest return.
    #[serde(default)]
    pub best: Option<Best>,
}

/// The best evaluation of a run, by what early stopping goes by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Steps done.
    pub step: u64,
    /// The held-out value of the task's metric; `None` where it is no number.
    pub metric: Option<f64>,
    /// The held-out loss; `None` where it is no number.
    pub loss: Option<f64>,
    /// Each head, where several labels are learnt at once.
    pub heads: Vec<HeadOutcome>,
}

impl StopState {
    /// Takes an evaluation in, whose metric is `metric`; says whether the run ends by it.
    pub fn after(
        &mut self,
        evaluation: &Evaluation,
        metric: Metric,
        stop: &StopSetup,
    ) -> Option<StopReason> {
        self.final_metric = Some(evaluation.metric);
        self.final_loss = Some(evaluation.loss);
        let heads = evaluation.heads.iter().enumerate().map(|(index, head)| {
            HeadOutcome::after(self.heads.get(index), head.clone(), evaluation.step)
        });
        self.heads = heads.collect();
        let best = self.best_metric.map_or(evaluation.metric, |best| {
            metric.better(best, evaluation.metric)
        });
        self.best_metric = Some(best);

        // The loss of a policy gradient says which way to go, not how good the policy is.
        let judged = match metric {
            Metric::Return => -evaluation.metric,
            _ => evaluation.loss,
        };
        let better = self
            .best_loss
            .is_none_or(|best| judged < best - stop.min_delta);
        if better {
            self.best_loss = Some(judged);
            self.since_best = 0;
            let finite = |value: f64| Some(value).filter(|value| value.is_finite());
            self.best = Some(Best {
                step: evaluation.step,
                metric: finite(evaluation.metric),
                loss: finite(evaluation.loss),
                heads: self.heads.clone(),
            });
        } else {
            self.since_best += 1;
        }

        if !evaluation.loss.is_finite() {
            return Some(StopReason::Diverged);
        }
        if let Some(reached) = self.reaches(evaluation, metric, stop.target) {
            self.in_target = if reached { self.in_target + 1 } else { 0 };
            if self.in_target >= stop.target_patience {
                self.target_reached = true;
                return Some(StopReason::Target);
            }
        }
        stop.patience
            .is_some_and(|patience| self.since_best >= patience)
            .then_some(StopReason::EarlyStopping)
    }

    /// The best evaluation counts as the last one: its weights were put back.
    pub fn restore(&mut self) {
        if let Some(best) = &self.best {
            self.final_metric = best.metric;
            self.final_loss = best.loss;
            self.heads.clone_from(&best.heads);
        }
    }

    /// Whether an evaluation is at the target; with several heads, whether each that has one is at its own. `None` where
    /// there is no target.
    fn reaches(
        &self,
        evaluation: &Evaluation,
        metric: Metric,
        target: Option<f64>,
    ) -> Option<bool> {
        if self.heads.is_empty() {
            return target.map(|target| metric.reaches(evaluation.metric, target));
        }
        let mut reached = self.heads.iter().filter_map(|head| head.target_reached);
        let first = reached.next()?;
        Some(first && reached.all(|reached| reached))
    }
}
