//! The setup panel: dataset, model, regime, device; what is wrong beside each field; what the run will take; the button that
//! starts it.

mod augmentation;
pub mod check;
pub mod choose;
mod columns;
mod dataset;
pub mod device;
pub mod files;
pub mod form;
mod heads;
mod layers;
mod made;
mod model;
mod model_axes;
mod model_fields;
pub mod number;
mod offer;
mod optimiser;
mod outlook;
mod owned;
mod paths;
mod pick;
mod presets;
mod preview;
mod regime;
mod removal;
mod resize;
mod samples;
mod schedule;
mod source;
mod start;
mod stop;
mod teacher;
mod trained;
pub mod typed;

use std::collections::BTreeMap;

use egui::{
    Align, CentralPanel, Frame, Id, Label, Layout, Margin, Panel, RichText, ScrollArea, Ui, Vec2,
};

use self::check::Checked;
use self::columns::Columns;
use self::heads::KeptHeads;
use self::outlook::Outlook;
use self::preview::Preview;
use self::removal::Removal;
use self::start::StartPart;
use self::teacher::TeacherPart;
use self::typed::Typed;
use crate::analysis::forecast::Planned;
use crate::gui::commands::{Action, Command};
use crate::gui::preferences::Preferences;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::protocol::Device;
use crate::setup::{DatasetSetup, Metric, ModelSetup, OptimiserSetup, Setup};

/// Width of the panel for which it is drawn, points.
pub const WIDTH: f32 = 336.0;

/// Height of what is pinned below the fields, points.
const FOOTER: f32 = 88.0;

/// The panel in which a setup is put together. The setup itself is part of what the window remembers.
#[derive(Default)]
pub struct SetupPanel {
    typed: Typed,
    checked: Checked,
    preview: Preview,
    columns: Columns,
    removal: Removal,
    start: StartPart,
    teacher: TeacherPart,
    outlook: Outlook,
    kept: Kept,
}

/// Options of datasets, models and optimisers that were turned away from, for when they are turned back to.
#[derive(Default)]
struct Kept {
    datasets: BTreeMap<&'static str, DatasetSetup>,
    models: BTreeMap<&'static str, ModelSetup>,
    optimisers: BTreeMap<&'static str, OptimiserSetup>,
    heads: KeptHeads,
}

impl SetupPanel {
    /// The panel as the window begins.
    pub fn new(_: &Preferences) -> Self {
        Self::default()
    }

    /// Another setup was put into the panel.
    pub fn setup_was_replaced(&mut self) {
        self.typed.clear();
        self.kept = Kept::default();
        self.start.forget_kept();
        self.teacher.forget_kept();
    }

    /// The files of the set called `name` are others now.
    pub fn set_has_changed(&mut self, name: &str) {
        self.preview.forget(name);
    }

    /// The setup of the panel, where it can be trained.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn ready_setup(&self, shared: &Shared) -> Result<Setup, String> {
        let setup = &shared.preferences.setup;
        if let Some((field, wrong)) = self.typed.first_wrong() {
            return Err(check::sentence(field, wrong));
        }
        if paths::has_no_path(&setup.dataset) {
            return Err("Dataset: its file or folder is to be named first".to_owned());
        }
        offer::is_ready(&setup.dataset, &shared.sets)?;
        self.start.is_ready(setup.start.as_ref())?;
        self.teacher.is_ready(setup)?;
        let problems = check::problems(setup, self.preview.counts(&setup.dataset).as_ref());
        if let Some(problem) = problems.first() {
            return Err(check::sentence(
                &problem.field,
                &format!("allowed is {}", problem.allowed),
            ));
        }
        match self.preview.of(&setup.dataset) {
            Some(Err(error)) => Err(format!("Dataset: {error}")),
            _ => Ok(self.teacher.resolved(self.start.resolved(setup.clone()))),
        }
    }

    /// What a run on `dataset` is judged by; accuracy until the dataset is known.
    fn metric(&self, dataset: &DatasetSetup) -> Metric {
        let counts = self.preview.counts(dataset);
        counts
            .map(|counts| counts.task)
            .unwrap_or_default()
            .metric()
    }

    /// Draws all of it into a panel of its own.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let mut setup = shared.preferences.setup.clone();
        self.preview.follow(ui.ctx(), shared, &setup.dataset);
        self.columns.follow(shared, &setup.dataset);
        self.checked
            .update(&setup, self.preview.counts(&setup.dataset));
        let side = Margin::symmetric(theme::PANEL_MARGIN, 8);
        let frame = Frame::new().inner_margin(side);
        let top = Panel::top("setup header")
            .resizable(false)
            .show_separator_line(false)
            .frame(frame);
        top.show(ui, |ui| header(ui, &setup, shared));
        let bottom = Panel::bottom("setup footer")
            .resizable(false)
            .exact_size(FOOTER)
            .frame(frame);
        bottom.show(ui, |ui| self.footer(ui, &setup, shared));
        CentralPanel::no_frame().show(ui, |ui| {
            ScrollArea::vertical()
                .id_salt("setup")
                .auto_shrink(false)
                .show(ui, |ui| {
                    let frame = Frame::new().inner_margin(Margin {
                        top: 0,
                        bottom: 16,
                        ..side
                    });
                    frame.show(ui, |ui| {
                        ui.spacing_mut().item_spacing.y = theme::GRID;
                        self.dataset(ui, &mut setup, shared);
                        part(ui);
                        if self.heads(ui, &mut setup) {
                            part(ui);
                        }
                        self.model(ui, &mut setup);
                        part(ui);
                        self.start(ui, &mut setup, shared);
                        part(ui);
                        let metric = self.metric(&setup.dataset);
                        let samples = setup.dataset.sample_kind();
                        self.regime(ui, &mut setup, shared, samples, metric);
                        part(ui);
                        self.device(ui, &mut setup, shared);
                    });
                });
        });
        self.typed.keep_seen();
        if setup != shared.preferences.setup {
            shared.preferences.setup = setup;
            // What follows from the change is above it.
            ui.ctx().request_repaint();
        }
    }

    fn footer(&mut self, ui: &mut Ui, setup: &Setup, shared: &mut Shared) {
        let device = chosen_device(setup, shared);
        self.outlook.follow(shared, device.as_ref());
        let ready = self.ready_setup(shared);
        let counts = self.preview.counts(&setup.dataset);
        let taught = counts
            .as_ref()
            .map_or(0, |counts| self.teacher.forward_flop(setup, counts));
        let steps = counts.map(|counts| setup.steps_per_epoch(counts.train) as u64);
        let planned = self
            .checked
            .plan
            .as_ref()
            .filter(|_| self.checked.problems.is_empty())
            .zip(steps)
            .map(|(plan, steps_per_epoch)| Planned {
                setup,
                steps_per_epoch,
                flop_per_sample: setup.training_flop(plan).saturating_add(taught) as f64,
            });
        ui.spacing_mut().item_spacing.y = theme::GRID;
        // Two lines, whatever is written in them: the button must not move.
        let room = Vec2::new(ui.available_width(), 32.0);
        ui.allocate_ui(room, |ui| {
            ui.set_min_size(room);
            match &ready {
                Ok(_) => {
                    self.outlook.show(
                        ui,
                        planned.as_ref(),
                        device.as_ref(),
                        shared.preferences.energy_unit,
                    );
                }
                Err(why) => {
                    let tokens = Tokens::in_ui(ui);
                    let waits = offer::is_on_its_way(&setup.dataset, &shared.sets);
                    let colour = if waits { tokens.dim } else { tokens.error };
                    let text = RichText::new(why).small().color(colour);
                    ui.add(Label::new(text).truncate()).on_hover_text(why);
                }
            }
        });
        let command = if shared.is_busy() {
            Command::Enqueue
        } else {
            Command::Start
        };
        let room = Vec2::new(ui.available_width(), theme::CONTROL_HEIGHT);
        let button =
            ui.allocate_ui_with_layout(room, Layout::top_down_justified(Align::Center), |ui| {
                ui.add_enabled_ui(ready.is_ok(), |ui| {
                    widgets::primary_button(ui, command.label())
                })
                .inner
            });
        let mut button = button.inner.on_hover_text(with_key(ui, command));
        if let Err(why) = ready {
            button = button.on_disabled_hover_text(why);
        }
        if button.clicked() {
            shared.command(command);
        }
    }
}

fn chosen_device(setup: &Setup, shared: &Shared) -> Option<Device> {
    let known = shared.devices.as_ref()?.as_ref().ok()?;
    device::means(&setup.device, known).cloned()
}

fn with_key(ui: &Ui, command: Command) -> String {
    match command.shortcut() {
        Some(key) => format!("{} ({})", command.hint(), ui.ctx().format_shortcut(&key)),
        None => command.hint().to_owned(),
    }
}

fn header(ui: &mut Ui, setup: &Setup, shared: &mut Shared) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Setup").heading());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = theme::GRID;
            ui.spacing_mut().button_padding.x = 2.0 * theme::GRID;
            for (command, text) in [(Command::SaveSetup, "Save…"), (Command::OpenSetup, "Open…")]
            {
                let button = egui::Button::new(text);
                if ui
                    .add_enabled(!shared.dialog_open, button)
                    .on_hover_text(with_key(ui, command))
                    .clicked()
                {
                    shared.command(command);
                }
            }
            ui.menu_button("Presets", |ui| presets_menu(ui, setup, shared));
        });
    });
}

fn presets_menu(ui: &mut Ui, setup: &Setup, shared: &mut Shared) {
    ui.set_width(300.0);
    let height = (ui.ctx().content_rect().height() - 160.0).max(120.0);
    let scroll = ScrollArea::vertical().max_height(height);
    scroll.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.5 * theme::GRID;
        presets_list(ui, setup, shared);
    });
    ui.separator();
    if ui
        .button("Reset everything to the default")
        .on_hover_text(with_key(ui, Command::NewSetup))
        .clicked()
    {
        shared.command(Command::NewSetup);
        ui.close();
    }
}

fn presets_list(ui: &mut Ui, setup: &Setup, shared: &mut Shared) {
    let tokens = Tokens::in_ui(ui);
    for preset in &presets::ALL {
        let mut text = egui::text::LayoutJob::default();
        let line = |text: &mut egui::text::LayoutJob, line: &str, size, colour| {
            let format = egui::TextFormat::simple(egui::FontId::proportional(size), colour);
            text.append(line, 0.0, format);
        };
        line(&mut text, preset.title, theme::BODY, tokens.text);
        line(&mut text, "\n", theme::BODY, tokens.text);
        line(&mut text, preset.hint, theme::CAPTION, tokens.dim);
        let response = ui.add(egui::Button::new(text).frame_when_inactive(false));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, preset.title));
        if response.clicked() {
            shared.ask(Action::UseSetup(Box::new(preset.setup(setup))));
            ui.close();
        }
    }
}

/// The head of a part: its name, and the choice that decides what else is shown.
fn strong_row(ui: &mut Ui, text: &str, hint: &str, add: impl FnOnce(&mut Ui, Id)) {
    ui.horizontal(|ui| {
        let size = Vec2::new(form::LABEL_WIDTH, theme::CONTROL_HEIGHT);
        let label = ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(form::LABEL_WIDTH);
            ui.label(RichText::new(text).text_style(theme::strong()))
        });
        let label = label.inner.on_hover_text(hint);
        add(ui, label.id);
    });
}

fn part(ui: &mut Ui) {
    ui.add_space(theme::GRID);
    ui.separator();
    ui.add_space(theme::GRID);
}
