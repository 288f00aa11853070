//! What is known of a machine's power from earlier: wall calibrations, and readings of sensors that models are fitted to. It
//! belongs to the machine and not to a run: deleting runs leaves it, and importing runs does not bring it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::error::Fault;
use super::lookup::json;
use super::{Library, LibraryError, energy, time, write::now};
use crate::units::Estimate;

/// Readings of one device, or of the processors, that are handed out at most: the newest.
const POINTS_MAX: u32 = 200;

/// A line from the sum of the parts of a machine to its socket, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WallCalibration {
    /// Made by the caller; unique for ever.
    pub id: String,
    /// Fingerprint of the machine, as in [`super::Machine::fingerprint`].
    pub machine: String,
    /// Identity of the device that drew the load, as in [`super::Device::identity`].
    pub device: String,
    /// When.
    #[serde(with = "super::time::rfc3339")]
    pub made_at: Timestamp,
    /// How far the readings are off the line, relative to the reading; `None` with two readings.
    pub residual: Option<f64>,
    /// Whether it was made with meters that are made up. Never applied to figures of real ones.
    pub simulated: bool,
    /// A remark given by the user.
    pub note: Option<String>,
    /// The line, its readings, and the meters with their roles. `calibration` in it is what a run applies.
    pub json: serde_json::Value,
}

/// A stretch of a device's work or of its rest, whose energy a sensor measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DevicePoint {
    /// Identity of the device, as in [`super::Device::identity`].
    pub device: String,
    /// Its driver with version; empty where there is none.
    pub driver: String,
    /// The run that it was part of.
    pub run_id: Option<String>,
    /// Joules of the device.
    pub energy_j: Estimate,
    /// Floating-point operations done; 0 at rest.
    pub flop: f64,
    /// Bytes moved between the device and its memory; `None` where nobody counted.
    pub bytes: Option<f64>,
    /// How long it took.
    pub seconds: f64,
    /// What measured it, in words.
    pub source: String,
    /// When it ended.
    #[serde(with = "super::time::rfc3339")]
    pub at: Timestamp,
}

/// Power of all processors of a machine by a sensor, and how busy they were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuPoint {
    /// Busy share of all processors, 0 to 1.
    pub busy: f64,
    /// Watts.
    pub power_w: Estimate,
    /// What measured it, in words.
    pub source: String,
    /// When it ended.
    #[serde(with = "super::time::rfc3339")]
    pub at: Timestamp,
}

impl Library {
    /// Stores a wall calibration.
    ///
    /// # Errors
    /// Where the identifier is taken or the library cannot be written.
    pub fn record_wall_calibration(
        &mut self,
        calibration: &WallCalibration,
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO wall_calibrations (id, machine, device, made_at, residual, simulated, note, json)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    calibration.id,
                    calibration.machine,
                    calibration.device,
                    time::text(calibration.made_at),
                    calibration.residual,
                    calibration.simulated,
                    calibration.note,
                    calibration.json.to_string(),
                ],
            )?;
            Ok(())
        })
    }

    /// The wall calibrations of `machine`, or of every machine, newest first; forgotten ones are left out.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn wall_calibrations(
        &self,
        machine: Option<&str>,
    ) -> Result<Vec<WallCalibration>, LibraryError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT * FROM wall_calibrations
                     WHERE forgotten_at IS NULL AND (?1 IS NULL OR machine = ?1) ORDER BY made_at DESC, key DESC",
                )?
                .query_map([machine], wall_calibration)?
                .collect::<Result<_, _>>()?)
        })
    }

    /// The wall calibration that `given` means: its identifier, or the beginning of it.
    ///
    /// # Errors
    /// Where none or several could be meant, or the library cannot be read.
    pub fn wall_calibration(&self, given: &str) -> Result<WallCalibration, LibraryError> {
        self.read(|connection| resolved(connection, given))
    }

    /// Forgets the wall calibration that `given` means: it is no longer listed or applied. Figures that used it stay, and
    /// keep their own copy of it.
    ///
    /// # Errors
    /// As [`Self::wall_calibration`], and where the library cannot be written.
    pub fn forget_wall_calibration(
        &mut self,
        given: &str,
    ) -> Result<WallCalibration, LibraryError> {
        self.write(|transaction| {
            let calibration = resolved(transaction, given)?;
            transaction.execute(
                "UPDATE wall_calibrations SET forgotten_at = ?2 WHERE id = ?1",
                (&calibration.id, now()),
            )?;
            Ok(calibration)
        })
    }

    /// Stores readings that models of `machine` are fitted to. Readings that are no numbers are an error of the caller, and
    /// nothing is stored then.
    ///
    /// # Errors
    /// Where the library cannot be written.
    pub fn record_points(
        &mut self,
        machine: &str,
        devices: &[DevicePoint],
        cpu: &[CpuPoint],
    ) -> Result<(), LibraryError> {
        self.write(|transaction| {
            for point in devices {
                transaction.execute(
                    "INSERT INTO device_points
                         (machine, device, driver, run_id, energy_j, low_j, high_j, flop, bytes, seconds, source, at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                    params![
                        machine,
                        point.device,
                        point.driver,
                        point.run_id,
                        point.energy_j.value,
                        point.energy_j.low,
                        point.energy_j.high,
                        point.flop,
                        point.bytes,
                        point.seconds,
                        point.source,
                        time::text(point.at),
                    ],
                )?;
            }
            for point in cpu {
                transaction.execute(
                    "INSERT INTO cpu_points (machine, busy, power_w, low_w, high_w, source, at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![
                        machine,
                        point.busy,
                        point.power_w.value,
                        point.power_w.low,
                        point.power_w.high,
                        point.source,
                        time::text(point.at),
                    ],
                )?;
            }
            Ok(())
        })
    }

    /// Readings of the devices of `machine`, oldest first: of each device with one driver the newest 200.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn device_points(&self, machine: &str) -> Result<Vec<DevicePoint>, LibraryError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT energy_j, low_j, high_j, device, driver, run_id, flop, bytes, seconds, source, at
                     FROM (SELECT *, row_number() OVER (PARTITION BY device, driver ORDER BY at DESC, key DESC) AS age
                           FROM device_points WHERE machine = ?1)
                     WHERE age <= ?2 ORDER BY at, key",
                )?
                .query_map((machine, POINTS_MAX), |row| {
                    Ok(DevicePoint {
                        device: row.get("device")?,
                        driver: row.get("driver")?,
                        run_id: row.get("run_id")?,
                        energy_j: whole(energy::estimate(row, 0)?)?,
                        flop: row.get("flop")?,
                        bytes: row.get("bytes")?,
                        seconds: row.get("seconds")?,
                        source: row.get("source")?,
                        at: time::column(row, "at")?,
                    })
                })?
                .collect::<Result<_, _>>()?)
        })
    }

    /// Readings of the processors of `machine`, oldest first: the newest 200.
    ///
    /// # Errors
    /// Where the library cannot be read.
    pub fn cpu_points(&self, machine: &str) -> Result<Vec<CpuPoint>, LibraryError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT power_w, low_w, high_w, busy, source, at
                     FROM (SELECT * FROM cpu_points WHERE machine = ?1 ORDER BY at DESC, key DESC LIMIT ?2)
                     ORDER BY at, key",
                )?
                .query_map((machine, POINTS_MAX), |row| {
                    Ok(CpuPoint {
                        busy: row.get("busy")?,
                        power_w: whole(energy::estimate(row, 0)?)?,
                        source: row.get("source")?,
                        at: time::column(row, "at")?,
                    })
                })?
                .collect::<Result<_, _>>()?)
        })
    }
}

/// The columns are declared to be there.
fn whole(estimate: Option<Estimate>) -> rusqlite::Result<Estimate> {
    estimate.ok_or(rusqlite::Error::InvalidQuery)
}

fn wall_calibration(row: &Row<'_>) -> rusqlite::Result<WallCalibration> {
    let text: String = row.get("json")?;
    Ok(WallCalibration {
        id: row.get("id")?,
        machine: row.get("machine")?,
        device: row.get("device")?,
        made_at: time::column(row, "made_at")?,
        residual: row.get("residual")?,
        simulated: row.get("simulated")?,
        note: row.get("note")?,
        json: json(row, "json", &text)?,
    })
}

/// The one calibration whose identifier is `given` or begins with it.
fn resolved(connection: &Connection, given: &str) -> Result<WallCalibration, Fault> {
    const WHERE: &str = "SELECT * FROM wall_calibrations WHERE forgotten_at IS NULL AND";
    let exact = connection
        .prepare_cached(&format!("{WHERE} id = ?1"))?
        .query_row([given], wall_calibration)
        .optional()?;
    if let Some(exact) = exact {
        return Ok(exact);
    }
    let mut fitting: Vec<WallCalibration> = connection
        .prepare_cached(&format!(
            "{WHERE} substr(id, 1, length(?1)) = ?1 AND ?1 <> '' ORDER BY id"
        ))?
        .query_map([given], wall_calibration)?
        .collect::<Result<_, _>>()?;
    match fitting.pop() {
        None => Err(LibraryError::UnknownCalibration {
            given: given.to_owned(),
        }
        .into()),
        Some(only) if fitting.is_empty() => Ok(only),
        Some(last) => Err(LibraryError::AmbiguousCalibration {
            given: given.to_owned(),
            matches: fitting
                .into_iter()
                .chain([last])
                .map(|calibration| calibration.id)
                .collect(),
        }
        .into()),
    }
}
