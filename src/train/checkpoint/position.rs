//! Where a run stands.

use serde::{Deserialize, Serialize};

use crate::setup::Metric;
use crate::train::metrics::Reading;
use crate::train::reinforce::Recent;
use crate::train::stop::StopState;
use crate::units::HeadResult;

/// Where a run stands; everything beside weights and optimiser that the next step depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Steps done. Epoch, place in the epoch, shuffled order, learning rate and dropout follow from it and the seed.
    pub step: u64,
    /// Samples learnt from so far; of reinforcement learning, steps of the environment.
    #[serde(default)]
    pub samples: u64,
    /// Of reinforcement learning: the returns of the last episodes.
    #[serde(default)]
    pub recent: Recent,
    /// What the stop rule remembers.
    pub stop: StopState,
    /// Seconds of training steps so far.
    pub train_s: f64,
    /// Seconds of training and evaluation so far.
    pub measured_s: f64,
    /// Seconds of training steps at the last evaluation.
    pub evaluated_train_s: f64,
    /// Training metrics since the last evaluation.
    pub since_evaluation: Sums,
}

/// Sums of training metrics, from which means are taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Sum of the steps' losses.
    pub loss_sum: f64,
    /// The task's metric times steps, in the form that adds up.
    pub metric_sum: f64,
    /// Steps.
    pub steps: u64,
    /// Samples.
    pub samples: u64,
    /// Of each head, where there are several: sums of its loss and of its metric, as above.
    #[serde(default)]
    pub heads: Vec<[f64; 2]>,
}

impl Sums {
    /// Adds a reading.
    pub fn add(&mut self, reading: &Reading, metric: Metric) {
        self.loss_sum += reading.loss * reading.steps as f64;
        // A step is over one number of samples, or of episodes, throughout a run.
        self.metric_sum += metric.to_additive(reading.metric) * reading.steps as f64;
        self.steps += reading.steps;
        self.samples += reading.samples;
        self.heads.resize(reading.heads.len(), [0.0; 2]);
        for (sums, head) in self.heads.iter_mut().zip(&reading.heads) {
            let metric = head.value.map(|value| head.metric.to_additive(value));
            for (sum, value) in sums.iter_mut().zip([head.loss, metric]) {
                *sum += value.unwrap_or(f64::NAN) * reading.steps as f64;
            }
        }
    }

    /// Writes the mean loss and the metric over all steps into what each head came to, where there was one.
    pub fn of_training(&self, heads: &mut [HeadResult]) {
        if self.steps == 0 {
            return;
        }
        let mean = |sum: f64| Some(sum / self.steps as f64).filter(|mean| mean.is_finite());
        for (head, [loss, metric]) in heads.iter_mut().zip(&self.heads) {
            head.train_loss = mean(*loss);
            head.train_value = mean(*metric).map(|mean| head.metric.from_additive(mean));
        }
    }

    /// Mean loss a step, where there was one.
    pub fn mean_loss(&self) -> Option<f64> {
        (self.steps > 0).then(|| self.loss_sum / self.steps as f64)
    }

    /// The task's metric over all steps, where there was one.
    pub fn metric(&self, metric: Metric) -> Option<f64> {
        (self.steps > 0).then(|| metric.from_additive(self.metric_sum / self.steps as f64))
    }
}
