//! What was expected of runs, kept so that it can be told how good forecasts are.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::count::{Count, count};
use super::error::Fault;
use super::rows::finite;
use super::types::Status;
use super::write::{bad, key_and_status};
use super::{Library, LibraryError, energy, time};
use crate::units::Estimate;

/// What was expected of a run, all of it: what had been used and what was to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastRecord {
    /// How it was told: `alike` or `operations`, from earlier runs; `profile`, from the run itself.
    pub basis: String,
    /// Earlier runs, or stretches of the run itself, that it rests on.
    pub count: u64,
    /// How much of the run was done, 0 before it, below 1.
    pub share: f64,
    /// Seconds of training and evaluation.
    pub time_s: f64,
    /// Where they lie with 95 %; `None` where there was too little to tell.
    pub time_range_s: Option<(f64, f64)>,
    /// Gross joules of training and evaluation.
    pub energy_j: Option<f64>,
    /// Where they lie with 95 %.
    pub energy_range_j: Option<(f64, f64)>,
    /// Whether the run could end before, by its target or by early stopping.
    pub may_end_earlier: bool,
}

/// A forecast of a run that has ended as its bounds said, and what the run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedForecast {
    /// The run.
    pub run_id: String,
    /// When the forecast was made.
    #[serde(with = "super::time::rfc3339")]
    pub made_at: Timestamp,
    /// What was expected.
    pub forecast: ForecastRecord,
    /// Seconds that it took.
    pub time_s: f64,
    /// Joules that it took, over the parts of the machine.
    pub energy_j: Option<Estimate>,
    /// Whether its energies are simulated.
    pub simulated: bool,
}

impl Library {
    /// Keeps a forecast with its run; one that was made at the same share of the run is replaced.
    ///
    /// # Errors
    /// Where there is no such run, the forecast is no number, or the library cannot be written.
    pub fn store_forecast(
        &mut self,
        run: &str,
        forecast: &ForecastRecord,
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            let (key, _) = key_and_status(transaction, run)?;
            if !(forecast.time_s.is_finite() && (0.0..1.0).contains(&forecast.share)) {
                return Err(bad(run, "a forecast that is no number"));
            }
            let ends = |range: Option<(f64, f64)>| {
                let (low, high) = range.unzip();
                (finite(low), finite(high))
            };
            let (time_low, time_high) = ends(forecast.time_range_s);
            let (energy_low, energy_high) = ends(forecast.energy_range_j);
            transaction.execute(
                "INSERT OR REPLACE INTO forecasts (run, made_at, basis, count, share, time_s, time_low_s, time_high_s,
                     energy_j, energy_low_j, energy_high_j, may_end_earlier)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
                    key,
                    time::text(Timestamp::now()),
                    forecast.basis,
                    Count(forecast.count),
                    forecast.share,
                    forecast.time_s,
                    time_low,
                    time_high,
                    finite(forecast.energy_j),
                    energy_low,
                    energy_high,
                    forecast.may_end_earlier
                ],
            )?;
            Ok(())
        })
    }

    /// The forecasts of the run with this identifier, the earliest in its course first.
    ///
    /// # Errors
    /// Where there is no such run or the library cannot be read.
    pub fn forecasts_of(&self, run: &str) -> Result<Vec<ForecastRecord>, LibraryError> {
        self.read(|connection| {
            let key = super::lookup::resolve(connection, run)?;
            Ok(connection
                .prepare_cached("SELECT * FROM forecasts WHERE run = ?1 ORDER BY share")?
                .query_map([key], record)?
                .collect::<Result<_, _>>()?)
        })
    }

    /// Every forecast of a run that has ended by its bounds, with what the run came to: runs that failed or were stopped, and
    /// those that their target or early stopping ended before, are no judge of what was expected of the whole.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn judged_forecasts(&self) -> Result<Vec<JudgedForecast>, LibraryError> {
        self.read(|connection| {
            // Both statements see one state of the library.
            let connection = connection.unchecked_transaction()?;
            judged(&connection, None)
        })
    }

    /// As [`Library::judged_forecasts`], of the run with this identifier alone; none where it is no judge.
    ///
    /// # Errors
    /// Where there is no such run or the library cannot be read.
    pub fn judged_forecasts_of(&self, run: &str) -> Result<Vec<JudgedForecast>, LibraryError> {
        self.read(|connection| {
            let connection = connection.unchecked_transaction()?;
            let key = super::lookup::resolve(&connection, run)?;
            judged(&connection, Some(key))
        })
    }
}

/// Judged forecasts of the run with this key, or of all.
fn judged(connection: &Connection, run: Option<i64>) -> Result<Vec<JudgedForecast>, Fault> {
    let mut found = Vec::new();
    let mut statement = connection.prepare_cached(
        "SELECT f.*, r.id, r.key FROM forecasts f JOIN runs r ON r.key = f.run
             JOIN summaries s ON s.run = r.key
         WHERE r.deleted_at IS NULL AND r.status = ?1 AND (?2 IS NULL OR r.key = ?2)
             AND json_extract(s.json, '$.reason') NOT IN ('target', 'early-stopping', 'user', 'diverged')
         ORDER BY r.created_at, r.key, f.share",
    )?;
    let mut rows = statement.query(params![Status::Completed.id(), run])?;
    while let Some(row) = rows.next()? {
        let training = energy::training(connection, row.get("key")?)?;
        let Some(sum) = super::sum_of_parts(&training) else {
            continue;
        };
        if sum.figure.window_s <= 0.0 {
            continue;
        }
        found.push(JudgedForecast {
            run_id: row.get("id")?,
            made_at: time::column(row, "made_at")?,
            forecast: record(row)?,
            time_s: sum.figure.window_s,
            energy_j: sum.figure.energy_j,
            simulated: sum.figure.is_simulated(),
        });
    }
    Ok(found)
}

fn record(row: &Row<'_>) -> rusqlite::Result<ForecastRecord> {
    let range = |low: &str, high: &str| -> rusqlite::Result<Option<(f64, f64)>> {
        let (low, high): (Option<f64>, Option<f64>) = (row.get(low)?, row.get(high)?);
        Ok(low.zip(high))
    };
    Ok(ForecastRecord {
        basis: row.get("basis")?,
        count: count(row, "count")?,
        share: row.get("share")?,
        time_s: row.get("time_s")?,
        time_range_s: range("time_low_s", "time_high_s")?,
        energy_j: row.get("energy_j")?,
        energy_range_j: range("energy_low_j", "energy_high_j")?,
        may_end_earlier: row.get("may_end_earlier")?,
    })
}
