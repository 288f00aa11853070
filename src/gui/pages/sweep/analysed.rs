//! The analysis of the sweep that is shown, made off the window's thread and kept until something changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Context;

use super::stored::Stored;
use crate::analysis::sweep::{Analysis, Options, analyse, from_sweep};
use crate::data::Operations;
use crate::gui::jobs::Lane;
use crate::gui::state::{Shared, State};
use crate::library::Library;
use crate::report::{self, Plot, Row};

/// Time between two analyses of a sweep that goes on.
const MADE_EVERY: Duration = Duration::from_secs(2);

/// An analysis with what is made of it once.
pub struct Made {
    /// The analysis.
    pub analysis: Analysis,
    /// The table of setups, in words.
    pub rows: Vec<Row>,
    /// The plots of its report.
    pub plots: Vec<Plot>,
    /// Tells it from others.
    pub serial: u64,
}

/// What an analysis depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Of {
    sweep: String,
    revision: u64,
    group: usize,
}

/// The analysis of the sweep that is shown.
#[derive(Default)]
pub struct Analysed {
    /// Which kind of trials is analysed.
    pub group: usize,
    /// What came of it; `None` where there is nothing to analyse.
    pub made: Option<Arc<Made>>,
    /// Why it could not be made.
    pub error: Option<String>,
    /// Whether it was made at all.
    pub is_ready: bool,
    of: Option<Of>,
    is_busy: bool,
    made_at: Option<Instant>,
    serial: u64,
}

impl Analysed {
    /// Makes the analysis where trials have changed. Called once a frame while it is shown.
    pub fn follow(&mut self, ctx: &Context, shared: &mut Shared, stored: &Stored) {
        let Some(id) = stored.id.clone().filter(|_| stored.read.is_some()) else {
            return;
        };
        let of = Of {
            sweep: id.clone(),
            revision: stored.revision,
            group: self.group,
        };
        if self.is_busy || self.of.as_ref() == Some(&of) {
            return;
        }
        let is_same = |was: &Of| was.sweep == of.sweep && was.group == of.group;
        let age = self
            .made_at
            .filter(|_| self.of.as_ref().is_some_and(is_same));
        let age = age.map(|at| at.elapsed());
        if let Some(wait) = age.and_then(|age| MADE_EVERY.checked_sub(age)) {
            return ctx.request_repaint_after(wait);
        }
        self.of = Some(of.clone());
        self.is_busy = true;
        self.made_at = Some(Instant::now());
        self.serial += 1;
        let serial = self.serial;
        let group = self.group;
        let path = shared.library_path().map_err(|error| error.to_string());
        shared.jobs.run(Lane::Analysis, move |_| {
            let made = path.and_then(|path| {
                let library = Library::open(path).map_err(|error| error.to_string())?;
                make(&library, &id, group, serial)
            });
            Box::new(move |state: &mut State| {
                let analysed = &mut state.pages.sweep.result.analysed;
                if analysed.of.as_ref() != Some(&of) {
                    // Another sweep was chosen meanwhile; that of this one is of no use.
                    return;
                }
                analysed.is_busy = false;
                analysed.is_ready = true;
                match made {
                    Ok(made) => {
                        analysed.made = made.map(Arc::new);
                        analysed.error = None;
                    }
                    Err(error) => analysed.error = Some(error),
                }
            })
        });
    }
}

fn make(library: &Library, id: &str, group: usize, serial: u64) -> Result<Option<Made>, String> {
    let said = |error: crate::library::LibraryError| error.to_string();
    let records = library.trials(id).map_err(said)?;
    let mut ids: Vec<String> = records
        .iter()
        .filter_map(|record| record.run_id.clone())
        .collect();
    ids.sort();
    ids.dedup();
    let runs = library.listed_ids(&ids).map_err(said)?;
    let mut operations = Operations::default();
    let trials = from_sweep(&records, &runs, &mut |setup| operations.macs(setup));
    let options = Options {
        group,
        ..Options::default()
    };
    Ok(analyse(&trials, &options).map(|analysis| Made {
        rows: report::rows(&analysis),
        plots: report::plots(&analysis),
        analysis,
        serial,
    }))
}
