//! What a recorder appends while a run goes on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lineage::Ancestor;
use crate::units::{Boundary, EnergyFigure, Estimate, Grade, HeadProgress, HeadResult, Metric};

/// The phases that a run's time belongs to, by the names of [`crate::setup::Phase`], in the order in which they are
/// exported. New ones go to the end.
pub const PHASES: [&str; 7] = [
    "idle",
    "load",
    "warm-up",
    "train",
    "evaluate",
    "checkpoint",
    "pause",
];

/// One thing that happened in a run. `t_s` is seconds since the run began, on its monotonic clock. Numbers that are
/// not finite are stored as missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// A meter that takes part; again with the same id to correct it.
    Meter(Meter),
    /// The self-check of the device that trains, fresh or from an earlier run.
    SelfCheck(SelfCheck),
    /// What the run started from: of each layer what became of it, as JSON.
    Start(serde_json::Value),
    /// Whose work is in the run's weights, in place of what was said before.
    Ancestors(Vec<Ancestor>),
    /// The idle baseline, once it is known.
    IdlePower(Vec<IdlePower>),
    /// A phase begins; one that is still open ends there.
    PhaseBegan {
        /// When.
        t_s: f64,
        /// One of [`PHASES`].
        phase: String,
    },
    /// Energy of the open phase since it began, replacing what was said before. It is what a killed run keeps.
    EnergySoFar {
        /// Until when.
        t_s: f64,
        /// All figures of the phase.
        energies: Vec<PhaseEnergy>,
    },
    /// Energy of training and evaluation since the run began, in earlier workers as well, replacing what was said before.
    TrainingSoFar {
        /// Until when.
        t_s: f64,
        /// One figure a meter.
        energies: Vec<PhaseEnergy>,
    },
    /// The open phase ends.
    PhaseEnded {
        /// When.
        t_s: f64,
        /// All figures of the phase; they replace the provisional ones.
        energies: Vec<PhaseEnergy>,
    },
    /// A point of the training curve; a second one at the same step replaces the first.
    Step(StepPoint),
    /// An evaluation with what was trained since the one before: a whole epoch, or a part of one where evaluations are set
    /// by steps or the run ends within it. A second one at the same step replaces the first.
    Epoch(EpochRecord),
    /// What the held-out samples were taken for at an evaluation that is recorded already.
    Confusion(Confusion),
    /// The answer to each held-out sample at an evaluation that is recorded already, replacing those of the one before.
    Predictions(Predictions),
    /// Readings of meters and other sensors; of two at the same time in one series the later is kept.
    Samples(Vec<SampleRow>),
    /// A checkpoint that lies complete on the disk.
    Checkpoint(Checkpoint),
}

/// A source of energy figures, as it was found when the run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    /// Identifier within the run, such as `nvml:0`.
    pub id: String,
    /// How it measures, in words.
    pub source: String,
    /// What it measures, for people and to tell two devices of one boundary apart.
    pub device: Option<String>,
    /// What hardware its figures cover.
    pub boundary: Boundary,
    /// How good it is.
    pub grade: Grade,
    /// `counter`, `power` or `model`; `calibration` of figures at the wall.
    pub kind: String,
    /// How often its reading changes, in seconds.
    pub refresh_s: Option<f64>,
    /// Anything else: constants of a model, results of the cross-check.
    pub info: serde_json::Value,
}

impl Meter {
    /// Whether it was there to take the place of another.
    pub fn stood_by(&self) -> bool {
        self.info.get("role").is_some_and(|role| role == "stand-by")
    }
}

/// Whether a device computes what the reference backend computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Identity of the device, as in [`super::Device::identity`].
    pub device: String,
    /// Version of its driver; empty where it has none.
    pub driver: String,
    /// Version of the program that checked.
    pub program_version: String,
    /// Whether every difference was within the tolerance.
    pub passed: bool,
    /// Largest relative difference allowed.
    pub tolerance: f64,
    /// Largest differences found, by what was compared.
    pub differences: serde_json::Value,
    /// When.
    #[serde(with = "super::time::rfc3339")]
    pub checked_at: Timestamp,
}

/// Power drawn at a boundary while the device was idle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdlePower {
    /// Of what hardware.
    pub boundary: Boundary,
    /// Which meter said so.
    pub meter: String,
    /// How good that is.
    pub grade: Grade,
    /// Watts.
    pub power_w: Estimate,
}

/// What one meter says of one phase, or of several together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseEnergy {
    /// Gross energy with its provenance.
    pub figure: EnergyFigure,
    /// Gross minus the idle baseline, in joules; missing where there is no baseline.
    pub net_j: Option<Estimate>,
}

/// A point of the training curve: means over the steps since the point before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepPoint {
    /// Steps done so far, over the whole run.
    pub step: u64,
    /// Epoch it belongs to, counted from 1.
    pub epoch: u64,
    /// When.
    pub t_s: f64,
    /// Mean training loss.
    pub loss: Option<f64>,
    /// The task's metric over the training samples.
    pub metric: Option<f64>,
    /// Learning rate at the last step.
    pub learning_rate: Option<f64>,
    /// Training samples per second.
    pub samples_per_s: Option<f64>,
    /// Each head over the training samples, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadProgress>,
}

/// The stretch of training up to an evaluation, an epoch as a rule, and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Epoch in which it ends, counted from 1.
    pub epoch: u64,
    /// Steps done at its end, over the whole run; tells two stretches of one epoch apart.
    pub step: u64,
    /// When it ended.
    pub t_s: f64,
    /// Seconds of training in it.
    pub duration_s: Option<f64>,
    /// Training samples seen in it.
    pub samples: Option<u64>,
    /// Training samples per second.
    pub samples_per_s: Option<f64>,
    /// Mean training loss.
    pub train_loss: Option<f64>,
    /// The task's metric over the training samples.
    pub train_metric: Option<f64>,
    /// Loss on the held-out split, where it was evaluated.
    pub test_loss: Option<f64>,
    /// The task's metric on the held-out split, where it was evaluated.
    pub test_metric: Option<f64>,
    /// Further metrics on the held-out split.
    pub others: BTreeMap<Metric, f64>,
    /// Each head on the held-out split, where several labels are learnt at once.
    #[serde(default)]
    pub heads: Vec<HeadResult>,
    /// Its energy, at most one figure a boundary.
    pub energies: Vec<EpochEnergy>,
}

/// What the held-out samples were taken for at an evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// The head that took them for it, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Steps done; tells the evaluations of a run apart.
    pub step: u64,
    /// How many samples of each class (row) were taken for each class (column).
    pub counts: Vec<Vec<u32>>,
}

/// The answer to each held-out sample at an evaluation, in the order of the dataset's test part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predictions {
    /// The head that gave it, where several labels are learnt at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Steps done.
    pub step: u64,
    /// The class that each was taken for.
    pub predicted: Vec<u16>,
    /// The share that softmax gives to that class, in thousandths.
    pub confidence_permille: Vec<u16>,
}

/// Energy of an epoch at one boundary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochEnergy {
    /// Of what hardware.
    pub boundary: Boundary,
    /// How it was obtained.
    pub source: String,
    /// How good that is.
    pub grade: Grade,
    /// Energy of this epoch in joules.
    pub gross_j: Option<Estimate>,
    /// The same without the idle baseline.
    pub net_j: Option<Estimate>,
    /// Gross energy from the first epoch to the end of this one, in joules.
    pub cumulative_j: Option<Estimate>,
}

/// One reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleRow {
    /// When.
    pub t_s: f64,
    /// Which meter or sensor.
    pub meter: String,
    /// What was read, such as `power`.
    pub metric: String,
    /// The reading; `None` where the meter was asked and gave none.
    pub value: Option<f64>,
    /// Its unit, such as `W`.
    pub unit: String,
}

/// A file from which the run can go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Steps done.
    pub step: u64,
    /// Epoch it was made in.
    pub epoch: u64,
    /// Where it lies.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// When it was complete.
    #[serde(with = "super::time::rfc3339")]
    pub created_at: Timestamp,
}
