//! Finding runs: by name or part of an identifier, and by what they are.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};

use super::count::{Count, count, maybe_count};
use super::error::Fault;
use super::types::{CarbonBasis, Device, Machine, Metrics, Owner, Run, RunRow, Setup, Status};
use super::{Library, LibraryError, energy, time};
use crate::units::Metric;

/// Which runs to list. Every condition that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Any of these; empty for all.
    pub status: Vec<Status>,
    /// This dataset.
    pub dataset: Option<String>,
    /// This is part of the model's description.
    pub model: Option<String>,
    /// This is part of the device's name.
    pub device: Option<String>,
    /// Not older than this.
    #[serde(with = "super::time::optional_rfc3339")]
    pub since: Option<Timestamp>,
    /// Has this label.
    pub tag: Option<String>,
    /// This is part of identifier, name, note, dataset, model or device.
    pub text: Option<String>,
    /// At most so many.
    pub limit: Option<u64>,
    /// In this order.
    pub order: Order,
}

/// Order of a list of runs. Pinned ones do not go first by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The latest first.
    #[default]
    Newest,
    /// The earliest first.
    Oldest,
    /// By name, those without one last.
    Name,
    /// By metric, the best held-out value of each first.
    Best,
}

impl Order {
    fn sql(self) -> &'static str {
        match self {
            Self::Newest => "r.created_at DESC, r.key DESC",
            Self::Oldest => "r.created_at, r.key",
            Self::Name => "r.name IS NULL, r.name, r.created_at, r.key",
            Self::Best => {
                "r.metric, CASE WHEN r.higher_is_better THEN -r.best_test_metric ELSE r.best_test_metric END NULLS LAST,
                 r.created_at, r.key"
            }
        }
    }
}

const SELECT: &str =
    "SELECT r.*, m.fingerprint, m.hostname, m.os, m.kernel, m.cpu_model, m.logical_cores,
        m.ram_bytes, d.identity, d.kind, d.name AS device_name, d.vendor, d.api, d.driver, d.pci
    FROM runs r JOIN machines m ON m.key = r.machine JOIN devices d ON d.key = r.device";

impl Library {
    /// The run that `given` means: its whole identifier, its name, or the beginning of its identifier.
    ///
    /// # Errors
    /// Where none or several could be meant, or the run was deleted; the error suggests.
    pub fn run(&self, given: &str) -> Result<Run, LibraryError> {
        self.read(|connection| {
            let key = resolve(connection, given)?;
            run_by_key(connection, key)
        })
    }

    /// The runs that `filter` lets through, with their energy by phase.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn runs(&self, filter: &Filter) -> Result<Vec<RunRow>, LibraryError> {
        self.read(|connection| {
            let mut rows = Vec::new();
            for (key, _) in matching(connection, filter, 0)? {
                rows.push(RunRow {
                    run: run_by_key(connection, key)?,
                    totals: energy::totals(connection, key)?,
                    training: energy::training(connection, key)?,
                });
            }
            Ok(rows)
        })
    }

    /// Identifiers of the runs that `filter` lets through, for an export.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn run_ids(&self, filter: &Filter) -> Result<Vec<String>, LibraryError> {
        self.read(|connection| {
            let found = matching(connection, filter, 0)?;
            Ok(found.into_iter().map(|(_, id)| id).collect())
        })
    }
}

/// Key of the run that `given` means.
pub(super) fn resolve(connection: &Connection, given: &str) -> Result<i64, Fault> {
    let exact = connection
        .prepare_cached("SELECT key FROM runs WHERE id = ?1 AND deleted_at IS NULL")?
        .query_row([given], |row| row.get(0))
        .optional()?;
    if let Some(key) = exact {
        return Ok(key);
    }
    // A name comes before the beginning of an identifier, so that a run called `2026` can be reached.
    for condition in ["name = ?1", "?1 <> '' AND substr(id, 1, length(?1)) = ?1"] {
        let found: Vec<(i64, String)> = connection
            .prepare(&format!(
                "SELECT key, id FROM runs WHERE {condition} AND deleted_at IS NULL
                 ORDER BY created_at DESC, key DESC LIMIT 6"
            ))?
            .query_map([given], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        match found.as_slice() {
            [] => {}
            [(key, _)] => return Ok(*key),
            _ => {
                let mut matches: Vec<String> = found.into_iter().map(|(_, id)| id).collect();
                if matches.len() > 5 {
                    matches[5] = "…".to_owned();
                }
                return Err(LibraryError::AmbiguousRun {
                    given: given.into(),
                    matches,
                }
                .into());
            }
        }
    }
    if let Some(deleted) = deleted(connection, given)? {
        return Err(deleted);
    }
    let known: Vec<String> = connection
        .prepare(
            "SELECT id FROM runs WHERE deleted_at IS NULL
             UNION SELECT name FROM runs WHERE deleted_at IS NULL AND name IS NOT NULL",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Err(LibraryError::unknown_run(given, known.iter().map(String::as_str)).into())
}

/// That what `given` means was deleted, where it was.
pub(super) fn deleted(connection: &Connection, given: &str) -> Result<Option<Fault>, Fault> {
    for condition in [
        "id = ?1",
        "name = ?1",
        "?1 <> '' AND substr(id, 1, length(?1)) = ?1",
    ] {
        // MAX makes the other columns those of its row.
        let found = connection
            .prepare(&format!(
                "SELECT id, MAX(deleted_at) AS at, COUNT(*) AS runs FROM runs
                 WHERE {condition} AND deleted_at IS NOT NULL HAVING runs > 0"
            ))?
            .query_row([given], |row| {
                Ok((row.get(0)?, time::column(row, "at")?, count(row, 2)?))
            })
            .optional()?;
        if let Some((id, at, runs)) = found {
            let error = LibraryError::DeletedRun {
                given: given.to_owned(),
                id,
                at,
                others: runs - 1,
            };
            return Ok(Some(error.into()));
        }
    }
    Ok(None)
}

/// Key and identifier of each run that `filter` lets through, but the first `skip`.
pub(super) fn matching(
    connection: &Connection,
    filter: &Filter,
    skip: u64,
) -> Result<Vec<(i64, String)>, Fault> {
    let status: Vec<&str> = filter.status.iter().map(|status| status.id()).collect();
    let status = (!status.is_empty()).then(|| serde_json::Value::from(status).to_string());
    let sql = format!(
        "SELECT r.key, r.id FROM runs r JOIN devices d ON d.key = r.device
         WHERE r.deleted_at IS NULL
             AND (:status IS NULL OR r.status IN (SELECT value FROM json_each(:status)))
             AND (:dataset IS NULL OR r.dataset = :dataset)
             AND (:model IS NULL OR instr(lower(r.model), lower(:model)) > 0)
             AND (:device IS NULL OR instr(lower(d.name), lower(:device)) > 0)
             AND (:since IS NULL OR r.created_at >= :since)
             AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(r.tags) WHERE value = :tag))
             AND (:text IS NULL OR instr(lower(concat_ws(char(10), r.id, r.name, r.note, r.dataset, r.model, d.name)),
                 lower(:text)) > 0)
         ORDER BY {} LIMIT coalesce(:limit, -1) OFFSET :skip",
        filter.order.sql()
    );
    let mut statement = connection.prepare(&sql)?;
    let found = statement.query_map(
        named_params! {
            ":status": status,
            ":dataset": filter.dataset,
            ":model": filter.model,
            ":device": filter.device,
            ":since": filter.since.map(time::text),
            ":tag": filter.tag,
            ":text": filter.text,
            ":limit": filter.limit.map(Count),
            ":skip": Count(skip),
        },
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The run with key `key`.
pub(super) fn run_by_key(connection: &Connection, key: i64) -> Result<Run, Fault> {
    Ok(connection
        .prepare_cached(&format!("{SELECT} WHERE r.key = ?1"))?
        .query_row([key], run)?)
}

/// The run in a row that has the columns of runs, machines and devices.
pub(super) fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let tags: String = row.get("tags")?;
    Ok(Run {
        id: row.get("id")?,
        name: row.get("name")?,
        note: row.get("note")?,
        tags: json(row, "tags", &tags)?,
        pinned: row.get("pinned")?,
        parent_id: row.get("parent_id")?,
        status: known(row, "status", |text| Status::from_id(text).ok())?,
        failure: row.get("failure")?,
        created_at: time::column(row, "created_at")?,
        started_at: time::column(row, "started_at")?,
        finished_at: time::optional_column(row, "finished_at")?,
        last_seen_at: time::column(row, "last_seen_at")?,
        duration_s: row.get("last_t_s")?,
        steps: maybe_count(row, "last_step")?,
        epochs: maybe_count(row, "last_epoch")?,
        setup: Setup {
            json: row.get("setup_json")?,
            hash: row.get("setup_hash")?,
            group_hash: row.get("group_hash")?,
            seed: known(row, "seed", |text| text.parse().ok())?,
            dataset: row.get("dataset")?,
            model: row.get("model")?,
        },
        parameters: maybe_count(row, "parameters")?,
        flops_per_sample: row.get("flops_per_sample")?,
        machine: Machine {
            fingerprint: row.get("fingerprint")?,
            hostname: row.get("hostname")?,
            os: row.get("os")?,
            kernel: row.get("kernel")?,
            cpu_model: row.get("cpu_model")?,
            logical_cores: row.get("logical_cores")?,
            ram_bytes: maybe_count(row, "ram_bytes")?,
        },
        device: Device {
            identity: row.get("identity")?,
            kind: row.get("kind")?,
            name: row.get("device_name")?,
            vendor: row.get("vendor")?,
            api: row.get("api")?,
            driver: row.get("driver")?,
            pci: row.get("pci")?,
        },
        backend: row.get("backend")?,
        program_version: row.get("program_version")?,
        owner: Owner {
            machine: row.get("owner_machine")?,
            pid: row.get("owner_pid")?,
            token: row.get("owner_token")?,
        },
        metrics: Metrics {
            metric: known(row, "metric", Metric::from_name)?,
            final_train_loss: row.get("final_train_loss")?,
            final_train_metric: row.get("final_train_metric")?,
            final_test_loss: row.get("final_test_loss")?,
            final_test_metric: row.get("final_test_metric")?,
            best_test_loss: row.get("best_test_loss")?,
            best_test_metric: row.get("best_test_metric")?,
            best_epoch: maybe_count(row, "best_epoch")?,
        },
        target_reached: row.get("target_reached")?,
        carbon: carbon(row)?,
    })
}

fn carbon(row: &Row<'_>) -> rusqlite::Result<Option<CarbonBasis>> {
    let Some(g_per_kwh) = row.get("carbon_g_per_kwh")? else {
        return Ok(None);
    };
    Ok(Some(CarbonBasis {
        g_per_kwh,
        country_iso3: row.get("carbon_country_iso3")?,
        country: row.get("carbon_country")?,
        year: row.get("carbon_year")?,
        source: row.get("carbon_source")?,
        pue: row.get("pue")?,
    }))
}

fn known<T>(row: &Row<'_>, name: &str, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    energy::parsed(row, row.as_ref().column_index(name)?, parse)
}

/// Text of column `name` as JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    name: &str,
    text: &str,
) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let at = row.as_ref().column_index(name).unwrap_or_default();
        let kind = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(at, kind, Box::new(error))
    })
}
