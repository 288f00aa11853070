//! Runs a sweep: trial after trial, each recorded as a run of its own, with everything in the library that is needed to go on
//! after any interruption.
//!
//! What is tried next is said by a searcher (`analysis::search`) from the trials that are over. A trial is marked as running,
//! with the identifier of its run, before the run begins; what became of it is found out from that run where the program ended
//! in between (`recover.rs`). One thread makes all runs of a device (`lane.rs`), with one worker as long as it is well.

mod clash;
mod control;
mod lane;
mod outcome;
mod parents;
mod plan;
mod recover;
mod runner;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};

use serde_json::Value;

pub use control::SweepControl;
pub use parents::check as check_starts;

use super::{RunEvent, StartError, WorkerCommand};
use crate::library::{LibraryError, Status, TrialRecord};
use crate::setup::sweep::Sweep;

/// Events that may wait for whoever watches.
const EVENTS_WAITING: usize = 4096;

/// A sweep to be started or taken up again.
#[derive(Clone, Debug)]
pub struct SweepLaunch {
    /// What to run; validated. Of a sweep that is taken up, its own.
    pub sweep: Sweep,
    /// Identifier of the sweep to go on with.
    pub resume: Option<String>,
    /// What is expected of it, as plain data to be kept beside what came.
    pub forecast: Option<Value>,
    /// How to start a worker.
    pub worker: WorkerCommand,
    /// The library.
    pub library: PathBuf,
}

/// What whoever watches a sweep hears of.
#[derive(Debug)]
pub enum SweepEvent {
    /// It is in the library and begins.
    Began {
        /// Its identifier.
        id: String,
        /// Trials that it will have at most.
        total: u64,
        /// Trials that are over already.
        over: u64,
    },
    /// Trials were added, as a searcher proposed them.
    Planned {
        /// How many.
        trials: u64,
    },
    /// A trial begins.
    TrialBegan {
        /// Its number.
        number: u64,
        /// Its run.
        run_id: String,
    },
    /// The run of a trial told something.
    Run {
        /// The trial's number.
        number: u64,
        /// What it told.
        event: Box<RunEvent>,
    },
    /// A trial is over, or was put back to be run again.
    TrialEnded {
        /// How it stands.
        trial: Box<TrialRecord>,
    },
    /// Nothing goes on until it is resumed.
    Paused,
    /// It goes on.
    Resumed,
    /// It is over; the last event.
    Ended(Box<SweepEnding>),
}

/// How a sweep ended.
#[derive(Debug)]
pub struct SweepEnding {
    /// Its identifier, where it came to be in the library.
    pub id: Option<String>,
    /// How it stands in the library.
    pub status: Status,
    /// What went wrong with the sweep as a whole; that of a single run is with its trial.
    pub failure: Option<SweepFailure>,
}

/// What ends a sweep before its trials are done.
#[derive(Debug, thiserror::Error)]
pub enum SweepFailure {
    /// The library cannot be read or written.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// No worker can be started.
    #[error(transparent)]
    Worker(#[from] StartError),
    /// The record of a run could not be kept.
    #[error("the record of run {run_id} could not be kept: {message}")]
    Record {
        /// The run.
        run_id: String,
        /// Why.
        message: String,
    },
    /// A run that others are to start from is not there.
    #[error("{0}")]
    Start(String),
    /// Another run is being measured on the device.
    #[error(
        "run {run_id} is being measured on `{device}` by another program; two runs on one device measure each other, so \
         wait for its end or stop it"
    )]
    Occupied {
        /// The other run.
        run_id: String,
        /// The device's name.
        device: String,
    },
    /// What the library holds of the sweep is of another version.
    #[error("the sweep cannot be gone on with: {0}")]
    Stored(String),
}

/// A sweep that is going on.
pub struct SweepSession {
    /// What happens; ends after [`SweepEvent::Ended`]. Events of runs are dropped where nobody takes them in time.
    pub events: Receiver<SweepEvent>,
    /// What the user can do.
    pub control: SweepControl,
}

/// Starts a sweep; it goes on whether or not its events are taken.
///
/// # Errors
/// Where the system gives no thread.
pub fn start_sweep(launch: SweepLaunch) -> Result<SweepSession, StartError> {
    let (sender, events) = sync_channel(EVENTS_WAITING);
    let control = SweepControl::default();
    let wishes = control.clone();
    std::thread::Builder::new()
        .name("joulelab-sweep".to_owned())
        .spawn(move || {
            let ending = runner::run(&launch, &wishes, &sender);
            // Whoever watched may be gone; the record is complete either way.
            let _ = sender.send(SweepEvent::Ended(Box::new(ending)));
        })
        .map_err(StartError::Start)?;
    Ok(SweepSession { events, control })
}
