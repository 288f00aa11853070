//! The sweep that is put together: what it is called, its base, its axes and options, and what it will take.

use std::sync::Arc;

use egui::{Align2, Label, Margin, RichText, TextEdit, Ui, UiBuilder, vec2};

use super::super::train::setup::choose;
use super::super::train::setup::form::{Form, Look};
use super::super::train::setup::number::Steps;
use super::super::train::setup::typed::Typed;
use super::axes::problems_at;
use super::check::Check;
use super::draft::Draft;
use super::fields::{self, Field};
use super::{SweepPage, axes, forecast, options};
use crate::gui::commands::{Action, Command};
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::{Metric, Setup};

/// Width from which the forecast stands beside the fields, points.
const WIDE: f32 = 840.0;
/// Width of the forecast, points.
const BESIDE: f32 = 300.0;

/// What is put together.
#[derive(Default)]
pub struct Editor {
    /// The sweep.
    pub draft: Draft,
    /// What is wrong with it, and what it will take.
    pub check: Check,
    /// What was typed into its numbers.
    pub typed: Typed,
    fields: Option<(Setup, Arc<Vec<Field>>)>,
}

impl Editor {
    /// Puts another sweep in its place.
    pub fn replace(&mut self, draft: Draft) {
        self.draft = draft;
        self.typed.clear();
    }

    fn fields(&mut self) -> Arc<Vec<Field>> {
        let base = &self.draft.sweep.base;
        match &self.fields {
            Some((of, fields)) if of == base => Arc::clone(fields),
            _ => {
                let fields = Arc::new(fields::fields(base));
                self.fields = Some((base.clone(), Arc::clone(&fields)));
                fields
            }
        }
    }

    /// What the task of the base is judged by.
    fn metric(&self) -> Metric {
        let task = self.draft.sweep.base.dataset.task();
        task.unwrap_or_default().metric()
    }
}

/// Draws the editor.
pub fn show(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    page.editor.check.follow(shared, &page.editor.draft);
    header(ui, shared);
    let width = ui.available_width();
    if width < WIDE {
        form(page, ui, shared);
        forecast::show(page, ui, shared);
        return;
    }
    let top = ui.next_widget_position();
    let gap = 5.0 * theme::GRID;
    let left = egui::Rect::from_min_size(top, vec2(width - BESIDE - gap, f32::INFINITY));
    let left = ui.scope_builder(UiBuilder::new().max_rect(left), |ui| form(page, ui, shared));
    let right =
        egui::Rect::from_min_size(top + vec2(width - BESIDE, 0.0), vec2(BESIDE, f32::INFINITY));
    let after = left.response.rect.bottom();
    let right = ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
        forecast::show(page, ui, shared);
    });
    let bottom = right.response.rect.bottom().max(after);
    ui.expand_to_include_y(bottom);
}

fn header(ui: &mut Ui, shared: &mut Shared) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Put a sweep together").heading());
        ui.add_space(2.0 * theme::GRID);
        for (command, text) in [(Command::OpenSweep, "Open…"), (Command::SaveSweep, "Save…")] {
            let button = egui::Button::new(text);
            let response = ui.add_enabled(!shared.dialog_open, button);
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, !shared.dialog_open, command.label())
            });
            if response.on_hover_text(command.hint()).clicked() {
                shared.command(command);
            }
        }
    });
    widgets::caption(
        ui,
        "A run is made of every combination of the axes, with several seeds, and the sweep says which one got there for the least \
         energy.",
    );
    ui.add_space(theme::GRID);
}

fn form(page: &mut SweepPage, ui: &mut Ui, shared: &mut Shared) {
    let fields = page.editor.fields();
    let metric = page.editor.metric();
    let editor = &mut page.editor;
    let base = editor.draft.sweep.base.clone();
    let mut form = Form {
        typed: &mut editor.typed,
        problems: &editor.check.found.problems,
    };
    widgets::titled_card(ui, "What is asked", |ui| {
        ui.spacing_mut().item_spacing.y = 1.5 * theme::GRID;
        let sweep = &mut editor.draft.sweep;
        let look = Look::new("Name", "name", "What the sweep is called");
        form.text(ui, look, &mut sweep.name, "rates and batches");
        let look = Look::new("About", "about", "What it is to find out, in a sentence");
        form.text(ui, look, &mut sweep.about, "");
        let hint = "What every run has unless an axis says otherwise";
        let look = Look::new("Base", "base", hint);
        form.row(ui, &look, |_, ui, _| {
            ui.vertical(|ui| base_row(ui, &base, shared, &mut editor.draft));
        });
        base_problems(&form, ui);
    });
    let hint = "The fields that are varied; the last one counts fastest";
    ui.add_space(theme::GRID);
    ui.label(RichText::new("Axes").text_style(theme::strong()))
        .on_hover_text(hint);
    axes::show(&mut form, ui, &mut editor.draft.axes, &fields, &base);
    problems_at(&form, ui, "axes");
    let of_axis = form.problems.iter();
    for problem in of_axis.filter(|problem| problem.field.starts_with("axis ")) {
        widgets::problem(ui, &format!("{}: {}", problem.field, problem.allowed));
    }
    ui.add_space(theme::GRID);
    widgets::titled_card(ui, "Goal and order", |ui| {
        ui.spacing_mut().item_spacing.y = 1.5 * theme::GRID;
        repeats(&mut form, ui, &mut editor.draft);
        let sweep = &mut editor.draft.sweep;
        let usual = match metric {
            Metric::Accuracy => 0.97,
            _ => 1.0,
        };
        let hint = format!(
            "Value of {metric} on the held-out samples that every run is to reach, such as 97 %; energy is then that to \
             the target"
        );
        let look = Look::new("Target", "target", &hint);
        form.ticked(ui, look, "Has a target", &mut sweep.target, usual);
        options::show(&mut form, ui, sweep);
    });
    editor.typed.keep_seen();
}

/// What is wrong with the base, which has no fields here.
fn base_problems(form: &Form<'_>, ui: &mut Ui) {
    const PARTS: [&str; 7] = [
        "base",
        "dataset",
        "model",
        "regime",
        "device",
        "measure",
        "checkpoint",
    ];
    for problem in form.problems {
        if PARTS.iter().any(|part| problem.field.starts_with(part)) {
            let text = format!("{}: allowed is {}", problem.field, problem.allowed);
            widgets::problem(ui, &text);
        }
    }
}

fn base_row(ui: &mut Ui, base: &Setup, shared: &mut Shared, draft: &mut Draft) {
    let tokens = Tokens::in_ui(ui);
    let regime = &base.regime;
    let text = format!(
        "{} · {} · {} at {}, batch {}",
        choose::title(base.dataset.name()),
        base.model.in_words(),
        regime.optimiser.kind(),
        regime.learning_rate,
        regime.batch_size,
    );
    ui.add(Label::new(RichText::new(text).color(tokens.dim)).wrap());
    ui.horizontal_wrapped(|ui| {
        let is_same = shared.preferences.setup == *base;
        let button = egui::Button::new("Take that of Train");
        let hint = match is_same {
            true => "It is that of the Train page already",
            false => "Put the setup of the Train page in its place",
        };
        if ui
            .add_enabled(!is_same, button)
            .on_hover_text(hint)
            .on_disabled_hover_text(hint)
            .clicked()
        {
            draft.sweep.base = shared.preferences.setup.clone();
        }
        let button = egui::Button::new("From a file…");
        let hint = "Read it from a setup file; one that is dropped on this page is taken, too";
        if ui
            .add_enabled(!shared.dialog_open, button)
            .on_hover_text(hint)
            .clicked()
        {
            super::files::open(shared);
        }
        let hint = "Look at it and change it on the Train page; take it back from there";
        if ui.button("Edit on Train").on_hover_text(hint).clicked() {
            shared.ask(Action::UseSetup(Box::new(base.clone())));
        }
    });
}

fn repeats(form: &mut Form<'_>, ui: &mut Ui, draft: &mut Draft) {
    const OPTIONS: [(bool, &str, &str); 2] = [
        (false, "Repeats", "The base's seed, the next, and so on"),
        (true, "These seeds", "Seeds of your own"),
    ];
    let mut own = draft.seeds.is_some();
    let look = Look::new(
        "Seeds",
        "seeds-kind",
        "Which seeds each combination is run with",
    );
    form.choice(ui, look, &mut own, &OPTIONS);
    match (own, &mut draft.seeds) {
        (false, _) => {
            draft.seeds = None;
            let hint =
                "Runs of each combination, with different seeds: three tell what is within noise";
            let look = Look::new("Repeats", "repeats", hint).steps(Steps::By(1));
            form.number(ui, look, &mut draft.sweep.repeats);
        }
        (true, None) => {
            let first = draft.sweep.base.regime.seed;
            let seeds = (0..draft.sweep.repeats.min(64)).map(|at| (first + at).to_string());
            draft.seeds = Some(seeds.collect::<Vec<_>>().join(", "));
        }
        (true, Some(text)) => {
            let hint = "Whole numbers with commas between them, each once";
            let look = Look::new("Seed list", "seeds", hint);
            form.row(ui, &look, |_, ui, label| {
                let width = ui.available_width();
                let edit = TextEdit::singleline(text)
                    .margin(Margin::symmetric(8, 4))
                    .align(Align2::LEFT_CENTER)
                    .desired_width(width - 16.0);
                ui.add_sized([width, theme::CONTROL_HEIGHT], edit)
                    .labelled_by(label);
            });
            form.problems_at(ui, "seeds");
        }
    }
}
