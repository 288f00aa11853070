//! Stored sweeps: the list of them, and the trials of the one that is shown; read off the window's thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Context;
use jiff::Timestamp;
use serde_json::Value;

use crate::analysis::sweep::axes;
use crate::gui::state::{Shared, State};
use crate::gui::sweeps::TrialNews;
use crate::library::{Status, SweepRecord, SweepRow, TrialRecord, TrialStatus};
use crate::setup::sweep::{AxisValue, Sweep};

/// Time between two readings.
const READ_EVERY: Duration = Duration::from_secs(1);
/// The same of a sweep that another program runs.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Every stored sweep, the newest first.
#[derive(Default)]
pub struct List {
    /// The sweeps.
    pub rows: Vec<SweepRow>,
    /// Why they could not be read.
    pub error: Option<String>,
    /// Whether they were read at all.
    pub is_ready: bool,
    seen: Option<(u64, Option<std::path::PathBuf>)>,
    is_reading: bool,
    read_at: Option<Instant>,
}

impl List {
    /// Reads the list where the library has changed, once a second at most. Called once a frame.
    pub fn keep_up(&mut self, ctx: &Context, shared: &mut Shared) {
        let now = (shared.library_revision, shared.library_path().ok());
        let others = self.rows.iter().any(|row| {
            let is_own = shared
                .sweep
                .as_ref()
                .is_some_and(|own| own.runs(&row.sweep.id));
            row.sweep.status == Status::Running && !is_own
        });
        let age = self.read_at.map(|at| at.elapsed());
        let is_stale = others && age.is_none_or(|age| age >= LOOK_EVERY);
        if others {
            ctx.request_repaint_after(LOOK_EVERY);
        }
        if self.is_reading || (self.seen.as_ref() == Some(&now) && !is_stale) {
            return;
        }
        if let Some(wait) = age.and_then(|age| READ_EVERY.checked_sub(age)) {
            return ctx.request_repaint_after(wait);
        }
        self.seen = Some(now);
        self.read_at = Some(Instant::now());
        self.is_reading = true;
        shared.with_library(
            |library| library.sweeps(),
            |state: &mut State, rows| {
                let list = &mut state.pages.sweep.list;
                list.is_reading = false;
                list.is_ready = true;
                match rows {
                    Ok(rows) => {
                        list.rows = rows;
                        list.error = None;
                    }
                    Err(error) => list.error = Some(error.to_string()),
                }
            },
        );
    }

    /// Reads the list again in the next frame.
    pub fn forget(&mut self) {
        self.seen = None;
    }

    /// The sweep with this identifier.
    pub fn find(&self, id: &str) -> Option<&SweepRow> {
        self.rows.iter().find(|row| row.sweep.id == id)
    }
}

/// The sweep that is shown, with its trials.
#[derive(Default)]
pub struct Stored {
    /// Which is to be shown.
    pub id: Option<String>,
    /// What was read of it.
    pub read: Option<Read>,
    /// Why it could not be read.
    pub error: Option<String>,
    /// Changes with every change to what was read.
    pub revision: u64,
    is_stale: bool,
    is_reading: bool,
    read_at: Option<Instant>,
}

/// A sweep as it was read.
pub struct Read {
    /// The sweep.
    pub record: SweepRecord,
    /// What it is made of; `None` where it is of another version.
    pub sweep: Option<Sweep>,
    /// Its trials, by number; without their setups, of which nothing is shown.
    pub trials: Vec<TrialRecord>,
    /// What each trial's axes say, for people.
    pub labels: Vec<Arc<str>>,
}

impl Read {
    /// Trials to which nothing more will happen.
    pub fn over(&self) -> usize {
        self.trials
            .iter()
            .filter(|trial| trial.status.is_over())
            .count()
    }

    /// Trials in `status`.
    pub fn count(&self, status: TrialStatus) -> usize {
        self.trials
            .iter()
            .filter(|trial| trial.status == status)
            .count()
    }

    /// What it is called.
    pub fn title(&self) -> &str {
        self.record.name.as_deref().unwrap_or(&self.record.id)
    }
}

impl Stored {
    /// Shows the sweep `id`.
    pub fn show(&mut self, id: &str) {
        if self.id.as_deref() != Some(id) {
            *self = Self {
                id: Some(id.to_owned()),
                revision: self.revision + 1,
                is_reading: self.is_reading,
                ..Self::default()
            };
        }
    }

    /// Reads it again in the next frame.
    pub fn forget(&mut self) {
        self.is_stale = true;
        self.read_at = None;
    }

    /// Reads the sweep where that has not been done since it changed. Called once a frame.
    pub fn keep_up(&mut self, ctx: &Context, shared: &mut Shared) {
        let Some(id) = self.id.clone() else { return };
        let is_own = shared.sweep.as_ref().is_some_and(|own| own.runs(&id));
        let status = self.read.as_ref().map(|read| read.record.status);
        let is_others = status == Some(Status::Running) && !is_own;
        let is_due = match &self.read {
            _ if self.is_stale => true,
            None => self.error.is_none(),
            Some(_) => is_others,
        };
        if !is_due || self.is_reading {
            return;
        }
        let every = if is_others { LOOK_EVERY } else { READ_EVERY };
        let age = self.read_at.map(|at| at.elapsed());
        if let Some(wait) = age.and_then(|age| every.checked_sub(age)) {
            return ctx.request_repaint_after(wait);
        }
        self.is_reading = true;
        self.is_stale = false;
        self.read_at = Some(Instant::now());
        shared.with_library(
            move |library| {
                let record = library.sweep(&id)?;
                let trials = library.trials(&record.id)?;
                Ok(prepared(record, trials))
            },
            |state: &mut State, read| {
                let stored = &mut state.pages.sweep.stored;
                stored.is_reading = false;
                match read {
                    Ok(read) if stored.id.as_deref() == Some(&read.record.id) => {
                        stored.read = Some(read);
                        stored.error = None;
                        stored.revision += 1;
                    }
                    // Another one was chosen meanwhile.
                    Ok(_) => stored.is_stale = true,
                    Err(error) => stored.error = Some(error.to_string()),
                }
            },
        );
    }

    /// Takes in what became of a trial, rather than reading thousands again for one.
    pub fn take(&mut self, news: TrialNews) {
        let Some(read) = self.read.as_mut().filter(|_| !self.is_reading) else {
            self.is_stale = true;
            return;
        };
        let of = |trials: &[TrialRecord], number| {
            trials
                .iter()
                .position(|trial: &TrialRecord| trial.number == number)
        };
        match news {
            TrialNews::Unknown => return self.forget(),
            TrialNews::Began { number, run_id } => match of(&read.trials, number) {
                Some(at) => {
                    let trial = &mut read.trials[at];
                    trial.status = TrialStatus::Running;
                    trial.run_id = Some(run_id);
                    trial.began_at = Some(Timestamp::now());
                    (trial.ended_at, trial.result, trial.reason) = (None, None, None);
                }
                None => self.is_stale = true,
            },
            TrialNews::Ended(ended) => match of(&read.trials, ended.number) {
                Some(at) => {
                    let trial = &mut read.trials[at];
                    trial.status = ended.status;
                    trial.reason = ended.reason;
                    trial.result = ended.result;
                    trial.ended_at = ended.status.is_over().then(Timestamp::now);
                }
                None => self.is_stale = true,
            },
        }
        self.revision += 1;
    }
}

fn prepared(record: SweepRecord, mut trials: Vec<TrialRecord>) -> Read {
    let labels = trials.iter().map(|trial| label(&trial.values)).collect();
    for trial in &mut trials {
        // Kilobytes each, of which nothing is shown.
        trial.setup_json = String::new();
    }
    let sweep = serde_json::from_str(&record.json).ok();
    Read {
        record,
        sweep,
        trials,
        labels,
    }
}

fn label(values: &Value) -> Arc<str> {
    let values: Vec<AxisValue> = serde_json::from_value(values.clone()).unwrap_or_default();
    let axes = values
        .iter()
        .map(|axis| (axis.field.as_str(), Some(&axis.value)));
    axes::label(axes).into()
}
