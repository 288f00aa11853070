//! Why something could not be done.

use serde::{Deserialize, Serialize};

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of reason.
    pub kind: FailureKind,
    /// What happened, where, and how to mend it.
    pub message: String,
}

/// What kind of reason stopped a run; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The setup cannot be run.
    Setup,
    /// The dataset cannot be read.
    Data,
    /// There is no such device, or it cannot be used.
    Device,
    /// Training failed.
    Training,
    /// A file could not be written or read.
    Storage,
    /// A message could not be understood.
    Protocol,
    /// The meters gave no figures.
    Meter,
}
