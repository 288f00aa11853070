//! The window through its accessible names, with the real worker on the CPU backend.

mod closing;
mod devices;
mod failure;
mod keyboard;
#[cfg(target_os = "linux")]
mod launch;
mod library;
mod mistakes;
mod names;
mod quiet;
mod settings;
mod snapshots;
mod training;
mod values;
mod window;
