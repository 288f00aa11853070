//! Settings: how the window looks, how runs are measured, where things are stored.

mod about;
pub mod carbon;
mod look;
mod measuring;
mod storage;

use egui::{Align, CentralPanel, Frame, Layout, Margin, ScrollArea, Ui, Vec2};

use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use carbon::CountryField;
use look::Scale;
use measuring::Powers;
use storage::LibraryField;

/// Points from which settings stand in two columns.
const WIDE: f32 = 820.0;
/// Points that both columns take at most: wider lines are hard to read.
const WIDTH_MAX: f32 = 1120.0;
/// Points at the right that the scroll bar has to itself.
const RIM: i8 = 4;

/// The page.
#[derive(Default)]
pub struct SettingsPage {
    scale: Scale,
    country: CountryField,
    powers: Powers,
    library: LibraryField,
}

impl SettingsPage {
    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let frame = Frame::new().inner_margin(Margin {
            right: RIM,
            ..Margin::same(theme::PANEL_MARGIN)
        });
        CentralPanel::default().frame(frame).show(ui, |ui| {
            ui.heading("Settings");
            ui.add_space(theme::GRID);
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                let width = ui.available_width() - f32::from(theme::PANEL_MARGIN - RIM);
                ui.set_max_width(width.min(WIDTH_MAX));
                ui.spacing_mut().item_spacing.y = 3.0 * theme::GRID;
                if ui.available_width() < WIDE {
                    self.first(ui, shared);
                    self.second(ui, shared);
                } else {
                    self.columns(ui, shared);
                }
            });
        });
    }

    fn columns(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let gap = 4.0 * theme::GRID;
        let size = Vec2::new((ui.available_width() - gap) / 2.0, 0.0);
        let top_down = Layout::top_down(Align::Min);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            ui.allocate_ui_with_layout(size, top_down, |ui| {
                inside(ui, |ui| self.first(ui, shared));
            });
            ui.allocate_ui_with_layout(size, top_down, |ui| {
                inside(ui, |ui| self.second(ui, shared));
            });
        });
    }

    fn first(&mut self, ui: &mut Ui, shared: &mut Shared) {
        widgets::titled_card(ui, "Look", |ui| self.look(ui, shared));
        widgets::titled_card(ui, "Measuring", |ui| measuring::show(ui, shared));
        widgets::titled_card(ui, "Known powers", |ui| {
            let measure = &mut shared.preferences.setup.measure;
            self.powers.show(ui, measure);
        });
    }

    fn second(&mut self, ui: &mut Ui, shared: &mut Shared) {
        widgets::titled_card(ui, "Carbon", |ui| {
            let measure = &mut shared.preferences.setup.measure;
            self.country.show(ui, measure);
        });
        widgets::titled_card(ui, "Library", |ui| self.library.show(ui, shared));
        widgets::titled_card(ui, "Log", |ui| storage::log(ui, shared));
        widgets::titled_card(ui, "About", |ui| about::show(ui, shared));
    }
}

/// With the usual distance beside each other, which that of columns is not.
fn inside(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.spacing_mut().item_spacing.x = 2.0 * theme::GRID;
    add(ui);
}

/// A field below its name.
fn field<R>(ui: &mut Ui, name: &str, hint: &str, add: impl FnOnce(&mut Ui, egui::Id) -> R) -> R {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = theme::GRID;
        let label = widgets::field_label(ui, name, hint);
        add(ui, label.id)
    })
    .inner
}
