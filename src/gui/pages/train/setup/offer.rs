//! A set that is not on the disk: what would be fetched and from where, the button that does it, how far it is, what went
//! wrong.

use std::time::Duration;

use egui::{Align, Button, Label, Layout, ProgressBar, RichText, Ui, Vec2};

use crate::data::download::Doing;
use crate::data::registry::Recipe;
use crate::data::{State, Store};
use crate::gui::dialogs::{self, Question};
use crate::gui::sets::{Failure, Getting, Sets, Shown, Told};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::DatasetSetup;
use crate::units::{bytes, duration};

/// Room for the name of a fact, points.
const NAME: f32 = 56.0;
/// Time between two looks at a download.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The same where the window is to draw little.
const LOOK_EVERY_IN_QUIET: Duration = Duration::from_millis(500);
/// Lines of an error that are shown; the rest is one hover away.
const LETTERS: usize = 320;

/// What is asked for.
enum Wish {
    Download,
    Folder,
    Cancel,
    LookAgain,
}

/// Draws it; `false` where the set is there and its samples are to be shown instead.
pub fn show(ui: &mut Ui, shared: &mut Shared, name: &'static str) -> bool {
    let is_training = shared.is_busy();
    let wish = match shared.sets.shown(name) {
        Shown::Here => return false,
        Shown::Unknown => {
            widgets::caption(ui, "Looking whether the set is on the disk…");
            None
        }
        Shown::Unreadable(why) => {
            problem(ui, why, why);
            ui.button("Look again").clicked().then_some(Wish::LookAgain)
        }
        Shown::Missing(recipe, state, failed) => {
            facts(ui, recipe, shared.sets.store());
            missing(ui, recipe, state, failed, is_training)
        }
        Shown::OnItsWay(recipe, getting) => {
            facts(ui, recipe, shared.sets.store());
            let quiet = shared.preferences.quiet;
            ui.ctx().request_repaint_after(if quiet {
                LOOK_EVERY_IN_QUIET
            } else {
                LOOK_EVERY
            });
            on_its_way(ui, getting)
        }
    };
    match wish {
        Some(Wish::Download) => shared.get_set(name, None),
        Some(Wish::Folder) => ask_for_folder(shared, name),
        Some(Wish::Cancel) => {
            if let Shown::OnItsWay(_, getting) = shared.sets.shown(name) {
                getting.cancel();
            }
        }
        Some(Wish::LookAgain) => shared.sets.look(&mut shared.jobs),
        None => {}
    }
    true
}

/// Whether the set can be read.
///
/// # Errors
/// Why not, for people.
pub fn is_ready(dataset: &DatasetSetup, sets: &Sets) -> Result<(), String> {
    let title = super::choose::title(dataset.name());
    match sets.shown(dataset.name()) {
        Shown::Here => Ok(()),
        Shown::Unknown => Err(format!("Looking whether {title} is on the disk…")),
        Shown::Unreadable(why) => Err(format!("Dataset: {why}")),
        Shown::Missing(_, State::Damaged, _) => Err(format!(
            "{title} is not whole on this machine: download it again"
        )),
        Shown::Missing(..) => Err(format!(
            "{title} is not on this machine yet: download it above"
        )),
        Shown::OnItsWay(..) => Err(format!(
            "{title} is on its way; it can be trained once it is here"
        )),
    }
}

/// Whether nothing but time is missing.
pub fn is_on_its_way(dataset: &DatasetSetup, sets: &Sets) -> bool {
    matches!(
        sets.shown(dataset.name()),
        Shown::OnItsWay(..) | Shown::Unknown
    )
}

fn ask_for_folder(shared: &mut Shared, name: &'static str) {
    let question = Question::new("Folder with the files as they were published");
    dialogs::pick_folder(shared, question, move |state, folder| {
        if let Some(folder) = folder {
            state.shared.get_set(name, Some(folder));
        }
    });
}

/// What one should know before it is fetched.
fn facts(ui: &mut Ui, recipe: &Recipe, store: &Store) {
    ui.spacing_mut().item_spacing.y = 2.0;
    widgets::caption(ui, recipe.what.as_str());
    let hosts: Vec<&str> = recipe.mirrors.iter().map(|mirror| host(mirror)).collect();
    let place = match store.folder(recipe) {
        Ok(folder) => folder.display().to_string(),
        Err(error) => error.to_string(),
    };
    let size = format!(
        "{} to download, {} on the disk",
        bytes(recipe.download_bytes()),
        bytes(recipe.bytes_on_disk)
    );
    let licence = recipe
        .licence
        .as_deref()
        .unwrap_or("none stated by its authors");
    fact(ui, "Size", &size, &format!("It will lie in {place}"));
    fact(
        ui,
        "From",
        hosts.first().copied().unwrap_or("nowhere"),
        &format!(
            "Tried in this order: {}.\nEvery file is checked by its SHA-256 before it is used.\nNothing is sent but the request.",
            hosts.join(", ")
        ),
    );
    fact(
        ui,
        "Licence",
        licence,
        &format!("Page of its authors: {}", recipe.home),
    );
    fact(
        ui,
        "Credit",
        &recipe.credit,
        "Whom to name when it is shown or passed on",
    );
    ui.add_space(theme::GRID);
}

fn fact(ui: &mut Ui, name: &str, value: &str, hint: &str) {
    let tokens = Tokens::in_ui(ui);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().interact_size.y = 0.0;
        ui.allocate_ui_with_layout(
            Vec2::new(NAME, 14.0),
            Layout::left_to_right(Align::Min),
            |ui| {
                ui.set_min_width(NAME);
                ui.label(RichText::new(name).small().color(tokens.dim));
            },
        );
        // In a room of its own, so that every line begins below the first.
        ui.vertical(|ui| {
            ui.add(Label::new(RichText::new(value).small()).wrap())
                .on_hover_text(hint);
        });
    });
}

/// The host of an address, which says more than its path.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

fn missing(
    ui: &mut Ui,
    recipe: &Recipe,
    state: State,
    failed: Option<&Failure>,
    is_training: bool,
) -> Option<Wish> {
    if let Some(failure) = failed {
        problem(ui, &failure.text, &failure.details);
    }
    let total = recipe.download_bytes();
    let (label, note) = match state {
        State::Begun(done) => (
            "Go on downloading".to_owned(),
            Some(format!(
                "{} of {} are here already.",
                bytes(done),
                bytes(total)
            )),
        ),
        State::Damaged => (
            "Download again".to_owned(),
            Some("Files of the set are missing or not whole.".to_owned()),
        ),
        State::Absent | State::Here(_) => (format!("Download {}", bytes(total)), None),
    };
    if let Some(note) = note {
        widgets::caption(ui, note);
    }
    if is_training {
        widgets::caption(
            ui,
            "A run is being measured: what a download takes would be counted with it.",
        );
    }
    let mut wish = None;
    ui.horizontal(|ui| {
        let size = Vec2::new(0.0, theme::CONTROL_HEIGHT);
        let download = ui
            .add(Button::new(label).min_size(size))
            .on_hover_text("Fetches the files from the address above, checks them and keeps them on this machine");
        if download.clicked() {
            wish = Some(Wish::Download);
        }
        let folder = ui.add(Button::new("From a folder…").min_size(size)).on_hover_text(
            "Takes the published files from a folder of yours, where you have them; a folder can be dropped here, too",
        );
        if folder.clicked() {
            wish = Some(Wish::Folder);
        }
    });
    wish
}

fn problem(ui: &mut Ui, text: &str, details: &str) {
    let tokens = Tokens::in_ui(ui);
    let brief = match text.char_indices().nth(LETTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    };
    let text = RichText::new(super::form::sentence(&brief))
        .small()
        .color(tokens.error);
    ui.add(Label::new(text).wrap()).on_hover_text(details);
}

fn on_its_way(ui: &mut Ui, getting: &Getting) -> Option<Wish> {
    let tokens = Tokens::in_ui(ui);
    let told = getting.told();
    let share = told.done as f32 / told.total.max(1) as f32;
    let bar = ProgressBar::new(share)
        .desired_height(6.0)
        .corner_radius(3)
        .fill(tokens.accent);
    let response = ui.add(bar);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, "Progress");
        info.value = Some(f64::from(share));
        info
    });
    ui.add_space(2.0);
    let mut wish = None;
    ui.horizontal(|ui| {
        let button = ui.add_enabled(!getting.is_cancelled(), Button::new("Cancel")).on_hover_text(
            "Ends it now; what came until then is kept, and a later download goes on from there",
        );
        if button.clicked() {
            wish = Some(Wish::Cancel);
        }
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            widgets::caption(ui, doing(&told)).on_hover_text(&told.file);
            let text = RichText::new(figures(&told))
                .monospace()
                .size(theme::CAPTION);
            ui.add(Label::new(text).truncate());
        });
    });
    wish
}

/// `Downloading, 7 s left`.
fn doing(told: &Told) -> String {
    let what = match told.doing {
        None => return "Waiting…".to_owned(),
        Some(Doing::Downloading) => "Downloading",
        Some(Doing::Checking) => "Checking",
        Some(Doing::Unpacking) => "Unpacking",
        Some(Doing::Copying) => "Copying",
    };
    match told.pace.bytes_per_s().filter(|speed| *speed >= 1.0) {
        Some(speed) => {
            let left = told.total.saturating_sub(told.done) as f64 / speed;
            format!("{what}, {} left", whole_seconds(left))
        }
        None => what.to_owned(),
    }
}

/// Tenths of a second of a download are chance.
fn whole_seconds(seconds: f64) -> String {
    match seconds {
        ..60.0 => format!("{:.0} s", seconds.max(1.0).ceil()),
        _ => duration(seconds),
    }
}

/// `3.20 MiB of 11.1 MiB, 1.20 MiB/s`.
fn figures(told: &Told) -> String {
    let mut text = format!("{} of {}", bytes(told.done), bytes(told.total));
    if let Some(speed) = told.pace.bytes_per_s() {
        text.push_str(&format!(", {}/s", bytes(speed as u64)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn an_address_is_told_by_its_host() {
        assert_eq!(host("https://example.org/a/b/"), "example.org");
        assert_eq!(host("http://127.0.0.1:80/"), "127.0.0.1:80");
    }
}
