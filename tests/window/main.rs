//! The window through its accessible names, with the real worker on the CPU backend.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test that fails ends the test, as it should"
)]

mod ask;
mod ask_texts;
mod closing;
mod devices;
mod dialogs;
mod dropped;
mod failure;
mod heads;
mod keyboard;
mod kinds;
#[cfg(target_os = "linux")]
mod launch;
mod library;
mod life;
mod mistakes;
mod names;
mod quiet;
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "written for the tests of downloads, where a failure is one of the test"
)]
#[path = "../data/recipes.rs"]
mod recipes;
mod saving;
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "written for the tests of downloads, where a failure is one of the test"
)]
#[path = "../data/server.rs"]
mod server;
mod sets;
mod settings;
mod snapshots;
mod standing;
mod start;
mod stored;
mod sweep;
mod training;
mod values;
mod window;
