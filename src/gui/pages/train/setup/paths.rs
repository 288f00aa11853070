//! Files and folders of the user's, as parts of a setup: typed, asked for, or dropped on the window.

use std::fs;
use std::path::{Path, PathBuf};

use egui::{Align2, Button, Margin, TextEdit, Ui};

use super::SetupPanel;
use super::form::{Form, Look};
use crate::gui::dialogs::{self, Question};
use crate::gui::jobs::Lane;
use crate::gui::sets::Shown;
use crate::gui::state::{Shared, State};
use crate::gui::theme;
use crate::setup::DatasetSetup;

/// Entries of a dropped folder that are looked at to tell what it holds.
const LOOKED_AT: usize = 1000;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// A folder.
    Folder,
    /// A file of this kind: a name for people, and endings without the dot.
    File(&'static str, &'static [&'static str]),
}

/// The path among the options of a set; `None` where it has none.
pub fn path_of(dataset: &mut DatasetSetup) -> Option<&mut PathBuf> {
    match dataset {
        DatasetSetup::Idx(options) => Some(&mut options.folder),
        DatasetSetup::Folder(options) => Some(&mut options.folder),
        DatasetSetup::Csv(options) => Some(&mut options.file),
        DatasetSetup::Text(options) => Some(&mut options.file),
        DatasetSetup::TextCsv(options) => Some(&mut options.file),
        _ => None,
    }
}

/// Whether it is not said yet where the files of the set are.
pub fn has_no_path(dataset: &DatasetSetup) -> bool {
    path_of(&mut dataset.clone()).is_some_and(|path| path.as_os_str().is_empty())
}

impl Form<'_> {
    /// A path of the set: a field, and a button that asks the platform. Before there is one, `empty` says what is to be
    /// there instead of what is wrong.
    pub fn path(
        &mut self,
        ui: &mut Ui,
        look: Look<'_>,
        path: &mut PathBuf,
        pick: Pick,
        empty: &str,
        shared: &mut Shared,
    ) {
        if self.path_row(ui, &look, path, None) {
            ask(shared, pick, path);
        }
        if path.as_os_str().is_empty() {
            crate::gui::widgets::caption(ui, empty);
        } else {
            self.problems_at(ui, look.path);
        }
    }

    /// A field for a path and a button that asks the platform, which readers of the screen call `browse`; whether it was clicked.
    pub fn path_row(
        &mut self,
        ui: &mut Ui,
        look: &Look<'_>,
        path: &mut PathBuf,
        browse: Option<&str>,
    ) -> bool {
        let mut text = path.to_string_lossy().into_owned();
        let mut is_asked = false;
        self.row(ui, look, |_, ui, label| {
            const BUTTON: f32 = 80.0;
            let width = ui.available_width() - BUTTON - ui.spacing().item_spacing.x;
            let edit = TextEdit::singleline(&mut text)
                .margin(Margin::symmetric(8, 4))
                .align(Align2::LEFT_CENTER)
                .desired_width(width - 16.0);
            let response = ui
                .add_sized([width, theme::CONTROL_HEIGHT], edit)
                .labelled_by(label);
            if response.changed() {
                *path = PathBuf::from(text.trim());
            }
            if !text.is_empty() {
                response.on_hover_text(&text);
            }
            let button = ui.add_sized([BUTTON, theme::CONTROL_HEIGHT], Button::new("Browse…"));
            if let Some(name) = browse {
                button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
            }
            is_asked = button.clicked();
        });
        is_asked
    }
}

fn ask(shared: &mut Shared, pick: Pick, now: &Path) {
    let name = shared.preferences.setup.dataset.name();
    let then = move |state: &mut State, path: Option<PathBuf>| {
        // Another set may have been chosen while the dialog was open.
        let dataset = &mut state.shared.preferences.setup.dataset;
        if let Some(path) = path
            && dataset.name() == name
            && let Some(of_set) = path_of(dataset)
        {
            *of_set = path;
        }
    };
    let folder = match pick {
        Pick::Folder => Some(now),
        Pick::File(..) => now.parent(),
    };
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map(Path::to_owned);
    match pick {
        Pick::Folder => {
            let mut question = Question::new("Folder of the dataset");
            question.folder = folder;
            dialogs::pick_folder(shared, question, then);
        }
        Pick::File(kind, endings) => {
            let mut question = Question::new("File of the dataset").kind(kind, endings);
            question.folder = folder;
            dialogs::open_file(shared, question, then);
        }
    }
}

/// What a dropped folder is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// MNIST-like files.
    Idx,
    /// Folders, which may be classes.
    Folders,
    /// Neither.
    Neither,
}

impl SetupPanel {
    /// A folder, a table or a text was dropped on the window; `false` where it is nothing that one could learn from.
    pub fn take_data(&mut self, path: &Path, shared: &mut Shared) -> bool {
        let name = shared.preferences.setup.dataset.name();
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        let taken_for = match ending.as_ref().and_then(|ending| ending.to_str()) {
            // Whoever has chosen texts in a table means this one.
            Some("csv") if name == "text-csv" => Some(name),
            Some("csv") => Some("csv"),
            Some("txt" | "md") => Some("text"),
            _ => None,
        };
        if let Some(taken_for) = taken_for {
            self.use_files(taken_for, path, shared);
            return true;
        }
        if !path.is_dir() {
            return false;
        }
        if let Shown::Missing(..) = shared.sets.shown(name) {
            shared.get_set(name, Some(path.to_owned()));
            return true;
        }
        let path = path.to_owned();
        shared.jobs.run(Lane::Files, move |_| {
            let holds = holds(&path);
            Box::new(move |state: &mut State| {
                let State { shared, pages, .. } = state;
                let setup = &mut pages.train.setup;
                match holds {
                    Ok(Holds::Idx) => setup.use_files("idx", &path, shared),
                    Ok(Holds::Folders) => setup.use_files("folder", &path, shared),
                    Ok(Holds::Neither) => shared.toasts.error(format!(
                        "The setup is as before: the folder holds neither a folder of images for each class nor files \
                         named as MNIST's are: {}",
                        path.display()
                    )),
                    Err(error) => shared.toasts.error(format!(
                        "The setup is as before: the folder cannot be read: {error}: {}",
                        path.display()
                    )),
                }
            })
        });
        true
    }

    /// Puts the files at `path` into the setup as the set called `name`.
    fn use_files(&mut self, name: &str, path: &Path, shared: &mut Shared) {
        let mut setup = shared.preferences.setup.clone();
        self.use_dataset(name, &mut setup, shared);
        if let Some(of_set) = path_of(&mut setup.dataset) {
            path.clone_into(of_set);
        }
        shared.preferences.setup = setup;
        shared.preferences.page = crate::gui::Page::Train;
    }
}

fn holds(folder: &Path) -> std::io::Result<Holds> {
    let mut has_folders = false;
    for entry in fs::read_dir(folder)?.take(LOOKED_AT) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if name.contains("-ubyte") || name.contains("idx3") {
            return Ok(Holds::Idx);
        }
        has_folders |= !name.starts_with('.') && entry.path().is_dir();
    }
    Ok(if has_folders {
        Holds::Folders
    } else {
        Holds::Neither
    })
}
