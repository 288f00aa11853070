//! What readings have to be like to make a calibration, and what is said where they are not.

use super::{PointKind, WallPoint};

/// The highest reading has to be above the lowest by this share of it, both at the socket and in the sum of the parts …
const SPREAD_SHARE: f64 = 0.25;
/// … and by this many watts: otherwise the plug meter's own error makes the slope.
const SPREAD_W: f64 = 5.0;
/// Slopes outside of this are no power supply. It loses at most half, and parts that are only modelled are off by a factor
/// of 2 either way; of a model whose idle and full power err in opposite ways, the difference is off by more.
pub(super) const SLOPES: std::ops::RangeInclusive<f64> = 0.25..=4.0;

/// Why readings give no calibration.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// Fewer than two readings.
    #[error(
        "a calibration needs a reading at idle and one under load, and there are {given}: read the plug meter in both states"
    )]
    TooFew {
        /// How many there are.
        given: usize,
    },
    /// A reading that is no power.
    #[error("reading {number}: {what} is {value}, which is no {unit} above 0: read it again")]
    NoReading {
        /// Which, from 1.
        number: usize,
        /// Which of its numbers.
        what: &'static str,
        /// What was given.
        value: f64,
        /// What it should be.
        unit: &'static str,
    },
    /// The plug meter's own error is no share.
    #[error(
        "the plug meter's accuracy is {0}: give it as a share of the reading, such as 0.01 for ±1 %"
    )]
    MeterError(f64),
    /// The time is no time.
    #[error("`{0}` is no time of day with a date: write it as 2025-11-21T10:00:00Z")]
    Time(String),
    /// More was drawn at idle than under load.
    #[error(
        "{what} was {load_w:.1} W under load and {idle_w:.1} W at idle: the readings are swapped, or the machine was busy when it should have been idle"
    )]
    LoadBelowIdle {
        /// At the socket or inside.
        what: &'static str,
        /// The lowest power under load, in watts.
        load_w: f64,
        /// The highest power at idle, in watts.
        idle_w: f64,
    },
    /// The readings are too much alike.
    #[error(
        "{what} goes from {low_w:.1} to {high_w:.1} W, and a line needs at least {needed_w:.1} W at the top: load the machine more, or close what keeps it busy at idle"
    )]
    TooClose {
        /// At the socket or inside.
        what: &'static str,
        /// The lowest power, in watts.
        low_w: f64,
        /// The highest power, in watts.
        high_w: f64,
        /// What the highest would have to be, in watts.
        needed_w: f64,
    },
    /// The line is none that a machine can have.
    #[error(
        "the socket gives {slope:.2} W for each watt of the parts, and {} to {} is what machines do: check that the plug meter shows watts, that only this machine hangs on it, and that both were read over the same time",
        SLOPES.start(),
        SLOPES.end()
    )]
    Slope {
        /// The slope.
        slope: f64,
    },
}

/// Why a calibration cannot be used for a figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the wall calibration of {date} was made with other meters ({differences}): calibrate again with those of this run"
)]
pub struct OtherMeters {
    /// When the calibration was made.
    pub date: String,
    /// What differs, in words.
    pub differences: String,
}

/// One of the two powers of a reading.
type Side = fn(&WallPoint) -> f64;

const SIDES: [(&str, Side); 2] = [
    ("the power at the socket", |point| point.wall_w),
    ("the sum of the parts", |point| point.components_w),
];

/// Whether readings can make a line.
pub(super) fn points(points: &[WallPoint]) -> Result<(), CalibrationError> {
    if points.len() < 2 {
        return Err(CalibrationError::TooFew {
            given: points.len(),
        });
    }
    for (at, point) in points.iter().enumerate() {
        for (what, value, unit) in [
            ("the parts' power", point.components_w, "power"),
            ("the power at the socket", point.wall_w, "power"),
            ("the time", point.seconds, "time"),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return Err(CalibrationError::NoReading {
                    number: at + 1,
                    what,
                    value,
                    unit,
                });
            }
        }
        let value = point.components_error_w;
        if !(value.is_finite() && value >= 0.0) {
            return Err(CalibrationError::NoReading {
                number: at + 1,
                what: "the error of the parts' power",
                value,
                unit: "power",
            });
        }
    }
    for (what, of) in SIDES {
        let all = |kind: Option<PointKind>| {
            let chosen = move |point: &&WallPoint| kind.is_none_or(|kind| point.what == kind);
            points.iter().filter(chosen).map(of)
        };
        let load_w = all(Some(PointKind::Load)).fold(f64::INFINITY, f64::min);
        let idle_w = all(Some(PointKind::Idle)).fold(f64::NEG_INFINITY, f64::max);
        if load_w < idle_w {
            return Err(CalibrationError::LoadBelowIdle {
                what,
                load_w,
                idle_w,
            });
        }
        let low_w = all(None).fold(f64::INFINITY, f64::min);
        let high_w = all(None).fold(f64::NEG_INFINITY, f64::max);
        let needed_w = low_w + (SPREAD_SHARE * low_w).max(SPREAD_W);
        if high_w < needed_w {
            return Err(CalibrationError::TooClose {
                what,
                low_w,
                high_w,
                needed_w,
            });
        }
    }
    Ok(())
}
