//! Curves of the chosen runs over each other; of runs that repeat each other, their mean and its interval.
//!
//! | part | what it does |
//! |---|---|
//! | `choice` | what is drawn, and along what; remembered |
//! | `controls` | the row in which that is chosen |
//! | `sequence` | the points of one curve of a run |
//! | `means` | mean and interval over runs of one setup |
//! | `chart` | the plot |

mod chart;
mod choice;
mod controls;
mod means;
mod sequence;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Ui;

use self::chart::chart;
use self::choice::Metric;
use self::controls::controls;
use self::means::{Mean, MeansOf, means};
use super::RunsPage;
use super::compare::common_metric;
use super::picture::Picture;
use super::rows::Item;
use super::view;
use crate::gui::curves::{Curves, XAxis};
use crate::gui::state::{Shared, State};
use crate::gui::widgets;
use crate::library::Status;

pub use self::choice::Choice;

/// Runs that are drawn over each other.
const RUNS_MAX: usize = 24;
/// Runs whose curves are kept.
const KEPT: usize = 48;
/// Time between two readings of the curves of a run that goes on elsewhere.
const READ_EVERY: Duration = Duration::from_secs(5);

/// Curves that were read.
#[derive(Default)]
pub struct Overlay {
    read: HashMap<String, Read>,
    reading: Option<String>,
    /// Changes whenever curves have come.
    revision: u64,
    means: Option<(MeansOf, Vec<Mean>)>,
    picture: Option<Picture>,
}

struct Read {
    curves: Result<Arc<Curves>, String>,
    status: Status,
    at: Instant,
}

/// Draws the curves.
pub fn show(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared, chosen: &[Arc<Item>]) {
    if chosen.is_empty() {
        widgets::caption(
            ui,
            "Choose one or more runs in the table to see their curves.",
        );
        return;
    }
    let picture = &mut page.overlay.picture;
    if picture
        .as_ref()
        .is_some_and(|picture| picture.save(ui.ctx(), shared))
    {
        *picture = None;
    }
    let shown = &chosen[..chosen.len().min(RUNS_MAX)];
    page.overlay.keep_up(shown, shared);
    let runs = page.overlay.runs(shown, shared);
    let mut wants_picture = false;
    let result = common_metric(shown);
    ui.horizontal_wrapped(|ui| {
        controls(ui, &mut page.look.curves, &runs, result);
        wants_picture = ui
            .button("Save picture…")
            .on_hover_text("Write the plot as a PNG")
            .clicked();
        let missing = shown.len() - runs.len();
        if missing > 0 {
            widgets::caption(ui, format!("reading {missing} more"));
        }
        if chosen.len() > RUNS_MAX {
            widgets::caption(
                ui,
                format!("the first {RUNS_MAX} of {} chosen runs", chosen.len()),
            );
        }
    });
    for read in shown
        .iter()
        .filter_map(|item| page.overlay.read.get(item.id()))
    {
        if let Err(error) = &read.curves {
            widgets::problem(ui, error);
        }
    }
    let choice = &page.look.curves;
    let is_energy =
        matches!(choice.metric, Metric::Power | Metric::Energy) || choice.x == XAxis::Energy;
    if is_energy && let Some(text) = view::warning(&view::kinds(shown.iter().map(Arc::as_ref))) {
        super::compare::warning(ui, &text);
    }
    let revision = page.overlay.revision.wrapping_add(live_revision(shared));
    if choice.means {
        let of = MeansOf {
            runs: runs.iter().map(|run| run.item.id().to_owned()).collect(),
            revision,
            choice: choice.clone(),
        };
        if page
            .overlay
            .means
            .as_ref()
            .is_none_or(|(known, _)| *known != of)
        {
            page.overlay.means = Some((of, means(&runs, choice)));
        }
    }
    let means = page
        .overlay
        .means
        .as_ref()
        .filter(|_| choice.means)
        .map(|(_, means)| means.as_slice());
    let response = chart(
        &runs,
        choice,
        result,
        means,
        shared.preferences.energy_unit,
        revision,
    )
    .show(ui)
    .response;
    if wants_picture {
        let around = response
            .rect
            .expand2(egui::vec2(72.0, 40.0))
            .intersect(ui.max_rect());
        page.overlay.picture = Some(Picture::ask(ui.ctx(), around, choice.metric.label(result)));
    }
}

fn live_revision(shared: &Shared) -> u64 {
    shared.live.as_ref().map_or(0, |live| live.curves.revision)
}

/// A run with its curves.
struct Run<'a> {
    item: &'a Item,
    curves: Held<'a>,
}

/// Curves of a stored run, or of the one that goes on in this window.
enum Held<'a> {
    Stored(Arc<Curves>),
    Live(&'a Curves),
}

impl Run<'_> {
    fn curves(&self) -> &Curves {
        match &self.curves {
            Held::Stored(curves) => curves,
            Held::Live(curves) => curves,
        }
    }
}

impl Overlay {
    /// Reads one run after the other: the library has other things to do in between.
    fn keep_up(&mut self, shown: &[Arc<Item>], shared: &mut Shared) {
        if self.reading.is_some() {
            return;
        }
        let live = shared
            .live
            .as_ref()
            .filter(|live| live.is_going_on())
            .and_then(|live| live.run_id.clone());
        let is_old = |item: &Item| {
            self.read.get(item.id()).is_none_or(|read| {
                let goes_on = item.is_running() && live.as_deref() != Some(item.id());
                read.status != item.listed.run.status || (goes_on && read.at.elapsed() > READ_EVERY)
            })
        };
        let Some(item) = shown.iter().find(|item| is_old(item)) else {
            return;
        };
        if self.read.len() >= KEPT {
            self.read
                .retain(|id, _| shown.iter().any(|item| item.id() == id));
        }
        let (id, status) = (item.id().to_owned(), item.listed.run.status);
        self.reading = Some(id.clone());
        let wanted = id.clone();
        shared.with_library(
            move |library| Curves::of_run(library, &wanted),
            move |state: &mut State, curves| {
                let overlay = &mut state.pages.runs.overlay;
                overlay.reading = None;
                overlay.revision += 1;
                let curves = curves.map(Arc::new).map_err(|error| error.to_string());
                overlay.read.insert(
                    id,
                    Read {
                        curves,
                        status,
                        at: Instant::now(),
                    },
                );
            },
        );
    }

    fn runs<'a>(&self, shown: &'a [Arc<Item>], shared: &'a Shared) -> Vec<Run<'a>> {
        let live = shared.live.as_ref().filter(|live| live.is_going_on());
        let held = |item: &'a Arc<Item>| {
            let is_live =
                |live: &&crate::gui::live::Live| live.run_id.as_deref() == Some(item.id());
            let curves = match live.filter(is_live) {
                Some(live) => Held::Live(&live.curves),
                None => Held::Stored(Arc::clone(self.read.get(item.id())?.curves.as_ref().ok()?)),
            };
            Some(Run { item, curves })
        };
        shown.iter().filter_map(held).collect()
    }
}
