//! What the model's life takes, as files.

use egui::{ComboBox, Ui};

use super::LifePage;
use crate::analysis::lives::Life;
use crate::gui::dialogs::Question;
use crate::gui::export::{self, Asked, Place, Target};
use crate::gui::state::{Page, Shared};
use crate::gui::theme::Tokens;
use crate::gui::widgets;
use crate::library::export::write_files;
use crate::report::{LifeOutput, Theme, life_files};

const OUTPUTS: [(LifeOutput, &str, &str); 4] = [
    (LifeOutput::Csv, "CSV: a row a stage", "life.csv"),
    (
        LifeOutput::Json,
        "JSON: as the command line prints it",
        "life.json",
    ),
    (
        LifeOutput::Markdown,
        "Markdown: stages and assumptions",
        "life.md",
    ),
    (
        LifeOutput::Plots,
        "Plots: each as SVG and PNG, in a folder",
        "life-plots",
    ),
];

const PLACE: Place = Place {
    target: |state| {
        let export = state.pages.life.export.as_mut();
        export.map(|export| &mut export.target)
    },
    close: |state| state.pages.life.export = None,
};

/// The window that asks what is to be written.
pub struct Export {
    output: LifeOutput,
    target: Target,
}

fn of(output: LifeOutput) -> (&'static str, &'static str) {
    let found = OUTPUTS.iter().find(|(known, ..)| *known == output);
    found.map_or(("", ""), |(_, label, name)| (label, name))
}

/// Opens the window.
pub fn begin(page: &mut LifePage, shared: &mut Shared) {
    shared.preferences.page = Page::LifeCycle;
    let is_told = |told: &super::Told| told.life.is_ok();
    let can_be_written = page.told.as_ref().is_some_and(is_told);
    if !can_be_written {
        let why = "Choose the runs of a model on the Life cycle page first; there is nothing to write yet";
        return shared.toasts.warn(why);
    }
    let output = LifeOutput::Csv;
    page.export = Some(Export {
        output,
        target: Target::begin(of(output).1.to_owned(), PLACE, shared),
    });
}

/// Shows the window, where it is open.
pub fn show(page: &mut LifePage, ui: &mut Ui, shared: &mut Shared) {
    let Some(mut export) = page.export.take() else {
        return;
    };
    let life = page.told.as_ref().and_then(|told| told.life.as_ref().ok());
    let theme = Tokens::in_ui(ui).report_theme();
    let title = "Export the life cycle";
    let stays = export::window(ui, shared, "life-export", title, |ui, shared| {
        let before = export.output;
        let label = widgets::field_label(ui, "Format", "");
        let combo = ComboBox::from_id_salt("life-export-format")
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
            let had = |name: &str| name == of(before).1;
            export.target.rename(had, of(export.output).1);
        }
        let is_folder = export.output == LifeOutput::Plots;
        let name = if is_folder { "Folder" } else { "File" };
        if export.target.field(ui, name, "") {
            let question = question(export.output);
            export.target.choose(question, is_folder, PLACE, shared);
        }
        let asked = export.target.buttons(ui, life.is_some());
        if let (Asked::Write, Some(life)) = (asked, life) {
            write(&mut export, life.clone(), theme, shared);
        }
        asked
    });
    if stays {
        page.export = Some(export);
    }
}

fn question(output: LifeOutput) -> Question {
    let question = Question::new("Export the life cycle").file_name(of(output).1);
    match output {
        LifeOutput::Plots => question,
        LifeOutput::Csv => question.kind("CSV", &["csv"]),
        LifeOutput::Json => question.kind("JSON", &["json"]),
        LifeOutput::Markdown => question.kind("Markdown", &["md"]),
    }
}

fn write(export: &mut Export, life: Life, theme: Theme, shared: &mut Shared) {
    let output = export.output;
    let write = move |path: &std::path::Path, replace: bool, _: &_| {
        let files = life_files(output, path, &life, "The life of a model", theme);
        let files = files.map_err(export::explain)?;
        write_files(&files, replace).map_err(export::explain)?;
        Ok(format!("The life cycle is in {}", path.display()))
    };
    let what = "Writing the life cycle";
    export.target.write(what, PLACE, shared, write);
}
