//! The sweeps that can be chosen: one to be put together, the stored ones, those that come with the program.

use egui::{
    ComboBox, Frame, Label, Response, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo,
};

use super::SweepPage;
use crate::gui::commands::Command;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::{Status, SweepRow};
use crate::setup::sweep::shipped;

/// What was clicked.
enum Done {
    New,
    Editor,
    Stored(String),
    Shipped(&'static str),
}

/// The list at the left of the page.
pub fn show(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    let mut done = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Sweeps").heading());
    });
    ui.add_space(theme::GRID);
    ScrollArea::vertical()
        .id_salt("sweeps")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width() - 8.0);
            ui.spacing_mut().item_spacing.y = theme::GRID;
            let text = "Being put together";
            if row(ui, text, &about_draft(page), None, page.shown.is_none()).clicked() {
                done = Some(Done::Editor);
            }
            let hint = Command::NewSweep.hint();
            if ui.button("New sweep").on_hover_text(hint).clicked() {
                done = Some(Done::New);
            }
            ui.add_space(2.0 * theme::GRID);
            widgets::section(ui, "Made");
            made(page, ui, shared, &mut done);
            ui.add_space(2.0 * theme::GRID);
            widgets::section(ui, "Come with the program");
            for name in shipped::names() {
                let hint = "Put into the editor, to be looked at, changed and begun";
                if row(ui, name, "", None, false).on_hover_text(hint).clicked() {
                    done = Some(Done::Shipped(name));
                }
            }
        });
    take(page, shared, done);
}

fn made(page: &SweepPage, ui: &mut Ui, shared: &Shared, done: &mut Option<Done>) {
    if let Some(error) = &page.list.error {
        widgets::problem(ui, error);
    } else if page.list.rows.is_empty() {
        widgets::caption(
            ui,
            if page.list.is_ready {
                "None yet. What a sweep came to is kept here."
            } else {
                "Reading the library…"
            },
        );
    }
    for of in &page.list.rows {
        let id = &of.sweep.id;
        let is_shown = page.shown.as_deref() == Some(id);
        let name = of.sweep.name.as_deref().unwrap_or(id);
        let is_own = shared.sweep.as_ref().is_some_and(|own| own.runs(id));
        let response = row(
            ui,
            name,
            &state(of, is_own),
            Some(of.sweep.status),
            is_shown,
        );
        let response = response.on_hover_text(format!("{id}\n{} search", of.sweep.searcher));
        if response.clicked() {
            *done = Some(Done::Stored(id.clone()));
        }
    }
}

/// The same in a narrow window: a menu above the content.
pub fn narrow(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    let mut done = None;
    let frame = Frame::new().inner_margin(egui::Margin::symmetric(theme::PANEL_MARGIN, 8));
    egui::Panel::top("sweep choice")
        .resizable(false)
        .frame(frame)
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                let label = widgets::field_label(ui, "Shown", "Which sweep is shown");
                let shown = page.shown.as_deref().and_then(|id| page.list.find(id));
                let text = match (&page.shown, shown) {
                    (None, _) => "Being put together".to_owned(),
                    (Some(id), row) => row
                        .and_then(|row| row.sweep.name.clone())
                        .unwrap_or_else(|| id.clone()),
                };
                let combo = ComboBox::from_id_salt("sweep-choice")
                    .selected_text(text)
                    .width(240.0)
                    .truncate();
                let inner = combo.show_ui(ui, |ui| {
                    if ui
                        .selectable_label(page.shown.is_none(), "Being put together")
                        .clicked()
                    {
                        done = Some(Done::Editor);
                    }
                    for row in &page.list.rows {
                        let id = &row.sweep.id;
                        let name = row.sweep.name.as_deref().unwrap_or(id);
                        let is_shown = page.shown.as_deref() == Some(id);
                        let text = format!("{name} · {}", state(row, false));
                        if ui.selectable_label(is_shown, text).clicked() {
                            done = Some(Done::Stored(id.clone()));
                        }
                    }
                    ui.separator();
                    for name in shipped::names() {
                        if ui.selectable_label(false, name).clicked() {
                            done = Some(Done::Shipped(name));
                        }
                    }
                });
                inner.response.labelled_by(label.id);
                if ui
                    .button("New sweep")
                    .on_hover_text(Command::NewSweep.hint())
                    .clicked()
                {
                    done = Some(Done::New);
                }
            });
        });
    take(page, shared, done);
}

fn take(page: &mut SweepPage, shared: &mut Shared, done: Option<Done>) {
    match done {
        None => {}
        Some(Done::New) => shared.command(Command::NewSweep),
        Some(Done::Editor) => page.choose(None),
        Some(Done::Stored(id)) => page.choose(Some(id)),
        Some(Done::Shipped(name)) => match shipped(name) {
            Ok(sweep) => page.edit(&sweep),
            Err(error) => shared.toasts.error(error.to_string()),
        },
    }
}

fn about_draft(page: &SweepPage) -> String {
    let draft = &page.editor.draft;
    let name = draft.sweep.name.trim();
    let axes = match draft.axes.len() {
        0 => "no axis yet".to_owned(),
        1 => "1 axis".to_owned(),
        several => format!("{several} axes"),
    };
    match name {
        "" => axes,
        name => format!("{name} · {axes}"),
    }
}

fn state(row: &SweepRow, is_own: bool) -> String {
    let what = match row.sweep.status {
        Status::Running if is_own => "going on",
        Status::Running => "going on elsewhere",
        Status::Completed => "complete",
        Status::Stopped => "stopped",
        Status::Interrupted => "interrupted",
        Status::Failed => "failed",
    };
    format!("{what} · {} of {}", row.over(), row.total())
}

fn row(ui: &mut Ui, name: &str, below: &str, status: Option<Status>, is_shown: bool) -> Response {
    let tokens = Tokens::in_ui(ui);
    let (fill, rim) = match is_shown {
        true => (tokens.raised, tokens.accent),
        false => (tokens.surface, tokens.line),
    };
    let inner = Frame::new()
        .fill(fill)
        .stroke(Stroke::new(1.0, rim))
        .corner_radius(theme::ROUNDING)
        .inner_margin(egui::Margin::symmetric(10, 6))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.spacing_mut().interact_size.y = 0.0;
            ui.add(Label::new(name).truncate());
            if !below.is_empty() {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = theme::GRID;
                    if let Some(status) = status {
                        let (sign, colour) = super::super::runs::status_sign(status, &tokens);
                        ui.label(RichText::new(sign).small().color(colour));
                    }
                    let below = RichText::new(below).small().color(tokens.dim);
                    ui.add(Label::new(below).truncate());
                });
            }
        });
    let response = inner.response.interact(Sense::click());
    response.widget_info(|| {
        let name = match below {
            "" => format!("Edit {name}"),
            below => format!("{name}: {below}"),
        };
        WidgetInfo::selected(Role::Button, true, is_shown, name)
    });
    if response.has_focus() {
        let rim = Stroke::new(2.0, tokens.accent);
        ui.painter()
            .rect_stroke(response.rect, theme::ROUNDING, rim, StrokeKind::Inside);
    }
    response
}
