use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::de::DeserializeOwned;

use super::{SweepRecord, SweepRow, TrialRecord, TrialStatus};
use crate::library::count::count;
use crate::library::error::Fault;
use crate::library::types::{Owner, Status};
use crate::library::{Library, LibraryError, time};

impl Library {
    /// Every sweep, the newest first, with how its trials stand.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn sweeps(&self) -> Result<Vec<SweepRow>, LibraryError> {
        self.read(|connection| {
            let connection = connection.unchecked_transaction()?;
            let mut counts: HashMap<i64, Vec<(TrialStatus, u64)>> = HashMap::new();
            let mut statement = connection.prepare_cached(
                "SELECT sweep, status, count(*) FROM trials GROUP BY sweep, status ORDER BY sweep, status",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let status = known(row, 1, TrialStatus::from_id)?;
                let of = counts.entry(row.get(0)?).or_default();
                of.push((status, count(row, 2)?));
            }
            let mut found = connection.prepare_cached(
                "SELECT * FROM sweeps WHERE deleted_at IS NULL ORDER BY created_at DESC, key DESC",
            )?;
            let mut rows = found.query([])?;
            let mut sweeps = Vec::new();
            while let Some(row) = rows.next()? {
                sweeps.push(SweepRow {
                    trials: counts.remove(&row.get("key")?).unwrap_or_default(),
                    sweep: sweep(row)?,
                });
            }
            Ok(sweeps)
        })
    }

    /// The sweep that `given` means: its identifier, its name where only one has it, or the beginning of its identifier.
    ///
    /// # Errors
    /// Where none or several could be meant, or the library cannot be read.
    pub fn sweep(&self, given: &str) -> Result<SweepRecord, LibraryError> {
        self.read(|connection| resolved(connection, given))
    }

    /// The trials of the sweep with this identifier, in the order in which they are run.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn trials(&self, sweep_id: &str) -> Result<Vec<TrialRecord>, LibraryError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT trials.* FROM trials JOIN sweeps ON key = sweep WHERE id = ?1 ORDER BY number",
            )?;
            let mut rows = statement.query([sweep_id])?;
            let mut trials = Vec::new();
            while let Some(row) = rows.next()? {
                trials.push(trial(row)?);
            }
            Ok(trials)
        })
    }

    /// Identifier of the sweep that run `run_id` is of, and the number of its latest trial there.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn sweep_of_run(&self, run_id: &str) -> Result<Option<(String, u64)>, LibraryError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT id, number FROM trials JOIN sweeps ON key = sweep
                     WHERE run_id = ?1 AND deleted_at IS NULL ORDER BY key DESC, number DESC LIMIT 1",
                )?
                .query_row([run_id], |row| Ok((row.get(0)?, count(row, 1)?)))
                .optional()?)
        })
    }
}

fn resolved(connection: &Connection, given: &str) -> Result<SweepRecord, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM sweeps WHERE deleted_at IS NULL AND (id = ?1 OR name = ?1 OR substr(id, 1, length(?1)) = ?1)
         ORDER BY id = ?1 DESC, name = ?1 DESC, created_at DESC",
    )?;
    let mut rows = statement.query([given])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(sweep(row)?);
    }
    let named = |sweep: &SweepRecord| sweep.name.as_deref() == Some(given);
    match &found[..] {
        [first, ..] if first.id == given => Ok(first.clone()),
        [only] => Ok(only.clone()),
        [first, second, ..] if named(first) && !named(second) => Ok(first.clone()),
        [] => {
            let known = connection
                .prepare_cached("SELECT id FROM sweeps WHERE deleted_at IS NULL ORDER BY created_at DESC LIMIT 5")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Err(LibraryError::UnknownSweep {
                given: given.into(),
                known,
            }
            .into())
        }
        several => Err(LibraryError::AmbiguousSweep {
            given: given.into(),
            ids: several.iter().map(|sweep| sweep.id.clone()).collect(),
        }
        .into()),
    }
}

fn sweep(row: &Row<'_>) -> rusqlite::Result<SweepRecord> {
    Ok(SweepRecord {
        id: row.get("id")?,
        name: row.get("name")?,
        status: named(row, "status", Status::from_id)?,
        failure: row.get("failure")?,
        json: row.get("sweep_json")?,
        hash: row.get("sweep_hash")?,
        searcher: row.get("searcher")?,
        program_version: row.get("program_version")?,
        owner: Owner {
            machine: row.get("owner_machine")?,
            pid: row.get("owner_pid")?,
            token: row.get("owner_token")?,
        },
        created_at: time::column(row, "created_at")?,
        finished_at: time::optional_column(row, "finished_at")?,
        last_seen_at: time::column(row, "last_seen_at")?,
        forecast: json(row, "forecast_json")?,
        found: json(row, "found_json")?,
    })
}

fn trial(row: &Row<'_>) -> rusqlite::Result<TrialRecord> {
    let whole = |name: &str| count(row, row.as_ref().column_index(name)?);
    Ok(TrialRecord {
        number: whole("number")?,
        combination: whole("combination")?,
        repeat: whole("repeat")?,
        rung: whole("rung")?,
        seed: named(row, "seed", str::parse)?,
        values: json(row, "values_json")?.unwrap_or_default(),
        setup_json: row.get("setup_json")?,
        setup_hash: row.get("setup_hash")?,
        group_hash: row.get("group_hash")?,
        plan: json(row, "plan_json")?,
        status: named(row, "status", TrialStatus::from_id)?,
        reason: row.get("reason")?,
        run_id: row.get("run_id")?,
        cool_down: json(row, "cool_down_json")?,
        result: json(row, "result_json")?,
        began_at: time::optional_column(row, "began_at")?,
        ended_at: time::optional_column(row, "ended_at")?,
    })
}

/// Plain data that may be missing.
fn json<T: DeserializeOwned>(row: &Row<'_>, name: &str) -> rusqlite::Result<Option<T>> {
    let index = row.as_ref().column_index(name)?;
    let text: Option<String> = row.get(index)?;
    text.map(|text| serde_json::from_str(&text).map_err(|error| unreadable(index, error)))
        .transpose()
}

fn named<T, E: std::error::Error + Send + Sync + 'static>(
    row: &Row<'_>,
    name: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    known(row, row.as_ref().column_index(name)?, read)
}

fn known<T, E: std::error::Error + Send + Sync + 'static>(
    row: &Row<'_>,
    index: usize,
    read: impl Fn(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    let text: String = row.get(index)?;
    read(&text).map_err(|error| unreadable(index, error))
}

fn unreadable(
    index: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(error))
}
