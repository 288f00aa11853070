use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, Painter, Pos2, Shape, Stroke, Vec2, vec2};

use super::line::{Mark, Points};
use super::screen::Screen;
use crate::gui::theme::Tokens;

/// Size of a mark from its middle, points.
const RADIUS: f32 = 4.0;
/// How near the pointer has to be to a point, points.
const REACH: f32 = 12.0;

/// Points of a series from which on they are drawn as one mesh, without intervals, which would cover each other.
const MANY: usize = 500;

/// Corners of a mark of a mesh, of size 1.
fn corners(mark: Mark) -> &'static [Vec2] {
    const DISC: [Vec2; 8] = [
        vec2(0.92, 0.38),
        vec2(0.38, 0.92),
        vec2(-0.38, 0.92),
        vec2(-0.92, 0.38),
        vec2(-0.92, -0.38),
        vec2(-0.38, -0.92),
        vec2(0.38, -0.92),
        vec2(0.92, -0.38),
    ];
    const SQUARE: [Vec2; 4] = [
        vec2(-0.85, -0.85),
        vec2(0.85, -0.85),
        vec2(0.85, 0.85),
        vec2(-0.85, 0.85),
    ];
    const DIAMOND: [Vec2; 4] = [
        vec2(0.0, -1.2),
        vec2(1.2, 0.0),
        vec2(0.0, 1.2),
        vec2(-1.2, 0.0),
    ];
    const TRIANGLE: [Vec2; 3] = [vec2(0.0, -1.15), vec2(1.1, 0.85), vec2(-1.1, 0.85)];
    match mark {
        Mark::Disc => &DISC,
        Mark::Square | Mark::Cross => &SQUARE,
        Mark::Diamond => &DIAMOND,
        Mark::Triangle => &TRIANGLE,
    }
}

fn add(mesh: &mut Mesh, at: Pos2, mark: Mark, radius: f32, color: Color32) {
    let first = mesh.vertices.len() as u32;
    let corners = corners(mark);
    mesh.vertices.extend(corners.iter().map(|corner| Vertex {
        pos: at + *corner * radius,
        uv: WHITE_UV,
        color,
    }));
    for corner in 2..corners.len() as u32 {
        mesh.add_triangle(first, first + corner - 1, first + corner);
    }
}

/// A mark.
pub fn mark(at: Pos2, mark: Mark, radius: f32, colour: Color32) -> Shape {
    let polygon = || {
        let points = corners(mark).iter().map(|corner| at + *corner * radius);
        Shape::convex_polygon(points.collect(), colour, Stroke::NONE)
    };
    match mark {
        Mark::Disc => Shape::circle_filled(at, radius, colour),
        Mark::Square | Mark::Diamond | Mark::Triangle => polygon(),
        Mark::Cross => {
            let (one, other) = (vec2(0.85, 0.85) * radius, vec2(0.85, -0.85) * radius);
            let stroke = Stroke::new(1.75, colour);
            let first = Shape::line_segment([at - one, at + one], stroke);
            Shape::Vec(vec![
                first,
                Shape::line_segment([at - other, at + other], stroke),
            ])
        }
    }
}

/// Paints all points; gives the one that the pointer is on.
pub fn paint(
    painter: &Painter,
    all: &[Points<'_>],
    is_visible: impl Fn(&&Points<'_>) -> bool,
    screen: &Screen,
    pointer: Option<Pos2>,
    tokens: &Tokens,
) -> Option<(usize, usize)> {
    let mut nearest: Option<(f32, usize, usize)> = None;
    for (which, points) in all
        .iter()
        .enumerate()
        .filter(|(_, points)| is_visible(points))
    {
        let colour = tokens.series(points.colour).0;
        let is_many = points.points.len() > MANY;
        let mut mesh = Mesh::default();
        for (number, point) in points.points.iter().enumerate() {
            let (x, y) = (screen.x_at(point.x), screen.y_at(point.y));
            if !(x.is_finite() && y.is_finite()) {
                continue;
            }
            let at = screen.at(point.x, point.y);
            if !screen.rect.expand(2.0 * RADIUS).contains(at) {
                continue;
            }
            if let Some((low, high)) = point.x_interval.filter(|_| !is_many || point.is_marked) {
                let ends = [screen.at(low, point.y), screen.at(high, point.y)];
                painter.line_segment(ends, Stroke::new(1.0, colour.gamma_multiply(0.5)));
            }
            if point.is_marked {
                painter.circle_stroke(at, RADIUS + 4.0, Stroke::new(1.5, tokens.text));
            }
            if is_many {
                add(&mut mesh, at, points.mark, 0.75 * RADIUS, colour);
            } else {
                painter.add(mark(at, points.mark, RADIUS, colour));
            }
            let distance = pointer.map_or(f32::INFINITY, |pointer| pointer.distance(at));
            if distance <= REACH && nearest.is_none_or(|nearest| distance < nearest.0) {
                nearest = Some((distance, which, number));
            }
        }
        if is_many {
            painter.add(Shape::mesh(mesh));
        }
    }
    let (_, which, number) = nearest?;
    let (points, point) = (&all[which], &all[which].points[number]);
    let at = screen.at(point.x, point.y);
    painter.circle_stroke(at, RADIUS + 3.0, Stroke::new(1.5, tokens.accent));
    painter.add(mark(
        at,
        points.mark,
        RADIUS + 1.0,
        tokens.series(points.colour).0,
    ));
    Some((which, number))
}
