//! The result as files.

use std::path::Path;
use std::sync::Arc;

use egui::{ComboBox, Ui};

use super::SweepPage;
use super::analysed::Made;
use crate::gui::Page;
use crate::gui::dialogs::Question;
use crate::gui::export::{self, Asked, Place, Target};
use crate::gui::state::Shared;
use crate::gui::theme::Tokens;
use crate::gui::widgets;
use crate::library::export::write_files;
use crate::report::{self, Heading, Output, Theme};

const OUTPUTS: [(Output, &str, &str); 4] = [
    (Output::Csv, "CSV: a row a setup", "setups.csv"),
    (
        Output::Html,
        "HTML: a page that needs nothing else",
        "report.html",
    ),
    (
        Output::Markdown,
        "Markdown, with its figures in a folder",
        "report.md",
    ),
    (
        Output::Plots,
        "Plots: each as SVG and PNG, in a folder",
        "plots",
    ),
];

const PLACE: Place = Place {
    target: |state| {
        let export = state.pages.sweep.export.as_mut();
        export.map(|export| &mut export.target)
    },
    close: |state| state.pages.sweep.export = None,
};

/// The window that asks what is to be written.
pub struct Export {
    output: Output,
    target: Target,
}

fn of(output: Output) -> (&'static str, &'static str) {
    let found = OUTPUTS.iter().find(|(known, ..)| *known == output);
    found.map_or(("", ""), |(_, label, name)| (label, name))
}

/// Opens the window.
pub fn begin(page: &mut SweepPage, shared: &mut Shared, output: Output) {
    shared.preferences.page = Page::Sweep;
    if page.result.analysed.made.is_none() {
        return shared
            .toasts
            .warn("Choose a sweep and open its Result first; there is nothing to write yet");
    }
    page.export = Some(Export {
        output,
        target: Target::begin(file_name(page, output), PLACE, shared),
    });
}

/// `paper-digits-setups.csv`.
fn file_name(page: &SweepPage, output: Output) -> String {
    let title = page
        .stored
        .read
        .as_ref()
        .map_or("sweep", |read| read.title());
    let plain: String = title
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() || letter == '-' {
                letter
            } else {
                '-'
            }
        })
        .collect();
    format!("{plain}-{}", of(output).1)
}

/// Shows the window, where it is open.
pub fn show(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    let Some(mut export) = page.export.take() else {
        return;
    };
    let made = page.result.analysed.made.clone();
    let title = page
        .stored
        .read
        .as_ref()
        .map_or_else(String::new, |read| read.title().to_owned());
    let theme = Tokens::in_ui(ui).report_theme();
    let window = "Export the result";
    let stays = export::window(ui, shared, "sweep-export", window, |ui, shared| {
        let before = export.output;
        let label = widgets::field_label(ui, "Format", "");
        let combo = ComboBox::from_id_salt("sweep-export-format")
            .selected_text(of(export.output).0)
            .width(ui.available_width() - 20.0)
            .truncate();
        let inner = combo.show_ui(ui, |ui| {
            for (output, label, _) in OUTPUTS {
                ui.selectable_value(&mut export.output, output, label);
            }
        });
        inner.response.labelled_by(label.id);
        if before != export.output {
            let [had, name] = [before, export.output].map(|output| file_name(page, output));
            export.target.rename(|known| known == had, &name);
        }
        let is_folder = export.output == Output::Plots;
        let name = if is_folder { "Folder" } else { "File" };
        if export.target.field(ui, name, "") {
            let question = question(export.output, &file_name(page, export.output));
            export.target.choose(question, is_folder, PLACE, shared);
        }
        let asked = export.target.buttons(ui, made.is_some());
        if let (Asked::Write, Some(made)) = (asked, &made) {
            write(&mut export, Arc::clone(made), title.clone(), theme, shared);
        }
        asked
    });
    if stays {
        page.export = Some(export);
    }
}

fn question(output: Output, name: &str) -> Question {
    let question = Question::new("Export the result").file_name(name);
    match output {
        Output::Plots => question,
        Output::Csv => question.kind("CSV", &["csv"]),
        Output::Html => question.kind("HTML", &["html"]),
        Output::Markdown => question.kind("Markdown", &["md"]),
    }
}

fn write(export: &mut Export, made: Arc<Made>, title: String, theme: Theme, shared: &mut Shared) {
    let output = export.output;
    let write = move |path: &Path, replace: bool, _: &_| {
        let made_at = format!(
            "Made by Joulelab {} at {:.0}.",
            env!("CARGO_PKG_VERSION"),
            jiff::Timestamp::now()
        );
        let heading = Heading {
            title: &title,
            made: &made_at,
            theme,
        };
        let files = report::files(output, path, &made.analysis, &heading);
        let files = files.map_err(export::explain)?;
        write_files(&files, replace).map_err(export::explain)?;
        Ok(match files.len() {
            1 => format!("The result is in {}", path.display()),
            several => format!("{several} files are in {}", path.display()),
        })
    };
    let what = "Writing the result";
    export.target.write(what, PLACE, shared, write);
}
