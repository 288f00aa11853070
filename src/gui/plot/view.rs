use egui::{Context, CursorIcon, Id, Key, Modifiers, PointerButton, Rect, Response, Ui, pos2};

use super::memory::Memory;
use super::screen::Screen;

/// The x axis that several charts have in common: zooming one zooms all, and the pointer in one is seen in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedX {
    /// What is shown, where it does not follow the data.
    pub zoom: Option<(f64, f64)>,
    /// From where to where there is data in any of the charts.
    pub extent: Option<(f64, f64)>,
    /// In which chart the pointer is, where along x, and in which pass that was.
    hovered: Option<(Id, f64, u64)>,
    resets: u64,
}

impl SharedX {
    /// Shows everything again, in both directions, in all charts.
    pub fn reset(&mut self) {
        self.zoom = None;
        self.resets += 1;
    }

    pub(super) fn resets(&self) -> u64 {
        self.resets
    }

    /// Notes where the pointer is in chart `id`; gives where it is in another one.
    pub(super) fn point(&mut self, ctx: &Context, id: Id, here: Option<f64>) -> Option<f64> {
        let now = ctx.cumulative_pass_nr();
        // A chart that is no longer shown cannot say that the pointer has left it.
        let known = self.hovered.filter(|(_, _, pass)| pass + 1 >= now);
        let was_here = known.filter(|known| known.0 == id).map(|known| known.1);
        if here != was_here {
            // Charts above this one have been painted already.
            ctx.request_repaint();
        }
        match here {
            Some(x) => self.hovered = Some((id, x, now)),
            None if was_here.is_some() => self.hovered = None,
            None => self.hovered = known,
        }
        known.filter(|known| known.0 != id).map(|known| known.1)
    }
}

/// What was done to the view of a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    /// Show everything.
    pub reset: bool,
    /// Show this stretch of x, as places.
    pub x: Option<(f64, f64)>,
    /// Show this stretch of y, as places.
    pub y: Option<(f64, f64)>,
}

/// Shortest side of a box that is zoomed to, points; less is a slip of the hand.
const LEAST_BOX: f32 = 6.0;

/// Takes in what was done with pointer and keys: a drag zooms to a box (with shift or the middle button it moves the
/// plot), scrolling with ctrl or pinching zooms along x (with shift along y), a double click shows everything. While the
/// chart has the keyboard, arrows move it, + and − zoom and Home shows everything.
pub fn interact(ui: &Ui, response: &Response, memory: &mut Memory, screen: &Screen) -> Change {
    let mut change = Change::default();
    if response.double_clicked() {
        memory.drag = None;
        return Change {
            reset: true,
            ..change
        };
    }
    dragged(ui, response, memory, screen, &mut change);
    if response.contains_pointer() {
        let zoom = ui.input(|input| input.zoom_delta());
        let along_y = ui.input(|input| input.modifiers.shift);
        if let Some(pointer) = response.hover_pos().filter(|_| (zoom - 1.0).abs() > 1e-6) {
            let by = 1.0 / f64::from(zoom);
            if along_y {
                change.y = Some(zoomed(screen.y, screen.place_y(pointer.y), by));
            } else {
                change.x = Some(zoomed(screen.x, screen.place_x(pointer.x), by));
            }
        }
    }
    if response.has_focus() {
        keys(ui, response, screen, &mut change);
    }
    change
}

fn dragged(
    ui: &Ui,
    response: &Response,
    memory: &mut Memory,
    screen: &Screen,
    change: &mut Change,
) {
    let moves =
        response.dragged_by(PointerButton::Middle) || ui.input(|input| input.modifiers.shift);
    if response.drag_started() && !response.dragged_by(PointerButton::Secondary) {
        let origin = ui.input(|input| input.pointer.press_origin());
        memory.drag = origin.map(|origin| (origin, moves));
    }
    let Some((from, moves)) = memory.drag else {
        return;
    };
    if moves && response.dragged() {
        ui.set_cursor_icon(CursorIcon::Grabbing);
        let delta = response.drag_delta();
        let by_x = f64::from(delta.x / screen.rect.width()) * (screen.x.1 - screen.x.0);
        let by_y = f64::from(delta.y / screen.rect.height()) * (screen.y.1 - screen.y.0);
        if delta.x.abs() > 0.0 {
            change.x = Some((screen.x.0 - by_x, screen.x.1 - by_x));
        }
        if delta.y.abs() > 0.0 {
            change.y = Some((screen.y.0 + by_y, screen.y.1 + by_y));
        }
    }
    if response.drag_stopped() {
        memory.drag = None;
        let to = response.interact_pointer_pos().or(response.hover_pos());
        if let Some(chosen) = to.filter(|_| !moves).map(|to| boxed(screen, from, to)) {
            if chosen.width() >= LEAST_BOX {
                let (left, right) = (
                    screen.place_x(chosen.left()),
                    screen.place_x(chosen.right()),
                );
                change.x = Some((left, right));
            }
            if chosen.height() >= LEAST_BOX && chosen.height() < screen.rect.height() {
                let (low, high) = (
                    screen.place_y(chosen.bottom()),
                    screen.place_y(chosen.top()),
                );
                change.y = Some((low, high));
            }
        }
    } else if !response.dragged() {
        memory.drag = None;
    }
}

/// The box between two corners. One that is much wider than high means a stretch of x, and the other way round.
pub fn boxed(screen: &Screen, from: egui::Pos2, to: egui::Pos2) -> Rect {
    const SLENDER: f32 = 5.0;
    let mut chosen = Rect::from_two_pos(from, to).intersect(screen.rect);
    if chosen.height() < LEAST_BOX || chosen.width() > SLENDER * chosen.height() {
        chosen = Rect::from_x_y_ranges(chosen.x_range(), screen.rect.y_range());
    } else if chosen.width() < LEAST_BOX || chosen.height() > SLENDER * chosen.width() {
        chosen = Rect::from_x_y_ranges(screen.rect.x_range(), chosen.y_range());
    }
    chosen
}

fn keys(ui: &Ui, response: &Response, screen: &Screen, change: &mut Change) {
    // The arrows are the chart's while it has the keyboard; Tab goes on to the next control.
    let filter = egui::EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..egui::EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let (x, y) = (screen.x, screen.y);
    let moved = |range: (f64, f64), share: f64| {
        let by = (range.1 - range.0) * share;
        Some((range.0 + by, range.1 + by))
    };
    let middle = f64::midpoint(x.0, x.1);
    if pressed(Key::ArrowLeft) {
        change.x = moved(x, -0.1);
    } else if pressed(Key::ArrowRight) {
        change.x = moved(x, 0.1);
    } else if pressed(Key::ArrowUp) {
        change.y = moved(y, 0.1);
    } else if pressed(Key::ArrowDown) {
        change.y = moved(y, -0.1);
    } else if pressed(Key::Plus) || pressed(Key::Equals) {
        change.x = Some(zoomed(x, middle, 0.8));
    } else if pressed(Key::Minus) {
        change.x = Some(zoomed(x, middle, 1.25));
    } else if pressed(Key::Home) {
        change.reset = true;
    }
}

fn zoomed(range: (f64, f64), around: f64, by: f64) -> (f64, f64) {
    (
        around + (range.0 - around) * by,
        around + (range.1 - around) * by,
    )
}

/// Whether a stretch can be shown: wide enough for figures to be told apart, and finite.
pub fn can_show(range: (f64, f64)) -> bool {
    let size = range.0.abs().max(range.1.abs());
    let width = range.1 - range.0;
    width.is_finite() && width > size * 1e-10 && width > 1e-30 && size < 1e300
}

/// Whether the readout belongs in the left corner, away from the pointer; with some room in which it stays where it is.
pub fn readout_is_left(rect: Rect, pointer_x: f32, was_left: bool) -> bool {
    let share = (pointer_x - rect.left()) / rect.width();
    if was_left { share > 0.4 } else { share > 0.6 }
}

/// A box in the corner of a plot with room for text of this size.
pub fn corner(rect: Rect, size: egui::Vec2, is_left: bool) -> Rect {
    const ROOM: f32 = 8.0;
    let left = if is_left {
        rect.left() + ROOM
    } else {
        rect.right() - ROOM - size.x
    };
    Rect::from_min_size(pos2(left.max(rect.left()), rect.top() + ROOM), size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slender_box_means_one_direction() {
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(200.0, 100.0));
        let screen = Screen {
            rect,
            x: (0.0, 1.0),
            y: (0.0, 1.0),
            log: (false, false),
            pixels_per_point: 1.0,
        };
        let wide = boxed(&screen, pos2(20.0, 50.0), pos2(120.0, 58.0));
        assert_eq!((wide.width(), wide.height()), (100.0, 100.0));
        let high = boxed(&screen, pos2(20.0, 10.0), pos2(23.0, 80.0));
        assert_eq!((high.width(), high.height()), (200.0, 70.0));
    }

    #[test]
    fn the_readout_does_not_flicker_in_the_middle() {
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 100.0));
        assert!(!readout_is_left(rect, 50.0, false) && readout_is_left(rect, 50.0, true));
        assert!(readout_is_left(rect, 70.0, false) && !readout_is_left(rect, 30.0, true));
    }
}
