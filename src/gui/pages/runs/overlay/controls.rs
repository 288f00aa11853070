//! The row in which it is chosen what is drawn, from what the runs have.

use std::collections::BTreeSet;

use egui::{ComboBox, Ui};

use super::Run;
use super::choice::{Choice, Metric, Split, heads};
use crate::gui::curves::XAxis;
use crate::gui::widgets;
use crate::units;

pub(super) fn controls(ui: &mut Ui, choice: &mut Choice, runs: &[Run<'_>], result: units::Metric) {
    combo(ui, "Metric", choice.metric.label(result), |ui| {
        for metric in Metric::ALL {
            ui.selectable_value(&mut choice.metric, metric, metric.label(result));
        }
    });
    if choice.metric.has_splits() {
        combo(ui, "Samples", choice.split.label(), |ui| {
            for split in Split::ALL {
                ui.selectable_value(&mut choice.split, split, split.label());
            }
        });
    }
    let heads = heads(runs);
    if choice.metric.has_splits() && !heads.is_empty() {
        let of_run = match choice.metric {
            Metric::Loss => "sum of all",
            _ => "the worst",
        };
        let chosen = choice.head(runs);
        combo(ui, "Head", chosen.as_deref().unwrap_or(of_run), |ui| {
            ui.selectable_value(&mut choice.head, None, of_run);
            for head in &heads {
                ui.selectable_value(&mut choice.head, Some(head.clone()), head);
            }
        });
    }
    if choice.metric == Metric::Power {
        let meters = meters(runs);
        let chosen = choice
            .meter
            .clone()
            .filter(|meter| meters.contains(meter))
            .or(meters.first().cloned());
        combo(ui, "Meter", chosen.as_deref().unwrap_or("no meter"), |ui| {
            for meter in &meters {
                ui.selectable_value(&mut choice.meter, Some(meter.clone()), meter);
            }
        });
    }
    combo(ui, "Along x", choice.x.label(), |ui| {
        for x in XAxis::ALL {
            ui.selectable_value(&mut choice.x, x, x.label());
        }
    });
    ui.checkbox(&mut choice.log, "log")
        .on_hover_text("Equal distances for equal factors");
    ui.checkbox(&mut choice.means, "mean over seeds")
        .on_hover_text("Runs of one setup as their mean with its 95 % interval (Student's t)");
    if !choice.means {
        let label = ui.label("smooth");
        let slider = egui::Slider::new(&mut choice.smoothing, 0.0..=0.99).show_value(false);
        ui.add(slider)
            .labelled_by(label.id)
            .on_hover_text("De-biased exponential mean over the faint line as it is");
    }
}

fn combo(ui: &mut Ui, name: &str, text: &str, add: impl FnOnce(&mut Ui)) {
    let label = widgets::field_label(ui, name, "");
    let combo = ComboBox::from_id_salt(("runs-curves", name))
        .selected_text(text)
        .width(104.0)
        .show_ui(ui, add);
    combo.response.labelled_by(label.id);
}

fn meters(runs: &[Run<'_>]) -> Vec<String> {
    let labels: BTreeSet<&String> = runs
        .iter()
        .flat_map(|run| &run.curves().power)
        .map(|power| &power.label)
        .collect();
    labels.into_iter().cloned().collect()
}
