//! Above the table: search, filters, columns, and what can be done with the chosen runs.

use std::collections::BTreeSet;

use egui::{Align, Button, ComboBox, Label, Layout, RichText, Role, TextEdit, Ui, WidgetInfo};

use super::columns::Column;
use super::{RunsPage, edit, transfer};
use crate::gui::commands::{Action, Command};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::library::Status;
use crate::units::count;

/// Draws both lines.
pub fn show(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared) {
    ui.horizontal_wrapped(|ui| {
        let search = TextEdit::singleline(&mut page.wanted.text)
            .hint_text("Search runs")
            .desired_width(200.0)
            .align(egui::Align2::LEFT_CENTER)
            .min_size(egui::vec2(0.0, theme::CONTROL_HEIGHT));
        ui.add(search).accessible_name("Search runs");
        filters(page, ui);
        let hint = "Put runs of one setup together, with mean and 95 % interval over their seeds";
        ui.checkbox(&mut page.look.grouped, "Group seeds")
            .on_hover_text(hint);
        columns_menu(page, ui);
        if ui
            .button("Import…")
            .on_hover_text("Take over the runs of another library")
            .clicked()
        {
            transfer::ask_for_library(shared);
        }
        if ui
            .button("Export…")
            .on_hover_text(Command::ExportRuns.hint())
            .clicked()
        {
            shared.command(Command::ExportRuns);
        }
    });
    ui.horizontal_wrapped(|ui| {
        actions(page, ui, shared);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let tokens = Tokens::in_ui(ui);
            ui.add(Label::new(RichText::new(counted(page)).color(tokens.dim)).truncate());
            let shows_energy = page.look.columns.contains(&Column::Energy);
            if shows_energy && let Some(text) = super::view::warning(&page.view.kinds) {
                let sign = RichText::new("! not all comparable").color(tokens.warning);
                ui.add(Label::new(sign).truncate()).on_hover_text(text);
            }
        });
    });
}

fn counted(page: &RunsPage) -> String {
    let (shown, all) = (page.view.rows.len() as u64, page.rows.items.len() as u64);
    let reading = if page.rows.is_whole {
        ""
    } else {
        ", reading more"
    };
    let runs = if all == 1 { "run" } else { "runs" };
    let shown = if shown == all {
        format!("{} {runs}{reading}", count(all))
    } else {
        format!("{} of {} {runs}{reading}", count(shown), count(all))
    };
    match page.selection.ids.len() as u64 {
        0 => shown,
        chosen => format!("{} chosen · {shown}", count(chosen)),
    }
}

fn filters(page: &mut RunsPage, ui: &mut Ui) {
    let wanted = &mut page.wanted;
    let mut status = wanted.status.map(|status| status.id().to_owned());
    let statuses: BTreeSet<String> = Status::ALL
        .iter()
        .map(|status| status.id().to_owned())
        .collect();
    filter(ui, "Status", &statuses, &mut status);
    wanted.status = status.and_then(|id| Status::from_id(&id).ok());
    filter(
        ui,
        "Dataset",
        &page.view.choices.datasets,
        &mut wanted.dataset,
    );
    filter(ui, "Device", &page.view.choices.devices, &mut wanted.device);
    filter(ui, "Tag", &page.view.choices.tags, &mut wanted.tag);
    if !wanted.is_all() && ui.button("Clear").on_hover_text("Show all runs").clicked() {
        *wanted = super::Wanted::default();
    }
}

fn filter(ui: &mut Ui, name: &str, choices: &BTreeSet<String>, chosen: &mut Option<String>) {
    let text = chosen.clone().unwrap_or_else(|| format!("{name}: all"));
    let combo = ComboBox::from_id_salt(("runs-filter", name))
        .selected_text(text.clone())
        .width(112.0)
        .truncate();
    let inner = combo.show_ui(ui, |ui| {
        ui.selectable_value(chosen, None, "all");
        for choice in choices {
            ui.selectable_value(chosen, Some(choice.clone()), choice);
        }
    });
    inner.response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, format!("{name} filter"));
        info.current_text_value = Some(text.clone());
        info
    });
}

fn columns_menu(page: &mut RunsPage, ui: &mut Ui) {
    let config = egui::containers::menu::MenuConfig::new()
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    let menu = egui::containers::menu::MenuButton::new("Columns").config(config);
    menu.ui(ui, |ui| {
        egui::ScrollArea::vertical()
            .max_height(420.0)
            .show(ui, |ui| {
                theme::rims_in_menu(ui);
                // The name says which run it is; without it the table says nothing.
                for column in Column::ALL.into_iter().skip(1) {
                    let columns = &mut page.look.columns;
                    let mut is_shown = columns.contains(&column);
                    if ui
                        .checkbox(&mut is_shown, column.label())
                        .on_hover_text(column.hint())
                        .changed()
                    {
                        columns.retain(|known| *known != column);
                        if is_shown {
                            columns.push(column);
                        }
                        columns.sort_by_key(|column| {
                            Column::ALL.iter().position(|known| known == column)
                        });
                    }
                }
            });
    });
}

fn actions(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared) {
    let chosen = page.chosen();
    let (any, one) = (!chosen.is_empty(), chosen.len() == 1);
    let few = "Choose one run first";
    let none = "Choose one or more runs first";
    let button = |ui: &mut Ui, enabled: bool, text: &str, hint: &str| {
        let why = if text == "Rename…" || text == "Use setup" || text == "Resume" {
            few
        } else {
            none
        };
        ui.add_enabled(enabled, Button::new(text))
            .on_hover_text(hint)
            .on_disabled_hover_text(why)
            .clicked()
    };
    if button(ui, one, "Rename…", "Give the run a name of its own") {
        page.edit = edit::Edit::name(&chosen);
    }
    if button(ui, any, "Tags…", "Give the chosen runs labels") {
        page.edit = edit::Edit::tags(&chosen);
    }
    if button(ui, any, "Note…", "Put a remark on the chosen runs") {
        page.edit = edit::Edit::note(&chosen);
    }
    let is_pinned = any && chosen.iter().all(|item| item.listed.run.pinned);
    let (pin, hint) = if is_pinned {
        (
            "Unpin",
            "Let the chosen runs stand where the order puts them",
        )
    } else {
        ("Pin", "Keep the chosen runs at the top")
    };
    if button(ui, any, pin, hint) {
        edit::pin(&chosen, !is_pinned, shared);
    }
    if button(
        ui,
        one,
        "Use setup",
        "Put the run's setup into the panel of the Train page",
    ) {
        edit::use_setup(&chosen[0], shared);
    }
    let may_resume = one && edit::can_be_resumed(&chosen[0]);
    let resume = ui
        .add_enabled(may_resume && !shared.is_busy(), Button::new("Resume"))
        .on_hover_text("Go on with the run from its last checkpoint")
        .on_disabled_hover_text(match (one, may_resume) {
            (false, _) => few,
            (true, false) => "The run is complete or goes on: there is nothing to go on with",
            (true, true) => "A run goes on; stop it before another is resumed",
        });
    if resume.clicked() {
        shared.ask(Action::ResumeRun(chosen[0].id().to_owned()));
    }
    if button(
        ui,
        any,
        "Delete",
        "Take the chosen runs out of the library; can be undone",
    ) {
        edit::delete(&chosen, shared);
    }
}
