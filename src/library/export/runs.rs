//! Format `runs`: wide form, a row a run.

use std::iter::once;

use super::cells::Cells;
use super::columns::{self, SETUP_COLUMNS, by_boundary, snake};
use super::{ExportError, Options};
use crate::library::{
    Ancestor, Library, PHASES, PhaseEnergy, Run, RunDetails, at_boundary, sum_by_source,
    sum_of_parts,
};
use crate::units::{Boundary, Estimate};

const SCHEMA: &str = "runs/2";

const RUN: [&str; 18] = [
    "schema",
    "run_id",
    "name",
    "note",
    "tags",
    "parent_id",
    "status",
    "failure",
    "created_at",
    "started_at",
    "finished_at",
    "duration_s",
    "program_version",
    "setup_hash",
    "group_hash",
    "seed",
    "dataset",
    "model",
];

const PLACE: [&str; 16] = [
    "parameters",
    "flops_per_sample",
    "hostname",
    "os",
    "kernel",
    "cpu_model",
    "logical_cores",
    "ram_bytes",
    "device",
    "device_kind",
    "device_vendor",
    "device_pci",
    "driver",
    "graphics_api",
    "backend",
    "self_check_passed",
];

const RESULT: [&str; 11] = [
    "epochs",
    "steps",
    "metric",
    "final_train_loss",
    "final_train_metric",
    "final_test_loss",
    "final_test_metric",
    "best_test_loss",
    "best_test_metric",
    "best_epoch",
    "target_reached",
];

const CARBON: [&str; 11] = [
    "calibration",
    "carbon_g",
    "carbon_low_g",
    "carbon_high_g",
    "carbon_boundary",
    "carbon_intensity_g_per_kwh",
    "carbon_country",
    "carbon_country_iso3",
    "carbon_year",
    "carbon_source",
    "pue",
];

const IDLE: [&str; 3] = ["idle_{}_w", "idle_{}_low_w", "idle_{}_high_w"];

const ENERGY: [&str; 9] = [
    "{}_j",
    "{}_low_j",
    "{}_high_j",
    "{}_net_j",
    "{}_net_low_j",
    "{}_net_high_j",
    "{}_source",
    "{}_grade",
    "{}_coverage",
];

/// Whose work is in the weights: of all ancestors together, and with the run's own energy.
const LINEAGE: [&str; 7] = [
    "ancestors",
    "ancestry_components_j",
    "ancestry_components_low_j",
    "ancestry_components_high_j",
    "whole_components_j",
    "whole_components_low_j",
    "whole_components_high_j",
];

/// Before the columns of training and evaluation together, which are what a run cost; those of each phase follow.
const RESULT_OF: &str = "result";

pub(super) fn header() -> Vec<String> {
    let own = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).into()).collect() };
    let mut names = own(&RUN);
    names.extend(SETUP_COLUMNS.map(|(name, _)| name.to_owned()));
    names.extend(own(&PLACE));
    names.extend(own(&RESULT));
    names.extend(own(&CARBON));
    names.extend(by_boundary(&IDLE));
    for phase in once(RESULT_OF.to_owned()).chain(PHASES.map(snake)) {
        names.push(format!("{phase}_duration_s"));
        names.extend(by_boundary(&ENERGY).map(|name| format!("{phase}_{name}")));
    }
    names.extend(own(&LINEAGE));
    names.push("heads".to_owned());
    names.push("ancestor_relations".to_owned());
    names
}

pub(super) fn rows(
    library: &Library,
    run: &str,
    _options: &Options,
    cells: &mut Cells<'_>,
) -> Result<(), ExportError> {
    let details = library.details(run)?;
    write_run(cells, &details.run)?;
    columns::setup(cells, &details.run.setup.json)?;
    write_place(cells, &details)?;
    write_result(cells, &details.run)?;
    write_carbon(cells, &details)?;
    for boundary in Boundary::ALL {
        let mut of_boundary = details
            .idle_power
            .iter()
            .filter(|idle| idle.boundary == boundary);
        // Several meters at one boundary are told apart in the phases' figures; here only one that is alone is sure
        // to be the whole.
        let only = of_boundary.next().filter(|_| of_boundary.next().is_none());
        cells.estimate(only.map(|idle| idle.power_w))?;
    }
    cells.number(result_duration_s(&details))?;
    for boundary in Boundary::ALL {
        write_energy(cells, at(&details.training, boundary, &details).as_ref())?;
    }
    for phase in PHASES {
        let total = details.totals.iter().find(|total| total.phase == phase);
        cells.number(total.map(|total| total.duration_s))?;
        for boundary in Boundary::ALL {
            let energy = total.and_then(|total| at(&total.energies, boundary, &details));
            write_energy(cells, energy.as_ref())?;
        }
    }
    write_lineage(cells, &details)?;
    write_heads(cells, &details)?;
    let relations = details.ancestors.iter();
    let relations: Vec<&str> = relations.map(|of| of.relation().name()).collect();
    cells.maybe_text(
        Some(relations.join(" "))
            .filter(|text| !text.is_empty())
            .as_deref(),
    )?;
    cells.end_row()
}

/// As the summary has them; of a run without one, as they were last seen.
fn write_heads(cells: &mut Cells<'_>, details: &RunDetails) -> Result<(), ExportError> {
    let summary = details.summary.as_ref();
    let told = summary.and_then(|summary| summary.json.get("heads")?.as_array());
    let heads = match (told, details.epochs.last()) {
        (Some(told), _) => columns::heads(told),
        (None, last) => last.and_then(|last| columns::heads(&last.heads)),
    };
    cells.maybe_text(heads.as_deref())
}

/// Empty without ancestors, and where the energy of one is not known: a sum without it would be too small.
fn write_lineage(cells: &mut Cells<'_>, details: &RunDetails) -> Result<(), ExportError> {
    let labels: Vec<&str> = details.ancestors.iter().map(Ancestor::label).collect();
    cells.maybe_text(
        Some(labels.join(" "))
            .filter(|_| !labels.is_empty())
            .as_deref(),
    )?;
    let energies = details.ancestors.iter().map(|ancestor| {
        let (energy_j, source) = ancestor.energy();
        Some((energy_j?, source))
    });
    let ancestry: Option<Vec<(Estimate, String)>> = energies.collect();
    let ancestry = ancestry
        .filter(|parts| !parts.is_empty())
        .unwrap_or_default();
    let own = sum_of_parts(&details.training).map(|sum| sum.figure);
    let own = own.and_then(|figure| Some((figure.energy_j?, figure.source)));
    let sum = |parts: Vec<&(Estimate, String)>| {
        let parts = parts
            .into_iter()
            .map(|(energy, source)| (*energy, source.as_str()));
        sum_by_source(parts)
    };
    let known = (!ancestry.is_empty()).then_some(&ancestry);
    cells.estimate(known.map(|parts| sum(parts.iter().collect())))?;
    let whole = known.zip(own.as_ref());
    cells.estimate(whole.map(|(parts, own)| sum(std::iter::once(own).chain(parts).collect())))
}

/// The figure for `boundary`; for the sum of all parts, where no meter gives one, what they add up to.
fn at(energies: &[PhaseEnergy], boundary: Boundary, details: &RunDetails) -> Option<PhaseEnergy> {
    let found = at_boundary(energies, boundary, &details.meters);
    match boundary {
        Boundary::Components => found.or_else(|| sum_of_parts(energies)),
        _ => found,
    }
}

/// Seconds of training and evaluation, where there were any.
fn result_duration_s(details: &RunDetails) -> Option<f64> {
    let parts: Vec<f64> = details
        .totals
        .iter()
        .filter(|total| ["train", "evaluate"].contains(&total.phase.as_str()))
        .map(|total| total.duration_s)
        .collect();
    (!parts.is_empty()).then(|| parts.iter().sum())
}

fn write_run(cells: &mut Cells<'_>, run: &Run) -> Result<(), ExportError> {
    cells.text(SCHEMA)?;
    cells.text(&run.id)?;
    cells.maybe_text(run.name.as_deref())?;
    cells.maybe_text(run.note.as_deref())?;
    cells.text(&run.tags.join(" "))?;
    cells.maybe_text(run.parent_id.as_deref())?;
    cells.text(run.status.id())?;
    cells.maybe_text(run.failure.as_deref())?;
    cells.time(Some(run.created_at))?;
    cells.time(Some(run.started_at))?;
    cells.time(run.finished_at)?;
    cells.number(run.duration_s)?;
    cells.text(&run.program_version)?;
    cells.text(&run.setup.hash)?;
    cells.text(&run.setup.group_hash)?;
    cells.count(run.setup.seed)?;
    cells.text(&run.setup.dataset)?;
    cells.text(&run.setup.model)
}

fn write_place(cells: &mut Cells<'_>, details: &RunDetails) -> Result<(), ExportError> {
    let (run, machine, device) = (&details.run, &details.run.machine, &details.run.device);
    cells.count(run.parameters)?;
    cells.number(run.flops_per_sample)?;
    cells.maybe_text(machine.hostname.as_deref())?;
    cells.text(&machine.os)?;
    cells.maybe_text(machine.kernel.as_deref())?;
    cells.maybe_text(machine.cpu_model.as_deref())?;
    cells.count(machine.logical_cores.map(u64::from))?;
    cells.count(machine.ram_bytes)?;
    cells.text(&device.name)?;
    cells.text(&device.kind)?;
    cells.maybe_text(device.vendor.as_deref())?;
    cells.maybe_text(device.pci.as_deref())?;
    cells.maybe_text(device.driver.as_deref())?;
    cells.maybe_text(device.api.as_deref())?;
    cells.text(&run.backend)?;
    cells.flag(details.self_check.as_ref().map(|check| check.passed))
}

fn write_result(cells: &mut Cells<'_>, run: &Run) -> Result<(), ExportError> {
    let metrics = &run.metrics;
    cells.count(run.epochs)?;
    cells.count(run.steps)?;
    cells.text(metrics.metric.name())?;
    cells.number(metrics.final_train_loss)?;
    cells.number(metrics.final_train_metric)?;
    cells.number(metrics.final_test_loss)?;
    cells.number(metrics.final_test_metric)?;
    cells.number(metrics.best_test_loss)?;
    cells.number(metrics.best_test_metric)?;
    cells.count(metrics.best_epoch)?;
    cells.flag(run.target_reached)
}

fn write_carbon(cells: &mut Cells<'_>, details: &RunDetails) -> Result<(), ExportError> {
    let summary = details.summary.as_ref();
    let carbon = summary.and_then(|summary| summary.carbon.as_ref());
    let basis = details.run.carbon.as_ref();
    cells.maybe_text(summary.and_then(|summary| summary.calibration.as_deref()))?;
    cells.estimate(carbon.map(|carbon| carbon.carbon_g))?;
    cells.maybe_text(carbon.map(|carbon| carbon.boundary.id()))?;
    cells.number(basis.map(|basis| basis.g_per_kwh))?;
    cells.maybe_text(basis.and_then(|basis| basis.country.as_deref()))?;
    cells.maybe_text(basis.and_then(|basis| basis.country_iso3.as_deref()))?;
    cells.number(basis.and_then(|basis| basis.year.map(f64::from)))?;
    cells.maybe_text(basis.map(|basis| basis.source.as_str()))?;
    cells.number(basis.map(|basis| basis.pue))
}

fn write_energy(cells: &mut Cells<'_>, energy: Option<&PhaseEnergy>) -> Result<(), ExportError> {
    cells.estimate(energy.and_then(|energy| energy.figure.energy_j))?;
    cells.estimate(energy.and_then(|energy| energy.net_j))?;
    cells.maybe_text(energy.map(|energy| energy.figure.source.as_str()))?;
    cells.maybe_text(energy.map(|energy| energy.figure.grade.letter()))?;
    cells.number(energy.map(|energy| energy.figure.coverage()))
}
