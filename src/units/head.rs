use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Metric;

/// How good one head of several is, by a look at the held-out samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadResult {
    /// The label that it foretells.
    pub head: String,
    /// What it is judged by.
    pub metric: Metric,
    /// The value of that; `None` where it is no number.
    pub value: Option<f64>,
    /// Mean cross-entropy, without the weight.
    pub loss: Option<f64>,
    /// Further metrics.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<Metric, f64>,
    /// The factor of its loss: as set, or as learnt by then.
    pub weight: Option<f64>,
    /// What it is to reach.
    #[serde(default)]
    pub target: Option<f64>,
    /// The metric over the training samples since the last look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_value: Option<f64>,
    /// Mean cross-entropy over the same, without weight and label smoothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
}

/// How good one head of several is on the training samples of the latest steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadProgress {
    /// The label that it foretells.
    pub head: String,
    /// What it is judged by.
    pub metric: Metric,
    /// The value of that; `None` where it is no number.
    pub value: Option<f64>,
    /// Mean cross-entropy, without weight and label smoothing.
    pub loss: Option<f64>,
}

impl From<HeadResult> for HeadProgress {
    /// What of a look is there also without a setup.
    fn from(result: HeadResult) -> Self {
        Self {
            head: result.head,
            metric: result.metric,
            value: result.value,
            loss: result.loss,
        }
    }
}

impl HeadResult {
    /// Whether it has reached what it is to; `None` where it is to reach nothing.
    pub fn reached(&self) -> Option<bool> {
        let target = self.target?;
        Some(
            self.value
                .is_some_and(|value| self.metric.reaches(value, target)),
        )
    }
}

/// What one head of several came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadOutcome {
    /// Its last look.
    #[serde(flatten)]
    pub last: HeadResult,
    /// The best value of its metric.
    pub best_value: Option<f64>,
    /// Steps after which it first reached its target.
    pub reached_at_step: Option<u64>,
    /// Whether its last look reached its target; `None` where it has none.
    pub target_reached: Option<bool>,
}

impl HeadOutcome {
    /// What a head came to by the looks until the one that `last` is, `step` steps in; `before` is what it had come to.
    pub fn after(before: Option<&Self>, last: HeadResult, step: u64) -> Self {
        let best_before = before.and_then(|before| before.best_value);
        let best_value = match (best_before, last.value) {
            (Some(before), Some(now)) => Some(last.metric.better(before, now)),
            (before, now) => before.or(now),
        };
        let reached = last.reached();
        let reached_at_step = before
            .and_then(|before| before.reached_at_step)
            .or_else(|| (reached == Some(true)).then_some(step));
        Self {
            last,
            best_value,
            reached_at_step,
            target_reached: reached,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(value: f64) -> HeadResult {
        HeadResult {
            head: "colour".to_owned(),
            value: Some(value),
            target: Some(0.9),
            ..HeadResult::default()
        }
    }

    #[test]
    fn the_first_time_at_the_target_is_kept_and_the_last_look_decides() {
        let mut outcome = HeadOutcome::after(None, look(0.5), 10);
        assert_eq!(
            (outcome.target_reached, outcome.reached_at_step),
            (Some(false), None)
        );
        for (value, step) in [(0.95, 20), (0.92, 30), (0.8, 40)] {
            outcome = HeadOutcome::after(Some(&outcome), look(value), step);
        }
        assert_eq!(outcome.reached_at_step, Some(20));
        assert_eq!(outcome.best_value, Some(0.95));
        assert_eq!(outcome.target_reached, Some(false));
        let json = serde_json::to_value(&outcome).unwrap();
        assert_eq!(json["head"], "colour");
        assert_eq!(
            serde_json::from_value::<HeadOutcome>(json).unwrap(),
            outcome
        );
    }
}
