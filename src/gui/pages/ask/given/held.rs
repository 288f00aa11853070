//! A sample of the dataset that the network has never learnt from.

use egui::{DragValue, Ui};

use super::Given;
use crate::data::own::{OwnSample, Takes};
use crate::data::{self, Dataset, Features};
use crate::gui::asking::Ready;
use crate::gui::jobs::Lane;
use crate::gui::state::Shared;
use crate::gui::widgets;
use crate::units::count;

impl Given {
    /// Chooses a held-out sample; whether another one was.
    pub(super) fn choose_held(&mut self, ui: &mut Ui, samples: Option<usize>) -> bool {
        let mut is_chosen = false;
        ui.horizontal_wrapped(|ui| {
            let label = ui.label("Number");
            let most = samples.unwrap_or(1).max(1);
            let value = DragValue::new(&mut self.number).range(1..=most);
            is_chosen |= ui
                .add(value)
                .labelled_by(label.id)
                .on_hover_text("Which of the samples that the network has never learnt from")
                .changed();
            ui.label(format!("of {}", count(most as u64)));
            if ui.button("Random").on_hover_text("Any of them").clicked() {
                // Any order will do; the numbers of Knuth's generator MMIX.
                let time = ui.input(|input| input.time.to_bits());
                self.draws = (self.draws ^ time)
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                self.number = ((self.draws >> 33) as usize) % most + 1;
                is_chosen = true;
            }
        });
        is_chosen
    }

    /// The held-out samples, loaded where they are not; why they cannot be is shown.
    pub(super) fn samples(&mut self, ui: &mut Ui, shared: &mut Shared, ready: &Ready) -> bool {
        if self.held.is_none() {
            let dataset = ready.dataset.clone();
            let store = shared.sets.store().clone();
            self.held = Some(shared.jobs.fetch(Lane::Data, move |_| {
                data::load_from(&dataset, &store).map_err(|error| error.to_string())
            }));
        }
        match self.held.as_ref().map(|slot| (slot.get(), slot.is_lost())) {
            Some((Some(Ok(_)), _)) => true,
            Some((Some(Err(why)), _)) => {
                let text = format!("The held-out samples cannot be read: {why}");
                widgets::problem(ui, &text);
                false
            }
            Some((None, true)) => {
                widgets::problem(
                    ui,
                    "Reading them failed inside the program; the log says where.",
                );
                false
            }
            _ => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.label("Loading the samples…");
                });
                false
            }
        }
    }

    pub(super) fn dataset(&self) -> Option<&Dataset> {
        self.held.as_ref()?.get()?.as_ref().ok()
    }

    pub(super) fn held_out(
        &mut self,
        ui: &mut Ui,
        shared: &mut Shared,
        ready: &Ready,
        is_new: bool,
    ) -> Option<OwnSample> {
        self.wants_held |= is_new;
        if !self.samples(ui, shared, ready) {
            return None;
        }
        let count = self.dataset().map(|dataset| dataset.test.len());
        self.wants_held |= self.choose_held(ui, count);
        if !std::mem::take(&mut self.wants_held) {
            return None;
        }
        let sample = self.dataset()?.held_out(self.number - 1)?;
        if let (Takes::Text(rule), Features::Tokens(tokens)) =
            (&ready.encoding.takes, &sample.features)
        {
            // To be read, and to be gone on with.
            let characters = tokens
                .iter()
                .filter_map(|token| rule.character(usize::from(*token)));
            self.text = characters.collect();
        }
        Some(sample)
    }
}
