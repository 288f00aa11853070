//! What is learnt: the loss of a task, and the sums from which its metrics follow.

use std::f64::consts::LN_2;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};

use super::batches::part;
use super::joint::{self, HeadObjective};
use crate::setup::{DistilSetup, Metric, Outputs, Task};
use crate::units::HeadResult;

/// What a batch's answers are to be, `[answers]` each.
#[derive(Clone, Debug)]
pub enum Targets {
    /// The class or token of each answer.
    Classes(Tensor<1, Int>),
    /// The same, where not every position counts: weights are 1 where it does, else 0.
    Weighted {
        /// The token of each answer; any where none is asked for.
        classes: Tensor<1, Int>,
        /// Whether it counts.
        weights: Tensor<1>,
    },
    /// Two classes for each answer, of samples that were mixed.
    Mixed {
        /// The class that has `share`.
        classes: Tensor<1, Int>,
        /// The class that has the rest.
        others: Tensor<1, Int>,
        /// From 0 to 1.
        share: f64,
    },
    /// The number of each answer, brought to mean 0 and deviation 1.
    Numbers(Tensor<1>),
    /// Those of each head.
    Heads(Vec<Self>),
    /// What is right, and what a teacher answers.
    Taught {
        /// What is right; no heads.
        targets: Box<Self>,
        /// The teacher's scores, `[answers, numbers]`; no gradient flows to them.
        scores: Tensor<2>,
    },
}

impl Targets {
    /// The same without autodiff.
    pub fn inner(self) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(classes.inner()),
            Self::Weighted { classes, weights } => Self::Weighted {
                classes: classes.inner(),
                weights: weights.inner(),
            },
            Self::Mixed {
                classes,
                others,
                share,
            } => Self::Mixed {
                classes: classes.inner(),
                others: others.inner(),
                share,
            },
            Self::Numbers(numbers) => Self::Numbers(numbers.inner()),
            Self::Heads(heads) => Self::Heads(heads.into_iter().map(Self::inner).collect()),
            Self::Taught { targets, scores } => Self::Taught {
                targets: Box::new(targets.inner()),
                scores: scores.inner(),
            },
        }
    }

    /// With a teacher's `scores`, `[answers, numbers]`, for the one label that is learnt.
    fn beside(self, scores: Tensor<2>) -> Self {
        Self::Taught {
            targets: Box::new(self),
            scores,
        }
    }

    /// What is right, whatever a teacher says.
    fn right(&self) -> &Self {
        match self {
            Self::Taught { targets, .. } => targets.right(),
            other => other,
        }
    }

    /// `share` of what each sample is to be answered with, and the rest of what the one before it is. Only classes can be
    /// mixed.
    pub fn mixed(self, share: f64) -> Self {
        match self {
            Self::Classes(classes) => Self::Mixed {
                others: classes.clone().roll(&[1], &[0]),
                classes,
                share,
            },
            Self::Heads(heads) => {
                Self::Heads(heads.into_iter().map(|head| head.mixed(share)).collect())
            }
            other => other,
        }
    }

    /// Part `index` of `count` equal ones.
    pub fn part(&self, index: usize, count: usize) -> Self {
        match self {
            Self::Classes(all) => Self::Classes(part(all, index, count)),
            Self::Weighted { classes, weights } => Self::Weighted {
                classes: part(classes, index, count),
                weights: part(weights, index, count),
            },
            Self::Mixed {
                classes,
                others,
                share,
            } => Self::Mixed {
                classes: part(classes, index, count),
                others: part(others, index, count),
                share: *share,
            },
            Self::Numbers(all) => Self::Numbers(part(all, index, count)),
            Self::Heads(heads) => {
                Self::Heads(heads.iter().map(|head| head.part(index, count)).collect())
            }
            Self::Taught { targets, scores } => Self::Taught {
                targets: Box::new(targets.part(index, count)),
                scores: part(scores, index, count),
            },
        }
    }

    /// How many answers count `[1]`, where only the device knows.
    pub fn count(&self) -> Option<Tensor<1>> {
        self.weights().map(|weights| weights.clone().sum())
    }

    /// Whether each answer counts, where not all do.
    fn weights(&self) -> Option<&Tensor<1>> {
        match self.right() {
            Self::Weighted { weights, .. } => Some(weights),
            _ => None,
        }
    }

    /// The classes, where one class is asked for; of mixed samples the first ones.
    pub fn classes(&self) -> Option<&Tensor<1, Int>> {
        match self.right() {
            Self::Classes(classes)
            | Self::Weighted { classes, .. }
            | Self::Mixed { classes, .. } => Some(classes),
            Self::Numbers(_) | Self::Heads(_) | Self::Taught { .. } => None,
        }
    }
}

/// The loss of a task and what its metrics are made of.
#[derive(Clone, Debug)]
pub struct Objective {
    task: Task,
    outputs: usize,
    label_smoothing: f64,
    /// Deviation of the numbers that are foretold, which brings errors back to their unit.
    scale: f64,
    /// Where several labels are learnt at once.
    heads: Vec<HeadObjective>,
    /// How a teacher's answers count.
    soft: Soft,
}

/// How a teacher's answers count.
#[derive(Clone, Copy, Debug)]
struct Soft {
    temperature: f64,
    /// Against the right ones, 0 to 1.
    alpha: f64,
}

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
    /// For a task whose model answers with `outputs`. `scale` is the deviation of the numbers that are foretold, 1 for
    /// other tasks.
    pub fn new(task: Task, outputs: Outputs, label_smoothing: f64, scale: f64) -> Self {
        Self {
            task,
            outputs: outputs.numbers,
            label_smoothing,
            scale,
            heads: Vec::new(),
            soft: Soft {
                temperature: 1.0,
                alpha: 0.0,
            },
        }
    }

    /// With a teacher, whose answers count as `setup` says.
    #[must_use]
    pub fn taught(mut self, setup: &DistilSetup) -> Self {
        self.soft = Soft {
            temperature: setup.temperature,
            alpha: setup.alpha,
        };
        for head in &mut self.heads {
            head.teach(setup);
        }
        self
    }

    /// For several heads.
    pub fn joint(heads: Vec<HeadObjective>) -> Self {
        Self {
            heads,
            ..Self::new(Task::Classification, Outputs::of_sample(0), 0.0, 1.0)
        }
    }

    /// `targets` with a teacher's `scores` `[answers, numbers]`, which stand as a network's own answers do.
    pub fn teach(&self, targets: Targets, scores: Tensor<2>) -> Targets {
        match targets {
            Targets::Heads(each) => {
                let heads = each.into_iter().zip(&self.heads);
                let taught = heads.map(|(targets, head)| targets.beside(head.own(&scores)));
                Targets::Heads(taught.collect())
            }
            one => one.beside(scores),
        }
    }

    /// What of `answers` `[answers, numbers]` single answers are told of: all of it where classes are asked for, the part of
    /// each head where there are several, and nothing else.
    pub fn shown(&self, answers: &Tensor<2>) -> Vec<Tensor<2>> {
        if !self.heads.is_empty() {
            return self.heads.iter().map(|head| head.own(answers)).collect();
        }
        let one = (self.task == Task::Classification).then(|| answers.clone());
        one.into_iter().collect()
    }

    /// The metric by which the task is judged.
    pub fn metric(&self) -> Metric {
        self.task.metric()
    }

    /// Metrics that an evaluation tells beside it.
    pub fn others(&self) -> &'static [Metric] {
        self.task.other_metrics(self.outputs)
    }

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

/// The lowest value of all heads, whose metrics are shares of right answers; NaN where one has none.
fn worst(heads: &[HeadResult]) -> Option<f64> {
    let values = heads.iter().map(|head| head.value.unwrap_or(f64::NAN));
    values.reduce(|a, b| if a <= b || a.is_nan() { a } else { b })
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
