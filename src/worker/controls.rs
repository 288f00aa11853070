use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::train::Signal;

/// What the user wants, set by the thread that reads commands and asked by the one that trains before every step.
#[derive(Default)]
pub struct Controls {
    state: AtomicU8,
    checkpoint: AtomicBool,
    ended: AtomicBool,
    lock: Mutex<()>,
    changed: Condvar,
}

const RUN: u8 = 0;
const PAUSE: u8 = 1;
const STOP: u8 = 2;

impl Controls {
    /// Holds after the step that is going on. A run that is being stopped stays so.
    pub fn pause(&self) {
        self.change(RUN, PAUSE);
    }

    /// Goes on.
    pub fn resume(&self) {
        self.change(PAUSE, RUN);
    }

    /// Ends after the step that is going on, paused or not.
    pub fn stop(&self) {
        self.state.store(STOP, Ordering::Release);
        self.wake();
    }

    /// Saves the state after the step that is going on.
    pub fn checkpoint(&self) {
        self.checkpoint.store(true, Ordering::Release);
    }

    fn change(&self, from: u8, to: u8) {
        // Where the state was another one the wish is out of date.
        let _ = self
            .state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        self.wake();
    }

    fn wake(&self) {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.changed.notify_all();
    }

    /// What is to happen now; takes a wish for a checkpoint off.
    pub fn signal(&self) -> Signal {
        match self.state.load(Ordering::Acquire) {
            STOP => Signal::Stop,
            PAUSE => Signal::Pause,
            _ if self.checkpoint.load(Ordering::Relaxed)
                && self.checkpoint.swap(false, Ordering::AcqRel) =>
            {
                Signal::Checkpoint
            }
            _ => Signal::Continue,
        }
    }

    /// The run is over; only its last words are still being written.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Whether the run is over.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Whether the run is to end.
    pub fn is_stopped(&self) -> bool {
        self.state.load(Ordering::Acquire) == STOP
    }

    /// Blocks while the run is paused.
    pub fn wait_while_paused(&self) {
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while self.state.load(Ordering::Acquire) == PAUSE {
            guard = self
                .changed
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
