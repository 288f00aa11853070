//! Several labels learnt at once: heads on one trunk, their losses, metrics and targets, and the comparison with separate runs.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test that fails ends the test, as it should"
)]

mod cifar;
mod common;
mod compared;
mod heads;
mod learning;
mod losses;
mod program;
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "written for the tests of downloads, where a failure is one of the test"
)]
#[path = "../data/recipes.rs"]
mod recipes;
mod refusals;
mod served;
