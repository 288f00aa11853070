//! A recording of the meters, computed again.

use serde::{Deserialize, Serialize};

use super::WindowEnergy;

/// A window of a recording, computed again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayedWindow {
    /// What it was called, such as `training`.
    pub label: String,
    /// When it began, in seconds since the recording did.
    pub from_s: f64,
    /// When it ended, in seconds since the recording began; where it did not, when the recording did.
    pub to_s: f64,
    /// Whether it ended: a program that is killed leaves windows open.
    pub closed: bool,
    /// What it came to.
    pub window: WindowEnergy,
}

/// A recording from its first to its last line, computed again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// Time of day when it began, as RFC 3339 writes it.
    pub date: String,
    /// Version of the program that recorded.
    pub program_version: String,
    /// Readings of each meter a second that were asked for.
    pub rate_hz: f64,
    /// All of it.
    pub whole: ReplayedWindow,
    /// Readings in it, those that failed included.
    pub readings: u64,
    /// Lines that could not be written: with any, figures may differ from what was told then.
    pub lost_lines: u64,
    /// Why it ended; `None` where it does not say, because whoever wrote it was killed or had no room.
    pub end: Option<String>,
    /// Whether its last line is cut off.
    pub cut_off: bool,
}
