//! What a single run is reckoned with, and after how many answers asking has taken as much as learning.

use super::life;
use crate::analysis::lifecycle::{AssumptionError, Assumptions, embodied};
use crate::library::{Inference, RunDetails, sum_of_parts};
use crate::units::{EnergyFigure, Estimate, count, significant};

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

/// After how many answers asking `run` has taken as much energy as learning it, what was learnt before included; with what is to be
/// minded where the two energies are not alike. `None` where one of them is not known.
pub fn answers_as_training(
    run: &RunDetails,
    inference: &Inference,
) -> Option<(Estimate, Option<String>)> {
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
    Some((number, mind))
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
