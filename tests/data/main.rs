//! Datasets through the library's public face.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allocation;
mod download;
mod idx;
mod idx_hostile;
mod recipes;
mod registry;
mod server;
mod setup;
mod shapes;
mod shipped;
mod split;
