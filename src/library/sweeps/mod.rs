//! Sweeps and their trials: written as they go on, so that a sweep can be taken up after any interruption.

mod read;
mod types;
mod write;

pub use types::{
    CooledDown, NewSweep, NewTrial, SweepRecord, SweepRow, TrialEnd, TrialRecord, TrialResult,
    TrialStatus,
};
