//! What a network has learnt before: weights from runs and files, frozen layers, and whose work is in them.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test that fails ends the test, as it should"
)]

mod best;
mod common;
mod distil;
mod freezing;
mod hostile;
mod inference;
mod layers;
mod lifecycle;
mod program;
mod resize;
mod saving;
mod weights;
