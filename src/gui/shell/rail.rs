use egui::{
    Color32, Frame, Panel, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
};

use crate::gui::commands::Command;
use crate::gui::state::{Page, Shared};
use crate::gui::theme::{self, Tokens};

/// Time between two looks at jobs.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(500);
const WIDTH: f32 = 64.0;
const ITEM: Vec2 = Vec2::new(56.0, 52.0);

/// The rail at the left: pages, and what is reached from everywhere.
pub fn rail(ui: &mut Ui, shared: &mut Shared) {
    let tokens = Tokens::in_ui(ui);
    let frame = Frame::new().fill(tokens.surface).inner_margin(4);
    Panel::left("rail")
        .exact_size(WIDTH)
        .resizable(false)
        .frame(frame)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.add_space(theme::GRID);
            for page in Page::ALL.into_iter().filter(|page| *page != Page::Settings) {
                item(ui, shared, page, &tokens);
            }
            ui.with_layout(egui::Layout::bottom_up(egui::Align::Center), |ui| {
                ui.add_space(theme::GRID);
                item(ui, shared, Page::Settings, &tokens);
                menu(ui, shared, &tokens);
                jobs(ui, shared);
            });
        });
}

fn item(ui: &mut Ui, shared: &mut Shared, page: Page, tokens: &Tokens) {
    let chosen = shared.preferences.page == page;
    let (rect, response) = ui.allocate_exact_size(ITEM, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, page.label()));
    let colour = paint_ground(ui, rect, &response, chosen, tokens);
    icon(ui, page, rect.center_top() + Vec2::new(0.0, 19.0), colour);
    caption(ui, rect, page.label(), colour);
    let goes_on = match page {
        Page::Train => shared.is_training(),
        Page::Sweep => shared.is_sweeping(),
        _ => false,
    };
    if goes_on {
        ui.painter().circle_filled(
            rect.right_top() + Vec2::new(-12.0, 10.0),
            3.5,
            tokens.accent,
        );
    }
    let command = Command::Go(page);
    let hint = match command.shortcut() {
        Some(key) => format!("{} ({})", page.label(), ui.ctx().format_shortcut(&key)),
        None => page.label().to_owned(),
    };
    if response.on_hover_text(hint).clicked() {
        shared.command(command);
    }
}

fn paint_ground(
    ui: &Ui,
    rect: Rect,
    response: &Response,
    chosen: bool,
    tokens: &Tokens,
) -> Color32 {
    if chosen || response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(rect, theme::ROUNDING, tokens.raised);
    }
    if response.has_focus() {
        let rim = Stroke::new(1.0, tokens.accent);
        ui.painter()
            .rect_stroke(rect, theme::ROUNDING, rim, egui::StrokeKind::Inside);
    }
    if chosen {
        tokens.accent_text
    } else {
        tokens.dim
    }
}

fn caption(ui: &Ui, rect: Rect, text: &str, colour: Color32) {
    let font = egui::FontId::proportional(theme::CAPTION);
    let at = rect.center_bottom() - Vec2::new(0.0, 6.0);
    ui.painter()
        .text(at, egui::Align2::CENTER_BOTTOM, text, font, colour);
}

/// Icons are drawn, so that they are sharp at every scale and of the colour of the text.
fn icon(ui: &Ui, page: Page, centre: Pos2, colour: Color32) {
    let painter = ui.painter();
    let stroke = Stroke::new(1.6, colour);
    let at = |x: f32, y: f32| centre + Vec2::new(x, y);
    match page {
        Page::Train => {
            painter.add(Shape::closed_line(
                vec![at(-5.0, -7.0), at(7.0, 0.0), at(-5.0, 7.0)],
                stroke,
            ));
        }
        Page::Sweep => {
            for (x, y) in [
                (-6.5, -6.5),
                (0.0, -6.5),
                (6.5, -6.5),
                (-6.5, 0.0),
                (0.0, 0.0),
            ] {
                let cell = Rect::from_center_size(at(x, y), Vec2::splat(4.2));
                painter.rect_filled(cell, 0.5, colour);
            }
            for (x, y) in [(6.5, 0.0), (-6.5, 6.5), (0.0, 6.5), (6.5, 6.5)] {
                let cell = Rect::from_center_size(at(x, y), Vec2::splat(3.4));
                painter.rect_stroke(
                    cell,
                    0.5,
                    Stroke::new(1.0, colour),
                    egui::StrokeKind::Middle,
                );
            }
        }
        Page::Runs => {
            for y in [-6.0, 0.0, 6.0] {
                painter.line_segment([at(-3.0, y), at(8.0, y)], stroke);
                painter.circle_filled(at(-7.5, y), 1.4, colour);
            }
        }
        Page::LifeCycle => {
            // Stages, each of which takes more.
            for (x, height) in [(-5.5, 6.0), (0.0, 11.0), (5.5, 16.0)] {
                let bar = Rect::from_min_max(at(x - 1.8, 8.0 - height), at(x + 1.8, 8.0));
                painter.rect_stroke(bar, 0.5, stroke, egui::StrokeKind::Middle);
            }
        }
        Page::Devices => {
            let chip = Rect::from_center_size(centre, Vec2::splat(10.0));
            painter.rect_stroke(chip, 1.0, stroke, egui::StrokeKind::Middle);
            for d in [-3.0, 3.0] {
                painter.line_segment([at(d, -9.0), at(d, -5.0)], stroke);
                painter.line_segment([at(d, 5.0), at(d, 9.0)], stroke);
                painter.line_segment([at(-9.0, d), at(-5.0, d)], stroke);
                painter.line_segment([at(5.0, d), at(9.0, d)], stroke);
            }
        }
        Page::Settings => {
            for (y, x) in [(-6.0, 3.0), (0.0, -4.0), (6.0, 1.0)] {
                painter.line_segment([at(-8.0, y), at(8.0, y)], stroke);
                painter.circle_filled(at(x, y), 2.8, colour);
            }
        }
    }
}

fn menu(ui: &mut Ui, shared: &mut Shared, tokens: &Tokens) {
    let (rect, response) = ui.allocate_exact_size(ITEM, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Menu"));
    let colour = paint_ground(ui, rect, &response, false, tokens);
    let stroke = Stroke::new(1.6, colour);
    let centre = rect.center_top() + Vec2::new(0.0, 19.0);
    for y in [-5.0, 0.0, 5.0] {
        ui.painter().line_segment(
            [centre + Vec2::new(-8.0, y), centre + Vec2::new(8.0, y)],
            stroke,
        );
    }
    caption(ui, rect, "Menu", colour);
    let response = response.on_hover_text("Everything that can be done");
    egui::Popup::menu(&response).show(|ui| {
        ui.set_min_width(240.0);
        // A low window, or a large scale, has no room for all of it.
        let height = ui.ctx().content_rect().height() - 12.0 * theme::GRID;
        egui::ScrollArea::vertical()
            .max_height(height)
            .show(ui, |ui| menu_items(ui, shared));
    });
}

fn menu_items(ui: &mut Ui, shared: &mut Shared) {
    for command in Command::ALL
        .into_iter()
        .filter(|command| !matches!(command, Command::Go(_)))
    {
        let mut button = egui::Button::new(command.label());
        if let Some(shortcut) = command.shortcut() {
            button = button.shortcut_text(ui.ctx().format_shortcut(&shortcut));
        }
        if ui.add(button).on_hover_text(command.hint()).clicked() {
            shared.command(command);
        }
        if matches!(
            command,
            Command::Enqueue
                | Command::CloneSetup
                | Command::ExportRuns
                | Command::ExportLifeCycle
                | Command::NextTheme
        ) {
            ui.separator();
        }
    }
    let shortcut = Command::Palette
        .shortcut()
        .map(|key| ui.ctx().format_shortcut(&key));
    let button =
        egui::Button::new(Command::Palette.label()).shortcut_text(shortcut.unwrap_or_default());
    if ui.add(button).clicked() {
        shared.command(Command::Palette);
    }
}

fn jobs(ui: &mut Ui, shared: &Shared) {
    if !shared.jobs.shown().is_empty() {
        ui.ctx().request_repaint_after(LOOK_EVERY);
    }
    for job in shared.jobs.shown() {
        let share = job.progress.share().unwrap_or(0.0);
        let bar = egui::ProgressBar::new(share)
            .desired_width(48.0)
            .desired_height(6.0);
        let response = ui
            .add(bar)
            .on_hover_text(format!("{} · click to cancel", job.title));
        let response = response.interact(Sense::click());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Button, true, format!("Cancel: {}", job.title))
        });
        if response.clicked() {
            job.progress.cancel();
        }
    }
}
