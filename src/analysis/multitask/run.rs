//! What the comparison has to know of a run.

use serde::Serialize;
use serde_json::Value;

use crate::library::{EpochRecord, RunDetails, sum_of_parts};
use crate::setup::{DatasetSetup, Setup};
use crate::units::{Estimate, HeadOutcome, HeadResult};

/// A run, as the comparison sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskRun {
    /// Its identifier.
    pub run: String,
    /// Its seed.
    pub seed: u64,
    /// What it learnt: each label with its last result.
    pub tasks: Vec<HeadOutcome>,
    /// Joules of training and evaluation, over all parts of the machine.
    pub energy_j: Option<Estimate>,
    /// Its meters, in words.
    pub source: String,
    /// Seconds of training and evaluation.
    pub time_s: f64,
    /// Trainable numbers.
    pub parameters: Option<u64>,
    /// Machine and device.
    pub device: String,
    /// Dataset, model, start and regime.
    #[serde(skip)]
    pub setup: Value,
}

/// Why runs cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotCompare(pub String);

impl TaskRun {
    /// Of a stored run.
    ///
    /// # Errors
    /// Where it does not say which labels it learnt, or has not been evaluated.
    pub fn of(details: &RunDetails) -> Result<Self, CannotCompare> {
        let run = &details.run;
        let refuse = |why: &str| CannotCompare(format!("run {}: {why}", run.id));
        let setup: Setup = serde_json::from_str(&run.setup.json)
            .map_err(|error| refuse(&format!("its setup is of another version: {error}")))?;
        let tasks = tasks(details, &setup).ok_or_else(|| {
            refuse(
                "which label it learnt is not known; a run of one label counts on digits, shapes and cifar100, on other sets \
                 with `--heads LABEL`",
            )
        })?;
        if tasks.iter().any(|task| task.last.value.is_none()) {
            return Err(refuse("it was never evaluated"));
        }
        let sum = sum_of_parts(&details.training).map(|sum| sum.figure);
        let (energy_j, source) =
            sum.map_or((None, String::new()), |sum| (sum.energy_j, sum.source));
        let measured = ["train", "evaluate"];
        let measured = details
            .totals
            .iter()
            .filter(|total| measured.contains(&total.phase.as_str()));
        Ok(Self {
            run: run.id.clone(),
            seed: run.setup.seed,
            tasks,
            energy_j,
            source,
            time_s: measured.map(|total| total.duration_s).sum(),
            parameters: run.parameters,
            device: format!("{} ({})", run.device.name, run.machine.fingerprint),
            setup: serde_json::from_str(&run.setup.json).unwrap_or_default(),
        })
    }
}

/// The labels that a setup learns; `None` where it learns one that is not named.
pub fn labels(setup: &Setup) -> Option<Vec<String>> {
    match &setup.multitask {
        Some(multitask) => Some(
            multitask
                .heads
                .iter()
                .map(|head| head.label.clone())
                .collect(),
        ),
        None => Some(vec![label_of(&setup.dataset)?.to_owned()]),
    }
}

/// What each head of a run came to by its evaluations; none where one label is learnt.
pub fn outcomes(epochs: &[EpochRecord]) -> Vec<HeadOutcome> {
    after(epochs, |epoch| epoch.heads.clone())
}

/// What each label of a run came to; `None` where it has one that is not named.
fn tasks(details: &RunDetails, setup: &Setup) -> Option<Vec<HeadOutcome>> {
    let outcomes = match &setup.multitask {
        Some(_) => outcomes(&details.epochs),
        None => {
            let label = label_of(&setup.dataset)?;
            after(&details.epochs, |epoch| {
                vec![HeadResult {
                    head: label.to_owned(),
                    metric: details.run.metrics.metric,
                    value: epoch.test_metric,
                    loss: epoch.test_loss,
                    target: setup.regime.stop.target,
                    ..HeadResult::default()
                }]
            })
        }
    };
    (!outcomes.is_empty()).then_some(outcomes)
}

fn after(
    epochs: &[EpochRecord],
    looks: impl Fn(&EpochRecord) -> Vec<HeadResult>,
) -> Vec<HeadOutcome> {
    let mut outcomes: Vec<HeadOutcome> = Vec::new();
    for epoch in epochs {
        let looks = looks(epoch).into_iter().enumerate();
        outcomes = looks
            .map(|(at, look)| HeadOutcome::after(outcomes.get(at), look, epoch.step))
            .collect();
    }
    outcomes
}

/// The label that a set learns by itself, where its setup says so.
fn label_of(dataset: &DatasetSetup) -> Option<&'static str> {
    match dataset {
        DatasetSetup::Digits(_) => Some("digit"),
        DatasetSetup::Shapes(shapes) => Some(shapes.label.name()),
        DatasetSetup::Cifar100(cifar) => Some(cifar.labels.name()),
        _ => None,
    }
}
