//! The window through its accessible names, with the real worker on the CPU backend.

mod closing;
mod failure;
mod keyboard;
#[cfg(target_os = "linux")]
mod launch;
mod mistakes;
mod names;
mod snapshots;
mod training;
mod values;
mod window;
