//! The setups of an analysis as CSV, by the rules of every export.

use std::io::Write;

use crate::analysis::sweep::{Analysis, Figure, SetupResult, axes};
use crate::library::export::{Cells, ExportError};

/// Format and version, in the first column.
const SCHEMA: &str = "setups/1";

/// Takes a figure out of a setup, where it has one.
type Take = fn(&SetupResult) -> Option<&Figure>;

/// Figures with three columns and their spread.
const FIGURES: [(&str, Take); 7] = [
    ("energy_j", |setup| setup.energy_j.as_ref()),
    ("net_j", |setup| setup.net_j.as_ref()),
    ("time_s", |setup| setup.time_s.as_ref()),
    ("metric_value", |setup| setup.quality.as_ref()),
    ("j_per_step", |setup| setup.j_per_step.as_ref()),
    ("j_per_sample", |setup| setup.j_per_sample.as_ref()),
    ("j_per_update", |setup| setup.j_per_update.as_ref()),
];

/// Names of the columns: fixed ones, then one for each axis by its path.
pub fn setups_header(analysis: &Analysis) -> Vec<String> {
    let mut names: Vec<String> = [
        "schema",
        "rank",
        "setup",
        "standing",
        "trials",
        "reached",
        "not_reached",
        "failed",
        "pruned",
        "unfinished",
        "metric",
        "target",
        "boundary",
        "parts",
        "grade",
        "simulated",
    ]
    .map(str::to_owned)
    .to_vec();
    for (name, _) in FIGURES {
        // `energy_j` has `energy_low_j` as in other formats; a name without a unit has `…_low`.
        let (stem, unit) = match name.strip_suffix("_j").map(|stem| (stem, "_j")) {
            Some(parts) => parts,
            None => match name.strip_suffix("_s").map(|stem| (stem, "_s")) {
                Some(parts) => parts,
                None => (name, ""),
            },
        };
        names.push(name.to_owned());
        for end in ["low", "high", "spread"] {
            names.push(format!("{stem}_{end}{unit}"));
        }
    }
    names.extend(
        [
            "energy_a_success_j",
            "times_best",
            "times_best_low",
            "times_best_high",
            "p_against_best",
            "on_front",
            "zeus_cost_j",
            "mean_power_w",
            "max_power_w",
            "parameters",
            "flops_per_sample",
            "macs",
            "utilisation",
            "runs",
        ]
        .map(str::to_owned),
    );
    names.extend(
        analysis
            .axes
            .iter()
            .map(|axis| format!("axis_{}", axis.path)),
    );
    names
}

/// Writes a row for each setup to `out`, those that are ranked first; says how many there were.
///
/// # Errors
/// Where `out` cannot be written.
pub fn setups_csv(analysis: &Analysis, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut cells = Cells::new(out);
    for name in setups_header(analysis) {
        cells.text(&name)?;
    }
    cells.end_header()?;
    for (at, setup) in analysis.setups.iter().enumerate() {
        row(analysis, at, setup, &mut cells)?;
        cells.end_row()?;
    }
    cells.finish()
}

fn row(
    analysis: &Analysis,
    at: usize,
    setup: &SetupResult,
    cells: &mut Cells<'_>,
) -> Result<(), ExportError> {
    let has_target = analysis.kind.target.is_some();
    cells.text(SCHEMA)?;
    cells.count(setup.rank.map(|rank| rank as u64))?;
    cells.text(&setup.label)?;
    cells.text(setup.standing.in_words(has_target))?;
    for count in [
        setup.trials,
        setup.reached,
        setup.not_reached,
        setup.failed,
        setup.pruned,
        setup.unfinished,
    ] {
        cells.count(count as u64)?;
    }
    cells.text(analysis.kind.metric.name())?;
    cells.number(analysis.kind.target)?;
    let measured = analysis.kind.measured.as_ref();
    cells.maybe_text(measured.map(|measured| measured.boundary.id()))?;
    let parts = measured.map(|measured| {
        let ids: Vec<&str> = measured.parts.iter().map(|part| part.id()).collect();
        ids.join(" + ")
    });
    cells.maybe_text(parts.as_deref())?;
    cells.maybe_text(measured.map(|measured| measured.grade.letter()))?;
    cells.flag(measured.map(|measured| measured.simulated))?;
    for (_, of) in FIGURES {
        let figure = of(setup);
        cells.estimate(figure.map(|figure| figure.estimate))?;
        cells.number(figure.and_then(|figure| figure.spread))?;
    }
    cells.number(setup.energy_a_success_j)?;
    let compared = analysis
        .comparisons
        .list
        .iter()
        .find(|one| one.less == 0 && one.more == at && setup.rank.is_some());
    let ratio = compared.map(|one| one.ratio.estimate);
    cells.estimate(match setup.rank {
        Some(1) => Some(crate::units::Estimate::exact(1.0)),
        _ => ratio,
    })?;
    cells.number(compared.and_then(|one| one.p))?;
    cells.flag(Some(analysis.front.contains(&at)))?;
    let cost = analysis
        .costs
        .as_ref()
        .filter(|_| setup.rank.is_some())
        .and_then(|costs| crate::analysis::sweep::cost(setup, costs.eta, costs.max_power_w));
    cells.number(cost)?;
    for number in [
        setup.mean_power_w,
        setup.max_power_w,
        setup.parameters,
        setup.flops_per_sample,
        setup.macs,
        setup.utilisation,
    ] {
        cells.number(number)?;
    }
    cells.text(&setup.runs.join(" "))?;
    for axis in &analysis.axes {
        let value = setup.axes.get(&axis.path);
        match value.and_then(serde_json::Value::as_f64) {
            Some(number) => cells.number(number)?,
            None => cells.maybe_text(value.map(axes::text).as_deref())?,
        }
    }
    Ok(())
}
