//! What each axis does when the others are averaged out.

use egui::{ComboBox, Ui};

use super::analysed::Made;
use crate::gui::theme;
use crate::gui::widgets;

/// Which measure is shown.
#[derive(Default)]
pub struct Shown {
    chosen: usize,
}

/// Draws the main effects.
pub fn show(shown: &mut Shown, ui: &mut Ui, made: &Made) {
    let plots: Vec<_> = made
        .plots
        .iter()
        .filter(|plot| plot.name.starts_with("main-effects"))
        .collect();
    if plots.is_empty() {
        return;
    }
    shown.chosen = shown.chosen.min(plots.len() - 1);
    let name = |title: &str| title.trim_start_matches("Main effects on ").to_owned();
    ui.add_space(theme::GRID);
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, "What each axis does");
        let label = widgets::field_label(ui, "to", "Which figure");
        let combo = ComboBox::from_id_salt("sweep-effects")
            .selected_text(name(&plots[shown.chosen].title))
            .width(180.0);
        let inner = combo.show_ui(ui, |ui| {
            for (at, plot) in plots.iter().enumerate() {
                ui.selectable_value(&mut shown.chosen, at, name(&plot.title));
            }
        });
        inner.response.labelled_by(label.id);
    });
    widgets::scene(ui, &plots[shown.chosen].scene);
}
