//! The meters: which there are, what became of each, and which part of the machine it answers for.

use serde::{Deserialize, Serialize};

use crate::protocol::KnownWall;
use crate::units::{Boundary, Grade};

/// A source of energy figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    /// Identifier, such as `nvml:0`.
    pub id: String,
    /// How it measures, in words.
    pub source: String,
    /// What it measures.
    pub device: String,
    /// What hardware its figures cover.
    pub boundary: Boundary,
    /// How good it is.
    pub grade: Grade,
    /// `counter`, `power` or `model`; `calibration` of figures at the wall.
    pub kind: String,
    /// `sensor`, `model` or `simulated`.
    pub origin: String,
    /// `part` of the sum, `cross-check` beside it, or `stand-by`.
    pub role: String,
    /// The parts of the machine that it covers, as paths from the whole inwards.
    pub covers: Vec<String>,
    /// How often its reading changes, in seconds.
    pub refresh_s: Option<f64>,
    /// The same as windows of asking a network go by it, also where the refresh period is not known; 0 where it sets no length.
    #[serde(default)]
    pub changes_s: f64,
    /// What a reader of its figures should know.
    pub notes: Vec<String>,
    /// Of figures at the wall, the calibration that makes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<KnownWall>,
}

impl Meter {
    /// Whether it is only read when a better one ends.
    pub fn stands_by(&self) -> bool {
        self.role == "stand-by"
    }
}

/// A source that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Meter's identifier, or the source's.
    pub id: String,
    /// How it measures.
    pub source: String,
    /// Which device.
    pub device: String,
    /// What hardware it would cover.
    pub boundary: Boundary,
    /// How good its figures would be.
    pub grade: Grade,
    /// What it reads now, with its unit.
    pub raw: Option<String>,
    /// How often it publishes, in seconds.
    pub refresh_s: Option<f64>,
    /// What became of it.
    pub status: SourceStatus,
    /// What else should be known.
    pub notes: Vec<String>,
}

/// What became of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum SourceStatus {
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
        /// How to mend that.
        remedy: Option<String>,
    },
}

/// A part of the machine, and who says what it draws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLine {
    /// The parts that the meter covers, as paths from the whole inwards.
    pub covers: Vec<String>,
    /// Identifier of the meter; `None` where no source answers for the part.
    pub meter: Option<String>,
    /// `sensor`, `model` or `simulated`.
    pub origin: Option<String>,
    /// Meters that stand by, in the order in which they would step in.
    pub stand_by: Vec<String>,
}

impl AccountLine {
    /// The parts for people, such as `processors, package 0`.
    pub fn title(&self) -> String {
        let titles: Vec<String> = self.covers.iter().map(|part| title(part)).collect();
        titles.join(" + ")
    }
}

/// `machine/processors/package-0` → `processors, package 0`.
fn title(part: &str) -> String {
    let inner = part.strip_prefix("machine/").unwrap_or(part);
    let names = inner.split('/').map(|name| match name.split_once('-') {
        Some(("gpu", place)) => format!("graphics card {place}"),
        Some((what, which)) => format!("{what} {}", which.replace('-', " ")),
        None if name == "gpu" => "graphics card".to_owned(),
        None => name.to_owned(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// What one meter costs to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeterCost {
    /// Which meter.
    pub meter: String,
    /// Mean time that a reading takes, s.
    pub read_s: f64,
}

/// A meter that ended before the run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostMeter {
    /// Which meter.
    pub meter: String,
    /// Why, and which has taken its place.
    pub reason: String,
}
