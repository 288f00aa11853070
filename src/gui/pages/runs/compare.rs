//! Several runs side by side: what accuracy cost, setups and results on parallel axes, fields that differ.

use std::sync::Arc;

use egui::{Grid, Label, RichText, ScrollArea, Ui, vec2};
use serde_json::Value;

use super::parallel::{self, Parallel};
use super::picture::Picture;
use super::rows::{Cost, Item};
use super::view;
use super::{RunsPage, branches};
use crate::analysis::{Difference, differences, pareto_front};
use crate::gui::plot::{Axis, Chart, Line, Points, ScatterPoint, Unit};
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, written_energy};
use crate::units::Metric;

/// Setups whose fields are shown beside each other.
const SETUPS_MAX: usize = 5;
/// Runs that are compared.
pub const RUNS_MAX: usize = 500;
/// Height of the plots, points.
const HEIGHT: f32 = 300.0;
/// Width from which the plots stand beside each other, points.
const WIDE: f32 = 900.0;

/// What is compared, made once a change.
#[derive(Default)]
pub struct Compare {
    made_of: Option<(u64, u64, u64)>,
    items: Vec<Arc<Item>>,
    /// More runs than are compared.
    left_out: usize,
    warnings: Vec<String>,
    scatter: Scatter,
    differing: Vec<Difference>,
    parallel: Parallel,
    picture: Option<Picture>,
}

#[derive(Default)]
struct Scatter {
    /// What the runs in it are judged by.
    metric: Metric,
    /// Runs that are judged by something else.
    of_others: usize,
    /// Runs that reached their target, and where each is among `items`.
    to_target: (Vec<ScatterPoint>, Vec<usize>),
    /// Runs without a target, and where each is.
    total: (Vec<ScatterPoint>, Vec<usize>),
    front: Vec<(f64, f64)>,
    not_reached: Vec<usize>,
    unknown: usize,
}

/// Draws the comparison.
pub fn show(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared, chosen: &[Arc<Item>]) {
    let picture = &mut page.compare.picture;
    if picture
        .as_ref()
        .is_some_and(|picture| picture.save(ui.ctx(), shared))
    {
        *picture = None;
    }
    let made_of = (
        page.view.revision,
        page.selection.revision,
        u64::from(page.compare.parallel.is_brushed()),
    );
    if page.compare.made_of != Some(made_of) {
        make(page, chosen);
        page.compare.made_of = Some((
            made_of.0,
            made_of.1,
            u64::from(page.compare.parallel.is_brushed()),
        ));
    }
    ScrollArea::vertical()
        .id_salt("runs-compare")
        .auto_shrink(false)
        .show(ui, |ui| {
            said(page, ui, chosen);
            branches::show(page, ui, shared, chosen);
            whole(page, ui, shared, chosen);
        });
}

fn make(page: &mut RunsPage, chosen: &[Arc<Item>]) {
    let compare_base = page.compare.parallel.base(page.selection.revision);
    let all: Vec<Arc<Item>> = match compare_base {
        Some(base) => base
            .iter()
            .filter_map(|id| page.rows.find(id).cloned())
            .collect(),
        None if chosen.len() > 1 => chosen.to_vec(),
        None => page.shown(),
    };
    let compare = &mut page.compare;
    compare.left_out = all.len().saturating_sub(RUNS_MAX);
    compare.items = all.into_iter().take(RUNS_MAX).collect();
    let items = &compare.items;
    compare.warnings = warnings(items);
    compare.scatter = scatter(items);
    let setups = |items: &[Arc<Item>]| -> Vec<Value> {
        items
            .iter()
            .map(|item| serde_json::from_str(&item.listed.run.setup.json).unwrap_or_default())
            .collect()
    };
    compare.differing = if (2..=SETUPS_MAX).contains(&chosen.len()) {
        differences(&setups(chosen), &[])
    } else {
        Vec::new()
    };
    compare.parallel.make(
        items,
        &differences(&setups(items), &["schema", "regime.seed"]),
    );
}

/// What has to be known before these runs are compared.
fn warnings(items: &[Arc<Item>]) -> Vec<String> {
    let mut warnings: Vec<String> = view::warning(&view::kinds(items.iter().map(Arc::as_ref)))
        .into_iter()
        .collect();
    let mut targets: Vec<u64> = items
        .iter()
        .map(|item| item.asked.target().map_or(0, f64::to_bits))
        .collect();
    targets.sort_unstable();
    targets.dedup();
    if targets.len() > 1 {
        warnings.push(
            "Not all of these runs had the same target: an energy to one target is no energy to another, nor that of a \
             whole run."
                .to_owned(),
        );
    }
    let mut datasets: Vec<&str> = items
        .iter()
        .map(|item| item.listed.run.setup.dataset.as_str())
        .collect();
    datasets.sort_unstable();
    datasets.dedup();
    if datasets.len() > 1 {
        warnings.push(format!(
            "These results are of different datasets: {}.",
            datasets.join(", ")
        ));
    }
    warnings
}

/// What most of the runs are judged by; of equally many the first in the order of metrics.
pub fn common_metric(items: &[Arc<Item>]) -> Metric {
    let count = |metric: Metric| {
        let judged = items.iter().map(|item| item.listed.run.metrics.metric);
        judged.filter(|of| *of == metric).count()
    };
    let by_count = Metric::ALL.into_iter().rev();
    by_count
        .max_by_key(|metric| count(*metric))
        .unwrap_or_default()
}

fn scatter(items: &[Arc<Item>]) -> Scatter {
    let metric = common_metric(items);
    let mut scatter = Scatter {
        metric,
        ..Scatter::default()
    };
    for (at, item) in items.iter().enumerate() {
        if item.listed.run.metrics.metric != metric {
            scatter.of_others += 1;
            continue;
        }
        let result = item.listed.run.metrics.final_test_metric;
        let (energy, series) = match (item.cost(), result) {
            (Cost::NotReached(_), _) => {
                scatter.not_reached.push(at);
                continue;
            }
            (Cost::ToTarget(energy), Some(_)) => (energy, &mut scatter.to_target),
            (Cost::Total(energy), Some(_)) => (energy, &mut scatter.total),
            _ => {
                scatter.unknown += 1;
                continue;
            }
        };
        series.0.push(ScatterPoint {
            x: energy.value,
            y: result.unwrap_or(f64::NAN),
            x_interval: Some((energy.low, energy.high)),
            label: item.name().to_owned(),
            is_marked: false,
        });
        series.1.push(at);
    }
    let points: Vec<(f64, f64)> = scatter
        .to_target
        .0
        .iter()
        .chain(&scatter.total.0)
        .map(|point| (point.x, point.y))
        .collect();
    // The front asks for as much quality as can be had.
    let sign = if metric.higher_is_better() { 1.0 } else { -1.0 };
    let quality: Vec<(f64, f64)> = points.iter().map(|(x, y)| (*x, sign * y)).collect();
    scatter.front = pareto_front(&quality)
        .into_iter()
        .map(|at| points[at])
        .collect();
    scatter
}

/// A sign and a text that cannot be overlooked.
pub fn warning(ui: &mut Ui, text: &str) {
    let tokens = Tokens::in_ui(ui);
    ui.horizontal_top(|ui| {
        ui.label(
            RichText::new("!")
                .text_style(theme::strong())
                .color(tokens.warning),
        );
        ui.add(Label::new(RichText::new(text).color(tokens.warning)).wrap());
    });
}

/// What is compared, and what has to be known before.
fn said(page: &RunsPage, ui: &mut Ui, chosen: &[Arc<Item>]) {
    let what = if chosen.len() > 1 || page.compare.parallel.is_brushed() {
        format!("{} runs are compared.", page.compare.items.len())
    } else {
        format!(
            "All {} runs of the table are compared; choose two or more to compare only those.",
            page.compare.items.len()
        )
    };
    widgets::caption(ui, what);
    if page.compare.left_out > 0 {
        widgets::caption(ui, format!("{} more are left out.", page.compare.left_out));
    }
    for text in &page.compare.warnings {
        warning(ui, text);
    }
}

fn whole(page: &mut RunsPage, ui: &mut Ui, shared: &Shared, chosen: &[Arc<Item>]) {
    let unit = shared.preferences.energy_unit;
    if ui.available_width() >= WIDE {
        ui.columns(2, |columns| {
            costs(page, &mut columns[0], unit);
            narrowed(page, &mut columns[1], unit);
        });
    } else {
        costs(page, ui, unit);
        narrowed(page, ui, unit);
    }
    not_reached(page, ui, unit);
    fields(page, ui, chosen);
}

fn costs(page: &mut RunsPage, ui: &mut Ui, unit: EnergyUnit) {
    let mut wants_picture = false;
    let metric = page.compare.scatter.metric;
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, &format!("What {metric} cost"));
        wants_picture = ui
            .button("Save picture…")
            .on_hover_text("Write the plot as a PNG")
            .clicked();
    });
    let joules = match unit {
        EnergyUnit::Joules => Unit::JOULES,
        EnergyUnit::WattHours => Unit::WATT_HOURS,
    };
    let compare = &mut page.compare;
    let scatter = &mut compare.scatter;
    for (points, at) in [&mut scatter.to_target, &mut scatter.total] {
        for (point, at) in points.iter_mut().zip(at.iter()) {
            point.is_marked = page.selection.ids.contains(compare.items[*at].id());
        }
    }
    let (has_targets, has_totals) = (!scatter.to_target.0.is_empty(), !scatter.total.0.is_empty());
    let name = if has_totals {
        "energy"
    } else {
        "energy to target"
    };
    let on_held_out = format!("{metric} at the end, held-out samples");
    let mut chart = Chart::new(
        format!("Energy against {metric}"),
        Axis::new(name, joules),
        Axis::of_metric(on_held_out, metric),
    )
    .height(HEIGHT)
    .empty("No run with an energy and a result");
    let front = &scatter.front;
    if front.len() > 1 {
        let line = Line::new(
            "no run beats these",
            front.len(),
            |at| front[at].0,
            |at| front[at].1,
        );
        chart = chart.line(line.colour(7));
    }
    let mut series: Vec<&[usize]> = Vec::new();
    if has_targets {
        chart = chart.points(Points::new("reached their target", &scatter.to_target.0).colour(0));
        series.push(&scatter.to_target.1);
    }
    if has_totals {
        chart = chart.points(Points::new("whole run, no target", &scatter.total.0).colour(1));
        series.push(&scatter.total.1);
    }
    let shown = chart.show(ui);
    if wants_picture {
        let around = shown
            .response
            .rect
            .expand2(vec2(72.0, 40.0))
            .intersect(ui.clip_rect());
        compare.picture = Some(Picture::ask(ui.ctx(), around, "energy-result"));
    }
    let clicked = shown
        .clicked
        .and_then(|(which, number)| series.get(which)?.get(number));
    if let Some(item) = clicked.and_then(|at| compare.items.get(*at)) {
        let id = item.id().to_owned();
        if ui.input(|input| input.modifiers.command) {
            page.selection.toggle(&id);
        } else {
            page.selection.only(&id);
        }
        page.table.scroll_to = Some(id);
    }
}

fn narrowed(page: &mut RunsPage, ui: &mut Ui, unit: EnergyUnit) {
    let items = page.compare.items.clone();
    if let Some(ids) = parallel::show(&mut page.compare.parallel, ui, &items, unit, HEIGHT) {
        page.selection.these(ids.iter().map(String::as_str));
        page.compare
            .parallel
            .narrowed(page.selection.revision, &items);
    }
}

fn not_reached(page: &RunsPage, ui: &mut Ui, unit: EnergyUnit) {
    let compare = &page.compare;
    let tokens = Tokens::in_ui(ui);
    if compare.scatter.unknown > 0 {
        widgets::caption(
            ui,
            format!(
                "{} runs have no energy or no result yet and are not in the plot.",
                compare.scatter.unknown
            ),
        );
    }
    if compare.scatter.of_others > 0 {
        let text = format!(
            "{} runs are judged by something else than {} and are not in the plot.",
            compare.scatter.of_others, compare.scatter.metric
        );
        widgets::caption(ui, text);
    }
    if compare.scatter.not_reached.is_empty() {
        return;
    }
    widgets::section(ui, "Did not reach their target");
    widgets::caption(
        ui,
        "What they spent bought no result that was asked for, so they have no place in the plot.",
    );
    Grid::new("runs-not-reached")
        .striped(true)
        .spacing(vec2(20.0, 4.0))
        .show(ui, |ui| {
            for name in ["run", "target", "best result", "energy spent"] {
                ui.label(RichText::new(name).small().color(tokens.dim));
            }
            ui.end_row();
            for item in compare
                .scatter
                .not_reached
                .iter()
                .take(50)
                .filter_map(|at| compare.items.get(*at))
            {
                ui.label(item.name());
                ui.label(item.written(item.asked.target()));
                ui.label(item.written(item.listed.run.metrics.best_test_metric));
                ui.label(item.energy_j().map_or("no reading".to_owned(), |energy_j| {
                    written_energy(energy_j, unit)
                }));
                ui.end_row();
            }
        });
    if compare.scatter.not_reached.len() > 50 {
        widgets::caption(
            ui,
            format!("and {} more", compare.scatter.not_reached.len() - 50),
        );
    }
}

fn fields(page: &RunsPage, ui: &mut Ui, chosen: &[Arc<Item>]) {
    let tokens = Tokens::in_ui(ui);
    widgets::section(ui, "Where the setups differ");
    if !(2..=SETUPS_MAX).contains(&chosen.len()) {
        widgets::caption(
            ui,
            format!("Choose two to {SETUPS_MAX} runs to see in which fields their setups differ."),
        );
        return;
    }
    if page.compare.differing.is_empty() {
        widgets::caption(ui, "Their setups are the same in every field.");
        return;
    }
    ScrollArea::horizontal()
        .id_salt("runs-fields")
        .show(ui, |ui| {
            Grid::new("runs-fields")
                .striped(true)
                .spacing(vec2(20.0, 4.0))
                .show(ui, |ui| {
                    ui.label(RichText::new("field").small().color(tokens.dim));
                    for item in chosen {
                        ui.label(RichText::new(item.name()).small().color(tokens.dim));
                    }
                    ui.end_row();
                    for difference in &page.compare.differing {
                        ui.label(&difference.field);
                        for value in &difference.values {
                            match value {
                                Some(value) => {
                                    ui.label(RichText::new(parallel::written(value)).monospace())
                                }
                                None => ui.label(RichText::new("no such field").color(tokens.dim)),
                            };
                        }
                        ui.end_row();
                    }
                });
        });
}
