//! Runs to files and from another library.

use std::path::{Path, PathBuf};

use egui::{ComboBox, RadioButton, Ui};

use super::RunsPage;
use super::rows::Item;
use crate::gui::dialogs::{self, Question};
use crate::gui::export::{self as window, Asked, Place, Target};
use crate::gui::jobs::{Lane, Progress};
use crate::gui::state::{Shared, State};
use crate::gui::widgets;
use crate::library::export::{self, ExportError, Format, Options};
use crate::library::{Imported, Library};
use crate::units::count;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// One of the library's CSV formats.
    Csv(Format),
    /// Setups, which can be trained again.
    Setup,
    /// All that is known of runs but their steps and samples.
    Details,
}

impl What {
    const ALL: [Self; 6] = [
        Self::Csv(Format::Runs),
        Self::Csv(Format::Epochs),
        Self::Csv(Format::Samples),
        Self::Csv(Format::CodeCarbon),
        Self::Setup,
        Self::Details,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Csv(Format::Runs) => "Runs (CSV): a row a run",
            Self::Csv(Format::Epochs) => "Epochs (CSV): a row an evaluation",
            Self::Csv(Format::Samples) => "Samples (CSV): a row a reading",
            Self::Csv(Format::CodeCarbon) => "CodeCarbon (CSV): a row a run in its columns",
            Self::Setup => "Setup (JSON): a file a run, to train it again",
            Self::Details => "Details (JSON): all but steps and samples",
        }
    }

    /// Name of the file; `id` where there is one run.
    fn file_name(self, id: Option<&str>) -> String {
        let of = id.unwrap_or("joulelab");
        match self {
            Self::Csv(format) => format!("{of}-{}.csv", format.id()),
            Self::Setup => format!("{of}-setup.json"),
            Self::Details => format!("{of}-details.json"),
        }
    }
}

const PLACE: Place = Place {
    target: |state| {
        let export = state.pages.runs.export.as_mut();
        export.map(|export| &mut export.target)
    },
    close: |state| state.pages.runs.export = None,
};

/// The window that asks what is to be written.
pub struct Export {
    what: What,
    /// The chosen runs rather than all that are shown.
    only_chosen: bool,
    target: Target,
}

/// Opens the window.
pub fn begin_export(page: &mut RunsPage, shared: &mut Shared) {
    let chosen = page.chosen();
    let what = What::Csv(Format::Runs);
    page.export = Some(Export {
        what,
        only_chosen: !chosen.is_empty(),
        target: Target::begin(what.file_name(only(&chosen)), PLACE, shared),
    });
}

fn only(chosen: &[std::sync::Arc<Item>]) -> Option<&str> {
    match chosen {
        [one] => Some(one.id()),
        _ => None,
    }
}

/// Shows the window, where it is open.
pub fn show_export(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared) {
    let Some(mut export) = page.export.take() else {
        return;
    };
    let (chosen, shown) = (page.chosen(), page.shown());
    let title = "Export runs";
    let stays = window::window(ui, shared, "runs-export", title, |ui, shared| {
        let before = (export.what, export.only_chosen);
        ui.horizontal_wrapped(|ui| {
            let text = format!("{} chosen", count(chosen.len() as u64));
            let button = RadioButton::new(export.only_chosen, text);
            if ui.add_enabled(!chosen.is_empty(), button).clicked() {
                export.only_chosen = true;
            }
            let text = format!("All {} shown", count(shown.len() as u64));
            if ui.radio(!export.only_chosen, text).clicked() {
                export.only_chosen = false;
            }
        });
        let label = widgets::field_label(ui, "Format", "");
        let combo = ComboBox::from_id_salt("runs-export-format")
            .selected_text(export.what.label())
            .width(ui.available_width() - 20.0);
        let inner = combo.show_ui(ui, |ui| {
            for what in What::ALL {
                ui.selectable_value(&mut export.what, what, what.label());
            }
        });
        inner.response.labelled_by(label.id);
        let runs = if export.only_chosen { &chosen } else { &shown };
        if before != (export.what, export.only_chosen) {
            // A file of one run has that run's name before the rest.
            let end = before.0.file_name(None).replacen("joulelab", "", 1);
            let name = export.what.file_name(only(runs));
            export.target.rename(|known| known.ends_with(&end), &name);
        }
        let hint = "In a folder, the file gets a name of its own";
        if export.target.field(ui, "Folder or file", hint) {
            let question = question(export.what, only(runs));
            export.target.choose(question, false, PLACE, shared);
        }
        let asked = export.target.buttons(ui, !runs.is_empty());
        if asked == Asked::Write {
            let ids = runs.iter().map(|item| item.id().to_owned()).collect();
            export.write(ids, shared);
        }
        asked
    });
    if stays {
        page.export = Some(export);
    }
}

fn question(what: What, id: Option<&str>) -> Question {
    let question = Question::new("Export runs").file_name(what.file_name(id));
    match what {
        What::Csv(_) => question.kind("CSV", &["csv"]),
        What::Setup | What::Details => question.kind("JSON", &["json"]),
    }
}

impl Export {
    fn write(&mut self, ids: Vec<String>, shared: &mut Shared) {
        let library = match shared.library_path() {
            Ok(library) => library,
            Err(error) => return self.target.refuse(error.to_string()),
        };
        let what = self.what;
        let write = move |path: &Path, replace: bool, progress: &Progress| {
            written(&library, what, &ids, path, replace, progress)
        };
        let label = "Writing the export";
        self.target.write(label, PLACE, shared, write);
    }
}

/// Writes the runs and says what was written.
fn written(
    library: &Path,
    what: What,
    ids: &[String],
    path: &Path,
    replace: bool,
    progress: &Progress,
) -> Result<String, String> {
    let library = Library::open(library).map_err(|error| error.to_string())?;
    let single = ids.first().filter(|_| ids.len() == 1).map(String::as_str);
    let path = if path.is_dir() {
        path.join(what.file_name(single))
    } else {
        path.to_owned()
    };
    let runs = match ids.len() {
        1 => "1 run".to_owned(),
        several => format!("{} runs", count(several as u64)),
    };
    let mut watch = |done: u64, total: u64| {
        progress.set(done as f64 / total.max(1) as f64);
        !progress.is_cancelled()
    };
    match what {
        What::Csv(format) => {
            let options = Options::default();
            let rows = export::write_file_watched(
                &library,
                (format, &options),
                ids,
                (&path, replace),
                &mut watch,
            )
            .map_err(window::explain)?;
            let rows = if rows == 1 {
                "1 row".to_owned()
            } else {
                format!("{} rows", count(rows))
            };
            Ok(format!("{rows} of {runs} written to {}", path.display()))
        }
        What::Setup => {
            let mut last = path.clone();
            for (id, done) in ids.iter().zip(1..) {
                let run = library.run(id).map_err(|error| error.to_string())?;
                let setup: serde_json::Value =
                    serde_json::from_str(&run.setup.json).map_err(|error| error.to_string())?;
                // Several setups are a file each beside the one that was named.
                last = if single.is_some() {
                    path.clone()
                } else {
                    path.with_file_name(what.file_name(Some(id)))
                };
                write_json(&setup, &last, replace).map_err(window::explain)?;
                if !watch(done, ids.len() as u64) {
                    return Err(format!("cancelled after {done} files, which are kept"));
                }
            }
            let place = if single.is_some() {
                last.display()
            } else {
                last.parent().unwrap_or(&last).display()
            };
            Ok(format!("The setup of {runs} written to {place}"))
        }
        What::Details => {
            let mut all = Vec::new();
            for (id, done) in ids.iter().zip(1..) {
                all.push(library.details(id).map_err(|error| error.to_string())?);
                if !watch(done, ids.len() as u64) {
                    return Err(ExportError::Cancelled.to_string());
                }
            }
            let result = match all.as_slice() {
                [one] => write_json(one, &path, replace),
                several => write_json(&several, &path, replace),
            };
            result.map_err(window::explain)?;
            Ok(format!("{runs} written to {}", path.display()))
        }
    }
}

fn write_json(
    value: &impl serde::Serialize,
    path: &Path,
    replace: bool,
) -> Result<(), ExportError> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| ExportError::Output(std::io::Error::other(error)))?;
    bytes.push(b'\n');
    export::write_bytes(path, replace, &bytes)
}

/// Asks for a library and takes over its runs.
pub fn ask_for_library(shared: &mut Shared) {
    let question = Question::new("Import the runs of another library")
        .kind("Library", &["sqlite", "sqlite3", "db"]);
    dialogs::open_file(shared, question, |state: &mut State, path| {
        if let Some(path) = path {
            let State { shared, pages, .. } = state;
            pages.runs.import(path, shared);
        }
    });
}

/// Takes over the runs of the library in file `path`.
pub fn import(path: PathBuf, shared: &mut Shared) {
    if shared.is_busy() {
        // An import holds the library for as long as it takes, and the record of a run that goes on comes first.
        return shared
            .toasts
            .warn("A run goes on and is being recorded; import when it has ended");
    }
    let library = match shared.library_path() {
        Ok(library) => library,
        Err(error) => return shared.toasts.error(error.to_string()),
    };
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .display()
        .to_string();
    shared.jobs.run_shown(
        Lane::Files,
        format!("Importing runs of {name}"),
        move |progress| {
            let mut watch = |done: u64, total: u64| {
                progress.set(done as f64 / total.max(1) as f64);
                !progress.is_cancelled()
            };
            let result = Library::open(library)
                .and_then(|mut library| library.import_from(&path, &mut watch));
            Box::new(move |state: &mut State| {
                state.shared.library_revision += 1;
                match result {
                    Ok(imported) => state.shared.toasts.good(said(imported)),
                    Err(error) => state.shared.toasts.error(error.to_string()),
                }
            })
        },
    );
}

fn said(imported: Imported) -> String {
    let Imported {
        added,
        known,
        running,
    } = imported;
    let mut text = match added {
        0 => "No run was imported".to_owned(),
        1 => "1 run was imported".to_owned(),
        several => format!("{} runs were imported", count(several)),
    };
    if known > 0 {
        text.push_str(&format!("; {} were here already", count(known)));
    }
    if running > 0 {
        text.push_str(&format!(
            "; {} are still being recorded and were left out",
            count(running)
        ));
    }
    text
}
