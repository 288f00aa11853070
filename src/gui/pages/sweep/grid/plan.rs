//! Where cells stand: as large as the room allows.

use egui::{Pos2, Rect, Ui, Vec2, vec2};

/// Sides of a cell, points.
const SIDE_MAX: f32 = 28.0;
const SIDE_MIN: f32 = 7.0;
/// Height that the grid has before it grows beyond, points.
const HEIGHT: f32 = 280.0;

/// Where cells stand.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) side: f32,
    pub(super) columns: usize,
    pub(super) size: Vec2,
}

impl Plan {
    pub(super) fn new(ui: &Ui, cells: usize) -> Self {
        let width = ui.available_width();
        let rows_at = |side: f32| cells.div_ceil(((width / side) as usize).max(1));
        let mut side = SIDE_MAX;
        while side > SIDE_MIN && rows_at(side) as f32 * side > HEIGHT {
            side -= 1.0;
        }
        let columns = ((width / side) as usize).clamp(1, cells.max(1));
        let rows = cells.div_ceil(columns);
        Self {
            side,
            columns,
            size: vec2(columns as f32 * side, rows as f32 * side),
        }
    }

    pub(super) fn cell(&self, origin: Pos2, at: usize) -> Rect {
        let (column, row) = (at % self.columns, at / self.columns);
        let min = origin + vec2(column as f32, row as f32) * self.side;
        let gap = if self.side > 12.0 { 2.0 } else { 1.0 };
        Rect::from_min_size(min, Vec2::splat(self.side - gap))
    }
}
