//! The chosen runs as the library has them, read off the window's thread.

use super::propose::{Suggested, behind, seeds};
use crate::gui::jobs::{Lane, Slot};
use crate::gui::state::Shared;
use crate::library::{Library, LibraryError, RunDetails};

/// The chosen runs.
#[derive(Default)]
pub struct Loaded {
    /// Of the model.
    pub runs: Vec<RunDetails>,
    /// From nothing.
    pub scratch: Vec<RunDetails>,
    /// Chosen runs that are not in the library any more.
    pub gone: Vec<String>,
}

/// For what a run was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// As what was learnt before.
    Before,
    /// As a run of the model.
    Model,
    /// As a run from nothing.
    Scratch,
}

type Asked = (Vec<String>, Vec<String>, u64);

/// Reads them.
#[derive(Default)]
pub struct Reader {
    asked: Option<Asked>,
    coming: Option<Slot<Result<Loaded, String>>>,
    /// What was read last; it stays until the next has been.
    last: Option<Slot<Result<Loaded, String>>>,
    looking: Option<Slot<Result<Suggested, String>>>,
    /// Changes with everything that is read.
    pub serial: u64,
    /// Why nothing could be proposed.
    pub note: Option<String>,
}

impl Reader {
    /// Reads everything again in the next frame.
    pub fn forget(&mut self) {
        self.asked = None;
    }

    /// Reads the chosen runs where they or the library are others. Called once a frame.
    pub fn follow(&mut self, shared: &mut Shared, runs: &[String], scratch: &[String]) {
        if let Some(coming) = self.coming.take() {
            match coming.get() {
                Some(_) => {
                    self.last = Some(coming);
                    self.serial += 1;
                }
                None if coming.is_lost() => self.asked = None,
                None => {
                    self.coming = Some(coming);
                    return;
                }
            }
        }
        let asked = (runs.to_vec(), scratch.to_vec(), shared.library_revision);
        if self.asked.as_ref() == Some(&asked) {
            return;
        }
        let (runs, scratch) = (asked.0.clone(), asked.1.clone());
        self.asked = Some(asked);
        self.coming = Some(fetch(shared, move |library| {
            let mut loaded = Loaded::default();
            for (ids, list) in [(&runs, &mut loaded.runs), (&scratch, &mut loaded.scratch)] {
                for id in ids {
                    match library.details(id) {
                        Ok(details) => list.push(details),
                        Err(LibraryError::UnknownRun { .. } | LibraryError::DeletedRun { .. }) => {
                            loaded.gone.push(id.clone());
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            Ok(loaded)
        }));
    }

    /// The chosen runs, once they were read.
    pub fn loaded(&self) -> Option<&Loaded> {
        self.last.as_ref()?.get()?.as_ref().ok()
    }

    /// Why they could not be read.
    pub fn error(&self) -> Option<&str> {
        let result = self.last.as_ref()?.get()?;
        result.as_ref().err().map(String::as_str)
    }

    /// Looks for the runs that go with `id`.
    pub fn look(&mut self, shared: &mut Shared, part: Part, id: String) {
        self.note = None;
        self.looking = Some(fetch(shared, move |library| match part {
            Part::Before => behind(library, &id),
            Part::Model => Ok(Suggested::More {
                runs: seeds(library, &id)?,
                scratch: Vec::new(),
            }),
            Part::Scratch => Ok(Suggested::More {
                runs: Vec::new(),
                scratch: seeds(library, &id)?,
            }),
        }));
    }

    /// What was found, once.
    pub fn suggested(&mut self) -> Option<Result<Suggested, String>> {
        let looking = self.looking.take()?;
        match looking.get() {
            None if looking.is_lost() => None,
            None => {
                self.looking = Some(looking);
                None
            }
            Some(found) => Some(found.clone()),
        }
    }
}

fn fetch<T: Send + Sync + 'static>(
    shared: &mut Shared,
    work: impl FnOnce(&mut Library) -> Result<T, LibraryError> + Send + 'static,
) -> Slot<Result<T, String>> {
    let (library, path) = (shared.library.clone(), shared.library_path());
    shared.jobs.fetch(Lane::Library, move |_| {
        let result = path.and_then(|path| library.with(&path, work));
        result.map_err(|error| error.to_string())
    })
}
