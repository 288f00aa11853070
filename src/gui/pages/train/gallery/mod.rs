//! The samples behind a cell of the matrix, the most wrong first.
//!
//! | part | what it does |
//! |---|---|
//! | `choice` | which samples are shown, and in which order |
//! | `held` | the held-out part of the dataset |
//! | `sample` | what is known of one sample |
//! | `pictures`, `table` | samples that are images, and others |

mod choice;
mod held;
mod pictures;
mod sample;
mod table;

use std::collections::HashMap;
use std::sync::Arc;

use egui::{TextureHandle, Ui};

use self::choice::ordered;
use self::held::{Held, load};
use self::pictures::pictures;
use self::table::table;
use crate::gui::jobs::{Lane, Slot};
use crate::gui::mistakes::{Confusion, Predictions};
use crate::gui::state::Shared;
use crate::gui::widgets;
use crate::setup::{DatasetSetup, InputShape};

pub use self::choice::Choice;

/// What a gallery is of.
pub struct Of<'a> {
    /// Which samples.
    pub choice: Choice,
    /// The matrix of the evaluation.
    pub confusion: &'a Confusion,
    /// The answers of the same evaluation.
    pub predictions: &'a Arc<Predictions>,
    /// Names of the classes.
    pub classes: &'a [String],
    /// Where the samples come from.
    pub dataset: &'a DatasetSetup,
    /// The label that was asked for, where several are learnt.
    pub head: Option<&'a str>,
}

/// A held-out part that is read, or was.
struct Reading {
    dataset: DatasetSetup,
    /// The label by which its classes are told, where several are learnt.
    head: Option<String>,
    held: Slot<Result<Held, String>>,
}

impl Reading {
    /// Whether it is what `of` asks for, and will come.
    fn is_for(&self, of: &Of<'_>) -> bool {
        self.dataset == *of.dataset && self.head.as_deref() == of.head && !self.held.is_lost()
    }
}

/// Draws samples; keeps the dataset, the order and the pictures that were needed last.
#[derive(Default)]
pub struct Gallery {
    held: Option<Reading>,
    order: Option<(Choice, Arc<Predictions>, Vec<u32>)>,
    textures: HashMap<u32, TextureHandle>,
}

impl Gallery {
    /// Draws the samples in the room that there is.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared, of: &Of<'_>) {
        if of.choice.expected(of.confusion) == 0 {
            widgets::caption(ui, "There are none at this evaluation.");
            return;
        }
        if !self.held.as_ref().is_some_and(|held| held.is_for(of)) {
            let dataset = of.dataset.clone();
            let store = shared.sets.store().clone();
            let head = of.head.map(str::to_owned);
            let asked = head.clone();
            let slot = shared.jobs.fetch(Lane::Data, move |_| {
                load(&dataset, &store, asked.as_deref())
            });
            *self = Self {
                held: Some(Reading {
                    dataset: of.dataset.clone(),
                    head,
                    held: slot,
                }),
                ..Self::default()
            };
        }
        let Self {
            held,
            order,
            textures,
        } = self;
        let held = match held.as_ref().and_then(|reading| reading.held.get()) {
            None => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("Loading the samples…");
                });
                return;
            }
            Some(Err(why)) => {
                widgets::problem(ui, &format!("The samples cannot be shown: {why}"));
                return;
            }
            Some(Ok(held)) => held,
        };
        let known = order.as_ref().is_some_and(|(choice, predictions, _)| {
            *choice == of.choice && Arc::ptr_eq(predictions, of.predictions)
        });
        if !known {
            let found = ordered(&held.truth, of.predictions, of.choice);
            *order = Some((of.choice, Arc::clone(of.predictions), found));
        }
        let Some((.., order)) = order else { return };
        let fits = held.truth.len() == of.predictions.predicted.len();
        if !fits || order.len() as u64 != of.choice.expected(of.confusion) {
            let text = "The dataset has changed since this run: its held-out samples are not those that the network was asked.";
            widgets::problem(ui, text);
            return;
        }
        widgets::caption(ui, of.choice.order_in_words());
        match held.input {
            InputShape::Image { .. } => pictures(ui, held, of, order, textures),
            _ => table(ui, held, of, order),
        }
    }
}
