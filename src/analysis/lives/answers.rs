//! What a single run is reckoned with, and after how many answers asking has taken as much as learning.

use super::life;
use crate::analysis::lifecycle::{AssumptionError, Assumptions, embodied};
use crate::library::{Inference, RunDetails, sum_of_parts};
use crate::units::{EnergyFigure, Estimate, count, estimate, significant};

/// Defaults, and what `run` was reckoned with. Embodied carbon is that of the class of its device.
///
/// # Errors
/// Where the table of classes lacks it.
pub fn assumptions(run: &RunDetails) -> Result<Assumptions, AssumptionError> {
    let mut found = Assumptions::default();
    if let Some(basis) = &run.run.carbon {
        found.g_per_kwh = basis.g_per_kwh;
        found.intensity_source = match &basis.country {
            Some(country) => format!("{country}: {}", basis.source),
            None => basis.source.clone(),
        };
        found.pue = basis.pue;
    }
    found.embodied = Some(embodied(class(&run.run.device.kind))?);
    Ok(found)
}

/// Answers set against learning.
#[derive(Clone, Debug, PartialEq)]
pub struct AsTraining {
    /// So many take as much energy as learning took.
    pub answers: Estimate,
    /// Joules of learning, what was learnt before included.
    pub learning_j: Estimate,
    /// Of these what went into the weights that the run started from, and into its teachers; none for a run from nothing.
    pub before_j: Option<Estimate>,
    /// What is to be minded where the energies of learning and answering are not alike.
    pub mind: Option<String>,
}

impl AsTraining {
    /// Whether what was learnt before is in the energy of learning, in words to stand behind it; empty where nothing was.
    pub fn before_in_words(&self) -> String {
        self.before_j.map_or_else(String::new, |before| {
            format!(
                ", {} of it in what it started or learnt from",
                estimate(before, "J")
            )
        })
    }
}

/// After how many answers asking `run` has taken as much energy as learning it, what was learnt before included. `None` where one
/// of the two energies is not known.
pub fn answers_as_training(run: &RunDetails, inference: &Inference) -> Option<AsTraining> {
    let assumptions = assumptions(run).ok()?;
    let life = life(
        std::slice::from_ref(run),
        &[],
        Some(inference),
        &assumptions,
    )
    .ok()?;
    let number = life.life_cycle.inferences_as_training?;
    let learning = sum_of_parts(&run.training)?.figure;
    let answering = &inference.sum.as_ref()?.figure;
    let is_alike = learning.boundary == answering.boundary && learning.grade == answering.grade;
    let told = |figure: &EnergyFigure| format!("{}, grade {}", figure.boundary, figure.grade);
    let mind = (!is_alike).then(|| {
        format!(
            "the two energies are not of the same kind: learning {}; answering {}",
            told(&learning),
            told(answering)
        )
    });
    let share = 1.0 / life.life_cycle.assumptions.uses as f64;
    let before_j = life.pretraining.map(|cost| cost.energy_j.scale(share));
    let own_j = life.training.energy_j;
    Some(AsTraining {
        answers: number,
        // What is uncertain in a meter is so in both where they had the same: the wider interval, should they not.
        learning_j: before_j.map_or(own_j, |before| own_j.plus_same_source(before)),
        before_j,
        mind,
    })
}

/// A number of answers with its interval, for people: `335,000 (310,000 to 362,000)`.
pub fn answers_in_words(answers: Estimate) -> String {
    let written = |value: f64| {
        let step = 10_f64.powf((value.max(1.0).log10().floor() - 2.0).max(0.0));
        match value {
            value if !value.is_finite() => "no end".to_owned(),
            value if value < 1.0 => significant(value, 2),
            value => count(((value / step).round() * step) as u64),
        }
    };
    format!(
        "{} ({} to {})",
        written(answers.value),
        written(answers.low),
        written(answers.high)
    )
}

/// The class of a device of this kind.
fn class(kind: &str) -> &'static str {
    match kind {
        "discrete-gpu" => "accelerator",
        "integrated-gpu" => "laptop",
        _ => "server",
    }
}
