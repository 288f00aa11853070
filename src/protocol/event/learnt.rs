//! What a worker learns of the machine's power, for later runs.

use serde::{Deserialize, Serialize};

use crate::units::Estimate;

/// A stretch of a device's work, or of its rest, whose energy a sensor measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DevicePoint {
    /// Identity of the device.
    pub device: String,
    /// Its driver with version; empty where there is none.
    pub driver: String,
    /// Joules of the device.
    pub energy_j: Estimate,
    /// Floating-point operations done; 0 at rest.
    pub flop: f64,
    /// Bytes moved between the device and its memory, as [`Plan`](crate::setup::plan::Plan) counts them; `None` where nobody
    /// counted.
    pub bytes: Option<f64>,
    /// How long it took.
    pub seconds: f64,
    /// What measured it, in words.
    pub source: String,
    /// When it ended, as RFC 3339 text.
    pub at: String,
}

/// Power of all processors by a sensor, and how busy they were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuPoint {
    /// Busy share of all processors, 0 to 1.
    pub busy: f64,
    /// Watts.
    pub power_w: Estimate,
    /// What measured it, in words.
    pub source: String,
    /// When it ended, as RFC 3339 text.
    pub at: String,
}

/// A line from the sum of the parts to the socket: power there = `offset_w` + `slope` × power of the parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WallLine {
    /// Everything that a run needs to apply it: plain JSON, made and understood by the power room alone.
    pub calibration: serde_json::Value,
    /// The constant, W.
    pub offset_w: f64,
    /// Watts at the socket for each watt of the parts.
    pub slope: f64,
    /// How far the readings are off it, relative to the reading; `None` with two readings.
    pub residual: Option<f64>,
    /// What it gives for each of the readings, W, in their order.
    pub line_w: Vec<f64>,
    /// Relative error of figures at the wall under the calibration's own load.
    pub error: f64,
    /// How far the sum of the parts was off the plug meter, relative to the reading: the mean over the readings.
    pub parts_off: f64,
    /// What whoever uses it should know, in sentences.
    pub remarks: Vec<String>,
}
