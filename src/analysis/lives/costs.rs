//! What runs took, what went into the weights that they started from, and what asking takes.

use super::LifeError;
use crate::analysis::lifecycle::{Cost, Serving};
use crate::library::{Ancestor, Inference, RunDetails, sum_by_source, sum_of_parts};
use crate::units::Estimate;

/// What runs took in the mean, with their seconds of training and evaluation.
pub(super) fn cost(runs: &[RunDetails]) -> Result<Cost, LifeError> {
    let each = runs.iter().map(|run| {
        let sum = sum_of_parts(&run.training).map(|sum| sum.figure);
        let known =
            sum.and_then(|figure| Some((figure.energy_j?, Some(figure.window_s), figure.source)));
        known.ok_or_else(|| LifeError::NoEnergy {
            run: run.run.id.clone(),
        })
    });
    let each = each.collect::<Result<Vec<_>, LifeError>>()?;
    Cost::of(&each).ok_or(LifeError::NoRun)
}

/// What went into the weights that the runs started from: the same for all, or one for each seed, of which the mean counts. They must
/// have learnt the same, as far as their records tell.
pub(super) fn before(runs: &[RunDetails]) -> Result<Option<Cost>, LifeError> {
    let Some(first) = runs.first() else {
        return Err(LifeError::NoRun);
    };
    let is_alike = |one: &Ancestor, other: &Ancestor| {
        let of_file = one.run_id.is_none() || other.run_id.is_none();
        let learnt = |of: &Ancestor| (of.generation, of.dataset.clone(), of.model.clone());
        one.label() == other.label() || !of_file && learnt(one) == learnt(other)
    };
    let other = runs.iter().find(|run| {
        let (one, other) = (&first.ancestors, &run.ancestors);
        one.len() != other.len()
            || !one
                .iter()
                .zip(other)
                .all(|(one, other)| is_alike(one, other))
    });
    if let Some(other) = other {
        return Err(LifeError::TwoLives {
            first: first.run.id.clone(),
            other: other.run.id.clone(),
        });
    }
    let mut different: Vec<&[Ancestor]> = Vec::new();
    let labels = |of: &[Ancestor]| -> Vec<String> {
        of.iter()
            .map(|ancestor| ancestor.label().to_owned())
            .collect()
    };
    for run in runs.iter().filter(|run| !run.ancestors.is_empty()) {
        if !different
            .iter()
            .any(|known| labels(known) == labels(&run.ancestors))
        {
            different.push(&run.ancestors);
        }
    }
    let costs = different.into_iter().map(ancestry);
    let costs = costs.collect::<Result<Vec<_>, LifeError>>()?;
    Ok(Cost::of(&costs))
}

/// Joules, seconds and meters of all that is in a run's weights. Seconds are those of training and evaluation, as those of the run itself;
/// of a file they are not known.
fn ancestry(ancestors: &[Ancestor]) -> Result<(Estimate, Option<f64>, String), LifeError> {
    let mut parts = Vec::new();
    for ancestor in ancestors {
        let (energy_j, source) = ancestor.energy();
        let Some(energy_j) = energy_j else {
            let of = ancestor.label().to_owned();
            return Err(LifeError::UnknownAncestor { of });
        };
        parts.push((energy_j, source));
    }
    let mut sources: Vec<&str> = parts.iter().map(|(_, source)| source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let source = sources.join(" + ");
    let energy_j = sum_by_source(
        parts
            .iter()
            .map(|(energy, source)| (*energy, source.as_str())),
    );
    let seconds = ancestors.iter().map(Ancestor::training_s).sum();
    Ok((energy_j, seconds, source))
}

/// What a sample takes; `None` where no meter answered.
pub(super) fn serving(inference: &Inference) -> Option<Serving> {
    let throughput = Some(inference.throughput).filter(|throughput| *throughput > 0.0);
    Some(Serving {
        energy_j: inference.energy_j?.scale(1e-3),
        spread_j: inference.spread_j.map(|spread| spread * 1e-3),
        seconds: 1.0 / throughput?,
        source: inference.sum.as_ref()?.figure.source.clone(),
    })
}
