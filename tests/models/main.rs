//! Models: what a plan says of them, and what the networks do.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod counts;
mod fields;
mod forward;
mod gradients;
mod references;
mod refusals;
