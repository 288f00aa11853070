//! Rows of the panel: a name, a control that bears it, and below them what is wrong.

use egui::{
    Align, CollapsingHeader, ComboBox, Id, Key, Layout, Margin, Modifiers, Response, RichText,
    TextEdit, TextStyle, Ui, UiBuilder, Vec2,
};

use super::number::{Number, Steps};
use super::typed::{Text, Typed, is_under};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::setup::Problem;

/// Room for the name of a field, points.
pub const LABEL_WIDTH: f32 = 112.0;
/// Least room for a unit behind a field, points.
const UNIT_WIDTH: f32 = 28.0;
/// Room for each letter of it, and for what is before it.
const UNIT_LETTER: f32 = 6.5;
const UNIT_GAP: f32 = 14.0;

/// How a field looks.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Its name.
    pub label: &'a str,
    /// What it means.
    pub hint: &'a str,
    /// Path in the setup.
    pub path: &'a str,
    /// Unit behind it.
    pub unit: &'a str,
    /// What the arrow keys do.
    pub steps: Steps,
    /// What stands in an empty field.
    pub empty: &'a str,
}

impl<'a> Look<'a> {
    /// A field of this name and path.
    pub fn new(label: &'a str, path: &'a str, hint: &'a str) -> Self {
        Self {
            label,
            hint,
            path,
            unit: "",
            steps: Steps::None,
            empty: "",
        }
    }

    /// With what stands in it while it is empty.
    #[must_use]
    pub fn empty(self, empty: &'a str) -> Self {
        Self { empty, ..self }
    }

    /// With a unit behind it.
    #[must_use]
    pub fn unit(self, unit: &'a str) -> Self {
        Self { unit, ..self }
    }

    /// With arrow keys that change it.
    #[must_use]
    pub fn steps(self, steps: Steps) -> Self {
        Self { steps, ..self }
    }
}

/// What the rows need of the panel.
pub struct Form<'a> {
    /// What was typed.
    pub typed: &'a mut Typed,
    /// What is wrong with the setup.
    pub problems: &'a [Problem],
}

impl Form<'_> {
    /// A row: the name at the left, what `add` draws at its right. `add` is given the name's id, by which the control is
    /// labelled.
    pub fn row<R>(
        &mut self,
        ui: &mut Ui,
        look: &Look<'_>,
        add: impl FnOnce(&mut Self, &mut Ui, Id) -> R,
    ) -> R {
        let hint = format!("{}{}", look.hint, look.steps.hint());
        ui.horizontal(|ui| {
            let label = name(ui, |ui| widgets::field_label(ui, look.label, hint.trim()));
            add(self, ui, label.id)
        })
        .inner
    }

    /// A number.
    pub fn number<T: Number>(&mut self, ui: &mut Ui, look: Look<'_>, value: &mut T) {
        self.row(ui, &look, |form, ui, label| {
            let width = ui.available_width() - unit_room(&look);
            form.field(ui, &look, width, value).labelled_by(label);
            unit(ui, &look);
        });
        self.problems_at(ui, look.path);
    }

    /// A number that need not be given; the checkbox before it says whether it is. `usual` is what ticking it puts there.
    pub fn optional<T: Number>(
        &mut self,
        ui: &mut Ui,
        look: Look<'_>,
        value: &mut Option<T>,
        usual: T,
    ) {
        let tick = format!("Stop by {}", look.label.to_lowercase());
        self.ticked(ui, look, &tick, value, usual);
    }

    /// A number that may be left out; `name` is that of the tick, and `usual` what ticking it puts there.
    pub fn ticked<T: Number>(
        &mut self,
        ui: &mut Ui,
        look: Look<'_>,
        name: &str,
        value: &mut Option<T>,
        usual: T,
    ) {
        ui.horizontal(|ui| {
            const TICK: f32 = 20.0;
            ui.spacing_mut().item_spacing.x = theme::GRID;
            let mut is_given = value.is_some();
            let size = Vec2::new(TICK, theme::CONTROL_HEIGHT);
            let (place, _) = ui.allocate_exact_size(size, egui::Sense::hover());
            let tick = ui.scope_builder(
                UiBuilder::new()
                    .max_rect(place)
                    .layout(Layout::left_to_right(Align::Center)),
                |ui| {
                    ui.spacing_mut().interact_size.y = ui.spacing().icon_width;
                    ui.add(egui::Checkbox::without_text(&mut is_given))
                },
            );
            let tick = tick.inner;
            tick.widget_info(|| {
                egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_given, name)
            });
            if tick.on_hover_text(look.hint).changed() {
                *value = is_given.then_some(usual);
            }
            ui.add_space(theme::GRID);
            let room = LABEL_WIDTH - TICK;
            let label = name_of_width(ui, room, |ui| {
                widgets::field_label(ui, look.label, look.hint)
            });
            let width = ui.available_width() - unit_room(&look);
            self.maybe(ui, &look, width, value).labelled_by(label.id);
            unit(ui, &look);
        });
        self.problems_at(ui, look.path);
    }

    /// A choice of few.
    pub fn choice<T: PartialEq + Copy>(
        &mut self,
        ui: &mut Ui,
        look: Look<'_>,
        value: &mut T,
        options: &[(T, &str, &str)],
    ) {
        self.row(ui, &look, |_, ui, label| {
            let chosen = options.iter().find(|(option, ..)| option == value);
            let text = chosen.map_or("", |(_, text, _)| text);
            let combo = ComboBox::from_id_salt(look.path)
                .width(ui.available_width())
                .truncate();
            let response = combo.selected_text(text).show_ui(ui, |ui| {
                for (option, text, hint) in options {
                    let item = ui.selectable_value(value, *option, *text);
                    if !hint.is_empty() {
                        item.on_hover_text(*hint);
                    }
                }
            });
            response.response.labelled_by(label);
        });
        self.problems_at(ui, look.path);
    }

    /// Yes or no.
    pub fn toggle(&mut self, ui: &mut Ui, look: Look<'_>, value: &mut bool) {
        self.row(ui, &look, |_, ui, label| {
            ui.checkbox(value, "").labelled_by(label);
        });
        self.problems_at(ui, look.path);
    }

    /// A line of text; `empty` stands in it where there is none.
    pub fn text(&mut self, ui: &mut Ui, look: Look<'_>, value: &mut String, empty: &str) {
        self.row(ui, &look, |_, ui, label| {
            let width = ui.available_width();
            let edit = TextEdit::singleline(value)
                .margin(Margin::symmetric(8, 4))
                .align(egui::Align2::LEFT_CENTER)
                .hint_text(empty)
                .desired_width(width - 16.0);
            ui.add_sized([width, theme::CONTROL_HEIGHT], edit)
                .labelled_by(label);
        });
        self.problems_at(ui, look.path);
    }

    /// A text that may be long: its field grows with it, so that all of it is seen.
    pub fn long_text(&mut self, ui: &mut Ui, look: Look<'_>, value: &mut String, empty: &str) {
        self.row(ui, &look, |_, ui, label| {
            let edit = TextEdit::multiline(value)
                .margin(Margin::symmetric(8, 4))
                .hint_text(empty)
                .desired_rows(1)
                .return_key(None)
                .desired_width(ui.available_width());
            ui.add(edit).labelled_by(label);
        });
        // What is pasted may have line ends, which no table has room for.
        if value.contains(['\n', '\r']) {
            *value = value.replace(['\n', '\r'], " ");
        }
        self.problems_at(ui, look.path);
    }

    /// Several whole numbers in a row, such as widths of layers.
    pub fn list(&mut self, ui: &mut Ui, look: Look<'_>, each: &str, values: &mut Vec<usize>) {
        const FIELD: f32 = 50.0;
        self.row(ui, &look, |form, ui, _| {
            ui.allocate_ui_with_layout(
                Vec2::new(ui.available_width(), theme::CONTROL_HEIGHT),
                Layout::left_to_right(Align::Center).with_main_wrap(true),
                |ui| {
                    ui.spacing_mut().item_spacing = Vec2::splat(theme::GRID);
                    for (i, value) in values.iter_mut().enumerate() {
                        let path = format!("{}[{i}]", look.path);
                        let response = form.field(
                            ui,
                            &Look {
                                path: &path,
                                ..look
                            },
                            FIELD,
                            value,
                        );
                        response.widget_info(|| {
                            let mut info =
                                egui::WidgetInfo::text_edit(true, "", value.to_string(), "");
                            info.label = Some(format!("{each} {}", i + 1));
                            info
                        });
                    }
                    if small_button(ui, "+", &format!("Add to {}", look.label.to_lowercase())) {
                        let next = values
                            .last()
                            .map_or(64, |last| last.saturating_mul(2).min(1024));
                        values.push(next);
                    }
                    if !values.is_empty()
                        && small_button(
                            ui,
                            "−",
                            &format!("Remove the last of {}", look.label.to_lowercase()),
                        )
                    {
                        values.pop();
                    }
                },
            );
        });
        self.problems_under(ui, look.path);
    }

    /// The field alone, which the caller names.
    pub fn field<T: Number>(
        &mut self,
        ui: &mut Ui,
        look: &Look<'_>,
        width: f32,
        value: &mut T,
    ) -> Response {
        let id = ui.make_persistent_id(look.path);
        if look.steps != Steps::None && ui.memory(|memory| memory.has_focus(id)) {
            for (key, upwards) in [(Key::ArrowUp, true), (Key::ArrowDown, false)] {
                if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
                    *value = value.stepped(look.steps, upwards);
                }
            }
        }
        let tokens = Tokens::in_ui(ui);
        let is_refused = self
            .problems
            .iter()
            .any(|problem| problem.field == look.path);
        let text = self.typed.0.entry(look.path.to_owned()).or_default();
        text.seen = true;
        let written = value.written();
        if text.stands_for != written {
            *text = Text {
                text: written.clone(),
                stands_for: written,
                wrong: None,
                seen: true,
            };
        }
        let colour = if is_refused || text.wrong.is_some() {
            tokens.error
        } else {
            tokens.text
        };
        let edit = TextEdit::singleline(&mut text.text)
            .id(id)
            .font(TextStyle::Monospace)
            .hint_text(look.empty)
            .text_color(colour)
            .margin(Margin::symmetric(8, 4))
            .align(egui::Align2::LEFT_CENTER)
            .min_size(Vec2::new(width, theme::CONTROL_HEIGHT))
            .desired_width(width - 16.0);
        let response = ui.add_sized([width, theme::CONTROL_HEIGHT], edit);
        if response.changed() {
            match T::read(&text.text) {
                Ok(read) => {
                    text.stands_for = read.written();
                    text.wrong = None;
                    *value = read;
                }
                Err(why) => text.wrong = Some(why),
            }
        }
        if response.lost_focus() && text.wrong.is_none() {
            text.text.clone_from(&text.stands_for);
        }
        response
    }

    /// As [`Self::field`], for a number that may be left out: an empty field.
    pub fn maybe<T: Number>(
        &mut self,
        ui: &mut Ui,
        look: &Look<'_>,
        width: f32,
        value: &mut Option<T>,
    ) -> Response {
        let mut maybe = Maybe(value.take());
        let response = self.field(ui, look, width, &mut maybe);
        *value = maybe.0;
        response
    }

    /// What is wrong with the field at `path`.
    pub fn problems_at(&mut self, ui: &mut Ui, path: &str) {
        if let Some(wrong) = self
            .typed
            .0
            .get(path)
            .and_then(|text| text.wrong.as_deref())
        {
            return widgets::problem(ui, &sentence(wrong));
        }
        for problem in self.problems.iter().filter(|problem| problem.field == path) {
            widgets::problem(ui, &format!("Allowed: {}", problem.allowed));
        }
    }

    /// What is wrong with the field at `path` or any part of it.
    pub fn problems_under(&mut self, ui: &mut Ui, path: &str) {
        let parts = self.typed.0.iter().filter(|(of, _)| is_under(of, &[path]));
        if let Some(wrong) = parts.filter_map(|(_, text)| text.wrong.as_deref()).next() {
            return widgets::problem(ui, &sentence(wrong));
        }
        if let Some(problem) = self
            .problems
            .iter()
            .find(|problem| is_under(&problem.field, &[path]))
        {
            widgets::problem(ui, &format!("Allowed: {}", problem.allowed));
        }
    }

    /// A part that can be folded away; it stays open while something under one of `paths` is wrong.
    pub fn folded(
        &mut self,
        ui: &mut Ui,
        title: &str,
        id: &str,
        paths: &[&str],
        add: impl FnOnce(&mut Self, &mut Ui),
    ) {
        let is_wrong = self.typed.wrong_under(paths)
            || self
                .problems
                .iter()
                .any(|problem| is_under(&problem.field, paths));
        let tokens = Tokens::in_ui(ui);
        CollapsingHeader::new(RichText::new(title).color(tokens.dim))
            .id_salt(id)
            .open(is_wrong.then_some(true))
            .show_unindented(ui, |ui| add(self, ui));
    }
}

/// A number or nothing, which is an empty field.
struct Maybe<T>(Option<T>);

impl<T: Number> Number for Maybe<T> {
    fn written(&self) -> String {
        self.0.as_ref().map_or_else(String::new, T::written)
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            Ok(Self(None))
        } else {
            T::read(text).map(|read| Self(Some(read)))
        }
    }

    fn stepped(&self, steps: Steps, upwards: bool) -> Self {
        Self(self.0.as_ref().map(|value| value.stepped(steps, upwards)))
    }
}

fn name(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    name_of_width(ui, LABEL_WIDTH, add)
}

fn name_of_width(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    let size = Vec2::new(width, theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        add(ui)
    })
    .inner
}

fn unit_room(look: &Look<'_>) -> f32 {
    if look.unit.is_empty() {
        0.0
    } else {
        // Fields of short units end below each other.
        (UNIT_GAP + UNIT_LETTER * look.unit.chars().count() as f32).max(UNIT_WIDTH)
    }
}

fn unit(ui: &mut Ui, look: &Look<'_>) {
    if !look.unit.is_empty() {
        ui.add_space(theme::GRID);
        widgets::caption(ui, look.unit);
    }
}

/// A small button with a sign on it and a name for those who do not see it.
pub fn small_button(ui: &mut Ui, sign: &str, name: &str) -> bool {
    let size = Vec2::splat(theme::CONTROL_HEIGHT);
    let scope = ui.scope(|ui| {
        ui.spacing_mut().button_padding.x = 0.0;
        ui.add_sized(size, egui::Button::new(sign))
    });
    let response = scope.inner;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    response.on_hover_text(name).clicked()
}

/// With a capital letter at its beginning.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
