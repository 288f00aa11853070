//! The choice of a column of a table: of its names, once the beginning of the file was read.

use std::path::{Path, PathBuf};

use egui::{Button, ComboBox, Ui};

use super::form::{Form, Look};
use crate::data;
use crate::gui::jobs::{Lane, Slot};
use crate::gui::state::Shared;
use crate::setup::DatasetSetup;

/// Most columns that are offered to be chosen from; of more, the name is written.
const OFFERED_MAX: usize = 200;

/// The names of the columns of the file that the panel names.
#[derive(Default)]
pub struct Columns {
    of: Option<(PathBuf, bool)>,
    names: Option<Slot<Vec<String>>>,
}

impl Columns {
    /// Reads the columns of `dataset` where it is another file than before.
    pub fn follow(&mut self, shared: &mut Shared, dataset: &DatasetSetup) {
        let of = file(dataset).map(|(path, has_header)| (path.to_owned(), has_header));
        let is_reading = |names: &Slot<_>| names.get().is_none() && !names.is_lost();
        if self.of == of || self.names.as_ref().is_some_and(is_reading) {
            return;
        }
        self.names = of.clone().map(|(path, has_header)| {
            shared.jobs.fetch(Lane::Data, move |_| {
                // What is wrong with the file is told where its samples would be.
                data::csv_columns(&path, has_header).unwrap_or_default()
            })
        });
        self.of = of;
    }

    /// Reads them again at the next look: the file may have changed.
    pub fn forget(&mut self) {
        self.of = None;
    }

    /// Their names, where there are some to choose from.
    pub fn names(&self) -> &[String] {
        let names = self.names.as_ref().and_then(Slot::get);
        match names {
            Some(names) if names.len() <= OFFERED_MAX => names,
            _ => &[],
        }
    }
}

fn file(dataset: &DatasetSetup) -> Option<(&Path, bool)> {
    let (path, has_header) = match dataset {
        DatasetSetup::Csv(options) => (&options.file, options.header),
        DatasetSetup::TextCsv(options) => (&options.file, options.header),
        _ => return None,
    };
    (!path.as_os_str().is_empty()).then_some((path.as_path(), has_header))
}

/// A column by its name; `unnamed` says which one it is where none is named. Without names to choose from it is written.
pub fn choice(
    form: &mut Form<'_>,
    ui: &mut Ui,
    look: Look<'_>,
    names: &[String],
    value: &mut String,
    unnamed: &str,
) {
    if names.is_empty() {
        return form.text(ui, look, value, unnamed);
    }
    form.row(ui, &look, |_, ui, label| {
        let chosen = if value.is_empty() {
            unnamed.to_owned()
        } else {
            value.clone()
        };
        let combo = ComboBox::from_id_salt(look.path)
            .width(ui.available_width())
            .truncate();
        let response = combo.selected_text(chosen).show_ui(ui, |ui| {
            let mut column = String::new();
            ui.selectable_value(value, String::new(), unnamed);
            for (at, name) in names.iter().enumerate() {
                // A column without a name is known by its number.
                let number = (at + 1).to_string();
                column.clone_from(if name.is_empty() { &number } else { name });
                let is_chosen = *value == column;
                let item = Button::selectable(is_chosen, column.as_str());
                if ui.add(item).clicked() {
                    value.clone_from(&column);
                }
            }
        });
        response.response.labelled_by(label);
    });
    form.problems_at(ui, look.path);
}
