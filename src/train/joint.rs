//! Several heads' losses as one.

use burn::tensor::{Device, Tensor};

use super::batches::Columns;
use super::objective::{Each, Judged, Means, Objective, Sums, Targets};
use crate::data::DataInfo;
use crate::setup::plan::{Head, Plan};
use crate::setup::{DistilSetup, MultitaskSetup, Outputs, Setup, Task};
use crate::units::HeadResult;

/// One head of several: where its answers stand, and what is asked of them.
#[derive(Clone, Debug)]
pub struct HeadObjective {
    name: String,
    /// Where its scores begin in an answer, and how many there are.
    from: usize,
    classes: usize,
    /// Factor of its loss, where it is not learnt.
    weight: f64,
    target: Option<f64>,
    objective: Objective,
}

impl HeadObjective {
    /// Empty sums on `device`, which is without autodiff.
    pub fn sums(&self, device: &Device) -> Sums {
        self.objective.sums(device)
    }

    /// A teacher's answers count as `setup` says.
    pub fn teach(&mut self, setup: &DistilSetup) {
        self.objective = self.objective.clone().taught(setup);
    }

    /// What of `answers` `[answers, numbers]` is this head's.
    pub fn own(&self, answers: &Tensor<2>) -> Tensor<2> {
        answers.clone().narrow(1, self.from, self.classes)
    }
}

/// The heads of `setup`, whose plan has `heads`, by `label_smoothing`.
pub fn heads(
    setup: &MultitaskSetup,
    heads: &[Head],
    targets: &[Option<f64>],
    label_smoothing: f64,
) -> Vec<HeadObjective> {
    let mut from = 0;
    let mut each = Vec::with_capacity(heads.len());
    for (index, head) in heads.iter().enumerate() {
        let outputs = Outputs::of_sample(head.classes);
        each.push(HeadObjective {
            name: head.name.clone(),
            from,
            classes: head.classes,
            weight: setup.heads.get(index).map_or(1.0, |head| head.weight),
            target: targets.get(index).copied().flatten(),
            objective: Objective::new(Task::Classification, outputs, label_smoothing, 1.0),
        });
        from += head.classes;
    }
    each
}

/// What is learnt of a dataset, and which of its columns of classes it takes. `scale` is the deviation of the numbers that are
/// foretold.
pub fn objective_of(
    setup: &Setup,
    plan: &Plan,
    info: &DataInfo,
    label_smoothing: f64,
    scale: f64,
) -> (Objective, Columns) {
    let (Some(multitask), Some(planned)) = (&setup.multitask, &plan.heads) else {
        let objective = Objective::new(info.task, info.outputs(), label_smoothing, scale);
        return (objective, Columns::One(info.target));
    };
    let columns = info.columns(&planned.each);
    let targets = multitask.targets(setup.regime.stop.target);
    let each = heads(multitask, &planned.each, &targets, label_smoothing);
    (Objective::joint(each), Columns::Heads(columns))
}

/// The losses of several heads, added up.
///
/// With `uncertainty` `sₖ` `[heads]` gradients flow through `Σ exp(−sₖ)·Lₖ + sₖ/2` (Kendall, Gal and Cipolla 2018, equation 10,
/// with `sₖ = ln σₖ²`); that may be negative, so that what is told of it is the sum of the losses with the weights of the setup.
pub fn judge(
    heads: &[HeadObjective],
    answers: &Tensor<2>,
    targets: &[Targets],
    uncertainty: Option<&Tensor<1>>,
) -> Judged {
    let (mut loss, mut told, mut all) = (None, None, None);
    let mut each = Vec::with_capacity(heads.len());
    for (index, (head, targets)) in heads.iter().zip(targets).enumerate() {
        let judged = head.objective.judge(head.own(answers), targets, None);
        let weighted = match uncertainty {
            None => judged.loss * head.weight,
            Some(uncertainty) => {
                let s = uncertainty.clone().narrow(0, index, 1);
                judged.loss * s.clone().neg().exp() + s * 0.5
            }
        };
        loss = plus(loss, weighted);
        told = plus(told, judged.told * head.weight);
        all = plus(all, judged.each.all.clone() * head.weight);
        each.push(judged.each.all);
    }
    let [count, _] = answers.dims();
    let device = answers.device();
    let none = |count: usize| Tensor::zeros([count], &device);
    Judged {
        loss: loss.unwrap_or_else(|| none(1)),
        told: told.unwrap_or_else(|| none(1).inner()),
        each: Each {
            all: all.unwrap_or_else(|| none(count).inner()),
            heads: each,
        },
    }
}

fn plus(sum: Option<Tensor<1>>, more: Tensor<1>) -> Option<Tensor<1>> {
    Some(match sum {
        Some(sum) => sum + more,
        None => more,
    })
}

/// Adds a batch to the sums of each head.
pub fn add(
    heads: &[HeadObjective],
    sums: &mut [Sums],
    each: Vec<Tensor<1>>,
    answers: &Tensor<2>,
    targets: &[Targets],
    counted: Option<&(Tensor<1>, usize)>,
    full: bool,
) {
    let all = heads.iter().zip(sums).zip(each).zip(targets);
    for (((head, sums), each), targets) in all {
        let each = Each::of(each);
        let own = head.own(answers);
        let counted = counted.cloned();
        head.objective.add(sums, each, &own, targets, counted, full);
    }
}

/// What the sums of each head come to; `learnt` are the factors of their losses, where they are learnt.
pub fn means(
    heads: &[HeadObjective],
    sums: &[Sums],
    read: &[[f64; 4]],
    full: bool,
    learnt: Option<&[f64]>,
) -> Vec<HeadResult> {
    let finite = |value: f64| value.is_finite().then_some(value);
    let all = heads.iter().zip(sums).zip(read).enumerate();
    all.map(|(index, ((head, sums), read))| {
        let Means {
            loss,
            metric,
            others,
            ..
        } = head.objective.means(&[*read], sums, full, None);
        let others = others.into_iter().filter(|(_, value)| value.is_finite());
        let weight = match learnt {
            Some(learnt) => learnt.get(index).copied().and_then(finite),
            None => Some(head.weight),
        };
        HeadResult {
            head: head.name.clone(),
            metric: head.objective.metric(),
            value: finite(metric),
            loss: finite(loss),
            others: others.collect(),
            weight,
            target: head.target,
            train_value: None,
            train_loss: None,
        }
    })
    .collect()
}
