//! What is wrong with the sweep that is put together, and what it will take; looked at off the window's thread, since a
//! sweep may have thousands of combinations.

use crate::analysis::search::Ahead;
use crate::control;
use crate::data;
use crate::gui::jobs::Lane;
use crate::gui::state::{Shared, State};
use crate::library::Library;
use crate::protocol::Device;
use crate::setup::Problem;
use crate::setup::sweep::{Sweep, SweepError};

use super::super::train::setup::device;
use super::draft::Draft;

/// What a look depends on.
#[derive(Clone, Debug, PartialEq)]
struct Of {
    draft: Draft,
    library: u64,
    device: Option<Device>,
}

/// The last look at the draft.
#[derive(Default)]
pub struct Check {
    asked: Option<Of>,
    is_busy: bool,
    /// What came of it; that of an earlier draft while a look goes on.
    pub found: Found,
    /// Whether it is of the draft as it is now.
    pub is_current: bool,
}

/// What a look at a draft found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The sweep, where nothing is wrong with it.
    pub sweep: Option<Sweep>,
    /// What is wrong with which field.
    pub problems: Vec<Problem>,
    /// What is wrong with the sweep as a whole.
    pub whole: Option<String>,
    /// Combinations of the axes, whether or not they can be run.
    pub combinations: Option<u128>,
    /// What it will take, or why that cannot be told.
    pub ahead: Option<Result<Ahead, String>>,
}

impl Check {
    /// Looks at `draft` where that has not been done. Called once a frame.
    pub fn follow(&mut self, shared: &mut Shared, draft: &Draft) {
        let known = shared
            .devices
            .as_ref()
            .and_then(|devices| devices.as_ref().ok());
        let wish = &draft.sweep.base.device;
        let device = known.and_then(|known| device::means(wish, known)).cloned();
        let of = Of {
            draft: draft.clone(),
            library: shared.library_revision,
            device,
        };
        self.is_current = self.asked.as_ref() == Some(&of) && !self.is_busy;
        if self.asked.as_ref() == Some(&of) || self.is_busy {
            return;
        }
        self.asked = Some(of.clone());
        let sweep = match draft.sweep() {
            Ok(sweep) => sweep,
            Err(problems) => {
                self.found = Found {
                    problems,
                    ..Found::default()
                };
                self.is_current = true;
                return;
            }
        };
        self.is_busy = true;
        let library = shared.library_path().map_err(|error| error.to_string());
        let store = shared.options.datasets.store.clone();
        shared.jobs.run(Lane::Analysis, move |_| {
            let mut found = look(sweep);
            if let (Some(sweep), Some(device)) = (&found.sweep, &of.device) {
                let ahead = library.and_then(|path| {
                    let library = Library::open(path).map_err(|error| error.to_string())?;
                    let past = control::past_runs(&library, device);
                    let past = past.map_err(|error| error.to_string())?;
                    Ahead::look(sweep, (&device.name, &past), 0, |dataset| {
                        data::describe_from(dataset, &store)
                            .map(|info| info.counts())
                            .map_err(|error| format!("dataset: {error}"))
                    })
                });
                found.ahead = Some(ahead);
            }
            Box::new(move |state: &mut State| {
                let check = &mut state.pages.sweep.editor.check;
                check.is_busy = false;
                check.found = found;
            })
        });
    }

    /// The sweep, where it can begin.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn ready(&self) -> Result<(Sweep, Ahead), String> {
        if let Some(problem) = self.found.problems.first() {
            return Err(format!("{}: {}", problem.field, problem.allowed));
        }
        if let Some(whole) = &self.found.whole {
            return Err(whole.clone());
        }
        if !self.is_current {
            return Err("The sweep is still being checked".to_owned());
        }
        match (&self.found.sweep, &self.found.ahead) {
            (Some(sweep), Some(Ok(ahead))) => {
                if ahead.combinations > 0 && ahead.impossible.len() == ahead.combinations {
                    let (which, why) = &ahead.impossible[0];
                    return Err(format!("No combination can be run; {which}: {why}"));
                }
                Ok((sweep.clone(), ahead.clone()))
            }
            (_, Some(Err(error))) => Err(error.clone()),
            _ => Err("The devices of this machine are not known yet".to_owned()),
        }
    }
}

fn look(sweep: Sweep) -> Found {
    let combinations = Some(sweep.combinations().count());
    let (mut problems, mut whole) = (Vec::new(), None);
    match sweep.validate() {
        Ok(()) => {
            return Found {
                sweep: Some(sweep),
                combinations,
                ..Found::default()
            };
        }
        Err(SweepError::Problems(found)) => problems = found.0,
        Err(SweepError::Axis { field, message }) => {
            let at = sweep.axes.iter().position(|axis| axis.field == field);
            match at {
                Some(at) => problems.push(Problem::new(format!("axes[{at}]"), field, message)),
                None => whole = Some(message),
            }
        }
        Err(error) => whole = Some(error.to_string()),
    }
    Found {
        problems,
        whole,
        combinations,
        ..Found::default()
    }
}
