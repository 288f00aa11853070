//! What training and evaluation cost, part by part, and how well that is known.

use egui::Ui;

use super::{Full, line};
use crate::gui::preferences::EnergyUnit;
use crate::gui::widgets::{self, written_energy};
use crate::library::{PhaseEnergy, sum_of_parts};
use crate::units::{Boundary, duration, estimate};

/// Readings of a meter that a window should have (MLPerf).
const READINGS_WANTED: f64 = 60.0;
/// Readings a second, where the setup does not say.
const RATE_HZ: f64 = 10.0;

pub(super) fn energy(ui: &mut Ui, full: &Full, unit: EnergyUnit) {
    let details = &full.details;
    widgets::section(ui, "Energy of training and evaluation");
    if details.training.is_empty() {
        widgets::caption(ui, "No reading: no meter answered.");
    }
    let read = details
        .training
        .iter()
        .filter(|part| part.figure.energy_j.is_some())
        .count();
    let sum = sum_of_parts(&details.training);
    if read > 1
        && let Some(sum) = &sum
    {
        line(ui, Boundary::Components.label(), figure(sum, unit));
    }
    for part in &details.training {
        line(ui, part.figure.boundary.label(), figure(part, unit));
    }
    if let Some(stored) = full
        .stored
        .as_ref()
        .filter(|stored| !stored.missing.is_empty())
    {
        line(
            ui,
            "Missing",
            format!(
                "{} gave no reading and is not in the sum",
                stored.missing.join(", ")
            ),
        );
    }
    for idle in &details.idle_power {
        line(
            ui,
            "Idle power",
            format!(
                "{} · {} · {}",
                estimate(idle.power_w, "W"),
                idle.boundary,
                idle.meter
            ),
        );
    }
    if details.idle_power.is_empty() {
        line(ui, "Idle power", "not measured, so there is no net energy");
    }
    if let Some(sum) = sum {
        let setup: serde_json::Value =
            serde_json::from_str(&details.run.setup.json).unwrap_or_default();
        let rate_hz = setup
            .pointer("/measure/rate_hz")
            .and_then(serde_json::Value::as_f64)
            .unwrap_or(RATE_HZ);
        let readings = sum.figure.window_s * rate_hz;
        if readings < READINGS_WANTED {
            line(
                ui,
                "Mind",
                format!(
                    "{} in {}; {READINGS_WANTED:.0} or more make a figure to rely on: train longer",
                    few(readings),
                    duration(sum.figure.window_s)
                ),
            );
        }
    }
}

/// So many readings, in words.
fn few(readings: f64) -> String {
    match readings.round() {
        readings if readings < 1.0 => "less than one reading".to_owned(),
        1.0 => "only about 1 reading".to_owned(),
        readings => format!("only about {readings:.0} readings"),
    }
}

fn figure(part: &PhaseEnergy, unit: EnergyUnit) -> String {
    let gross = part
        .figure
        .energy_j
        .map_or("no reading".to_owned(), |gross| written_energy(gross, unit));
    let net = part
        .net_j
        .map(|net| format!(" · net {}", written_energy(net, unit)))
        .unwrap_or_default();
    format!(
        "{gross}{net} · grade {} ({}) · {} · {:.0}\u{a0}%\u{a0}covered",
        part.figure.grade,
        part.figure.grade.meaning(),
        part.figure.source,
        part.figure.coverage() * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_readings_are_counted_as_one_says_them() {
        assert_eq!(few(0.3), "less than one reading");
        assert_eq!(few(1.2), "only about 1 reading");
        assert_eq!(few(12.0), "only about 12 readings");
    }
}
