//! What can only be found out by watching for a while, kept by whoever looks for meters again and again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Load;
use super::model::cpu_load;
use super::sources::Probe;

/// What was seen while sensors were watched: a worker that makes a thousand runs looks for its meters a thousand times, and
/// watches each sensor once. Clones share what they know.
#[derive(Clone, Default)]
pub struct Watched(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// Time between two values of a file, s.
    files: HashMap<PathBuf, f64>,
    /// By the identifier of a card's meter and the card's name.
    cards: HashMap<(String, String), Arc<Probe>>,
    /// By who asks: each is told what was since it asked last.
    loads: HashMap<&'static str, Load>,
}

impl Watched {
    /// The processors' load since `who` asked last; the first time takes a while ([`cpu_load`]). `None` where the system does
    /// not tell.
    pub fn cpu_load(&self, who: &'static str) -> Option<Load> {
        if let Some(load) = self.seen().loads.get(who) {
            return Some(Arc::clone(load));
        }
        let load = cpu_load()?;
        self.seen().loads.insert(who, Arc::clone(&load));
        Some(load)
    }

    /// How often the value of `file` changes, s: `watch` finds out, where that is not known. What it cannot tell is asked
    /// again the next time.
    pub(super) fn refresh_s(
        &self,
        file: &Path,
        watch: impl FnOnce() -> Option<f64>,
    ) -> Option<f64> {
        if let Some(known) = self.seen().files.get(file) {
            return Some(*known);
        }
        let found = watch()?;
        self.seen().files.insert(file.to_owned(), found);
        Some(found)
    }

    /// What was seen of the card with this meter and name.
    pub(super) fn card(&self, id: &str, name: &str) -> Option<Arc<Probe>> {
        let key = (id.to_owned(), name.to_owned());
        self.seen().cards.get(&key).cloned()
    }

    /// Keeps what was seen of a card.
    pub(super) fn keep_card(&self, id: &str, name: &str, probe: &Arc<Probe>) {
        let key = (id.to_owned(), name.to_owned());
        self.seen().cards.insert(key, Arc::clone(probe));
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Plain figures: a panic elsewhere leaves them whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
