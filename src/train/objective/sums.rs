//! Sums over answers, kept on the device, and the means and metrics that follow from them.

use std::f64::consts::LN_2;

use burn::tensor::{Device, Tensor};

use super::{Each, Objective, Targets};
use crate::setup::Metric;
use crate::train::joint;
use crate::units::HeadResult;

/// Sums over answers, kept on the device: `[1]` each.
#[derive(Clone, Debug)]
pub struct Sums {
    /// Losses without smoothing.
    pub loss: Tensor<1>,
    /// Answers that are right.
    pub hits: Tensor<1>,
    /// Answers whose class is among the five with the highest scores.
    pub top_five: Tensor<1>,
    /// Answers that count, where only the device knows how many do.
    pub weighted: Tensor<1>,
    /// Answers that count otherwise.
    pub answers: f64,
    /// Of each head, where there are several.
    pub heads: Vec<Self>,
}

/// Means over answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Means {
    /// Mean loss, without label smoothing.
    pub loss: f64,
    /// The task's own metric.
    pub metric: f64,
    /// Further metrics.
    pub others: Vec<(Metric, f64)>,
    /// Of each head, where there are several.
    pub heads: Vec<HeadResult>,
}

impl Objective {
    /// Empty sums on `device`, which is without autodiff.
    pub fn sums(&self, device: &Device) -> Sums {
        let zero = || Tensor::zeros([1], device);
        Sums {
            loss: zero(),
            hits: zero(),
            top_five: zero(),
            weighted: zero(),
            answers: 0.0,
            heads: self.heads.iter().map(|head| head.sums(device)).collect(),
        }
    }

    /// Adds a batch to `sums`: losses `[answers]` and `answers` `[answers, numbers]`, all without autodiff. `counted` is 1 for
    /// answers that count and 0 for those that only fill a batch up, of which `padding` there are. With `full` the sums of
    /// [`Self::others`] are made too.
    pub fn add(
        &self,
        sums: &mut Sums,
        each: Each,
        answers: &Tensor<2>,
        targets: &Targets,
        counted: Option<(Tensor<1>, usize)>,
        full: bool,
    ) {
        let [count, numbers] = answers.dims();
        if let Targets::Heads(targets) = targets {
            let counted = counted.as_ref();
            joint::add(
                &self.heads,
                &mut sums.heads,
                each.heads,
                answers,
                targets,
                counted,
                full,
            );
        }
        let targets = targets.right();
        let (filled, padding) = match counted {
            Some((filled, padding)) => (Some(filled), padding),
            None => (None, 0),
        };
        let weights = match (targets.weights().cloned(), filled) {
            (Some(a), Some(b)) => Some(a * b),
            (a, b) => a.or(b),
        };
        let sum = |values: Tensor<1>| match &weights {
            Some(weights) => (values * weights.clone()).sum(),
            None => values.sum(),
        };
        sums.loss = sums.loss.clone() + sum(each.all);
        match (targets.weights(), &weights) {
            (Some(_), Some(weights)) => {
                sums.weighted = sums.weighted.clone() + weights.clone().sum();
            }
            _ => sums.answers += (count - padding) as f64,
        }
        let Some(classes) = targets.classes() else {
            return;
        };
        let wants =
            |metric: Metric| self.metric() == metric || full && self.others().contains(&metric);
        if wants(Metric::Accuracy) {
            let taken = answers.clone().argmax(1).reshape([count]);
            let hits = taken.clone().equal(classes.clone()).float();
            // Of a mixed sample, an answer is as right as its class has a share in it.
            let hits = match targets {
                Targets::Mixed { others, share, .. } => {
                    hits * *share + taken.equal(others.clone()).float() * (1.0 - share)
                }
                _ => hits,
            };
            sums.hits = sums.hits.clone() + sum(hits);
        }
        if wants(Metric::TopFive) {
            // The right class is among the first five where at most four score higher; with ties in its favour, as its
            // place among equals is a matter of order alone.
            let own = answers
                .clone()
                .gather(1, classes.clone().reshape([count, 1]));
            let higher = answers.clone().greater(own.expand([count, numbers]));
            let higher = higher.int().sum_dim(1).reshape([count]);
            sums.top_five = sums.top_five.clone() + sum(higher.lower_elem(5).float());
        }
    }

    /// What `sums` come to, of which was read `[loss, hits, top five, weighted answers]`, and the same of each head; `learnt` are
    /// the factors of the heads' losses, where they are learnt. Several heads are as good as the worst of them.
    pub fn means(
        &self,
        read: &[[f64; 4]],
        sums: &Sums,
        full: bool,
        learnt: Option<&[f64]>,
    ) -> Means {
        let (&read, of_heads) = read.split_first().unwrap_or((&[f64::NAN; 4], &[]));
        let count = sums.answers + read[3];
        let heads = joint::means(&self.heads, &sums.heads, of_heads, full, learnt);
        let loss = read[0] / count;
        let value = |metric: Metric| match metric {
            Metric::Accuracy => read[1] / count,
            Metric::TopFive => read[2] / count,
            Metric::Perplexity => loss.exp(),
            Metric::BitsPerCharacter => loss / LN_2,
            Metric::Rmse => loss.sqrt() * self.scale,
            // Returns come from an environment, not from answers.
            Metric::Return => f64::NAN,
        };
        let others = self.others().iter().filter(|_| full);
        Means {
            loss,
            metric: worst(&heads).unwrap_or_else(|| value(self.metric())),
            heads,
            others: others.map(|&metric| (metric, value(metric))).collect(),
        }
    }
}

/// The lowest value of all heads, whose metrics are shares of right answers; NaN where one has none.
fn worst(heads: &[HeadResult]) -> Option<f64> {
    let values = heads.iter().map(|head| head.value.unwrap_or(f64::NAN));
    values.reduce(|a, b| if a <= b || a.is_nan() { a } else { b })
}
