use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::Value;

use super::{CooledDown, NewSweep, NewTrial, TrialEnd, TrialStatus};
use crate::library::count::Count;
use crate::library::error::Fault;
use crate::library::types::{Owner, Status};
use crate::library::write::{HEARTBEAT_STALE_S, now};
use crate::library::{Library, LibraryError, time};

impl Library {
    /// Stores a new sweep, which is then `running` and owned by `sweep.owner`, with the trials that are known by now.
    ///
    /// # Errors
    /// Where the identifier is taken or the library cannot be written.
    pub fn create_sweep(
        &mut self,
        sweep: &NewSweep,
        trials: &[NewTrial],
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let at = now();
            transaction.execute(
                "INSERT INTO sweeps (id, name, status, sweep_json, sweep_hash, searcher, program_version, created_at,
                     owner_machine, owner_pid, owner_token, last_seen_at, forecast_json)
                 VALUES (?1, ?2, 'running', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?7, ?11)",
                params![
                    sweep.id,
                    sweep.name,
                    sweep.json,
                    sweep.hash,
                    sweep.searcher,
                    sweep.program_version,
                    at,
                    sweep.owner.machine,
                    sweep.owner.pid,
                    sweep.owner.token,
                    sweep.forecast.as_ref().map(Value::to_string),
                ],
            )?;
            let key = transaction.last_insert_rowid();
            insert_trials(transaction, key, trials)
        })
    }

    /// Adds trials to a sweep, as its searcher proposes them.
    ///
    /// # Errors
    /// Where a number is taken, there is no such sweep, or the library cannot be written; then none is added.
    pub fn add_trials(&mut self, sweep: &str, trials: &[NewTrial]) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = key(transaction, sweep)?;
            insert_trials(transaction, key, trials)?;
            alive(transaction, key)
        })
    }

    /// Notes that a trial begins, as run `run_id`, for which `reason` says why it was begun again.
    ///
    /// # Errors
    /// Where there is no such sweep or the library cannot be written.
    pub fn begin_trial(
        &mut self,
        sweep: &str,
        number: u64,
        run_id: &str,
        reason: Option<&str>,
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = key(transaction, sweep)?;
            transaction.execute(
                "UPDATE trials SET status = 'running', run_id = ?3, reason = ?4, began_at = ?5, ended_at = NULL,
                     result_json = NULL, cool_down_json = NULL
                 WHERE sweep = ?1 AND number = ?2",
                params![key, Count(number), run_id, reason, now()],
            )?;
            alive(transaction, key)
        })
    }

    /// Keeps the pause that there was before a trial's run.
    ///
    /// # Errors
    /// Where there is no such sweep or the library cannot be written.
    pub fn trial_cooled_down(
        &mut self,
        sweep: &str,
        number: u64,
        cooled: &CooledDown,
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = key(transaction, sweep)?;
            transaction.execute(
                "UPDATE trials SET cool_down_json = ?3 WHERE sweep = ?1 AND number = ?2",
                params![key, Count(number), json(cooled)],
            )?;
            Ok(())
        })
    }

    /// Ends a trial, begun or not; a trial that goes back to `planned` will be run again.
    ///
    /// # Errors
    /// Where there is no such sweep or the library cannot be written.
    pub fn end_trial(
        &mut self,
        sweep: &str,
        number: u64,
        end: &TrialEnd,
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = key(transaction, sweep)?;
            let ended_at = end.status.is_over().then(now);
            transaction.execute(
                "UPDATE trials SET status = ?3, reason = ?4, result_json = ?5, ended_at = ?6
                 WHERE sweep = ?1 AND number = ?2",
                params![
                    key,
                    Count(number),
                    end.status.id(),
                    end.reason,
                    end.result.as_ref().map(json),
                    ended_at,
                ],
            )?;
            alive(transaction, key)
        })
    }

    /// Notes that whoever runs the sweep is alive.
    ///
    /// # Errors
    /// Where there is no such sweep or the library cannot be written.
    pub fn sweep_is_alive(&mut self, sweep: &str) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = key(transaction, sweep)?;
            alive(transaction, key)
        })
    }

    /// Ends a sweep, with what its searcher found. Trials that were never begun become `skipped` where it is `completed`;
    /// else they stay planned, for whoever takes it up again.
    ///
    /// # Errors
    /// Where there is no such sweep or the library cannot be written.
    pub fn finish_sweep(
        &mut self,
        sweep: &str,
        status: Status,
        failure: Option<&str>,
        found: Option<&Value>,
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = key(transaction, sweep)?;
            if status == Status::Completed {
                transaction.execute(
                    "UPDATE trials SET status = 'skipped' WHERE sweep = ?1 AND status = 'planned'",
                    [key],
                )?;
            }
            transaction.execute(
                "UPDATE sweeps SET status = ?2, failure = ?3, found_json = coalesce(?4, found_json), finished_at = ?5,
                     last_seen_at = ?5
                 WHERE key = ?1",
                params![key, status.id(), failure, found.map(Value::to_string), now()],
            )?;
            Ok(())
        })
    }

    /// Takes up a sweep that somebody else began and no longer runs: it is `running` and owned by `owner`.
    ///
    /// # Errors
    /// Where somebody runs it, as `is_alive(pid, token)` says of a process on machine `here`, there is no such sweep, or the
    /// library cannot be written.
    pub fn take_up_sweep(
        &mut self,
        sweep: &str,
        owner: &Owner,
        is_alive: impl Fn(u32, &str) -> bool,
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = key(transaction, sweep)?;
            if let Some(other) = runner(transaction, key)?
                && &other.0 != owner
                && !is_gone(&other, &owner.machine, &is_alive)
            {
                return Err(LibraryError::SweepRunning { id: sweep.into() }.into());
            }
            transaction.execute(
                "UPDATE sweeps SET status = 'running', failure = NULL, finished_at = NULL, owner_machine = ?2,
                     owner_pid = ?3, owner_token = ?4, last_seen_at = ?5
                 WHERE key = ?1",
                params![key, owner.machine, owner.pid, owner.token, now()],
            )?;
            Ok(())
        })
    }

    /// Marks as interrupted every sweep that says it is running while its program is gone, and returns their identifiers; as
    /// [`Self::sweep_interrupted`] does of runs.
    ///
    /// # Errors
    /// Where the library cannot be read or written.
    pub fn mark_interrupted_sweeps(
        &mut self,
        here: &str,
        is_alive: impl Fn(u32, &str) -> bool,
    ) -> Result<Vec<String>, LibraryError> {
        let running = "SELECT key, id FROM sweeps WHERE status = 'running' AND deleted_at IS NULL";
        let gone = |connection: &Connection| -> Result<Vec<(i64, String)>, Fault> {
            let mut statement = connection.prepare_cached(running)?;
            let found: Vec<(i64, String)> = statement
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            let mut gone = Vec::new();
            for (key, id) in found {
                if runner(connection, key)?.is_some_and(|owner| is_gone(&owner, here, &is_alive)) {
                    gone.push((key, id));
                }
            }
            Ok(gone)
        };
        // Looked for without the write lock, since mostly there is none.
        if self.read(gone)?.is_empty() {
            return Ok(Vec::new());
        }
        self.write(|transaction| {
            let found = gone(transaction)?;
            for (key, _) in &found {
                transaction.execute(
                    "UPDATE sweeps SET status = 'interrupted', finished_at = last_seen_at WHERE key = ?1",
                    [key],
                )?;
            }
            Ok(found.into_iter().map(|(_, id)| id).collect())
        })
    }

    /// Hides a sweep from every list; its runs stay.
    ///
    /// # Errors
    /// Where there is no such sweep or the library cannot be written.
    pub fn delete_sweep(&mut self, sweep: &str) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = key(transaction, sweep)?;
            transaction.execute(
                "UPDATE sweeps SET deleted_at = ?2 WHERE key = ?1",
                params![key, now()],
            )?;
            Ok(())
        })
    }
}

fn insert_trials(
    transaction: &Transaction<'_>,
    sweep: i64,
    trials: &[NewTrial],
) -> Result<(), Fault> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO trials (sweep, number, combination, repeat, rung, seed, values_json, setup_json, setup_hash,
             group_hash, plan_json, status, reason, ended_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    for trial in trials {
        statement.execute(params![
            sweep,
            Count(trial.number),
            Count(trial.combination),
            Count(trial.repeat),
            Count(trial.rung),
            trial.seed.to_string(),
            trial.values.to_string(),
            trial.setup_json,
            trial.setup_hash,
            trial.group_hash,
            trial.plan.as_ref().map(Value::to_string),
            trial.status.id(),
            trial.reason,
            (trial.status != TrialStatus::Planned).then(now),
        ])?;
    }
    Ok(())
}

/// Key of a sweep that is not deleted.
fn key(connection: &Connection, id: &str) -> Result<i64, Fault> {
    connection
        .prepare_cached("SELECT key FROM sweeps WHERE id = ?1 AND deleted_at IS NULL")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .ok_or_else(|| {
            LibraryError::UnknownSweep {
                given: id.into(),
                known: Vec::new(),
            }
            .into()
        })
}

fn alive(transaction: &Transaction<'_>, key: i64) -> Result<(), Fault> {
    transaction
        .prepare_cached("UPDATE sweeps SET last_seen_at = ?2 WHERE key = ?1")?
        .execute(params![key, now()])?;
    Ok(())
}

/// Who says that he runs a sweep, and when he was last heard of.
fn runner(connection: &Connection, key: i64) -> Result<Option<(Owner, Timestamp)>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT owner_machine, owner_pid, owner_token, last_seen_at FROM sweeps
             WHERE key = ?1 AND status = 'running'",
        )?
        .query_row([key], |row| {
            let owner = Owner {
                machine: row.get(0)?,
                pid: row.get(1)?,
                token: row.get(2)?,
            };
            Ok((owner, time::column(row, "last_seen_at")?))
        })
        .optional()?)
}

fn is_gone(
    (owner, last_seen_at): &(Owner, Timestamp),
    here: &str,
    is_alive: &impl Fn(u32, &str) -> bool,
) -> bool {
    if owner.machine == here {
        !is_alive(owner.pid, &owner.token)
    } else {
        Timestamp::now().duration_since(*last_seen_at).as_secs_f64() > HEARTBEAT_STALE_S
    }
}

/// Plain data as text: numbers and words, which JSON can always hold.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
