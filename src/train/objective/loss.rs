//! The loss of a batch: by what is right, and by what a teacher answers.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

use super::{Objective, Soft, Targets};
use crate::train::joint;

/// How good a batch's answers are.
pub struct Judged {
    /// Mean loss `[1]`, through which gradients flow.
    pub loss: Tensor<1>,
    /// The mean loss that is told `[1]`, without autodiff: the same, but where weights of several heads are learnt.
    pub told: Tensor<1>,
    /// Loss of each answer.
    pub each: Each,
}

impl Judged {
    fn new(loss: Tensor<1>, each: Tensor<1>) -> Self {
        Self {
            told: loss.clone().inner(),
            loss,
            each: Each::of(each.inner()),
        }
    }
}

/// Loss of each answer without smoothing, `[answers]`, without autodiff: cross-entropy, or the squared error in units of the
/// deviation.
#[derive(Clone, Debug)]
pub struct Each {
    /// Of all that is asked for; with several heads the sum, by the weights of the setup.
    pub all: Tensor<1>,
    /// Of each head, where there are several.
    pub heads: Vec<Tensor<1>>,
}

impl Each {
    /// Where there are no heads.
    pub fn of(all: Tensor<1>) -> Self {
        Self {
            all,
            heads: Vec::new(),
        }
    }
}

impl Objective {
    /// Loss of `answers` `[answers, numbers]`; `uncertainty` is that of the network, [`crate::models::Network::uncertainty`].
    pub fn judge(
        &self,
        answers: Tensor<2>,
        targets: &Targets,
        uncertainty: Option<&Tensor<1>>,
    ) -> Judged {
        let [count, _] = answers.dims();
        match targets {
            Targets::Numbers(numbers) => {
                let each = (answers.reshape([count]) - numbers.clone()).powi_scalar(2);
                Judged::new(each.clone().mean(), each)
            }
            Targets::Classes(classes) => {
                let (each, smooth) = self.cross_entropy(answers, classes);
                Judged::new(smooth.mean(), each)
            }
            Targets::Weighted { classes, weights } => {
                let (each, smooth) = self.cross_entropy(answers, classes);
                // A part of a batch may have none that counts.
                let count = weights.clone().sum().clamp_min(1.0);
                let loss = (smooth * weights.clone()).sum() / count;
                Judged::new(loss, each)
            }
            Targets::Mixed {
                classes,
                others,
                share,
            } => {
                let (each, smooth) = self.cross_entropy(answers.clone(), classes);
                let (each_other, smooth_other) = self.cross_entropy(answers, others);
                let mix = |a: Tensor<1>, b: Tensor<1>| a * *share + b * (1.0 - share);
                Judged::new(mix(smooth, smooth_other).mean(), mix(each, each_other))
            }
            Targets::Heads(targets) => joint::judge(&self.heads, &answers, targets, uncertainty),
            Targets::Taught { targets, scores } => {
                let hard = self.judge(answers.clone(), targets, uncertainty);
                let Soft { temperature, alpha } = self.soft;
                let soft = self.divergence(answers, scores, targets.weights());
                let loss = hard.loss * (1.0 - alpha) + soft * (alpha * temperature * temperature);
                Judged {
                    told: loss.clone().inner(),
                    loss,
                    each: hard.each,
                }
            }
        }
    }

    /// Mean Kullback–Leibler divergence `[1]` of the softmax of `answers` from that of a teacher's `scores`, `[answers, numbers]` both, at
    /// the temperature; over the answers that count, where not all do.
    fn divergence(
        &self,
        answers: Tensor<2>,
        scores: &Tensor<2>,
        weights: Option<&Tensor<1>>,
    ) -> Tensor<1> {
        let [count, _] = answers.dims();
        let temperature = self.soft.temperature;
        let wanted = log_softmax(scores.clone() / temperature, 1);
        let found = log_softmax(answers / temperature, 1);
        let each = (wanted.clone().exp() * (wanted - found)).sum_dim(1);
        let each = each.reshape([count]);
        match weights {
            None => each.mean(),
            Some(weights) => {
                let counted = weights.clone().sum().clamp_min(1.0);
                (each * weights.clone()).sum() / counted
            }
        }
    }

    /// Cross-entropy of each answer, without and with smoothing (Szegedy and others 2016: a share of the target's mass is
    /// spread over all classes).
    fn cross_entropy(
        &self,
        answers: Tensor<2>,
        classes: &Tensor<1, Int>,
    ) -> (Tensor<1>, Tensor<1>) {
        let [count, _] = answers.dims();
        let log_shares = log_softmax(answers, 1);
        let each = log_shares
            .clone()
            .gather(1, classes.clone().reshape([count, 1]))
            .reshape([count])
            .neg();
        if self.label_smoothing <= 0.0 {
            return (each.clone(), each);
        }
        let everywhere = log_shares.mean_dim(1).reshape([count]).neg();
        let smooth =
            each.clone() * (1.0 - self.label_smoothing) + everywhere * self.label_smoothing;
        (each, smooth)
    }
}
