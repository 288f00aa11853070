use egui::{
    Align2, Area, Frame, Id, Key, Label, Order, RichText, ScrollArea, Sense, TextEdit, Ui, Vec2,
};

use crate::gui::commands::Command;
use crate::gui::state::State;
use crate::gui::theme::{self, Tokens};

/// The command palette while it is open.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    typed: String,
    chosen: usize,
}

/// Shows the palette where it is open.
pub fn show(ui: &mut Ui, state: &mut State) {
    let Some(palette) = &mut state.palette else {
        return;
    };
    let found = matching(&palette.typed);
    let (mut done, mut run) = (false, None);
    ui.input_mut(|input| {
        if input.key_pressed(Key::ArrowDown) {
            palette.chosen += 1;
        }
        if input.key_pressed(Key::ArrowUp) {
            palette.chosen = palette.chosen.saturating_sub(1);
        }
        done = input.key_pressed(Key::Escape);
        if input.key_pressed(Key::Enter) {
            done = true;
            run = found.get(palette.chosen).copied();
        }
    });
    palette.chosen = palette.chosen.min(found.len().saturating_sub(1));
    let tokens = Tokens::in_ui(ui);
    let area = Area::new(Id::unique("palette"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_TOP, Vec2::new(0.0, 72.0))
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(8).show(ui, |ui| {
                ui.set_width(480.0);
                let label = ui.add(Label::new(
                    RichText::new("Command").small().color(tokens.dim),
                ));
                let typed = ui
                    .add(
                        TextEdit::singleline(&mut palette.typed)
                            .hint_text("Type to find a command")
                            .desired_width(f32::INFINITY),
                    )
                    .labelled_by(label.id);
                if typed.changed() {
                    palette.chosen = 0;
                }
                typed.request_focus();
                ui.add_space(theme::GRID);
                ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
                    for (index, command) in found.iter().enumerate() {
                        if row(ui, *command, index == palette.chosen, &tokens).clicked() {
                            run = Some(*command);
                            done = true;
                        }
                    }
                    if found.is_empty() {
                        ui.label(RichText::new("No command is called that").color(tokens.dim));
                    }
                });
            });
        });
    if area.response.clicked_elsewhere() && ui.input(|input| input.pointer.any_click()) {
        done = true;
    }
    if done {
        state.palette = None;
    }
    if let Some(command) = run {
        state.shared.command(command);
    }
}

fn row(ui: &mut Ui, command: Command, chosen: bool, tokens: &Tokens) -> egui::Response {
    let fill = if chosen {
        tokens.raised
    } else {
        tokens.surface
    };
    let inner = Frame::new()
        .fill(fill)
        .corner_radius(theme::ROUNDING)
        .inner_margin(6)
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(command.label());
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if let Some(shortcut) = command.shortcut() {
                        let text = ui.ctx().format_shortcut(&shortcut);
                        ui.label(RichText::new(text).small().color(tokens.dim));
                    }
                });
            });
        });
    let response = inner
        .response
        .interact(Sense::click())
        .on_hover_text(command.hint());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::Role::Button,
            true,
            format!("Run command: {}", command.label()),
        )
    });
    response
}

/// Commands that have every typed word somewhere in their name or hint; those whose name has them first.
fn matching(typed: &str) -> Vec<Command> {
    let typed = typed.to_lowercase();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let has = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let by_name = Command::ALL
        .into_iter()
        .filter(|command| has(command.label()));
    let by_hint = Command::ALL.into_iter().filter(|command| {
        !has(command.label()) && has(&format!("{} {}", command.label(), command.hint()))
    });
    by_name.chain(by_hint).collect()
}
