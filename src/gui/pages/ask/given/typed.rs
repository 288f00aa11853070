//! Rows and texts that are typed.

use egui::{ComboBox, DragValue, Grid, Label, ScrollArea, TextEdit, Ui};

use super::Given;
use crate::control::Taste;
use crate::data::Features;
use crate::data::own::{
    Encoding, OwnError, OwnSample, RowKind, RowRule, SymbolRule, Takes, TextRule,
};
use crate::gui::asking::Ready;
use crate::gui::pages::train::setup::form::sentence;
use crate::gui::state::Shared;
use crate::gui::widgets;
use crate::units::count;

/// Height of everything but the fields of a row, points.
const BESIDE_FIELDS: f32 = 130.0;

impl Given {
    pub(super) fn row(
        &mut self,
        ui: &mut Ui,
        shared: &mut Shared,
        ready: &Ready,
        rule: &RowRule,
        is_new: bool,
    ) -> Option<OwnSample> {
        let mut filled = None;
        if self.samples(ui, shared, ready) {
            let count = self.dataset().map(|dataset| dataset.test.len());
            let is_chosen = self.choose_held(ui, count);
            let is_asked = ui
                .button("Fill in")
                .on_hover_text("Fill the fields in from this held-out sample")
                .clicked();
            if is_chosen || is_asked {
                filled = self
                    .dataset()
                    .and_then(|dataset| dataset.held_out(self.number - 1));
            }
        }
        if let Some(OwnSample {
            features: Features::F32(features),
            ..
        }) = &filled
        {
            self.cells = rule.cells(features);
        }
        let mut is_changed = is_new;
        ScrollArea::vertical()
            .id_salt("ask-row")
            .max_height((self.room - BESIDE_FIELDS).max(140.0))
            .show(ui, |ui| {
                Grid::new("ask-fields").num_columns(2).show(ui, |ui| {
                    for (column, cell) in rule.columns.iter().zip(&mut self.cells) {
                        let label = ui.add(Label::new(&column.name).truncate());
                        is_changed |= field(ui, &column.name, &column.kind, cell, label.id);
                        ui.end_row();
                    }
                });
            });
        if let Some(sample) = filled {
            self.wrong = None;
            return Some(sample);
        }
        if is_changed {
            let is_empty = self.cells.iter().all(|cell| cell.trim().is_empty());
            let sample = (!is_empty).then(|| ready.encoding.row(&self.cells));
            return self.taken(ui, sample);
        }
        self.tell_what_is_wrong(ui);
        None
    }

    /// What was typed just now, if anything; what cannot be asked about leaves no answer to what was there before.
    fn taken(
        &mut self,
        ui: &mut Ui,
        sample: Option<Result<OwnSample, OwnError>>,
    ) -> Option<OwnSample> {
        let sample = sample.transpose();
        self.wrong = sample.as_ref().err().map(ToString::to_string);
        let sample = sample.ok().flatten();
        self.is_cleared |= sample.is_none();
        self.tell_what_is_wrong(ui);
        sample
    }

    fn tell_what_is_wrong(&self, ui: &mut Ui) {
        if let Some(wrong) = &self.wrong {
            widgets::problem(ui, &sentence(wrong));
        }
    }

    pub(super) fn text(
        &mut self,
        ui: &mut Ui,
        encoding: &Encoding,
        hint: &str,
        is_new: bool,
    ) -> Option<OwnSample> {
        let edit = TextEdit::multiline(&mut self.text)
            .hint_text(hint)
            .desired_rows(4)
            .desired_width(f32::INFINITY);
        let field = ui.add(edit).accessible_name("Text to ask about");
        if field.changed() || is_new {
            let sample = (!self.text.is_empty()).then(|| encoding.text(&self.text));
            return self.taken(ui, sample);
        }
        self.tell_what_is_wrong(ui);
        None
    }

    /// Where the network foretells characters, how far to go on; the text that it is to go on with, where that was asked for now.
    pub fn continued(&mut self, ui: &mut Ui, encoding: &Encoding) -> Option<String> {
        let Takes::Text(TextRule {
            continues: true, ..
        }) = &encoding.takes
        else {
            return None;
        };
        let mut is_asked = false;
        ui.horizontal_wrapped(|ui| {
            is_asked = ui
                .button("Go on")
                .on_hover_text("Let the network write")
                .clicked();
            ui.label("for");
            let value = DragValue::new(&mut self.characters).range(1..=2000);
            ui.add(value).accessible_name("Characters to go on for");
            ui.label("characters, boldness");
            let value = DragValue::new(&mut self.temperature)
                .range(0.0..=2.0)
                .speed(0.02);
            ui.add(value).accessible_name("Boldness").on_hover_text(
                "Temperature: 0 takes the likeliest character, 1 draws as the network says",
            );
        });
        (is_asked && !self.text.is_empty()).then(|| self.text.clone())
    }

    /// How far to go on, and how.
    pub fn wish(&mut self) -> (usize, Taste) {
        self.draws = self.draws.wrapping_add(1);
        let taste = Taste {
            temperature: self.temperature,
            seed: self.draws,
        };
        (self.characters, taste)
    }
}

/// The field of a column; whether it was changed.
fn field(ui: &mut Ui, name: &str, kind: &RowKind, cell: &mut String, label: egui::Id) -> bool {
    match kind {
        RowKind::Number => {
            let edit = TextEdit::singleline(cell).desired_width(110.0);
            ui.add(edit).labelled_by(label).changed()
        }
        RowKind::Categories(names) => {
            let before = cell.clone();
            ComboBox::from_id_salt(("ask-category", name))
                .selected_text(cell.as_str())
                .width(110.0)
                .show_ui(ui, |ui| {
                    for known in names {
                        ui.selectable_value(cell, known.clone(), known);
                    }
                })
                .response
                .labelled_by(label);
            *cell != before
        }
    }
}

pub(super) fn text_hint(rule: &TextRule) -> String {
    if rule.continues {
        "The network says which character comes next".to_owned()
    } else {
        format!("Up to {} characters", count(rule.length as u64))
    }
}

pub(super) fn symbols_hint(rule: &SymbolRule) -> String {
    format!("Symbols divided by blanks, such as {}", rule.example)
}
