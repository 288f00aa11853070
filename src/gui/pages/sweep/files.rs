//! Sweeps from and to files.

use std::path::{Path, PathBuf};

use super::SweepPage;
use crate::gui::Page;
use crate::gui::dialogs::{self, Question};
use crate::gui::jobs::Lane;
use crate::gui::state::{Shared, State};
use crate::library::export;
use crate::setup::Setup;
use crate::setup::file;
use crate::setup::sweep::{self, Sweep};

/// What a file holds.
enum Content {
    Sweep(Box<Sweep>),
    Setup(Box<Setup>),
}

/// Asks for a file and puts its sweep into the editor, or its setup into the base.
pub fn open(shared: &mut Shared) {
    let question = Question::new("Open a sweep, or a setup as its base")
        .kind("Sweep or setup (TOML, JSON)", &["toml", "json"]);
    dialogs::open_file(shared, question, |state, path| {
        if let Some(path) = path {
            read(path, &mut state.shared, true);
        }
    });
}

/// Takes a file that was dropped on the window: a sweep goes into the editor, a setup into the base where this page is
/// open, else into the panel of the Train page.
pub fn read_dropped(path: PathBuf, shared: &mut Shared) {
    let is_here = shared.preferences.page == Page::Sweep;
    read(path, shared, is_here);
}

fn read(path: PathBuf, shared: &mut Shared, as_base: bool) {
    shared.jobs.run(Lane::Files, move |_| {
        let result = content(&path);
        Box::new(move |state: &mut State| match result {
            Ok(Content::Sweep(sweep)) => {
                state.shared.preferences.page = Page::Sweep;
                state.pages.sweep.edit(&sweep);
                let text = format!("Sweep read: {}", path.display());
                state.shared.toasts.good(text);
            }
            Ok(Content::Setup(setup)) if as_base => {
                state.pages.sweep.editor.draft.sweep.base = *setup;
                state.pages.sweep.choose(None);
                let text = format!("The base is now the setup in {}", path.display());
                state.shared.toasts.good(text);
            }
            // Said anew there, with what is wrong where something is.
            Ok(Content::Setup(_)) => state.pages.train.read_setup(path, &mut state.shared),
            Err(error) if as_base => state
                .shared
                .toasts
                .error(format!("The sweep is as before: {error}")),
            Err(error) => state
                .shared
                .toasts
                .error(format!("Nothing was taken from the file: {error}")),
        })
    });
}

/// A sweep where one of its fields says so, else a setup.
fn content(path: &Path) -> Result<Content, String> {
    if sweep::file::is_sweep(path).map_err(|error| error.to_string())? {
        let read = sweep::read(path).map_err(|error| format!("{error}: {}", path.display()))?;
        return Ok(Content::Sweep(Box::new(read)));
    }
    let setup = file::read(path).map_err(|error| error.to_string())?;
    Ok(Content::Setup(Box::new(setup)))
}

/// Asks for a file and writes the sweep of the editor to it, or the stored one that is shown.
pub fn save(page: &SweepPage, shared: &mut Shared) {
    let stored = page.shown.as_ref().and(page.stored.read.as_ref());
    let sweep = match stored {
        Some(read) => match &read.sweep {
            Some(sweep) => sweep.clone(),
            None => {
                return shared
                    .toasts
                    .error("The sweep is of another version and cannot be written");
            }
        },
        None => match page.editor.draft.sweep() {
            Ok(sweep) => sweep,
            Err(problems) => {
                let first = problems
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                return shared
                    .toasts
                    .warn(format!("The sweep was not saved: {first}"));
            }
        },
    };
    let name = match sweep.name.trim() {
        "" => "sweep".to_owned(),
        name => name.replace(['/', '\\', ':'], "-"),
    };
    let question = Question::new("Save sweep")
        .kind("TOML", &["toml"])
        .kind("JSON", &["json"])
        .file_name(format!("{name}.toml"));
    dialogs::save_file(shared, question, |state, path| {
        let Some(path) = path else { return };
        state.shared.jobs.run(Lane::Files, move |_| {
            let result = store(&path, &sweep);
            Box::new(move |state: &mut State| match result {
                Ok(()) => {
                    let text = format!("Sweep saved: {}", path.display());
                    state.shared.toasts.good(text);
                }
                Err(error) => {
                    let text = format!("The sweep was not saved: {error}");
                    state.shared.toasts.error(text);
                }
            })
        });
    });
}

fn store(path: &Path, sweep: &Sweep) -> Result<(), String> {
    let is_json = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let text = if is_json {
        serde_json::to_string_pretty(sweep).map_err(|error| error.to_string())?
    } else {
        sweep::file::to_toml(sweep)
            .map_err(|error| format!("{error}; JSON can hold it: give a name that ends in .json"))?
    };
    // The platform's dialog has asked about a file that is there.
    export::write_bytes(path, true, text.as_bytes()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_sweep_reads_back_the_same_and_a_setup_is_told_from_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let sweep = sweep::shipped("optimiser-digits").expect("it is shipped");
        for name in ["sweep.toml", "sweep.json"] {
            let path = folder.path().join(name);
            store(&path, &sweep).expect("it can be written");
            match content(&path).expect("it can be read") {
                Content::Sweep(read) => assert_eq!(*read, sweep, "{name}"),
                Content::Setup(_) => panic!("{name} is a sweep"),
            }
        }
        let path = folder.path().join("setup.toml");
        std::fs::write(&path, "[regime]\nbatch_size = 32\n").expect("it is written");
        match content(&path).expect("it can be read") {
            Content::Setup(setup) => assert_eq!(setup.regime.batch_size, 32),
            Content::Sweep(_) => panic!("it is a setup"),
        }
    }
}
