//! Sweeps: put together, watched while they go on, and what they say.
//!
//! | part | what it does |
//! |---|---|
//! | `stored`, `list` | the sweeps that there are, and the trials of the one that is shown |
//! | `draft`, `values`, `fields` | a sweep while it is put together |
//! | `editor`, `axes`, `options`, `chooser`, `check`, `forecast`, `begin`, `files` | how that is done, checked and begun |
//! | `progress`, `grid` | a sweep that goes on |
//! | `result`, `analysed`, `table`, `heat`, `tradeoff`, `effects`, `lines`, `export` | what it came to |

mod analysed;
mod axes;
mod begin;
mod check;
mod chooser;
mod draft;
mod editor;
mod effects;
mod export;
mod fields;
mod files;
mod forecast;
mod grid;
mod heat;
mod lines;
mod list;
mod options;
mod progress;
mod result;
mod stored;
mod table;
mod tradeoff;
mod values;

pub use files::read_dropped;

use egui::{CentralPanel, Frame, Label, Margin, Panel, RichText, ScrollArea, Ui};
use serde::{Deserialize, Serialize};

use crate::gui::preferences::Preferences;
use crate::gui::state::Shared;
use crate::gui::sweeps::TrialNews;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::Status;
use crate::report::Output;
use crate::setup::sweep::Sweep;
use draft::Draft;
use stored::{List, Stored};

/// Name under which the page remembers.
const NAME: &str = "sweep";
/// Width from which list and content stand side by side, points.
const WIDTH_FOR_BOTH: f32 = 800.0;
/// Width of the list, points.
const LIST_WIDTH: f32 = 248.0;

/// What is shown of a stored sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Progress,
    Result,
    Definition,
}

/// What the page remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Remembered {
    draft: Option<Draft>,
    shown: Option<String>,
}

/// The page.
#[derive(Default)]
pub struct SweepPage {
    list: List,
    stored: Stored,
    /// The stored sweep that is shown; the editor where there is none.
    shown: Option<String>,
    /// What the user chose to see of it.
    tab: Option<Tab>,
    editor: editor::Editor,
    asked: Option<begin::Asked>,
    /// Number of the sweep of this window that is shown once it is in the library.
    follows: Option<u64>,
    grid: grid::Grid,
    result: result::ResultView,
    export: Option<export::Export>,
    last_frame: u64,
}

impl SweepPage {
    /// The page as it was left.
    pub fn new(preferences: &Preferences) -> Self {
        let remembered: Remembered = preferences.of_page(NAME).unwrap_or_default();
        let mut page = Self {
            shown: remembered.shown,
            ..Self::default()
        };
        page.editor.draft = remembered
            .draft
            .unwrap_or_else(|| Draft::over(&preferences.setup));
        page
    }

    /// Notes what is to be remembered until the next start.
    pub fn remember(&self, preferences: &mut Preferences) {
        let remembered = Remembered {
            draft: Some(self.editor.draft.clone()),
            shown: self.shown.clone(),
        };
        preferences.remember(NAME, &remembered);
    }

    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        // Another program may have made sweeps while another page was open.
        let frame = ui.ctx().cumulative_frame_nr();
        if frame > self.last_frame + 1 {
            self.list.forget();
            self.stored.forget();
        }
        self.last_frame = frame;
        self.list.keep_up(ui.ctx(), shared);
        self.follow_own(shared);
        if let Some(id) = self.shown.clone() {
            self.stored.show(&id);
        }
        self.stored.keep_up(ui.ctx(), shared);
        begin::show(self, ui, shared);
        export::show(self, ui, shared);
        let is_narrow = ui.available_width() < WIDTH_FOR_BOTH;
        let tokens = Tokens::in_ui(ui);
        if is_narrow {
            list::narrow(self, ui, shared);
        } else {
            Panel::left("sweep list")
                .exact_size(LIST_WIDTH)
                .resizable(false)
                .frame(
                    Frame::new()
                        .fill(tokens.surface)
                        .inner_margin(Margin::symmetric(12, 12)),
                )
                .show(ui, |ui| list::show(self, ui, shared));
        }
        let margin = Margin::same(theme::PANEL_MARGIN);
        CentralPanel::default()
            .frame(Frame::new().inner_margin(Margin { right: 6, ..margin }))
            .show(ui, |ui| {
                let what = self.shown.clone().unwrap_or_default();
                ScrollArea::vertical()
                    .id_salt(("sweep-content", what))
                    .auto_shrink(false)
                    .show(ui, |ui| {
                        // Room for the scroll bar, so that it lies on nothing.
                        ui.set_max_width(ui.available_width() - 10.0);
                        match &self.shown {
                            None => editor::show(self, ui, shared),
                            Some(_) => self.stored(ui, shared),
                        }
                        ui.add_space(4.0 * theme::GRID);
                    });
            });
    }

    /// A sweep that was begun here is shown as soon as it is in the library.
    fn follow_own(&mut self, shared: &Shared) {
        let own = shared.sweep.as_ref();
        let Some(own) = own.filter(|own| self.follows == Some(own.serial)) else {
            return;
        };
        if let Some(id) = own.id.clone() {
            self.choose(Some(id));
            self.follows = None;
        } else if !own.is_going_on() {
            self.follows = None;
        }
    }

    fn choose(&mut self, id: Option<String>) {
        if self.shown != id {
            self.tab = None;
            self.result = result::ResultView::default();
            self.grid = grid::Grid::default();
        }
        self.shown = id;
    }

    fn stored(&mut self, ui: &mut Ui, shared: &mut Shared) {
        if let Some(error) = &self.stored.error {
            let text = error.clone();
            let again = widgets::empty_state(ui, "The sweep cannot be read", &text, |ui| {
                ui.button("Read again").clicked()
            });
            if again {
                self.stored.error = None;
                self.list.forget();
            }
            return;
        }
        let Some(read) = &self.stored.read else {
            widgets::caption(ui, "Reading the sweep…");
            return;
        };
        let usual = match read.record.status {
            Status::Completed => Tab::Result,
            _ => Tab::Progress,
        };
        progress::header(self, ui, shared);
        let mut tab = self.tab.unwrap_or(usual);
        ui.horizontal_wrapped(|ui| {
            for (which, label, hint) in [
                (
                    Tab::Progress,
                    "Progress",
                    "Every trial, and how far the sweep is",
                ),
                (
                    Tab::Result,
                    "Result",
                    "Which setup took the least energy, and how sure that is",
                ),
                (Tab::Definition, "Definition", "What the sweep is made of"),
            ] {
                let button = ui.selectable_label(tab == which, label);
                if button.on_hover_text(hint).clicked() {
                    tab = which;
                    self.tab = Some(which);
                }
            }
        });
        ui.separator();
        match tab {
            Tab::Progress => progress::show(self, ui, shared),
            Tab::Result => result::show(self, ui, shared),
            Tab::Definition => self.definition(ui),
        }
    }

    fn definition(&mut self, ui: &mut Ui) {
        let Some(read) = &self.stored.read else {
            return;
        };
        let Some(sweep) = &read.sweep else {
            widgets::caption(
                ui,
                "The sweep was begun by another version of the program, whose fields are not all known here.",
            );
            return;
        };
        let text = match crate::setup::sweep::file::to_toml(sweep) {
            Ok(text) => text,
            // TOML has no word for nothing; JSON has.
            Err(_) => sweep.canonical_json(),
        };
        widgets::caption(ui, "As `joulelab sweep` would read it from a file.");
        let text = RichText::new(text).monospace().size(theme::CAPTION);
        ui.add(Label::new(text).wrap().selectable(true));
    }

    /// Takes in what became of a trial of the sweep `id`.
    pub fn take_news(&mut self, id: &str, news: TrialNews) {
        if self.stored.id.as_deref() == Some(id) {
            self.stored.take(news);
        }
    }

    /// Opens the editor with `sweep`.
    fn edit(&mut self, sweep: &Sweep) {
        self.editor.replace(Draft::of(sweep));
        self.choose(None);
    }

    /// Begins with an empty sweep over the setup of the Train page.
    pub fn new_sweep(&mut self, shared: &mut Shared) {
        shared.preferences.page = crate::gui::Page::Sweep;
        self.editor.replace(Draft::over(&shared.preferences.setup));
        self.choose(None);
    }

    /// Writes what the sweep that is shown came to; asks what and where.
    pub fn export(&mut self, shared: &mut Shared, output: Option<Output>) {
        export::begin(self, shared, output.unwrap_or(Output::Html));
    }

    /// Begins the sweep that is put together; asks where it is much.
    pub fn begin(&mut self, shared: &mut Shared) {
        begin::begin(self, shared);
    }

    /// Goes on with the sweep that is shown.
    pub fn take_up(&mut self, shared: &mut Shared) {
        begin::take_up(self, shared);
    }

    /// Asks for a file and puts its sweep into the editor.
    pub fn open_sweep(&mut self, shared: &mut Shared) {
        files::open(shared);
    }

    /// Asks for a file and writes the sweep of the editor to it.
    pub fn save_sweep(&mut self, shared: &mut Shared) {
        files::save(self, shared);
    }
}
