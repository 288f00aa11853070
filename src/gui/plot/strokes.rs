use egui::epaint::{Mesh, PathStroke, TessellationOptions, Tessellator};
use egui::{Color32, Pos2, Shape, Stroke, pos2};

use super::columns::{Covered, Seen};
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

/// A line that is this many times longer than it is wide is drawn as one that goes up and down all the time.
const STEEP: f32 = 4.0;

/// Soft rims narrower than this, points, are not worth their triangles.
const SOFT_FROM: f32 = 0.6;

/// Turns what is seen of lines into triangles once, so that a frame in which nothing changed only copies them.
pub struct Strokes {
    tessellator: Tessellator,
    /// Width of a soft rim, points.
    soft: f32,
    mesh: Mesh,
}

impl Strokes {
    /// For a screen of this resolution.
    pub fn new(pixels_per_point: f32, options: TessellationOptions) -> Self {
        // Neither the size of the font's texture nor discs from it matter to lines.
        let tessellator = Tessellator::new(pixels_per_point, options, [1, 1], Vec::new());
        Self {
            tessellator,
            soft: if options.feathering {
                options.feathering_size_in_pixels / pixels_per_point
            } else {
                0.0
            },
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
        match seen {
            Seen::Points(stretches) => stretches
                .iter()
                .for_each(|points| self.stretch(points, look)),
            Seen::Covered(stretches) => stretches
                .iter()
                .for_each(|columns| self.covered(columns, look)),
        }
    }

    /// A line of which only what it covers is known. Strokes cannot follow it: they go by the distance along x.
    fn covered(&mut self, columns: &[Covered], look: &Look) {
        let Some((on, off)) = strokes(look.dash) else {
            return self.ribbon(columns, look);
        };
        for part in columns.chunk_by(|a, b| is_on(a.x, on, off) == is_on(b.x, on, off)) {
            if is_on(part[0].x, on, off) {
                self.ribbon(part, look);
            }
        }
    }

    /// A strip from column to column. With a soft rim where pixels are large enough for steps between them to be seen.
    fn ribbon(&mut self, columns: &[Covered], look: &Look) {
        if let [only] = columns {
            // Between two gaps it would have no width.
            let half = look.width / 2.0;
            let sides = [only.x - half, only.x + half];
            return self.ribbon(&sides.map(|x| Covered { x, ..*only }), look);
        }
        let begin = self.mesh.vertices.len() as u32;
        let is_soft = self.soft > SOFT_FROM;
        let rows = if is_soft { 4 } else { 2 };
        self.mesh.reserve_vertices(columns.len() * rows as usize);
        self.mesh
            .reserve_triangles(columns.len() * 2 * (rows as usize - 1));
        let soft = if is_soft { self.soft / 2.0 } else { 0.0 };
        for (at, column) in columns.iter().enumerate() {
            let before = columns[at.saturating_sub(1)];
            let after = columns[(at + 1).min(columns.len() - 1)];
            // Measured upright, a line is the thicker the steeper it is.
            let middle = |column: &Covered| f32::midpoint(column.top, column.bottom);
            let run = (after.x - before.x).max(0.1);
            let slope = ((middle(&after) - middle(&before)) / run).clamp(-3.0, 3.0);
            let half = look.width / 2.0 * (1.0 + slope * slope).sqrt();
            let (top, bottom) = (column.top - half, column.bottom + half);
            if is_soft {
                self.mesh
                    .colored_vertex(pos2(column.x, top - soft), Color32::TRANSPARENT);
            }
            self.mesh
                .colored_vertex(pos2(column.x, top + soft), look.colour);
            self.mesh
                .colored_vertex(pos2(column.x, bottom - soft), look.colour);
            if is_soft {
                self.mesh
                    .colored_vertex(pos2(column.x, bottom + soft), Color32::TRANSPARENT);
            }
        }
        for column in 1..columns.len() as u32 {
            let at = begin + rows * column;
            for row in 0..rows - 1 {
                let (left, right) = (at - rows + row, at + row);
                self.mesh.add_triangle(left, left + 1, right);
                self.mesh.add_triangle(left + 1, right, right + 1);
            }
        }
    }

    fn stretch(&mut self, points: &[Pos2], look: &Look) {
        let stroke = Stroke::new(look.width, look.colour);
        // Between two gaps a single point would be no line at all.
        if points.len() == 1 && !look.markers {
            return self.shape(Shape::circle_filled(points[0], look.width, look.colour));
        }
        if let Some((on, off)) = strokes(look.dash) {
            let length: f32 = points
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).length())
                .sum();
            let width = points[points.len() - 1].x - points[0].x;
            if length < STEEP * width.max(MARK_ROOM) {
                for dash in dashes(points, on, off) {
                    self.path(dash, stroke);
                }
            } else {
                // Along a line that only goes up and down, strokes would be lost; these go by the distance along x.
                for part in points.chunk_by(|a, b| is_on(a.x, on, off) == is_on(b.x, on, off)) {
                    if is_on(part[0].x, on, off) && part.len() > 1 {
                        self.path(part.to_vec(), stroke);
                    }
                }
            }
        } else {
            self.path(points.to_vec(), stroke);
        }
        if look.markers {
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

    /// The ground between two lines with the same x.
    pub fn band(&mut self, low: &[Vec<Covered>], high: &[Vec<Covered>], colour: Color32) {
        for (low, high) in low.iter().zip(high) {
            let edges = low
                .iter()
                .zip(high)
                .map(|(low, high)| (low.x, low.bottom, high.top));
            self.ground(edges, colour);
        }
    }

    fn ground(&mut self, edges: impl Iterator<Item = (f32, f32, f32)>, colour: Color32) {
        let begin = self.mesh.vertices.len() as u32;
        for (x, low, high) in edges {
            self.mesh.colored_vertex(pos2(x, low), colour);
            self.mesh.colored_vertex(pos2(x, high), colour);
        }
        let edges = (self.mesh.vertices.len() as u32 - begin) / 2;
        for edge in 1..edges {
            let at = begin + 2 * edge;
            self.mesh.add_triangle(at - 2, at - 1, at);
            self.mesh.add_triangle(at - 1, at, at + 1);
        }
    }
}

/// Lengths of a stroke and of the room after it, points.
fn strokes(dash: Dash) -> Option<(f32, f32)> {
    match dash {
        Dash::Solid => None,
        Dash::Dashed => Some((6.0, 4.0)),
        Dash::Dotted => Some((1.5, 3.0)),
    }
}

fn is_on(x: f32, on: f32, off: f32) -> bool {
    x.rem_euclid(on + off) < on
}

/// A part of a line that is longer than this, points, lies for the most part outside of the plot.
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
