//! The setups in order of their energy; only the lines in sight are drawn.

use egui::{Align, Button, Label, Layout, RichText, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};

use super::analysed::Made;
use super::lines::Lines;
use crate::analysis::sweep::words::{p_value, times};
use crate::analysis::sweep::{SetupResult, Verdict};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::report::Row;
use crate::units::count;

/// Height of a line, points.
const LINE: f32 = 26.0;
/// Height from which the table scrolls by itself, points.
const HEIGHT_MAX: f32 = 340.0;

/// A column: its name, its width, whether it holds figures, what it says.
type Shown = (&'static str, f32, bool, fn(&Row) -> &str);

const COLUMNS: [Shown; 9] = [
    ("", 28.0, true, |row| &row.rank),
    ("setup", 160.0, false, |row| &row.setup),
    ("energy", 152.0, true, |row| &row.energy),
    ("× best", 52.0, true, |row| &row.times),
    ("time", 124.0, true, |row| &row.time),
    ("metric", 112.0, true, |row| &row.quality),
    ("seeds", 112.0, false, |row| &row.standing),
    ("a sample", 132.0, true, |row| &row.per_sample),
    ("power", 64.0, true, |row| &row.power),
];

/// What is kept of the table.
#[derive(Default)]
pub struct Table {
    differences_open: bool,
    shown: Option<(u64, u64, Vec<usize>)>,
}

/// Draws the table; the run that was chosen now.
pub fn show(table: &mut Table, lines: &Lines, ui: &mut Ui, made: &Made) -> Option<String> {
    let key = (made.serial, lines.revision);
    if table
        .shown
        .as_ref()
        .is_none_or(|(serial, revision, _)| (*serial, *revision) != key)
    {
        let through = (0..made.rows.len())
            .filter(|at| lines.lets_through(*at))
            .collect();
        table.shown = Some((key.0, key.1, through));
    }
    let shown = table
        .shown
        .as_ref()
        .map(|(.., rows)| rows.as_slice())
        .unwrap_or_default();
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, "Setups, the least energy first");
        if shown.len() < made.rows.len() {
            let text = format!(
                "{} of {} lie in the stretches below",
                shown.len(),
                made.rows.len()
            );
            widgets::caption(ui, text);
        }
    });
    let mut chosen = None;
    let width: f32 = COLUMNS
        .iter()
        .map(|(_, width, ..)| width + ui.spacing().item_spacing.x)
        .sum();
    let height = (LINE * (shown.len() + 1) as f32 + 8.0).min(HEIGHT_MAX);
    ScrollArea::horizontal()
        .id_salt("sweep-setups-sideways")
        .show(ui, |ui| {
            ui.set_min_width(width.max(ui.available_width() - 4.0));
            ui.spacing_mut().item_spacing.y = 0.0;
            let mut builder = TableBuilder::new(ui)
                .id_salt("sweep-setups")
                .striped(true)
                .cell_layout(Layout::left_to_right(Align::Center))
                .auto_shrink([false, true])
                .min_scrolled_height(0.0)
                .max_scroll_height(height - LINE);
            for (at, (_, width, ..)) in COLUMNS.iter().enumerate() {
                let column = match at {
                    1 => Column::remainder().at_least(*width),
                    _ => Column::exact(*width),
                };
                builder = builder.column(column.clip(true));
            }
            builder
                .header(LINE, |mut header| {
                    for (name, _, is_figure, _) in COLUMNS {
                        header.col(|ui| {
                            let name = match name {
                                "metric" => made.analysis.kind.metric.title(),
                                name => name,
                            };
                            let text = RichText::new(name).small().color(Tokens::in_ui(ui).dim);
                            aligned(ui, is_figure, |ui| ui.add(Label::new(text).truncate()));
                        });
                    }
                })
                .body(|body| {
                    body.rows(LINE, shown.len(), |mut line| {
                        let at = shown[line.index()];
                        let (row, setup) = (&made.rows[at], &made.analysis.setups[at]);
                        for (number, (_, _, is_figure, of)) in COLUMNS.into_iter().enumerate() {
                            line.col(|ui| match number {
                                1 => chosen = chosen.take().or(name(ui, row, setup)),
                                _ => cell(ui, of(row), is_figure),
                            });
                        }
                    });
                });
        });
    differences(table, ui, made);
    chosen
}

fn aligned<R>(ui: &mut Ui, is_figure: bool, add: impl FnOnce(&mut Ui) -> R) {
    let layout = match is_figure {
        true => Layout::right_to_left(Align::Center),
        false => Layout::left_to_right(Align::Center),
    };
    ui.with_layout(layout, add);
}

fn cell(ui: &mut Ui, text: &str, is_figure: bool) {
    let mut text = RichText::new(text);
    if is_figure {
        text = text.monospace().size(12.0);
    }
    aligned(ui, is_figure, |ui| {
        if !is_figure {
            // Off the figures before it, which end where it begins.
            ui.add_space(theme::GRID);
        }
        ui.add(Label::new(text).truncate())
    });
}

/// The setup's name: a button that shows its first run.
fn name(ui: &mut Ui, row: &Row, setup: &SetupResult) -> Option<String> {
    let tokens = Tokens::in_ui(ui);
    let sign = if row.on_front { "◆ " } else { "" };
    let colour = if setup.rank.is_some() {
        tokens.text
    } else {
        tokens.dim
    };
    let text = RichText::new(format!("{sign}{}", row.setup)).color(colour);
    ui.spacing_mut().button_padding = egui::vec2(2.0, 2.0);
    ui.spacing_mut().interact_size.y = LINE - 4.0;
    let response = ui.add(Button::new(text).frame_when_inactive(false).truncate());
    response.widget_info(|| {
        let rank = setup
            .rank
            .map_or_else(|| "not ranked".to_owned(), |rank| format!("rank {rank}"));
        let parts = [row.setup.as_str(), &rank, &row.energy, &row.standing];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        egui::WidgetInfo::labeled(egui::Role::Button, true, parts.join(", "))
    });
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(RichText::new(&row.setup).text_style(theme::strong()));
        if row.on_front {
            ui.label("No other beats it in energy, time and metric at once.");
        }
        ui.label(format!("Seeds: {}", row.standing));
        if let Some(joules) = setup
            .energy_a_success_j
            .filter(|_| setup.reached < setup.trials)
        {
            let joules = crate::units::quantity(joules, "J");
            ui.label(format!(
                "{joules} for each success, what the others cost included"
            ));
        }
        if !setup.runs.is_empty() {
            widgets::caption(ui, "Click to show its first run.");
        }
    });
    setup.runs.first().filter(|_| clicked).cloned()
}

/// How far each setup is from the best, and whether that means anything.
fn differences(table: &mut Table, ui: &mut Ui, made: &Made) {
    /// Lines that are shown; the export has them all.
    const SHOWN_MAX: usize = 40;
    let analysis = &made.analysis;
    let of_best: Vec<_> = analysis
        .comparisons
        .list
        .iter()
        .filter(|one| one.less == 0)
        .collect();
    if of_best.is_empty() {
        return;
    }
    let text = if table.differences_open {
        "− Differences from the best"
    } else {
        "+ Differences from the best"
    };
    let button = ui.add(Button::new(RichText::new(text).small()).frame_when_inactive(false));
    if button
        .on_hover_text("Each ranked setup against the one that took the least")
        .clicked()
    {
        table.differences_open = !table.differences_open;
    }
    if !table.differences_open {
        return;
    }
    let tokens = Tokens::in_ui(ui);
    ScrollArea::horizontal()
        .id_salt("sweep-differences")
        .show(ui, |ui| {
            egui::Grid::new("sweep-differences")
                .striped(true)
                .spacing([20.0, 4.0])
                .show(ui, |ui| {
                    for name in ["setup", "energy ÷ best", "corrected p", ""] {
                        ui.label(RichText::new(name).small().color(tokens.dim));
                    }
                    ui.end_row();
                    for one in of_best.iter().take(SHOWN_MAX) {
                        ui.label(&analysis.setups[one.more].label);
                        ui.label(RichText::new(times(one.ratio.estimate)).monospace());
                        ui.label(
                            RichText::new(one.p.map_or_else(String::new, p_value)).monospace(),
                        );
                        ui.label(match one.verdict {
                            Verdict::Differ => "differs",
                            Verdict::WithinNoise => "within noise",
                            Verdict::SingleSeed => "a single seed: not tested",
                        });
                        ui.end_row();
                    }
                });
        });
    if of_best.len() > SHOWN_MAX {
        let more = count((of_best.len() - SHOWN_MAX) as u64);
        widgets::caption(ui, format!("and {more} more; the CSV has them all"));
    }
}
