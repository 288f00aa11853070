//! The runs of the library as the page holds them: read off the window's thread, the first few at once, the rest after.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::standing::standing;
use crate::gui::state::{Shared, State};
use crate::library::{Filter, LibraryError, ListedRun, PhaseEnergy, Status, sum_of_parts};
use crate::units::{Boundary, Estimate, Grade};

/// Runs that are read before all others, so that there is something to see.
const FIRST: u64 = 200;
/// Runs that are read in one job after that: other questions to the library get their turn in between.
const PAGE: u64 = 1000;
/// Time between two readings of the list.
const READ_EVERY: Duration = Duration::from_secs(1);

/// Which parts of a machine an energy figure covers and how well: figures may be compared where both are the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// The parts that had a reading.
    pub parts: Vec<Boundary>,
    /// Grade of their sum.
    pub grade: Grade,
    /// Whether meters were made up.
    pub simulated: bool,
}

impl Kind {
    /// For people.
    pub fn label(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|part| part.label()).collect();
        let simulated = if self.simulated { ", simulated" } else { "" };
        format!("{}, grade {}{simulated}", parts.join(" + "), self.grade)
    }
}

/// What it cost to get where the run was to get.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cost {
    /// Joules until the target was reached.
    ToTarget(Estimate),
    /// Joules spent without reaching the target: no price of anything.
    NotReached(Option<Estimate>),
    /// Joules of a run without a target.
    Total(Estimate),
    /// No reading.
    Unknown,
}

/// A run with what is reckoned once for all frames.
#[derive(Clone, Debug)]
pub struct Item {
    /// The run.
    pub listed: ListedRun,
    /// Energy of training and evaluation over the parts of the machine.
    pub energy: Option<PhaseEnergy>,
    /// What that covers.
    pub kind: Option<Kind>,
    /// Everything that the search looks at, in lower case.
    pub haystack: String,
    /// What was asked for.
    pub asked: Asked,
}

/// Fields of a setup that the table shows.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// How it learns.
    pub regime: AskedRegime,
    /// Which labels it learns at once.
    pub multitask: Option<AskedHeads>,
}

/// Heads of a setup, as far as the page shows them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AskedHeads {
    /// In their order.
    pub heads: Vec<AskedHead>,
}

/// A head of a setup.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AskedHead {
    /// The label that it foretells.
    pub label: String,
    /// What it is to reach.
    pub target: Option<f64>,
}

impl Asked {
    /// What is to be reached: of several heads the lowest target, since a run is as good as its worst head.
    pub fn target(&self) -> Option<f64> {
        let of_all = self.regime.stop.target;
        let heads = self.multitask.iter().flat_map(|heads| &heads.heads);
        let own = heads.filter_map(|head| head.target.or(of_all));
        own.reduce(f64::min).or(of_all)
    }

    /// The labels of the heads; none where the set's own label is learnt.
    pub fn labels(&self) -> Vec<&str> {
        let heads = self.multitask.iter().flat_map(|heads| &heads.heads);
        heads.map(|head| head.label.as_str()).collect()
    }

    /// How many labels are learnt at once; 1 where there are no heads.
    pub fn tasks(&self) -> usize {
        self.multitask.as_ref().map_or(1, |heads| heads.heads.len())
    }
}

/// Fields of a regime that the table shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AskedRegime {
    /// Samples in a step.
    pub batch_size: Option<u64>,
    /// Base learning rate.
    pub learning_rate: Option<f64>,
    /// When it ends.
    pub stop: AskedStop,
}

/// Fields of a stop rule that the table shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AskedStop {
    /// Value of the task's metric to reach.
    #[serde(alias = "target_accuracy")]
    pub target: Option<f64>,
    /// Epochs at most.
    pub epochs: Option<u64>,
}

impl Item {
    /// Prepares a run for the list.
    pub fn new(listed: ListedRun) -> Self {
        let run = &listed.run;
        let energy = sum_of_parts(&listed.training);
        let read = energy
            .as_ref()
            .filter(|energy| energy.figure.energy_j.is_some());
        let kind = read.map(|energy| {
            let mut parts: Vec<Boundary> = listed
                .training
                .iter()
                .filter(|part| part.figure.energy_j.is_some())
                .map(|part| part.figure.boundary)
                // What stands beside the sum does not make it another one.
                .filter(|boundary| !boundary.is_whole())
                .collect();
            parts.sort();
            parts.dedup();
            Kind {
                parts,
                grade: energy.figure.grade,
                simulated: energy.figure.is_simulated(),
            }
        });
        // A setup of another version shows what can be understood of it.
        let asked: Asked = serde_json::from_str(&run.setup.json).unwrap_or_default();
        let mut haystack = [
            run.id.as_str(),
            run.name.as_deref().unwrap_or_default(),
            run.note.as_deref().unwrap_or_default(),
            &run.setup.dataset,
            &run.setup.model,
            &run.device.name,
            standing(run),
            &run.tags.join("\n"),
            &asked.labels().join("\n"),
        ]
        .join("\n");
        haystack = haystack.to_lowercase();
        Self {
            energy,
            kind,
            haystack,
            asked,
            listed,
        }
    }

    /// Identifier.
    pub fn id(&self) -> &str {
        &self.listed.run.id
    }

    /// Its name, or its identifier where it has none.
    pub fn name(&self) -> &str {
        self.listed
            .run
            .name
            .as_deref()
            .unwrap_or(&self.listed.run.id)
    }

    /// Its dataset, with the labels of its heads where it has some.
    pub fn dataset(&self) -> String {
        let dataset = &self.listed.run.setup.dataset;
        match self.asked.labels().as_slice() {
            [] => dataset.clone(),
            labels => format!("{dataset}: {}", labels.join(", ")),
        }
    }

    /// Joules of training and evaluation.
    pub fn energy_j(&self) -> Option<Estimate> {
        self.energy.as_ref()?.figure.energy_j
    }

    /// A value of its task's metric for people; empty where there is none.
    pub fn written(&self, value: Option<f64>) -> String {
        let metric = self.listed.run.metrics.metric;
        value.map_or_else(String::new, |value| metric.format_named(value))
    }

    /// A value of its task's metric as a number of which more is better.
    pub fn goodness(&self, value: Option<f64>) -> Option<f64> {
        let is_good = self.listed.run.metrics.metric.higher_is_better();
        value.map(|value| if is_good { value } else { -value })
    }

    /// Joules a training sample.
    pub fn per_sample_j(&self) -> Option<Estimate> {
        let samples = self.listed.samples.filter(|samples| *samples > 0)?;
        Some(self.energy_j()?.scale(1.0 / samples as f64))
    }

    /// What it cost to get where it was to get.
    pub fn cost(&self) -> Cost {
        match (self.asked.target(), self.energy_j()) {
            (Some(_), energy) if self.listed.run.target_reached != Some(true) => {
                Cost::NotReached(energy)
            }
            (Some(_), Some(energy)) => Cost::ToTarget(energy),
            (None, Some(energy)) => Cost::Total(energy),
            (_, None) => Cost::Unknown,
        }
    }

    /// Whether it is being recorded.
    pub fn is_running(&self) -> bool {
        self.listed.run.status == Status::Running
    }
}

/// The runs that were read.
#[derive(Default)]
pub struct Rows {
    /// The newest first.
    pub items: Vec<Arc<Item>>,
    /// Changes with every change to `items`.
    pub revision: u64,
    /// Why they could not be read.
    pub error: Option<String>,
    /// Whether at least the first were read.
    pub is_ready: bool,
    /// Whether all of them are there.
    pub is_whole: bool,
    /// Runs of the reading that goes on; they take the place of `items` when it is done.
    fresh: Vec<Arc<Item>>,
    reading: Option<u64>,
    readings: u64,
    /// Of the library, when the list was last asked for.
    seen: Option<u64>,
    /// Which library that was.
    path: Option<std::path::PathBuf>,
    asked_at: Option<Instant>,
    live_at: Option<Instant>,
}

impl Rows {
    /// The run with this identifier.
    pub fn find(&self, id: &str) -> Option<&Arc<Item>> {
        self.items.iter().find(|item| item.id() == id)
    }

    /// Reads the list again in the next frame.
    pub fn forget(&mut self) {
        self.seen = None;
    }

    /// Reads the list where it has changed, and runs that go on once a second. Called once a frame.
    pub fn keep_up(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        let path = shared.library_path().ok();
        if self.path != path {
            *self = Self {
                path,
                readings: self.readings,
                revision: self.revision + 1,
                ..Self::default()
            };
        }
        if self.seen != Some(shared.library_revision) && self.reading.is_none() {
            match self
                .asked_at
                .map(|at| READ_EVERY.saturating_sub(at.elapsed()))
            {
                Some(wait) if !wait.is_zero() => ctx.request_repaint_after(wait),
                _ => {
                    self.seen = Some(shared.library_revision);
                    self.asked_at = Some(Instant::now());
                    self.readings += 1;
                    self.reading = Some(self.readings);
                    self.fresh.clear();
                    self.read_page(shared, self.readings, 0);
                }
            }
        }
        let is_due = self.live_at.is_none_or(|at| at.elapsed() >= READ_EVERY);
        if is_due && self.reading.is_none() && shared.is_busy() {
            self.live_at = Some(Instant::now());
            let running = Filter {
                status: vec![Status::Running],
                ..Filter::default()
            };
            shared.with_library(
                move |library| Ok(prepared(library.listed(&running, 0)?)),
                |state: &mut State, running| {
                    if let Ok(running) = running {
                        state.pages.runs.rows.update(running);
                    }
                },
            );
        }
    }

    fn read_page(&self, shared: &mut Shared, reading: u64, skip: u64) {
        let limit = if skip == 0 { FIRST } else { PAGE };
        let filter = Filter {
            limit: Some(limit),
            ..Filter::default()
        };
        shared.with_library(
            move |library| Ok(prepared(library.listed(&filter, skip)?)),
            move |state: &mut State, page| {
                let State { shared, pages, .. } = state;
                let rows = &mut pages.runs.rows;
                if rows.reading == Some(reading) && !rows.take(page, limit) {
                    rows.read_page(shared, reading, skip + limit);
                }
            },
        );
    }

    /// Takes a page of the list in; whether it was the last.
    fn take(&mut self, page: Result<Vec<Arc<Item>>, LibraryError>, limit: u64) -> bool {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                self.error = Some(error.to_string());
                self.reading = None;
                return true;
            }
        };
        self.error = None;
        let is_last = (page.len() as u64) < limit;
        self.fresh.extend(page);
        // What is shown stays until all is read anew; only where nothing is shown yet, the first are shown at once.
        if is_last {
            self.items = std::mem::take(&mut self.fresh);
            // A run that was begun between two pages has moved one of the first to the second.
            let mut seen = HashSet::new();
            self.items.retain(|item| seen.insert(item.id().to_owned()));
            self.reading = None;
            self.is_whole = true;
            self.revision += 1;
        } else if !self.is_whole {
            self.items = self.fresh.clone();
            self.revision += 1;
        }
        self.is_ready = true;
        is_last
    }

    /// Puts newer states of runs in the place of older ones.
    pub fn update(&mut self, newer: Vec<Arc<Item>>) {
        for item in newer {
            if let Some(known) = self.items.iter_mut().find(|known| known.id() == item.id()) {
                *known = item;
                self.revision += 1;
            }
        }
    }

    /// Takes deleted runs out before the list has been read again.
    pub fn remove(&mut self, ids: &[String]) {
        let gone: HashSet<&String> = ids.iter().collect();
        self.items
            .retain(|item| !gone.contains(&item.listed.run.id));
        self.revision += 1;
    }
}

/// Runs as the list holds them.
pub fn prepared(listed: Vec<ListedRun>) -> Vec<Arc<Item>> {
    listed
        .into_iter()
        .map(|listed| Arc::new(Item::new(listed)))
        .collect()
}
