//! What a user changes afterwards: name, note, labels, and whether a run is kept at all.

use std::path::PathBuf;

use rusqlite::{ToSql, Transaction, params};

use super::error::Fault;
use super::lookup::resolve;
use super::write::now;
use super::{Library, LibraryError};

/// What a purge removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// How many runs.
    pub runs: u64,
    /// Their checkpoint files, which are no longer needed and are left to the caller to remove.
    pub checkpoints: Vec<PathBuf>,
}

impl Library {
    /// Names the run that `given` means; `None` takes its name away.
    ///
    /// # Errors
    /// Where none or several runs could be meant, or the library cannot be written.
    pub fn set_name(&mut self, given: &str, name: Option<&str>) -> Result<(), LibraryError> {
        self.set(given, "name", &name)
    }

    /// Puts a note on the run that `given` means, in place of the one before; `None` takes it away.
    ///
    /// # Errors
    /// As [`Self::set_name`].
    pub fn set_note(&mut self, given: &str, note: Option<&str>) -> Result<(), LibraryError> {
        self.set(given, "note", &note)
    }

    /// Gives the run that `given` means these labels in place of those before.
    ///
    /// # Errors
    /// As [`Self::set_name`].
    pub fn set_tags(&mut self, given: &str, tags: &[String]) -> Result<(), LibraryError> {
        self.set(given, "tags", &serde_json::Value::from(tags).to_string())
    }

    /// Pins the run that `given` means, or unpins it.
    ///
    /// # Errors
    /// As [`Self::set_name`].
    pub fn set_pinned(&mut self, given: &str, pinned: bool) -> Result<(), LibraryError> {
        self.set(given, "pinned", &pinned)
    }

    fn set(&mut self, given: &str, column: &str, value: &dyn ToSql) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = resolve(transaction, given)?;
            transaction.execute(
                &format!("UPDATE runs SET {column} = ?2 WHERE key = ?1"),
                params![key, value],
            )?;
            Ok(())
        })
    }

    /// Hides the runs with these identifiers from every list and look-up until [`Self::restore`] or [`Self::purge`]. All
    /// of them or none.
    ///
    /// # Errors
    /// Where one is unknown or still running, or the library cannot be written.
    pub fn delete(&mut self, ids: &[String]) -> Result<(), LibraryError> {
        self.write(|transaction| {
            for id in ids {
                let (key, status) = super::write::key_and_status(transaction, id)?;
                if status == super::Status::Running {
                    return Err(LibraryError::StillRunning { id: id.clone() }.into());
                }
                transaction.execute(
                    "UPDATE runs SET deleted_at = ?2 WHERE key = ?1",
                    params![key, now()],
                )?;
            }
            Ok(())
        })
    }

    /// Brings deleted runs back that were not purged. All of them or none.
    ///
    /// # Errors
    /// Where one is not among the deleted, or the library cannot be written.
    pub fn restore(&mut self, ids: &[String]) -> Result<(), LibraryError> {
        self.write(|transaction| {
            for id in ids {
                let changed = transaction.execute(
                    "UPDATE runs SET deleted_at = NULL WHERE id = ?1 AND deleted_at IS NOT NULL",
                    [id],
                )?;
                if changed == 0 {
                    return Err(unknown_deleted(transaction, id)?);
                }
            }
            Ok(())
        })
    }

    /// Removes all deleted runs for good. The file does not shrink; later runs use the space.
    ///
    /// # Errors
    /// Where the library cannot be written.
    pub fn purge(&mut self) -> Result<Purged, LibraryError> {
        self.write(|transaction| {
            let checkpoints = transaction
                .prepare(
                    "SELECT path FROM checkpoints JOIN runs ON key = run WHERE deleted_at IS NOT NULL",
                )?
                .query_map([], |row| Ok(PathBuf::from(row.get::<_, String>(0)?)))?
                .collect::<Result<_, _>>()?;
            let runs = transaction.execute("DELETE FROM runs WHERE deleted_at IS NOT NULL", [])?;
            Ok(Purged {
                runs: runs as u64,
                checkpoints,
            })
        })
    }
}

fn unknown_deleted(transaction: &Transaction<'_>, id: &str) -> Result<Fault, Fault> {
    let deleted: Vec<String> = transaction
        .prepare("SELECT id FROM runs WHERE deleted_at IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(LibraryError::unknown_run(id, deleted.iter().map(String::as_str)).into())
}
