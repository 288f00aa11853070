//! What a user changes about runs: name, tags, note, pin, whether they are kept; and what is made of their setups.

use std::sync::Arc;

use egui::{Key, TextEdit, Ui};

use super::RunsPage;
use super::rows::{self, Item};
use crate::gui::commands::Action;
use crate::gui::state::{Shared, State};
use crate::gui::widgets;
use crate::library::{Library, LibraryError, Status};
use crate::setup::Setup;

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Tags,
    Note,
}

/// A small dialog that changes one field of some runs.
#[derive(Clone, Debug)]
pub struct Edit {
    field: Field,
    ids: Vec<String>,
    text: String,
    is_new: bool,
}

impl Edit {
    /// Changes the name of a run.
    pub fn name(chosen: &[Arc<Item>]) -> Option<Self> {
        let [item] = chosen else { return None };
        Some(Self::new(
            Field::Name,
            chosen,
            item.listed.run.name.clone().unwrap_or_default(),
        ))
    }

    /// Changes the tags of runs; where they differ, the field begins with those that all have.
    pub fn tags(chosen: &[Arc<Item>]) -> Option<Self> {
        let first = chosen.first()?;
        let common = first
            .listed
            .run
            .tags
            .iter()
            .filter(|tag| chosen.iter().all(|item| item.listed.run.tags.contains(tag)));
        let text = common.cloned().collect::<Vec<_>>().join(", ");
        Some(Self::new(Field::Tags, chosen, text))
    }

    /// Changes the note of runs.
    pub fn note(chosen: &[Arc<Item>]) -> Option<Self> {
        let first = chosen.first()?.listed.run.note.clone().unwrap_or_default();
        let same = chosen
            .iter()
            .all(|item| item.listed.run.note.as_deref().unwrap_or_default() == first);
        Some(Self::new(
            Field::Note,
            chosen,
            if same { first } else { String::new() },
        ))
    }

    fn new(field: Field, chosen: &[Arc<Item>], text: String) -> Self {
        let ids = chosen.iter().map(|item| item.id().to_owned()).collect();
        Self {
            field,
            ids,
            text,
            is_new: true,
        }
    }

    fn title(&self) -> String {
        let runs = match self.ids.len() {
            1 => "the run".to_owned(),
            several => format!("{several} runs"),
        };
        match self.field {
            Field::Name => format!("Rename {runs}"),
            Field::Tags => format!("Tags of {runs}"),
            Field::Note => format!("Note on {runs}"),
        }
    }

    fn label(&self) -> (&'static str, &'static str) {
        match self.field {
            Field::Name => ("Name", "Empty takes the name away; the identifier stays"),
            Field::Tags => (
                "Tags",
                "Separated by commas; they take the place of those before",
            ),
            Field::Note => ("Note", "Empty takes the note away"),
        }
    }

    fn store(self, shared: &mut Shared) {
        let Self {
            field, ids, text, ..
        } = self;
        let text = text.trim().to_owned();
        change(shared, ids, move |library, ids| {
            let given = Some(text.as_str()).filter(|text| !text.is_empty());
            let tags: Vec<String> = text
                .split(',')
                .map(|tag| tag.trim().to_owned())
                .filter(|tag| !tag.is_empty())
                .collect();
            for id in ids {
                match field {
                    Field::Name => library.set_name(id, given)?,
                    Field::Tags => library.set_tags(id, &tags)?,
                    Field::Note => library.set_note(id, given)?,
                }
            }
            Ok(())
        });
    }
}

/// Shows the dialog, where one is open.
pub fn show(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared) {
    let Some(edit) = &mut page.edit else { return };
    let (name, hint) = edit.label();
    let mut answer = None;
    let modal = widgets::dialog(ui, ui.scope_id().with("runs-edit")).show(ui.ctx(), |ui| {
        ui.set_width(380.0);
        ui.heading(edit.title());
        let label = widgets::field_label(ui, name, "");
        let field = match edit.field {
            Field::Note => TextEdit::multiline(&mut edit.text).desired_rows(4),
            Field::Name | Field::Tags => TextEdit::singleline(&mut edit.text),
        };
        let field = ui
            .add(field.desired_width(f32::INFINITY))
            .labelled_by(label.id);
        if std::mem::take(&mut edit.is_new) {
            field.request_focus();
        }
        widgets::caption(ui, hint);
        let is_confirmed = edit.field != Field::Note
            && field.lost_focus()
            && ui.input(|input| input.key_pressed(Key::Enter));
        ui.horizontal(|ui| {
            if widgets::primary_button(ui, "Save").clicked() || is_confirmed {
                answer = Some(true);
            }
            if ui.button("Cancel").clicked() {
                answer = Some(false);
            }
        });
    });
    if modal.should_close() {
        answer = answer.or(Some(false));
    }
    match answer {
        Some(true) => {
            if let Some(edit) = page.edit.take() {
                edit.store(shared);
            }
        }
        Some(false) => page.edit = None,
        None => {}
    }
}

/// Does `work` with these runs, shows them as they are then, and reads the list again.
fn change(
    shared: &mut Shared,
    ids: Vec<String>,
    work: impl FnOnce(&mut Library, &[String]) -> Result<(), LibraryError> + Send + 'static,
) {
    shared.with_library(
        move |library| {
            work(library, &ids)?;
            Ok(rows::prepared(library.listed_ids(&ids)?))
        },
        |state: &mut State, changed| {
            state.shared.library_revision += 1;
            match changed {
                Ok(changed) => state.pages.runs.rows.update(changed),
                Err(error) => state.shared.toasts.error(error.to_string()),
            }
        },
    );
}

/// Pins runs, or unpins them.
pub fn pin(chosen: &[Arc<Item>], pinned: bool, shared: &mut Shared) {
    let ids: Vec<String> = chosen.iter().map(|item| item.id().to_owned()).collect();
    change(shared, ids, move |library, ids| {
        ids.iter().try_for_each(|id| library.set_pinned(id, pinned))
    });
}

/// Deletes runs, which can be undone.
pub fn delete(chosen: &[Arc<Item>], shared: &mut Shared) {
    if let Some(running) = chosen.iter().find(|item| item.is_running()) {
        let name = running.name();
        return shared
            .toasts
            .warn(format!("{name} goes on; stop it before it is deleted"));
    }
    let ids: Vec<String> = chosen.iter().map(|item| item.id().to_owned()).collect();
    let text = match chosen {
        [one] => format!("{} was deleted", one.name()),
        several => format!("{} runs were deleted", several.len()),
    };
    shared.with_library(
        move |library| library.delete(&ids).map(|()| ids),
        move |state: &mut State, result| {
            state.shared.library_revision += 1;
            match result {
                Ok(ids) => {
                    state.pages.runs.rows.remove(&ids);
                    state.shared.toasts.deleted(text, ids);
                }
                Err(error) => state.shared.toasts.error(error.to_string()),
            }
        },
    );
}

/// Whether there may be something to go on with.
pub fn can_be_resumed(item: &Item) -> bool {
    !matches!(item.listed.run.status, Status::Running | Status::Completed)
}

/// Puts the setup of a run into the panel of the train page.
pub fn use_setup(item: &Item, shared: &mut Shared) {
    match serde_json::from_str::<Setup>(&item.listed.run.setup.json) {
        Ok(setup) => shared.ask(Action::UseSetup(Box::new(setup))),
        Err(error) => shared.toasts.error(format!(
            "The run's setup is of another version and cannot be used: {error}"
        )),
    }
}
