//! What a sweep came to, and how the program ends with it.

use super::{foretold, pauses};
use crate::analysis::trials::spent;
use crate::cli::Exit;
use crate::control::SweepFailure;
use crate::library::{Status, SweepRecord, TrialRecord, TrialStatus};
use crate::units::{duration, estimate};

/// A summary for the terminal.
pub fn text(sweep: &SweepRecord, trials: &[TrialRecord]) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        text.push_str(&format!("{name:<14}{value}\n"));
    };
    let name = sweep.name.as_deref().unwrap_or("a sweep");
    line("sweep", format!("{} · {name} · {}", sweep.id, sweep.status));
    let counts: Vec<String> = TrialStatus::ALL
        .into_iter()
        .map(|status| {
            (
                status,
                trials.iter().filter(|it| it.status == status).count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    line("trials", format!("{}: {}", trials.len(), counts.join(", ")));
    let spent = spent(trials);
    line("trained", duration(spent.time_s));
    if let Some(energy_j) = spent.energy_j {
        line("energy", estimate(energy_j, "J"));
    }
    let without = spent.without;
    if without > 0 {
        line(
            "",
            format!("{without} runs have no energy and are not in the sum"),
        );
    }
    if spent.simulated {
        line("", "simulated: none of it was drawn here".to_owned());
    }
    if let Some(pauses) = pauses::after(trials) {
        line("pauses", pauses);
    }
    if let Some(error) = foretold::error(sweep, spent.time_s, spent.energy_j, spent.simulated) {
        line("foretold", error);
    }
    if let Some(found) = sweep
        .found
        .as_ref()
        .and_then(|found| found["text"].as_str())
    {
        line("found", found.to_owned());
    }
    for trial in failed(trials).take(5) {
        let reason = trial.reason.as_deref().unwrap_or("no reason is known");
        line("failed", format!("trial {}: {reason}", trial.number));
    }
    let more = failed(trials).count().saturating_sub(5);
    if more > 0 {
        line("", format!("and {more} more"));
    }
    if sweep.status != Status::Completed {
        line("go on", format!("joulelab sweep --resume {}", sweep.id));
    }
    text
}

fn failed(trials: &[TrialRecord]) -> impl Iterator<Item = &TrialRecord> {
    trials
        .iter()
        .filter(|trial| trial.status == TrialStatus::Failed)
}

/// How the program ends with a sweep.
pub fn exit(sweep: &SweepRecord, trials: &[TrialRecord]) -> Exit {
    let has = |status: TrialStatus| trials.iter().any(|trial| trial.status == status);
    match sweep.status {
        Status::Stopped | Status::Interrupted => Exit::Interrupted,
        _ if has(TrialStatus::Done) => Exit::Success,
        _ if has(TrialStatus::NotReached) => Exit::TargetNotReached,
        _ => Exit::Training,
    }
}

/// How the program ends where the sweep failed as a whole.
pub fn exit_of(failure: &SweepFailure) -> Exit {
    match failure {
        SweepFailure::Library(_) | SweepFailure::Record { .. } | SweepFailure::Stored(_) => {
            Exit::Storage
        }
        SweepFailure::Start(_) => Exit::Usage,
        SweepFailure::Worker(_) => Exit::WorkerDied,
        SweepFailure::Occupied { .. } => Exit::Device,
    }
}
