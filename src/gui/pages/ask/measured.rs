//! What was measured of the answers of the chosen runs.

use egui::{Grid, Label, RichText, ScrollArea, Ui, vec2};

use crate::gui::pages::runs::local_time;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, written_energy};
use crate::library::Inference;
use crate::report::{Answers, answers};
use crate::units::{count, duration, estimate, quantity};

/// What was measured of a run.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its identifier.
    pub id: String,
    /// Its name, or its identifier where it has none.
    pub name: String,
    /// The latest of each batch size.
    pub latest: Vec<Inference>,
}

/// The latest of each batch size, by size. `all` are the latest first.
pub fn latest(all: Vec<Inference>) -> Vec<Inference> {
    let mut latest: Vec<Inference> = Vec::new();
    for one in all {
        if latest
            .iter()
            .all(|known| known.batch_size != one.batch_size)
        {
            latest.push(one);
        }
    }
    latest.sort_by_key(|one| one.batch_size);
    latest
}

/// A table, plots, and what they rest on.
pub fn results(ui: &mut Ui, shared: &Shared, measured: &[Measured]) {
    let some: Vec<&Measured> = measured
        .iter()
        .filter(|one| !one.latest.is_empty())
        .collect();
    if some.is_empty() {
        widgets::caption(ui, "Nothing was measured yet.");
        return;
    }
    widgets::section(ui, "What was measured");
    ScrollArea::horizontal()
        .id_salt("answers-cost-table")
        .show(ui, |ui| table(ui, shared, &some));
    ui.add_space(2.0 * theme::GRID);
    let of: Vec<Answers<'_>> = some
        .iter()
        .map(|one| Answers {
            name: &one.name,
            measured: &one.latest,
        })
        .collect();
    if let Some(plot) = answers(&of) {
        widgets::scene(ui, &plot);
    }
    for one in &some {
        notes(ui, one);
    }
}

fn table(ui: &mut Ui, shared: &Shared, measured: &[&Measured]) {
    let tokens = Tokens::in_ui(ui);
    let unit = shared.preferences.energy_unit;
    Grid::new("answers-cost")
        .striped(true)
        .spacing(vec2(20.0, 6.0))
        .show(ui, |ui| {
            let mut names = vec![
                "at once",
                "energy per 1,000",
                "net",
                "carbon per 1,000",
                "half within",
                "95 % within",
                "answers/s",
                "windows",
                "device",
                "measured",
            ];
            if measured.len() > 1 {
                names.insert(0, "run");
            }
            for name in names {
                ui.label(RichText::new(name).small().color(tokens.dim));
            }
            ui.end_row();
            let missing = || "missing".to_owned();
            let mono = |ui: &mut Ui, text: String| {
                ui.label(RichText::new(text).monospace());
            };
            for run in measured {
                for one in &run.latest {
                    if measured.len() > 1 {
                        ui.label(&run.name);
                    }
                    mono(ui, count(one.batch_size));
                    let energy = one
                        .energy_j
                        .map_or_else(missing, |energy| written_energy(energy, unit));
                    mono(ui, energy);
                    let net = one
                        .net_j
                        .map_or("no baseline".to_owned(), |net| written_energy(net, unit));
                    mono(ui, net);
                    mono(
                        ui,
                        one.carbon_g
                            .map_or_else(missing, |carbon| estimate(carbon, "gCO2e")),
                    );
                    for time in [one.latency.p50_s, one.latency.p95_s] {
                        mono(ui, time.map_or_else(missing, duration));
                    }
                    mono(ui, quantity(one.throughput, "").trim_end().to_owned());
                    let enough = if one.interval_reached {
                        ""
                    } else {
                        " (too few)"
                    };
                    mono(ui, format!("{}{enough}", one.windows));
                    ui.label(format!("{} · {}", one.device, one.backend));
                    ui.label(local_time(one.made_at));
                    ui.end_row();
                }
            }
        });
}

fn notes(ui: &mut Ui, measured: &Measured) {
    let Some(first) = measured.latest.first() else {
        return;
    };
    let mut text = match &first.sum {
        Some(sum) => format!(
            "{}: {} by {}, grade {} ({})",
            measured.name,
            sum.figure.boundary,
            sum.figure.source,
            sum.figure.grade,
            sum.figure.grade.meaning()
        ),
        None => format!("{}: no meter answered", measured.name),
    };
    if !first.missing.is_empty() {
        text.push_str(&format!("; {} gave no reading", first.missing.join(", ")));
    }
    text.push_str(&match first.run_value {
        Some(value) => format!(
            "; the answers are those of the run, which had {} {}",
            first.metric,
            first.metric.format(value)
        ),
        None => "; the run did not look at the held-out samples at this step".to_owned(),
    });
    let tokens = Tokens::in_ui(ui);
    let text = RichText::new(text + ".").small().color(tokens.dim);
    ui.add(Label::new(text).wrap()).on_hover_text(&measured.id);
}
