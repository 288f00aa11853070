//! What a run started from: of each layer what became of it.

use egui::{CollapsingHeader, Grid, RichText, Ui, vec2};

use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::{Fit, FitKind, StartReport};

/// Draws the report of a run that started from what is called `name`.
pub fn show(ui: &mut Ui, report: &StartReport, name: Option<&str>) {
    let tokens = Tokens::in_ui(ui);
    widgets::section(ui, "What it started from");
    ui.add(
        egui::Label::new(super::summary::capital(&report.in_words(name)))
            .wrap()
            .selectable(true),
    );
    let count =
        |of: fn(&FitKind) -> bool, fits: &[Fit]| fits.iter().filter(|fit| of(&fit.kind)).count();
    let taken = count(
        |kind| matches!(kind, FitKind::Taken { .. }),
        &report.parameters,
    );
    let new = report.parameters.len() - taken;
    let title = format!(
        "Layers: {taken} taken, {new} new, {} left in the source",
        report.left.len()
    );
    CollapsingHeader::new(RichText::new(title).color(tokens.dim))
        .id_salt("layers of the start")
        .show_unindented(ui, |ui| {
            let grid = Grid::new("table of the start").striped(true);
            grid.spacing(vec2(4.0 * theme::GRID, theme::GRID))
                .show(ui, |ui| {
                    for name in ["parameter", "shape", "", "from, or why"] {
                        ui.label(RichText::new(name).small().color(tokens.dim));
                    }
                    ui.end_row();
                    for fit in report.parameters.iter().chain(&report.left) {
                        let (word, text, colour) = match &fit.kind {
                            FitKind::Taken { from } => ("taken", from, tokens.good),
                            FitKind::New { because } => ("new", because, tokens.warning),
                            FitKind::Left { because } => ("left", because, tokens.dim),
                        };
                        let mono =
                            |text: &str| RichText::new(text).monospace().size(theme::CAPTION);
                        ui.label(mono(&fit.name));
                        let shape: Vec<String> = fit.shape.iter().map(usize::to_string).collect();
                        ui.label(mono(&shape.join("×")));
                        ui.label(RichText::new(word).small().color(colour));
                        ui.label(RichText::new(text).small());
                        ui.end_row();
                    }
                });
        });
}
