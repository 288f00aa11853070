use serde::{Deserialize, Serialize};

use super::{Boundary, Estimate, Grade};

/// One energy figure with its whole provenance: never a bare number of joules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnergyFigure {
    /// What hardware it covers.
    pub boundary: Boundary,
    /// Which meter said so, such as `nvml:0` or `rapl:package-0`; the parts' meters joined by ` + ` for a sum.
    pub meter: String,
    /// How it was obtained, in words, such as `NVML energy counter`.
    pub source: String,
    /// How good that is.
    pub grade: Grade,
    /// Joules with their interval; `None` where there was no reading at all. Missing is not zero.
    pub energy_j: Option<Estimate>,
    /// Seconds of the window for which the meter gave an answer.
    pub covered_s: f64,
    /// Length of the window in seconds.
    pub window_s: f64,
}

impl EnergyFigure {
    /// Share of the window that the meter covered, 0 to 1; 0 for an empty window.
    pub fn coverage(&self) -> f64 {
        if self.window_s > 0.0 {
            (self.covered_s / self.window_s).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// Whether any of it comes from made-up meters or from a recording that is played: nothing of that was drawn here. Their
    /// sources begin with these words, also in a sum.
    pub fn is_simulated(&self) -> bool {
        self.source
            .split(" + ")
            .any(|source| source.starts_with("simulated") || source.starts_with("recording of"))
    }

    /// Mean power over the covered time in watts, where there is any.
    pub fn mean_power_w(&self) -> Option<Estimate> {
        let energy = self.energy_j?;
        (self.covered_s > 0.0).then(|| energy.scale(1.0 / self.covered_s))
    }
}
