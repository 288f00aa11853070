//! Power and energy of the machine: the meters that answer, a thread that reads them, energy over windows of time with
//! an honest interval, and how figures are put together.
//!
//! - [`Meter`]: one source behind a small trait; [`discover`] tries them all and says why one was not used.
//! - [`Integrator`]: from readings to joules with interval and coverage; pure.
//! - [`Sampler`]: the thread that reads every meter on one [`Clock`] and keeps windows of time.
//! - [`net`], [`components`]: idle baseline and sums.
//!
//! To add a source: one file that implements [`Meter`] and one line in the list of `discover.rs`.
//!
//! Depends on `units` and nothing else of this project. Knows nothing of training: whoever trains hands in a function
//! that tells how busy the device is.

mod account;
mod clock;
mod discover;
mod integrate;
mod meter;
mod model;
mod nvml;
mod pci;
mod rapl;
mod report;
mod sampler;
mod sampling;

pub use account::{Components, IdleBaseline, IdlePower, components, net};
pub use clock::Clock;
pub use discover::{Discovery, Options, TrainingGpu, discover};
pub use integrate::{Dropped, Integrator, Mark, Push};
pub use meter::{ErrorRule, Extra, Kind, Level, Load, Meter, MeterInfo, ReadError, Reading};
pub use model::{ModelMeter, Parameters, cpu_load, cpu_tdp_w, gpu_board_power_w, shape};
pub use nvml::{part_time_sampled, sleeping_cards};
pub use pci::{BadPciAddress, PciAddress};
pub use rapl::{UDEV_RULE, access_refusal};
pub use report::{Refusal, SourceReport, Status};
pub use sampler::{
    Edge, MeterNow, Sample, Sampler, SamplerError, SamplerOptions, Snapshot, WindowId,
};
