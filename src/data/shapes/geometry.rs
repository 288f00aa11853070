//! Outlines of the shapes and how much of a pixel they cover.
//!
//! Only additions, multiplications, divisions and square roots, which IEEE 754 defines to the last bit: the images are
//! the same on every machine, which sines of a system's library would not be.

use std::f32::consts::FRAC_1_SQRT_2;

/// A point or direction in the image, in pixels, x to the right and y down.
pub(super) type Point = [f32; 2];

/// Number of outlines: circle, square, triangle, cross, star.
pub(super) const OUTLINES: usize = 5;

// Corners on a circle of radius 1 (the inner ones of cross and star within it), y down.
const SQUARE: [Point; 4] = [
    [FRAC_1_SQRT_2, FRAC_1_SQRT_2],
    [-FRAC_1_SQRT_2, FRAC_1_SQRT_2],
    [-FRAC_1_SQRT_2, -FRAC_1_SQRT_2],
    [FRAC_1_SQRT_2, -FRAC_1_SQRT_2],
];
const TRIANGLE: [Point; 3] = [[0.0, -1.0], [0.866_025_4, 0.5], [-0.866_025_4, 0.5]];
/// Half the length of an arm and half its width; 0.95² + 0.31² ≈ 1.
const ARM: [f32; 2] = [0.95, 0.31];
const CROSS: [Point; 12] = [
    [ARM[1], -ARM[0]],
    [ARM[1], -ARM[1]],
    [ARM[0], -ARM[1]],
    [ARM[0], ARM[1]],
    [ARM[1], ARM[1]],
    [ARM[1], ARM[0]],
    [-ARM[1], ARM[0]],
    [-ARM[1], ARM[1]],
    [-ARM[0], ARM[1]],
    [-ARM[0], -ARM[1]],
    [-ARM[1], -ARM[1]],
    [-ARM[1], -ARM[0]],
];
/// Every fifth of a turn a point, between them corners at 0.4 of the radius.
const STAR: [Point; 10] = [
    [0.0, -1.0],
    [0.235_114_1, -0.323_606_8],
    [0.951_056_5, -0.309_017],
    [0.380_422_6, 0.123_606_8],
    [0.587_785_3, 0.809_017],
    [0.0, 0.4],
    [-0.587_785_3, 0.809_017],
    [-0.380_422_6, 0.123_606_8],
    [-0.951_056_5, -0.309_017],
    [-0.235_114_1, -0.323_606_8],
];
/// A circle looks as large as the other outlines where it is a little smaller.
const CIRCLE_RADIUS: f32 = 0.9;

/// A shape in its place.
pub(super) struct Figure {
    /// Which outline, below [`OUTLINES`].
    pub outline: usize,
    /// Where its middle is.
    pub centre: Point,
    /// Radius of the circle around it, in pixels.
    pub radius: f32,
    /// Where its x axis points, of length 1.
    pub direction: Point,
}

impl Figure {
    /// Share of the pixel around `point` that the shape covers, 0 to 1, from the distance to the outline: half at the
    /// outline, all or nothing half a pixel away.
    pub(super) fn coverage(&self, point: Point) -> f32 {
        let [dx, dy] = [point[0] - self.centre[0], point[1] - self.centre[1]];
        let reach = self.radius + 1.0;
        if dx * dx + dy * dy > reach * reach {
            return 0.0;
        }
        let [cos, sin] = self.direction;
        let local = [
            (dx * cos + dy * sin) / self.radius,
            (dy * cos - dx * sin) / self.radius,
        ];
        let distance = match self.outline {
            0 => (local[0] * local[0] + local[1] * local[1]).sqrt() - CIRCLE_RADIUS,
            1 => distance_to(&SQUARE, local),
            2 => distance_to(&TRIANGLE, local),
            3 => distance_to(&CROSS, local),
            _ => distance_to(&STAR, local),
        };
        (0.5 - distance * self.radius).clamp(0.0, 1.0)
    }
}

/// Distance of `point` to the closed line through `corners`, negative inside.
fn distance_to(corners: &[Point], point: Point) -> f32 {
    let mut nearest = f32::INFINITY;
    let mut inside = false;
    let ends = corners.iter().cycle().skip(1);
    for (start, end) in corners.iter().zip(ends) {
        let edge = [end[0] - start[0], end[1] - start[1]];
        let from_start = [point[0] - start[0], point[1] - start[1]];
        let along = (from_start[0] * edge[0] + from_start[1] * edge[1])
            / (edge[0] * edge[0] + edge[1] * edge[1]);
        let along = along.clamp(0.0, 1.0);
        let away = [
            from_start[0] - edge[0] * along,
            from_start[1] - edge[1] * along,
        ];
        nearest = nearest.min(away[0] * away[0] + away[1] * away[1]);
        // A ray to the right is inside after an odd number of crossings.
        if (start[1] > point[1]) != (end[1] > point[1])
            && from_start[0] < edge[0] * from_start[1] / edge[1]
        {
            inside = !inside;
        }
    }
    let distance = nearest.sqrt();
    if inside { -distance } else { distance }
}
