//! The pages.

mod ask;
mod devices;
mod life;
mod run_chooser;
mod runs;
mod settings;
mod sweep;
mod train;

use std::path::PathBuf;

use egui::Ui;

use super::preferences::Preferences;
use super::state::{Page, Shared};
pub use devices::DevicesPage;
pub use life::LifePage;
pub use runs::RunsPage;
pub use settings::SettingsPage;
pub use sweep::SweepPage;
pub use train::TrainPage;

/// What each page shows.
pub struct Pages {
    /// Setup and the run that goes on.
    pub train: TrainPage,
    /// Many runs, and what they say.
    pub sweep: SweepPage,
    /// The library.
    pub runs: RunsPage,
    /// The life of a model.
    pub life: LifePage,
    /// Adapters and meters.
    pub devices: DevicesPage,
    /// Settings.
    pub settings: SettingsPage,
}

impl Pages {
    /// Pages as they were left.
    pub fn new(preferences: &Preferences) -> Self {
        Self {
            train: TrainPage::new(preferences),
            sweep: SweepPage::new(preferences),
            runs: RunsPage::new(preferences),
            life: LifePage::new(preferences),
            devices: DevicesPage::default(),
            settings: SettingsPage::default(),
        }
    }

    /// Shows the page that is open.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        if shared.preferences.page != Page::Devices {
            self.devices.leave();
        }
        match shared.preferences.page {
            Page::Train => self.train.show(ui, shared),
            Page::Sweep => self.sweep.show(ui, shared),
            Page::Runs => self.runs.show(ui, shared),
            Page::LifeCycle => self.life.show(ui, shared),
            Page::Devices => self.devices.show(ui, shared),
            Page::Settings => self.settings.show(ui, shared),
        }
    }

    /// Files were dropped on the window: setups, sweeps and data go into the panels, runs into the library.
    pub fn take_files(&mut self, paths: Vec<PathBuf>, shared: &mut Shared) {
        for path in paths {
            let is_setup = path
                .extension()
                .is_some_and(|extension| extension == "toml" || extension == "json");
            if is_setup {
                // It may be a sweep as well; what is in it says so.
                sweep::read_dropped(path, shared);
            } else if self.is_asked_about(&path, shared) {
                // The network that is shown is asked about it.
            } else if !self.train.setup.take_weights(&path, shared)
                && !self.train.setup.take_data(&path, shared)
            {
                self.runs.import(path, shared);
            }
        }
    }

    fn is_asked_about(&mut self, path: &std::path::Path, shared: &Shared) -> bool {
        match shared.preferences.page {
            Page::Train => self.train.take_file(path, shared),
            Page::Runs => self.runs.take_file(path, shared),
            _ => false,
        }
    }

    /// Puts the setup of the run that is shown into the panel.
    pub fn clone_setup(&mut self, shared: &mut Shared) {
        match shared.preferences.page {
            Page::Runs => self.runs.clone_setup(shared),
            _ => self.train.clone_setup(shared),
        }
    }

    /// Plots and panels where they were at first.
    pub fn reset_layout(&mut self) {
        self.train.reset_layout();
        self.runs.reset_layout();
    }

    /// Notes what is to be remembered until the next start.
    pub fn remember(&self, preferences: &mut Preferences) {
        self.train.remember(preferences);
        self.sweep.remember(preferences);
        self.runs.remember(preferences);
        self.life.remember(preferences);
    }
}
