//! One run in full: what it reached, what it cost, how well that is known, where it ran.
//!
//! | part | what it draws |
//! |---|---|
//! | `result` | what it reached, from what, in which time |
//! | `energy` | what training and evaluation cost, and how well that is known |
//! | `place` | device, machine, meters, checkpoints |
//! | `phases` | the table of phases |
//! | `line` | a line with what it is and what it says |

mod energy;
mod line;
mod phases;
mod place;
mod result;

use std::sync::Arc;

use egui::{Label, RichText, ScrollArea, Ui};

use self::energy::energy;
use self::phases::phases;
use self::place::place;
use self::result::result;
use super::lineage::{self, Family};
use super::rows::Item;
use super::standing::{standing, standing_sign};
use super::{RunsPage, heads, start};
use crate::gui::commands::Action;
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::{Shared, State};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::{Library, LibraryError, RunDetails};
use crate::protocol;
use crate::setup::StartReport;

pub use self::line::{capital, line};

/// Width of a column of the summary, points.
const COLUMN: f32 = 340.0;
/// Uses among which the ancestry is shared at first.
const USES: u64 = 10;

/// The run that was read.
#[derive(Default)]
pub struct Summary {
    id: String,
    /// Of the list, when it was asked for.
    revision: u64,
    read: Option<Result<Full, String>>,
    /// Uses among which the ancestry is shared; 0 until it is shown.
    uses: u64,
}

/// A run with all that is known of it.
struct Full {
    details: RunDetails,
    stored: Option<protocol::Summary>,
    /// Checkpoints that are still on the disk.
    checkpoints: Vec<(u64, String)>,
    /// What it started from; none for a run from nothing.
    start: Option<StartReport>,
    /// Its ancestors and descendants, where it has some.
    family: Option<Family>,
}

impl Full {
    fn read(library: &Library, id: &str) -> Result<Self, LibraryError> {
        let details = library.details(id)?;
        let stored = details
            .summary
            .as_ref()
            .and_then(|summary| serde_json::from_value(summary.json.clone()).ok());
        // Only the newest are kept; the others have been replaced.
        let kept = details
            .checkpoints
            .iter()
            .filter(|known| std::path::Path::new(&known.path).exists());
        let checkpoints = kept.map(|known| (known.step, known.path.clone())).collect();
        let start = details.start.clone();
        Ok(Self {
            stored,
            checkpoints,
            start: start.and_then(|json| serde_json::from_value(json).ok()),
            family: Family::read(library, &details)?,
            details,
        })
    }
}

/// Draws the summary of the one chosen run.
pub fn show(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared, chosen: &[Arc<Item>]) {
    let [item] = chosen else {
        let text = match chosen.len() {
            0 => "Choose a run in the table to see everything about it.".to_owned(),
            several => format!(
                "{several} runs are chosen. Choose one for its summary, or look at Curves and Compare."
            ),
        };
        widgets::caption(ui, text);
        return;
    };
    let summary = &mut page.summary;
    if summary.id != item.id() || summary.revision != page.rows.revision {
        if summary.id != item.id() {
            summary.read = None;
        }
        summary.id = item.id().to_owned();
        summary.revision = page.rows.revision;
        let id = summary.id.clone();
        shared.with_library(
            move |library| Full::read(library, &id),
            |state: &mut State, read| {
                let summary = &mut state.pages.runs.summary;
                if read
                    .as_ref()
                    .map_or(true, |full| full.details.run.id == summary.id)
                {
                    summary.read = Some(read.map_err(|error| error.to_string()));
                }
            },
        );
    }
    let uses = &mut summary.uses;
    match &summary.read {
        None => {
            widgets::caption(ui, "Reading the run");
        }
        Some(Err(error)) => widgets::problem(ui, error),
        Some(Ok(full)) => {
            ScrollArea::vertical()
                .id_salt("runs-summary")
                .auto_shrink(false)
                .show(ui, |ui| {
                    let chosen = whole(ui, full, uses, shared.preferences.energy_unit);
                    if let Some(run_id) = chosen {
                        shared.ask(Action::ShowRun(run_id));
                    }
                });
        }
    }
}

/// Draws the whole of it; the relative that was chosen now.
fn whole(ui: &mut Ui, full: &Full, uses: &mut u64, unit: EnergyUnit) -> Option<String> {
    let tokens = Tokens::in_ui(ui);
    let run = &full.details.run;
    ui.horizontal_wrapped(|ui| {
        ui.add(
            Label::new(RichText::new(run.name.as_deref().unwrap_or(&run.id)).heading())
                .selectable(true),
        );
        let (sign, colour) = standing_sign(run, &tokens);
        let why = full
            .stored
            .as_ref()
            .map(|stored| format!(": {}", stored.reason_text))
            .unwrap_or_default();
        ui.label(RichText::new(format!("{sign} {}{why}", standing(run))).color(colour));
    });
    if let Some(failure) = &run.failure {
        ui.add(
            Label::new(RichText::new(format!("What failed: {failure}")).color(tokens.error))
                .wrap()
                .selectable(true),
        );
        let next = if full.checkpoints.is_empty() {
            "What was recorded until then is kept. There is no checkpoint to go on from; start the setup again with Use setup."
        } else {
            "What was recorded until then is kept. Resume goes on from the last checkpoint."
        };
        widgets::caption(ui, next);
    }
    let told = full.stored.as_ref().map_or(&[][..], |told| &told.heads);
    heads::show(ui, &full.details.epochs, told);
    ui.add_space(theme::GRID);
    let parts: [fn(&mut Ui, &Full, EnergyUnit); 3] = [result, energy, place];
    let columns = ((ui.available_width() / COLUMN) as usize).clamp(1, parts.len());
    ui.columns(columns, |columns| {
        let number = columns.len();
        for (at, part) in parts.into_iter().enumerate() {
            part(&mut columns[at % number], full, unit);
        }
    });
    let mut chosen = None;
    if let Some(report) = &full.start {
        ui.add_space(2.0 * theme::GRID);
        start::show(ui, report, full.details.start_name());
    }
    if let Some(family) = &full.family {
        ui.add_space(2.0 * theme::GRID);
        if *uses == 0 {
            *uses = USES;
        }
        chosen = lineage::show(ui, family, uses, unit);
    }
    ui.add_space(2.0 * theme::GRID);
    ScrollArea::horizontal()
        .id_salt("runs-summary-phases")
        .show(ui, |ui| phases(ui, &full.details, unit));
    chosen
}
