//! What was expected of a sweep against what came.

use crate::analysis::search::{Outlook, Total};
use crate::cli::foretold::off;
use crate::library::{Status, SweepRecord};
use crate::units::Estimate;

/// How far the forecast of a finished sweep was off, by the seconds and joules of training and evaluation that it took; `None`
/// where there was no forecast, or the sweep is not finished. Simulated joules judge nothing.
pub fn error(
    sweep: &SweepRecord,
    time_s: f64,
    energy_j: Option<Estimate>,
    simulated: bool,
) -> Option<String> {
    if sweep.status != Status::Completed || time_s <= 0.0 {
        return None;
    }
    let outlook = sweep.forecast.as_ref()?.get("outlook")?.clone();
    let outlook: Outlook = serde_json::from_value(outlook).ok()?;
    let Total { value, range } = outlook.time_s?;
    let mut parts = vec![off("time", value, range, time_s)];
    let energies = outlook.energy_j.zip(energy_j).filter(|_| !simulated);
    if let Some((foretold, came)) = energies {
        parts.push(off("energy", foretold.value, foretold.range, came.value));
    }
    let earlier = match outlook.may_end_earlier {
        true => "; it was of runs that go to their last epoch, which targets may end before",
        false => "",
    };
    Some(parts.join(", ") + earlier)
}
