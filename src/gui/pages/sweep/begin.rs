//! Beginning a sweep, and going on with one: what is asked before.

use egui::{Label, Ui};

use super::SweepPage;
use crate::gui::Page;
use crate::gui::state::{Shared, State};
use crate::gui::theme;
use crate::gui::widgets;
use crate::library::Status;
use crate::setup::sweep::Sweep;

/// What the user is asked.
pub enum Asked {
    /// Whether so much is to begin; in what it is large.
    Consent(Box<Sweep>, serde_json::Value, Vec<String>),
    /// Whether one that was not finished is to be gone on with instead: its identifier, and how it stands.
    Unfinished(Box<Sweep>, serde_json::Value, String, String),
    /// Whether the sweep is to be taken out of the list: its identifier and name.
    Remove(String, String),
}

/// Whether a sweep may begin now.
///
/// # Errors
/// Why not, for people.
pub fn is_free(shared: &Shared) -> Result<(), String> {
    if shared.is_sweeping() {
        return Err("Another sweep goes on; two would measure each other".to_owned());
    }
    if shared.is_inferring() {
        return Err(
            "It is measured what answers cost; the sweep can begin when that has ended".to_owned(),
        );
    }
    if shared.is_training() || !shared.queue.is_empty() {
        return Err("A run goes on or waits; the sweep can begin when it has ended".to_owned());
    }
    Ok(())
}

/// Begins the sweep that is put together.
pub fn begin(page: &mut SweepPage, shared: &mut Shared) {
    shared.preferences.page = Page::Sweep;
    page.choose(None);
    let ready = match page.editor.typed.first_wrong() {
        Some((field, wrong)) => Err(format!("{field}: {wrong}")),
        None => page.editor.check.ready(),
    };
    let (sweep, ahead) = match ready.and_then(|ready| is_free(shared).map(|()| ready)) {
        Ok(ready) => ready,
        Err(why) => return shared.toasts.warn(why),
    };
    let hash = sweep.hash();
    let forecast = ahead.json();
    let same = page
        .list
        .rows
        .iter()
        .find(|row| row.sweep.hash == hash && row.sweep.status != Status::Completed);
    let above = ahead.above(&sweep.consent);
    let sweep = Box::new(sweep);
    page.asked = match same {
        Some(row) => {
            let state = format!(
                "{} with {} of {} trials done",
                row.sweep.status,
                row.over(),
                row.total()
            );
            Some(Asked::Unfinished(
                sweep,
                forecast,
                row.sweep.id.clone(),
                state,
            ))
        }
        None if !above.is_empty() => Some(Asked::Consent(sweep, forecast, above)),
        None => return start(page, shared, *sweep, forecast),
    };
}

fn start(page: &mut SweepPage, shared: &mut Shared, sweep: Sweep, forecast: serde_json::Value) {
    shared.start_sweep(sweep, None, Some(forecast));
    page.follows = shared.sweep.as_ref().map(|sweep| sweep.serial);
    page.list.forget();
}

/// Goes on with the sweep that is shown.
pub fn take_up(page: &mut SweepPage, shared: &mut Shared) {
    if let Err(why) = is_free(shared) {
        return shared.toasts.warn(why);
    }
    let read = page.stored.read.as_ref().filter(|_| page.shown.is_some());
    let Some(read) = read else {
        return shared.toasts.warn("Choose a sweep that was not finished");
    };
    if read.record.status == Status::Completed {
        return shared
            .toasts
            .warn("This sweep is complete; there is nothing to go on with");
    }
    let Some(sweep) = read.sweep.clone() else {
        return shared
            .toasts
            .error("The sweep is of another version of the program and cannot be gone on with");
    };
    let id = read.record.id.clone();
    let forecast = read.record.forecast.clone();
    shared.preferences.page = Page::Sweep;
    shared.start_sweep(sweep, Some(id), forecast);
    page.stored.forget();
}

/// Shows what is asked, where something is.
pub fn show(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    let Some(asked) = page.asked.take() else {
        return;
    };
    let mut answer = Answer::None;
    let modal = widgets::dialog(ui, ui.scope_id().with("sweep-asked")).show(ui.ctx(), |ui| {
        ui.set_width(420.0_f32.min(ui.ctx().content_rect().width() - 64.0));
        answer = question(ui, &asked);
    });
    if modal.should_close() {
        answer = Answer::No;
    }
    match (answer, asked) {
        (Answer::None, asked) => page.asked = Some(asked),
        (Answer::No, _) => {}
        (
            Answer::Yes,
            Asked::Consent(sweep, forecast, _) | Asked::Unfinished(sweep, forecast, ..),
        ) => {
            start(page, shared, *sweep, forecast);
        }
        (Answer::GoOn, Asked::Unfinished(_, _, id, _)) => {
            page.choose(Some(id));
            shared.toasts.info("Take it up to go on with it");
        }
        (_, Asked::Remove(id, _)) => remove(page, shared, id),
        (Answer::GoOn, _) => {}
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    None,
    Yes,
    No,
    GoOn,
}

fn question(ui: &mut Ui, asked: &Asked) -> Answer {
    let mut answer = Answer::None;
    let wrapped = |ui: &mut Ui, text: String| ui.add(Label::new(text).wrap());
    match asked {
        Asked::Consent(_, _, above) => {
            ui.heading("This is a large sweep");
            wrapped(ui, format!("{}.", above.join(", ")));
            wrapped(
                ui,
                "It can be paused and stopped at any time; what is done is kept.".to_owned(),
            );
        }
        Asked::Unfinished(_, _, _, state) => {
            ui.heading("The same sweep was begun before");
            wrapped(ui, format!("It is {state}."));
        }
        Asked::Remove(_, name) => {
            ui.heading("Take the sweep out of the list?");
            wrapped(ui, format!("{name}: its runs stay in the library."));
        }
    }
    ui.add_space(2.0 * theme::GRID);
    ui.horizontal_wrapped(|ui| {
        match asked {
            Asked::Consent(..) => {
                if widgets::primary_button(ui, "Begin all the same").clicked() {
                    answer = Answer::Yes;
                }
            }
            Asked::Unfinished(..) => {
                if widgets::primary_button(ui, "Show that one").clicked() {
                    answer = Answer::GoOn;
                }
                if ui.button("Begin anew").clicked() {
                    answer = Answer::Yes;
                }
            }
            Asked::Remove(..) => {
                if widgets::primary_button(ui, "Take it out").clicked() {
                    answer = Answer::Yes;
                }
            }
        }
        if ui.button("Cancel").clicked() {
            answer = Answer::No;
        }
    });
    answer
}

fn remove(page: &mut SweepPage, shared: &mut Shared, id: String) {
    page.choose(None);
    shared.with_library(
        move |library| library.delete_sweep(&id),
        |state: &mut State, result| match result {
            Ok(()) => state.shared.library_revision += 1,
            Err(error) => state.shared.toasts.error(error.to_string()),
        },
    );
}
