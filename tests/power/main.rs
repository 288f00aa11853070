//! Meters, sampling and integration through the public faces of `joulelab::power`.

mod accounting;
mod apple;
mod calibration;
mod choice;
// The fake sysfs tree has colons in its names and the fake library asks `dladdr` where it lies.
#[cfg(unix)]
mod discovery;
mod emi;
mod integrator;
#[cfg(unix)]
mod linux;
#[cfg(unix)]
mod linux_cards;
#[cfg(unix)]
mod linux_others;
#[cfg(unix)]
mod linux_support;
mod models;
mod names;
#[cfg(unix)]
mod nvml;
#[cfg(unix)]
mod nvml_faults;
mod performance_counters;
mod recording;
mod roofline;
mod sampling;
mod simulated;
mod simulated_models;
mod simulations;

#[cfg(unix)]
#[path = "../support/fake_nvml.rs"]
mod fake_nvml;
#[cfg(unix)]
#[path = "../support/fake_sysfs.rs"]
mod fake_sysfs;

use joulelab::{
    power::{ErrorRule, Kind, MeterInfo, Origin, Part},
    units::{Boundary, Grade},
};

/// A counter of microjoules without a known range.
fn counter(id: &str) -> MeterInfo {
    MeterInfo {
        id: id.to_owned(),
        source: "test counter".to_owned(),
        device: "test device".to_owned(),
        boundary: Boundary::CpuPackage,
        covers: vec![Part::package("0")],
        origin: Origin::Sensor,
        every_s: 0.0,
        grade: Grade::B,
        kind: Kind::Counter {
            joules_per_count: 1e-6,
            wrap_counts: None,
        },
        refresh_s: Some(0.001),
        error: ErrorRule::COUNTER,
        max_power_w: 1000.0,
        notes: Vec::new(),
        pci: None,
    }
}

/// Polled power.
fn polled(id: &str) -> MeterInfo {
    MeterInfo {
        source: "test power".to_owned(),
        boundary: Boundary::GpuBoard,
        covers: vec![Part::training_gpu()],
        grade: Grade::C,
        kind: Kind::Power,
        refresh_s: None,
        error: ErrorRule::POLLED,
        ..counter(id)
    }
}
