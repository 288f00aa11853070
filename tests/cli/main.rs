//! The command line and the worker, as processes, the way users run them.

mod adapter;
mod ask;
mod bad_input;
#[cfg(unix)]
mod calibrate;
mod data;
#[cfg(unix)]
mod doctor;
#[path = "../support/fake_nvml.rs"]
mod fake_nvml;
#[path = "../support/fake_sysfs.rs"]
mod fake_sysfs;
mod infer;
mod interruption;
mod joulelab;
#[cfg(unix)]
mod knowledge;
mod library;
#[cfg(unix)]
mod machine;
#[cfg(unix)]
mod meters;
#[cfg(unix)]
mod power;
#[cfg(unix)]
mod power_command;
mod setup;
mod trace;
mod training;
mod worker;
