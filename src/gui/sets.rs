//! The sets that can be downloaded: which of them are on the disk, and getting them. Nothing goes out to the network but
//! by [`Shared::get_set`], which a click asks for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::jobs::{Jobs, Lane, Progress};
use super::pace_of_bytes::PaceOfBytes;
use super::state::{Shared, State};
use crate::data::download::{self, Doing, GetError, Got};
use crate::data::registry::{self, Recipe};
use crate::data::{self, Store};
use crate::units::bytes;

/// Where sets that can be downloaded come from, and where they lie.
#[derive(Clone, Debug)]
pub struct Datasets {
    /// Where they lie.
    pub store: Store,
    /// Which there are, and their addresses.
    pub recipes: Vec<Recipe>,
    /// How patient a download is, and which way it goes.
    pub download: download::Options,
}

impl Default for Datasets {
    fn default() -> Self {
        Self {
            store: Store::of_user(),
            recipes: registry::recipes().to_vec(),
            download: download::Options::default(),
        }
    }
}

/// What is known of the sets, and which of them are on their way.
#[derive(Default)]
pub struct Sets {
    options: Datasets,
    sets: BTreeMap<String, Set>,
    is_looking: bool,
}

/// What is known of one set.
#[derive(Default)]
struct Set {
    on_disk: Option<Result<data::State, String>>,
    getting: Option<Getting>,
    failed: Option<Failure>,
}

/// Why a set was not got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened, what was kept, what to do.
    pub text: String,
    /// Every attempt, where there were some.
    pub details: String,
}

/// A set on its way.
pub struct Getting {
    progress: Arc<Progress>,
    told: Arc<Mutex<Told>>,
}

/// How far a set on its way is.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What is going on; `None` before anything is.
    pub doing: Option<Doing>,
    /// The file at hand.
    pub file: String,
    /// Bytes done: of all files while they are downloaded or copied, else of the one at hand.
    pub done: u64,
    /// Bytes to do.
    pub total: u64,
    /// How fast it goes on.
    pub pace: PaceOfBytes,
}

/// A set as the window shows it.
pub enum Shown<'a> {
    /// It is on the disk, or comes from elsewhere.
    Here,
    /// The disk is being looked at.
    Unknown,
    /// The disk cannot be looked at, and why.
    Unreadable(&'a str),
    /// It is not there, or not whole.
    Missing(&'a Recipe, data::State, Option<&'a Failure>),
    /// It is on its way.
    OnItsWay(&'a Recipe, &'a Getting),
}

impl Getting {
    /// How far it is.
    pub fn told(&self) -> Told {
        lock(&self.told).clone()
    }

    /// Calls it off; what came until then is kept.
    pub fn cancel(&self) {
        self.progress.cancel();
    }

    /// Whether it was called off.
    pub fn is_cancelled(&self) -> bool {
        self.progress.is_cancelled()
    }

    /// Whether its job is gone without a word.
    fn is_lost(&self) -> bool {
        Arc::strong_count(&self.told) == 1
    }
}

impl Sets {
    /// Sets of which nothing is known yet.
    pub fn new(options: Datasets) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Where the sets lie.
    pub fn store(&self) -> &Store {
        &self.options.store
    }

    /// The recipe of the set called `name`; `None` where it cannot be downloaded.
    pub fn recipe(&self, name: &str) -> Option<&Recipe> {
        let recipes = &self.options.recipes;
        recipes.iter().find(|recipe| recipe.name == name)
    }

    /// How the set called `name` stands.
    pub fn shown(&self, name: &str) -> Shown<'_> {
        let Some(recipe) = self.recipe(name) else {
            return Shown::Here;
        };
        let Some(set) = self.sets.get(name) else {
            return Shown::Unknown;
        };
        if let Some(getting) = set.getting.as_ref().filter(|getting| !getting.is_lost()) {
            return Shown::OnItsWay(recipe, getting);
        }
        match &set.on_disk {
            None => Shown::Unknown,
            Some(Err(why)) => Shown::Unreadable(why),
            Some(Ok(data::State::Here(_))) => Shown::Here,
            Some(Ok(state)) => Shown::Missing(recipe, *state, set.failed.as_ref()),
        }
    }

    /// What lies on the disk of the set called `name`; `None` where that is not known, or the set is on its way or of another kind.
    pub fn on_disk(&self, name: &str) -> Option<data::State> {
        match self.shown(name) {
            Shown::OnItsWay(..) => None,
            _ => self
                .sets
                .get(name)?
                .on_disk
                .as_ref()?
                .as_ref()
                .ok()
                .copied(),
        }
    }

    /// Looks at the disk for every set.
    pub fn look(&mut self, jobs: &mut Jobs) {
        if std::mem::replace(&mut self.is_looking, true) {
            return;
        }
        let Datasets { store, recipes, .. } = self.options.clone();
        jobs.run(Lane::Files, move |_| {
            let states: Vec<_> = recipes
                .into_iter()
                .map(|recipe| {
                    let state = store.state(&recipe).map_err(|error| error.to_string());
                    (recipe.name, state)
                })
                .collect();
            Box::new(move |state: &mut State| {
                let known = &mut state.shared.sets;
                known.is_looking = false;
                for (name, state) in states {
                    known.sets.entry(name).or_default().on_disk = Some(state);
                }
            })
        });
    }
}

impl Shared {
    /// Downloads the set called `name`, or takes it from the files in `from`. What came of an earlier attempt is gone on
    /// from.
    pub fn get_set(&mut self, name: &str, from: Option<PathBuf>) {
        let Some(recipe) = self.sets.recipe(name).cloned() else {
            return;
        };
        if matches!(self.sets.shown(name), Shown::OnItsWay(..)) {
            return;
        }
        let Datasets {
            store, download, ..
        } = self.sets.options.clone();
        let title = match &from {
            None => format!("Downloading {}", recipe.title),
            Some(_) => format!("Taking {} from a folder", recipe.title),
        };
        let told = Arc::new(Mutex::new(Told::default()));
        let teller = Arc::clone(&told);
        let progress = self.jobs.run_shown(Lane::Download, title, move |progress| {
            let mut report = |news: download::Progress<'_>| {
                lock(&teller).take(&news);
                progress.set(news.done as f64 / news.total.max(1) as f64);
            };
            let cancel = progress.cancel_flag();
            let result = match &from {
                None => download::get(&recipe, &store, &download, cancel, &mut report),
                Some(folder) => {
                    download::get_from_folder(&recipe, &store, folder, cancel, &mut report)
                }
            };
            let on_disk = store.state(&recipe).map_err(|error| error.to_string());
            Box::new(move |state: &mut State| {
                state.shared.take_set(&recipe, &result, on_disk);
                state.pages.train.setup.set_has_changed(&recipe.name);
            })
        });
        let set = self.sets.sets.entry(name.to_owned()).or_default();
        set.failed = None;
        set.getting = Some(Getting { progress, told });
    }

    /// Removes the set called `name` from the disk, with what came of a download that did not end.
    pub fn remove_set(&mut self, name: &str) {
        let Some(recipe) = self.sets.recipe(name).cloned() else {
            return;
        };
        let store = self.sets.store().clone();
        self.jobs.run(Lane::Files, move |_| {
            let removed = store.remove(&recipe).map_err(|error| error.to_string());
            let on_disk = store.state(&recipe).map_err(|error| error.to_string());
            Box::new(move |state: &mut State| {
                let toasts = &mut state.shared.toasts;
                match removed {
                    Ok(freed) => {
                        toasts.good(format!("{} was removed, {}", recipe.title, bytes(freed)))
                    }
                    Err(error) => {
                        toasts.error(format!("{} was not removed: {error}", recipe.title))
                    }
                }
                let set = state
                    .shared
                    .sets
                    .sets
                    .entry(recipe.name.clone())
                    .or_default();
                set.on_disk = Some(on_disk);
                set.failed = None;
                state.pages.train.setup.set_has_changed(&recipe.name);
            })
        });
    }

    fn take_set(
        &mut self,
        recipe: &Recipe,
        result: &Result<Got, GetError>,
        on_disk: Result<data::State, String>,
    ) {
        let title = &recipe.title;
        match result {
            Ok(Got::Now) => self
                .toasts
                .good(format!("{title} is on this machine and checked")),
            Ok(Got::WasHere) => self
                .toasts
                .good(format!("{title} was here already, and its files are sound")),
            Err(GetError::Cancelled) => {}
            // Its own page may not be the one that is open.
            Err(_) => self.toasts.warn(format!("{title} could not be got")),
        }
        let set = self.sets.sets.entry(recipe.name.clone()).or_default();
        set.getting = None;
        set.on_disk = Some(on_disk);
        set.failed = result
            .as_ref()
            .err()
            .and_then(|error| Failure::of(error, recipe));
    }
}

impl Failure {
    /// In the window's own words where the error speaks of commands.
    fn of(error: &GetError, recipe: &Recipe) -> Option<Self> {
        let details = error.to_string();
        let text = match error {
            GetError::Cancelled => return None,
            GetError::Unreachable { file, attempts, .. } => {
                let last = attempts
                    .last()
                    .map_or("no address answered", |last| &last.why);
                format!(
                    "Cannot download {file}: {last}. What came of it is kept. Check the network and its proxy and try \
                     again, or get the files elsewhere and choose their folder."
                )
            }
            GetError::NotInFolder { what, path, .. } => {
                let needed: Vec<String> = recipe
                    .files
                    .iter()
                    .map(|file| format!("{} ({})", file.name, bytes(file.bytes)))
                    .collect();
                format!(
                    "In {}: {what}. Needed, packed as they were published: {}.",
                    path.display(),
                    needed.join(", ")
                )
            }
            _ => details.clone(),
        };
        Some(Self { text, details })
    }
}

impl Told {
    fn take(&mut self, news: &download::Progress<'_>) {
        if self.doing != Some(news.doing) || news.done < self.done {
            self.pace = PaceOfBytes::default();
        }
        self.pace.take(news.done);
        self.doing = Some(news.doing);
        self.done = news.done;
        self.total = news.total;
        if self.file != news.file {
            news.file.clone_into(&mut self.file);
        }
    }
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
