//! What the library knows of this machine's power, for workers; and what they learnt, for the library.

use jiff::Timestamp;

use super::machine::here;
use crate::library::{self, Library, LibraryError};
use crate::protocol::{CpuPoint, DevicePoint, Knowledge, KnownWall};

/// What `library` knows of this machine.
///
/// # Errors
/// Where the library cannot be read.
pub fn knowledge(library: &Library) -> Result<Knowledge, LibraryError> {
    let machine = here().0.fingerprint;
    Ok(Knowledge {
        walls: library
            .wall_calibrations(Some(&machine))?
            .into_iter()
            .map(known_wall)
            .collect(),
        device_points: library
            .device_points(&machine)?
            .into_iter()
            .map(device_point)
            .collect(),
        cpu_points: library
            .cpu_points(&machine)?
            .into_iter()
            .map(cpu_point)
            .collect(),
    })
}

/// Keeps what a worker on this machine learnt, of run `run_id` if it was one.
///
/// # Errors
/// Where the library cannot be written.
pub fn keep(
    library: &mut Library,
    run_id: Option<&str>,
    device_points: &[DevicePoint],
    cpu_points: &[CpuPoint],
) -> Result<(), LibraryError> {
    let machine = here().0.fingerprint;
    let devices: Vec<library::DevicePoint> = device_points
        .iter()
        .map(|point| library::DevicePoint {
            device: point.device.clone(),
            driver: point.driver.clone(),
            run_id: run_id.map(str::to_owned),
            energy_j: point.energy_j,
            flop: point.flop,
            bytes: point.bytes,
            seconds: point.seconds,
            source: point.source.clone(),
            at: time(&point.at),
        })
        .collect();
    let cpu: Vec<library::CpuPoint> = cpu_points
        .iter()
        .map(|point| library::CpuPoint {
            busy: point.busy,
            power_w: point.power_w,
            source: point.source.clone(),
            at: time(&point.at),
        })
        .collect();
    library.record_points(&machine, &devices, &cpu)
}

/// A calibration of the library as a worker applies it.
fn known_wall(mut stored: library::WallCalibration) -> KnownWall {
    KnownWall {
        id: stored.id,
        simulated: stored.simulated,
        calibration: stored.json["calibration"].take(),
    }
}

fn device_point(point: library::DevicePoint) -> DevicePoint {
    DevicePoint {
        device: point.device,
        driver: point.driver,
        energy_j: point.energy_j,
        flop: point.flop,
        bytes: point.bytes,
        seconds: point.seconds,
        source: point.source,
        at: point.at.to_string(),
    }
}

fn cpu_point(point: library::CpuPoint) -> CpuPoint {
    CpuPoint {
        busy: point.busy,
        power_w: point.power_w,
        source: point.source,
        at: point.at.to_string(),
    }
}

/// A worker's clock is that of the machine; what cannot be read as a time was just now.
fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| Timestamp::now())
}
