//! A line of the summary: what it is and what it says, with a capital letter at its beginning.

use egui::{Label, Layout, RichText, Ui, vec2};

use crate::gui::theme::{self, Tokens};

/// With a capital letter at its beginning.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A line with what it is and what it says.
pub fn line(ui: &mut Ui, name: &str, text: impl Into<String>) {
    let tokens = Tokens::in_ui(ui);
    let text: String = text.into();
    if text.is_empty() {
        return;
    }
    ui.horizontal_top(|ui| {
        let size = vec2(96.0, theme::BODY);
        ui.allocate_ui_with_layout(size, Layout::top_down(egui::Align::Min), |ui| {
            ui.set_min_width(size.x);
            ui.add(Label::new(RichText::new(name).color(tokens.dim)).wrap());
        });
        ui.add(Label::new(text).wrap().selectable(true));
    });
}
