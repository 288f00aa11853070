use egui::{Grid, Label, RichText, Ui};

use super::adapters::kind;
use super::{DevicesPage, mono};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::protocol::Device;

/// Points of the names of properties.
const NAME_WIDTH: f32 = 96.0;

impl DevicesPage {
    /// Everything about the device that is shown.
    pub(super) fn detail(&mut self, ui: &mut Ui, shared: &mut Shared, devices: &[Device]) {
        ui.spacing_mut().item_spacing.y = 3.0 * theme::GRID;
        let Some(device) = self.shown(devices).cloned() else {
            self.before_first_answer(ui, shared);
            return;
        };
        widgets::titled_card(ui, &device.name, |ui| properties(ui, &device));
        widgets::titled_card(ui, "Meters", |ui| self.meters(ui, shared, &device));
        widgets::titled_card(ui, "Idle power", |ui| {
            self.idle_power(ui, shared, &device);
        });
        widgets::titled_card(ui, "Self-check", |ui| self.checks.ui(ui, &device));
    }

    /// It is not yet known which device `auto` means.
    fn before_first_answer(&mut self, ui: &mut Ui, shared: &Shared) {
        if let Some(error) = self.error.clone() {
            self.failure(ui, &error);
        } else if shared.is_busy() {
            ui.label("Choose a device. Its meters are tried when the run is over.");
        } else {
            widgets::caption(ui, "Trying every meter…");
        }
    }

    /// Why the meters could not be looked at.
    pub(super) fn failure(&mut self, ui: &mut Ui, error: &str) {
        widgets::problem(ui, &format!("The meters could not be read: {error}"));
        if ui.button("Try again").clicked() {
            self.error = None;
        }
    }
}

fn properties(ui: &mut Ui, device: &Device) {
    let tokens = Tokens::in_ui(ui);
    // Rows of text, not of controls.
    ui.spacing_mut().interact_size.y = 0.0;
    let none = || "none".to_owned();
    let rows = [
        ("Kind", kind(&device.kind).to_owned(), false),
        ("API", device.api.as_deref().map_or_else(none, api), false),
        ("Backend", device.backend.clone(), false),
        (
            "Driver",
            Some(device.driver.clone())
                .filter(|driver| !driver.is_empty())
                .unwrap_or_else(none),
            false,
        ),
        (
            "Made by",
            device
                .vendor
                .clone()
                .unwrap_or_else(|| "not told".to_owned()),
            false,
        ),
        (
            "Address",
            device
                .address
                .clone()
                .unwrap_or_else(|| "not told".to_owned()),
            true,
        ),
        ("Identity", device.identity.clone(), true),
    ];
    Grid::new("properties")
        .num_columns(2)
        .min_col_width(NAME_WIDTH)
        .spacing([2.0 * theme::GRID, theme::GRID])
        .show(ui, |ui| {
            for (name, value, is_mono) in rows {
                ui.label(RichText::new(name).color(tokens.dim));
                let text = if is_mono {
                    mono(&value)
                } else {
                    RichText::new(&value)
                };
                ui.add(Label::new(text).truncate().selectable(true));
                ui.end_row();
            }
        });
}

/// Name of a graphics API, for people.
fn api(api: &str) -> String {
    match api {
        "vulkan" => "Vulkan",
        "metal" => "Metal",
        "dx12" => "Direct3D 12",
        "gl" => "OpenGL",
        other => other,
    }
    .to_owned()
}
