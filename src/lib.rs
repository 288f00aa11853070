//! Joulelab: trains real neural networks on any GPU and shows what each choice of the training setup costs in energy.
//!
//! The rooms and which may depend on which are drawn in `docs/ARCHITECTURE.md`. The library exists for the program's own
//! faces (command line, worker, window), its tests and its benchmarks.

#![warn(missing_docs)]

pub mod analysis;
pub mod cli;
pub mod control;
pub mod data;
pub mod device;
pub mod gui;
pub mod library;
pub mod models;
pub mod power;
pub mod protocol;
pub mod report;
pub mod setup;
pub mod train;
pub mod units;
pub mod worker;
