//! The axes of a sweep as rows: a field, its values, where it counts.

use egui::{Align2, ComboBox, Frame, Label, Margin, RichText, Stroke, TextEdit, Ui};

use super::super::train::setup::form::{Form, Look, sentence, small_button};
use super::super::train::setup::number::{Number, Steps};
use super::chooser;
use super::draft::{AxisDraft, Kind, When};
use super::fields::Field;
use crate::analysis::sweep::axes::text;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::Setup;

/// Width of a number beside others, points.
const NUMBER: f32 = 88.0;
/// Values of an axis that are written out.
const VALUES_SHOWN: u64 = 8;

/// What was asked of a row.
enum Asked {
    Remove(usize),
    Up(usize),
    Down(usize),
}

/// Draws the axes.
pub fn show(
    form: &mut Form<'_>,
    ui: &mut Ui,
    axes: &mut Vec<AxisDraft>,
    fields: &[Field],
    base: &Setup,
) {
    let mut asked = None;
    let count = axes.len();
    for (at, axis) in axes.iter_mut().enumerate() {
        let tokens = Tokens::in_ui(ui);
        Frame::new()
            .fill(tokens.surface)
            .stroke(Stroke::new(1.0, tokens.line))
            .corner_radius(theme::ROUNDING)
            .inner_margin(Margin::symmetric(12, 10))
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.spacing_mut().item_spacing.y = theme::GRID;
                ui.push_id(("axis", at), |ui| {
                    head(ui, at, count, axis, fields, base, &mut asked);
                    problems_at(form, ui, &format!("axes[{at}].field"));
                    problems_at(form, ui, &format!("axes[{at}]"));
                    values(form, ui, at, axis);
                    conditions(form, ui, at, axis, fields);
                });
            });
    }
    ui.horizontal_wrapped(|ui| {
        if ui
            .button("Add an axis")
            .on_hover_text("Vary one more field of the setup")
            .clicked()
        {
            axes.push(AxisDraft::default());
        }
    });
    if asked.is_some() {
        // What was typed belongs to rows by their number.
        form.typed.clear();
    }
    match asked {
        None => {}
        Some(Asked::Remove(at)) => {
            axes.remove(at);
        }
        Some(Asked::Up(at)) => axes.swap(at, at - 1),
        Some(Asked::Down(at)) => axes.swap(at, at + 1),
    }
}

/// What is wrong, in its own words: of an axis it is not always what is allowed.
pub fn problems_at(form: &Form<'_>, ui: &mut Ui, path: &str) {
    for problem in form.problems.iter().filter(|problem| problem.field == path) {
        widgets::problem(ui, &sentence(&problem.allowed));
    }
}

fn head(
    ui: &mut Ui,
    at: usize,
    count: usize,
    axis: &mut AxisDraft,
    fields: &[Field],
    base: &Setup,
    asked: &mut Option<Asked>,
) {
    let number = at + 1;
    ui.horizontal(|ui| {
        let hint = "Path of the field, as `--set` takes it; the last axis counts fastest";
        let label = widgets::field_label(ui, &format!("Axis {number}"), hint);
        let buttons = 3.0 * (theme::CONTROL_HEIGHT + ui.spacing().item_spacing.x) + 92.0;
        let width = (ui.available_width() - buttons).max(120.0);
        let edit = text_field(&mut axis.field, "regime.batch_size", width);
        ui.add_sized([width, theme::CONTROL_HEIGHT], edit)
            .labelled_by(label.id);
        let name = format!("Choose the field of axis {number}");
        if let Some(field) = chooser::show(ui, &name, fields) {
            axis.take(field, base);
        }
        ui.add_enabled_ui(at > 0, |ui| {
            if small_button(ui, "↑", &format!("Move axis {number} up")) {
                *asked = Some(Asked::Up(at));
            }
        });
        ui.add_enabled_ui(at + 1 < count, |ui| {
            if small_button(ui, "↓", &format!("Move axis {number} down")) {
                *asked = Some(Asked::Down(at));
            }
        });
        if small_button(ui, "×", &format!("Remove axis {number}")) {
            *asked = Some(Asked::Remove(at));
        }
    });
}

fn text_field<'a>(text: &'a mut String, empty: &str, width: f32) -> TextEdit<'a> {
    TextEdit::singleline(text)
        .margin(Margin::symmetric(8, 4))
        .align(Align2::LEFT_CENTER)
        .hint_text(empty)
        .desired_width(width - 16.0)
}

fn values(form: &mut Form<'_>, ui: &mut Ui, at: usize, axis: &mut AxisDraft) {
    let number = at + 1;
    let of_axis = |what: &str| format!("{what} of axis {number}");
    ui.horizontal_wrapped(|ui| {
        let chosen = Kind::ALL.iter().find(|(kind, ..)| *kind == axis.kind);
        let combo = ComboBox::from_id_salt(("axis-kind", at))
            .selected_text(chosen.map_or("", |(_, name, _)| name))
            .width(124.0);
        let inner = combo.show_ui(ui, |ui| {
            for (kind, name, hint) in Kind::ALL {
                ui.selectable_value(&mut axis.kind, kind, name)
                    .on_hover_text(hint);
            }
        });
        let name = of_axis("Kind of values");
        inner.response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name);
            info.current_text_value = chosen.map(|(_, kind, _)| (*kind).to_owned());
            info
        });
        match axis.kind {
            Kind::List => {
                let width = ui.available_size_before_wrap().x.max(160.0);
                let edit = text_field(&mut axis.list, "16, 32, 64", width);
                let response = ui.add_sized([width, theme::CONTROL_HEIGHT], edit);
                named(&response, &of_axis("Values"), &axis.list);
                response.on_hover_text(
                    "Values with commas between them; a list is a value too: [64, 64]",
                );
            }
            Kind::Linear | Kind::Logarithmic => {
                let kind = match axis.kind {
                    Kind::Linear => "linear",
                    _ => "logarithmic",
                };
                let path = |end: &str| format!("axes[{at}].{kind}.{end}");
                one(
                    form,
                    ui,
                    &path("from"),
                    "from",
                    &of_axis("From"),
                    &mut axis.from,
                );
                one(form, ui, &path("to"), "to", &of_axis("To"), &mut axis.to);
                let hint = of_axis("Count");
                let mut count = Maybe(axis.count);
                one(form, ui, &path("count"), "count", &hint, &mut count);
                axis.count = count.0;
            }
            Kind::PowersOfTwo => {
                let path = |end: &str| format!("axes[{at}].powers_of_two.{end}");
                one(
                    form,
                    ui,
                    &path("from"),
                    "from",
                    &of_axis("From"),
                    &mut axis.least,
                );
                one(form, ui, &path("to"), "to", &of_axis("To"), &mut axis.most);
            }
        }
    });
    for part in ["values", "linear", "logarithmic", "powers_of_two"] {
        let path = format!("axes[{at}].{part}");
        for end in ["from", "to", "count"] {
            form.problems_at(ui, &format!("{path}.{end}"));
        }
        problems_at(form, ui, &path);
    }
    if let Ok(axis) = axis.axis(at)
        && let Some(count) = axis.len().filter(|count| *count > 0)
    {
        let values: Vec<String> = (0..count.min(VALUES_SHOWN))
            .filter_map(|index| axis.value(index))
            .map(|value| text(&value))
            .collect();
        let more = if count > VALUES_SHOWN { ", …" } else { "" };
        let word = if count == 1 { "value" } else { "values" };
        widgets::caption(ui, format!("{count} {word}: {}{more}", values.join(", ")));
    }
}

/// A number that need not be given.
struct Maybe(Option<u64>);

impl Number for Maybe {
    fn written(&self) -> String {
        self.0.map_or_else(String::new, |value| value.to_string())
    }

    fn read(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Ok(Self(None)),
            text => u64::read(text).map(|value| Self(Some(value))),
        }
    }

    fn stepped(&self, steps: Steps, upwards: bool) -> Self {
        Self(self.0.map(|value| value.stepped(steps, upwards)))
    }
}

fn one<T: Number>(
    form: &mut Form<'_>,
    ui: &mut Ui,
    path: &str,
    word: &str,
    name: &str,
    value: &mut T,
) {
    let tokens = Tokens::in_ui(ui);
    ui.label(RichText::new(word).small().color(tokens.dim));
    let look = Look::new(name, path, "");
    let text = value.written();
    let response = form.field(ui, &look, NUMBER, value);
    named(&response, name, &text);
}

fn named(response: &egui::Response, name: &str, text: &str) {
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::text_edit(true, "", text, "");
        info.label = Some(name.to_owned());
        info
    });
}

fn conditions(form: &Form<'_>, ui: &mut Ui, at: usize, axis: &mut AxisDraft, fields: &[Field]) {
    let number = at + 1;
    let mut removed = None;
    for (which, condition) in axis.when.iter_mut().enumerate() {
        ui.push_id(("when", which), |ui| {
            condition_row(ui, number, which, condition, fields, &mut removed);
        });
        problems_at(form, ui, &format!("axes[{at}].when[{which}]"));
    }
    if let Some(which) = removed {
        axis.when.remove(which);
    }
    let text = RichText::new("Only where…").small();
    let button = egui::Button::new(text).frame_when_inactive(false);
    let response = ui.add(button);
    response.widget_info(|| {
        let name = format!("Add a condition to axis {number}");
        egui::WidgetInfo::labeled(egui::Role::Button, true, name)
    });
    let hint = "The axis only counts where another field has one of some values; elsewhere the base's value is taken, once";
    if response.on_hover_text(hint).clicked() {
        axis.when.push(When::default());
    }
}

fn condition_row(
    ui: &mut Ui,
    number: usize,
    which: usize,
    condition: &mut When,
    fields: &[Field],
    removed: &mut Option<usize>,
) {
    ui.horizontal_wrapped(|ui| {
        let tokens = Tokens::in_ui(ui);
        let dim = |ui: &mut Ui, text: &str| {
            ui.add(Label::new(RichText::new(text).small().color(tokens.dim)));
        };
        dim(ui, "only where");
        let edit = text_field(&mut condition.field, "regime.optimiser.kind", 168.0);
        let response = ui.add_sized([168.0, theme::CONTROL_HEIGHT], edit);
        let name = format!("Field of condition {} of axis {number}", which + 1);
        named(&response, &name, &condition.field);
        let name = format!(
            "Choose the field of condition {} of axis {number}",
            which + 1
        );
        if let Some(field) = chooser::show(ui, &name, fields) {
            condition.field.clone_from(&field.path);
        }
        dim(ui, "is");
        let edit = text_field(&mut condition.values, "sgd", 112.0);
        let response = ui.add_sized([112.0, theme::CONTROL_HEIGHT], edit);
        let name = format!("Values of condition {} of axis {number}", which + 1);
        named(&response, &name, &condition.values);
        let name = format!("Remove condition {} of axis {number}", which + 1);
        if small_button(ui, "×", &name) {
            *removed = Some(which);
        }
    });
}
