//! Parallel axes over runs: the fields in which their setups differ, and what came of them. What is drawn over narrows the
//! choice of runs.

use std::sync::Arc;

use egui::Ui;

use super::compare::common_metric;
use super::rows::Item;
use crate::analysis::Difference;
use crate::gui::preferences::EnergyUnit;
use crate::gui::widgets;
use crate::gui::widgets::parallel::{self, ParallelAxis, Rows, Shown};

pub use crate::gui::widgets::parallel::written;

/// Fields of the setup that have an axis.
const FIELDS_MAX: usize = 6;

/// The axes and what was drawn over them.
#[derive(Default)]
pub struct Parallel {
    shown: parallel::Parallel,
    /// Fields that differ and have no axis.
    fields_left_out: usize,
    /// Runs that were compared when the first stretch was drawn over.
    base: Vec<String>,
    /// Of the selection, after it was narrowed here.
    revision: u64,
}

impl Parallel {
    /// Whether anything was drawn over.
    pub fn is_brushed(&self) -> bool {
        self.shown.is_brushed()
    }

    /// The runs among which the choice was narrowed, as long as it was not changed elsewhere since.
    pub fn base(&mut self, selection_revision: u64) -> Option<Vec<String>> {
        if self.is_brushed() && self.revision != selection_revision {
            self.shown.clear();
        }
        self.is_brushed().then(|| self.base.clone())
    }

    /// The selection was narrowed, which made it this revision.
    pub fn narrowed(&mut self, selection_revision: u64, items: &[Arc<Item>]) {
        self.revision = selection_revision;
        if self.base.is_empty() || !self.is_brushed() {
            self.base = items.iter().map(|item| item.id().to_owned()).collect();
        }
    }

    /// Makes the axes for `items`.
    pub fn make(&mut self, items: &[Arc<Item>], differing: &[Difference]) {
        // Where a part of the setup is there or not, the part itself has no value: what is in it has.
        let has_value = |of: &&Difference| of.values.iter().flatten().any(|value| !value.is_null());
        let mut fields: Vec<&Difference> = differing.iter().filter(has_value).collect();
        self.fields_left_out = fields.len().saturating_sub(FIELDS_MAX);
        // What every run has says more than what comes with one kind of model or optimiser; among those, how they learnt.
        fields.sort_by_key(|difference| {
            let missing = difference.values.iter().filter(|value| value.is_none());
            (missing.count(), !difference.field.starts_with("regime."))
        });
        fields.truncate(FIELDS_MAX);
        let mut axes: Vec<ParallelAxis> = fields
            .iter()
            .map(|difference| ParallelAxis::of_values(short(&difference.field), &difference.values))
            .collect();
        type Result = (&'static str, Shown, fn(&Item) -> Option<f64>);
        let metric = common_metric(items);
        let shown = if metric.is_share() {
            Shown::Percent
        } else {
            Shown::Plain
        };
        let results: [Result; 2] = [
            ("time in s", Shown::Plain, |item| {
                Some(item.listed.run.duration_s)
            }),
            ("energy", Shown::Energy, |item| {
                item.energy_j().map(|energy| energy.value)
            }),
        ];
        let values_of = |of: fn(&Item) -> Option<f64>| items.iter().map(|item| of(item)).collect();
        let result = |item: &Arc<Item>| {
            let metrics = item.listed.run.metrics;
            metrics
                .final_test_metric
                .filter(|_| metrics.metric == metric)
        };
        let results = results
            .map(|(name, shown, of)| (name, shown, values_of(of)))
            .into_iter()
            .chain([(metric.title(), shown, items.iter().map(result).collect())]);
        for (name, shown, values) in results {
            let values: Vec<Option<f64>> = values;
            axes.push(ParallelAxis::of_figures(name, &values, shown));
        }
        // Two fields of one name in different parts of a setup get it whole.
        let names: Vec<String> = axes.iter().map(|axis| axis.name.clone()).collect();
        for (at, axis) in axes.iter_mut().enumerate() {
            if names.iter().filter(|name| **name == axis.name).count() > 1
                && let Some(difference) = fields.get(at)
            {
                axis.name.clone_from(&difference.field);
            }
        }
        self.shown.set(axes);
    }
}

/// The end of a field's path, which says enough: the whole would not fit.
fn short(field: &str) -> String {
    let mut parts = field.rsplit('.');
    let last = match parts.next() {
        // `dataset.name` is the dataset, `regime.optimiser.kind` the optimiser.
        Some("name" | "kind") => parts.next(),
        last => last,
    };
    last.unwrap_or(field).replace('_', " ")
}

/// Draws the axes; where the choice was narrowed or widened, the runs that are chosen now.
pub fn show(
    parallel: &mut Parallel,
    ui: &mut Ui,
    items: &[Arc<Item>],
    unit: EnergyUnit,
    height: f32,
) -> Option<Vec<String>> {
    let rows = Rows {
        count: items.len(),
        name: &|at| items[at].name(),
        what: "Runs",
    };
    let left_out = parallel.fields_left_out;
    let chosen = parallel::show(&mut parallel.shown, ui, &rows, unit, height, |ui| {
        if left_out > 0 {
            let text = format!("{left_out} more fields differ; choose runs that differ in fewer.");
            widgets::caption(ui, text);
        }
    })?;
    Some(
        chosen
            .into_iter()
            .map(|run| items[run].id().to_owned())
            .collect(),
    )
}
