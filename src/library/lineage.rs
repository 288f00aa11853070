//! What a run started from, and its ancestors.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::count::{Count, count, maybe_count};
use super::error::Fault;
use super::lookup::{json, resolve};
use super::records::PhaseEnergy;
use super::sums::sum_of_parts;
use super::write::bad;
use super::{Library, LibraryError, energy};
use crate::units::Estimate;

/// A run or file whose work is in another run's weights, as it was when that run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ancestor {
    /// 1: what the run started from; 2: what that one started from; and so on.
    pub generation: u64,
    /// The run; `None` for a file.
    pub run_id: Option<String>,
    /// Name of the run, or path of the file.
    pub title: Option<String>,
    /// What the run learnt from.
    pub dataset: Option<String>,
    /// What learnt, in words.
    pub model: Option<String>,
    /// Hash of the run's setup.
    pub setup_hash: Option<String>,
    /// Steps done in the checkpoint that was taken.
    pub step: Option<u64>,
    /// Seconds that the run took.
    pub duration_s: Option<f64>,
    /// Energy of the run's training and evaluation, by meter.
    pub training: Vec<PhaseEnergy>,
    /// Joules that the makers of a file state.
    pub stated_j: Option<f64>,
    /// Operational carbon of the run, gCO2e.
    pub carbon_g: Option<Estimate>,
    /// Whether the run is still in this library, not deleted.
    #[serde(default)]
    pub is_here: bool,
}

impl Ancestor {
    /// Its identifier, or the path of a file.
    pub fn label(&self) -> &str {
        let title = self.title.as_deref();
        self.run_id.as_deref().or(title).unwrap_or("a file")
    }

    /// Joules that went into it, over all parts of the machine, and by which meters, in words; `stated` of a file.
    pub fn energy(&self) -> (Option<Estimate>, String) {
        let sum = sum_of_parts(&self.training).map(|sum| sum.figure);
        let energy_j = sum.as_ref().and_then(|figure| figure.energy_j);
        let source = sum.map_or_else(|| "stated".to_owned(), |figure| figure.source);
        (energy_j.or(self.stated_j.map(Estimate::exact)), source)
    }
}

impl Library {
    /// Whose work is in the weights of the run that `given` means, its parent first.
    ///
    /// # Errors
    /// Where none or several runs could be meant, or the library cannot be read.
    pub fn ancestors(&self, given: &str) -> Result<Vec<Ancestor>, LibraryError> {
        self.read(|connection| ancestors(connection, resolve(connection, given)?))
    }

    /// Identifiers of the runs in whose weights the work of run `id` is, latest first; deleted ones are left out.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn descendants(&self, id: &str) -> Result<Vec<String>, LibraryError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT id FROM runs WHERE deleted_at IS NULL
                         AND key IN (SELECT run FROM ancestors WHERE run_id = ?1)
                     ORDER BY created_at DESC, key DESC",
                )?
                .query_map([id], |row| row.get(0))?
                .collect::<Result<_, _>>()?)
        })
    }
}

pub(super) fn insert_start(
    transaction: &Transaction<'_>,
    run: i64,
    report: &serde_json::Value,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO starts (run, report_json) VALUES (?1, ?2)")?
        .execute((run, report.to_string()))?;
    Ok(())
}

pub(super) fn replace_ancestors(
    transaction: &Transaction<'_>,
    id: &str,
    run: i64,
    ancestors: &[Ancestor],
) -> Result<(), Fault> {
    if ancestors.iter().any(|of| of.run_id.as_deref() == Some(id)) {
        return Err(bad(id, "a run is no ancestor of its own"));
    }
    transaction.execute("DELETE FROM ancestors WHERE run = ?1", [run])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO ancestors (run, generation, run_id, title, dataset, model, setup_hash, step, duration_s, training_json,
             stated_j, carbon_g, carbon_low_g, carbon_high_g)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    for ancestor in ancestors {
        let training = serde_json::to_string(&ancestor.training)
            .map_err(|error| bad(id, format!("an ancestor's energies are no JSON: {error}")))?;
        let carbon = ancestor.carbon_g;
        insert.execute(params![
            run,
            Count(ancestor.generation),
            ancestor.run_id,
            ancestor.title,
            ancestor.dataset,
            ancestor.model,
            ancestor.setup_hash,
            ancestor.step.map(Count),
            ancestor.duration_s,
            training,
            ancestor.stated_j,
            carbon.map(|carbon| carbon.value),
            carbon.map(|carbon| carbon.low),
            carbon.map(|carbon| carbon.high),
        ])?;
    }
    Ok(())
}

/// What `run` started from, as its report was stored.
pub(super) fn start(connection: &Connection, run: i64) -> Result<Option<serde_json::Value>, Fault> {
    Ok(connection
        .prepare_cached("SELECT report_json FROM starts WHERE run = ?1")?
        .query_row([run], |row| {
            let text: String = row.get(0)?;
            json(row, "report_json", &text)
        })
        .optional()?)
}

/// Ancestors of `run`, its parent first.
pub(super) fn ancestors(connection: &Connection, run: i64) -> Result<Vec<Ancestor>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT generation, run_id, title, dataset, model, setup_hash, step, duration_s, training_json, stated_j,
                 carbon_g, carbon_low_g, carbon_high_g,
                 EXISTS (SELECT 1 FROM runs WHERE id = a.run_id AND deleted_at IS NULL) AS is_here
             FROM ancestors a WHERE run = ?1 ORDER BY generation",
        )?
        .query_map([run], |row| {
            let training: String = row.get("training_json")?;
            Ok(Ancestor {
                generation: count(row, 0)?,
                run_id: row.get("run_id")?,
                title: row.get("title")?,
                dataset: row.get("dataset")?,
                model: row.get("model")?,
                setup_hash: row.get("setup_hash")?,
                step: maybe_count(row, 6)?,
                duration_s: row.get("duration_s")?,
                training: json(row, "training_json", &training)?,
                stated_j: row.get("stated_j")?,
                carbon_g: energy::estimate(row, 10)?,
                is_here: row.get("is_here")?,
            })
        })?
        .collect::<Result<_, _>>()?)
}
