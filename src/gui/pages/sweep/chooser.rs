//! A menu of the fields of a setup, with a search.

use egui::{Button, Id, Label, Popup, PopupCloseBehavior, RichText, ScrollArea, Ui};

use super::fields::Field;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;

/// Fields that are listed at once; more are found by the search.
const SHOWN_MAX: usize = 200;

/// A button that opens the menu; the field that was chosen now. `name` tells it from other such buttons.
pub fn show<'a>(ui: &mut Ui, name: &str, fields: &'a [Field]) -> Option<&'a Field> {
    let button = ui
        .button("Choose…")
        .on_hover_text("Find a field of the setup by its name");
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    let mut chosen = None;
    Popup::menu(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_width(420.0_f32.min(ui.ctx().content_rect().width() - 48.0));
            let id = Id::unique((name, "sweep-chooser"));
            let mut typed: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
            let label = ui.label(RichText::new("Find a field").small());
            let hint = "batch, rate, optimiser …";
            let response = widgets::search_field(ui, &mut typed, hint).labelled_by(label.id);
            if button.clicked() {
                response.request_focus();
            }
            ui.data_mut(|data| data.insert_temp(id, typed.clone()));
            let height = (ui.ctx().content_rect().height() * 0.5).clamp(100.0, 320.0);
            ScrollArea::vertical()
                .max_height(height)
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    let found = fields.iter().filter(|field| has(field, &typed));
                    let mut count = 0;
                    for field in found.take(SHOWN_MAX) {
                        count += 1;
                        if row(ui, field) {
                            chosen = Some(field);
                            ui.data_mut(|data| data.remove::<String>(id));
                            ui.close();
                        }
                    }
                    if count == 0 {
                        ui.add(Label::new("No field is called that").wrap());
                    }
                });
        });
    chosen
}

fn has(field: &Field, typed: &str) -> bool {
    let typed = typed.to_lowercase();
    let text = match &field.only_with {
        Some((_, kinds)) => format!("{} {}", field.path, kinds.join(" ")),
        None => field.path.clone(),
    };
    let text = text.to_lowercase();
    let plain = text.replace('_', " ");
    typed
        .split_whitespace()
        .all(|word| text.contains(word) || plain.contains(word))
}

fn row(ui: &mut Ui, field: &Field) -> bool {
    let tokens = Tokens::in_ui(ui);
    let beside = match (&field.value, &field.only_with) {
        (_, Some((_, kinds))) => format!("with {}", kinds.join(", ")),
        (Some(value), None) => crate::analysis::sweep::axes::text(value),
        (None, None) => String::new(),
    };
    let beside: String = match beside.chars().count() {
        0..=28 => beside,
        _ => beside.chars().take(27).chain(['…']).collect(),
    };
    let mut text = egui::text::LayoutJob::default();
    let format = |colour| egui::TextFormat::simple(egui::FontId::proportional(theme::BODY), colour);
    text.append(&field.path, 0.0, format(tokens.text));
    text.append(&beside, 12.0, format(tokens.dim));
    let response = ui.add(Button::new(text).frame_when_inactive(false).truncate());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Field {}", field.path))
    });
    response.clicked()
}
