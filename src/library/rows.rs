//! The rows that recording appends, one function a table.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Statement, Transaction, params};

use super::count::Count;
use super::error::Fault;
use super::records::{
    Checkpoint, EpochRecord, IdlePower, Meter, PhaseEnergy, SampleRow, StepPoint,
};
use super::{time, write::bad};
use crate::units::{Estimate, HeadResult, Metric};

/// A number as it is stored: only finite ones are numbers.
pub(super) fn finite(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite())
}

/// Value and ends of an estimate as they are stored: all of them or none.
pub(super) fn parts(estimate: Option<Estimate>) -> [Option<f64>; 3] {
    estimate
        .map(|Estimate { value, low, high }| [value, low, high])
        .filter(|parts| parts.iter().all(|part| part.is_finite()))
        .map_or([None; 3], |parts| parts.map(Some))
}

/// Further metrics as they are stored; `None` where there are none.
fn others(metrics: &BTreeMap<Metric, f64>) -> Option<String> {
    let finite: serde_json::Map<_, _> = metrics
        .iter()
        .filter(|(_, value)| value.is_finite())
        .map(|(metric, value)| (metric.name().to_owned(), (*value).into()))
        .collect();
    (!finite.is_empty()).then(|| serde_json::Value::Object(finite).to_string())
}

/// The heads as JSON; nothing where there is one label.
fn heads(heads: &[HeadResult]) -> Option<String> {
    // Plain data, in which what is no number is missing already.
    (!heads.is_empty()).then(|| serde_json::json!(heads).to_string())
}

pub(super) fn insert_meter(
    transaction: &Transaction<'_>,
    run: i64,
    meter: &Meter,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT OR REPLACE INTO meters (run, meter, source, device, boundary, grade, kind, refresh_s, info)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            run,
            meter.id,
            meter.source,
            meter.device,
            meter.boundary.id(),
            meter.grade.letter(),
            meter.kind,
            finite(meter.refresh_s),
            meter.info.to_string()
        ],
    )?;
    Ok(())
}

pub(super) fn end_phase(transaction: &Transaction<'_>, run: i64, t_s: f64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE phases SET end_t_s = max(begin_t_s, ?2) WHERE run = ?1 AND end_t_s IS NULL",
        )?
        .execute((run, t_s))?;
    Ok(())
}

pub(super) fn insert_epoch(
    transaction: &Transaction<'_>,
    run: i64,
    epoch: &EpochRecord,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO epochs (run, epoch, step, t_s, duration_s, samples, samples_per_s, train_loss,
                 train_metric, test_loss, test_metric, test_others, test_heads)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            run,
            Count(epoch.epoch),
            Count(epoch.step),
            epoch.t_s,
            finite(epoch.duration_s),
            epoch.samples.map(Count),
            finite(epoch.samples_per_s),
            finite(epoch.train_loss),
            finite(epoch.train_metric),
            finite(epoch.test_loss),
            finite(epoch.test_metric),
            others(&epoch.others),
            heads(&epoch.heads)
        ])?;
    for energy in &epoch.energies {
        let [gross, gross_low, gross_high] = parts(energy.gross_j);
        let [net, net_low, net_high] = parts(energy.net_j);
        let [cumulative, cumulative_low, cumulative_high] = parts(energy.cumulative_j);
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO epoch_energy (run, step, boundary, source, grade, gross_j, gross_low_j,
                     gross_high_j, net_j, net_low_j, net_high_j, cumulative_j, cumulative_low_j, cumulative_high_j)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(params![
                run,
                Count(epoch.step),
                energy.boundary.id(),
                energy.source,
                energy.grade.letter(),
                gross,
                gross_low,
                gross_high,
                net,
                net_low,
                net_high,
                cumulative,
                cumulative_low,
                cumulative_high
            ])?;
    }
    Ok(())
}

pub(super) fn insert_samples(
    transaction: &Transaction<'_>,
    run: i64,
    samples: &[SampleRow],
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO samples (run, t_s, series, value) VALUES (?1, ?2, ?3, ?4)",
    )?;
    // A batch has many samples of few series, so that going through a list beats asking each time.
    let mut known: Vec<(&SampleRow, i64)> = Vec::new();
    for sample in samples {
        let same = |other: &SampleRow| {
            (&other.meter, &other.metric, &other.unit)
                == (&sample.meter, &sample.metric, &sample.unit)
        };
        let series = match known.iter().find(|(other, _)| same(other)) {
            Some((_, series)) => *series,
            None => {
                let series = series_key(transaction, run, sample)?;
                known.push((sample, series));
                series
            }
        };
        insert.execute(params![run, sample.t_s, series, finite(sample.value)])?;
    }
    Ok(())
}

fn series_key(
    transaction: &Transaction<'_>,
    run: i64,
    sample: &SampleRow,
) -> rusqlite::Result<i64> {
    let values = params![run, sample.meter, sample.metric, sample.unit];
    let known = transaction
        .prepare_cached(
            "SELECT key FROM series WHERE run = ?1 AND meter = ?2 AND metric = ?3 AND unit = ?4",
        )?
        .query_row(values, |row| row.get(0))
        .optional()?;
    if let Some(key) = known {
        return Ok(key);
    }
    transaction.execute(
        "INSERT INTO series (run, meter, metric, unit) VALUES (?1, ?2, ?3, ?4)",
        values,
    )?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn insert_idle_power(
    transaction: &Transaction<'_>,
    run: i64,
    idle: &IdlePower,
) -> rusqlite::Result<()> {
    let [power @ Some(_), low, high] = parts(Some(idle.power_w)) else {
        return Ok(());
    };
    transaction.execute(
        "INSERT OR REPLACE INTO idle_power (run, boundary, meter, grade, power_w, low_w, high_w)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            run,
            idle.boundary.id(),
            idle.meter,
            idle.grade.letter(),
            power,
            low,
            high
        ],
    )?;
    Ok(())
}

pub(super) fn insert_step(
    transaction: &Transaction<'_>,
    run: i64,
    point: &StepPoint,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO steps (run, step, epoch, t_s, loss, metric, learning_rate, samples_per_s)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            run,
            Count(point.step),
            Count(point.epoch),
            point.t_s,
            finite(point.loss),
            finite(point.metric),
            finite(point.learning_rate),
            finite(point.samples_per_s)
        ])?;
    for head in &point.heads {
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO step_heads (run, step, head, loss, metric) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                run,
                Count(point.step),
                head.head,
                finite(head.loss),
                finite(head.value)
            ])?;
    }
    Ok(())
}

pub(super) fn insert_checkpoint(
    transaction: &Transaction<'_>,
    run: i64,
    checkpoint: &Checkpoint,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT OR REPLACE INTO checkpoints (run, step, epoch, path, bytes, sha256, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            run,
            Count(checkpoint.step),
            Count(checkpoint.epoch),
            checkpoint.path,
            Count(checkpoint.bytes),
            checkpoint.sha256,
            time::text(checkpoint.created_at)
        ],
    )?;
    Ok(())
}

/// Replaces the energies of the open phase.
pub(super) fn replace_phase_energies(
    transaction: &Transaction<'_>,
    run: &str,
    key: i64,
    energies: &[PhaseEnergy],
) -> Result<(), Fault> {
    let open: Option<i64> = transaction
        .prepare_cached("SELECT ordinal FROM phases WHERE run = ?1 AND end_t_s IS NULL")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let ordinal = open.ok_or_else(|| bad(run, "an energy of a phase, but none is open"))?;
    transaction
        .prepare_cached("DELETE FROM phase_energy WHERE run = ?1 AND ordinal = ?2")?
        .execute((key, ordinal))?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO phase_energy (run, boundary, meter, source, grade, energy_j, low_j, high_j, net_j,
             net_low_j, net_high_j, covered_s, window_s, ordinal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    for energy in energies {
        bind_energy(&mut insert, key, energy)?;
        insert.raw_bind_parameter(14, ordinal)?;
        insert.raw_execute()?;
    }
    Ok(())
}

/// Replaces the energies of training and evaluation.
pub(super) fn replace_training_energies(
    transaction: &Transaction<'_>,
    run: i64,
    energies: &[PhaseEnergy],
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM training_energy WHERE run = ?1")?
        .execute([run])?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO training_energy (run, boundary, meter, source, grade, energy_j, low_j, high_j, net_j,
             net_low_j, net_high_j, covered_s, window_s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for energy in energies {
        bind_energy(&mut insert, run, energy)?;
        insert.raw_execute()?;
    }
    Ok(())
}

/// Binds parameters 1 to 13: run, boundary, meter, source, grade, energy (3), net (3), covered and window.
fn bind_energy(
    insert: &mut Statement<'_>,
    run: i64,
    PhaseEnergy { figure, net_j }: &PhaseEnergy,
) -> rusqlite::Result<()> {
    insert.raw_bind_parameter(1, run)?;
    let texts = [
        figure.boundary.id(),
        &figure.meter,
        &figure.source,
        figure.grade.letter(),
    ];
    for (at, text) in (2..).zip(texts) {
        insert.raw_bind_parameter(at, text)?;
    }
    let numbers = [parts(figure.energy_j), parts(*net_j)]
        .into_iter()
        .flatten();
    let seconds = [Some(figure.covered_s), Some(figure.window_s)];
    for (at, number) in (6..).zip(numbers.chain(seconds)) {
        insert.raw_bind_parameter(at, number)?;
    }
    Ok(())
}
