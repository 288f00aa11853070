//! What the sweep that is put together will take, and the button that begins it.

use egui::{Label, RichText, Ui};

use super::SweepPage;
use crate::analysis::search::{Ahead, Total};
use crate::gui::commands::Command;
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, expected_energy};
use crate::setup::sweep::Sweep;
use crate::units::{count, duration};

/// Combinations that cannot run which are named.
const NAMED_MAX: usize = 5;

/// Draws the forecast.
pub fn show(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    widgets::titled_card(ui, "Forecast", |ui| {
        let tokens = Tokens::in_ui(ui);
        let check = &page.editor.check;
        let found = &check.found;
        if let Some(whole) = &found.whole {
            widgets::problem(ui, whole);
        }
        match found.problems.len() {
            0 => {}
            1 => widgets::problem(ui, "One field needs a look; it says what is wrong."),
            several => {
                widgets::problem(
                    ui,
                    &format!("{several} fields need a look; each says what is wrong."),
                );
            }
        }
        match (&found.sweep, &found.ahead) {
            (Some(sweep), Some(Ok(ahead))) => {
                told(ui, sweep, ahead, shared.preferences.energy_unit)
            }
            (Some(_), Some(Err(error))) => widgets::problem(ui, error),
            (Some(_), None) => {
                let text = match &shared.devices {
                    None => "Looking for devices…",
                    Some(Ok(_)) if check.is_current => {
                        "There is no device of that name here; choose another in the base."
                    }
                    Some(Ok(_)) => "Counting…",
                    Some(Err(_)) => "The devices of this machine could not be listed.",
                };
                widgets::caption(ui, text);
            }
            (None, _) => {
                if let Some(combinations) = found.combinations.filter(|count| *count > 0) {
                    row(ui, "Combinations", large(combinations));
                }
            }
        }
        if !check.is_current {
            ui.label(RichText::new("Checking…").small().color(tokens.dim));
        }
        ui.add_space(theme::GRID);
        button(page, ui, shared);
    });
}

fn button(page: &SweepPage, ui: &mut Ui, shared: &mut Shared) {
    let why = match page.editor.typed.first_wrong() {
        Some((field, wrong)) => Err(format!("{field}: {wrong}")),
        None => page.editor.check.ready().map(drop),
    };
    let why = why.and_then(|()| super::begin::is_free(shared));
    let command = Command::BeginSweep;
    let hint = match command.shortcut() {
        Some(key) => format!("{} ({})", command.hint(), ui.ctx().format_shortcut(&key)),
        None => command.hint().to_owned(),
    };
    let button = ui
        .add_enabled_ui(why.is_ok(), |ui| {
            widgets::primary_button(ui, command.label())
        })
        .inner
        .on_hover_text(hint);
    let button = match &why {
        Ok(()) => button,
        Err(why) => button.on_disabled_hover_text(why),
    };
    if button.clicked() {
        shared.command(command);
    }
}

fn told(ui: &mut Ui, sweep: &Sweep, ahead: &Ahead, unit: EnergyUnit) {
    let most = if ahead.at_most { "at most " } else { "" };
    row(
        ui,
        "Trials",
        format!("{most}{}", count(ahead.outlook.trials)),
    );
    let seeds = sweep.seeds().len();
    let seeds = match seeds {
        1 => "1 seed".to_owned(),
        several => format!("{several} seeds"),
    };
    let combinations = match ahead.combinations {
        1 => "1 combination".to_owned(),
        several => format!("{} combinations", count(several as u64)),
    };
    widgets::caption(ui, format!("{combinations}, {seeds}, on {}", ahead.device));
    let energy_j = ahead.outlook.energy_j;
    let energy = energy_j.map(|total| expected_energy(total.value, total.range, unit));
    row(ui, "Time", about(ahead.outlook.time_s.map(time)));
    row(ui, "Energy", about(energy));
    if ahead.pauses_s > 0.0 {
        row(ui, "Pauses", duration(ahead.pauses_s));
    }
    widgets::caption(
        ui,
        match (ahead.outlook.time_s.is_some(), ahead.past) {
            (true, 1) => "Told from one earlier run of the device.".to_owned(),
            (true, past) => format!("Told from {past} earlier runs of the device."),
            (false, _) => {
                "No earlier run of the device tells what they will take; the first runs will."
                    .to_owned()
            }
        },
    );
    if ahead.outlook.may_end_earlier && ahead.outlook.time_s.is_some() {
        widgets::caption(ui, "Less where targets are reached before.");
    }
    let above = ahead.above(&sweep.consent);
    if !above.is_empty() {
        let tokens = Tokens::in_ui(ui);
        let text = format!("Large: {}. It asks before it begins.", above.join(", "));
        ui.add(Label::new(RichText::new(text).small().color(tokens.warning)).wrap());
    }
    impossible(ui, ahead);
}

fn impossible(ui: &mut Ui, ahead: &Ahead) {
    if ahead.impossible.is_empty() {
        return;
    }
    let tokens = Tokens::in_ui(ui);
    let text = match ahead.impossible.len() {
        1 => "1 combination cannot be run; the others can.".to_owned(),
        several if several == ahead.combinations => "No combination can be run.".to_owned(),
        several => format!("{several} combinations cannot be run; the others can."),
    };
    ui.add(Label::new(RichText::new(text).small().color(tokens.warning)).wrap());
    for (which, why) in ahead.impossible.iter().take(NAMED_MAX) {
        widgets::caption(ui, format!("{which}: {why}"));
    }
}

fn about(what: Option<String>) -> String {
    what.map_or("unknown".to_owned(), |what| format!("about {what}"))
}

fn time(total: Total) -> String {
    let value = duration(total.value);
    match total.range {
        Some((low, high)) => format!("{value} ({} to {})", duration(low), duration(high)),
        None => value,
    }
}

fn row(ui: &mut Ui, name: &str, value: String) {
    let tokens = Tokens::in_ui(ui);
    ui.horizontal_top(|ui| {
        let size = egui::vec2(72.0, theme::BODY);
        let left = egui::Layout::left_to_right(egui::Align::Min);
        ui.allocate_ui_with_layout(size, left, |ui| {
            ui.set_min_width(size.x);
            ui.label(RichText::new(name).color(tokens.dim));
        });
        ui.add(Label::new(value).wrap());
    });
}

/// A count that may be larger than anybody reads out.
fn large(number: u128) -> String {
    match u64::try_from(number) {
        Ok(number) if number < 1_000_000_000_000 => count(number),
        _ => format!("{:.1e}", number as f64),
    }
}
