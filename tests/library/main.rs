//! The library and its exports through their public faces, on real files.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test that fails ends the test, as it should"
)]

mod carbon;
mod common;
mod crash;
mod disk;
mod export;
mod export_files;
mod finding;
mod import;
mod knowledge;
mod lineage;
mod metrics;
mod opening;
mod predictions;
mod recording;
mod sharing;
mod sums;
