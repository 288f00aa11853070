//! The axes and the lines, and what the pointer draws over them.

use egui::{
    Align2, FontId, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::{Parallel, Rows};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};

/// Room for a missing value below an axis, points.
const MISSING: f32 = 20.0;
/// Room above the axes for their names, points.
const HEAD: f32 = 36.0;

/// Draws the axes with a line a row; what the pointer draws over an axis is taken.
pub(super) fn plot(
    parallel: &mut Parallel,
    ui: &mut Ui,
    rows: &Rows<'_>,
    unit: EnergyUnit,
    height: f32,
) {
    let tokens = Tokens::in_ui(ui);
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    response.widget_info(|| {
        let names: Vec<&str> = parallel
            .axes
            .iter()
            .map(|axis| axis.name.as_str())
            .collect();
        WidgetInfo::labeled(
            Role::Image,
            true,
            format!("{} along {}", rows.what, names.join(", ")),
        )
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let count = parallel.axes.len();
    let pitch = rect.width() / count as f32;
    let inner = Rect::from_min_max(
        pos2(rect.left() + pitch / 2.0, rect.top() + HEAD),
        pos2(rect.right() - pitch / 2.0, rect.bottom() - MISSING - 4.0),
    );
    let x_of = |axis: usize| inner.left() + pitch * axis as f32;
    let y_of = |place: Option<f64>| match place {
        Some(place) => inner.bottom() - inner.height() * place as f32,
        None => inner.bottom() + MISSING * 0.6,
    };
    let nearest_axis =
        |at: Pos2| (((at.x - inner.left()) / pitch).round().max(0.0) as usize).min(count - 1);
    let place_at =
        |at: Pos2| f64::from((inner.bottom() - at.y) / inner.height().max(1.0)).clamp(0.0, 1.0);
    drag(parallel, &response, nearest_axis, place_at);

    let points = |run: usize| -> Vec<Pos2> {
        let axes = parallel.axes.iter().enumerate();
        axes.map(|(at, axis)| pos2(x_of(at), y_of(axis.places.get(run).copied().flatten())))
            .collect()
    };
    let painter = ui.painter_at(rect);
    let hovered = response
        .hover_pos()
        .filter(|at| rect.contains(*at))
        .and_then(|pointer| {
            let near = (0..rows.count).map(|run| (run, distance(&points(run), pointer)));
            near.filter(|(_, far)| *far < 6.0)
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .map(|(run, _)| run)
        });
    let is_crowded = rows.count > 60;
    // Those that are left out lie below the others.
    for is_in in [false, true] {
        for run in (0..rows.count).filter(|run| parallel.lets_through(*run) == is_in) {
            let colour = if is_in {
                tokens
                    .accent
                    .gamma_multiply(if is_crowded { 0.45 } else { 0.85 })
            } else {
                tokens.line
            };
            painter.add(Shape::line(points(run), Stroke::new(1.25, colour)));
        }
    }
    if let Some(run) = hovered {
        painter.add(Shape::line(points(run), Stroke::new(2.5, tokens.text)));
    }
    let font = FontId::proportional(theme::CAPTION);
    for (at, axis) in parallel.axes.iter().enumerate() {
        let x = x_of(at);
        painter.vline(x, inner.y_range(), Stroke::new(1.0, tokens.outline));
        let clip =
            Rect::from_center_size(pos2(x, rect.center().y), vec2(pitch - 4.0, rect.height()));
        let text = painter.with_clip_rect(clip.intersect(ui.clip_rect()));
        text.text(
            pos2(x, rect.top()),
            Align2::CENTER_TOP,
            &axis.name,
            font.clone(),
            tokens.dim,
        );
        let mut below = Vec::new();
        for (place, mark) in axis.marks(unit) {
            let (at, align) = match place {
                0.0 => {
                    below.push(mark);
                    continue;
                }
                1.0 => (pos2(x, inner.top() - 2.0), Align2::CENTER_BOTTOM),
                place => (pos2(x + 6.0, y_of(Some(place)) - 2.0), Align2::LEFT_BOTTOM),
            };
            text.text(at, align, mark, font.clone(), tokens.text);
        }
        if axis.places.iter().any(Option::is_none) {
            below.push("none".to_owned());
        }
        text.text(
            pos2(x, rect.bottom()),
            Align2::CENTER_BOTTOM,
            below.join(" · "),
            font.clone(),
            tokens.text,
        );
        if let Some((low, high)) = parallel.brushes.get(&axis.name) {
            let stretch = Rect::from_min_max(
                pos2(x - 6.0, y_of(Some(*high))),
                pos2(x + 6.0, y_of(Some(*low))),
            );
            let stroke = Stroke::new(1.0, tokens.text);
            painter.rect(
                stretch,
                2.0,
                tokens.text.gamma_multiply(0.16),
                stroke,
                StrokeKind::Outside,
            );
        }
    }
    if response.has_focus() {
        painter.rect_stroke(
            rect,
            2.0,
            Stroke::new(2.0, tokens.accent),
            StrokeKind::Inside,
        );
    }
    let response = response.on_hover_cursor(egui::CursorIcon::Crosshair);
    if let Some(row) = hovered {
        response.on_hover_text_at_pointer((rows.name)(row));
    }
}

fn drag(
    parallel: &mut Parallel,
    response: &egui::Response,
    nearest_axis: impl Fn(Pos2) -> usize,
    place_at: impl Fn(Pos2) -> f64,
) {
    let pointer = response.interact_pointer_pos();
    if response.drag_started()
        && let Some(at) = pointer
    {
        parallel.drag_from = Some((nearest_axis(at), place_at(at)));
    }
    if let (Some((axis, from)), Some(at)) = (parallel.drag_from, pointer)
        && let Some(axis) = parallel.axes.get(axis)
    {
        let to = place_at(at);
        parallel
            .brushes
            .insert(axis.name.clone(), (from.min(to), from.max(to)));
    }
    if response.drag_stopped() {
        parallel.drag_from = None;
    }
    if response.clicked()
        && let Some(axis) = pointer.and_then(|at| parallel.axes.get(nearest_axis(at)))
    {
        parallel.brushes.remove(&axis.name);
    }
}

/// How far `from` is from a line through `points`.
fn distance(points: &[Pos2], from: Pos2) -> f32 {
    let to_stretch = |ends: &[Pos2]| {
        let along = ends[1] - ends[0];
        let share =
            ((from - ends[0]).dot(along) / along.length_sq().max(f32::EPSILON)).clamp(0.0, 1.0);
        (ends[0] + along * share).distance(from)
    };
    points
        .windows(2)
        .map(to_stretch)
        .fold(f32::INFINITY, f32::min)
}
