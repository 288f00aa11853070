//! Setups from and to files.

use std::path::{Path, PathBuf};

use super::SetupPanel;
use crate::gui::commands::Action;
use crate::gui::dialogs::{self, Question};
use crate::gui::jobs::Lane;
use crate::gui::state::{Shared, State};
use crate::setup::{Setup, file};

impl SetupPanel {
    /// Asks for a file and puts its setup into the panel.
    pub fn open_setup(&mut self, shared: &mut Shared) {
        let question = Question::new("Open setup").kind("Setup (TOML, JSON)", &["toml", "json"]);
        dialogs::open_file(shared, question, |state, path| {
            if let Some(path) = path {
                read(path, &mut state.shared);
            }
        });
    }

    /// Asks for a file and writes the setup of the panel to it.
    pub fn save_setup(&mut self, shared: &mut Shared) {
        let setup = shared.preferences.setup.clone();
        let name = format!(
            "{}-{}.toml",
            setup.dataset.name(),
            setup.model.in_words().replace(' ', "-")
        );
        let question = Question::new("Save setup")
            .kind("TOML", &["toml"])
            .kind("JSON", &["json"])
            .file_name(name);
        dialogs::save_file(shared, question, |state, path| {
            if let Some(path) = path {
                write(path, setup, &mut state.shared);
            }
        });
    }

    /// Puts the setup in the file at `path` into the panel.
    pub fn read_setup(&mut self, path: PathBuf, shared: &mut Shared) {
        read(path, shared);
    }
}

fn read(path: PathBuf, shared: &mut Shared) {
    shared.jobs.run(Lane::Files, move |_| {
        let result = file::read(&path);
        Box::new(move |state: &mut State| match result {
            Ok(setup) => {
                state
                    .shared
                    .toasts
                    .good(format!("Setup read: {}", path.display()));
                state.shared.ask(Action::UseSetup(Box::new(setup)));
            }
            Err(error) => state
                .shared
                .toasts
                .error(format!("The setup in the panel is as before: {error}")),
        })
    });
}

fn write(path: PathBuf, setup: Setup, shared: &mut Shared) {
    shared.jobs.run(Lane::Files, move |_| {
        let result = store(&path, &setup);
        Box::new(move |state: &mut State| match result {
            Ok(()) => state
                .shared
                .toasts
                .good(format!("Setup saved: {}", path.display())),
            Err(error) => state.shared.toasts.error(format!(
                "The setup was not saved: {error}: {}",
                path.display()
            )),
        })
    });
}

/// Beside it first, then renamed: a file that was there stays whole if the disk is full.
fn store(path: &Path, setup: &Setup) -> std::io::Result<()> {
    let is_json = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let text = if is_json {
        serde_json::to_string_pretty(setup)?
    } else {
        file::to_toml(setup).map_err(std::io::Error::other)?
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_setup_reads_back_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut setup = Setup::default();
        setup.regime.stop.epochs = None;
        setup.regime.stop.energy_j = Some(200.0);
        for name in ["setup.toml", "setup.json"] {
            let path = folder.path().join(name);
            store(&path, &setup).expect("it can be written");
            assert_eq!(file::read(&path).expect("it can be read"), setup, "{name}");
        }
    }
}
