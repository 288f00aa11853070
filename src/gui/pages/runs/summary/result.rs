//! What the run reached, from what, and how long it took.

use egui::Ui;

use super::{Full, line};
use crate::gui::pages::runs::rows::Asked;
use crate::gui::preferences::EnergyUnit;
use crate::gui::widgets::{self, written_energy};
use crate::library::{Relation, RunDetails, sum_of_parts};
use crate::units::{Metric, count, duration, estimate};

pub(super) fn result(ui: &mut Ui, full: &Full, unit: EnergyUnit) {
    let run = &full.details.run;
    widgets::section(ui, "Result");
    let metric = run.metrics.metric;
    let result = match (run.metrics.final_test_metric, run.metrics.best_test_metric) {
        (Some(last), Some(best)) => {
            let epoch = run
                .metrics
                .best_epoch
                .map(|epoch| format!(" (epoch {epoch})"))
                .unwrap_or_default();
            let of = if metric == Metric::Return {
                "over the last episodes"
            } else {
                "of the held-out samples"
            };
            format!(
                "{} at the end, {} at best{epoch}, {of}",
                metric.format(last),
                metric.format(best)
            )
        }
        _ => "not evaluated".to_owned(),
    };
    line(ui, metric.heading(), result);
    let asked: Asked = serde_json::from_str(&run.setup.json).unwrap_or_default();
    if asked.tasks() > 1 {
        let word = match run.target_reached {
            Some(true) => "every head has reached its own",
            _ => "not every head has reached its own",
        };
        let text = asked.target().map(|_| word);
        line(ui, "Targets", text.unwrap_or("none"));
    } else if let Some(target) = asked.target() {
        let word = if run.target_reached == Some(true) {
            "reached"
        } else {
            "did not reach"
        };
        line(ui, "Target", format!("{word} {}", metric.format(target)));
    }
    let mut nearest = full
        .details
        .ancestors
        .iter()
        .filter(|of| of.generation == 1);
    if let Some(teacher) = nearest.find(|of| of.relation() != Relation::Start) {
        let name = teacher.title.as_deref().unwrap_or(teacher.label());
        line(ui, "Learnt from", name);
    }
    if let Some(best) = full.stored.as_ref().filter(|stored| stored.is_restored)
        && let Some(step) = best.best_step
    {
        let text = format!("those of its best evaluation, after {} steps", count(step));
        line(ui, "Weights", text);
    }
    let number = |value: Option<u64>| value.map_or("no".to_owned(), count);
    let many = |value: Option<u64>, one: &str| {
        let ending = if value == Some(1) { "" } else { "s" };
        format!("{} {one}{ending}", number(value))
    };
    let samples = full
        .stored
        .as_ref()
        .map(|stored| format!(", {}", many(Some(stored.samples), "sample")));
    line(
        ui,
        "Trained",
        format!(
            "{}, {}{}",
            many(run.epochs, "epoch"),
            many(run.steps, "step"),
            samples.unwrap_or_default()
        ),
    );
    line(
        ui,
        "Model",
        format!("{}, {} parameters", run.setup.model, number(run.parameters)),
    );
    line(ui, "Dataset", run.setup.dataset.clone());
    line(
        ui,
        "Time",
        format!("{} on the run's clock", duration(run.duration_s)),
    );
    let sum = sum_of_parts(&full.details.training);
    let energy_j = sum.as_ref().and_then(|sum| sum.figure.energy_j);
    if let (Some(energy_j), Some(stored)) = (energy_j, &full.stored) {
        if stored.samples > 0 {
            line(
                ui,
                "A sample",
                written_energy(energy_j.scale(1.0 / stored.samples as f64), unit),
            );
        }
        if stored.steps > 0 {
            line(
                ui,
                "A step",
                written_energy(energy_j.scale(1.0 / stored.steps as f64), unit),
            );
        }
    }
    line(ui, "Carbon", carbon(&full.details));
    line(ui, "Tags", run.tags.join(", "));
    line(ui, "Note", run.note.clone().unwrap_or_default());
}

fn carbon(details: &RunDetails) -> String {
    let carbon = details
        .summary
        .as_ref()
        .and_then(|summary| summary.carbon.as_ref());
    let (Some(carbon), Some(basis)) = (carbon, &details.run.carbon) else {
        return "not reckoned".to_owned();
    };
    let place = match (&basis.country, basis.year) {
        (Some(country), Some(year)) => format!("{country} {year}, {}", basis.source),
        (Some(country), None) => format!("{country}, {}", basis.source),
        (None, _) => basis.source.clone(),
    };
    format!(
        "{} · {} · {} g/kWh: {place} · PUE {}",
        estimate(carbon.carbon_g, "gCO2e"),
        carbon.boundary,
        basis.g_per_kwh,
        basis.pue
    )
}
