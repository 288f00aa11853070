use std::path::{Path, PathBuf};

use egui::{Label, RichText, TextEdit, Ui};

use super::field;
use super::look::choice;
use crate::control::Folders;
use crate::gui::dialogs::{self, Question};
use crate::gui::jobs::Lane;
use crate::gui::state::{Shared, State};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::Library;

/// Name of the library's file in its folder.
const FILE: &str = "library.sqlite";
/// Points of a button beside a path.
const BUTTON_WIDTH: f32 = 64.0;

const LEVELS: [(&str, &str); 6] = [
    ("off", "Nothing"),
    ("error", "Errors"),
    ("warn", "Warnings"),
    ("info", "Information"),
    ("debug", "Details"),
    ("trace", "Everything"),
];

/// The library's folder as it is being changed.
#[derive(Default)]
pub struct LibraryField {
    typed: String,
    is_edited: bool,
    is_opening: bool,
    problem: Option<String>,
}

impl LibraryField {
    /// Shows where runs are stored.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let current = shared.library_path();
        if !self.is_edited {
            self.typed = match &current {
                Ok(path) => path.parent().unwrap_or(path).display().to_string(),
                Err(_) => String::new(),
            };
        }
        let is_fixed = shared.options.library.is_some();
        let can_change = !is_fixed && !shared.is_busy() && !self.is_opening;
        ui.add_enabled_ui(can_change, |ui| self.edit(ui, shared));
        if is_fixed {
            widgets::caption(
                ui,
                "Named on the command line or in JOULELAB_LIBRARY, which comes before this setting.",
            );
        } else if shared.is_busy() {
            widgets::caption(
                ui,
                "A run goes on and is recorded here; the folder can be changed when it is over.",
            );
        }
        if self.is_opening {
            widgets::caption(ui, "Opening…");
        }
        if let Some(problem) = &self.problem {
            widgets::problem(ui, problem);
        }
        match current {
            Ok(path) => copied_path(ui, "Runs", &path),
            Err(error) => widgets::problem(ui, &error.to_string()),
        }
    }

    fn edit(&mut self, ui: &mut Ui, shared: &mut Shared) {
        field(
            ui,
            "Library folder",
            "Where runs, their samples and checkpoints are stored",
            |ui, label| {
                let edit = TextEdit::singleline(&mut self.typed).desired_width(f32::INFINITY);
                let edit = ui.add(edit).labelled_by(label);
                if edit.changed() {
                    self.is_edited = true;
                    self.problem = None;
                }
                let is_entered =
                    edit.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                ui.horizontal(|ui| {
                    let is_new = self.is_edited && !self.typed.trim().is_empty();
                    let open = ui.add_enabled(is_new, egui::Button::new("Use this folder"));
                    if open.clicked() || is_entered && is_new {
                        let folder = PathBuf::from(self.typed.trim());
                        self.open(shared, Some(folder));
                    }
                    let choose = ui
                        .button("Choose…")
                        .on_hover_text("Choose a folder and use it");
                    if choose.clicked() {
                        ask(shared);
                    }
                    let has_own = shared.preferences.library.is_some() || self.is_edited;
                    let default = ui
                        .add_enabled(has_own, egui::Button::new("Use the default"))
                        .on_hover_text("The platform's folder for a user's data");
                    if default.clicked() {
                        self.open(shared, None);
                    }
                });
            },
        );
        widgets::caption(
            ui,
            "Takes effect at once. Runs are not moved: those of the other library are there when you come back to it.",
        );
    }

    /// Opens the library in `folder`, or the default one, and uses it from then on where that works.
    pub(super) fn open(&mut self, shared: &mut Shared, folder: Option<PathBuf>) {
        if self.is_opening {
            return;
        }
        if shared.is_busy() {
            self.problem = Some("A run goes on; nothing was changed".to_owned());
            return;
        }
        if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_absolute()) {
            self.problem = Some(format!(
                "Give the whole path, from the root: {}",
                folder.display()
            ));
            return;
        }
        self.is_opening = true;
        self.problem = None;
        let own = folder.map(|folder| folder.join(FILE));
        shared.jobs.run(Lane::Library, move |_| {
            let path = own.clone().map_or_else(Library::default_path, Ok);
            let opened = path.and_then(Library::open).map(drop);
            let opened = opened.map_err(|error| error.to_string());
            Box::new(move |state: &mut State| was_opened(state, own, opened))
        });
    }
}

fn ask(shared: &mut Shared) {
    let mut question = Question::new("Folder of the library");
    question.folder = shared
        .library_path()
        .ok()
        .and_then(|path| path.parent().map(Path::to_owned));
    dialogs::pick_folder(shared, question, |state, folder| {
        if let Some(folder) = folder {
            let field = &mut state.pages.settings.library;
            field.typed = folder.display().to_string();
            field.is_edited = true;
            field.open(&mut state.shared, Some(folder));
        }
    });
}

fn was_opened(state: &mut State, own: Option<PathBuf>, opened: Result<(), String>) {
    let (field, shared) = (&mut state.pages.settings.library, &mut state.shared);
    field.is_opening = false;
    // A run of the queue may have begun meanwhile, and is recorded where it began.
    let opened = opened.and_then(|()| match shared.is_busy() {
        true => Err("a run has begun; the folder can be changed when it is over".to_owned()),
        false => Ok(()),
    });
    match opened {
        Ok(()) => {
            field.is_edited = false;
            shared.preferences.library = own;
            shared.library_revision += 1;
            shared.toasts.good("Another library is in use");
        }
        Err(error) => field.problem = Some(format!("Nothing was changed: {error}")),
    }
}

/// How much is logged, and where.
pub fn log(ui: &mut Ui, shared: &mut Shared) {
    let known = LEVELS
        .iter()
        .position(|(level, _)| *level == shared.preferences.log);
    let mut level = known;
    let mut levels: Vec<(Option<usize>, &str)> = LEVELS
        .iter()
        .enumerate()
        .map(|(index, (_, text))| (Some(index), *text))
        .collect();
    let own = shared.preferences.log.clone();
    if known.is_none() {
        levels.push((None, own.as_str()));
    }
    let hint = "What the program and its workers write to standard error";
    choice(ui, "Log level", hint, &levels, &mut level);
    if level != known
        && let Some(level) = level
    {
        shared.preferences.log = LEVELS[level].0.to_owned();
    }
    widgets::caption(
        ui,
        "From the next start on. The log file has information and everything more severe in any case, a week back.",
    );
    match Folders::logs() {
        Some(folder) => copied_path(ui, "Logs", &folder),
        None => {
            widgets::caption(
                ui,
                "This system names no folder for logs, so none are kept.",
            );
        }
    }
}

/// A path with a button that copies it.
pub fn copied_path(ui: &mut Ui, name: &str, path: &Path) {
    let tokens = Tokens::in_ui(ui);
    let text = path.display().to_string();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0 * theme::GRID;
        let copy = ui.add(egui::Button::new("Copy").min_size([BUTTON_WIDTH, 0.0].into()));
        if copy.clicked() {
            ui.ctx().copy_text(text.clone());
        }
        copy.accessible_name(format!("Copy the path: {name}"));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.label(RichText::new(name).small().color(tokens.dim));
            let path = RichText::new(&text).small().monospace();
            ui.add(Label::new(path).truncate().selectable(true));
        });
    });
}
