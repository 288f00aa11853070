//! The tables of a run, read as they are.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::count::{count, maybe_count};
use super::error::Fault;
use super::lookup::json;
use super::read::{SampleFilter, Series};
use super::records::{Checkpoint, EpochEnergy, EpochRecord, IdlePower, Meter, SelfCheck};
use super::types::{CarbonSummary, PhaseRecord, Summary};
use super::{energy, time};
use crate::units::{Boundary, Estimate, HeadResult, Metric};

pub(super) fn rows<T>(
    connection: &Connection,
    sql: &str,
    run: i64,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Fault> {
    Ok(connection
        .prepare_cached(sql)?
        .query_map([run], read)?
        .collect::<Result<_, _>>()?)
}

pub(super) fn series(
    connection: &Connection,
    run: i64,
    filter: &SampleFilter,
) -> Result<HashMap<i64, Series>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT key, s.meter, metric, unit, device, source, grade
             FROM series s LEFT JOIN meters m ON m.run = s.run AND m.meter = s.meter
             WHERE s.run = ?1 AND (?2 IS NULL OR s.meter = ?2) AND (?3 IS NULL OR metric = ?3)",
        )?
        .query_map(params![run, filter.meter, filter.metric], |row| {
            let series = Series {
                meter: row.get(1)?,
                metric: row.get(2)?,
                unit: row.get(3)?,
                device: row.get(4)?,
                source: row.get(5)?,
                grade: row.get(6)?,
            };
            Ok((row.get(0)?, series))
        })?
        .collect::<Result<_, _>>()?)
}

pub(super) fn phases(connection: &Connection, run: i64) -> Result<Vec<PhaseRecord>, Fault> {
    let mut phases = rows(
        connection,
        "SELECT ordinal, phase, begin_t_s, end_t_s FROM phases WHERE run = ?1 ORDER BY ordinal",
        run,
        |row| {
            Ok(PhaseRecord {
                ordinal: count(row, 0)?,
                phase: row.get(1)?,
                begin_t_s: row.get(2)?,
                end_t_s: row.get(3)?,
                energies: Vec::new(),
            })
        },
    )?;
    let energies = rows(
        connection,
        "SELECT ordinal, boundary, meter, source, grade, energy_j, low_j, high_j, net_j, net_low_j, net_high_j,
             covered_s, window_s
         FROM phase_energy WHERE run = ?1 ORDER BY ordinal, boundary, meter",
        run,
        |row| Ok((count(row, 0)?, energy::phase_energy(row, 1)?)),
    )?;
    for (ordinal, energy) in energies {
        if let Ok(at) = phases.binary_search_by_key(&ordinal, |phase| phase.ordinal) {
            phases[at].energies.push(energy);
        }
    }
    Ok(phases)
}

/// Further metrics. Those that a newer version wrote and this one does not know are left out.
fn others(row: &Row<'_>) -> rusqlite::Result<BTreeMap<Metric, f64>> {
    let Some(text) = row.get::<_, Option<String>>("test_others")? else {
        return Ok(BTreeMap::new());
    };
    let found: BTreeMap<String, f64> = json(row, "test_others", &text)?;
    Ok(found
        .into_iter()
        .filter_map(|(name, value)| Some((Metric::from_name(&name)?, value)))
        .collect())
}

/// The heads, in their order.
fn heads(row: &Row<'_>) -> rusqlite::Result<Vec<HeadResult>> {
    match row.get::<_, Option<String>>("test_heads")? {
        Some(text) => json(row, "test_heads", &text),
        None => Ok(Vec::new()),
    }
}

/// The epochs of `run` in order.
pub(super) fn epochs(connection: &Connection, run: i64) -> Result<Vec<EpochRecord>, Fault> {
    let mut epochs = rows(
        connection,
        "SELECT epoch, step, t_s, duration_s, samples, samples_per_s, train_loss, train_metric, test_loss,
             test_metric, test_others, test_heads
         FROM epochs WHERE run = ?1 ORDER BY step",
        run,
        |row| {
            Ok(EpochRecord {
                epoch: count(row, 0)?,
                step: count(row, 1)?,
                t_s: row.get(2)?,
                duration_s: row.get(3)?,
                samples: maybe_count(row, 4)?,
                samples_per_s: row.get(5)?,
                train_loss: row.get(6)?,
                train_metric: row.get(7)?,
                test_loss: row.get(8)?,
                test_metric: row.get(9)?,
                others: others(row)?,
                heads: heads(row)?,
                energies: Vec::new(),
            })
        },
    )?;
    let energies = rows(
        connection,
        "SELECT step, boundary, source, grade, gross_j, gross_low_j, gross_high_j, net_j, net_low_j, net_high_j,
             cumulative_j, cumulative_low_j, cumulative_high_j
         FROM epoch_energy WHERE run = ?1 ORDER BY step, boundary",
        run,
        |row| {
            let energy = EpochEnergy {
                boundary: energy::boundary(row, 1)?,
                source: row.get(2)?,
                grade: energy::grade(row, 3)?,
                gross_j: energy::estimate(row, 4)?,
                net_j: energy::estimate(row, 7)?,
                cumulative_j: energy::estimate(row, 10)?,
            };
            Ok((count(row, 0)?, energy))
        },
    )?;
    for (step, energy) in energies {
        if let Ok(at) = epochs.binary_search_by_key(&step, |known| known.step) {
            epochs[at].energies.push(energy);
        }
    }
    Ok(epochs)
}

/// The meters of `run`.
pub(super) fn meters(connection: &Connection, run: i64) -> Result<Vec<Meter>, Fault> {
    rows(
        connection,
        "SELECT boundary, grade, meter, source, device, kind, refresh_s, info FROM meters
         WHERE run = ?1 ORDER BY meter",
        run,
        |row| {
            let info: String = row.get("info")?;
            Ok(Meter {
                id: row.get("meter")?,
                source: row.get("source")?,
                device: row.get("device")?,
                boundary: energy::boundary(row, 0)?,
                grade: energy::grade(row, 1)?,
                kind: row.get("kind")?,
                refresh_s: row.get("refresh_s")?,
                info: json(row, "info", &info)?,
            })
        },
    )
}

/// The idle baseline of `run`.
pub(super) fn idle_power(connection: &Connection, run: i64) -> Result<Vec<IdlePower>, Fault> {
    rows(
        connection,
        "SELECT boundary, meter, grade, power_w, low_w, high_w FROM idle_power
         WHERE run = ?1 ORDER BY boundary, meter",
        run,
        |row| {
            Ok(IdlePower {
                boundary: energy::boundary(row, 0)?,
                meter: row.get(1)?,
                grade: energy::grade(row, 2)?,
                power_w: Estimate {
                    value: row.get(3)?,
                    low: row.get(4)?,
                    high: row.get(5)?,
                },
            })
        },
    )
}

pub(super) fn self_check(row: &Row<'_>) -> rusqlite::Result<SelfCheck> {
    let differences: String = row.get("differences")?;
    Ok(SelfCheck {
        device: row.get("device")?,
        driver: row.get("driver")?,
        program_version: row.get("program_version")?,
        passed: row.get("passed")?,
        tolerance: row.get("tolerance")?,
        differences: json(row, "differences", &differences)?,
        checked_at: time::column(row, "checked_at")?,
    })
}

/// The self-check that `run` went by.
pub(super) fn run_self_check(
    connection: &Connection,
    run: i64,
) -> Result<Option<SelfCheck>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT c.* FROM self_checks c JOIN runs r ON r.self_check = c.key WHERE r.key = ?1",
        )?
        .query_row([run], self_check)
        .optional()?)
}

pub(super) fn checkpoints(connection: &Connection, run: i64) -> Result<Vec<Checkpoint>, Fault> {
    rows(
        connection,
        "SELECT step, epoch, path, bytes, sha256, created_at FROM checkpoints WHERE run = ?1 ORDER BY step",
        run,
        |row| {
            Ok(Checkpoint {
                step: count(row, 0)?,
                epoch: count(row, 1)?,
                path: row.get(2)?,
                bytes: count(row, 3)?,
                sha256: row.get(4)?,
                created_at: time::column(row, "created_at")?,
            })
        },
    )
}

/// What `run` came to.
pub(super) fn summary(connection: &Connection, run: i64) -> Result<Option<Summary>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT carbon_g, carbon_low_g, carbon_high_g, carbon_boundary, s.json, calibration, target_reached
             FROM summaries s JOIN runs r ON r.key = s.run WHERE s.run = ?1",
        )?
        .query_row([run], |row| {
            let text: String = row.get("json")?;
            let boundary: Option<Boundary> = match row.get_ref(3)? {
                rusqlite::types::ValueRef::Null => None,
                _ => Some(energy::boundary(row, 3)?),
            };
            Ok(Summary {
                json: json(row, "json", &text)?,
                target_reached: row.get("target_reached")?,
                carbon: energy::estimate(row, 0)?
                    .zip(boundary)
                    .map(|(carbon_g, boundary)| CarbonSummary { carbon_g, boundary }),
                calibration: row.get("calibration")?,
            })
        })
        .optional()?)
}
