use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What the user can do with a run; may be cloned and used from any thread.
#[derive(Clone, Debug, Default)]
pub struct RunControl(Arc<AtomicU8>);

pub(super) const PAUSE: u8 = 1;
pub(super) const RESUME: u8 = 2;
pub(super) const CHECKPOINT: u8 = 4;
pub(super) const STOP: u8 = 8;
pub(super) const KILL: u8 = 16;

impl RunControl {
    /// Holds after the step that is going on.
    pub fn pause(&self) {
        self.0.fetch_and(!RESUME, Ordering::AcqRel);
        self.0.fetch_or(PAUSE, Ordering::AcqRel);
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.0.fetch_and(!PAUSE, Ordering::AcqRel);
        self.0.fetch_or(RESUME, Ordering::AcqRel);
    }

    /// Saves the state after the step that is going on.
    pub fn checkpoint(&self) {
        self.0.fetch_or(CHECKPOINT, Ordering::AcqRel);
    }

    /// Ends the run after the step that is going on.
    pub fn stop(&self) {
        self.0.fetch_or(STOP, Ordering::AcqRel);
    }

    /// Ends the worker at once; what was recorded stays.
    pub fn kill(&self) {
        self.0.fetch_or(KILL, Ordering::AcqRel);
    }

    /// What was asked for since it was last asked.
    pub(super) fn take(&self) -> u8 {
        // Read first: most of the time there is no wish, and an exchange would keep a core's cache busy.
        match self.0.load(Ordering::Acquire) {
            0 => 0,
            _ => self.0.swap(0, Ordering::AcqRel),
        }
    }
}
