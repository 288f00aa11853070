//! The runs that those of a sweep start from or learn from, looked for before it begins: else each of them would fail by itself.

use crate::library::Library;
use crate::setup::sweep::{self, Sweep};
use crate::setup::{Change, Setup, with_seed};

/// Looks for every run that the base, or a value of an axis, starts from or learns from.
///
/// # Errors
/// Of the first that is not there, in words.
pub fn check(sweep: &Sweep, library: &Library) -> Result<(), String> {
    let mut asked: Vec<String> = Vec::new();
    for setup in setups(sweep) {
        for seed in sweep.seeds() {
            let start = setup.start.as_ref();
            let start = start.and_then(|start| start.run_for(seed));
            let distil = setup.distil.as_ref();
            let teacher = distil.map(|distil| with_seed(&distil.teacher, seed));
            let named = [("start.run", start), ("distil.teacher", teacher)];
            for (field, run) in named {
                let Some(run) = run.filter(|run| !asked.contains(run)) else {
                    continue;
                };
                library
                    .run(&run)
                    .map_err(|error| format!("{field}: {error}{}", made_by(&run)))?;
                asked.push(run);
            }
        }
    }
    Ok(())
}

/// Which of the sweeps that come with the program makes a run of this name; empty where none does.
fn made_by(run: &str) -> String {
    let makes = |name: &&str| {
        let sweep = sweep::shipped(name);
        sweep.is_ok_and(|sweep| {
            let mut seeds = sweep.seeds().into_iter();
            seeds.any(|seed| sweep.run_name(0, seed).as_deref() == Some(run))
        })
    };
    let found = sweep::shipped::names().find(makes);
    found.map_or_else(String::new, |name| {
        format!("; `joulelab sweep {name}` makes it")
    })
}

/// The base, and the base with each value of an axis over one of these tables; the base alone only where some combination has its tables.
fn setups(sweep: &Sweep) -> Vec<Setup> {
    const TABLES: [&str; 2] = ["start", "distil"];
    let is_over = |field: &str| {
        let table = field.split('.').next();
        table.is_some_and(|table| TABLES.contains(&table))
    };
    let axes = sweep.axes.iter().filter(|axis| is_over(&axis.field));
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
        let fields = ["start", "start.run", "distil", "distil.teacher"];
        fields.contains(&axis.field.as_str()) && axis.when.is_empty()
    };
    let base = match sweep.axes.iter().any(|axis| is_replaced(&axis)) {
        true => None,
        false => Some(sweep.base.clone()),
    };
    base.into_iter().chain(changed).collect()
}
