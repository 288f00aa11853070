//! Energies read back from the library.

use rusqlite::{Connection, Row};

use super::error::Fault;
use super::records::PhaseEnergy;
use super::types::PhaseTotal;
use crate::units::{Boundary, EnergyFigure, Estimate, Grade};

/// Columns `first`, `first + 1` and `first + 2` as value, low and high.
pub(super) fn estimate(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Estimate>> {
    let part = |at: usize| row.get::<_, Option<f64>>(first + at);
    let (value, low, high) = (part(0)?, part(1)?, part(2)?);
    Ok(value
        .zip(low.zip(high))
        .map(|(value, (low, high))| Estimate { value, low, high }))
}

/// Column `at` as whatever `parse` knows.
pub(super) fn parsed<T>(
    row: &Row<'_>,
    at: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text: String = row.get(at)?;
    parse(&text).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            at,
            rusqlite::types::Type::Text,
            format!("`{text}` is not known here").into(),
        )
    })
}

/// Column `at` as a boundary.
pub(super) fn boundary(row: &Row<'_>, at: usize) -> rusqlite::Result<Boundary> {
    parsed(row, at, Boundary::from_id)
}

/// Column `at` as a grade.
pub(super) fn grade(row: &Row<'_>, at: usize) -> rusqlite::Result<Grade> {
    parsed(row, at, Grade::from_letter)
}

/// Columns boundary, meter, source, grade, energy (3), net (3), covered and window, from `first` on.
pub(super) fn phase_energy(row: &Row<'_>, first: usize) -> rusqlite::Result<PhaseEnergy> {
    Ok(PhaseEnergy {
        figure: EnergyFigure {
            boundary: boundary(row, first)?,
            meter: row.get(first + 1)?,
            source: row.get(first + 2)?,
            grade: grade(row, first + 3)?,
            energy_j: estimate(row, first + 4)?,
            covered_s: row.get(first + 10)?,
            window_s: row.get(first + 11)?,
        },
        net_j: estimate(row, first + 7)?,
    })
}

/// Time and energy of `run` by phase, in the order in which the phases first came.
pub(super) fn totals(connection: &Connection, run: i64) -> Result<Vec<PhaseTotal>, Fault> {
    let mut totals: Vec<PhaseTotal> = connection
        .prepare_cached(
            "SELECT phase, sum(coalesce(end_t_s, max(begin_t_s, last_t_s)) - begin_t_s)
             FROM phases JOIN runs ON key = run WHERE run = ?1 GROUP BY phase ORDER BY min(ordinal)",
        )?
        .query_map([run], |row| {
            Ok(PhaseTotal {
                phase: row.get(0)?,
                duration_s: row.get(1)?,
                energies: Vec::new(),
            })
        })?
        .collect::<Result<_, _>>()?;
    // The worst grade stands for the whole, with the source that has it. A net energy that is missing for a part that
    // has a gross one is missing for the whole: coverage would not show it.
    let mut statement = connection.prepare_cached(
        "SELECT phase, boundary, meter, source, max(grade), sum(energy_j), sum(low_j), sum(high_j),
             CASE WHEN count(net_j) = count(energy_j) THEN sum(net_j) END, sum(net_low_j), sum(net_high_j),
             sum(covered_s), sum(window_s)
         FROM phases JOIN phase_energy USING (run, ordinal) WHERE run = ?1
         GROUP BY phase, boundary, meter ORDER BY phase, boundary, meter",
    )?;
    let mut rows = statement.query([run])?;
    while let Some(row) = rows.next()? {
        let phase: String = row.get(0)?;
        if let Some(total) = totals.iter_mut().find(|total| total.phase == phase) {
            total.energies.push(phase_energy(row, 1)?);
        }
    }
    Ok(totals)
}

/// Energy of `run`'s training and evaluation, by meter.
pub(super) fn training(connection: &Connection, run: i64) -> Result<Vec<PhaseEnergy>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT boundary, meter, source, grade, energy_j, low_j, high_j, net_j, net_low_j, net_high_j,
                 covered_s, window_s
             FROM training_energy WHERE run = ?1 ORDER BY boundary, meter",
        )?
        .query_map([run], |row| phase_energy(row, 0))?
        .collect::<Result<_, _>>()?)
}
