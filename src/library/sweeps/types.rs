use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::library::types::{Owner, Status};
use crate::units::{Estimate, Grade, Metric, UnknownName};

/// How a trial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialStatus {
    /// To be run.
    Planned,
    /// Going on; or it was when its program ended.
    Running,
    /// Its run ended as its setup says, with the target reached where there is one.
    Done,
    /// Its run ended without reaching its target.
    NotReached,
    /// Its run failed, or could not begin.
    Failed,
    /// Given up on purpose: a run that was stopped since others are better, or one that was never begun for the same reason.
    Pruned,
    /// Never begun, because the sweep was ended.
    Skipped,
}

impl TrialStatus {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Planned,
        Self::Running,
        Self::Done,
        Self::NotReached,
        Self::Failed,
        Self::Pruned,
        Self::Skipped,
    ];

    /// Stable identifier, as stored, exported and shown.
    pub fn id(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Done => "done",
            Self::NotReached => "not-reached",
            Self::Failed => "failed",
            Self::Pruned => "pruned",
            Self::Skipped => "skipped",
        }
    }

    /// The status with this identifier.
    ///
    /// # Errors
    /// Where there is none.
    pub fn from_id(id: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|status| status.id() == id)
            .ok_or_else(|| UnknownName::new("trial status", id, Self::ALL.map(Self::id)))
    }

    /// Whether nothing more will happen to it.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Planned | Self::Running)
    }
}

impl std::fmt::Display for TrialStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// A sweep that is about to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewSweep {
    /// Made by the caller; unique for ever.
    pub id: String,
    /// What it is called.
    pub name: Option<String>,
    /// Canonical JSON of the whole sweep.
    pub json: String,
    /// Hash of what decides its runs.
    pub hash: String,
    /// Kind of its searcher.
    pub searcher: String,
    /// Version of this program.
    pub program_version: String,
    /// Who runs it.
    pub owner: Owner,
    /// What was expected of it, as plain data.
    pub forecast: Option<Value>,
}

/// A sweep as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepRecord {
    /// Identifier.
    pub id: String,
    /// What it is called.
    pub name: Option<String>,
    /// How it stands: `completed` once nothing is left to run.
    pub status: Status,
    /// Why it failed.
    pub failure: Option<String>,
    /// Canonical JSON of the whole sweep.
    pub json: String,
    /// Hash of what decides its runs.
    pub hash: String,
    /// Kind of its searcher.
    pub searcher: String,
    /// Version of the program that began it.
    pub program_version: String,
    /// Who runs or ran it.
    pub owner: Owner,
    /// When it was created.
    #[serde(with = "crate::library::time::rfc3339")]
    pub created_at: Timestamp,
    /// When it ended.
    #[serde(with = "crate::library::time::optional_rfc3339")]
    pub finished_at: Option<Timestamp>,
    /// When it was last heard of.
    #[serde(with = "crate::library::time::rfc3339")]
    pub last_seen_at: Timestamp,
    /// What was expected of it before it began, as plain data.
    pub forecast: Option<Value>,
    /// What its searcher found in the end, as plain data.
    pub found: Option<Value>,
}

/// A sweep in a list, with how many of its trials are in which state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepRow {
    /// The sweep.
    pub sweep: SweepRecord,
    /// Counts by state; states without a trial are left out.
    pub trials: Vec<(TrialStatus, u64)>,
}

impl SweepRow {
    /// Trials in any state.
    pub fn total(&self) -> u64 {
        self.trials.iter().map(|(_, count)| count).sum()
    }

    /// Trials in `status`.
    pub fn count(&self, status: TrialStatus) -> u64 {
        self.trials
            .iter()
            .filter(|(of, _)| *of == status)
            .map(|(_, count)| count)
            .sum()
    }

    /// Trials to which nothing more will happen.
    pub fn over(&self) -> u64 {
        self.trials
            .iter()
            .filter(|(of, _)| of.is_over())
            .map(|(_, count)| count)
            .sum()
    }
}

/// A trial that is to be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewTrial {
    /// Where it stands in the order in which trials are run, from 1.
    pub number: u64,
    /// Which combination of the axes' values it is, from 0.
    pub combination: u64,
    /// Which repeat, from 0.
    pub repeat: u64,
    /// Which rung of a search that goes in rungs, from 0.
    pub rung: u64,
    /// Its seed.
    pub seed: u64,
    /// What the axes say, a list of `{field, value}`.
    pub values: Value,
    /// Canonical JSON of its setup.
    pub setup_json: String,
    /// The setup's hash.
    pub setup_hash: String,
    /// The setup's hash without the seed.
    pub group_hash: String,
    /// How far it goes for now and what more its searcher asked for, as plain data.
    pub plan: Option<Value>,
    /// `planned`; or `failed` with a reason, where its fields do not go together.
    pub status: TrialStatus,
    /// Why it stands so.
    pub reason: Option<String>,
}

/// The pause before a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CooledDown {
    /// How long it was, s.
    pub waited_s: f64,
    /// Whether the machine came near its idle power; `None` where that was not looked at.
    pub reached: Option<bool>,
    /// Power at its end, W, of all meters together.
    pub power_w: Option<f64>,
    /// Power of the idle machine that it was compared with, W.
    pub idle_w: Option<f64>,
    /// What happened, in a sentence.
    pub text: String,
}

/// What a trial came to when it ended, as its searcher saw it. A run that goes on in a later rung has more by then.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrialResult {
    /// What the task is judged by.
    pub metric: Metric,
    /// The last held-out value of it.
    pub value: Option<f64>,
    /// The best held-out value of it.
    pub best_value: Option<f64>,
    /// The last held-out loss.
    pub loss: Option<f64>,
    /// Whether the target was reached; `None` where there is none.
    pub target_reached: Option<bool>,
    /// Gross joules of training and evaluation since the run began.
    pub energy_j: Option<Estimate>,
    /// How good the source of that is.
    pub grade: Option<Grade>,
    /// Whether the meters were made up.
    pub simulated: bool,
    /// Seconds of training and evaluation since the run began.
    pub time_s: f64,
    /// Steps since the run began.
    pub steps: u64,
    /// Epochs since the run began.
    pub epochs: u64,
    /// Whether the run has ended for good, rather than for now.
    pub ended: bool,
}

/// The end of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialEnd {
    /// How it stands now.
    pub status: TrialStatus,
    /// Why.
    pub reason: Option<String>,
    /// What it came to.
    pub result: Option<TrialResult>,
}

/// A trial as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// Where it stands in the order in which trials are run, from 1.
    pub number: u64,
    /// Which combination of the axes' values it is, from 0.
    pub combination: u64,
    /// Which repeat, from 0.
    pub repeat: u64,
    /// Which rung, from 0.
    pub rung: u64,
    /// Its seed.
    pub seed: u64,
    /// What the axes say, a list of `{field, value}`.
    pub values: Value,
    /// Canonical JSON of its setup.
    pub setup_json: String,
    /// The setup's hash.
    pub setup_hash: String,
    /// The setup's hash without the seed: trials that only differ in chance share it.
    pub group_hash: String,
    /// How far it goes for now and what more its searcher asked for, as plain data.
    pub plan: Option<Value>,
    /// How it stands.
    pub status: TrialStatus,
    /// Why it failed, was given up, or was done again.
    pub reason: Option<String>,
    /// Its run; trials of several rungs may share one.
    pub run_id: Option<String>,
    /// The pause before it.
    pub cool_down: Option<CooledDown>,
    /// What it came to.
    pub result: Option<TrialResult>,
    /// When it began.
    #[serde(with = "crate::library::time::optional_rfc3339")]
    pub began_at: Option<Timestamp>,
    /// When it ended.
    #[serde(with = "crate::library::time::optional_rfc3339")]
    pub ended_at: Option<Timestamp>,
}
