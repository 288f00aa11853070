//! Reading one run: its details, its training curve, its samples.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::count::{Count, count};
use super::error::Fault;
use super::lookup::{resolve, run_by_key};
use super::records::{Checkpoint, EpochRecord, SelfCheck, StepPoint};
use super::types::RunDetails;
use super::{Library, LibraryError, energy, inferences, lineage, tables, time};
use crate::units::{HeadProgress, Metric};

/// Where readings come from: one meter, one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Which meter or sensor.
    pub meter: String,
    /// What was read.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// What the meter measures, where it is listed with the run.
    pub device: Option<String>,
    /// How the meter measures, where it is listed.
    pub source: Option<String>,
    /// Its grade, where it is listed.
    pub grade: Option<String>,
}

/// Which samples of a run to visit. Every condition that is given must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleFilter {
    /// Of this meter.
    pub meter: Option<String>,
    /// Of this metric.
    pub metric: Option<String>,
    /// From this second on.
    pub from_t_s: Option<f64>,
    /// Up to this second.
    pub to_t_s: Option<f64>,
}

impl Library {
    /// All that is known of the run that `given` means, but its steps and samples.
    ///
    /// # Errors
    /// Where none or several could be meant, or the library cannot be read.
    pub fn details(&self, given: &str) -> Result<RunDetails, LibraryError> {
        self.read(|connection| {
            let key = resolve(connection, given)?;
            Ok(RunDetails {
                run: run_by_key(connection, key)?,
                phases: tables::phases(connection, key)?,
                totals: energy::totals(connection, key)?,
                training: energy::training(connection, key)?,
                epochs: tables::epochs(connection, key)?,
                meters: tables::meters(connection, key)?,
                idle_power: tables::idle_power(connection, key)?,
                self_check: tables::run_self_check(connection, key)?,
                checkpoints: tables::checkpoints(connection, key)?,
                summary: tables::summary(connection, key)?,
                start: lineage::start(connection, key)?,
                ancestors: lineage::ancestors(connection, key)?,
                inferences: inferences::inferences(connection, key)?,
            })
        })
    }

    /// The training curve in at most `max_points` points: where there are more, each stands for as many neighbours, with
    /// the mean of their loss, metric and speed, also by head, at the step, time and learning rate of the last of them.
    ///
    /// # Errors
    /// As [`Self::details`].
    pub fn steps(&self, given: &str, max_points: usize) -> Result<Vec<StepPoint>, LibraryError> {
        self.read(|connection| {
            let key = resolve(connection, given)?;
            let recorded = connection.query_row("SELECT count(*) FROM steps WHERE run = ?1", [key], |row| count(row, 0))?;
            let stride = recorded.div_ceil((max_points as u64).max(1)).max(1);
            // Beside a single max(), SQLite takes the other columns from the row that has it.
            let mut points: Vec<StepPoint> = connection
                .prepare_cached(
                    "SELECT max(step), epoch, t_s, avg(loss), avg(metric), learning_rate, avg(samples_per_s)
                     FROM (SELECT *, (row_number() OVER (ORDER BY step) - 1) / ?2 AS bucket
                           FROM steps WHERE run = ?1)
                     GROUP BY bucket ORDER BY bucket",
                )?
                .query_map((key, Count(stride)), |row| {
                    Ok(StepPoint {
                        step: count(row, 0)?,
                        epoch: count(row, 1)?,
                        t_s: row.get(2)?,
                        loss: row.get(3)?,
                        metric: row.get(4)?,
                        learning_rate: row.get(5)?,
                        samples_per_s: row.get(6)?,
                        heads: Vec::new(),
                    })
                })?
                .collect::<Result<_, _>>()?;
            step_heads(connection, key, stride, &mut points)?;
            Ok(points)
        })
    }

    /// Hands every sample that `filter` lets through to `visit`, in order of time, one at a time: they are not gathered.
    ///
    /// # Errors
    /// As [`Self::details`]; and the first error of `visit`, which ends the visit.
    pub fn each_sample<E: From<LibraryError>>(
        &self,
        given: &str,
        filter: &SampleFilter,
        mut visit: impl FnMut(f64, &Series, Option<f64>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut stopped = None;
        self.read(|connection| {
            let key = resolve(connection, given)?;
            let series = tables::series(connection, key, filter)?;
            let mut statement = connection.prepare_cached(
                "SELECT t_s, series, value FROM samples WHERE run = ?1 AND t_s >= ?2 AND t_s <= ?3
                 ORDER BY t_s, series",
            )?;
            let mut rows = statement.query(params![
                key,
                filter.from_t_s.unwrap_or(0.0),
                filter.to_t_s.unwrap_or(f64::INFINITY)
            ])?;
            while let Some(row) = rows.next()? {
                let Some(series) = series.get(&row.get::<_, i64>(1)?) else {
                    continue;
                };
                if let Err(error) = visit(row.get(0)?, series, row.get(2)?) {
                    stopped = Some(error);
                    break;
                }
            }
            Ok(())
        })?;
        stopped.map_or(Ok(()), Err)
    }

    /// The epochs of the run that `given` means, in order.
    ///
    /// # Errors
    /// As [`Self::details`].
    pub fn epochs(&self, given: &str) -> Result<Vec<EpochRecord>, LibraryError> {
        self.read(|connection| tables::epochs(connection, resolve(connection, given)?))
    }

    /// Where each stretch of recording of a run begins, in order: seconds on its clock and the time of day. A run that
    /// was never resumed has one.
    ///
    /// # Errors
    /// As [`Self::details`].
    pub fn segments(&self, given: &str) -> Result<Vec<(f64, Timestamp)>, LibraryError> {
        self.read(|connection| {
            tables::rows(
                connection,
                "SELECT t_s, started_at FROM segments WHERE run = ?1 ORDER BY t_s",
                resolve(connection, given)?,
                |row| Ok((row.get(0)?, time::column(row, "started_at")?)),
            )
        })
    }

    /// The checkpoint with the most steps, if there is any.
    ///
    /// # Errors
    /// As [`Self::details`].
    pub fn latest_checkpoint(&self, given: &str) -> Result<Option<Checkpoint>, LibraryError> {
        self.read(|connection| {
            let key = resolve(connection, given)?;
            Ok(tables::checkpoints(connection, key)?.pop())
        })
    }

    /// The latest self-check of this device with this driver by this version of the program.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn find_self_check(
        &self,
        device: &str,
        driver: &str,
        program_version: &str,
    ) -> Result<Option<SelfCheck>, LibraryError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT * FROM self_checks WHERE device = ?1 AND driver = ?2 AND program_version = ?3
                     ORDER BY checked_at DESC, key DESC LIMIT 1",
                )?
                .query_row((device, driver, program_version), tables::self_check)
                .optional()?)
        })
    }

    /// The latest self-check of each device, driver and version of the program.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn self_checks(&self) -> Result<Vec<SelfCheck>, LibraryError> {
        self.read(|connection| {
            // Beside a single max(), SQLite takes the other columns from the row that has it.
            Ok(connection
                .prepare_cached(
                    "SELECT *, max(checked_at || printf('%020d', key)) FROM self_checks
                     GROUP BY device, driver, program_version ORDER BY device, driver, program_version",
                )?
                .query_map([], tables::self_check)?
                .collect::<Result<_, _>>()?)
        })
    }
}

/// Adds to `points`, each of which stands for `stride` readings, what was read of each head; heads are in the order of their names.
fn step_heads(
    connection: &Connection,
    run: i64,
    stride: u64,
    points: &mut [StepPoint],
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT b.bucket, h.head, avg(h.loss), avg(h.metric)
         FROM (SELECT step, (row_number() OVER (ORDER BY step) - 1) / ?2 AS bucket FROM steps WHERE run = ?1) b
         JOIN step_heads h ON h.run = ?1 AND h.step = b.step
         GROUP BY b.bucket, h.head ORDER BY b.bucket, h.head",
    )?;
    let mut rows = statement.query((run, Count(stride)))?;
    while let Some(row) = rows.next()? {
        let bucket = count(row, 0)?;
        let point = usize::try_from(bucket)
            .ok()
            .and_then(|at| points.get_mut(at));
        if let Some(point) = point {
            point.heads.push(HeadProgress {
                head: row.get(1)?,
                // Heads foretell classes.
                metric: Metric::Accuracy,
                loss: row.get(2)?,
                value: row.get(3)?,
            });
        }
    }
    Ok(())
}
