//! A file that is opened or dropped.

use std::sync::{Arc, PoisonError};

use egui::{ComboBox, DragValue, Label, RichText, Ui};

use super::Given;
use crate::data::own::{Encoding, Invert, OwnSample, Takes};
use crate::gui::dialogs::{self, Question};
use crate::gui::jobs::Lane;
use crate::gui::pages::train::setup::form::sentence;
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use crate::units::count;

impl Given {
    pub(super) fn file(
        &mut self,
        ui: &mut Ui,
        shared: &mut Shared,
        encoding: &Arc<Encoding>,
        is_new: bool,
    ) -> Option<OwnSample> {
        let is_picture = matches!(encoding.takes, Takes::Picture(_));
        let what = if is_picture {
            "Open an image…"
        } else {
            "Open a CSV file…"
        };
        if ui.button(what).clicked() {
            let question = if is_picture {
                Question::new("Open an image").kind("Images", &["png", "jpg", "jpeg"])
            } else {
                Question::new("Open a table").kind("Tables", &["csv"])
            };
            let chosen = Arc::clone(&self.chosen);
            dialogs::open_file(shared, question, move |_, path| {
                if let Some(path) = path {
                    *chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
                }
            });
        }
        widgets::caption(ui, "or drop one on the window");
        let mut is_changed = is_new;
        if let Takes::Picture(rule) = &encoding.takes {
            widgets::caption(ui, sentence(&rule.in_words()));
            let before = self.invert;
            let label = widgets::field_label(ui, "Swap bright and dark", "");
            let text = |invert: Invert| match invert {
                Invert::Auto => "where the border is bright",
                Invert::Yes => "always",
                Invert::No => "never",
            };
            ComboBox::from_id_salt("ask-invert")
                .selected_text(text(self.invert))
                .show_ui(ui, |ui| {
                    for invert in [Invert::Auto, Invert::Yes, Invert::No] {
                        ui.selectable_value(&mut self.invert, invert, text(invert));
                    }
                })
                .response
                .labelled_by(label.id);
            if before != self.invert
                && let Some((path, _)) = self.file.take()
            {
                self.choose(path);
            }
        }
        let chosen = self
            .chosen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(path) = chosen {
            let (encoding, of, invert) = (Arc::clone(encoding), path.clone(), self.invert);
            let slot = shared.jobs.fetch(Lane::Data, move |_| {
                match &encoding.takes {
                    Takes::Picture(_) => encoding.read_picture(&of, invert).map(|one| vec![one]),
                    _ => encoding.read_rows(&of),
                }
                .map_err(|error| error.to_string())
            });
            self.file = Some((path, slot));
            self.of_file = 0;
        }
        let (path, slot) = self.file.as_ref()?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        ui.add(Label::new(RichText::new(name).text_style(theme::strong())).truncate())
            .on_hover_text(path.display().to_string());
        match slot.get() {
            None if slot.is_lost() => {
                widgets::problem(
                    ui,
                    "Reading it failed inside the program; the log says where.",
                );
                None
            }
            None => {
                ui.spinner();
                None
            }
            Some(Err(why)) => {
                widgets::problem(ui, &sentence(why));
                None
            }
            Some(Ok(samples)) => {
                if self.of_file == 0 {
                    self.of_file = 1;
                    is_changed = true;
                }
                if samples.len() > 1 {
                    ui.horizontal(|ui| {
                        let label = ui.label("Row");
                        let value = DragValue::new(&mut self.of_file).range(1..=samples.len());
                        is_changed |= ui.add(value).labelled_by(label.id).changed();
                        ui.label(format!("of {}", count(samples.len() as u64)));
                    });
                }
                samples
                    .get(self.of_file - 1)
                    .filter(|_| is_changed)
                    .cloned()
            }
        }
    }
}
