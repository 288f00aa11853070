//! What every window that exports something has: where to, whether what is there is replaced, and how the writing went.

use std::path::{Path, PathBuf};

use egui::{TextEdit, Ui};

use super::dialogs::{self, Question};
use super::jobs::{Lane, Progress};
use super::state::{Shared, State};
use super::widgets;
use crate::library::export::ExportError;

/// Where something is to be written.
pub struct Target {
    /// Path of a file or folder, as it was typed.
    pub path: String,
    /// The user's documents, once they are found.
    folder: PathBuf,
    replace: bool,
    problem: Option<String>,
    is_writing: bool,
}

/// An export window: where its [`Target`] is while it is open, and how it is closed.
#[derive(Clone, Copy)]
pub struct Place {
    /// The target, while the window is open.
    pub target: fn(&mut State) -> Option<&mut Target>,
    /// Closes the window.
    pub close: fn(&mut State),
}

impl Target {
    /// A file of this name, in the user's documents as soon as that folder is found.
    pub fn begin(name: String, place: Place, shared: &mut Shared) -> Self {
        shared.jobs.run(Lane::Files, move |_| {
            let folder = documents();
            Box::new(move |state: &mut State| {
                if let (Some(target), Some(folder)) = ((place.target)(state), folder) {
                    // What was typed meanwhile stays.
                    let is_typed = target.path.contains(['/', '\\']);
                    if !is_typed && target.folder.as_os_str().is_empty() {
                        target.path = folder.join(&target.path).display().to_string();
                    }
                    target.folder = folder;
                }
            })
        });
        Self {
            path: name,
            folder: PathBuf::new(),
            replace: false,
            problem: None,
            is_writing: false,
        }
    }

    /// Gives the file the name that goes with another format, where it has the one that went with the last.
    pub fn rename(&mut self, had: impl Fn(&str) -> bool, name: &str) {
        let path = Path::new(&self.path);
        if path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(had)
        {
            self.path = path.with_file_name(name).display().to_string();
        }
        self.problem = None;
    }

    /// The field for the path; whether the platform's dialog is asked for.
    pub fn field(&mut self, ui: &mut Ui, name: &str, hint: &str) -> bool {
        let label = widgets::field_label(ui, name, hint);
        let width = ui.available_width();
        let row = ui.horizontal_wrapped(|ui| {
            let field = TextEdit::singleline(&mut self.path).desired_width(width - 120.0);
            if ui.add(field).labelled_by(label.id).changed() {
                self.problem = None;
            }
            let hint = "Choose it in the platform's dialog";
            ui.button("Choose…").on_hover_text(hint).clicked()
        });
        row.inner
    }

    /// Asks the platform for a file to be written, or for a folder.
    pub fn choose(
        &self,
        mut question: Question,
        is_folder: bool,
        place: Place,
        shared: &mut Shared,
    ) {
        if self.folder.is_dir() {
            question.folder = Some(self.folder.clone());
        }
        let take = move |state: &mut State, path: Option<PathBuf>| {
            if let (Some(target), Some(path)) = ((place.target)(state), path) {
                target.path = path.display().to_string();
                // Of a file that is there, the dialog has asked.
                target.replace = !is_folder;
                target.problem = None;
            }
        };
        if is_folder {
            dialogs::pick_folder(shared, question, take);
        } else {
            dialogs::save_file(shared, question, take);
        }
    }

    /// Whether to replace, what is wrong, and the buttons.
    pub fn buttons(&mut self, ui: &mut Ui, is_possible: bool) -> Asked {
        ui.checkbox(&mut self.replace, "Replace what is there");
        if let Some(problem) = &self.problem {
            widgets::problem(ui, problem);
        }
        let row = ui.horizontal_wrapped(|ui| {
            let is_ready = !self.path.trim().is_empty() && is_possible && !self.is_writing;
            let export = ui.add_enabled_ui(is_ready, |ui| widgets::primary_button(ui, "Export"));
            let is_cancelled = ui.button("Cancel").clicked();
            match (export.inner.clicked(), is_cancelled) {
                (true, _) => Asked::Write,
                (_, true) => Asked::Close,
                _ => Asked::Nothing,
            }
        });
        row.inner
    }

    /// Says what stands in the way.
    pub fn refuse(&mut self, problem: String) {
        self.problem = Some(problem);
    }

    /// Writes off the window's thread: `write` gets the path and whether to replace, and says what was written. The window closes when
    /// that went well.
    pub fn write(
        &mut self,
        what: &str,
        place: Place,
        shared: &mut Shared,
        write: impl FnOnce(&Path, bool, &Progress) -> Result<String, String> + Send + 'static,
    ) {
        self.is_writing = true;
        self.problem = None;
        let replace = self.replace;
        let path = PathBuf::from(self.path.trim());
        shared.jobs.run_shown(Lane::Files, what, move |progress| {
            let result = write(&path, replace, progress);
            Box::new(move |state: &mut State| match result {
                Ok(text) => {
                    (place.close)(state);
                    state.shared.toasts.good(text);
                }
                Err(error) => match (place.target)(state) {
                    Some(target) => {
                        target.is_writing = false;
                        target.problem = Some(error);
                    }
                    None => state.shared.toasts.error(error),
                },
            })
        });
    }
}

/// What the user wants of an export window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing yet.
    Nothing,
    /// It is to be written.
    Write,
    /// The window is to be closed.
    Close,
}

/// A window of this title over the others; `inside` draws what is in it and says what is wanted. Whether the window stays open.
pub fn window(
    ui: &mut Ui,
    shared: &mut Shared,
    name: &str,
    title: &str,
    inside: impl FnOnce(&mut Ui, &mut Shared) -> Asked,
) -> bool {
    let modal = widgets::dialog(ui, ui.scope_id().with(name)).show(ui.ctx(), |ui| {
        let width = 460.0_f32.min(ui.ctx().content_rect().width() - 64.0);
        ui.set_width(width);
        ui.heading(title);
        inside(ui, shared)
    });
    // The dialog of the platform lies over this window; a click there is not one beside it.
    let is_left = modal.should_close() && !shared.dialog_open;
    !is_left && modal.inner != Asked::Close
}

/// In words for people, who are at the window that asks.
pub fn explain(error: ExportError) -> String {
    match error {
        ExportError::Exists { path } => format!(
            "There is a file already; give another name, or tick Replace: {}",
            path.display()
        ),
        other => other.to_string(),
    }
}

/// The folder in which people look for what they wrote.
fn documents() -> Option<PathBuf> {
    let users = directories::UserDirs::new()?;
    let documents = users.document_dir().filter(|folder| folder.is_dir());
    Some(documents.unwrap_or(users.home_dir()).to_owned())
}
