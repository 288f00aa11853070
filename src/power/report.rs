use serde::{Deserialize, Serialize};

use super::MeterInfo;
use crate::units::{Boundary, Grade};

/// One source that was tried, for the doctor's report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The meter's identifier, or the source's where it has no meter.
    pub id: String,
    /// How it measures.
    pub source: String,
    /// Which device.
    pub device: String,
    /// What hardware it would cover.
    pub boundary: Boundary,
    /// How good its figures would be.
    pub grade: Grade,
    /// What it reads now, with its unit; `None` where it gave no reading.
    pub raw: Option<String>,
    /// How often it publishes, in seconds, where known.
    pub refresh_s: Option<f64>,
    /// Used, available, or refused and why.
    pub status: Status,
    /// What else should be known.
    pub notes: Vec<String>,
}

/// What became of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Status {
    /// It is read, and part of the sum over the machine.
    Used,
    /// It is read beside the sum and never added to it: it contains parts that are in it.
    CrossCheck,
    /// It is read once a better source of the same part gives nothing more.
    StandBy {
        /// Identifier of the better one.
        of: String,
    },
    /// It would answer but is not read.
    Available {
        /// Why it is not read.
        reason: String,
    },
    /// It cannot be used.
    Refused {
        /// Why.
        reason: String,
        /// How to mend that, where there is a way.
        remedy: Option<String>,
    },
}

/// Why a source cannot be used, and how to mend that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Why.
    pub reason: String,
    /// How to mend that, where there is a way.
    pub remedy: Option<String>,
}

impl Refusal {
    pub(in crate::power) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            remedy: None,
        }
    }

    pub(in crate::power) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            reason: refusal.reason,
            remedy: refusal.remedy,
        }
    }
}

impl SourceReport {
    /// A report on a meter that exists.
    pub(in crate::power) fn of(info: &MeterInfo, raw: Option<String>, status: Status) -> Self {
        Self {
            id: info.id.clone(),
            source: info.source.clone(),
            device: info.device.clone(),
            boundary: info.boundary,
            grade: info.grade,
            raw,
            refresh_s: info.refresh_s,
            status,
            notes: info.notes.clone(),
        }
    }

    /// A report on a source that gives no meter.
    pub(in crate::power) fn without_meter(
        id: impl Into<String>,
        source: &str,
        device: impl Into<String>,
        boundary: Boundary,
        grade: Grade,
        status: impl Into<Status>,
    ) -> Self {
        Self {
            id: id.into(),
            source: source.to_owned(),
            device: device.into(),
            boundary,
            grade,
            raw: None,
            refresh_s: None,
            status: status.into(),
            notes: Vec::new(),
        }
    }
}
