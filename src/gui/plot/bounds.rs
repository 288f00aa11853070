use std::cell::RefCell;
use std::rc::Rc;

use egui::{FontId, Rect};
use egui_plot::{AxisHints, GridInput, GridMark};

use super::axis::Axis;
use super::chart::Chart;
use super::memory::Memory;
use super::screen::{Screen, first};
use crate::gui::theme::{self, Tokens};

/// Least distance between two ticks, points.
pub const TICK_ROOM: (f64, f64) = (84.0, 36.0);
/// Shares of a plot that are left free beyond the data.
const X_ROOM: f64 = 0.008;
/// The same along y.
const Y_ROOM: f64 = 0.025;

impl Chart<'_> {
    /// What is shown where, in this frame.
    pub(super) fn screen(&self, memory: &Memory, rect: Rect, pixels_per_point: f32) -> Screen {
        let zoom = self.shared.as_ref().map_or(memory.x, |shared| shared.zoom);
        let x = zoom.unwrap_or_else(|| padded(self.x.bounds(self.x_extent(memory), 50.0), X_ROOM));
        let y = memory.y.unwrap_or_else(|| {
            let within = (self.x.value(x.0), self.x.value(x.1));
            padded(self.y.bounds(self.y_extent(memory, within), 10.0), Y_ROOM)
        });
        Screen {
            rect,
            x,
            y,
            log: (self.x.log, self.y.log),
            pixels_per_point,
        }
    }

    /// From where to where there is anything along x.
    fn x_extent(&self, memory: &Memory) -> Option<(f64, f64)> {
        let ends = self
            .visible_lines(memory)
            .filter(|line| line.len > 0)
            .map(|line| {
                let from = if self.x.log {
                    first(line.len, |at| (line.x)(at) > 0.0).min(line.len - 1)
                } else {
                    0
                };
                ((line.x)(from), (line.x)(line.len - 1))
            });
        let points = self
            .visible_points(memory)
            .flat_map(|points| points.points)
            .map(|point| {
                point
                    .x_interval
                    .filter(|range| !self.x.log || range.0 > 0.0)
                    .unwrap_or((point.x, point.x))
            });
        let shared = self.shared.as_ref().and_then(|shared| shared.extent);
        hull(
            ends.chain(points)
                .chain(shared)
                .filter(|range| !self.x.log || range.0 > 0.0),
        )
    }

    fn y_extent(&self, memory: &Memory, within: (f64, f64)) -> Option<(f64, f64)> {
        let lines = self.visible_lines(memory);
        let lines = lines.filter_map(|line| memory.reach(line, within, self.y.log));
        let points = self.visible_points(memory).flat_map(|points| points.points);
        let points = points.filter(|point| (within.0..=within.1).contains(&point.x));
        let points = points.map(|point| (point.y, point.y));
        hull(
            lines
                .chain(points)
                .filter(|range| !self.y.log || range.0 > 0.0),
        )
    }
}

/// With room at both ends, so that no line is cut in half along a rim.
fn padded((low, high): (f64, f64), share: f64) -> (f64, f64) {
    let room = (high - low) * share;
    (low - room, high + room)
}

fn hull(ranges: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    ranges
        .filter(|range| range.0.is_finite() && range.1.is_finite())
        .reduce(|sum, range| (sum.0.min(range.0), sum.1.max(range.1)))
}

/// Where the grid of an axis is, and how its figures look. egui_plot asks for the places first.
pub fn axis_parts(
    axis: &Axis,
    room: f64,
    is_empty: bool,
    tokens: &Tokens,
) -> (
    impl Fn(GridInput) -> Vec<GridMark> + use<>,
    AxisHints<'static>,
) {
    let ticks: Rc<RefCell<Vec<(f64, String)>>> = Rc::default();
    let (axis, known) = (axis.clone(), Rc::clone(&ticks));
    let spacer = move |input: GridInput| {
        if is_empty {
            return Vec::new();
        }
        let (low, high) = input.bounds;
        let width = (high - low) / input.base_step_size;
        let found = axis.ticks(low, high, (width / room) as usize);
        // The distance to the next decides whether egui_plot finds room for a figure, which has been seen to here.
        let mark = |tick: &(f64, String)| GridMark {
            value: tick.0,
            step_size: high - low,
        };
        let marks = found.iter().map(mark).collect();
        *known.borrow_mut() = found;
        marks
    };
    let which = if room > TICK_ROOM.1 {
        egui_plot::Axis::X
    } else {
        egui_plot::Axis::Y
    };
    let hints = AxisHints::new(which)
        .tick_label_font(FontId::monospace(theme::CAPTION))
        .tick_label_color(tokens.dim)
        .label_spacing(egui::Rangef::new(1.0, 2.0))
        .formatter(move |mark, _| {
            let ticks = ticks.borrow();
            let found = ticks
                .iter()
                .find(|tick| tick.0.to_bits() == mark.value.to_bits());
            found.map(|tick| tick.1.clone()).unwrap_or_default()
        });
    (spacer, hints)
}
