//! The command line and the worker, as processes, the way users run them.

mod adapter;
mod bad_input;
mod data;
#[path = "../support/fake_nvml.rs"]
mod fake_nvml;
#[path = "../support/fake_sysfs.rs"]
mod fake_sysfs;
mod interruption;
mod joulelab;
mod library;
#[cfg(unix)]
mod meters;
mod setup;
mod training;
mod worker;
