//! The library: every run that was ever recorded, in one SQLite file, and its export as CSV.
//!
//! A [`Library`] is opened by a path; a run is created, appended to about once a second in one transaction each, and
//! finished. Killed at any moment, a run keeps all but its last transaction, and [`Library::sweep_interrupted`] marks
//! it interrupted. Two programs may use one file at once: it is in WAL mode and transactions are short. A loss of
//! power may cost the last few transactions, never the file.
//!
//! Depends on `setup` (as plain data: canonical JSON and hashes) and `units`. Used by `control`, `analysis` (types only),
//! `cli` and `gui`.

mod count;
mod edit;
mod energy;
mod error;
pub mod export;
mod forecasts;
mod import;
mod inferences;
mod knowledge;
mod lineage;
mod list;
mod lookup;
mod open;
mod places;
mod predictions;
mod read;
mod readings;
mod records;
mod rows;
mod schema;
mod sums;
mod sweeps;
mod tables;
mod time;
mod types;
mod write;

pub use edit::Purged;
pub use error::LibraryError;
pub use forecasts::{ForecastRecord, JudgedForecast};
pub use import::Imported;
pub use inferences::{HeadAnswers, Inference, Latency};
pub use knowledge::{CpuPoint, DevicePoint, WallCalibration};
pub use lineage::{Ancestor, Relation};
pub use list::ListedRun;
pub use lookup::{Filter, Order};
pub use open::Library;
pub use read::{SampleFilter, Series};
pub use records::{
    Checkpoint, Confusion, EpochEnergy, EpochRecord, IdlePower, Meter, PHASES, PhaseEnergy,
    Predictions, Record, SampleRow, SelfCheck, StepPoint,
};
pub use sums::{at_boundary, sum_by_source, sum_of_parts};
pub use sweeps::{
    CooledDown, NewSweep, NewTrial, SweepRecord, SweepRow, TrialEnd, TrialRecord, TrialResult,
    TrialStatus,
};
pub use types::{
    CarbonBasis, CarbonSummary, Device, Machine, Metrics, NewRun, Owner, PhaseRecord, PhaseTotal,
    Reopened, Run, RunDetails, RunRow, Setup, Status, Summary,
};
pub use write::HEARTBEAT_STALE_S;
