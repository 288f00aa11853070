//! Recording: a run's beginning, what is appended to it, and its end.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::count::Count;
use super::error::Fault;
use super::records::{PHASES, Record, SelfCheck};
use super::types::{NewRun, Owner, Reopened, Status, Summary};
use super::{Library, LibraryError, lineage, places, predictions, readings, rows, time};
use crate::units::UnknownName;

/// A run whose recorder is on another machine counts as gone when it has not written for this many seconds.
pub const HEARTBEAT_STALE_S: f64 = 300.0;

impl Library {
    /// Stores a new run, which is then `running` and owned by `run.owner`.
    ///
    /// # Errors
    /// Where the identifier is taken or the library cannot be written.
    pub fn create_run(&mut self, run: &NewRun) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let taken = "SELECT EXISTS (SELECT 1 FROM runs WHERE id = ?1)";
            if transaction.query_row(taken, [&run.id], |row| row.get(0))? {
                return Err(LibraryError::DuplicateRun { id: run.id.clone() }.into());
            }
            let machine = places::machine_key(transaction, &run.machine)?;
            let device = places::device_key(transaction, machine, &run.device)?;
            let key = places::insert_run(transaction, run, machine, device)?;
            places::open_segment(transaction, key, 0.0, run.started_at)
        })
    }

    /// Stores `records` in order and in one transaction, and notes that the recorder is alive. To be called about once a
    /// second while a run goes on, with nothing to record as well.
    ///
    /// # Errors
    /// Where the run is not running, a record makes no sense or the library cannot be written; then none of `records` is
    /// stored, and they can be appended again.
    pub fn append(&mut self, run: &str, records: &[Record]) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = running_key(transaction, run)?;
            let mut until = Reach::default();
            for record in records {
                append_one(transaction, run, key, record, &mut until)?;
            }
            transaction
                .prepare_cached(
                    "UPDATE runs SET last_seen_at = ?2, last_t_s = max(last_t_s, ?3),
                         last_step = CASE WHEN ?4 IS NULL THEN last_step ELSE max(coalesce(last_step, 0), ?4) END,
                         last_epoch = CASE WHEN ?5 IS NULL THEN last_epoch ELSE max(coalesce(last_epoch, 0), ?5) END
                     WHERE key = ?1",
                )?
                .execute(params![key, now(), until.t_s, until.step.map(Count), until.epoch.map(Count)])?;
            if until.metrics {
                update_metrics(transaction, key)?;
            }
            Ok(())
        })
    }

    /// Ends a run: closes a phase that is still open at the last time that is known, and keeps its last energies.
    ///
    /// # Errors
    /// Where the run is not running or the library cannot be written.
    pub fn finish_run(
        &mut self,
        run: &str,
        status: Status,
        failure: Option<&str>,
        summary: Option<&Summary>,
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let key = running_key(transaction, run)?;
            close(transaction, key, status, failure, &now())?;
            if let Some(summary) = summary {
                places::insert_summary(transaction, key, summary)?;
                restored(transaction, key, &summary.json)?;
            }
            Ok(())
        })
    }

    /// Takes up a run that has ended, from the checkpoint made after `from_step` steps: what was recorded of later steps
    /// and epochs is forgotten, since they will be done again. The energy they took stays: it was spent.
    ///
    /// # Errors
    /// Where the run is still running or the library cannot be written.
    pub fn reopen_run(
        &mut self,
        run: &str,
        from_step: u64,
        owner: &Owner,
        program_version: &str,
    ) -> Result<Reopened, LibraryError> {
        self.write(|transaction| {
            let (key, status) = key_and_status(transaction, run)?;
            if status == Status::Running {
                return Err(LibraryError::StillRunning { id: run.into() }.into());
            }
            transaction.execute("DELETE FROM steps WHERE run = ?1 AND step > ?2", (key, Count(from_step)))?;
            transaction.execute("DELETE FROM epochs WHERE run = ?1 AND step > ?2", (key, Count(from_step)))?;
            transaction.execute("DELETE FROM checkpoints WHERE run = ?1 AND step > ?2", (key, Count(from_step)))?;
            transaction.execute("DELETE FROM summaries WHERE run = ?1", [key])?;
            transaction.execute(
                "UPDATE runs SET status = 'running', failure = NULL, finished_at = NULL, target_reached = NULL,
                     owner_machine = ?2, owner_pid = ?3, owner_token = ?4, last_seen_at = ?5, program_version = ?6,
                     last_step = nullif(min(coalesce(last_step, 0), ?7), 0),
                     last_epoch = (SELECT max(epoch) FROM epochs WHERE run = ?1)
                 WHERE key = ?1",
                params![key, owner.machine, owner.pid, owner.token, now(), program_version, Count(from_step)],
            )?;
            update_metrics(transaction, key)?;
            let t_s = transaction.query_row("SELECT last_t_s FROM runs WHERE key = ?1", [key], |row| row.get(0))?;
            places::open_segment(transaction, key, t_s, Timestamp::now())?;
            Ok(Reopened { t_s })
        })
    }

    /// Marks as interrupted every run that says it is running while its recorder is gone, and returns their identifiers.
    /// A recorder on machine `here` is gone where `is_alive(pid, token)` says so; one on another machine where it has not
    /// written for [`HEARTBEAT_STALE_S`].
    ///
    /// # Errors
    /// Where the library cannot be read or written.
    pub fn sweep_interrupted(
        &mut self,
        here: &str,
        is_alive: impl Fn(u32, &str) -> bool,
    ) -> Result<Vec<String>, LibraryError> {
        let is_gone = |owner: &Owner, last_seen_at: Timestamp| {
            if owner.machine == here {
                !is_alive(owner.pid, &owner.token)
            } else {
                Timestamp::now().duration_since(last_seen_at).as_secs_f64() > HEARTBEAT_STALE_S
            }
        };
        // Looked for without the write lock, since mostly there is none.
        let gone = self.read(|connection| gone_runs(connection, is_gone))?;
        if gone.is_empty() {
            return Ok(gone);
        }
        self.write(|transaction| {
            let mut swept = gone_runs(transaction, is_gone)?;
            swept.retain(|id| gone.contains(id));
            for id in &swept {
                let (key, _) = key_and_status(transaction, id)?;
                let last_seen_at: String = transaction.query_row(
                    "SELECT last_seen_at FROM runs WHERE key = ?1",
                    [key],
                    |row| row.get(0),
                )?;
                close(transaction, key, Status::Interrupted, None, &last_seen_at)?;
            }
            Ok(swept)
        })
    }

    /// Stores the result of a self-check outside a run, for [`Self::find_self_check`].
    ///
    /// # Errors
    /// Where the library cannot be written.
    pub fn record_self_check(&mut self, check: &SelfCheck) -> Result<(), LibraryError> {
        self.write(|transaction| places::self_check_key(transaction, check).map(|_| ()))
    }
}

pub(super) fn now() -> String {
    time::text(Timestamp::now())
}

/// Key and status of a run that is not deleted.
pub(super) fn key_and_status(connection: &Connection, id: &str) -> Result<(i64, Status), Fault> {
    let found: Option<(i64, String)> = connection
        .prepare_cached("SELECT key, status FROM runs WHERE id = ?1 AND deleted_at IS NULL")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((key, status)) = found else {
        let deleted = super::lookup::deleted(connection, id)?;
        return Err(deleted.unwrap_or_else(|| LibraryError::unknown_run(id, []).into()));
    };
    let status = Status::from_id(&status).map_err(|error| bad(id, error))?;
    Ok((key, status))
}

fn running_key(connection: &Connection, id: &str) -> Result<i64, Fault> {
    match key_and_status(connection, id)? {
        (key, Status::Running) => Ok(key),
        (_, status) => Err(LibraryError::NotRunning {
            id: id.into(),
            status,
        }
        .into()),
    }
}

pub(super) fn bad(run: &str, what: impl std::fmt::Display) -> Fault {
    Fault::Known(LibraryError::BadRecord {
        id: run.into(),
        what: what.to_string(),
    })
}

/// How far a batch of records goes.
#[derive(Default)]
struct Reach {
    t_s: f64,
    step: Option<u64>,
    epoch: Option<u64>,
    metrics: bool,
}

impl Reach {
    fn time(&mut self, run: &str, t_s: f64) -> Result<f64, Fault> {
        if !t_s.is_finite() || t_s < 0.0 {
            return Err(bad(
                run,
                format!("its time is {t_s} s; it must be finite and not negative"),
            ));
        }
        self.t_s = self.t_s.max(t_s);
        Ok(t_s)
    }
}

fn append_one(
    transaction: &Transaction<'_>,
    run: &str,
    key: i64,
    record: &Record,
    reach: &mut Reach,
) -> Result<(), Fault> {
    match record {
        Record::Meter(meter) => rows::insert_meter(transaction, key, meter)?,
        Record::SelfCheck(check) => {
            let check = places::self_check_key(transaction, check)?;
            transaction.execute(
                "UPDATE runs SET self_check = ?2 WHERE key = ?1",
                (key, check),
            )?;
        }
        Record::Start(report) => lineage::insert_start(transaction, key, report)?,
        Record::Ancestors(ancestors) => {
            lineage::replace_ancestors(transaction, run, key, ancestors)?;
        }
        Record::IdlePower(powers) => {
            for idle in powers {
                rows::insert_idle_power(transaction, key, idle)?;
            }
        }
        Record::PhaseBegan { t_s, phase } => {
            let t_s = reach.time(run, *t_s)?;
            if !PHASES.contains(&phase.as_str()) {
                return Err(bad(run, UnknownName::new("phase", phase, PHASES)));
            }
            rows::end_phase(transaction, key, t_s)?;
            transaction
                .prepare_cached(
                    "INSERT INTO phases (run, ordinal, phase, begin_t_s)
                     SELECT ?1, coalesce(max(ordinal) + 1, 0), ?2, ?3 FROM phases WHERE run = ?1",
                )?
                .execute(params![key, phase, t_s])?;
        }
        Record::EnergySoFar { t_s, energies } => {
            reach.time(run, *t_s)?;
            rows::replace_phase_energies(transaction, run, key, energies)?;
        }
        Record::TrainingSoFar { t_s, energies } => {
            reach.time(run, *t_s)?;
            rows::replace_training_energies(transaction, key, energies)?;
        }
        Record::PhaseEnded { t_s, energies } => {
            let t_s = reach.time(run, *t_s)?;
            rows::replace_phase_energies(transaction, run, key, energies)?;
            rows::end_phase(transaction, key, t_s)?;
        }
        Record::Step(point) => {
            reach.time(run, point.t_s)?;
            reach.step = reach.step.max(Some(point.step));
            rows::insert_step(transaction, key, point)?;
        }
        Record::Epoch(epoch) => {
            reach.time(run, epoch.t_s)?;
            reach.step = reach.step.max(Some(epoch.step));
            reach.epoch = reach.epoch.max(Some(epoch.epoch));
            reach.metrics = true;
            rows::insert_epoch(transaction, key, epoch)?;
        }
        Record::Confusion(confusion) => {
            predictions::insert_confusion(transaction, run, key, confusion)?
        }
        Record::Predictions(latest) => predictions::replace(transaction, run, key, latest)?,
        Record::Samples(samples) => {
            for sample in samples {
                reach.time(run, sample.t_s)?;
            }
            rows::insert_samples(transaction, key, samples)?;
        }
        Record::Checkpoint(checkpoint) => {
            rows::insert_checkpoint(transaction, key, checkpoint)?;
        }
    }
    Ok(())
}

fn update_metrics(transaction: &Transaction<'_>, run: i64) -> rusqlite::Result<()> {
    let latest = |column: &str| {
        format!(
            "(SELECT {column} FROM epochs WHERE run = ?1 AND {column} IS NOT NULL ORDER BY step DESC LIMIT 1)"
        )
    };
    let sql = format!(
        "UPDATE runs SET final_train_loss = {}, final_train_metric = {}, final_test_loss = {},
             final_test_metric = {},
             best_test_loss = (SELECT min(test_loss) FROM epochs WHERE run = ?1),
             best_test_metric = (SELECT CASE WHEN {higher} THEN max(test_metric) ELSE min(test_metric) END
                 FROM epochs WHERE run = ?1),
             best_epoch = (SELECT epoch FROM epochs WHERE run = ?1 AND coalesce(test_metric, test_loss) IS NOT NULL
                 ORDER BY CASE WHEN {higher} THEN -test_metric ELSE test_metric END NULLS LAST, test_loss, step
                 LIMIT 1)
         WHERE key = ?1",
        latest("train_loss"),
        latest("train_metric"),
        latest("test_loss"),
        latest("test_metric"),
        higher = "(SELECT higher_is_better FROM runs WHERE key = ?1)",
    );
    transaction.prepare_cached(&sql)?.execute([run])?;
    Ok(())
}

/// A run that ended with the weights of an earlier evaluation is as good as it was then.
fn restored(
    transaction: &Transaction<'_>,
    run: i64,
    summary: &serde_json::Value,
) -> rusqlite::Result<()> {
    if summary.get("is_restored") != Some(&serde_json::Value::Bool(true)) {
        return Ok(());
    }
    let number = |name: &str| summary.get(name).and_then(serde_json::Value::as_f64);
    transaction.execute(
        "UPDATE runs SET final_test_metric = ?2, final_test_loss = ?3 WHERE key = ?1",
        params![run, number("final_metric"), number("final_loss")],
    )?;
    Ok(())
}

fn close(
    transaction: &Transaction<'_>,
    run: i64,
    status: Status,
    failure: Option<&str>,
    finished_at: &str,
) -> Result<(), Fault> {
    let last_t_s: f64 =
        transaction.query_row("SELECT last_t_s FROM runs WHERE key = ?1", [run], |row| {
            row.get(0)
        })?;
    rows::end_phase(transaction, run, last_t_s)?;
    transaction.execute(
        "UPDATE runs SET status = ?2, failure = ?3, finished_at = ?4 WHERE key = ?1",
        params![run, status.id(), failure, finished_at],
    )?;
    Ok(readings::sum_up(transaction, run)?)
}

/// Runs that say they are running while their recorder `is_gone`.
fn gone_runs(
    connection: &Connection,
    is_gone: impl Fn(&Owner, Timestamp) -> bool,
) -> Result<Vec<String>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT id, owner_machine, owner_pid, owner_token, last_seen_at FROM runs WHERE status = 'running'
             AND deleted_at IS NULL",
    )?;
    let mut rows = statement.query([])?;
    let mut gone = Vec::new();
    while let Some(row) = rows.next()? {
        let owner = Owner {
            machine: row.get("owner_machine")?,
            pid: row.get("owner_pid")?,
            token: row.get("owner_token")?,
        };
        if is_gone(&owner, time::column(row, "last_seen_at")?) {
            gone.push(row.get("id")?);
        }
    }
    Ok(gone)
}
