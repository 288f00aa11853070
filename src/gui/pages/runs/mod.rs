//! The library.

use std::path::PathBuf;

use egui::Ui;

use crate::gui::preferences::Preferences;
use crate::gui::state::Shared;

/// The page.
#[derive(Default)]
pub struct RunsPage {}

impl RunsPage {
    /// The page as it was left.
    pub fn new(_preferences: &Preferences) -> Self {
        Self::default()
    }

    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, _shared: &mut Shared) {
        ui.label("runs");
    }

    /// Chooses a stored run and shows it.
    pub fn show_run(&mut self, _run_id: String) {}

    /// Asks for a folder or file and writes the chosen runs.
    pub fn export(&mut self, _shared: &mut Shared) {}

    /// Reads runs from the file at `path` into the library.
    pub fn import(&mut self, _path: PathBuf, _shared: &mut Shared) {}

    /// Puts the setup of the chosen run into the panel of the train page.
    pub fn clone_setup(&mut self, _shared: &mut Shared) {}

    /// Panels where they were at first.
    pub fn reset_layout(&mut self) {}

    /// Notes what is to be remembered until the next start.
    pub fn remember(&self, _preferences: &mut Preferences) {}
}
