//! Settings.

use egui::Ui;

use crate::gui::state::Shared;

/// The page.
#[derive(Default)]
pub struct SettingsPage {}

impl SettingsPage {
    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, _shared: &mut Shared) {
        ui.label("settings");
    }
}
