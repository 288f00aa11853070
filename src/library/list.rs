//! Many runs at once, for a list of them: two statements, whatever their number.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use super::count::maybe_count;
use super::error::Fault;
use super::lookup::{self, Filter};
use super::records::PhaseEnergy;
use super::types::{CarbonSummary, Run};
use super::{Library, LibraryError, energy};

/// A run in a long list: what a [`super::RunRow`] says without its phases, and what its summary came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListedRun {
    /// The run.
    pub run: Run,
    /// Energy of training and evaluation, by meter: what the run cost.
    pub training: Vec<PhaseEnergy>,
    /// Training samples seen.
    pub samples: Option<u64>,
    /// Its carbon, where it has ended.
    pub carbon: Option<CarbonSummary>,
    /// Highest power of all parts together since training began, as a mean over a second, in watts; where it has ended.
    pub max_power_w: Option<f64>,
    /// How busy the device was on average since training began, 0 to 1, where it tells and the run has ended.
    pub utilisation: Option<f64>,
}

/// Columns of a summary come first, so that they are found by position. Samples are counted by epoch where there is no
/// summary: of a run that goes on or was interrupted.
const SELECT: &str = "SELECT r.key, s.carbon_g, s.carbon_low_g, s.carbon_high_g, s.carbon_boundary,
        coalesce(json_extract(s.json, '$.samples'), (SELECT sum(samples) FROM epochs e WHERE e.run = r.key)),
        r.*, m.fingerprint, m.hostname, m.os, m.kernel, m.cpu_model, m.logical_cores, m.ram_bytes, d.identity,
        d.kind, d.name AS device_name, d.vendor, d.api, d.driver, d.pci
    FROM json_each(?1) wanted JOIN runs r ON r.key = wanted.value JOIN machines m ON m.key = r.machine
        JOIN devices d ON d.key = r.device LEFT JOIN summaries s ON s.run = r.key
    ORDER BY wanted.key";

impl Library {
    /// The runs that `filter` lets through, but the first `skip` of them.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn listed(&self, filter: &Filter, skip: u64) -> Result<Vec<ListedRun>, LibraryError> {
        self.read(|connection| {
            // All statements see one state of the library: a run that is recorded meanwhile is not half in it.
            let connection = connection.unchecked_transaction()?;
            let found = lookup::matching(&connection, filter, skip)?;
            by_key(&connection, found.into_iter().map(|(key, _)| key).collect())
        })
    }

    /// Those of the runs with these identifiers that are there, in any order.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn listed_ids(&self, ids: &[String]) -> Result<Vec<ListedRun>, LibraryError> {
        self.read(|connection| {
            let connection = connection.unchecked_transaction()?;
            let keys = connection
                .prepare_cached(
                    "SELECT key FROM runs WHERE id IN (SELECT value FROM json_each(?1))
                         AND deleted_at IS NULL",
                )?
                .query_map([serde_json::Value::from(ids).to_string()], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            by_key(&connection, keys)
        })
    }
}

fn by_key(connection: &Connection, keys: Vec<i64>) -> Result<Vec<ListedRun>, Fault> {
    let wanted = serde_json::Value::from(keys.as_slice()).to_string();
    let mut runs = connection
        .prepare_cached(SELECT)?
        .query_map([&wanted], listed)?
        .collect::<Result<Vec<_>, _>>()?;
    let at: HashMap<i64, usize> = keys.into_iter().zip(0..).collect();
    let mut energies = connection.prepare_cached(
        "SELECT boundary, meter, source, grade, energy_j, low_j, high_j, net_j, net_low_j, net_high_j,
             covered_s, window_s, run
         FROM training_energy WHERE run IN (SELECT value FROM json_each(?1))
         ORDER BY run, boundary, meter",
    )?;
    let mut rows = energies.query([&wanted])?;
    while let Some(row) = rows.next()? {
        let found = at.get(&row.get(12)?).and_then(|at| runs.get_mut(*at));
        if let Some(run) = found {
            run.training.push(energy::phase_energy(row, 0)?);
        }
    }
    Ok(runs)
}

fn listed(row: &Row<'_>) -> rusqlite::Result<ListedRun> {
    let boundary = match row.get_ref(4)? {
        ValueRef::Null => None,
        _ => Some(energy::boundary(row, 4)?),
    };
    Ok(ListedRun {
        run: lookup::run(row)?,
        training: Vec::new(),
        samples: maybe_count(row, 5)?,
        carbon: energy::estimate(row, 1)?
            .zip(boundary)
            .map(|(carbon_g, boundary)| CarbonSummary { carbon_g, boundary }),
        max_power_w: row.get("max_power_w")?,
        utilisation: row.get("utilisation")?,
    })
}
