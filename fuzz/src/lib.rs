//! The rooms that read what others wrote, compiled by themselves for fuzzing. See `README.md`.

#![allow(missing_docs, dead_code, reason = "parts of another crate, by path")]

#[path = "../../src/power/mod.rs"]
pub mod power;
#[path = "../../src/units/mod.rs"]
pub mod units;

use units::EnergyFigure;

/// Panics where a figure cannot be.
pub fn check(figure: &EnergyFigure) {
    assert!(figure.covered_s >= 0.0, "{figure:?}");
    assert!(figure.covered_s <= figure.window_s, "{figure:?}");
    let Some(energy_j) = figure.energy_j else {
        return;
    };
    assert!(energy_j.low >= 0.0, "{figure:?}");
    assert!(energy_j.low <= energy_j.value, "{figure:?}");
    assert!(energy_j.value <= energy_j.high, "{figure:?}");
    assert!(energy_j.high.is_finite(), "{figure:?}");
}
