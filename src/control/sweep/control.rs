use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::control::RunControl;

/// What the user can do with a sweep; may be cloned and used from any thread.
#[derive(Clone, Debug, Default)]
pub struct SweepControl(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_paused: bool,
    is_stopped: bool,
    is_killed: bool,
    runs: Vec<RunControl>,
}

impl SweepControl {
    /// Holds once the runs that go on have ended: a pause within a run would be in its figures as heat that is missing.
    pub fn pause(&self) {
        self.state().is_paused = true;
        self.0.changed.notify_all();
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.state().is_paused = false;
        self.0.changed.notify_all();
    }

    /// Ends the sweep: the runs that go on stop after the step that they are at and are saved, and everything goes on from
    /// there when the sweep is taken up again.
    pub fn stop(&self) {
        let mut state = self.state();
        state.is_stopped = true;
        for run in &state.runs {
            run.stop();
        }
        self.0.changed.notify_all();
    }

    /// Ends the sweep and its workers at once; the runs that went on will be made again.
    pub fn kill(&self) {
        let mut state = self.state();
        state.is_stopped = true;
        state.is_killed = true;
        for run in &state.runs {
            run.kill();
        }
        self.0.changed.notify_all();
    }

    /// Whether it is to end.
    pub fn is_stopped(&self) -> bool {
        self.state().is_stopped
    }

    /// Whether it holds, or will once the runs that go on have ended.
    pub fn is_paused(&self) -> bool {
        self.state().is_paused
    }

    /// Takes a run in, to be stopped with the sweep.
    pub(super) fn add(&self, run: RunControl) {
        let mut state = self.state();
        if state.is_killed {
            run.kill();
        } else if state.is_stopped {
            run.stop();
        }
        state.runs.push(run);
    }

    /// Forgets the runs that are over.
    pub(super) fn remove(&self, run: &RunControl) {
        self.state().runs.retain(|other| !other.is_same(run));
    }

    /// Waits while it is paused and not stopped; `told` is called once if there is anything to wait for.
    pub(super) fn wait_while_paused(&self, told: impl FnOnce()) -> bool {
        let mut state = self.state();
        if !state.is_paused || state.is_stopped {
            return false;
        }
        told();
        while state.is_paused && !state.is_stopped {
            state = self
                .0
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Plain flags: a panic elsewhere leaves them whole.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
