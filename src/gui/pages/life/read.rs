//! The chosen runs as the library has them, and runs that go with one that was chosen.

use serde_json::Value;

use crate::analysis::lives::{self, place};
use crate::gui::jobs::{Lane, Slot};
use crate::gui::state::Shared;
use crate::library::{Filter, Library, LibraryError, ListedRun, Run, RunDetails};

/// Runs of a dataset among which those are looked for that go with another.
const LOOKED_AT: u64 = 2000;

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

/// Runs that go with one that was chosen.
#[derive(Default)]
pub struct Suggested {
    /// Of the model.
    pub runs: Vec<String>,
    /// From nothing.
    pub scratch: Vec<String>,
    /// Whether they take the place of what was chosen before, rather than being added.
    pub replaces: bool,
    /// What is to be said of it.
    pub note: Option<String>,
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
    /// What is to be said of what was proposed.
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
            Part::Model => Ok(Suggested {
                runs: seeds(library, &id)?,
                ..Suggested::default()
            }),
            Part::Scratch => Ok(Suggested {
                scratch: seeds(library, &id)?,
                ..Suggested::default()
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
            Some(Err(error)) => Some(Err(error.clone())),
            Some(Ok(found)) => Some(Ok(Suggested {
                runs: found.runs.clone(),
                scratch: found.scratch.clone(),
                replaces: found.replaces,
                note: found.note.clone(),
            })),
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

fn on_dataset(library: &Library, dataset: &str) -> Result<Vec<ListedRun>, LibraryError> {
    let filter = Filter {
        dataset: Some(dataset.to_owned()),
        limit: Some(LOOKED_AT),
        ..Filter::default()
    };
    library.listed(&filter, 0)
}

/// The run and those that differ from it only in their seed, the run first.
fn seeds(library: &Library, id: &str) -> Result<Vec<String>, LibraryError> {
    let run = library.run(id)?;
    let others = on_dataset(library, &run.setup.dataset)?;
    Ok(of_group(&run, others.iter().map(|other| &other.run)))
}

/// `first` and those of `runs` that differ from it only in their seed: one for each seed, since a second would repeat it, and on its
/// device.
fn of_group<'a>(first: &Run, runs: impl Iterator<Item = &'a Run>) -> Vec<String> {
    let mut seeds = vec![first.setup.seed];
    let mut found = vec![first.id.clone()];
    for run in runs {
        let is_alike = run.setup.group_hash == first.setup.group_hash && place(run) == place(first);
        if is_alike && !seeds.contains(&run.setup.seed) {
            seeds.push(run.setup.seed);
            found.push(run.id.clone());
        }
    }
    found
}

/// The runs that started or learnt from `id`, those of the latest setup; and the runs from nothing that ask for the same.
fn behind(library: &Library, id: &str) -> Result<Suggested, LibraryError> {
    let parent = library.run(id)?;
    let mut children = Vec::new();
    for child in library.descendants(&parent.id)? {
        let details = library.details(&child)?;
        let started_from = details.ancestors.first();
        if started_from.is_some_and(|of| of.run_id.as_ref() == Some(&parent.id)) {
            children.push(details.run);
        }
    }
    let name = parent.name.as_deref().unwrap_or(&parent.id);
    let Some(latest) = children.first() else {
        return Ok(Suggested {
            replaces: false,
            note: Some(format!(
                "No run of the library started or learnt from {name}. Start one on the Train page: Start from, or Teacher, A run of the library."
            )),
            ..Suggested::default()
        });
    };
    let runs = of_group(latest, children.iter());
    let wanted = lives::Asked::of(latest);
    let listed = on_dataset(library, &latest.setup.dataset)?;
    let listed = || listed.iter().map(|listed| &listed.run);
    let is_alike = |run: &&Run| {
        let asked = lives::Asked::of(run).zip(wanted.as_ref());
        asked.is_some_and(|(asked, wanted)| asked.is_for_the_same(wanted))
            && is_from_nothing(&run.setup.json)
            && place(run) == place(latest)
    };
    let alike = listed().find(is_alike);
    let scratch = alike.map(|run| of_group(run, listed()));
    let scratch = scratch.unwrap_or_default();
    let note = format!(
        "{} started from {name}, and {} from nothing to the same target. Check that they are those that you mean.",
        runs_in_words(runs.len()),
        runs_in_words(scratch.len())
    );
    Ok(Suggested {
        runs,
        scratch,
        replaces: true,
        note: Some(note),
    })
}

fn runs_in_words(count: usize) -> String {
    match count {
        0 => "no run".to_owned(),
        1 => "1 run".to_owned(),
        several => format!("{several} runs"),
    }
}

fn is_from_nothing(json: &str) -> bool {
    let setup: Result<Value, _> = serde_json::from_str(json);
    let lacks = |setup: &Value, part: &str| setup.get(part).is_none_or(Value::is_null);
    setup.is_ok_and(|setup| lacks(&setup, "start") && lacks(&setup, "distil"))
}
