//! What can train: graphics adapters over every API and the CPU, how one is chosen, opened and checked.
//!
//! Depends on `units`; uses wgpu and Burn. Nothing here runs before a device is asked for.

mod cache;
mod cbor;
mod choose;
mod gather;
mod gather_check;
mod kernels;
mod list;
mod mill;
mod open;
mod self_check;
mod thrift;
mod tuning;

pub use cache::use_kernel_cache;
pub use choose::{ChoiceError, Chosen, choose};
pub use gather::{Gathering, Images};
pub use kernels::{Kernel, KernelWatch, Kernels};
pub use list::{Api, DeviceEntry, DeviceKind, cpu_entry, list};
pub use mill::Mill;
pub use open::{OpenError, Opened, open};
pub use self_check::{SELF_CHECK_TOLERANCE, SelfCheckReport, self_check};
pub use tuning::Tuning;
