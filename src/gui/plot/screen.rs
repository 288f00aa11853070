use egui::{Pos2, pos2};

/// How values become places on the screen, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screen {
    /// The part of the window that the plot has.
    pub rect: egui::Rect,
    /// Places along the axes that are at the left and the right rim.
    pub x: (f64, f64),
    /// Places along the axes that are at the lower and the upper rim.
    pub y: (f64, f64),
    /// Whether each axis is logarithmic.
    pub log: (bool, bool),
    /// Physical pixels in a point.
    pub pixels_per_point: f32,
}

/// Beyond this many points outside of the plot nothing is told apart; `f32` is exact enough within.
pub const FAR: f64 = 1e5;

impl Screen {
    /// Where a value is along x, in points.
    pub fn x_at(&self, x: f64) -> f64 {
        let place = if self.log.0 { logarithm(x) } else { x };
        let share = (place - self.x.0) / (self.x.1 - self.x.0);
        f64::from(self.rect.left()) + share * f64::from(self.rect.width())
    }

    /// Where a value is along y, in points; not a number where it has no place.
    pub fn y_at(&self, y: f64) -> f64 {
        let place = match self.log.1 {
            false => y,
            true if y > 0.0 => logarithm(y),
            true => f64::NAN,
        };
        let share = (place - self.y.0) / (self.y.1 - self.y.0);
        f64::from(self.rect.bottom()) - share * f64::from(self.rect.height())
    }

    /// Where a point is.
    pub fn at(&self, x: f64, y: f64) -> Pos2 {
        position(self.x_at(x), self.y_at(y))
    }

    /// The place along the x axis under a position.
    pub fn place_x(&self, x: f32) -> f64 {
        let share = f64::from(x - self.rect.left()) / f64::from(self.rect.width());
        self.x.0 + share * (self.x.1 - self.x.0)
    }

    /// The place along the y axis under a position.
    pub fn place_y(&self, y: f32) -> f64 {
        let share = f64::from(self.rect.bottom() - y) / f64::from(self.rect.height());
        self.y.0 + share * (self.y.1 - self.y.0)
    }

    /// The points of a line in sight, with one more on either side, so that the line leaves the plot where it should.
    pub fn in_sight(&self, len: usize, x: impl Fn(usize) -> f64) -> std::ops::Range<usize> {
        let value = |place: f64| {
            if self.log.0 {
                10_f64.powf(place)
            } else {
                place
            }
        };
        let from = first(len, |at| x(at) >= value(self.x.0)).saturating_sub(1);
        let to = (first(len, |at| x(at) > value(self.x.1)) + 1).min(len);
        from..to
    }
}

/// The compiler may work out a logarithm before it knows whether it is wanted, which took a third of the time of a frame
/// with linear axes; not one that is behind a call.
#[inline(never)]
pub fn logarithm(value: f64) -> f64 {
    value.log10()
}

/// A place on the screen that is not farther out than `f32` is exact.
pub fn position(x: f64, y: f64) -> Pos2 {
    pos2(x.clamp(-FAR, FAR) as f32, y.clamp(-FAR, FAR) as f32)
}

/// The first of `len` for which `is_past` holds, which then holds for all after it.
pub fn first(len: usize, is_past: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        if is_past(middle) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    low
}
