//! Parallel axes over the setups: what the axes say and what came of it; a stretch that is drawn over narrows the table.

use egui::Ui;
use serde_json::Value;

use super::analysed::Made;
use crate::analysis::sweep::{Figure, Measure, SetupResult};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme;
use crate::gui::widgets;
use crate::gui::widgets::parallel::{self, Parallel, ParallelAxis, Rows, Shown};

/// Axes of the sweep that are shown.
const AXES_MAX: usize = 6;
/// Lines that are drawn; of more, every so many by their rank.
const LINES_MAX: usize = 800;
/// Height of the plot, points.
const HEIGHT: f32 = 300.0;

/// The axes and what was drawn over them.
#[derive(Default)]
pub struct Lines {
    parallel: Parallel,
    made: Option<u64>,
    /// The setups that have a line.
    drawn: Vec<usize>,
    /// The same axes over all setups, for what is let through.
    all: Parallel,
    /// Changes with what is let through.
    pub revision: u64,
}

impl Lines {
    /// Whether setup number `at` lies in what was drawn over.
    pub fn lets_through(&self, at: usize) -> bool {
        !self.all.is_brushed() || self.all.lets_through(at)
    }
}

/// Draws the axes.
pub fn show(lines: &mut Lines, ui: &mut Ui, made: &Made, unit: EnergyUnit) {
    let setups = &made.analysis.setups;
    if setups.len() < 2 || made.analysis.axes.is_empty() {
        return;
    }
    if lines.made != Some(made.serial) {
        make(lines, made);
    }
    ui.add_space(theme::GRID);
    let (drawn, count) = (&lines.drawn, setups.len());
    let rows = Rows {
        count: drawn.len(),
        name: &|at| &setups[drawn[at]].label,
        what: "Setups",
    };
    let hidden = made.analysis.axes.len().saturating_sub(AXES_MAX);
    let before = lines.parallel.brushes().clone();
    ui.push_id("sweep-parallel", |ui| {
        parallel::show(&mut lines.parallel, ui, &rows, unit, HEIGHT, |ui| {
            if drawn.len() < count {
                let text = format!(
                    "{} of {count} setups are drawn, evenly by their rank.",
                    drawn.len()
                );
                widgets::caption(ui, text);
            }
            if hidden > 0 {
                widgets::caption(ui, format!("{hidden} more axes are not shown."));
            }
        });
    });
    if *lines.parallel.brushes() != before {
        lines.all.brush(lines.parallel.brushes().clone());
        lines.revision += 1;
        // The table is above it.
        ui.ctx().request_repaint();
    }
}

fn make(lines: &mut Lines, made: &Made) {
    let count = made.analysis.setups.len();
    let every = count.div_ceil(LINES_MAX).max(1);
    lines.drawn = (0..count).step_by(every).collect();
    let axes = axes(made);
    lines
        .parallel
        .set(axes.iter().map(|axis| axis.only(&lines.drawn)).collect());
    lines.all.set(axes);
    lines.made = Some(made.serial);
    lines.revision += 1;
}

fn axes(made: &Made) -> Vec<ParallelAxis> {
    let analysis = &made.analysis;
    let setups = || analysis.setups.iter();
    let mut axes: Vec<ParallelAxis> = analysis
        .axes
        .iter()
        .take(AXES_MAX)
        .map(|axis| {
            let values: Vec<Option<Value>> = setups()
                .map(|setup| setup.axes.get(&axis.path).cloned())
                .collect();
            ParallelAxis::of_values(&axis.name, &values)
        })
        .collect();
    // Two axes of one name get their whole paths.
    for at in 0..axes.len() {
        let name = axes[at].name.clone();
        if axes.iter().filter(|axis| axis.name == name).count() > 1 {
            axes[at].name.clone_from(&analysis.axes[at].path);
        }
    }
    let mean = |figure: Option<&Figure>| figure.map(Figure::mean);
    let metric = analysis.kind.metric;
    let share = if metric.is_share() {
        Shown::Percent
    } else {
        Shown::Plain
    };
    type Result = (&'static str, Shown, fn(&SetupResult) -> Option<&Figure>);
    let results: [Result; 3] = [
        ("time in s", Shown::Plain, |setup| Measure::Time.of(setup)),
        ("energy", Shown::Energy, |setup| Measure::Energy.of(setup)),
        (metric.title(), share, |setup| setup.quality.as_ref()),
    ];
    for (name, shown, figure) in results {
        let values: Vec<Option<f64>> = setups().map(|setup| mean(figure(setup))).collect();
        axes.push(ParallelAxis::of_figures(name, &values, shown));
    }
    axes
}
