//! What a run came to, as its trial keeps it.

use crate::control::Ending;
use crate::library::{Status, TrialEnd, TrialResult, TrialStatus};
use crate::protocol::Summary;

/// Why a run was stopped before its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Cut {
    /// It had cost too much; says how much.
    Cost(String),
    /// The sweep was ended by the user.
    User,
}

/// What becomes of a trial whose run ended as `ending` says.
pub fn of_ending(ending: &Ending, cut: Option<&Cut>) -> TrialEnd {
    let result = ending.summary.as_ref().map(result);
    let message = ending
        .failure
        .as_ref()
        .map(|failure| failure.message.clone());
    match (ending.status, cut) {
        (Status::Stopped, Some(Cut::Cost(text))) if is_cut(ending.summary.as_ref()) => TrialEnd {
            status: TrialStatus::Pruned,
            reason: Some(text.clone()),
            result,
        },
        (Status::Stopped, _) if is_cut(ending.summary.as_ref()) => again(
            "stopped by the user after a step and saved there; it goes on from its checkpoint",
        ),
        (Status::Interrupted, _) => again("ended at once by the user; it will be made again"),
        (Status::Running | Status::Completed | Status::Stopped, _) => finished(result),
        (Status::Failed, _) => failed(result, message),
    }
}

/// What becomes of a trial whose run, as the library tells, ended while nobody kept its trial.
pub fn of_stored(status: Status, summary: Option<&Summary>, failure: Option<String>) -> TrialEnd {
    match status {
        Status::Failed => failed(summary.map(result), failure),
        _ => finished(summary.map(result)),
    }
}

/// Whether the run was stopped, rather than coming to an end of its own.
pub fn is_cut(summary: Option<&Summary>) -> bool {
    summary.is_none_or(|summary| summary.reason == "user")
}

fn finished(result: Option<TrialResult>) -> TrialEnd {
    let missed = result
        .as_ref()
        .is_some_and(|result| result.ended && result.target_reached == Some(false));
    TrialEnd {
        status: if missed {
            TrialStatus::NotReached
        } else {
            TrialStatus::Done
        },
        reason: None,
        result,
    }
}

/// A run that diverged has not reached its target, where it had one: that is a result. Any other failure is none.
fn failed(result: Option<TrialResult>, message: Option<String>) -> TrialEnd {
    let diverged = result
        .as_ref()
        .is_some_and(|result| result.target_reached.is_some());
    TrialEnd {
        status: if diverged {
            TrialStatus::NotReached
        } else {
            TrialStatus::Failed
        },
        reason: message,
        result,
    }
}

fn again(reason: &str) -> TrialEnd {
    TrialEnd {
        status: TrialStatus::Planned,
        reason: Some(reason.to_owned()),
        result: None,
    }
}

/// The figures of a run.
pub fn result(summary: &Summary) -> TrialResult {
    let gross = &summary.components.gross;
    TrialResult {
        metric: summary.metric,
        value: summary.final_metric,
        best_value: summary.best_metric,
        loss: summary.final_loss,
        target_reached: summary.target_reached,
        energy_j: gross.energy_j,
        grade: gross.energy_j.map(|_| gross.grade),
        simulated: gross.is_simulated(),
        time_s: summary.train_s.max(gross.window_s),
        steps: summary.steps,
        epochs: summary.epochs,
        ended: !matches!(summary.reason.as_str(), "pause" | "user"),
    }
}
