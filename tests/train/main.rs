//! The training loop through its public face: what it learns from, how it learns, how it goes on from a checkpoint.

mod batches;
mod common;
mod reference;
mod regimes;
mod validation;
