//! The result as files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{ComboBox, Modal, TextEdit, Ui};

use super::SweepPage;
use super::analysed::Made;
use crate::gui::Page;
use crate::gui::dialogs::{self, Question};
use crate::gui::jobs::Lane;
use crate::gui::state::{Shared, State};
use crate::gui::theme::Tokens;
use crate::gui::widgets;
use crate::library::export::{ExportError, write_bytes};
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

/// The window that asks what is to be written.
pub struct Export {
    output: Output,
    path: String,
    folder: PathBuf,
    replace: bool,
    problem: Option<String>,
    is_writing: bool,
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
        path: file_name(page, output),
        folder: PathBuf::new(),
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
            if let (Some(export), Some(folder)) = (&mut state.pages.sweep.export, folder) {
                // What was typed meanwhile stays.
                if !export.path.contains(['/', '\\']) && export.folder.as_os_str().is_empty() {
                    export.path = folder.join(&export.path).display().to_string();
                }
                export.folder = folder;
            }
        })
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
    let theme = if Tokens::in_ui(ui).dark {
        Theme::Dark
    } else {
        Theme::Light
    };
    let mut is_open = true;
    let modal = Modal::new(ui.scope_id().with("sweep-export"))
        .frame(widgets::modal_frame(ui))
        .show(ui.ctx(), |ui| {
            let width = 460.0_f32.min(ui.ctx().content_rect().width() - 64.0);
            ui.set_width(width);
            ui.heading("Export the result");
            let before = export.output;
            let label = widgets::field_label(ui, "Format", "");
            let combo = ComboBox::from_id_salt("sweep-export-format")
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
                let names = [before, export.output].map(|output| file_name(page, output));
                rename(&mut export, &names[0], &names[1]);
            }
            let is_folder = export.output == Output::Plots;
            let name = if is_folder { "Folder" } else { "File" };
            let label = widgets::field_label(ui, name, "");
            ui.horizontal_wrapped(|ui| {
                let field = TextEdit::singleline(&mut export.path).desired_width(width - 120.0);
                if ui.add(field).labelled_by(label.id).changed() {
                    export.problem = None;
                }
                let hint = "Choose it in the platform's dialog";
                if ui.button("Choose…").on_hover_text(hint).clicked() {
                    choose(&export, &file_name(page, export.output), shared);
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
                        && let Some(made) = &made
                    {
                        write(&mut export, Arc::clone(made), title.clone(), theme, shared);
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
fn rename(export: &mut Export, before: &str, after: &str) {
    let path = Path::new(&export.path);
    if path.file_name().and_then(|name| name.to_str()) == Some(before) {
        export.path = path.with_file_name(after).display().to_string();
    }
    export.problem = None;
}

fn choose(export: &Export, name: &str, shared: &mut Shared) {
    let mut question = Question::new("Export the result").file_name(name);
    if export.folder.is_dir() {
        question.folder = Some(export.folder.clone());
    }
    let take = |state: &mut State, path: Option<PathBuf>, replace: bool| {
        if let (Some(export), Some(path)) = (&mut state.pages.sweep.export, path) {
            export.path = path.display().to_string();
            export.replace = replace;
            export.problem = None;
        }
    };
    match export.output {
        Output::Plots => dialogs::pick_folder(shared, question, move |state, path| {
            take(state, path, false);
        }),
        output => {
            let question = match output {
                Output::Csv => question.kind("CSV", &["csv"]),
                Output::Html => question.kind("HTML", &["html"]),
                _ => question.kind("Markdown", &["md"]),
            };
            // The dialog has asked about a file that is there.
            dialogs::save_file(shared, question, move |state, path| take(state, path, true));
        }
    }
}

fn write(export: &mut Export, made: Arc<Made>, title: String, theme: Theme, shared: &mut Shared) {
    export.is_writing = true;
    export.problem = None;
    let (output, replace) = (export.output, export.replace);
    let path = PathBuf::from(export.path.trim());
    shared
        .jobs
        .run_shown(Lane::Files, "Writing the result", move |_| {
            let result = written(output, &path, replace, &made, &title, theme);
            Box::new(move |state: &mut State| {
                let export = &mut state.pages.sweep.export;
                match result {
                    Ok(text) => {
                        *export = None;
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

/// Writes the files and says where.
fn written(
    output: Output,
    path: &Path,
    replace: bool,
    made: &Made,
    title: &str,
    theme: Theme,
) -> Result<String, String> {
    let explain = |error: ExportError| match error {
        ExportError::Exists { path } => {
            format!(
                "There is a file already; give another name, or tick Replace: {}",
                path.display()
            )
        }
        other => other.to_string(),
    };
    let made_at = format!(
        "Made by Joulelab {} at {:.0}.",
        env!("CARGO_PKG_VERSION"),
        jiff::Timestamp::now()
    );
    let heading = Heading {
        title,
        made: &made_at,
        theme,
    };
    let files = report::files(output, path, &made.analysis, &heading).map_err(explain)?;
    // Told before anything is written, so that a refusal leaves nothing half done.
    let there = files
        .iter()
        .find(|(path, _)| !replace && path.symlink_metadata().is_ok());
    if let Some((path, _)) = there {
        return Err(explain(ExportError::Exists { path: path.clone() }));
    }
    for (path, bytes) in &files {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|error| {
                format!("cannot create the folder: {error}: {}", folder.display())
            })?;
        }
        write_bytes(path, replace, bytes).map_err(explain)?;
    }
    Ok(match files.len() {
        1 => format!("The result is in {}", path.display()),
        several => format!("{several} files are in {}", path.display()),
    })
}
