//! Asking a trained network: what one draws, opens, types in or takes from the held-out samples, what the network says of it, and what
//! the answer cost.
//!
//! | part | what it does |
//! |---|---|
//! | `sheet` | a sheet to draw on |
//! | `given` | what is asked about: sheet, held-out sample, file, row, text |
//! | `seen` | the sample as the network sees it |
//! | `says` | what the network says |
//! | `cost` | what an answer costs |
//! | `measure`, `measured` | measuring that, and what was measured of the chosen runs |

mod cost;
mod given;
mod measure;
mod measured;
mod says;
mod seen;
mod sheet;

use std::path::Path;
use std::sync::Arc;

use egui::{ScrollArea, Ui, UiBuilder, vec2};

use crate::control::{Answered, Continued};
use crate::data::own::OwnSample;
use crate::gui::asking::{Asking, Loaded, Question, Ready};
use crate::gui::jobs::{Lane, Slot};
use crate::gui::pages::train::setup::form::sentence;
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use crate::library::RunDetails;
use given::Given;
pub use measure::Costs;
use seen::Seen;

/// Width from which question, answer and cost stand beside each other, points.
const THREE_FROM: f32 = 940.0;
/// Width from which question and answer do.
const TWO_FROM: f32 = 440.0;
/// Width up to which parts that stand beside each other stand close.
const TIGHT_TO: f32 = 520.0;
/// Width of the question where there is more beside it, points: as there is room.
const QUESTION: std::ops::RangeInclusive<f32> = 248.0..=300.0;

/// The view; keeps what was drawn and typed until another run is shown.
#[derive(Default)]
pub struct AskView {
    run_id: String,
    /// Of the network that was loaded.
    serial: u64,
    given: Given,
    /// What is to be asked next: only the newest counts.
    next: Option<OwnSample>,
    /// What is being asked.
    question: Option<(OwnSample, Question<Answered>)>,
    /// What was asked last, and what came of it.
    answer: Option<(OwnSample, Result<Answered, String>)>,
    continued: Option<Question<Continued>>,
    seen: Seen,
    /// The run, and at which state of the library it was read.
    details: Option<(u64, Slot<Result<RunDetails, String>>)>,
    was_shown_at: u64,
}

impl AskView {
    /// Draws the view in the room that there is.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared, run_id: &str) {
        self.was_shown_at = ui.ctx().cumulative_frame_nr();
        if self.run_id != run_id {
            *self = Self {
                run_id: run_id.to_owned(),
                was_shown_at: self.was_shown_at,
                ..Self::default()
            };
        }
        if shared.is_busy() || shared.is_inferring() {
            let text = "Something is being measured: an answer now would be in its figures. The network can be asked when that has \
                        ended.";
            return widgets::empty_state(ui, "Not while something is measured", text, |_| {});
        }
        let ready = match Asking::of(shared, run_id) {
            Loaded::Ready(ready) => ready,
            Loaded::Loading => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("Loading the network…");
                });
                return;
            }
            Loaded::Failed(why) => {
                let again = widgets::empty_state(
                    ui,
                    "This network cannot be asked",
                    &sentence(&why),
                    |ui| ui.button("Try again").clicked(),
                );
                if again {
                    shared.close_asking();
                }
                return;
            }
        };
        if self.serial != shared.asking.serial {
            // It was loaded anew: what was under way is lost.
            self.serial = shared.asking.serial;
            self.question = None;
            self.next = self.answer.take().map(|(sample, _)| sample);
            self.given.turn_to(&ready.encoding);
        }
        self.read_run(shared);
        self.follow(shared);
        self.draw(ui, shared, &ready);
    }

    /// A file that was dropped on the window; whether it is asked about.
    pub fn take_file(&mut self, path: &Path, shared: &Shared, frame: u64) -> bool {
        let is_shown = frame <= self.was_shown_at + 1;
        is_shown && shared.asking.is_of(&self.run_id) && self.given.take_file(path)
    }

    /// The network says something of what was given last.
    fn follow(&mut self, shared: &mut Shared) {
        if let Some((sample, slot)) = self.question.take() {
            match slot.get() {
                Some(result) => self.answer = Some((sample, result.clone())),
                None if slot.is_lost() => {
                    let why = "asking failed inside the program; the log says where";
                    self.answer = Some((sample, Err(why.to_owned())));
                }
                None => self.question = Some((sample, slot)),
            }
        }
        if self.question.is_none()
            && let Some(sample) = self.next.take()
        {
            let slot = shared.asking.ask(&mut shared.jobs, sample.clone());
            self.question = Some((sample, slot));
        }
    }

    fn read_run(&mut self, shared: &mut Shared) {
        let revision = shared.library_revision;
        if self.details.as_ref().is_some_and(|(at, _)| *at == revision) {
            return;
        }
        let (library, path, id) = (
            shared.library.clone(),
            shared.library_path(),
            self.run_id.clone(),
        );
        let slot = shared.jobs.fetch(Lane::Library, move |_| {
            path.and_then(|path| library.with(&path, |library| library.details(&id)))
                .map_err(|error| error.to_string())
        });
        self.details = Some((revision, slot));
    }

    fn draw(&mut self, ui: &mut Ui, shared: &mut Shared, ready: &Arc<Ready>) {
        self.given.room = ui.available_height();
        ScrollArea::vertical()
            .id_salt("ask")
            .auto_shrink(false)
            .show(ui, |ui| {
                // Room for the scroll bar, so that it lies on nothing.
                let width = ui.available_width() - 2.0 * theme::GRID;
                ui.set_max_width(width);
                let gap = if width < TIGHT_TO { 3.0 } else { 6.0 } * theme::GRID;
                let question = (0.4 * width).clamp(*QUESTION.start(), *QUESTION.end());
                if width >= THREE_FROM {
                    let rest = (width - question - 2.0 * gap) / 2.0;
                    beside(ui, &[question, rest, rest], gap, |ui, at| match at {
                        0 => self.question(ui, shared, ready),
                        1 => self.says(ui, shared, ready),
                        _ => self.cost(ui, shared, ready),
                    });
                } else if width >= TWO_FROM {
                    beside(ui, &[question, width - question - gap], gap, |ui, at| {
                        if at == 0 {
                            self.question(ui, shared, ready);
                        } else {
                            self.says(ui, shared, ready);
                            ui.add_space(4.0 * theme::GRID);
                            self.cost(ui, shared, ready);
                        }
                    });
                } else {
                    self.question(ui, shared, ready);
                    ui.add_space(4.0 * theme::GRID);
                    self.says(ui, shared, ready);
                    ui.add_space(4.0 * theme::GRID);
                    self.cost(ui, shared, ready);
                }
            });
    }

    fn question(&mut self, ui: &mut Ui, shared: &mut Shared, ready: &Arc<Ready>) {
        let sample = self.given.show(ui, shared, ready);
        if self.given.was_cleared() {
            (self.next, self.answer, self.question) = (None, None, None);
            self.continued = None;
        }
        if let Some(sample) = sample {
            self.next = Some(sample);
            self.continued = None;
            ui.ctx().request_repaint();
        }
    }

    fn says(&mut self, ui: &mut Ui, shared: &mut Shared, ready: &Arc<Ready>) {
        widgets::section(ui, "The network says");
        let Some((sample, result)) = &self.answer else {
            let hint = match self.question {
                Some(_) => "Asking…",
                None => self.given.hint(),
            };
            widgets::caption(ui, hint);
            return;
        };
        ui.horizontal_top(|ui| {
            self.seen.show(ui, &ready.encoding, sample);
            ui.vertical(|ui| {
                for note in &sample.notes {
                    widgets::caption(ui, sentence(note));
                }
                match result {
                    Err(why) => widgets::problem(ui, &sentence(why)),
                    Ok(answered) => says::headline(ui, &ready.encoding, sample, answered),
                }
            });
        });
        if let Ok(answered) = result {
            says::bars(ui, &ready.encoding, answered);
            if let Some(text) = self.given.continued(ui, &ready.encoding) {
                let (characters, taste) = self.given.wish();
                let slot = shared
                    .asking
                    .go_on(&mut shared.jobs, text, characters, taste);
                self.continued = Some(slot);
            }
            says::continued(ui, self.continued.as_ref());
        }
    }

    fn cost(&self, ui: &mut Ui, shared: &mut Shared, ready: &Arc<Ready>) {
        let details = self.details.as_ref().and_then(|(_, slot)| slot.get());
        let details = details.and_then(|details| details.as_ref().ok());
        let seconds = match &self.answer {
            Some((_, Ok(answered))) => answered.first().map(|said| said.seconds),
            _ => None,
        };
        cost::show(ui, shared, ready, &self.run_id, details, seconds);
    }
}

/// Parts beside each other, each with its width.
fn beside(ui: &mut Ui, widths: &[f32], gap: f32, mut add: impl FnMut(&mut Ui, usize)) {
    let start = ui.available_rect_before_wrap().min;
    let mut left = start.x;
    let mut bottom = start.y;
    for (at, width) in widths.iter().enumerate() {
        let rect =
            egui::Rect::from_min_size(egui::pos2(left, start.y), vec2(*width, f32::INFINITY));
        let child = ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
            ui.set_max_width(*width);
            add(ui, at);
            ui.min_rect().bottom()
        });
        bottom = bottom.max(child.inner);
        left += width + gap;
    }
    ui.allocate_rect(
        egui::Rect::from_min_max(start, egui::pos2(left - gap, bottom)),
        egui::Sense::hover(),
    );
}
