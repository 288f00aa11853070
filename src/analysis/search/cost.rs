use serde::{Deserialize, Serialize};

/// Cost of a run in joules, C = η·E + (1 − η)·P_max·t (You et al., NSDI 2023, equation 2): `energy_j` joules and `time_s`
/// seconds to the target, `energy_share` η from 0 to 1, `power_max_w` the most that the device may draw. `None` where energy
/// counts and is missing.
pub fn cost_j(
    energy_share: f64,
    power_max_w: f64,
    energy_j: Option<f64>,
    time_s: f64,
) -> Option<f64> {
    let by_time = (1.0 - energy_share) * power_max_w * time_s;
    if energy_share > 0.0 {
        Some(energy_share * energy_j? + by_time)
    } else {
        Some(by_time)
    }
}

/// A run is stopped once it has cost so much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StopAt {
    /// The cost, J.
    pub cost_j: f64,
    /// η of [`cost_j`].
    pub energy_share: f64,
    /// P_max of [`cost_j`], W.
    pub power_max_w: f64,
}

impl StopAt {
    /// Whether a run that has used `energy_j` joules in `time_s` seconds has cost as much.
    pub fn is_passed(&self, energy_j: Option<f64>, time_s: f64) -> bool {
        cost_j(self.energy_share, self.power_max_w, energy_j, time_s)
            .is_some_and(|cost_j| cost_j >= self.cost_j)
    }
}
