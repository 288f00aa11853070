//! What a network took the held-out samples for.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::count::{Count, count};
use super::error::Fault;
use super::lookup::{json, resolve};
use super::records::{Confusion, Predictions};
use super::write::bad;
use super::{Library, LibraryError};

impl Library {
    /// The confusion matrices of the run that `given` means, of `head` where it learns several labels, in order; at most `most`
    /// of them, spread evenly, with the latest always among them.
    ///
    /// # Errors
    /// Where none or several runs could be meant, or the library cannot be read.
    pub fn confusions(
        &self,
        given: &str,
        head: Option<&str>,
        most: usize,
    ) -> Result<Vec<Confusion>, LibraryError> {
        self.read(|connection| {
            let key = resolve(connection, given)?;
            let of = head.unwrap_or_default();
            let sql = "SELECT count(*) FROM confusions WHERE run = ?1 AND head = ?2";
            let stored = connection.query_row(sql, (key, of), |row| count(row, 0))?;
            let stride = stored.div_ceil((most as u64).max(1)).max(1);
            Ok(connection
                .prepare_cached(
                    "SELECT step, counts FROM (
                         SELECT step, counts, row_number() OVER (ORDER BY step DESC) - 1 AS back
                         FROM confusions WHERE run = ?1 AND head = ?3)
                     WHERE back % ?2 = 0 ORDER BY step",
                )?
                .query_map((key, Count(stride), of), |row| {
                    let counts: String = row.get(1)?;
                    Ok(Confusion {
                        head: head.map(str::to_owned),
                        step: count(row, 0)?,
                        counts: json(row, "counts", &counts)?,
                    })
                })?
                .collect::<Result<_, _>>()?)
        })
    }

    /// The answers at the latest evaluation of the run that `given` means, of `head` where it learns several labels; `None` where
    /// there was no evaluation, or the held-out samples are too many to be kept one by one.
    ///
    /// # Errors
    /// As [`Self::confusions`].
    pub fn predictions(
        &self,
        given: &str,
        head: Option<&str>,
    ) -> Result<Option<Predictions>, LibraryError> {
        self.read(|connection| {
            let key = resolve(connection, given)?;
            read(connection, key, head)
        })
    }
}

fn read(
    connection: &Connection,
    run: i64,
    head: Option<&str>,
) -> Result<Option<Predictions>, Fault> {
    let sql =
        "SELECT step, predicted, confidence_permille FROM predictions WHERE run = ?1 AND head = ?2";
    Ok(connection
        .prepare_cached(sql)?
        .query_row((run, head.unwrap_or_default()), |row| {
            Ok(Predictions {
                head: head.map(str::to_owned),
                step: count(row, 0)?,
                predicted: numbers(row.get_ref(1)?.as_blob()?),
                confidence_permille: numbers(row.get_ref(2)?.as_blob()?),
            })
        })
        .optional()?)
}

pub(super) fn insert_confusion(
    transaction: &Transaction<'_>,
    run: &str,
    key: i64,
    confusion: &Confusion,
) -> Result<(), Fault> {
    let classes = confusion.counts.len();
    if confusion.counts.iter().any(|row| row.len() != classes) {
        return Err(bad(run, "a confusion matrix that is not square"));
    }
    evaluated(transaction, run, key, confusion.step)?;
    let counts = serde_json::json!(confusion.counts).to_string();
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO confusions (run, step, head, counts) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            key,
            Count(confusion.step),
            confusion.head.as_deref().unwrap_or_default(),
            counts
        ])?;
    // Answers without a matrix of the same evaluation, or of an earlier one, would not fit what is shown.
    transaction
        .prepare_cached("DELETE FROM predictions WHERE run = ?1 AND step < ?2")?
        .execute((key, Count(confusion.step)))?;
    Ok(())
}

pub(super) fn replace(
    transaction: &Transaction<'_>,
    run: &str,
    key: i64,
    latest: &Predictions,
) -> Result<(), Fault> {
    if latest.predicted.len() != latest.confidence_permille.len() {
        return Err(bad(run, "not as many confidences as predictions"));
    }
    evaluated(transaction, run, key, latest.step)?;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO predictions (run, head, step, predicted, confidence_permille)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            key,
            latest.head.as_deref().unwrap_or_default(),
            Count(latest.step),
            bytes(&latest.predicted),
            bytes(&latest.confidence_permille)
        ])?;
    Ok(())
}

fn evaluated(transaction: &Transaction<'_>, run: &str, key: i64, step: u64) -> Result<(), Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM epochs WHERE run = ?1 AND step = ?2)";
    let known: bool = transaction
        .prepare_cached(sql)?
        .query_row((key, Count(step)), |row| row.get(0))?;
    if known {
        return Ok(());
    }
    Err(bad(
        run,
        format!("predictions of step {step}, at which there was no evaluation"),
    ))
}

fn bytes(numbers: &[u16]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect()
}
