//! Several labels learnt at once: heads on one trunk, their losses, metrics and targets, and the comparison with separate runs.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test that fails ends the test, as it should"
)]

mod common;
mod compared;
mod heads;
mod learning;
mod losses;
mod program;
mod refusals;
