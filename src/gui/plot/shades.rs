use egui::{Align2, FontId, Painter, Rangef, Rect, Stroke, pos2};

use super::line::{Shade, Tint};
use super::screen::Screen;
use crate::gui::theme::{self, Tokens};

/// Least distance between two edges that are drawn, points: of more than that only a grey would remain.
const EDGE_ROOM: f32 = 10.0;

/// Paints stretches of x behind the lines, each with its name where there is room for it.
pub fn paint(painter: &Painter, shades: &[Shade], screen: &Screen, tokens: &Tokens) {
    let font = FontId::proportional(theme::CAPTION);
    let mut last_edge = f32::NEG_INFINITY;
    let mut last_right = f32::NEG_INFINITY;
    for shade in shades {
        let (left, right) = (screen.x_at(shade.from), screen.x_at(shade.to));
        let is_outside =
            right < f64::from(screen.rect.left()) || left > f64::from(screen.rect.right());
        if is_outside || !(left.is_finite() && right.is_finite()) {
            continue;
        }
        let (left, right) = (left.max(-1e5) as f32, right.min(1e5) as f32);
        let colour = match shade.tint {
            Tint::Quiet => tokens.dim,
            Tint::Accent => tokens.accent,
            Tint::Good => tokens.good,
            Tint::Series(index) => tokens.series(index).0,
        };
        if right - left < 1.0 {
            // What takes no time on this axis, such as an evaluation between two steps, is an edge.
            if left - last_edge >= EDGE_ROOM {
                let stroke = Stroke::new(1.0, colour.gamma_multiply(0.14));
                painter.vline(left, screen.rect.y_range(), stroke);
                last_edge = left;
            }
            continue;
        }
        // Stretches within one column would add up to a colour that none of them has.
        let left = left.max(last_right);
        if right - left < 0.25 {
            continue;
        }
        last_right = right;
        let rect = Rect::from_x_y_ranges(Rangef::new(left, right), screen.rect.y_range());
        painter.rect_filled(rect, 0.0, colour.gamma_multiply(0.09));
        let shown = rect.intersect(screen.rect);
        // Some six points a letter at this size; measuring each would cost more than it is worth.
        if shown.width() > 6.0 * shade.label.len() as f32 + 8.0 {
            let at = pos2(
                shown.left() + theme::GRID,
                screen.rect.bottom() - theme::GRID,
            );
            let dim = tokens.dim.gamma_multiply(0.9);
            painter.text(at, Align2::LEFT_BOTTOM, shade.label, font.clone(), dim);
        }
    }
}

/// What the ground at `x` is.
pub fn label_at(shades: &[Shade], x: f64) -> Option<&'static str> {
    shades
        .iter()
        .rev()
        .find(|shade| (shade.from..=shade.to).contains(&x))
        .map(|shade| shade.label)
}
