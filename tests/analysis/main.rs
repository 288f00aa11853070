//! The analysis through its public faces: statistics against published values, trials whose energies are known, what the
//! library holds, reports, and the command line.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test that fails ends the test, as it should"
)]

mod command;
mod common;
mod effects;
mod forecasts;
mod kinds;
mod library;
mod lives;
mod reports;
mod setups;
mod statistics;
