use serde::{Deserialize, Serialize};

use super::Problems;

/// How a run's energy is measured and turned into carbon. None of it changes what is learnt, so none of it is part of
/// the setup's hash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeasureSetup {
    /// Seconds of idle baseline before the run; 0 skips it, and there is then no net energy.
    pub idle_s: f64,
    /// Readings of each meter a second, 1 to 100.
    pub rate_hz: f64,
    /// Country whose mean carbon intensity is used, ISO 3166 three-letter code or name; the world mean where not set.
    pub country: Option<String>,
    /// Power usage effectiveness of the site, 1 or more: energy drawn per energy used by the machine.
    pub pue: f64,
    /// Thermal design power of the CPU in W, where the shipped table does not know it or no sensor answers.
    pub cpu_tdp_w: Option<f64>,
    /// Power of the idle CPU in W, as measured on this machine.
    pub cpu_idle_w: Option<f64>,
    /// Board power of the GPU in W, where no sensor answers.
    pub gpu_board_w: Option<f64>,
    /// Power of the idle GPU in W, as measured on this machine.
    pub gpu_idle_w: Option<f64>,
    /// Meters to use instead of those of the machine, such as `simulated:steady` or `replay:FILE`; none of what they tell
    /// is drawn here, and every output says so.
    pub meters: Vec<String>,
    /// Whether the machine's wall calibration is applied, so that there is a figure at the wall beside the others.
    pub wall: bool,
}

impl Default for MeasureSetup {
    fn default() -> Self {
        Self {
            idle_s: 5.0,
            rate_hz: 10.0,
            country: None,
            pue: 1.0,
            cpu_tdp_w: None,
            cpu_idle_w: None,
            gpu_board_w: None,
            gpu_idle_w: None,
            meters: Vec::new(),
            wall: false,
        }
    }
}

impl MeasureSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            (0.0..=3600.0).contains(&self.idle_s),
            "measure.idle_s",
            self.idle_s,
            "0 (no baseline) to 3600 seconds",
        );
        problems.require(
            (1.0..=100.0).contains(&self.rate_hz),
            "measure.rate_hz",
            self.rate_hz,
            "1 to 100 readings a second",
        );
        problems.require(
            (1.0..=10.0).contains(&self.pue),
            "measure.pue",
            self.pue,
            "1 to 10",
        );
        for (at, meter) in self.meters.iter().enumerate() {
            problems.require(
                meter.starts_with("simulated:") || meter.starts_with("replay:"),
                format!("measure.meters[{at}]"),
                meter,
                "`simulated:NAME` or `replay:FILE`",
            );
        }
        for (field, watts) in [
            ("cpu_tdp_w", self.cpu_tdp_w),
            ("cpu_idle_w", self.cpu_idle_w),
            ("gpu_board_w", self.gpu_board_w),
            ("gpu_idle_w", self.gpu_idle_w),
        ] {
            if let Some(watts) = watts {
                problems.require(
                    watts > 0.0 && watts <= 10_000.0,
                    format!("measure.{field}"),
                    watts,
                    "above 0 to 10000 W",
                );
            }
        }
        for (idle, full, name) in [
            (self.cpu_idle_w, self.cpu_tdp_w, "cpu_idle_w"),
            (self.gpu_idle_w, self.gpu_board_w, "gpu_idle_w"),
        ] {
            if let (Some(idle), Some(full)) = (idle, full) {
                problems.require(
                    idle < full,
                    format!("measure.{name}"),
                    idle,
                    format!("less than the power at full load, {full} W"),
                );
            }
        }
    }
}

/// When a run's state is saved, so that it can be resumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckpointSetup {
    /// Seconds between two checkpoints at least; taken at the end of an epoch. 0: at the end of every epoch.
    pub every_s: f64,
    /// Whether the trained model is saved at the end.
    pub at_end: bool,
}

impl Default for CheckpointSetup {
    fn default() -> Self {
        Self {
            every_s: 60.0,
            at_end: true,
        }
    }
}

impl CheckpointSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.every_s.is_finite() && self.every_s >= 0.0,
            "checkpoint.every_s",
            self.every_s,
            "a number of seconds, 0 or more",
        );
    }
}
