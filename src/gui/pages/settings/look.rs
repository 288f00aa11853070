use egui::{ComboBox, DragValue, Slider, Ui};

use super::{SettingsPage, field};
use crate::gui::commands::Action;
use crate::gui::preferences::{EnergyUnit, ThemeChoice};
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;

/// Points of a list to choose from.
pub const CHOICE_WIDTH: f32 = 176.0;

const THEMES: [(ThemeChoice, &str); 3] = [
    (ThemeChoice::Dark, "Dark"),
    (ThemeChoice::Light, "Light"),
    (ThemeChoice::System, "As the system"),
];
const UNITS: [(EnergyUnit, &str); 2] = [
    (EnergyUnit::Joules, "Joules (J)"),
    (EnergyUnit::WattHours, "Watt-hours (Wh)"),
];

/// The scale while it is being changed: everything would move under the pointer if it were applied at once.
#[derive(Default)]
pub struct Scale {
    percent: Option<f64>,
}

impl SettingsPage {
    pub(super) fn look(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let before = (shared.preferences.theme, shared.preferences.zoom);
        choice(ui, "Theme", "", &THEMES, &mut shared.preferences.theme);
        self.scale.show(ui, &mut shared.preferences.zoom);
        choice(
            ui,
            "Energy in",
            "Prefixes such as m and k are chosen by size",
            &UNITS,
            &mut shared.preferences.energy_unit,
        );
        if before != (shared.preferences.theme, shared.preferences.zoom) {
            shared.ask(Action::LookChanged);
        }
        let quiet = ui.checkbox(&mut shared.preferences.quiet, "Quiet measurement");
        if quiet.changed() {
            shared.pace.set_quiet(shared.preferences.quiet);
        }
        widgets::caption(
            ui,
            "What the window draws is work that the meters see. During a run it draws ten times a second at most, twice with \
             this setting, and not at all when nothing happens.",
        );
    }
}

impl Scale {
    fn show(&mut self, ui: &mut Ui, zoom: &mut f32) {
        field(ui, "Scale", "50 to 300 %", |ui, label| {
            ui.horizontal(|ui| {
                let mut percent = self
                    .percent
                    .unwrap_or_else(|| (f64::from(*zoom) * 100.0).round());
                ui.spacing_mut().slider_width = CHOICE_WIDTH;
                let slider = Slider::new(&mut percent, 50.0..=300.0)
                    .step_by(10.0)
                    .show_value(false);
                let slider = ui.add(slider).labelled_by(label);
                let exact = DragValue::new(&mut percent)
                    .range(50.0..=300.0)
                    .max_decimals(0)
                    .update_while_editing(false)
                    .suffix(" %");
                let exact = ui.add(exact).accessible_name("Exact scale");
                if slider.changed() || exact.changed() {
                    self.percent = Some(percent);
                }
                if !slider.dragged()
                    && !exact.dragged()
                    && let Some(percent) = self.percent.take()
                {
                    *zoom = (percent / 100.0) as f32;
                }
                ui.add_enabled_ui((*zoom - 1.0).abs() > 0.004, |ui| {
                    let reset = ui
                        .button("Reset")
                        .on_hover_text("Everything at its own size");
                    if reset.clicked() {
                        *zoom = 1.0;
                    }
                    reset.accessible_name("Reset the scale");
                });
            });
        });
    }
}

/// One of a few values.
pub fn choice<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    hint: &str,
    values: &[(T, &str)],
    value: &mut T,
) {
    field(ui, name, hint, |ui, label| {
        let current = values.iter().find(|(known, _)| known == value);
        ComboBox::from_id_salt(name)
            .width(CHOICE_WIDTH)
            .selected_text(current.map_or("", |(_, text)| *text))
            .show_ui(ui, |ui| {
                ui.spacing_mut().item_spacing.y = theme::GRID;
                for (known, text) in values {
                    ui.selectable_value(value, *known, *text);
                }
            })
            .response
            .labelled_by(label);
    });
}
