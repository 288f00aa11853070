//! What a run is started with, and what whoever watches it hears.

use std::path::PathBuf;
use std::sync::mpsc::Receiver;

use crate::control::{RunControl, WorkerCommand};
use crate::library::{CarbonSummary, Status};
use crate::protocol::{Event, Failure, Summary};
use crate::setup::Setup;

/// A run to be started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// What to train. For a resumed run, its own setup.
    pub setup: Setup,
    /// Name, where the user gave one.
    pub name: Option<String>,
    /// Remark, where the user made one.
    pub note: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Identifier of the run to go on with.
    pub resume: Option<String>,
    /// File to which every raw reading of the meters is written.
    pub record: Option<PathBuf>,
    /// How to start the worker.
    pub worker: WorkerCommand,
    /// The library.
    pub library: PathBuf,
}

/// What whoever watches a run hears of.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// The worker said something.
    Worker(Box<Event>),
    /// The run is in the library now.
    Recorded {
        /// Its identifier.
        run_id: String,
    },
    /// The run is over; the last event.
    Ended(Box<Ending>),
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Its identifier, where it came to be recorded.
    pub run_id: Option<String>,
    /// How it stands in the library.
    pub status: Status,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Whether the worker died, rather than ending by itself.
    pub worker_died: bool,
    /// Whether the library failed, rather than the run.
    pub library_failed: bool,
    /// What it came to.
    pub summary: Option<Summary>,
    /// Its carbon.
    pub carbon: Option<CarbonSummary>,
}

/// A run that is going on.
pub struct RunSession {
    /// What happens; ends after [`RunEvent::Ended`].
    pub events: Receiver<RunEvent>,
    /// What the user can do.
    pub control: RunControl,
}

/// A new identifier: date and time (UTC) for people, and four random characters against clashes.
pub fn new_id() -> String {
    use rand::RngExt;
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut rng = rand::rng();
    let chance: String = (0..4)
        .map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]))
        .collect();
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
    format!("{now}-{chance}")
}
