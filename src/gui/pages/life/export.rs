//! What the model's life takes, as files.

use std::path::{Path, PathBuf};

use egui::{ComboBox, Modal, TextEdit, Ui};

use super::LifePage;
use crate::analysis::lives::Life;
use crate::gui::dialogs::{self, Question};
use crate::gui::jobs::Lane;
use crate::gui::state::{Page, Shared, State};
use crate::gui::theme::Tokens;
use crate::gui::widgets;
use crate::library::export::{ExportError, write_bytes};
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

/// The window that asks what is to be written.
pub struct Export {
    output: LifeOutput,
    path: String,
    replace: bool,
    problem: Option<String>,
    is_writing: bool,
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
    page.export = Some(Export {
        output: LifeOutput::Csv,
        path: of(LifeOutput::Csv).1.to_owned(),
        replace: false,
        problem: None,
        is_writing: false,
    });
    shared.jobs.run(Lane::Files, |_| {
        let users = directories::UserDirs::new();
        let folder = users.map(|users| {
            let documents = users.document_dir().map(Path::to_owned);
            documents
                .filter(|folder| folder.is_dir())
                .unwrap_or(users.home_dir().to_owned())
        });
        Box::new(move |state: &mut State| {
            // What was typed meanwhile stays.
            if let (Some(export), Some(folder)) = (&mut state.pages.life.export, folder)
                && !export.path.contains(['/', '\\'])
            {
                export.path = folder.join(&export.path).display().to_string();
            }
        })
    });
}

/// Shows the window, where it is open.
pub fn show(page: &mut LifePage, ui: &mut Ui, shared: &mut Shared) {
    let Some(mut export) = page.export.take() else {
        return;
    };
    let life = page.told.as_ref().and_then(|told| told.life.as_ref().ok());
    let theme = if Tokens::in_ui(ui).dark {
        Theme::Dark
    } else {
        Theme::Light
    };
    let mut is_open = true;
    let modal = Modal::new(ui.scope_id().with("life-export"))
        .frame(widgets::modal_frame(ui))
        .show(ui.ctx(), |ui| {
            let width = 460.0_f32.min(ui.ctx().content_rect().width() - 64.0);
            ui.set_width(width);
            ui.heading("Export the life cycle");
            let before = export.output;
            let label = widgets::field_label(ui, "Format", "");
            let combo = ComboBox::from_id_salt("life-export-format")
                .selected_text(of(export.output).0)
                .width(width - 20.0)
                .truncate();
            let inner = combo.show_ui(ui, |ui| {
                for (output, label, _) in OUTPUTS {
                    ui.selectable_value(&mut export.output, output, label);
                }
            });
            inner.response.labelled_by(label.id);
            if before != export.output {
                rename(&mut export, before);
            }
            let is_folder = export.output == LifeOutput::Plots;
            let name = if is_folder { "Folder" } else { "File" };
            let label = widgets::field_label(ui, name, "");
            ui.horizontal_wrapped(|ui| {
                let field = TextEdit::singleline(&mut export.path).desired_width(width - 120.0);
                if ui.add(field).labelled_by(label.id).changed() {
                    export.problem = None;
                }
                let hint = "Choose it in the platform's dialog";
                if ui.button("Choose…").on_hover_text(hint).clicked() {
                    choose(&export, shared);
                }
            });
            ui.checkbox(&mut export.replace, "Replace what is there");
            if let Some(problem) = &export.problem {
                widgets::problem(ui, problem);
            }
            ui.horizontal_wrapped(|ui| {
                let is_ready = !export.path.trim().is_empty() && !export.is_writing;
                ui.add_enabled_ui(is_ready, |ui| {
                    if widgets::primary_button(ui, "Export").clicked()
                        && let Some(life) = life
                    {
                        write(&mut export, life.clone(), theme, shared);
                    }
                });
                if ui.button("Cancel").clicked() {
                    is_open = false;
                }
            });
        });
    // The dialog of the platform lies over this window; a click there is not one beside it.
    if modal.should_close() && !shared.dialog_open {
        is_open = false;
    }
    if is_open {
        page.export = Some(export);
    }
}

/// Gives the file the name that goes with another format, where it had the one that went with the last.
fn rename(export: &mut Export, before: LifeOutput) {
    let path = Path::new(&export.path);
    if path.file_name().and_then(|name| name.to_str()) == Some(of(before).1) {
        export.path = path
            .with_file_name(of(export.output).1)
            .display()
            .to_string();
    }
    export.problem = None;
}

fn choose(export: &Export, shared: &mut Shared) {
    let mut question = Question::new("Export the life cycle").file_name(of(export.output).1);
    let folder = Path::new(&export.path).parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    question.folder = folder.map(Path::to_owned);
    let take = |state: &mut State, path: Option<PathBuf>, replace: bool| {
        if let (Some(export), Some(path)) = (&mut state.pages.life.export, path) {
            export.path = path.display().to_string();
            export.replace = replace;
            export.problem = None;
        }
    };
    let question = match export.output {
        LifeOutput::Plots => {
            return dialogs::pick_folder(shared, question, move |state, path| {
                take(state, path, false);
            });
        }
        LifeOutput::Csv => question.kind("CSV", &["csv"]),
        LifeOutput::Json => question.kind("JSON", &["json"]),
        LifeOutput::Markdown => question.kind("Markdown", &["md"]),
    };
    // The dialog has asked about a file that is there.
    dialogs::save_file(shared, question, move |state, path| take(state, path, true));
}

fn write(export: &mut Export, life: Life, theme: Theme, shared: &mut Shared) {
    export.is_writing = true;
    export.problem = None;
    let (output, replace) = (export.output, export.replace);
    let path = PathBuf::from(export.path.trim());
    shared
        .jobs
        .run_shown(Lane::Files, "Writing the life cycle", move |_| {
            let result = written(output, &path, replace, &life, theme);
            Box::new(move |state: &mut State| {
                let export = &mut state.pages.life.export;
                match result {
                    Ok(()) => {
                        *export = None;
                        let text = format!("The life cycle is in {}", path.display());
                        state.shared.toasts.good(text);
                    }
                    Err(error) => match export {
                        Some(export) => {
                            export.is_writing = false;
                            export.problem = Some(error);
                        }
                        None => state.shared.toasts.error(error),
                    },
                }
            })
        });
}

fn written(
    output: LifeOutput,
    path: &Path,
    replace: bool,
    life: &Life,
    theme: Theme,
) -> Result<(), String> {
    let explain = |error: ExportError| match error {
        ExportError::Exists { path } => format!(
            "There is a file already; give another name, or tick Replace: {}",
            path.display()
        ),
        other => other.to_string(),
    };
    let files = life_files(output, path, life, "The life of a model", theme).map_err(explain)?;
    // Told before anything is written, so that a refusal leaves nothing half done.
    let there = files
        .iter()
        .find(|(path, _)| !replace && path.symlink_metadata().is_ok());
    if let Some((path, _)) = there {
        return Err(explain(ExportError::Exists { path: path.clone() }));
    }
    for (path, bytes) in &files {
        let folder = path.parent();
        if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                format!("cannot create the folder: {error}: {}", folder.display())
            })?;
        }
        write_bytes(path, replace, bytes).map_err(explain)?;
    }
    Ok(())
}
