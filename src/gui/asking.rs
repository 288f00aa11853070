//! The trained network that the window has loaded to be asked: one at a time.

use std::sync::{Arc, Mutex, PoisonError};

use super::jobs::{Jobs, Lane, SharedLibrary, Slot};
use super::state::{Shared, State};
use crate::control::{self, Answered, Asker, Continued, Folders, Taste, WorkerCommand};
use crate::data::own::{Encoding, OwnSample};
use crate::library::{Library, RunDetails};
use crate::protocol::{Device, InferRequest};
use crate::setup::{DatasetSetup, MeasureSetup, Setup};

/// A network that answers, shared with the lane in which it is asked.
type Holder = Arc<Mutex<Option<Asker>>>;

/// The network that is loaded, if one is.
#[derive(Default)]
pub struct Asking {
    run_id: Option<String>,
    holder: Holder,
    ready: Option<Slot<Result<Arc<Ready>, String>>>,
    /// Changes with every network that is loaded.
    pub serial: u64,
}

/// What is known of a network that is loaded.
pub struct Ready {
    /// How samples of one's own become those that it takes.
    pub encoding: Arc<Encoding>,
    /// Where it answers.
    pub device: Device,
    /// Steps that had been done when its weights were saved.
    pub step: u64,
    /// Where its samples come from.
    pub dataset: DatasetSetup,
}

/// How far the loading is.
pub enum Loaded {
    /// Not there yet.
    Loading,
    /// It can be asked.
    Ready(Arc<Ready>),
    /// Why it cannot.
    Failed(String),
}

/// Where a question is answered, and what comes of it.
pub type Question<T> = Slot<Result<T, String>>;

impl Asking {
    /// How far the network of run `run_id` is, which is loaded where it is not.
    pub fn of(shared: &mut Shared, run_id: &str) -> Loaded {
        if shared.asking.run_id.as_deref() != Some(run_id) {
            Self::load(shared, run_id);
        }
        match &shared.asking.ready {
            None => Loaded::Loading,
            Some(slot) if slot.is_lost() => Loaded::Failed(
                "reading it failed inside the program; the log says where".to_owned(),
            ),
            Some(slot) => match slot.get() {
                None => Loaded::Loading,
                Some(Ok(ready)) => Loaded::Ready(Arc::clone(ready)),
                Some(Err(why)) => Loaded::Failed(why.clone()),
            },
        }
    }

    /// Whether the network of run `run_id` is loaded, or being so.
    pub fn is_of(&self, run_id: &str) -> bool {
        self.run_id.as_deref() == Some(run_id)
    }

    fn load(shared: &mut Shared, run_id: &str) {
        shared.close_asking();
        let serial = shared.asking.serial + 1;
        let holder = Holder::default();
        let filled = Arc::clone(&holder);
        let place = Place::of(shared);
        let id = run_id.to_owned();
        let ready = shared.jobs.fetch(Lane::Ask, move |_| {
            let (request, _) = place.request(&id)?;
            let dataset = request.setup.dataset.clone();
            let asker = Asker::start(&place.worker, request, |_| {});
            let asker = asker.map_err(|error| error.to_string())?;
            let ready = Ready {
                encoding: Arc::new(asker.encoding().clone()),
                device: asker.device().clone(),
                step: asker.step(),
                dataset,
            };
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(asker);
            Ok(Arc::new(ready))
        });
        shared.asking = Self {
            run_id: Some(run_id.to_owned()),
            holder,
            ready: Some(ready),
            serial,
        };
    }

    /// What the network says of `sample`.
    pub fn ask(&self, jobs: &mut Jobs, sample: OwnSample) -> Question<Answered> {
        self.with(jobs, move |asker| {
            let answers = asker.ask(std::slice::from_ref(&sample));
            let mut answers = answers.map_err(|error| error.to_string())?;
            answers
                .pop()
                .ok_or_else(|| "the worker gave no answer".to_owned())
        })
    }

    /// Goes on with `text`.
    pub fn go_on(
        &self,
        jobs: &mut Jobs,
        text: String,
        characters: usize,
        taste: Taste,
    ) -> Question<Continued> {
        self.with(jobs, move |asker| {
            asker
                .go_on(&text, characters, taste)
                .map_err(|error| error.to_string())
        })
    }

    fn with<T: Send + Sync + 'static>(
        &self,
        jobs: &mut Jobs,
        work: impl FnOnce(&mut Asker) -> Result<T, String> + Send + 'static,
    ) -> Question<T> {
        let holder = Arc::clone(&self.holder);
        jobs.fetch(Lane::Ask, move |_| {
            let mut asker = holder.lock().unwrap_or_else(PoisonError::into_inner);
            match asker.as_mut() {
                Some(asker) => work(asker),
                None => Err("the network is not loaded any more".to_owned()),
            }
        })
    }
}

/// From where runs are read and with what they are asked.
#[derive(Clone)]
pub struct Place {
    /// How to start a worker.
    pub worker: WorkerCommand,
    library: SharedLibrary,
    path: Result<std::path::PathBuf, String>,
    measure: MeasureSetup,
}

impl Place {
    /// Those of the window.
    pub fn of(shared: &Shared) -> Self {
        Self {
            worker: shared.options.worker.clone(),
            library: shared.library.clone(),
            path: shared.library_path().map_err(|error| error.to_string()),
            measure: shared.preferences.setup.measure.clone(),
        }
    }

    /// Does `work` with the library.
    ///
    /// # Errors
    /// Where it cannot be opened, and as `work`; in words.
    pub fn with<T>(
        &self,
        work: impl FnOnce(&mut Library) -> Result<T, crate::library::LibraryError>,
    ) -> Result<T, String> {
        let path = self.path.clone()?;
        self.library
            .with(&path, work)
            .map_err(|error| error.to_string())
    }

    /// What a worker is asked for, with site and machine of this window; and the run.
    ///
    /// # Errors
    /// Where the run has no checkpoint here or cannot be read; in words.
    pub fn request(&self, run_id: &str) -> Result<(InferRequest, RunDetails), String> {
        let path = self.path.clone()?;
        let (details, knowledge) = self.with(|library| {
            Ok((
                library.details(run_id)?,
                control::knowledge(library).unwrap_or_default(),
            ))
        })?;
        let stored: Setup = serde_json::from_str(&details.run.setup.json)
            .map_err(|error| format!("its setup is of another version: {error}"))?;
        let checkpoint = Folders::beside(&path).newest_checkpoint(run_id);
        let Some((checkpoint, _)) = checkpoint else {
            return Err(match details.checkpoints.last() {
                None => "it has no checkpoint: none was written, so there is no network to ask"
                    .to_owned(),
                Some(last) => format!(
                    "it has no checkpoint on this machine; the last one was written on {} to {}",
                    details
                        .run
                        .machine
                        .hostname
                        .as_deref()
                        .unwrap_or("another machine"),
                    last.path
                ),
            });
        };
        let request = InferRequest {
            setup: Setup {
                measure: self.measure.clone(),
                ..stored
            },
            checkpoint,
            kernel_cache: Folders::kernel_cache(),
            knowledge,
        };
        Ok((request, details))
    }
}

impl Shared {
    /// Lets go of the network that is loaded: its memory is wanted for something else.
    pub fn close_asking(&mut self) {
        let Asking { holder, run_id, .. } = std::mem::take(&mut self.asking);
        if run_id.is_none() {
            return;
        }
        // A worker takes a moment to end, and one that loads must have loaded.
        self.jobs.run(Lane::Ask, move |_| {
            drop(holder.lock().unwrap_or_else(PoisonError::into_inner).take());
            Box::new(|_: &mut State| {})
        });
    }
}
