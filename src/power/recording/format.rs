//! The first line of a recording.

use serde::{Deserialize, Serialize};

use crate::power::{Clock, ErrorRule, Kind, MeterInfo, Place, Planned, Role};

/// What a recording calls itself.
pub const FORMAT: &str = "joulelab power recording";
/// The version of the format that is written.
pub const VERSION: u32 = 1;
/// More meters than any machine has.
const MAX_METERS: usize = 256;
/// More watts than any machine draws.
const MAX_POWER_W: f64 = 1e9;
/// More seconds than any period or patience.
const MAX_PERIOD_S: f64 = 1e6;

/// What stands at the head of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`] of whoever wrote it.
    pub version: u32,
    /// Version of the program that recorded.
    pub program: String,
    /// Time of day when the recording began, as RFC 3339 writes it.
    pub date: String,
    /// The same moment in seconds on the clock of the readings.
    pub began_s: f64,
    /// Rounds of readings a second that were asked for.
    pub rate_hz: f64,
    /// What is read or stands by; readings name a meter by its place in this list, from 0.
    pub meters: Vec<RecordedMeter>,
}

/// A meter of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedMeter {
    /// What it is.
    pub info: MeterInfo,
    /// What it was read for.
    pub role: Role,
}

impl Header {
    pub(super) fn new(meters: &[Planned], clock: &Clock, rate_hz: f64) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            date: jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
            began_s: clock.now_s(),
            rate_hz,
            meters: meters
                .iter()
                .map(|planned| RecordedMeter {
                    info: planned.info().clone(),
                    role: planned.role.clone(),
                })
                .collect(),
        }
    }

    /// The infos of its meters, in order.
    pub fn infos(&self) -> Vec<MeterInfo> {
        self.meters.iter().map(|meter| meter.info.clone()).collect()
    }

    /// Where its meters sit, in order.
    pub fn places(&self) -> Vec<Place> {
        self.meters.iter().map(RecordedMeter::place).collect()
    }

    /// What of it cannot be, if anything: a figure must come out finite whatever the file says.
    pub(super) fn fault(&self) -> Option<String> {
        if self.format != FORMAT {
            return Some(format!(
                "`format` is `{}`, not `{FORMAT}`",
                clip(&self.format)
            ));
        }
        if self.version != VERSION {
            return Some(format!(
                "version {} of the format; this program reads version {VERSION}",
                self.version
            ));
        }
        if self.meters.len() > MAX_METERS {
            let n = self.meters.len();
            return Some(format!("{n} meters; at most {MAX_METERS} can be"));
        }
        if !(0.0..=super::tape::MAX_TIME_S).contains(&self.began_s) {
            return Some(format!("`began_s` cannot be {}", self.began_s));
        }
        if !(1e-6..=1e6).contains(&self.rate_hz) {
            return Some(format!("`rate_hz` cannot be {}", self.rate_hz));
        }
        for (at, meter) in self.meters.iter().enumerate() {
            let id = &meter.info.id;
            if let Some(what) = meter.fault() {
                return Some(format!("meter `{}`: {what}", clip(id)));
            }
            if self.meters[..at].iter().any(|other| other.info.id == *id) {
                return Some(format!("meter `{}` is there twice", clip(id)));
            }
        }
        None
    }
}

impl RecordedMeter {
    fn place(&self) -> Place {
        Place {
            meter: self.info.id.clone(),
            covers: self.info.covers.clone(),
            role: self.role.clone(),
        }
    }

    fn fault(&self) -> Option<String> {
        let info = &self.info;
        let period = 0.0..=MAX_PERIOD_S;
        if !(f64::MIN_POSITIVE..=MAX_POWER_W).contains(&info.max_power_w) {
            return Some(format!("`max_power_w` cannot be {}", info.max_power_w));
        }
        if let Some(refresh_s) = info
            .refresh_s
            .filter(|refresh_s| !period.contains(refresh_s))
        {
            return Some(format!("`refresh_s` cannot be {refresh_s}"));
        }
        if !period.contains(&info.every_s) {
            return Some(format!("`every_s` cannot be {}", info.every_s));
        }
        if let Kind::Counter {
            joules_per_count, ..
        } = info.kind
            && !(1e-15..=1e9).contains(&joules_per_count)
        {
            return Some(format!("`joules_per_count` cannot be {joules_per_count}"));
        }
        let share = 0.0..=10.0;
        let sane = match info.error {
            ErrorRule::Relative { fraction } => share.contains(&fraction),
            ErrorRule::PartTime {
                fraction,
                short_fraction,
                short_s,
            } => {
                share.contains(&fraction)
                    && share.contains(&short_fraction)
                    && period.contains(&short_s)
            }
            ErrorRule::Factor { factor } => (1.0..=1e6).contains(&factor),
        };
        (!sane).then(|| format!("`error` cannot be {:?}", info.error))
    }
}

/// A text from a file, short enough to be shown.
pub(super) fn clip(text: &str) -> String {
    const SHOWN: usize = 60;
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let begin: String = text.chars().take(SHOWN).collect();
    format!("{begin}…")
}
