//! The devices that can train, and how they compare with the CPU.

use serde::{Deserialize, Serialize};

/// A device that can train.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Number for `--device`.
    pub index: usize,
    /// Name, as its driver gives it.
    pub name: String,
    /// `discrete-gpu`, `integrated-gpu`, `virtual-gpu`, `software`, `other` or `cpu`.
    pub kind: String,
    /// Graphics API; `None` for the CPU.
    pub api: Option<String>,
    /// Burn's backend, such as `wgpu/vulkan` or `flex`.
    pub backend: String,
    /// Driver with its version; empty where there is none.
    pub driver: String,
    /// Who made it.
    pub vendor: Option<String>,
    /// PCI address, or the platform's like.
    pub address: Option<String>,
    /// Stays the same over restarts and upgrades of the driver.
    pub identity: String,
}

/// Comparison of a device with the CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Identity of the device.
    pub device: String,
    /// Its driver with version.
    pub driver: String,
    /// Version of the program that checked.
    pub program_version: String,
    /// Whether every difference was within the tolerance.
    pub passed: bool,
    /// Largest relative difference allowed.
    pub tolerance: f64,
    /// Relative difference of the loss.
    pub loss_difference: Option<f64>,
    /// Largest relative difference of a gradient.
    pub gradient_difference: Option<f64>,
    /// Whether it was done now, not taken from the library.
    pub fresh: bool,
}
