//! The life of a model: what learning it and asking it takes, stage by stage, and when what was learnt before has paid off.
//!
//! | part | what it does |
//! |---|---|
//! | `choice` | which runs and which inference record count |
//! | `read` | those runs, read off the window's thread |
//! | `propose` | runs that go with one that was chosen |
//! | `assumed` | everything that is not measured, to be changed |
//! | `result` | sentences, plots, the table of stages |
//! | `export` | the result as files |

mod assumed;
mod choice;
mod export;
mod propose;
mod read;
mod result;

use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};
use serde::{Deserialize, Serialize};

use super::run_chooser::RunChooser;
use super::settings::carbon::CountryField;
use super::train::setup::typed::Typed;
use crate::analysis::lifecycle::Assumptions;
use crate::analysis::lives::{self, Life};
use crate::gui::preferences::Preferences;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::library::{Inference, RunDetails};
use propose::{Offer, Proposal, Suggested};
use read::{Loaded, Reader};

/// Name under which the page remembers.
const NAME: &str = "life-cycle";
/// Width of the part at the left, points.
const WIDTH: f32 = 344.0;
/// Width below which the parts stand below each other, points.
const WIDTH_FOR_BOTH: f32 = 900.0;

/// Which record of `joulelab infer` counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Asking {
    /// The latest of one sample at a time, else the latest at all.
    #[default]
    Latest,
    /// None: serving is left out.
    LeftOut,
    /// This one.
    One {
        run: String,
        made_at: String,
        batch_size: u64,
    },
}

/// What was chosen; remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Chosen {
    /// Name of the run that was chosen as what was learnt before; it stays when its runs are taken out.
    before: Option<String>,
    /// Runs of the model, one for each seed.
    runs: Vec<String>,
    /// Runs to the same target from nothing.
    scratch: Vec<String>,
    asking: Asking,
    assumptions: Assumptions,
    /// What the runs themselves say; none before there are some.
    usual: Option<Assumptions>,
}

impl Chosen {
    /// Puts the runs of `proposal` in the place of those that were chosen.
    fn propose(&mut self, proposal: &Proposal) {
        self.runs.clone_from(&proposal.runs);
        self.scratch.clone_from(&proposal.scratch);
        self.asking = Asking::Latest;
    }
}

/// The page.
#[derive(Default)]
pub struct LifePage {
    chosen: Chosen,
    reader: Reader,
    /// The runs that started from what was learnt before, where that was chosen.
    offer: Option<Offer>,
    /// For what was learnt before, for the model, for runs from nothing.
    choosers: [RunChooser; 3],
    country: CountryField,
    typed: Typed,
    told: Option<Told>,
    export: Option<export::Export>,
    last_frame: u64,
}

/// What the runs come to, and of what that was made.
struct Told {
    of: (u64, Asking, Assumptions),
    life: Result<Life, String>,
}

impl LifePage {
    /// The page as it was left.
    pub fn new(preferences: &Preferences) -> Self {
        Self {
            chosen: preferences.of_page(NAME).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Notes what is to be remembered until the next start.
    pub fn remember(&self, preferences: &mut Preferences) {
        preferences.remember(NAME, &self.chosen);
    }

    /// Draws the page.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        // Another program may have measured more while another page was open.
        let frame = ui.ctx().cumulative_frame_nr();
        if frame > self.last_frame + 1 {
            self.reader.forget();
        }
        self.last_frame = frame;
        if let Some(found) = self.reader.suggested() {
            self.take(found);
        }
        self.reader
            .follow(shared, &self.chosen.runs, &self.chosen.scratch);
        self.keep_up();
        export::show(self, ui, shared);
        let tokens = Tokens::in_ui(ui);
        if ui.available_width() < WIDTH_FOR_BOTH {
            let frame = Frame::new().inner_margin(theme::PANEL_MARGIN);
            CentralPanel::default().frame(frame).show(ui, |ui| {
                let scroll = ScrollArea::vertical().id_salt("life").auto_shrink(false);
                scroll.show(ui, |ui| {
                    ui.set_max_width(ui.available_width() - 10.0);
                    // What it comes to first: to see it, nobody has to go past every choice.
                    if self.chosen.runs.is_empty() {
                        self.asked(ui, shared);
                        ui.separator();
                        result::show(self, ui, shared);
                    } else {
                        result::show(self, ui, shared);
                        ui.add_space(2.0 * theme::GRID);
                        ui.separator();
                        self.asked(ui, shared);
                    }
                });
            });
            return;
        }
        let side = Frame::new()
            .fill(tokens.surface)
            .inner_margin(Margin::symmetric(theme::PANEL_MARGIN, 8));
        Panel::left("life choices")
            .exact_size(WIDTH)
            .resizable(false)
            .frame(side)
            .show(ui, |ui| {
                let scroll = ScrollArea::vertical().id_salt("life choices");
                scroll.auto_shrink(false).show(ui, |ui| {
                    ui.set_max_width(ui.available_width() - 10.0);
                    self.asked(ui, shared);
                });
            });
        let frame = Frame::new().inner_margin(theme::PANEL_MARGIN);
        CentralPanel::default().frame(frame).show(ui, |ui| {
            let scroll = ScrollArea::vertical().id_salt("life").auto_shrink(false);
            scroll.show(ui, |ui| {
                ui.set_max_width(ui.available_width() - 10.0);
                result::show(self, ui, shared);
            });
        });
    }

    /// What is asked: runs and assumptions.
    fn asked(&mut self, ui: &mut Ui, shared: &mut Shared) {
        ui.spacing_mut().item_spacing.y = theme::GRID;
        choice::show(self, ui, shared);
        ui.add_space(2.0 * theme::GRID);
        ui.separator();
        assumed::show(self, ui);
        self.typed.keep_seen();
    }

    /// Takes runs in that go with one that was chosen.
    fn take(&mut self, found: Result<Suggested, String>) {
        match found {
            Ok(Suggested::More { runs, scratch }) => {
                add(&mut self.chosen.runs, runs);
                add(&mut self.chosen.scratch, scratch);
            }
            Ok(Suggested::Offer(offer)) => {
                self.chosen.before = Some(offer.name.clone());
                if let Some(best) = offer.best() {
                    self.chosen.propose(best);
                }
                self.offer = Some(offer);
            }
            Ok(Suggested::Nothing(why)) | Err(why) => self.reader.note = Some(why),
        }
    }

    /// Makes assumptions follow the runs until they are changed, and figures follow both.
    fn keep_up(&mut self) {
        let Some(loaded) = self.reader.loaded() else {
            return;
        };
        if let Some(Ok(usual)) = loaded.runs.first().map(lives::assumptions) {
            let chosen = &mut self.chosen;
            // What no run can know stays as it is.
            let with_own = |usual: &Assumptions| Assumptions {
                uses: chosen.assumptions.uses,
                inferences: chosen.assumptions.inferences,
                price_per_kwh: chosen.assumptions.price_per_kwh,
                currency: chosen.assumptions.currency.clone(),
                ..usual.clone()
            };
            let is_untouched = match &chosen.usual {
                None => true,
                Some(before) => chosen.assumptions == with_own(before),
            };
            if is_untouched {
                chosen.assumptions = with_own(&usual);
            }
            chosen.usual = Some(usual);
        }
        let of = (
            self.reader.serial,
            self.chosen.asking.clone(),
            self.chosen.assumptions.clone(),
        );
        if self.told.as_ref().is_some_and(|told| told.of == of) {
            return;
        }
        let inference = inference(loaded, &self.chosen.asking);
        let life = lives::life(
            &loaded.runs,
            &loaded.scratch,
            inference.map(|(_, inference)| inference),
            &self.chosen.assumptions,
        );
        self.told = Some(Told {
            of,
            life: life.map_err(|error| error.to_string()),
        });
    }

    /// Writes what the model's life takes; asks what and where.
    pub fn export(&mut self, shared: &mut Shared) {
        export::begin(self, shared);
    }
}

/// Adds those that are not there yet.
fn add(list: &mut Vec<String>, more: Vec<String>) {
    for id in more {
        if !list.contains(&id) {
            list.push(id);
        }
    }
}

/// The record of asking that counts, and its run.
fn inference<'a>(loaded: &'a Loaded, asking: &Asking) -> Option<(&'a RunDetails, &'a Inference)> {
    let mut all = loaded.runs.iter().flat_map(|run| {
        let of_run = run.inferences.iter();
        of_run.map(move |inference| (run, inference))
    });
    match asking {
        Asking::LeftOut => None,
        Asking::Latest => {
            let one = all
                .clone()
                .filter(|(_, one)| one.batch_size == 1)
                .max_by_key(|(_, one)| one.made_at);
            one.or_else(|| all.max_by_key(|(_, one)| one.made_at))
        }
        Asking::One {
            run,
            made_at,
            batch_size,
        } => all.find(|(of, one)| {
            of.run.id == *run
                && one.made_at.to_string() == *made_at
                && one.batch_size == *batch_size
        }),
    }
}

/// What the page says where no run is chosen.
fn nothing(ui: &mut Ui) {
    let text = "Choose what was learnt before: the runs that started from it, and those from nothing to the same \
                target, are then proposed. Or choose the model's own runs, one for each seed.";
    widgets::empty_state(ui, "The life of a model", text, |_| {});
}
