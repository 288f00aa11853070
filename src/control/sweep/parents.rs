//! The runs that those of a sweep start from, looked for before it begins: else each of them would fail by itself.

use crate::library::Library;
use crate::setup::sweep::Sweep;
use crate::setup::{Change, Setup};

/// Looks for every run that the base, or a value of an axis, starts from.
///
/// # Errors
/// Of the first that is not there, in words.
pub fn check(sweep: &Sweep, library: &Library) -> Result<(), String> {
    let mut asked: Vec<String> = Vec::new();
    for setup in setups(sweep) {
        let Some(start) = &setup.start else { continue };
        for seed in sweep.seeds() {
            let Some(run) = start.run_for(seed) else {
                continue;
            };
            if asked.contains(&run) {
                continue;
            }
            library
                .run(&run)
                .map_err(|error| format!("start.run: {error}"))?;
            asked.push(run);
        }
    }
    Ok(())
}

/// The base where some combination has its starting point, and the base with each value of an axis that is over it.
fn setups(sweep: &Sweep) -> Vec<Setup> {
    let over_start = |field: &str| field == "start" || field.starts_with("start.");
    let axes = sweep.axes.iter().filter(|axis| over_start(&axis.field));
    let values = axes.flat_map(|axis| {
        let all = (0..axis.len().unwrap_or_default()).filter_map(|index| axis.value(index));
        all.map(|value| (axis.field.as_str(), value))
    });
    let changed = values.filter_map(|(field, value)| {
        let mut change = Change::default();
        change.set(field, value);
        change.apply(&sweep.base).ok()
    });
    let is_replaced = |axis: &&crate::setup::sweep::Axis| {
        ["start", "start.run"].contains(&axis.field.as_str()) && axis.when.is_empty()
    };
    let base = match sweep.axes.iter().any(|axis| is_replaced(&axis)) {
        true => None,
        false => Some(sweep.base.clone()),
    };
    base.into_iter().chain(changed).collect()
}
