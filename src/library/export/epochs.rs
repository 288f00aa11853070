//! Format `epochs`: wide form, a row an epoch.

use super::cells::Cells;
use super::columns::by_boundary;
use super::samples::Clock;
use super::{ExportError, Options};
use crate::library::{EpochEnergy, Library};
use crate::units::{Boundary, Estimate, Metric};

const SCHEMA: &str = "epochs/2";

const FIRST: [&str; 19] = [
    "schema",
    "run_id",
    "epoch",
    "step",
    "t_s",
    "timestamp",
    "duration_s",
    "samples",
    "samples_per_s",
    "metric",
    "train_loss",
    "train_metric",
    "test_loss",
    "test_metric",
    "test_accuracy",
    "test_top_five",
    "test_perplexity",
    "test_bits_per_character",
    "test_rmse",
];

/// Metrics that have a column of their own, in the order of the columns; a return is in `test_metric` alone, since it never
/// stands beside another.
const EACH: [Metric; 5] = [
    Metric::Accuracy,
    Metric::TopFive,
    Metric::Perplexity,
    Metric::BitsPerCharacter,
    Metric::Rmse,
];

const BY_BOUNDARY: [&str; 14] = [
    "{}_gross_j",
    "{}_gross_low_j",
    "{}_gross_high_j",
    "{}_net_j",
    "{}_net_low_j",
    "{}_net_high_j",
    "{}_j_per_sample",
    "{}_low_j_per_sample",
    "{}_high_j_per_sample",
    "{}_cumulative_j",
    "{}_cumulative_low_j",
    "{}_cumulative_high_j",
    "{}_source",
    "{}_grade",
];

pub(super) fn header() -> Vec<String> {
    let mut names: Vec<String> = FIRST.map(str::to_owned).to_vec();
    names.extend(by_boundary(&BY_BOUNDARY));
    names.push("test_heads".to_owned());
    names
}

pub(super) fn rows(
    library: &Library,
    run: &str,
    _options: &Options,
    cells: &mut Cells<'_>,
) -> Result<(), ExportError> {
    let clock = Clock::new(library.segments(run)?);
    let own = library.run(run)?.metrics.metric;
    for epoch in library.epochs(run)? {
        cells.text(SCHEMA)?;
        cells.text(run)?;
        cells.count(epoch.epoch)?;
        cells.count(epoch.step)?;
        cells.number(epoch.t_s)?;
        cells.time(clock.at(epoch.t_s))?;
        cells.number(epoch.duration_s)?;
        cells.count(epoch.samples)?;
        cells.number(epoch.samples_per_s)?;
        cells.text(own.name())?;
        cells.number(epoch.train_loss)?;
        cells.number(epoch.train_metric)?;
        cells.number(epoch.test_loss)?;
        cells.number(epoch.test_metric)?;
        for metric in EACH {
            let others = epoch.others.get(&metric).copied();
            let own = epoch.test_metric.filter(|_| metric == own);
            cells.number(own.or(others))?;
        }
        for boundary in Boundary::ALL {
            let energy = epoch
                .energies
                .iter()
                .find(|energy| energy.boundary == boundary);
            write_energy(cells, energy, epoch.samples)?;
        }
        cells.maybe_text(super::columns::heads(&epoch.heads).as_deref())?;
        cells.end_row()?;
    }
    Ok(())
}

fn write_energy(
    cells: &mut Cells<'_>,
    energy: Option<&EpochEnergy>,
    samples: Option<u64>,
) -> Result<(), ExportError> {
    let gross_j = energy.and_then(|energy| energy.gross_j);
    cells.estimate(gross_j)?;
    cells.estimate(energy.and_then(|energy| energy.net_j))?;
    cells.estimate(per_sample(gross_j, samples))?;
    cells.estimate(energy.and_then(|energy| energy.cumulative_j))?;
    cells.maybe_text(energy.map(|energy| energy.source.as_str()))?;
    cells.maybe_text(energy.map(|energy| energy.grade.letter()))
}

fn per_sample(energy_j: Option<Estimate>, samples: Option<u64>) -> Option<Estimate> {
    let samples = samples.filter(|samples| *samples > 0)?;
    energy_j.map(|energy| energy.scale(1.0 / samples as f64))
}
