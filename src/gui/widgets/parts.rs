use egui::{
    Align, Align2, Button, Color32, Frame, Id, Label, Layout, Margin, Modal, Order, Response,
    RichText, Stroke, TextEdit, Ui, Vec2,
};

use crate::gui::theme::{self, Tokens};

/// The one button of a page that does what one came for.
pub fn primary_button(ui: &mut Ui, text: &str) -> Response {
    let tokens = Tokens::in_ui(ui);
    let text = RichText::new(text)
        .text_style(theme::strong())
        .color(tokens.on_accent);
    ui.add(
        Button::new(text)
            .fill(tokens.accent)
            .stroke(Stroke::NONE)
            .min_size(Vec2::new(0.0, theme::CONTROL_HEIGHT)),
    )
}

/// Small text that matters less.
pub fn caption(ui: &mut Ui, text: impl Into<String>) -> Response {
    let tokens = Tokens::in_ui(ui);
    ui.add(Label::new(RichText::new(text).small().color(tokens.dim)).wrap())
}

/// The name of a field, above it.
pub fn field_label(ui: &mut Ui, text: &str, hint: &str) -> Response {
    let tokens = Tokens::in_ui(ui);
    let label = ui.label(RichText::new(text).small().color(tokens.dim));
    if hint.is_empty() {
        label
    } else {
        label.on_hover_text(hint)
    }
}

/// The field in which one searches the list of a menu, of the look and height that fields have elsewhere: egui takes rims and
/// padding from what is in a menu, which leaves the text at the upper edge.
pub fn search_field(ui: &mut Ui, typed: &mut String, hint: &str) -> Response {
    let field = |ui: &mut Ui| {
        theme::rims_in_menu(ui);
        let edit = TextEdit::singleline(typed)
            .hint_text(hint)
            .margin(Margin::symmetric(8, 4))
            .align(Align2::LEFT_CENTER)
            .desired_width(f32::INFINITY);
        ui.add(edit)
    };
    ui.scope(field).inner
}

/// What is wrong with a field, below it.
pub fn problem(ui: &mut Ui, text: &str) {
    let tokens = Tokens::in_ui(ui);
    ui.add(Label::new(RichText::new(text).small().color(tokens.error)).wrap());
}

/// The heading of a part of a page.
pub fn section(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).text_style(theme::strong()));
}

/// A ground of its own for things that belong together.
fn card<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = Tokens::in_ui(ui);
    Frame::new()
        .fill(tokens.surface)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(theme::ROUNDING)
        .inner_margin(12)
        .show(ui, add)
        .inner
}

/// A card of the whole width with a heading.
pub fn titled_card(ui: &mut Ui, title: &str, add: impl FnOnce(&mut Ui)) {
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0 * theme::GRID;
        section(ui, title);
        add(ui);
    });
}

/// A small label on a ground of its own, such as a grade or a tag.
pub fn chip(ui: &mut Ui, text: &str, colour: Color32) -> Response {
    let tokens = Tokens::in_ui(ui);
    Frame::new()
        .fill(tokens.raised)
        .corner_radius(4)
        .inner_margin(Margin::symmetric(6, 1))
        .show(ui, |ui| ui.label(RichText::new(text).small().color(colour)))
        .response
}

/// A page or part with nothing in it yet: what would be here, and what to do next.
pub fn empty_state<R>(
    ui: &mut Ui,
    title: &str,
    text: &str,
    action: impl FnOnce(&mut Ui) -> R,
) -> R {
    let tokens = Tokens::in_ui(ui);
    let top = (ui.available_height() * 0.3).max(24.0);
    ui.add_space(top);
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.set_max_width(ui.available_width().min(420.0));
        ui.label(RichText::new(title).heading());
        ui.add(Label::new(RichText::new(text).color(tokens.dim)).wrap());
        ui.add_space(2.0 * theme::GRID);
        action(ui)
    })
    .inner
}

/// A dialog inside the window, over everything but what it opens itself.
///
/// egui puts dialogs and the lists of their fields into the same order of layers, in which a press inside the dialog raises the
/// dialog. A list that opens in the frame of the press, as it does where frames are slow, would lie below it and take no click.
pub fn dialog(ui: &Ui, id: Id) -> Modal {
    Modal::new(id)
        .area(Modal::default_area(id).order(Order::Middle))
        .frame(Frame::popup(ui.style()).inner_margin(theme::PANEL_MARGIN))
}
