//! Power and energy of the machine: the meters that answer, a thread that reads them, energy over windows of time with
//! an honest interval, and how figures are put together.
//!
//! - [`Meter`]: one source behind a small trait; [`discover`] tries them all and says why one was not used.
//! - [`Integrator`]: from readings to joules with interval and coverage; pure.
//! - [`Sampler`]: the thread that reads every meter on one [`Clock`] and keeps windows of time.
//! - [`net`], [`components`]: idle baseline and sums.
//!
//! - [`Part`] and [`Role`]: the machine as a tree of parts, and which meters may be added up.
//!
//! - [`recording`]: everything that the meters say in a file, and computed again; [`simulated`]: made-up meters.
//! - [`Rounds`]: sampling without a thread, on a clock that is moved by hand.
//!
//! To add a source: one file in `sources/` that offers meters, and one line in its list.
//!
//! Depends on `units` and nothing else of this project. Knows nothing of training: whoever trains hands in a function
//! that tells how busy the device is.

mod account;
mod books;
mod calibration;
mod choice;
mod clock;
mod cost;
mod discover;
mod integrate;
mod meter;
mod model;
mod part;
mod pci;
pub mod recording;
mod report;
mod rounds;
mod sampler;
mod sampling;
pub mod simulated;
mod slot;
mod sources;
mod watched;

pub use account::{Components, IdleBaseline, IdlePower, components, net};
pub use calibration::{
    CalibrationError, Circumstances, MeterRef, OtherMeters, PUBLISHED_LINE_ERROR, PointKind,
    WallCalibration, WallPoint,
};
pub use choice::{AccountLine, Place, Planned, Role};
pub use clock::Clock;
pub use discover::{Discovery, Options, TrainingGpu, discover};
pub use integrate::{Dropped, Integrator, Mark, Push};
pub use meter::{
    ErrorRule, Extra, Kind, Level, Load, Meter, MeterInfo, Origin, ReadError, Reading,
};
pub use model::{
    Because, CPU_LOAD_EVERY_S, CpuPoints, FitError, Fitted, LeftOut, LoadReading, ModelMeter,
    Parameters, RooflineFit, RooflineMeter, RooflinePoint, Term, Work, WorkDone, cpu_load,
    cpu_tdp_w, gpu_board_power_w, installed_gib, memory_bytes, shape,
};
pub use part::Part;
pub use pci::{BadPciAddress, PciAddress};
pub use report::{Refusal, SourceReport, Status};
pub use rounds::Rounds;
pub use sampler::{
    Edge, MeterNow, Record, Sample, Sampler, SamplerError, SamplerOptions, Snapshot, WindowId,
};
pub use sources::{
    PerfCounter, UDEV_RULE, access_refusal, apple, emi, part_time_sampled, perf_counters,
    perf_refusal, sleeping_cards, windows_gpu,
};
pub use watched::Watched;
