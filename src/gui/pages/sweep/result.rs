//! What the sweep that is shown came to.

use egui::{ComboBox, Label, RichText, Ui};

use super::analysed::{Analysed, Made};
use super::{SweepPage, effects, export, heat, lines, table, tradeoff};
use crate::analysis::sweep::Analysis;
use crate::gui::pages::runs::warning;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::report::Output;

/// What is kept of the result from frame to frame.
#[derive(Default)]
pub struct ResultView {
    /// The analysis.
    pub analysed: Analysed,
    /// Weight of energy against time.
    pub tradeoff: tradeoff::Tradeoff,
    /// Which map is shown.
    pub heat: heat::Heat,
    /// Which effects are shown.
    pub effects: effects::Shown,
    /// Parallel axes.
    pub lines: lines::Lines,
    /// The table.
    pub table: table::Table,
}

/// Draws the result.
pub fn show(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    page.result.analysed.follow(ui.ctx(), shared, &page.stored);
    if let Some(error) = &page.result.analysed.error {
        widgets::problem(ui, error);
    }
    let Some(made) = page.result.analysed.made.clone() else {
        widgets::caption(
            ui,
            if page.result.analysed.is_ready {
                "Nothing has come out yet. The result is shown as soon as trials have ended."
            } else {
                "Analysing…"
            },
        );
        return;
    };
    let analysis = &made.analysis;
    ui.spacing_mut().item_spacing.y = 2.0 * theme::GRID;
    sentence(ui, analysis);
    kinds(page, ui, analysis);
    exports(page, ui, shared);
    for text in &analysis.warnings {
        // What the command line calls a group is chosen above here.
        let text = text.split("; --group").next().unwrap_or(text);
        warning(ui, text);
    }
    let unit = shared.preferences.energy_unit;
    let shown_run = table::show(&mut page.result.table, &page.result.lines, ui, &made);
    if let Some(run_id) = shown_run {
        shared.ask(crate::gui::commands::Action::ShowRun(run_id));
    }
    not_reached(ui, &made);
    tradeoff::show(&mut page.result.tradeoff, ui, &made, unit);
    heat::show(&mut page.result.heat, ui, &made, unit);
    effects::show(&mut page.result.effects, ui, &made);
    lines::show(&mut page.result.lines, ui, &made, unit);
    correlations(ui, analysis);
}

fn sentence(ui: &mut Ui, analysis: &Analysis) {
    let tokens = Tokens::in_ui(ui);
    let text = RichText::new(&analysis.headline).size(theme::HEADING);
    ui.add(Label::new(text).wrap().selectable(true));
    if !analysis.noise.is_empty() {
        ui.add(
            Label::new(RichText::new(&analysis.noise).color(tokens.dim))
                .wrap()
                .selectable(true),
        );
    }
    let trials = match analysis.trials {
        1 => "1 trial".to_owned(),
        several => format!("{several} trials"),
    };
    let setups = match analysis.setups.len() {
        1 => "1 setup".to_owned(),
        several => format!("{several} setups"),
    };
    let mut text = format!("{trials} of {setups} · {}", analysis.kind.in_words());
    if !analysis.sources.is_empty() {
        text.push_str(&format!(" · measured by {}", analysis.sources.join("; ")));
    }
    widgets::caption(ui, text);
}

/// Trials that cannot be compared with each other are chosen from.
fn kinds(page: &mut SweepPage, ui: &mut Ui, analysis: &Analysis) {
    if analysis.groups.len() < 2 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        let hint = "Figures of different targets, meters or grades are different quantities";
        let label = widgets::field_label(ui, "Kind of trials", hint);
        let text = analysis.kind.in_words();
        let combo = ComboBox::from_id_salt("sweep-kind")
            .selected_text(text)
            .width(320.0)
            .truncate();
        let inner = combo.show_ui(ui, |ui| {
            for (at, group) in analysis.groups.iter().enumerate() {
                let text = format!("{} ({} trials)", group.kind.in_words(), group.count);
                ui.selectable_value(&mut page.result.analysed.group, at, text);
            }
        });
        inner.response.labelled_by(label.id);
    });
}

fn exports(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(
            RichText::new("Write it as")
                .small()
                .color(Tokens::in_ui(ui).dim),
        );
        label.on_hover_text("The same files as `joulelab analyse` writes");
        for (output, name, hint) in [
            (Output::Csv, "CSV…", "The table of setups, a row each"),
            (Output::Html, "HTML…", "One page that needs nothing else"),
            (
                Output::Markdown,
                "Markdown…",
                "A text with its figures in a folder beside it",
            ),
            (Output::Plots, "Plots…", "Every plot as SVG and PNG"),
        ] {
            if ui.button(name).on_hover_text(hint).clicked() {
                export::begin(page, shared, output);
            }
        }
    });
}

/// What did not get there, counted apart: what it spent bought no result that was asked for.
fn not_reached(ui: &mut Ui, made: &Made) {
    let analysis = &made.analysis;
    let not_ranked = analysis
        .setups
        .iter()
        .filter(|setup| setup.rank.is_none())
        .count();
    if not_ranked == 0 {
        return;
    }
    let (reached, failed) = analysis.setups.iter().fold((0, 0), |sum, setup| {
        (sum.0 + setup.not_reached, sum.1 + setup.failed)
    });
    let goal = match analysis.kind.target {
        Some(target) => format!("did not reach {}", analysis.kind.target_in_words(target)),
        None => "did not finish".to_owned(),
    };
    let mut text = match not_ranked {
        1 => "1 setup is not ranked".to_owned(),
        several => format!("{several} setups are not ranked"),
    };
    if reached > 0 {
        text.push_str(&format!("; {reached} of all trials {goal}"));
    }
    if failed > 0 {
        text.push_str(&format!("; {failed} failed"));
    }
    widgets::caption(ui, format!("{text}. None of them counts as cheap."));
}

fn correlations(ui: &mut Ui, analysis: &Analysis) {
    if analysis.correlations.is_empty() {
        return;
    }
    let tokens = Tokens::in_ui(ui);
    ui.add_space(theme::GRID);
    widgets::section(ui, "Stand-ins for energy");
    widgets::caption(
        ui,
        "Rank correlations over setups: how well the order by a stand-in is the order by energy; 1 is the same order, 0 none.",
    );
    egui::ScrollArea::horizontal()
        .id_salt("sweep-correlations")
        .show(ui, |ui| {
            egui::Grid::new("sweep-correlations")
                .striped(true)
                .spacing([20.0, 4.0])
                .show(ui, |ui| {
                    for name in [
                        "stand-in",
                        "with",
                        "setups",
                        "Spearman’s ρ",
                        "Kendall’s τ-b",
                    ] {
                        ui.label(RichText::new(name).small().color(tokens.dim));
                    }
                    ui.end_row();
                    for row in &analysis.correlations {
                        ui.label(row.stand_in.title());
                        ui.label(row.measure.title());
                        ui.label(RichText::new(row.spearman.count.to_string()).monospace());
                        for found in [&row.spearman, &row.kendall] {
                            let interval =
                                found.interval.map_or_else(String::new, |(low, high)| {
                                    format!(" [{low:.2}, {high:.2}]")
                                });
                            let p = crate::analysis::sweep::words::p_value(found.p);
                            let text = format!("{:.2}{interval}", found.value);
                            ui.label(RichText::new(text).monospace()).on_hover_text(p);
                        }
                        ui.end_row();
                    }
                });
        });
}
