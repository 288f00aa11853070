//! One run under control: its worker, its record, and whoever watches.

mod create;
mod end;
mod launch;
mod listen;
mod request;

pub use launch::{Ending, Launch, RunEvent, RunSession, new_id};

use std::sync::mpsc::sync_channel;

use super::folders::Folders;
use super::outlook::Outlook;
use super::process::{StartError, Worker};
use super::record::Recorder;
use super::run_control::RunControl;
use crate::analysis::CarbonIntensity;
use crate::library::{self, Ancestor, Library, LibraryError};
use crate::protocol::{Data, Device, Event, Failure, FailureKind, Summary, Terms};

/// Events that may wait for whoever watches.
const EVENTS_WAITING: usize = 4096;

/// Starts a run; it goes on whether or not its events are taken.
///
/// # Errors
/// Where the worker cannot be started.
pub fn start(launch: Launch) -> Result<RunSession, StartError> {
    let worker = Worker::start(&launch.worker)?;
    let (sender, events) = sync_channel(EVENTS_WAITING);
    let control = RunControl::default();
    let wishes = control.clone();
    std::thread::Builder::new()
        .name("joulelab-record".to_owned())
        .spawn(move || {
            let told = sender.clone();
            // Whoever watches may be slow or gone; the record does not wait for them.
            let watcher = move |event| {
                if told.try_send(event).is_err() {
                    tracing::debug!("nobody took an event of the run in time");
                }
            };
            let place = Among {
                run_id: launch.resume.clone().unwrap_or_else(new_id),
                terms: Terms::default(),
            };
            let (ending, _) = run_in(worker, launch, place, wishes, Box::new(watcher));
            // Whoever watched may be gone; the record is complete either way.
            let _ = sender.send(RunEvent::Ended(Box::new(ending)));
        })
        .map_err(StartError::Start)?;
    Ok(RunSession { events, control })
}

/// Where a run stands among others.
pub(super) struct Among {
    /// Its identifier: of a resumed run its own, else a new one.
    pub run_id: String,
    /// What holds around it.
    pub terms: Terms,
}

/// Hears of everything that a run tells, on the thread that records it: it must not wait.
pub(super) type Watcher<'a> = Box<dyn FnMut(RunEvent) + 'a>;

/// Makes a run with `worker` on the calling thread. Gives the worker back where it takes another one.
pub(super) fn run_in(
    worker: Worker,
    launch: Launch,
    place: Among,
    wishes: RunControl,
    watcher: Watcher<'_>,
) -> (Ending, Option<Worker>) {
    Session::new(launch, worker, place, wishes, watcher).run()
}

struct Session<'a> {
    launch: Launch,
    terms: Terms,
    folders: Folders,
    worker: Worker,
    wishes: RunControl,
    watcher: Watcher<'a>,
    run_id: String,
    /// Whether the worker has ended the run and takes another one.
    is_free: bool,
    device: Option<Device>,
    data: Option<Data>,
    self_check: Option<library::SelfCheck>,
    intensity: Option<CarbonIntensity>,
    recorder: Option<Recorder>,
    /// What the run will come to; not of a resumed one, which is told by its beginning.
    outlook: Option<Outlook>,
    /// Identifier of the wall calibration that is applied.
    calibration: Option<String>,
    /// What the worker learnt of the machine's power.
    learnt: Option<Event>,
    /// Of a resumed run: its device, and the step that it goes on from.
    resumes_on: Option<String>,
    from_step: u64,
    /// The run that it starts from, and whose work is in its weights.
    parent: Option<String>,
    ancestors: Vec<Ancestor>,
    store_now: bool,
    killed: bool,
}

/// What ended the loop over the worker's events.
enum End {
    Finished(Box<Summary>),
    Failed(Failure),
    WorkerGone,
    Library(LibraryError),
}

impl End {
    fn failed(kind: FailureKind, message: impl Into<String>) -> Self {
        Self::Failed(Failure {
            kind,
            message: message.into(),
        })
    }
}

impl<'a> Session<'a> {
    fn new(
        launch: Launch,
        worker: Worker,
        place: Among,
        wishes: RunControl,
        watcher: Watcher<'a>,
    ) -> Self {
        Self {
            folders: Folders::beside(&launch.library),
            launch,
            worker,
            wishes,
            watcher,
            run_id: place.run_id,
            terms: place.terms,
            is_free: false,
            device: None,
            data: None,
            self_check: None,
            intensity: None,
            recorder: None,
            outlook: None,
            calibration: None,
            learnt: None,
            resumes_on: None,
            from_step: 0,
            parent: None,
            ancestors: Vec::new(),
            store_now: false,
            killed: false,
        }
    }

    fn run(mut self) -> (Ending, Option<Worker>) {
        let mut library = match Library::open(&self.launch.library) {
            Ok(library) => library,
            Err(error) => return self.ending(None, End::Library(error)),
        };
        let end = match self.ask(&library) {
            Ok(trained) => self.listen(&mut library, &trained),
            Err(end) => end,
        };
        self.ending(Some(&mut library), end)
    }

    fn tell(&mut self, event: RunEvent) {
        (self.watcher)(event);
    }
}
