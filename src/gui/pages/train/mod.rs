//! Setup and the run that goes on.

mod setup;

use std::path::PathBuf;

use egui::{Frame, Panel, Ui};

use self::setup::SetupPanel;

use crate::gui::commands::Action;
use crate::gui::preferences::Preferences;
use crate::gui::state::Shared;
use crate::gui::theme::Tokens;
use crate::setup::Setup;

/// The page.
pub struct TrainPage {
    /// What is to be trained.
    pub setup: SetupPanel,
}

impl TrainPage {
    /// The page as it was left.
    pub fn new(preferences: &Preferences) -> Self {
        Self {
            setup: SetupPanel::new(preferences),
        }
    }

    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let frame = Frame::new().fill(Tokens::in_ui(ui).surface);
        let panel = Panel::left("setup panel")
            .exact_size(setup::WIDTH)
            .resizable(false)
            .frame(frame);
        panel.show(ui, |ui| self.setup.show(ui, shared));
    }

    /// Another setup was put into the panel.
    pub fn setup_was_replaced(&mut self) {
        self.setup.setup_was_replaced();
    }

    /// The setup of the panel, where it can be trained; else why not.
    pub fn ready_setup(&self, shared: &Shared) -> Result<Setup, String> {
        self.setup.ready_setup(shared)
    }

    /// Asks for a file and puts its setup into the panel.
    pub fn open_setup(&mut self, shared: &mut Shared) {
        self.setup.open_setup(shared);
    }

    /// Asks for a file and writes the setup of the panel to it.
    pub fn save_setup(&mut self, shared: &mut Shared) {
        self.setup.save_setup(shared);
    }

    /// Puts the setup in the file at `path` into the panel.
    pub fn read_setup(&mut self, path: PathBuf, shared: &mut Shared) {
        self.setup.read_setup(path, shared);
    }

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
