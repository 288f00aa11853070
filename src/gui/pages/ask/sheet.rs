//! A sheet to draw on, with a pointer, a finger or the keys.

use egui::{
    Color32, ColorImage, Event, EventFilter, Key, PointerButton, Pos2, Rect, Role, Sense, Stroke,
    StrokeKind, TextureHandle, TextureOptions, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::data::own::{PictureRule, Plane};
use crate::gui::theme::{self, Tokens};

/// Longer side of the sheet, pixels: enough for several to each of the largest sets that can be drawn.
const PIXELS: usize = 192;
/// Longer side on the screen, points: as there is room.
const SIDES: std::ops::RangeInclusive<f32> = 168.0..=260.0;
/// How far the pen goes with a key, as a share of the sheet.
const STEP: f32 = 1.0 / 32.0;

/// The sheet.
pub struct Sheet {
    plane: Plane,
    texture: Option<TextureHandle>,
    is_stale: bool,
    /// Where the pointer was, in shares of the sheet.
    last: Option<Pos2>,
    /// Where the pen of the keys is, in shares of the sheet.
    pen: Pos2,
    /// Width of a stroke, as a multiple of the set's usual one.
    pub breadth: f32,
}

impl Default for Sheet {
    fn default() -> Self {
        Self {
            plane: Plane::black(PIXELS, PIXELS),
            texture: None,
            is_stale: true,
            last: None,
            pen: pos2(0.5, 0.5),
            breadth: 1.0,
        }
    }
}

impl Sheet {
    /// An empty one in the proportions of a set.
    pub fn of(rule: &PictureRule) -> Self {
        let longer = rule.height.max(rule.width).max(1);
        let scaled = |side: usize| (PIXELS * side / longer).max(1);
        Self {
            plane: Plane::black(scaled(rule.width), scaled(rule.height)),
            ..Self::default()
        }
    }

    /// What is on it.
    pub fn plane(&self) -> &Plane {
        &self.plane
    }

    /// Takes everything off.
    pub fn clear(&mut self) {
        self.plane.values.fill(0.0);
        self.is_stale = true;
    }

    /// Draws the sheet, which may be `height` points high; whether something was drawn on it in this frame.
    pub fn show(&mut self, ui: &mut Ui, rule: &PictureRule, height: f32) -> bool {
        let tokens = Tokens::in_ui(ui);
        let shape = vec2(self.plane.width as f32, self.plane.height as f32);
        let side = height.clamp(*SIDES.start(), *SIDES.end());
        let scale = side.min(ui.available_width()) / shape.x.max(shape.y);
        let (rect, response) = ui.allocate_exact_size(shape * scale, Sense::click_and_drag());
        response.widget_info(|| {
            let state = if self.plane.is_black() { "empty" } else { "drawn on" };
            let text = format!(
                "Sheet to draw on, {state}. Arrow keys move the pen, with the space bar held they draw; Delete clears"
            );
            WidgetInfo::labeled(Role::Canvas, true, text)
        });
        let mut is_changed = self.draw_with_pointer(ui, &response, rect, rule);
        if response.has_focus() {
            is_changed |= self.draw_with_keys(ui, &response, rule);
        }
        let texture = self.texture(ui);
        egui::Image::new((texture, rect.size()))
            .corner_radius(theme::ROUNDING)
            .paint_at(ui, rect);
        let rim = if response.has_focus() {
            Stroke::new(2.0, tokens.accent_text)
        } else {
            Stroke::new(1.0, tokens.outline)
        };
        ui.painter()
            .rect_stroke(rect, theme::ROUNDING, rim, StrokeKind::Outside);
        if response.has_focus() && !response.dragged() {
            let at = rect.min + self.pen.to_vec2() * rect.size();
            let radius = (self.breadth * rule.brush() * rect.width() / 2.0).max(3.0);
            ui.painter()
                .circle_stroke(at, radius, Stroke::new(1.5, tokens.accent));
        }
        response.on_hover_cursor(egui::CursorIcon::Crosshair);
        is_changed
    }

    fn draw_with_pointer(
        &mut self,
        ui: &Ui,
        response: &egui::Response,
        rect: Rect,
        rule: &PictureRule,
    ) -> bool {
        // A stroke that was begun goes on until the button is let go, wherever the pointer is; a quick one begins and ends in one
        // frame, which egui need not take for a drag.
        let may_begin = response.is_pointer_button_down_on() || response.contains_pointer();
        if !may_begin && self.last.is_none() {
            return false;
        }
        if response.drag_started() || response.clicked() {
            response.request_focus();
        }
        let share = |at: Pos2| ((at - rect.min) / rect.size()).to_pos2();
        let mut is_changed = false;
        // A frame may hold a whole stroke: with its last place alone a quick curve would have corners.
        for event in ui.input(|input| input.events.clone()) {
            let at = match event {
                Event::PointerButton {
                    pos,
                    button: PointerButton::Primary,
                    pressed,
                    ..
                } => {
                    if pressed {
                        self.last = (may_begin && rect.contains(pos)).then(|| share(pos));
                    }
                    pos
                }
                Event::PointerMoved(pos) => pos,
                _ => continue,
            };
            let Some(from) = self.last else { continue };
            let to = share(at);
            is_changed |= self.stroke(from, to, rule);
            self.last = Some(to);
            self.pen = to.clamp(Pos2::ZERO, pos2(1.0, 1.0));
            if let Event::PointerButton { pressed: false, .. } = event {
                self.last = None;
            }
        }
        is_changed
    }

    fn draw_with_keys(&mut self, ui: &Ui, response: &egui::Response, rule: &PictureRule) -> bool {
        let arrows = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        let (moves, draws, clears) = ui.input(|input| {
            let pressed = |key| input.num_presses(key) as f32;
            let moves = vec2(
                pressed(Key::ArrowRight) - pressed(Key::ArrowLeft),
                pressed(Key::ArrowDown) - pressed(Key::ArrowUp),
            );
            (
                moves,
                input.key_down(Key::Space),
                input.key_pressed(Key::Delete),
            )
        });
        if clears {
            self.clear();
            return true;
        }
        let from = self.pen;
        self.pen = (self.pen + STEP * moves).clamp(Pos2::ZERO, pos2(1.0, 1.0));
        draws && self.stroke(from, self.pen, rule)
    }

    /// A stroke with round ends, in shares of the sheet; whether anything became brighter.
    fn stroke(&mut self, from: Pos2, to: Pos2, rule: &PictureRule) -> bool {
        let size = vec2(self.plane.width as f32, self.plane.height as f32);
        let radius = self.breadth * rule.brush() * size.max_elem() / 2.0;
        let (from, to) = (from.to_vec2() * size, to.to_vec2() * size);
        let area = Rect::from_two_pos(from.to_pos2(), to.to_pos2()).expand(radius + 1.0);
        let columns = span(area.left(), area.right(), self.plane.width);
        let mut is_changed = false;
        for y in span(area.top(), area.bottom(), self.plane.height) {
            for x in columns.clone() {
                let at = vec2(x as f32 + 0.5, y as f32 + 0.5);
                let value = (radius + 0.5 - distance(at, from, to)).clamp(0.0, 1.0);
                let pixel = &mut self.plane.values[y * self.plane.width + x];
                if value > *pixel {
                    *pixel = value;
                    is_changed = true;
                }
            }
        }
        self.is_stale |= is_changed;
        is_changed
    }

    fn texture(&mut self, ui: &Ui) -> egui::TextureId {
        if self.is_stale || self.texture.is_none() {
            self.is_stale = false;
            let grey = |value: &f32| Color32::from_gray((value * 255.0).round() as u8);
            let pixels = self.plane.values.iter().map(grey).collect();
            let image = ColorImage::new([self.plane.width, self.plane.height], pixels);
            match &mut self.texture {
                Some(texture) => texture.set(image, TextureOptions::LINEAR),
                None => {
                    let texture = ui
                        .ctx()
                        .load_texture("sheet", image, TextureOptions::LINEAR);
                    self.texture = Some(texture);
                }
            }
        }
        self.texture
            .as_ref()
            .map_or(egui::TextureId::default(), TextureHandle::id)
    }
}

/// Whole pixels between two edges, as far as there are any.
fn span(low: f32, high: f32, pixels: usize) -> std::ops::Range<usize> {
    // The casts saturate.
    (low.floor() as usize).min(pixels)..(high.ceil() as usize).min(pixels)
}

/// How far `at` is from the line between two points.
fn distance(at: Vec2, from: Vec2, to: Vec2) -> f32 {
    let along = to - from;
    let length = along.length_sq();
    let share = if length > 0.0 {
        ((at - from).dot(along) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (at - from - along * share).length()
}
