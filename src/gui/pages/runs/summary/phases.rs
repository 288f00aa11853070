//! The table of phases: time, energy, and how well it is known.

use egui::{Grid, RichText, Ui, vec2};

use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{self, written_energy};
use crate::library::RunDetails;
use crate::units::duration;

pub(super) fn phases(ui: &mut Ui, details: &RunDetails, unit: EnergyUnit) {
    let tokens = Tokens::in_ui(ui);
    widgets::section(ui, "Phases");
    Grid::new("runs-phases")
        .striped(true)
        .spacing(vec2(20.0, 6.0))
        .show(ui, |ui| {
            for name in [
                "phase", "time", "covers", "gross", "net", "covered", "grade",
            ] {
                ui.label(RichText::new(name).small().color(tokens.dim));
            }
            ui.end_row();
            for total in &details.totals {
                let mut is_first = true;
                for energy in &total.energies {
                    ui.label(if is_first { total.phase.as_str() } else { "" });
                    ui.label(
                        RichText::new(if is_first {
                            duration(total.duration_s)
                        } else {
                            String::new()
                        })
                        .monospace(),
                    );
                    is_first = false;
                    let figure = &energy.figure;
                    ui.label(figure.boundary.label());
                    let gross = figure
                        .energy_j
                        .map_or("no reading".to_owned(), |gross| written_energy(gross, unit));
                    ui.label(RichText::new(gross).monospace());
                    let net = energy
                        .net_j
                        .map_or("no baseline".to_owned(), |net| written_energy(net, unit));
                    ui.label(RichText::new(net).monospace());
                    ui.label(
                        RichText::new(format!("{:.0} %", figure.coverage() * 100.0)).monospace(),
                    );
                    ui.label(figure.grade.letter())
                        .on_hover_text(figure.grade.meaning());
                    ui.end_row();
                }
                if total.energies.is_empty() {
                    ui.label(&total.phase);
                    ui.label(RichText::new(duration(total.duration_s)).monospace());
                    ui.label(RichText::new("no meter").color(tokens.dim));
                    ui.end_row();
                }
            }
        });
}
