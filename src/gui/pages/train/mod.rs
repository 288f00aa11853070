//! Setup and the run that goes on.

use std::path::PathBuf;

use egui::Ui;

use crate::gui::commands::Action;
use crate::gui::preferences::Preferences;
use crate::gui::state::Shared;
use crate::setup::Setup;

/// The page.
#[derive(Default)]
pub struct TrainPage {}

impl TrainPage {
    /// The page as it was left.
    pub fn new(_preferences: &Preferences) -> Self {
        Self::default()
    }

    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, _shared: &mut Shared) {
        ui.label("train");
    }

    /// Another setup was put into the panel.
    pub fn setup_was_replaced(&mut self) {}

    /// The setup of the panel, where it can be trained; else why not.
    pub fn ready_setup(&self, shared: &Shared) -> Result<Setup, String> {
        Ok(shared.preferences.setup.clone())
    }

    /// Asks for a file and puts its setup into the panel.
    pub fn open_setup(&mut self, _shared: &mut Shared) {}

    /// Asks for a file and writes the setup of the panel to it.
    pub fn save_setup(&mut self, _shared: &mut Shared) {}

    /// Puts the setup in the file at `path` into the panel.
    pub fn read_setup(&mut self, _path: PathBuf, _shared: &mut Shared) {}

    /// Puts the setup of the run that is shown into the panel.
    pub fn clone_setup(&mut self, shared: &mut Shared) {
        if let Some(live) = &shared.live {
            let setup = live.setup.clone();
            shared.ask(Action::UseSetup(Box::new(setup)));
        }
    }

    /// Plots where they were at first.
    pub fn reset_layout(&mut self) {}

    /// Notes what is to be remembered until the next start.
    pub fn remember(&self, _preferences: &mut Preferences) {}
}
