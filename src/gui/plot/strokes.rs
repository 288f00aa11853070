use egui::epaint::{Mesh, PathStroke, TessellationOptions, Tessellator};
use egui::{Color32, Pos2, Shape, Stroke, pos2};

use super::columns::Seen;
use crate::gui::theme::Dash;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Its colour.
    pub colour: Color32,
    /// Its stroke.
    pub dash: Dash,
    /// Its width, points.
    pub width: f32,
    /// Whether its points are marked.
    pub markers: bool,
}

/// Room that marks want between each other, points.
const MARK_ROOM: f32 = 9.0;

/// Turns what is seen of lines into triangles once, so that a frame in which nothing changed only copies them.
pub struct Strokes {
    tessellator: Tessellator,
    mesh: Mesh,
}

impl Strokes {
    /// For a screen of this resolution.
    pub fn new(pixels_per_point: f32, options: TessellationOptions) -> Self {
        // Neither the size of the font's texture nor discs from it matter to lines.
        let tessellator = Tessellator::new(pixels_per_point, options, [1, 1], Vec::new());
        Self {
            tessellator,
            mesh: Mesh::default(),
        }
    }

    /// The triangles.
    pub fn finish(self) -> Mesh {
        self.mesh
    }

    fn shape(&mut self, shape: impl Into<Shape>) {
        self.tessellator
            .tessellate_shape(shape.into(), &mut self.mesh);
    }

    /// A line.
    pub fn line(&mut self, seen: &Seen, look: &Look) {
        for stretch in &seen.stretches {
            self.stretch(stretch, look, seen.is_dense);
        }
    }

    fn stretch(&mut self, points: &[Pos2], look: &Look, is_dense: bool) {
        let stroke = Stroke::new(look.width, look.colour);
        // Between two gaps a single point would be no line at all.
        if points.len() == 1 && !look.markers {
            return self.shape(Shape::circle_filled(points[0], look.width, look.colour));
        }
        let (on, off) = match look.dash {
            Dash::Solid => (f32::INFINITY, 0.0),
            Dash::Dashed => (6.0, 4.0),
            Dash::Dotted => (1.5, 3.0),
        };
        if look.dash == Dash::Solid {
            self.path(points.to_vec(), stroke);
        } else if is_dense {
            // Along such a line a stroke would end within a column; these go by the distance along x.
            for part in points.chunk_by(|a, b| is_on(a.x, on, off) == is_on(b.x, on, off)) {
                if is_on(part[0].x, on, off) && part.len() > 1 {
                    self.path(part.to_vec(), stroke);
                }
            }
        } else {
            for dash in dashes(points, on, off) {
                self.path(dash, stroke);
            }
        }
        if look.markers && !is_dense {
            let mut last = pos2(f32::NEG_INFINITY, 0.0);
            for (at, point) in points.iter().enumerate() {
                let is_end = at + 1 == points.len();
                if is_end || point.x - last.x >= MARK_ROOM {
                    self.shape(Shape::circle_filled(*point, look.width + 1.25, look.colour));
                    last = *point;
                }
            }
        }
    }

    fn path(&mut self, points: Vec<Pos2>, stroke: Stroke) {
        self.shape(Shape::line(points, PathStroke::from(stroke)));
    }

    /// The ground between two lines of the same columns.
    pub fn band(&mut self, low: &Seen, high: &Seen, colour: Color32) {
        for (low, high) in low.stretches.iter().zip(&high.stretches) {
            let begin = self.mesh.vertices.len() as u32;
            // Both have the same x, but neither need have the same number of points in a column.
            let (mut at_low, mut at_high) = (0, 0);
            let mut edges = 0;
            while at_low < low.len() || at_high < high.len() {
                let (below, above) = (
                    low[at_low.min(low.len() - 1)],
                    high[at_high.min(high.len() - 1)],
                );
                let x = match (at_low < low.len(), at_high < high.len()) {
                    (true, true) => below.x.min(above.x),
                    (true, false) => below.x,
                    _ => above.x,
                };
                if at_low < low.len() && below.x <= x {
                    at_low += 1;
                }
                if at_high < high.len() && above.x <= x {
                    at_high += 1;
                }
                self.mesh
                    .colored_vertex(pos2(x, below.y.max(above.y)), colour);
                self.mesh
                    .colored_vertex(pos2(x, above.y.min(below.y)), colour);
                edges += 1;
            }
            for edge in 1..edges {
                let at = begin + 2 * edge;
                self.mesh.add_triangle(at - 2, at - 1, at);
                self.mesh.add_triangle(at - 1, at, at + 1);
            }
        }
    }
}

fn is_on(x: f32, on: f32, off: f32) -> bool {
    x.rem_euclid(on + off) < on
}

/// A part of a line that is longer than this, points, is steeper than its strokes could be told from each other.
const LONGEST: f32 = 2e4;

/// Cuts a line into strokes of length `on` with room of `off` between them, which go round its corners.
fn dashes(points: &[Pos2], on: f32, off: f32) -> Vec<Vec<Pos2>> {
    let mut strokes = Vec::new();
    let mut stroke = Vec::new();
    let (mut is_on, mut left) = (true, on);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        if (to - from).length() > LONGEST {
            strokes.push(vec![from, to]);
            continue;
        }
        if is_on && stroke.is_empty() {
            stroke.push(from);
        }
        loop {
            let length = (to - from).length();
            if length < left {
                left -= length;
                if is_on {
                    stroke.push(to);
                }
                break;
            }
            from += (to - from) * (left / length);
            if is_on {
                stroke.push(from);
                strokes.push(std::mem::take(&mut stroke));
            }
            is_on = !is_on;
            left = if is_on { on } else { off };
            if is_on {
                stroke.push(from);
            }
            if length <= 0.0 {
                break;
            }
        }
    }
    if stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_go_round_corners() {
        let corner = [pos2(0.0, 0.0), pos2(4.0, 0.0), pos2(4.0, 10.0)];
        let strokes = dashes(&corner, 6.0, 4.0);
        assert_eq!(strokes[0], [pos2(0.0, 0.0), pos2(4.0, 0.0), pos2(4.0, 2.0)]);
        assert_eq!(strokes[1][0], pos2(4.0, 6.0));
        assert_eq!(strokes.len(), 2);
    }
}
