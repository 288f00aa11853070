//! What the model's life takes, in sentences, plots and a table.

use egui::{Grid, Label, Layout, RichText, ScrollArea, Slider, Ui, vec2};

use super::{LifePage, nothing};
use crate::analysis::lifecycle::{LifeCycle, Stage};
use crate::analysis::lives::Life;
use crate::gui::commands::Command;
use crate::gui::pages::train::setup::form::sentence;
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, written_energy};
use crate::report::{Lines, lines, stages, uses_in_words};
use crate::units::{Estimate, duration, estimate, money, quantity};

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

/// A row of the table: its name, what it means, what stands in it for a stage.
type Row<'a> = (&'a str, &'a str, &'a dyn Fn(&Stage) -> String);

/// A column for each stage, so that it fits a small window.
fn table(ui: &mut Ui, life: &LifeCycle, unit: EnergyUnit) {
    let tokens = Tokens::in_ui(ui);
    let assumed = &life.assumptions;
    let share = |share: f64| format!("{:.1} %", 100.0 * share);
    let rows: [Row<'_>; 7] = [
        ("Energy", "At the meters", &|stage| {
            written_energy(stage.energy_j, unit)
        }),
        ("Share", "Of the energy of all stages", &|stage| {
            share(stage.energy_share)
        }),
        ("Time", "In which the device was used for it", &|stage| {
            stage.seconds.map_or("not known".to_owned(), duration)
        }),
        (
            "Operational carbon",
            "Energy × PUE × intensity, gCO2e",
            &|stage| estimate(stage.operational_g, "g"),
        ),
        (
            "Embodied carbon",
            "That of the device × time ÷ service life, gCO2e",
            &|stage| match (stage.embodied_g, &assumed.embodied) {
                (Some(grams), _) => quantity(grams, "g"),
                (None, Some(_)) => "not known".to_owned(),
                (None, None) => "left out".to_owned(),
            },
        ),
        (
            "Share of all carbon",
            "Operational and embodied",
            &|stage| stage.carbon_share.map_or("not known".to_owned(), share),
        ),
        ("Electricity", "Energy × PUE × price", &|stage| {
            stage
                .cost
                .map_or("no price".to_owned(), |cost| money(cost, &assumed.currency))
        }),
    ];
    let grid = Grid::new("life-stages").striped(true);
    grid.spacing(vec2(16.0, 6.0)).show(ui, |ui| {
        ui.label("");
        for stage in &life.stages {
            ui.label(RichText::new(sentence(&stage.name)).text_style(theme::strong()));
        }
        ui.end_row();
        for (name, hint, of) in rows {
            ui.label(RichText::new(name).color(tokens.dim))
                .on_hover_text(hint);
            for stage in &life.stages {
                ui.label(of(stage));
            }
            ui.end_row();
        }
    });
}

fn notes(ui: &mut Ui, life: &Life) {
    let training = &life.training;
    let runs = if training.runs == 1 { "run" } else { "runs" };
    let text = format!(
        "Training is the mean of {} {runs}, by {}. Pretraining is shared among {}.",
        training.runs,
        training.source,
        uses_in_words(life.life_cycle.assumptions.uses)
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
