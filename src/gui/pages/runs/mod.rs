//! The library: every run in a table, one in full, several side by side.
//!
//! | part | what it does |
//! |---|---|
//! | `rows`, `standing` | the runs, read off the window's thread, and how they stand |
//! | `columns`, `view` | what the table says, sorted, filtered and grouped once a change |
//! | `table`, `toolbar`, `selection` | how it is shown and chosen from |
//! | `edit` | names, tags, notes, pins, deletion |
//! | `start`, `lineage` | what a run started from, its ancestors and descendants |
//! | `summary`, `heads`, `overlay`, `compare`, `branches`, `parallel` | what the chosen runs came to |
//! | `super::ask` | asking one of them, and what answers cost |
//! | `transfer`, `picture` | export, import, pictures of plots |

mod branches;
mod columns;
mod compare;
mod edit;
mod heads;
mod lineage;
mod overlay;
mod parallel;
mod picture;
mod rows;
mod selection;
mod standing;
mod start;
mod summary;
mod table;
mod toolbar;
mod transfer;
mod view;

pub use columns::local_time;
pub use compare::warning;
pub use standing::status_sign;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui, UiBuilder};
use serde::{Deserialize, Serialize};

use super::ask::{AskView, Costs};
use super::train::confusion::{ConfusionView, Source};
use crate::gui::commands::{Action, Command};
use crate::gui::preferences::Preferences;
use crate::gui::state::{Page, Shared};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use columns::Column;
use rows::{Item, Rows};
use selection::Selection;
use view::{Made, Sort, View, Wanted};

/// Name under which the page remembers.
const NAME: &str = "runs";
/// Height below which the page scrolls as a whole, points.
const HEIGHT_MIN: f32 = 540.0;

/// What the lower part shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Tab {
    /// One run in full.
    #[default]
    Summary,
    /// Curves of the chosen runs.
    Curves,
    /// What the network of one run takes for what.
    Mistakes,
    /// Energy against accuracy, setups against each other.
    Compare,
    /// Asking the network of one run.
    Ask,
    /// What answers cost.
    Cost,
}

/// How the page looks; remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Look {
    columns: Vec<Column>,
    sort: Sort,
    grouped: bool,
    tab: Tab,
    curves: overlay::Choice,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            columns: Column::AT_FIRST.to_vec(),
            sort: Sort::default(),
            grouped: false,
            tab: Tab::default(),
            curves: overlay::Choice::default(),
        }
    }
}

/// The page.
#[derive(Default)]
pub struct RunsPage {
    rows: Rows,
    view: View,
    look: Look,
    wanted: Wanted,
    open_groups: HashSet<String>,
    selection: Selection,
    table: table::Table,
    summary: summary::Summary,
    overlay: overlay::Overlay,
    confusion: ConfusionView,
    compare: compare::Compare,
    branches: branches::Branches,
    ask: AskView,
    costs: Costs,
    edit: Option<edit::Edit>,
    export: Option<transfer::Export>,
    last_frame: u64,
    resets: u64,
}

impl RunsPage {
    /// The page as it was left.
    pub fn new(preferences: &Preferences) -> Self {
        Self {
            look: preferences.of_page(NAME).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        // Another program may have recorded runs while another page was open.
        let frame = ui.ctx().cumulative_frame_nr();
        if frame > self.last_frame + 1 {
            self.rows.forget();
        }
        self.last_frame = frame;
        self.rows.keep_up(ui.ctx(), shared);
        self.keep_up();
        edit::show(self, ui, shared);
        transfer::show_export(self, ui, shared);
        if self.rows.items.is_empty() {
            return self.nothing(ui, shared);
        }
        let available = ui.available_rect_before_wrap();
        if available.height() >= HEIGHT_MIN {
            return self.parts(ui, shared);
        }
        ScrollArea::vertical()
            .id_salt("runs-page")
            .auto_shrink(false)
            .show(ui, |ui| {
                let size = egui::vec2(ui.available_width(), HEIGHT_MIN);
                let (_, rect) = ui.allocate_space(size);
                ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| self.parts(ui, shared));
            });
    }

    fn parts(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let tokens = Tokens::in_ui(ui);
        let height = ui.available_height();
        let below = Frame::new()
            .fill(tokens.surface)
            .inner_margin(Margin::symmetric(theme::PANEL_MARGIN, 8));
        Panel::bottom(("runs-below", self.resets))
            .resizable(true)
            .default_size((height * 0.5).round())
            .size_range(180.0..=(height - 220.0).max(190.0))
            .frame(below)
            .show(ui, |ui| self.below(ui, shared));
        let above = Frame::new().inner_margin(Margin {
            left: theme::PANEL_MARGIN,
            right: theme::PANEL_MARGIN,
            top: 12,
            bottom: 0,
        });
        CentralPanel::default().frame(above).show(ui, |ui| {
            toolbar::show(self, ui, shared);
            table::show(self, ui, shared);
        });
    }

    fn below(&mut self, ui: &mut Ui, shared: &mut Shared) {
        // A panel is as high as what is in it, and that changes with the tab.
        ui.set_min_height(ui.available_height());
        ui.horizontal_wrapped(|ui| {
            for (tab, label, hint) in [
                (Tab::Summary, "Summary", "Everything about one run"),
                (Tab::Curves, "Curves", "The chosen runs over each other"),
                (
                    Tab::Mistakes,
                    "Mistakes",
                    "What the network of one run takes for what, and the samples behind it",
                ),
                (
                    Tab::Compare,
                    "Compare",
                    "What accuracy costs, and which setup does better",
                ),
                (
                    Tab::Ask,
                    "Ask it",
                    "What the network of one run says of something of yours",
                ),
                (
                    Tab::Cost,
                    "Cost of answers",
                    "What asking the chosen runs costs, measured",
                ),
            ] {
                let button = ui
                    .selectable_label(self.look.tab == tab, label)
                    .on_hover_text(hint);
                if button.clicked() {
                    self.look.tab = tab;
                }
            }
        });
        ui.separator();
        let chosen = self.chosen();
        match self.look.tab {
            Tab::Summary => summary::show(self, ui, shared, &chosen),
            Tab::Curves => overlay::show(self, ui, shared, &chosen),
            Tab::Mistakes => self.mistakes(ui, shared, &chosen),
            Tab::Compare => compare::show(self, ui, shared, &chosen),
            Tab::Ask => match chosen.as_slice() {
                [one] => self.ask.show(ui, shared, one.id()),
                _ => {
                    widgets::caption(ui, "Choose one run to ask its network.");
                }
            },
            Tab::Cost => {
                let ids: Vec<String> = chosen.iter().map(|item| item.id().to_owned()).collect();
                self.costs.show(ui, shared, &ids);
            }
        }
    }

    fn mistakes(&mut self, ui: &mut Ui, shared: &mut Shared, chosen: &[Arc<Item>]) {
        match chosen {
            [one] => self.confusion.show(ui, shared, Source::Stored(one.id())),
            _ => {
                widgets::caption(ui, "Choose one run to see what its network gets wrong.");
            }
        }
    }

    fn nothing(&self, ui: &mut Ui, shared: &mut Shared) {
        if let Some(error) = &self.rows.error {
            widgets::empty_state(ui, "The library cannot be read", error, |ui| {
                if ui.button("Try again").clicked() {
                    shared.ask(Action::LibraryChanged);
                }
            });
        } else if self.rows.is_ready {
            let text = "Every run that you train is kept here with its curves and what it cost.";
            widgets::empty_state(ui, "No runs yet", text, |ui| {
                if widgets::primary_button(ui, "Go to Train").clicked() {
                    shared.command(Command::Go(Page::Train));
                }
                if ui.button("Import runs…").clicked() {
                    transfer::ask_for_library(shared);
                }
            });
        } else {
            widgets::empty_state(ui, "Reading the library", "", |_| {});
        }
    }

    /// Makes lines and selection follow the list.
    fn keep_up(&mut self) {
        let made = Made {
            revision: self.rows.revision,
            wanted: self.wanted.clone(),
            sort: self.look.sort,
            grouped: self.look.grouped,
            open: self.open_groups.clone(),
        };
        if self.view.keep_up(&self.rows.items, made) && self.rows.is_whole {
            let ids: HashSet<&str> = self.rows.items.iter().map(|item| item.id()).collect();
            self.selection.keep(|id| ids.contains(id));
        }
    }

    /// The chosen runs, in the order of the table; those that a filter hides come last.
    fn chosen(&self) -> Vec<Arc<Item>> {
        if self.selection.ids.is_empty() {
            return Vec::new();
        }
        let is_chosen = |item: &&Arc<Item>| self.selection.ids.contains(item.id());
        let shown = self
            .view
            .rows
            .iter()
            .filter_map(|row| self.rows.items.get(*row));
        let mut chosen: Vec<Arc<Item>> = shown.filter(is_chosen).cloned().collect();
        if chosen.len() < self.selection.ids.len() {
            let seen: HashSet<String> = chosen.iter().map(|item| item.id().to_owned()).collect();
            let hidden = self
                .rows
                .items
                .iter()
                .filter(is_chosen)
                .filter(|item| !seen.contains(item.id()));
            chosen.extend(hidden.cloned());
        }
        chosen
    }

    /// The runs that the filters let through, in the order of the table.
    fn shown(&self) -> Vec<Arc<Item>> {
        self.view
            .rows
            .iter()
            .filter_map(|row| self.rows.items.get(*row))
            .cloned()
            .collect()
    }

    /// Chooses a stored run and shows it.
    pub fn show_run(&mut self, run_id: String) {
        self.wanted = Wanted::default();
        self.selection.only(&run_id);
        self.table.scroll_to = Some(run_id);
        self.look.tab = Tab::Summary;
    }

    /// The same, with what its answers cost.
    pub fn show_cost(&mut self, run_id: String) {
        self.show_run(run_id);
        self.look.tab = Tab::Cost;
    }

    /// A file that was dropped on the page; whether a network is asked about it.
    pub fn take_file(&mut self, path: &Path, shared: &Shared) -> bool {
        self.look.tab == Tab::Ask && self.ask.take_file(path, shared, self.last_frame)
    }

    /// Asks for a folder or file and writes the chosen runs.
    pub fn export(&mut self, shared: &mut Shared) {
        transfer::begin_export(self, shared);
    }

    /// Reads runs from the file at `path` into the library.
    pub fn import(&mut self, path: PathBuf, shared: &mut Shared) {
        transfer::import(path, shared);
    }

    /// Puts the setup of the chosen run into the panel of the train page.
    pub fn clone_setup(&mut self, shared: &mut Shared) {
        match self.chosen().as_slice() {
            [item] => edit::use_setup(item, shared),
            _ => shared
                .toasts
                .warn("Choose one run, whose setup is then used"),
        }
    }

    /// Panels where they were at first.
    pub fn reset_layout(&mut self) {
        self.look = Look::default();
        self.resets += 1;
    }

    /// Notes what is to be remembered until the next start.
    pub fn remember(&self, preferences: &mut Preferences) {
        preferences.remember(NAME, &self.look);
    }
}
