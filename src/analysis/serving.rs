//! What it takes to answer all tasks: one network that learnt them together against one for each, every one of which has to be
//! asked. Figures are those of `joulelab infer`, for 1,000 samples.
//!
//! With `Eₖ` the energy of network k, `mₖ` the interval of its measurement and `sₖ` its spread over windows, the separate networks
//! take `Σ Eₖ`; the `mₖ` of one meter add up linearly, those of several in quadrature, and the `sₖ` always in quadrature. Of the ratio
//! joint ÷ separate the error that both sides have in common cancels where one meter read them: what is left is the difference of
//! their relative errors. The interval is `R · exp(±e)` with the relative errors in quadrature.

use serde::Serialize;

use super::multitask::labels;
use crate::library::{Inference, RunDetails, sum_by_source};
use crate::setup::Setup;
use crate::units::Estimate;

/// A run whose network was asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Served {
    /// Its identifier.
    pub run: String,
    /// Its name, or the identifier where it has none.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Name of its dataset.
    pub dataset: String,
    /// What it answers; empty where its one label has no name.
    pub labels: Vec<String>,
    /// Trainable numbers.
    pub parameters: Option<u64>,
    /// What asking took, by samples at once: the latest of each.
    pub inferences: Vec<Inference>,
}

impl Served {
    /// Of a stored run; of `inferences` the first of each batch size counts.
    pub fn of(details: &RunDetails, inferences: &[Inference]) -> Self {
        let run = &details.run;
        let setup: Option<Setup> = serde_json::from_str(&run.setup.json).ok();
        let mut latest: Vec<Inference> = Vec::new();
        for one in inferences {
            if !latest
                .iter()
                .any(|known| known.batch_size == one.batch_size)
            {
                latest.push(one.clone());
            }
        }
        latest.sort_by_key(|one| one.batch_size);
        Self {
            run: run.id.clone(),
            name: run.name.clone().unwrap_or_else(|| run.id.clone()),
            seed: run.setup.seed,
            dataset: run.setup.dataset.clone(),
            labels: setup.and_then(|setup| labels(&setup)).unwrap_or_default(),
            parameters: run.parameters,
            inferences: latest,
        }
    }

    /// The share of right answers by label, in the order of the labels, in batches of `batch_size`; `None` where it is no number.
    pub fn accuracies(&self, batch_size: u64) -> Vec<(String, Option<f64>)> {
        let Some(at) = self.at(batch_size) else {
            return Vec::new();
        };
        if at.heads.is_empty() {
            let label = self.labels.first().cloned();
            return vec![(label.unwrap_or_default(), at.value)];
        }
        let heads = at.heads.iter();
        heads.map(|head| (head.head.clone(), head.value)).collect()
    }

    /// What it took in batches of this size.
    pub fn at(&self, batch_size: u64) -> Option<&Inference> {
        self.inferences
            .iter()
            .find(|one| one.batch_size == batch_size)
    }
}

/// What answers to 1,000 samples take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Gross joules.
    pub energy_j: Option<Estimate>,
    /// gCO2e.
    pub carbon_g: Option<Estimate>,
    /// Seconds for a batch, in the mean.
    pub mean_s: Option<f64>,
    /// Samples a second.
    pub throughput: f64,
}

/// A joint network against those that answer its tasks one by one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Against {
    /// The joint run.
    pub joint: String,
    /// The separate ones, in the order of the joint run's labels.
    pub separate: Vec<String>,
    /// Trainable numbers of the joint network, and of all separate ones together.
    pub parameters: Option<(u64, u64)>,
    /// By batch size.
    pub at_once: Vec<AtOnce>,
    /// By label.
    pub tasks: Vec<Answers>,
    /// What whoever reads it should know.
    pub remarks: Vec<String>,
}

/// The costs of both in batches of one size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtOnce {
    /// Samples asked at once.
    pub batch_size: u64,
    /// Of the joint network.
    pub joint: Cost,
    /// Of the separate ones, asked one after the other.
    pub separate: Cost,
    /// Joint ÷ separate, joules; `None` where one of them has no energy, or they were asked on several devices.
    pub energy: Option<Estimate>,
    /// Joint ÷ separate, mean seconds for a batch.
    pub time: Option<f64>,
}

/// How well a task is answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answers {
    /// The label.
    pub name: String,
    /// Share of right answers of the joint network.
    pub joint: Option<f64>,
    /// Of the separate one.
    pub separate: Option<f64>,
}

/// Every joint run among `runs` against the separate ones among them, and why some could not be compared. Nothing where there are no
/// separate runs. The separate run of a task is the one of the joint run's seed, or the only one there is.
pub fn against(runs: &[Served]) -> (Vec<Against>, Vec<String>) {
    let (mut found, mut reasons) = (Vec::new(), Vec::new());
    if !runs.iter().any(|run| run.labels.len() == 1) {
        return (found, reasons);
    }
    for joint in runs.iter().filter(|run| run.labels.len() > 1) {
        match separate_of(joint, runs) {
            Ok(separate) => found.push(compared(joint, &separate)),
            Err(why) => reasons.push(why),
        }
    }
    (found, reasons)
}

fn separate_of<'a>(joint: &Served, runs: &'a [Served]) -> Result<Vec<&'a Served>, String> {
    let mut separate = Vec::new();
    for label in &joint.labels {
        let all: Vec<&Served> = runs
            .iter()
            .filter(|run| run.dataset == joint.dataset && run.labels == [label.clone()])
            .collect();
        let of_seed: Vec<&Served> = all
            .iter()
            .copied()
            .filter(|run| run.seed == joint.seed)
            .collect();
        match (of_seed.as_slice(), all.as_slice()) {
            ([one], _) | ([], [one]) => separate.push(*one),
            ([], []) => {
                return Err(format!(
                    "{}: no run among these answers `{label}` by itself",
                    joint.name
                ));
            }
            _ => {
                return Err(format!(
                    "{}: several runs answer `{label}` by themselves, and not one of them alone has its seed {}",
                    joint.name, joint.seed
                ));
            }
        }
    }
    Ok(separate)
}

fn compared(joint: &Served, separate: &[&Served]) -> Against {
    let mut remarks = Vec::new();
    if separate.iter().any(|run| run.seed != joint.seed) {
        remarks.push("not all of these runs have one seed".to_owned());
    }
    let mut at_once = Vec::new();
    for of_joint in &joint.inferences {
        let size = of_joint.batch_size;
        let each: Option<Vec<&Inference>> = separate.iter().map(|run| run.at(size)).collect();
        let Some(each) = each else {
            remarks.push(format!("not all of them were asked {size} at once"));
            continue;
        };
        let place = |one: &Inference| (one.machine.clone(), one.device.clone());
        let is_one_place = each.iter().all(|one| place(one) == place(of_joint));
        if !is_one_place {
            remarks.push(format!(
                "{size} at once they were asked on different devices: what that took cannot be compared"
            ));
        }
        let (own, sum) = (cost(&[of_joint]), cost(&each));
        at_once.push(AtOnce {
            batch_size: size,
            joint: own,
            separate: sum,
            energy: ratio(of_joint, &each).filter(|_| is_one_place),
            time: own
                .mean_s
                .zip(sum.mean_s)
                .map(|(own, sum)| own / sum)
                .filter(|ratio| is_one_place && ratio.is_finite()),
        });
    }
    let parameters: Option<u64> = separate.iter().map(|run| run.parameters).sum();
    let size = joint.inferences.first().map(|one| one.batch_size);
    let answers = size.map_or_else(Vec::new, |size| joint.accuracies(size));
    let of = |run: &Served| run.inferences.first().map(|one| one.batch_size);
    let tasks = answers
        .into_iter()
        .zip(separate)
        .map(|((name, value), run)| {
            let own = of(run).and_then(|size| run.accuracies(size).pop());
            Answers {
                name,
                joint: value,
                separate: own.and_then(|(_, value)| value),
            }
        });
    Against {
        tasks: tasks.collect(),
        joint: joint.run.clone(),
        separate: separate.iter().map(|run| run.run.clone()).collect(),
        parameters: joint.parameters.zip(parameters),
        at_once,
        remarks,
    }
}

/// What networks take that are asked one after the other.
fn cost(each: &[&Inference]) -> Cost {
    let carbon = || {
        let first = each.first()?;
        let (carbon, energy) = (first.carbon_g?, first.energy_j?);
        // Where all have one intensity, the sum of the carbon is that of the energy.
        if each.iter().all(|one| one.carbon == first.carbon) && energy.value > 0.0 {
            return Some(total(each)?.scale(carbon.value / energy.value));
        }
        let all: Option<Vec<Estimate>> = each.iter().map(|one| one.carbon_g).collect();
        all?.into_iter().reduce(Estimate::plus_same_source)
    };
    let seconds: f64 = each.iter().map(|one| 1.0 / one.throughput).sum();
    Cost {
        energy_j: total(each),
        carbon_g: carbon(),
        mean_s: each.iter().map(|one| one.latency.mean_s).sum(),
        throughput: if seconds.is_finite() && seconds > 0.0 {
            1.0 / seconds
        } else {
            0.0
        },
    }
}

/// The interval of the measurement alone, and the spread over windows.
fn parts(one: &Inference) -> Option<(Estimate, f64)> {
    let energy = one.energy_j?;
    Some((
        one.measured_j.unwrap_or(energy),
        one.spread_j.unwrap_or(0.0),
    ))
}

fn source(one: &Inference) -> &str {
    one.sum
        .as_ref()
        .map_or("", |sum| sum.figure.source.as_str())
}

/// The sum of the measurements, and the spread of the sum.
fn summed(each: &[&Inference]) -> Option<(Estimate, f64)> {
    let all: Option<Vec<_>> = each
        .iter()
        .map(|one| Some((parts(one)?, source(one))))
        .collect();
    let all = all?;
    let measured = sum_by_source(
        all.iter()
            .map(|((measured, _), source)| (*measured, *source)),
    );
    let spread = all
        .iter()
        .map(|((_, spread), _)| spread * spread)
        .sum::<f64>();
    Some((measured, spread.sqrt()))
}

fn total(each: &[&Inference]) -> Option<Estimate> {
    if let [one] = each {
        return one.energy_j;
    }
    let (measured, spread) = summed(each)?;
    let value = measured.value;
    Some(Estimate {
        value,
        low: value - (value - measured.low).hypot(spread),
        high: value + (measured.high - value).hypot(spread),
    })
}

/// Joint ÷ separate, see the top of this file.
fn ratio(joint: &Inference, separate: &[&Inference]) -> Option<Estimate> {
    let (a, spread_a) = parts(joint)?;
    let (b, spread_b) = summed(separate)?;
    if !(a.value > 0.0 && b.value > 0.0) {
        return None;
    }
    let below = |of: Estimate| (of.value - of.low) / of.value;
    let above = |of: Estimate| (of.high - of.value) / of.value;
    let spread = (spread_a / a.value).hypot(spread_b / b.value);
    let is_one_meter = separate.iter().all(|one| source(one) == source(joint));
    let measured = |of_a: f64, of_b: f64, same: f64| match is_one_meter {
        true => (of_a - same).abs(),
        false => of_a.hypot(of_b),
    };
    let low = spread.hypot(measured(below(a), above(b), below(b)));
    let high = spread.hypot(measured(above(a), below(b), above(b)));
    let value = a.value / b.value;
    Some(Estimate {
        value,
        low: value * (-low).exp(),
        high: value * high.exp(),
    })
}
