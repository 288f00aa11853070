//! Setup and the run that goes on.

mod begin;
pub mod confusion;
mod figures;
mod gallery;
pub mod heads;
mod heat;
mod panes;
mod run;
pub mod setup;
mod tiles;

use std::path::{Path, PathBuf};

use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui, UiBuilder, Vec2};
use serde::{Deserialize, Serialize};

use self::begin::Begin;
use self::setup::SetupPanel;
use self::tiles::Tiles;
use super::ask::AskView;
use crate::gui::commands::Action;
use crate::gui::preferences::Preferences;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::Setup;
use confusion::{ConfusionView, Source};

/// What is shown of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum View {
    #[default]
    Plots,
    Mistakes,
    Details,
    Ask,
}

impl View {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (
            Self::Plots,
            "Plots",
            "Loss, accuracy, power and energy as they go",
        ),
        (
            Self::Mistakes,
            "Mistakes",
            "What the network takes for what, and the samples behind it",
        ),
        (
            Self::Details,
            "Details",
            "Device, meters, self-check and model of this run",
        ),
        (
            Self::Ask,
            "Ask it",
            "What the network says of something of yours, once it is trained",
        ),
    ];
}

/// Width from which setup and run stand side by side, points.
const WIDTH_FOR_BOTH: f32 = 800.0;
/// Height below which a run scrolls as a whole, points.
const HEIGHT_MIN: f32 = 560.0;
/// The same of a narrow window, where figures and tools take two rows.
const HEIGHT_MIN_NARROW: f32 = 720.0;

/// What a narrow window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    #[default]
    Setup,
    Run,
}

/// The page.
pub struct TrainPage {
    /// What is to be trained.
    pub setup: SetupPanel,
    begin: Begin,
    side: Side,
    /// The run that came to the front of a narrow window last.
    serial: Option<u64>,
    view: View,
    mistakes: ConfusionView,
    ask: AskView,
    last_frame: u64,
    tiles: Tiles,
}

impl TrainPage {
    /// The page as it was left.
    pub fn new(preferences: &Preferences) -> Self {
        Self {
            setup: SetupPanel::new(preferences),
            begin: Begin::default(),
            side: Side::default(),
            serial: None,
            view: preferences.of_page("train-view").unwrap_or_default(),
            mistakes: ConfusionView::default(),
            ask: AskView::default(),
            last_frame: 0,
            tiles: Tiles::new(preferences.of_page("train-plots")),
        }
    }

    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.last_frame = ui.ctx().cumulative_frame_nr();
        let is_narrow = ui.available_width() < WIDTH_FOR_BOTH;
        if is_narrow {
            self.sides(ui, shared);
        }
        let surface = Frame::new().fill(Tokens::in_ui(ui).surface);
        if is_narrow && self.side == Side::Setup {
            CentralPanel::default()
                .frame(surface)
                .show(ui, |ui| self.setup.show(ui, shared));
            return;
        }
        if !is_narrow {
            Panel::left("setup panel")
                .exact_size(setup::WIDTH)
                .resizable(false)
                .frame(surface)
                .show(ui, |ui| self.setup.show(ui, shared));
        }
        let margin = Margin::same(theme::PANEL_MARGIN);
        CentralPanel::default()
            .frame(Frame::new().inner_margin(margin))
            .show(ui, |ui| {
                if shared.live.is_none() {
                    return self.begin.show(ui, shared);
                }
                let height_min = if is_narrow {
                    HEIGHT_MIN_NARROW
                } else {
                    HEIGHT_MIN
                };
                if ui.available_height() >= height_min {
                    return self.run(ui, shared);
                }
                ScrollArea::vertical()
                    .id_salt("run")
                    .auto_shrink(false)
                    .show(ui, |ui| {
                        // Room for the scroll bar, so that it lies on nothing.
                        let width = ui.available_width() - 2.0 * theme::GRID;
                        let (_, rect) = ui.allocate_space(Vec2::new(width, height_min));
                        let inside = UiBuilder::new().max_rect(rect);
                        ui.scope_builder(inside, |ui| self.run(ui, shared));
                    });
            });
    }

    /// Where there is not room for both: setup or run. A run that begins comes to the front.
    fn sides(&mut self, ui: &mut Ui, shared: &Shared) {
        let serial = shared.live.as_ref().map(|live| live.serial);
        if self.serial != serial {
            self.serial = serial;
            self.side = Side::Run;
        }
        Panel::top("setup or run").resizable(false).show(ui, |ui| {
            ui.horizontal(|ui| {
                for (side, label, hint) in [
                    (Side::Setup, "Setup", "What is trained, and how"),
                    (Side::Run, "Run", "The run that goes on, or the last one"),
                ] {
                    let button = ui
                        .selectable_label(self.side == side, label)
                        .on_hover_text(hint);
                    if button.clicked() {
                        self.side = side;
                    }
                }
            });
        });
    }

    fn run(&mut self, ui: &mut Ui, shared: &mut Shared) {
        run::header(ui, shared);
        run::queue(ui, shared);
        figures::figures(ui, shared);
        self.views(ui);
        if self.view == View::Ask {
            return self.asked(ui, shared);
        }
        let Some(live) = &shared.live else { return };
        match self.view {
            View::Ask => {}
            View::Plots => {
                self.tiles.show(
                    ui,
                    &live.curves,
                    live.metric(),
                    shared.preferences.energy_unit,
                );
            }
            View::Mistakes => self.mistakes.show(ui, shared, Source::Live),
            View::Details => {
                ScrollArea::vertical()
                    .auto_shrink(false)
                    .show(ui, |ui| run::details(ui, live));
            }
        }
    }

    fn asked(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let live = shared.live.as_ref().filter(|live| !live.is_going_on());
        let Some(id) = live.and_then(|live| live.run_id.clone()) else {
            let text = "When this run has ended, its network can be asked here: about a drawing, an image, a row or a text of yours, or \
                        a sample that it has never learnt from.";
            return widgets::empty_state(ui, "Not trained yet", text, |_| {});
        };
        self.ask.show(ui, shared, &id);
    }

    /// A file that was dropped on the page; whether the network is asked about it.
    pub fn take_file(&mut self, path: &Path, shared: &Shared) -> bool {
        self.view == View::Ask && self.ask.take_file(path, shared, self.last_frame)
    }

    fn views(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            for (view, label, hint) in View::ALL {
                let response = ui
                    .selectable_label(self.view == view, label)
                    .on_hover_text(hint);
                if response.clicked() {
                    self.view = view;
                }
            }
        });
    }

    /// Another setup was put into the panel.
    pub fn setup_was_replaced(&mut self) {
        self.setup.setup_was_replaced();
    }

    /// The setup of the panel, where it can be trained; else why not.
    pub fn ready_setup(&self, shared: &Shared) -> Result<Setup, String> {
        self.setup.ready_setup(shared)
    }

    /// Asks for a file and puts its setup into the panel.
    pub fn open_setup(&mut self, shared: &mut Shared) {
        self.setup.open_setup(shared);
    }

    /// Asks for a file and writes the setup of the panel to it.
    pub fn save_setup(&mut self, shared: &mut Shared) {
        self.setup.save_setup(shared);
    }

    /// Puts the setup in the file at `path` into the panel.
    pub fn read_setup(&mut self, path: PathBuf, shared: &mut Shared) {
        self.setup.read_setup(path, shared);
    }

    /// Puts the setup of the run that is shown into the panel.
    pub fn clone_setup(&mut self, shared: &mut Shared) {
        match &shared.live {
            Some(live) => {
                let setup = Box::new(live.setup.clone());
                shared.ask(Action::UseSetup(setup));
            }
            None => shared.toasts.warn("No run is shown"),
        }
    }

    /// Plots where they were at first.
    pub fn reset_layout(&mut self) {
        self.view = View::default();
        self.tiles.reset();
    }

    /// Notes what is to be remembered until the next start.
    pub fn remember(&self, preferences: &mut Preferences) {
        preferences.remember("train-view", &self.view);
        preferences.remember("train-plots", &self.tiles.memory());
    }
}
