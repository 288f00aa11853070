//! What a run is made of, as it is created and as it is read back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::inferences::Inference;
use super::lineage::{Ancestor, Relation};
use super::records::{Checkpoint, EpochRecord, IdlePower, Meter, PhaseEnergy, SelfCheck};
use crate::units::{Boundary, Estimate, Metric, UnknownName};

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Being recorded.
    Running,
    /// Its stop rule ended it.
    Completed,
    /// Somebody stopped it.
    Stopped,
    /// Its recorder went away; it can be resumed from its last checkpoint.
    Interrupted,
    /// It ended with an error.
    Failed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::Completed,
        Self::Stopped,
        Self::Interrupted,
        Self::Failed,
    ];

    /// Stable identifier, as stored, exported and shown.
    pub fn id(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }

    /// The status with this identifier.
    pub fn from_id(id: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|status| status.id() == id)
            .ok_or_else(|| UnknownName::new("status", id, Self::ALL.map(Self::id)))
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// A computer, in the state in which a run found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Stays the same over restarts and upgrades.
    pub fingerprint: String,
    /// Its name.
    pub hostname: Option<String>,
    /// Operating system and its version.
    pub os: String,
    /// Version of the kernel.
    pub kernel: Option<String>,
    /// Processor, as it names itself.
    pub cpu_model: Option<String>,
    /// Logical cores.
    pub logical_cores: Option<u32>,
    /// Memory in bytes.
    pub ram_bytes: Option<u64>,
}

/// What trains: an adapter over one graphics API, or the CPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Unique on its machine and the same over restarts and driver upgrades.
    pub identity: String,
    /// `discrete-gpu`, `integrated-gpu`, `cpu`, ….
    pub kind: String,
    /// For people.
    pub name: String,
    /// Who made it.
    pub vendor: Option<String>,
    /// Graphics API it is used over.
    pub api: Option<String>,
    /// Driver with its version.
    pub driver: Option<String>,
    /// PCI address or the platform's like.
    pub pci: Option<String>,
}

/// The process that records a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Fingerprint of the machine that the process is on.
    pub machine: String,
    /// Its process id.
    pub pid: u32,
    /// Tells it from a later process with the same id: its start time, or the like.
    pub token: String,
}

/// What was asked for, as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Canonical JSON of the whole setup.
    pub json: String,
    /// Its hash.
    pub hash: String,
    /// Its hash without the seed: runs that repeat each other share it.
    pub group_hash: String,
    /// The seed.
    pub seed: u64,
    /// Name of the dataset.
    pub dataset: String,
    /// The model in a few words.
    pub model: String,
}

/// What a joule of electricity stands for in carbon where the run took place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarbonBasis {
    /// Carbon intensity in gCO2e/kWh.
    pub g_per_kwh: f64,
    /// ISO 3166 code with three letters; `None` for the world mean or a figure of the user's own.
    pub country_iso3: Option<String>,
    /// Name of the country.
    pub country: Option<String>,
    /// Year of the figure.
    pub year: Option<i16>,
    /// Whose figure it is.
    pub source: String,
    /// Power usage effectiveness, at least 1.
    pub pue: f64,
}

/// A run that is about to begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// Made by the caller; unique for ever.
    pub id: String,
    /// A name given by the user.
    pub name: Option<String>,
    /// A remark given by the user.
    pub note: Option<String>,
    /// Labels given by the user.
    pub tags: Vec<String>,
    /// The run whose model this one starts from.
    pub parent_id: Option<String>,
    /// What was asked for.
    pub setup: Setup,
    /// Where it trains.
    pub machine: Machine,
    /// What it trains on.
    pub device: Device,
    /// Burn's backend.
    pub backend: String,
    /// Version of this program.
    pub program_version: String,
    /// Who records it.
    pub owner: Owner,
    /// The time of day of `t_s = 0`.
    #[serde(with = "super::time::rfc3339")]
    pub started_at: Timestamp,
    /// What its task is judged by.
    pub metric: Metric,
    /// Trainable parameters.
    pub parameters: Option<u64>,
    /// Floating-point operations for one sample, forwards and backwards.
    pub flops_per_sample: Option<f64>,
    /// For its carbon.
    pub carbon: Option<CarbonBasis>,
}

/// Where training got to; kept up to date with each epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// What the task is judged by; the figures below are of it.
    #[serde(default)]
    pub metric: Metric,
    /// Latest training loss.
    pub final_train_loss: Option<f64>,
    /// Latest value of the metric in training.
    pub final_train_metric: Option<f64>,
    /// Latest loss on the held-out split.
    pub final_test_loss: Option<f64>,
    /// Latest value on the held-out split.
    pub final_test_metric: Option<f64>,
    /// Lowest loss on the held-out split.
    pub best_test_loss: Option<f64>,
    /// Best value on the held-out split.
    pub best_test_metric: Option<f64>,
    /// Epoch of the best value, or of the lowest loss where there is none.
    pub best_epoch: Option<u64>,
}

/// A run as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Identifier.
    pub id: String,
    /// Name given by the user.
    pub name: Option<String>,
    /// Remark given by the user.
    pub note: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Whether the user wants it at the top.
    pub pinned: bool,
    /// The run whose model this one started from.
    pub parent_id: Option<String>,
    /// How it stands.
    pub status: Status,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was created.
    #[serde(with = "super::time::rfc3339")]
    pub created_at: Timestamp,
    /// The time of day of `t_s = 0`.
    #[serde(with = "super::time::rfc3339")]
    pub started_at: Timestamp,
    /// When it ended; of an interrupted run, when it was last heard of.
    #[serde(with = "super::time::optional_rfc3339")]
    pub finished_at: Option<Timestamp>,
    /// When its recorder last wrote.
    #[serde(with = "super::time::rfc3339")]
    pub last_seen_at: Timestamp,
    /// Seconds on its clock so far; a pause between an interruption and a resumption is not in it.
    pub duration_s: f64,
    /// Steps so far.
    pub steps: Option<u64>,
    /// Epochs so far.
    pub epochs: Option<u64>,
    /// What was asked for.
    pub setup: Setup,
    /// Trainable parameters.
    pub parameters: Option<u64>,
    /// Floating-point operations for one sample, forwards and backwards.
    pub flops_per_sample: Option<f64>,
    /// Where it trained.
    pub machine: Machine,
    /// What it trained on.
    pub device: Device,
    /// Burn's backend.
    pub backend: String,
    /// Version of the program.
    pub program_version: String,
    /// Who records or recorded it.
    pub owner: Owner,
    /// Where training got to.
    pub metrics: Metrics,
    /// Whether the target was reached; `None` where there was none, or it is not yet known.
    pub target_reached: Option<bool>,
    /// For its carbon.
    pub carbon: Option<CarbonBasis>,
}

/// What a run came to, said once when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The final summary as it was shown, for whoever reads it later.
    pub json: serde_json::Value,
    /// Whether the target was reached; `None` where there was none.
    pub target_reached: Option<bool>,
    /// Its carbon.
    pub carbon: Option<CarbonSummary>,
    /// The wall calibration that its figures used.
    pub calibration: Option<String>,
}

/// Operational carbon of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarbonSummary {
    /// gCO2e.
    pub carbon_g: Estimate,
    /// Of what hardware.
    pub boundary: Boundary,
}

/// One phase of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseRecord {
    /// Position in the run, from 0.
    pub ordinal: u64,
    /// One of [`super::PHASES`].
    pub phase: String,
    /// When it began.
    pub begin_t_s: f64,
    /// When it ended; `None` while it is open.
    pub end_t_s: Option<f64>,
    /// Its energy, by meter; provisional while it is open.
    pub energies: Vec<PhaseEnergy>,
}

/// All phases of one name together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseTotal {
    /// One of [`super::PHASES`].
    pub phase: String,
    /// Seconds spent in it.
    pub duration_s: f64,
    /// Its energy, by meter. Intervals of one source add up linearly; a part without a reading shows as coverage
    /// below 1.
    pub energies: Vec<PhaseEnergy>,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// The run.
    pub run: Run,
    /// Time and energy by phase.
    pub totals: Vec<PhaseTotal>,
    /// Energy of training and evaluation, by meter: what the run cost.
    pub training: Vec<PhaseEnergy>,
}

/// All that is known of a run but its steps and samples, which can be many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunDetails {
    /// The run.
    pub run: Run,
    /// Its phases in order.
    pub phases: Vec<PhaseRecord>,
    /// Time and energy by phase.
    pub totals: Vec<PhaseTotal>,
    /// Energy of training and evaluation, by meter: what the run cost.
    pub training: Vec<PhaseEnergy>,
    /// Its epochs in order.
    pub epochs: Vec<EpochRecord>,
    /// Its meters.
    pub meters: Vec<Meter>,
    /// Its idle baseline.
    pub idle_power: Vec<IdlePower>,
    /// Self-check of its device.
    pub self_check: Option<SelfCheck>,
    /// Its checkpoints, oldest first.
    pub checkpoints: Vec<Checkpoint>,
    /// What it came to.
    pub summary: Option<Summary>,
    /// What it started from, as its report was stored; `None` for a run from nothing.
    #[serde(default)]
    pub start: Option<serde_json::Value>,
    /// Whose work is in its weights, its parent first.
    #[serde(default)]
    pub ancestors: Vec<Ancestor>,
    /// What it took to ask its network, latest first.
    #[serde(default)]
    pub inferences: Vec<Inference>,
}

impl RunDetails {
    /// What the run that it started from was called then; `None` where that had no name, and for one that started from no run.
    pub fn start_name(&self) -> Option<&str> {
        let mut nearest = self.ancestors.iter().filter(|of| of.generation == 1);
        let start = nearest.find(|of| of.run_id.is_some() && of.relation() != Relation::Teacher)?;
        start.title.as_deref()
    }
}

/// Where a resumed run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reopened {
    /// Value of `t_s` at which the new recorder's clock starts.
    pub t_s: f64,
}
