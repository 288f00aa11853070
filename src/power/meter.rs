use std::{borrow::Cow, path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Part, PciAddress};
use crate::units::{Boundary, Estimate, Grade};

/// One source of energy or power readings.
pub trait Meter: Send {
    /// What it is; does not change while it is used.
    fn info(&self) -> &MeterInfo;

    /// One reading, now. Takes milliseconds at most.
    ///
    /// # Errors
    /// Where the source did not answer; the meter may be asked again.
    fn read(&mut self) -> Result<Reading, ReadError>;

    /// How often what it says changes, in seconds, where it is read every `period_s`: a window should hold many such changes. 0 where
    /// each reading tells of its own moment, or of all that was done until then.
    ///
    /// A source whose refresh period is not known is taken to change every 0.1 s if it counts, as for the edges of windows, and else
    /// with every reading.
    fn changes_s(&self, period_s: f64) -> f64 {
        let info = self.info();
        match (info.refresh_s, info.kind) {
            (Some(refresh_s), _) => refresh_s,
            (None, Kind::Counter { .. }) => ASSUMED_REFRESH_S,
            (None, Kind::Power) => info.every_s.max(period_s),
        }
    }
}

/// Assumed where a counter's refresh period is unknown: the slowest seen on NVIDIA cards, in seconds.
pub(super) const ASSUMED_REFRESH_S: f64 = 0.1;

/// How busy a device has been lately, 0 to 1, or `None` where nobody knows.
pub type Load = Arc<dyn Fn() -> Option<f64> + Send + Sync>;

/// What a meter is and how far it can be trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeterInfo {
    /// Stable identifier, such as `nvml:0`, `rapl:package-0`, `rapl:package-0:dram`, `model:cpu`.
    pub id: String,
    /// How its figures are obtained, such as `NVML energy counter`. Figures of one source share a systematic error.
    pub source: String,
    /// The device's name.
    pub device: String,
    /// What hardware it covers, as the class of its figures.
    pub boundary: Boundary,
    /// What hardware it covers, as parts of this machine; what tells which readings may be added.
    pub covers: Vec<Part>,
    /// Sensor, model or simulation.
    pub origin: Origin,
    /// How good the source is.
    pub grade: Grade,
    /// Counter or power.
    pub kind: Kind,
    /// How often the source publishes a new value, in seconds, where it is known.
    pub refresh_s: Option<f64>,
    /// It is read at most this often, in seconds between two readings; 0 where every round may read it.
    pub every_s: f64,
    /// The interval that its figures get.
    pub error: ErrorRule,
    /// No such device draws more than this, in watts: readings above it are damaged, and a counter that falls has only
    /// wrapped round if the energy gone by stays below it.
    pub max_power_w: f64,
    /// What a reader of its figures should know: driver version, assumptions, disagreements.
    pub notes: Vec<String>,
    /// Where the device sits on the PCI bus.
    pub pci: Option<PciAddress>,
}

/// Where a meter's figures come from in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Hardware.
    Sensor,
    /// Arithmetic on what the machine does.
    Model,
    /// A made-up device, or a recording of a real one played back: nothing of it was drawn here and now.
    Simulated,
}

/// What a meter's readings are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A count of energy since some origin: differences are exact.
    Counter {
        /// Joules in one count.
        joules_per_count: f64,
        /// The counter starts again at 0 after this many counts, where that is known.
        wrap_counts: Option<u64>,
    },
    /// Power at the time of the reading, or a short mean before it.
    Power,
}

/// Which interval a figure gets. The numbers come from the table of grades in `docs/measuring.md`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorRule {
    /// A share of the value either way.
    Relative {
        /// The share, such as 0.05.
        fraction: f64,
    },
    /// A sensor that looks only part of the time: its misses average out in long windows.
    PartTime {
        /// The share in windows of at least `short_s`.
        fraction: f64,
        /// The share in shorter windows.
        short_fraction: f64,
        /// What counts as short, in seconds.
        short_s: f64,
    },
    /// From value ÷ factor to value × factor.
    Factor {
        /// The factor, above 1.
        factor: f64,
    },
}

impl ErrorRule {
    /// Hardware energy counters, grade B.
    pub const COUNTER: Self = Self::Relative { fraction: 0.05 };
    /// Polled power, grade C.
    pub const POLLED: Self = Self::Relative { fraction: 0.10 };
    /// Polled power of a part-time-sampled GPU, grade C.
    pub const POLLED_PART_TIME: Self = Self::PartTime {
        fraction: 0.10,
        short_fraction: 0.25,
        short_s: 60.0,
    };
    /// A model calibrated at idle and full load, grade D.
    pub const CALIBRATED: Self = Self::Relative { fraction: 0.25 };
    /// A model with a known design power, grade E.
    pub const DESIGN_POWER: Self = Self::Relative { fraction: 0.50 };
    /// A model of an unknown device, grade F.
    pub const UNKNOWN: Self = Self::Factor { factor: 2.0 };

    /// The interval of `value` (joules or watts) over a window of `window_s` seconds, with `edges` in the same unit
    /// added on both sides. It never reaches below zero: no device gives energy back.
    pub fn interval(self, value: f64, window_s: f64, edges: f64) -> Estimate {
        let inner = match self {
            Self::Relative { fraction } => Estimate::plus_minus(value, fraction * value),
            Self::PartTime {
                fraction,
                short_fraction,
                short_s,
            } => {
                let share = if window_s < short_s {
                    short_fraction
                } else {
                    fraction
                };
                Estimate::plus_minus(value, share * value)
            }
            Self::Factor { factor } => Estimate::within_factor(value, factor),
        };
        Estimate {
            value,
            low: (inner.low - edges).max(0.0).min(value),
            high: inner.high + edges,
        }
    }
}

/// What a meter said.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The counter or the power.
    pub level: Level,
    /// What else it tells of the device; may be empty.
    pub extras: Vec<Extra>,
}

impl From<Level> for Reading {
    fn from(level: Level) -> Self {
        Self {
            level,
            extras: Vec::new(),
        }
    }
}

/// A raw reading, of the meter's [`Kind`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// State of a counter.
    Counts(u64),
    /// Power in watts.
    Watts(f64),
}

/// One further quantity, with its unit written as UCUM does (`%`, `Cel`, `MHz`).
#[derive(Clone, Debug, PartialEq)]
pub struct Extra {
    /// What it is, such as `temperature`.
    pub metric: Cow<'static, str>,
    /// How much.
    pub value: f64,
    /// In which unit.
    pub unit: Cow<'static, str>,
}

impl Extra {
    /// `value` of `metric` in `unit`.
    pub fn new(metric: &'static str, value: f64, unit: &'static str) -> Self {
        Self {
            metric: metric.into(),
            value,
            unit: unit.into(),
        }
    }
}

/// Why a meter gave no reading this time.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It has nothing to say yet; no fault.
    #[error("no reading yet")]
    NotYet,
    /// The device sleeps, and asking would wake it; no fault. What it draws meanwhile is missing, not 0 W.
    #[error("the device sleeps, and asking would wake it")]
    Asleep,
    /// A file could not be read.
    #[error("cannot read the counter: {error}: {}", path.display())]
    Io {
        /// What went wrong.
        error: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// A file holds no number.
    #[error("expected a whole number, found `{text}`: {}", path.display())]
    NotANumber {
        /// What was there.
        text: String,
        /// The file.
        path: PathBuf,
    },
    /// A recording says that the reading failed then, in these words.
    #[error("{0}")]
    Recorded(String),
    /// A driver refused.
    #[error("{device}: the driver gave no reading: {reason}")]
    Driver {
        /// Which device.
        device: String,
        /// What the driver said.
        reason: String,
    },
}
