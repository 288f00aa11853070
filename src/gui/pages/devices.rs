//! Adapters and meters.

use egui::Ui;

use crate::gui::state::Shared;

/// The page.
#[derive(Default)]
pub struct DevicesPage {}

impl DevicesPage {
    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, _shared: &mut Shared) {
        ui.label("devices");
    }

    /// Forgets what was read; it is read again when the page is shown.
    pub fn refresh(&mut self) {}
}
