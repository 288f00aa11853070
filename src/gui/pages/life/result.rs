//! What the model's life takes, in sentences, plots and a table.

use egui::{Grid, Label, Layout, RichText, ScrollArea, Slider, Ui, vec2};

use super::{LifePage, nothing};
use crate::analysis::lifecycle::LifeCycle;
use crate::analysis::lives::Life;
use crate::gui::commands::Command;
use crate::gui::pages::train::setup::form::sentence;
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, written_energy};
use crate::report::{Lines, lines, stages};
use crate::units::{Estimate, duration, estimate, quantity, significant};

/// Most uses of the slider, where the lines do not cross further out.
const USES_MAX: f64 = 1000.0;

/// Draws it.
pub fn show(page: &mut LifePage, ui: &mut Ui, shared: &mut Shared) {
    if page.chosen.runs.is_empty() {
        return nothing(ui);
    }
    let Some(told) = &page.told else {
        match page.reader.error() {
            Some(error) => widgets::problem(ui, error),
            None => {
                widgets::caption(ui, "Reading the runs");
            }
        }
        return;
    };
    ui.horizontal(|ui| {
        ui.heading("Life cycle");
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            let button = egui::Button::new("Export…");
            if ui
                .add_enabled(told.life.is_ok(), button)
                .on_hover_text(Command::ExportLifeCycle.hint())
                .clicked()
            {
                shared.command(Command::ExportLifeCycle);
            }
        });
    });
    let life = match &told.life {
        Ok(life) => life,
        Err(error) => return widgets::problem(ui, &sentence(error)),
    };
    let uses = pays_off(ui, life, page.chosen.assumptions.uses);
    ui.add_space(3.0 * theme::GRID);
    widgets::section(ui, "By stage");
    widgets::scene(ui, &stages(&life.life_cycle));
    ui.add_space(2.0 * theme::GRID);
    ScrollArea::horizontal()
        .id_salt("life-table")
        .show(ui, |ui| {
            table(ui, &life.life_cycle, shared.preferences.energy_unit)
        });
    notes(ui, life);
    if let Some(uses) = uses {
        page.chosen.assumptions.uses = uses;
        ui.ctx().request_repaint();
    }
}

/// When what was learnt before has paid off; the number of uses that the slider was brought to.
fn pays_off(ui: &mut Ui, life: &Life, uses: u64) -> Option<u64> {
    widgets::section(ui, "When what was learnt before has paid off");
    if let Some(reason) = &life.no_break_even {
        let text = format!("It cannot be told: {reason}.");
        strong(ui, &text);
    }
    let Some(found) = Lines::of(life) else {
        if life.no_break_even.is_none() {
            let text = match &life.pretraining {
                None => "These runs started from nothing: there is nothing to be paid off.",
                Some(_) => "Choose runs from nothing to the same target, and it can be told.",
            };
            widgets::caption(ui, text);
        }
        return None;
    };
    strong(ui, &sentence(&format!("{}.", found.break_even.words)));
    let crossed = found.break_even.uses.unwrap_or(0.0);
    let most = (4.0 * crossed).max(USES_MAX).ceil();
    let mut wanted = uses as f64;
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Number of uses");
        ui.spacing_mut().slider_width = (ui.available_width() - 120.0).clamp(120.0, 420.0);
        let slider = Slider::new(&mut wanted, 1.0..=most)
            .logarithmic(true)
            .integer();
        let response = ui.add(slider).labelled_by(label.id);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::Slider, true, "Number of uses");
            info.value = Some(wanted);
            info
        });
        response.on_hover_text("Models that start from what was learnt before");
    });
    let wanted = wanted.round().max(1.0) as u64;
    ui.add(Label::new(sentence(&format!("{}.", found.in_words(wanted)))).wrap());
    widgets::scene(ui, &lines(&found, wanted));
    (wanted != uses).then_some(wanted)
}

fn strong(ui: &mut Ui, text: &str) {
    ui.add(
        Label::new(RichText::new(text).text_style(theme::strong()))
            .wrap()
            .selectable(true),
    );
}

fn table(ui: &mut Ui, life: &LifeCycle, unit: EnergyUnit) {
    let tokens = Tokens::in_ui(ui);
    let currency = &life.assumptions.currency;
    let grid = Grid::new("life-stages").striped(true);
    grid.spacing(vec2(20.0, 6.0)).show(ui, |ui| {
        for (name, hint) in [
            ("stage", ""),
            ("energy", "At the meters"),
            ("share", "Of the energy of all stages"),
            ("time", "In which the device was used for it"),
            ("operational", "Energy × PUE × intensity, gCO2e"),
            (
                "embodied",
                "That of the device × time ÷ service life, gCO2e",
            ),
            ("share", "Of all carbon, operational and embodied"),
            ("electricity", "Energy × PUE × price"),
        ] {
            let label = ui.label(RichText::new(name).small().color(tokens.dim));
            if !hint.is_empty() {
                label.on_hover_text(hint);
            }
        }
        ui.end_row();
        for stage in &life.stages {
            ui.label(sentence(&stage.name));
            let share = |share: f64| format!("{:.1} %", 100.0 * share);
            for text in [
                written_energy(stage.energy_j, unit),
                share(stage.energy_share),
                stage.seconds.map_or("not known".to_owned(), duration),
                estimate(stage.operational_g, "g"),
                match (stage.embodied_g, &life.assumptions.embodied) {
                    (Some(grams), _) => quantity(grams, "g"),
                    (None, Some(_)) => "not known".to_owned(),
                    (None, None) => "left out".to_owned(),
                },
                stage.carbon_share.map_or("not known".to_owned(), share),
                stage.cost.map_or("no price".to_owned(), |cost| {
                    format!("{} {currency}", significant(cost.value, 3))
                }),
            ] {
                ui.label(RichText::new(text).monospace());
            }
            ui.end_row();
        }
    });
}

fn notes(ui: &mut Ui, life: &Life) {
    let training = &life.training;
    let runs = if training.runs == 1 { "run" } else { "runs" };
    let text = format!(
        "Training is the mean of {} {runs}, by {}. Pretraining is shared among {} uses.",
        training.runs, training.source, life.life_cycle.assumptions.uses
    );
    widgets::caption(ui, text);
    for remark in &life.remarks {
        widgets::caption(ui, sentence(&format!("{remark}.")));
    }
    let is_served = life
        .life_cycle
        .stages
        .iter()
        .any(|stage| stage.name == "serving");
    let text = match life.life_cycle.inferences_as_training {
        Some(Estimate { value, low, high }) => {
            let high = if high.is_finite() {
                quantity(high, "")
            } else {
                "no end".to_owned()
            };
            format!(
                "Asking has taken as much as learning after {} samples ({} to {}).",
                quantity(value, "").trim_end(),
                quantity(low, "").trim_end(),
                high.trim_end()
            )
        }
        None if is_served => "Asking took no energy that could be measured.".to_owned(),
        None => "Serving is left out: no measurement of asking is chosen.".to_owned(),
    };
    widgets::caption(ui, text);
}
