//! The training loop through its public face: what it learns from, how it learns, how it goes on from a checkpoint.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test that fails ends the test, as it should"
)]

mod batches;
mod common;
mod families;
mod reference;
mod regimes;
mod validation;
mod ways;
