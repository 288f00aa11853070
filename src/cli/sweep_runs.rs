//! The runs of a sweep, setup by setup, for the commands that compare setups.

use super::{Exit, Failed};
use crate::analysis::search::words;
use crate::library::{Library, RunDetails, TrialStatus};
use crate::setup::sweep::AxisValue;

/// The runs of one setup, one for each seed.
pub struct OfSetup {
    /// What the axes say, for people.
    pub label: String,
    /// The runs that came to their end.
    pub runs: Vec<RunDetails>,
}

/// The runs of the sweep that `given` means, in the order of its combinations.
///
/// # Errors
/// Where there is no such sweep, or none of its runs has come to its end.
pub fn by_setup(library: &Library, given: &str) -> Result<Vec<OfSetup>, Failed> {
    let record = library.sweep(given)?;
    let mut trials = library.trials(&record.id)?;
    trials.sort_by_key(|trial| (trial.combination, trial.seed));
    let mut found: Vec<(u64, OfSetup)> = Vec::new();
    for trial in trials {
        let Some(run_id) = &trial.run_id else {
            continue;
        };
        if !matches!(trial.status, TrialStatus::Done | TrialStatus::NotReached) {
            continue;
        }
        if found
            .last()
            .is_none_or(|(number, _)| *number != trial.combination)
        {
            let values: Vec<AxisValue> =
                serde_json::from_value(trial.values.clone()).unwrap_or_default();
            let label = words(&values);
            let runs = Vec::new();
            found.push((trial.combination, OfSetup { label, runs }));
        }
        // A run that a later rung went on with is there once for each rung.
        if let Some((_, setup)) = found.last_mut()
            && !setup.runs.iter().any(|known| known.run.id == *run_id)
        {
            setup.runs.push(library.details(run_id)?);
        }
    }
    if found.is_empty() {
        return Err(Failed::new(
            Exit::Usage,
            format!(
                "no run of sweep {} has come to its end; `joulelab sweep --resume {}` goes on with it",
                record.id, record.id
            ),
        ));
    }
    Ok(found.into_iter().map(|(_, setup)| setup).collect())
}
