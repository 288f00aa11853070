//! A drawing.

use egui::{Slider, Ui};

use super::Given;
use crate::data::own::{Encoding, Framing, OwnSample, PictureRule};
use crate::gui::pages::train::setup::form::sentence;
use crate::gui::widgets;

/// Height of everything but the sheet, points.
const BESIDE_SHEET: f32 = 118.0;

impl Given {
    pub(super) fn draw(
        &mut self,
        ui: &mut Ui,
        encoding: &Encoding,
        rule: &PictureRule,
        is_new: bool,
    ) -> Option<OwnSample> {
        let mut is_changed = self.sheet.show(ui, rule, self.room - BESIDE_SHEET) | is_new;
        ui.horizontal_wrapped(|ui| {
            if ui
                .button("Clear")
                .on_hover_text("Take everything off the sheet (Delete)")
                .clicked()
            {
                self.sheet.clear();
                is_changed = true;
            }
            let label =
                widgets::field_label(ui, "Brush", "Width of a stroke; 1 is about that of the set");
            ui.spacing_mut().slider_width = 70.0;
            let slider = Slider::new(&mut self.sheet.breadth, 0.4..=2.5).fixed_decimals(1);
            ui.add(slider).labelled_by(label.id);
        });
        if rule.framing != Framing::Whole {
            let hint = sentence(&rule.in_words());
            let check = ui
                .checkbox(&mut self.as_set, "Place it as the set does")
                .on_hover_text(hint);
            is_changed |= check.changed();
        }
        if self.sheet.plane().is_black() {
            self.is_cleared |= is_changed;
            return None;
        }
        if !is_changed {
            return None;
        }
        encoding.drawn(self.sheet.plane(), self.as_set).ok()
    }
}
