//! What became of the trials that were going on when their program ended.

use crate::control::{Folders, is_alive};
use crate::library::{Library, LibraryError, Run, Status, TrialEnd, TrialRecord, TrialStatus};
use crate::protocol::Summary;

use super::outcome;

/// How a trial begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The run to go on with; a new one where there is none.
    pub resume: Option<String>,
    /// Why it is begun once more, where it is.
    pub reason: Option<String>,
}

/// Settles the trials of `sweep` that say they are running, now that nobody runs them: a run that ended by itself is its
/// trial's result, any other trial is put back.
pub fn settle(library: &mut Library, sweep: &str, machine: &str) -> Result<(), LibraryError> {
    library.sweep_interrupted(machine, is_alive)?;
    for trial in library.trials(sweep)? {
        if trial.status == TrialStatus::Running {
            let end = became(library, &trial)?;
            library.end_trial(sweep, trial.number, &end)?;
        }
    }
    Ok(())
}

fn became(library: &Library, trial: &TrialRecord) -> Result<TrialEnd, LibraryError> {
    let back = |reason: &str| TrialEnd {
        status: TrialStatus::Planned,
        reason: Some(reason.to_owned()),
        result: None,
    };
    let Some(run) = stored(library, trial)? else {
        return Ok(back("the program ended before its run began"));
    };
    let details = library.details(&run.id)?;
    let summary: Option<Summary> = details
        .summary
        .and_then(|summary| serde_json::from_value(summary.json).ok());
    Ok(match run.status {
        Status::Completed | Status::Failed => {
            outcome::of_stored(run.status, summary.as_ref(), run.failure)
        }
        // A trial of a later rung stands on a run that was stopped in the rung before: that one tells nothing of this.
        Status::Stopped if !outcome::is_cut(summary.as_ref()) && began_before(trial, &run) => {
            outcome::of_stored(run.status, summary.as_ref(), run.failure)
        }
        Status::Stopped => back("the program ended while its run was stopped"),
        Status::Interrupted | Status::Running => back("the program ended in the middle of its run"),
    })
}

/// Whether the run was last heard of after the trial began.
fn began_before(trial: &TrialRecord, run: &Run) -> bool {
    trial
        .began_at
        .zip(run.finished_at)
        .is_some_and(|(began_at, finished_at)| began_at <= finished_at)
}

/// How `trial` begins, which may have begun before; `continues` is the run that it goes on with by its plan.
pub fn start(
    library: &Library,
    folders: &Folders,
    trial: &TrialRecord,
    continues: Option<&str>,
) -> Result<Start, LibraryError> {
    let run = stored(library, trial)?;
    let can_resume = |id: &str| folders.newest_checkpoint(id).is_some();
    let saying = |resume: Option<&str>, reason: Option<String>| Start {
        resume: resume.map(str::to_owned),
        reason,
    };
    if let Some(id) = continues {
        let again = run.filter(|run| run.id == id && run.status == Status::Interrupted);
        let reason = again.map(|_| {
            "its run was interrupted and goes on from its last checkpoint: the energy of steps that were done twice is in \
             its figures"
                .to_owned()
        });
        return Ok(if can_resume(id) {
            saying(Some(id), reason)
        } else {
            let reason = format!("the checkpoint of run {id} is gone; begun from the beginning");
            saying(None, Some(reason))
        });
    }
    Ok(match run {
        None => saying(None, trial.reason.clone()),
        Some(run) if run.status == Status::Stopped && can_resume(&run.id) => {
            let reason =
                "stopped by the user and gone on with from its checkpoint; no step was done twice";
            saying(Some(&run.id), Some(reason.to_owned()))
        }
        // The energy of steps that are done twice would be in its figures, and a comparison goes by them.
        Some(run) => {
            let reason = format!("done again: run {} was interrupted in the middle", run.id);
            saying(None, Some(reason))
        }
    })
}

/// The run that a trial names, where it is there.
fn stored(library: &Library, trial: &TrialRecord) -> Result<Option<Run>, LibraryError> {
    let Some(id) = &trial.run_id else {
        return Ok(None);
    };
    match library.run(id) {
        Ok(run) if run.id == *id => Ok(Some(run)),
        Ok(_)
        | Err(
            LibraryError::UnknownRun { .. }
            | LibraryError::DeletedRun { .. }
            | LibraryError::AmbiguousRun { .. },
        ) => Ok(None),
        Err(error) => Err(error),
    }
}
