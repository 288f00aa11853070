//! The life of a model from runs of the library: which of their figures count, and which of them can be compared at all.

use serde::Serialize;

use super::lifecycle::{
    AssumptionError, Assumptions, BreakEven, Cost, LifeCycle, Serving, break_even, embodied,
    life_cycle,
};
use crate::library::{Ancestor, Inference, RunDetails, sum_by_source, sum_of_parts};
use crate::units::{EnergyFigure, Estimate, count, estimate, significant};

/// Why nothing can be told of a model's life.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifeError {
    /// Of no run there is nothing to tell.
    #[error("no run is named")]
    NoRun,
    /// No meter answered.
    #[error("run {run} has no energy: no meter answered")]
    NoEnergy {
        /// The run.
        run: String,
    },
    /// Two models.
    #[error("runs {first} and {other} did not start from the same: their lives are two")]
    TwoLives {
        /// A run.
        first: String,
        /// The other.
        other: String,
    },
    /// A sum without it would be too small.
    #[error(
        "what went into {of} is not known: its energy was not measured, or is not stated (start.file_energy_j)"
    )]
    UnknownAncestor {
        /// The run or file.
        of: String,
    },
    /// An assumption that cannot be.
    #[error(transparent)]
    Assumption(#[from] AssumptionError),
}

/// A model's life, and whether what it started from has paid off.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Life {
    /// Its stages.
    pub life_cycle: LifeCycle,
    /// Mean of its runs.
    pub training: Cost,
    /// What went into the weights that they started from.
    pub pretraining: Option<Cost>,
    /// Mean of the runs from nothing, where those can be compared with them.
    pub scratch: Option<Cost>,
    /// When the pretraining has paid off.
    pub break_even: Option<BreakEven>,
    /// Why that cannot be told, where it was asked.
    pub no_break_even: Option<String>,
}

/// The life of the model of `runs`, one for each seed; `scratch` are runs to the same target from nothing, and `inference` is what asking
/// takes.
///
/// # Errors
/// Where the runs are not of one model, an energy that counts is not known, or an assumption cannot be.
pub fn life(
    runs: &[RunDetails],
    scratch: &[RunDetails],
    inference: Option<&Inference>,
    assumptions: &Assumptions,
) -> Result<Life, LifeError> {
    let training = cost(runs)?;
    let pretraining = before(runs)?;
    let serving = inference.and_then(serving);
    let life_cycle = life_cycle(
        assumptions,
        pretraining.as_ref(),
        &training,
        serving.as_ref(),
    )?;
    let from_nothing = (!scratch.is_empty())
        .then(|| comparable(pretraining.is_some(), runs, scratch))
        .transpose();
    let (scratch, no_break_even) = match from_nothing {
        Ok(cost) => (cost, None),
        Err(reason) => (None, Some(reason)),
    };
    let both = pretraining.as_ref().zip(scratch.as_ref());
    let break_even = both.map(|(before, scratch)| break_even(before, scratch, &training));
    Ok(Life {
        life_cycle,
        training,
        pretraining,
        scratch,
        break_even,
        no_break_even,
    })
}

/// What runs took in the mean, with their seconds of training and evaluation.
fn cost(runs: &[RunDetails]) -> Result<Cost, LifeError> {
    let each = runs.iter().map(|run| {
        let sum = sum_of_parts(&run.training).map(|sum| sum.figure);
        let known = sum.and_then(|figure| Some((figure.energy_j?, figure.window_s, figure.source)));
        known.ok_or_else(|| LifeError::NoEnergy {
            run: run.run.id.clone(),
        })
    });
    let each = each.collect::<Result<Vec<_>, LifeError>>()?;
    Cost::of(&each).ok_or(LifeError::NoRun)
}

/// What went into the weights that the runs started from: the same for all, or one for each seed, of which the mean counts. They must
/// have learnt the same, as far as their records tell.
fn before(runs: &[RunDetails]) -> Result<Option<Cost>, LifeError> {
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

/// Joules, seconds and meters of all that is in a run's weights.
fn ancestry(ancestors: &[Ancestor]) -> Result<(Estimate, f64, String), LifeError> {
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
    let seconds = ancestors
        .iter()
        .filter_map(|ancestor| ancestor.duration_s)
        .sum();
    Ok((energy_j, seconds, source))
}

/// What a sample takes; `None` where no meter answered.
fn serving(inference: &Inference) -> Option<Serving> {
    Some(Serving {
        energy_j: inference.energy_j?.scale(1e-3),
        spread_j: inference.spread_j.map(|spread| spread * 1e-3),
        seconds: 1.0 / inference.throughput.max(f64::MIN_POSITIVE),
        source: inference.sum.as_ref()?.figure.source.clone(),
    })
}

/// The mean of `scratch`, where it can be compared with `runs`.
fn comparable(
    has_ancestors: bool,
    runs: &[RunDetails],
    scratch: &[RunDetails],
) -> Result<Cost, String> {
    if !has_ancestors {
        return Err("the runs started from nothing: there is nothing to be paid off".to_owned());
    }
    let target = |run: &RunDetails| {
        let setup: serde_json::Value = serde_json::from_str(&run.run.setup.json).ok()?;
        setup.pointer("/regime/stop/target")?.as_f64()
    };
    let wanted = runs.first().and_then(target);
    for run in runs.iter().chain(scratch) {
        let id = &run.run.id;
        if wanted.is_none() || target(run) != wanted {
            return Err(format!(
                "run {id} has no target, or another one: only energies to the same target can be compared (--target of `run`)"
            ));
        }
        if run.run.target_reached != Some(true) {
            return Err(format!(
                "run {id} did not reach the target: what it would have taken is not known; train it longer, or lower the target of all"
            ));
        }
    }
    if let Some(run) = scratch.iter().find(|run| !run.ancestors.is_empty()) {
        return Err(format!(
            "run {}, which is to be one from scratch, did not start from nothing",
            run.run.id
        ));
    }
    cost(scratch).map_err(|error| error.to_string())
}

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
