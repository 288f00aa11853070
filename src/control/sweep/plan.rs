//! From what a searcher proposes to trials in the library, and back to setups.

use crate::analysis::search::{Plan, Proposed};
use crate::library::{NewTrial, TrialRecord, TrialStatus};
use crate::setup::Setup;
use crate::setup::sweep::Sweep;

/// The trials for `proposed`, numbered from `first`. One whose fields do not go together is failed from the beginning.
pub fn new_trials(sweep: &Sweep, proposed: &[Proposed], first: u64) -> Vec<NewTrial> {
    proposed
        .iter()
        .zip(first..)
        .map(|(proposed, number)| {
            let trial = sweep.trial(&proposed.combination, proposed.repeat, proposed.seed);
            let plan = (proposed.plan != Plan::default())
                // Plain data, which JSON can always hold.
                .then(|| serde_json::to_value(&proposed.plan).unwrap_or_default());
            NewTrial {
                number,
                combination: trial.combination,
                repeat: trial.repeat,
                rung: proposed.rung,
                seed: trial.seed,
                values: serde_json::to_value(&trial.values).unwrap_or_default(),
                setup_json: trial.setup.canonical_json(),
                setup_hash: trial.setup.hash(),
                group_hash: trial.setup.group_hash(),
                plan,
                status: match trial.problem {
                    None => TrialStatus::Planned,
                    Some(_) => TrialStatus::Failed,
                },
                reason: trial
                    .problem
                    .map(|problem| format!("not possible: {problem}")),
            }
        })
        .collect()
}

/// The setup of a stored trial.
pub fn setup(trial: &TrialRecord) -> Result<Setup, String> {
    serde_json::from_str(&trial.setup_json).map_err(|error| {
        format!(
            "the setup of trial {} is of another version: {error}",
            trial.number
        )
    })
}

/// What more is asked of a stored trial.
pub fn plan(trial: &TrialRecord) -> Plan {
    trial
        .plan
        .clone()
        .and_then(|plan| serde_json::from_value(plan).ok())
        .unwrap_or_default()
}
