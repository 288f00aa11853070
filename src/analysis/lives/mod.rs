//! The life of a model from runs of the library: which of their figures count, and which of them can be compared at all.

mod alike;
mod answers;
mod costs;

use serde::Serialize;

use super::lifecycle::{
    AssumptionError, Assumptions, BreakEven, Cost, LifeCycle, break_even, life_cycle,
};
use crate::library::{Inference, RunDetails};
pub use alike::{Asked, place};
pub use answers::{AsTraining, answers_as_training, answers_in_words, assumptions};

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
    /// Its mean would count it double.
    #[error("run {run} is named twice: name each run once")]
    Twice {
        /// The run.
        run: String,
    },
    /// The second repeats the first.
    #[error(
        "runs {first} and {other} have one seed ({seed}) and began alike: they repeat each other, and tell nothing of how far seeds \
         differ; name one of them"
    )]
    OneSeed {
        /// A run.
        first: String,
        /// The other.
        other: String,
        /// Their seed.
        seed: u64,
    },
    /// A mean over both would be one over two things.
    #[error("runs {first} and {other} are not seeds of one model: they differ in {differ}")]
    TwoModels {
        /// A run.
        first: String,
        /// The other.
        other: String,
        /// In what they differ, with what each has.
        differ: String,
    },
    /// What it learnt is not known.
    #[error("run {run} cannot be compared with others: its setup is of another version")]
    OtherVersion {
        /// The run.
        run: String,
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
    /// What else whoever reads it should know, in sentences without their ends.
    pub remarks: Vec<String>,
}

/// The life of the model of `runs`, one for each seed; `scratch` are runs to the same target from nothing, and `inference` is what asking
/// takes.
///
/// # Errors
/// Where the runs are not seeds of one model, one of them counts twice, an energy that counts is not known, or an assumption cannot be.
pub fn life(
    runs: &[RunDetails],
    scratch: &[RunDetails],
    inference: Option<&Inference>,
    assumptions: &Assumptions,
) -> Result<Life, LifeError> {
    alike::check(runs, scratch)?;
    let training = costs::cost(runs)?;
    let pretraining = costs::before(runs)?;
    let serving = inference.and_then(costs::serving);
    let life_cycle = life_cycle(
        assumptions,
        pretraining.as_ref(),
        &training,
        serving.as_ref(),
    )?;
    let remarks = life_cycle.unknown().into_iter();
    let remarks = remarks.chain(alike::remarks(runs, scratch)).collect();
    let from_nothing = (!scratch.is_empty())
        .then(|| alike::comparable(pretraining.is_some(), runs, scratch))
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
        remarks,
    })
}
