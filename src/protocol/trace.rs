//! A trace of training steps: what the host did, and what the device ran.

use serde::{Deserialize, Serialize};

use crate::setup::StepPart;

/// A stretch of consecutive training steps. Times are seconds since it began; before it the device had nothing left to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// In their order.
    pub steps: Vec<TracedStep>,
    /// When the device had nothing left to do.
    pub done_s: f64,
    /// The kernels, where each was timed.
    pub device: Option<DeviceTrace>,
}

/// A training step, as the thread went through it that trains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracedStep {
    /// What it did, one after the other. A reading of the metrics belongs to the step before it.
    pub parts: Vec<TracedPart>,
    /// When all of its work was handed to the device.
    pub handed_over_s: f64,
}

/// A part of a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracedPart {
    /// Which.
    pub part: StepPart,
    /// When it began.
    pub begin_s: f64,
    /// When it ended.
    pub end_s: f64,
}

/// What the device ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceTrace {
    /// In the order of their beginnings. The device has a clock of its own: they are placed so that the last one ends at
    /// [`Stretch::done_s`], by which they may be late but not early.
    pub kernels: Vec<TracedKernel>,
    /// Launches that the driver gave no time for.
    pub untimed: u64,
}

/// A kernel that the device ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracedKernel {
    /// As it calls itself.
    pub name: String,
    /// When it began.
    pub begin_s: f64,
    /// When it ended.
    pub end_s: f64,
}
