use std::sync::Arc;

use egui::mutex::Mutex;
use egui::{
    Align2, CursorIcon, FontId, Id, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo,
};
use egui_plot::{Plot, PlotUi};

use super::axis::Axis;
use super::bounds::{TICK_ROOM, axis_parts};
use super::line::{Line, Points, Shade};
use super::memory::{Frame, Memory};
use super::readout::{self, Pointed};
use super::screen::Screen;
use super::strokes::Look;
use super::view::{self, Change, SharedX};
use super::{legend, scatter, shades};
use crate::gui::theme::{self, Tokens};

/// Room for the figures of the y axis, so that plots below each other line up and none jumps as figures grow.
const Y_AXIS_WIDTH: f32 = 60.0;
/// The same of the x axis.
const X_AXIS_HEIGHT: f32 = 20.0;
/// Room right of the plot for half of the last figure below it.
pub(super) const RIGHT: f32 = 5.0 * theme::GRID;
/// A chart of lines and points; built anew each frame, shown once.
pub struct Chart<'a> {
    name: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line<'a>>,
    pub(super) points: Vec<Points<'a>>,
    pub(super) shades: &'a [Shade],
    pub(super) shared: Option<&'a mut SharedX>,
    smoothing: f64,
    revision: u64,
    height: Option<f32>,
    has_legend: bool,
    empty: String,
}

/// What came of showing a [`Chart`].
pub struct ChartResponse {
    /// The plot itself, without legend and axes.
    pub response: Response,
    /// The point under the pointer: which [`Points`] and which of them.
    pub hovered: Option<(usize, usize)>,
    /// The point that was clicked.
    pub clicked: Option<(usize, usize)>,
}

impl<'a> Chart<'a> {
    /// An empty chart. `name` says what it is to those who cannot see it, and tells it from others of the same `Ui`.
    pub fn new(name: impl Into<String>, x: Axis, y: Axis) -> Self {
        let name = name.into();
        Self {
            name,
            x,
            y,
            lines: Vec::new(),
            points: Vec::new(),
            shades: &[],
            shared: None,
            smoothing: 0.0,
            revision: 0,
            height: None,
            has_legend: true,
            empty: "No data yet".to_owned(),
        }
    }

    /// With a line.
    #[must_use]
    pub fn line(mut self, line: Line<'a>) -> Self {
        self.lines.push(line);
        self
    }

    /// With points that no line joins.
    #[must_use]
    pub fn points(mut self, points: Points<'a>) -> Self {
        self.points.push(points);
        self
    }

    /// With stretches of x on a ground of their own, in order.
    #[must_use]
    pub fn shades(mut self, shades: &'a [Shade]) -> Self {
        self.shades = shades;
        self
    }

    /// With an x axis in common with other charts.
    #[must_use]
    pub fn shared(mut self, shared: &'a mut SharedX) -> Self {
        self.shared = Some(shared);
        self
    }

    /// With those lines smoothed that can be: `factor` from 0, not at all, to below 1.
    #[must_use]
    pub fn smoothing(mut self, factor: f64) -> Self {
        self.smoothing = factor.clamp(0.0, 0.9999);
        self
    }

    /// The state of the data: with the same one, lines are only drawn anew if they look different at their ends and in
    /// the middle.
    #[must_use]
    pub fn revision(mut self, revision: u64) -> Self {
        self.revision = revision;
        self
    }

    /// As high as this, legend included; else as high as there is room.
    #[must_use]
    pub fn height(mut self, height: f32) -> Self {
        self.height = Some(height);
        self
    }

    /// Without the row of names above it.
    #[must_use]
    pub fn without_legend(mut self) -> Self {
        self.has_legend = false;
        self
    }

    /// What it says while there is nothing to show.
    #[must_use]
    pub fn empty(mut self, text: impl Into<String>) -> Self {
        self.empty = text.into();
        self
    }

    /// Shows it.
    pub fn show(mut self, ui: &mut Ui) -> ChartResponse {
        let id = ui.make_persistent_id(("chart", &self.name));
        let memory = ui.data_mut(|data| {
            data.get_temp_mut_or_default::<Arc<Mutex<Memory>>>(id)
                .clone()
        });
        let mut memory = memory.lock();
        self.forget_old_view(&mut memory);
        let height = self.height.unwrap_or_else(|| ui.available_height());
        let bottom = ui.cursor().top() + height;
        let spacing = std::mem::replace(&mut ui.spacing_mut().item_spacing.y, theme::GRID);
        let is_x_named = self.has_legend && legend::show(ui, &self, &mut memory);
        memory.follow(&self.lines, self.smoothing);
        let height = (bottom - ui.cursor().top()).max(48.0);
        let (response, screen) = self.plot(ui, id, height, &mut memory);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), &self.name));
        let painter = ui
            .painter()
            .with_clip_rect(screen.rect.intersect(ui.clip_rect()));
        let tokens = Tokens::in_ui(ui);

        shades::paint(&painter, self.shades, &screen, &tokens);
        self.paint_lines(&painter, &mut memory, &screen, &tokens);
        let visible = |points: &&Points<'_>| !memory.hidden.contains(&points.id);
        let hovered = response.hover_pos().filter(|_| memory.drag.is_none());
        let pointed = scatter::paint(&painter, &self.points, visible, &screen, hovered, &tokens);
        let font = FontId::proportional(theme::CAPTION);
        if self.is_empty() {
            let middle = screen.rect.center();
            painter.text(middle, Align2::CENTER_CENTER, &self.empty, font, tokens.dim);
        } else if !is_x_named {
            let at = screen.rect.right_bottom() - egui::vec2(6.0, 4.0);
            painter.text(at, Align2::RIGHT_BOTTOM, &self.x.name, font, tokens.dim);
        }
        if let (Some((from, false)), Some(to)) = (memory.drag, response.interact_pointer_pos()) {
            let chosen = view::boxed(&screen, from, to);
            let stroke = Stroke::new(1.0, tokens.accent);
            let fill = tokens.accent.gamma_multiply(0.12);
            painter.rect(chosen, 0.0, fill, stroke, StrokeKind::Inside);
        }
        let pointer = self.pointed(ui, id, &response, &memory, &screen);
        readout::paint(
            &painter,
            &self,
            &mut memory,
            &screen,
            pointer,
            pointed,
            &tokens,
        );
        if response.has_focus() {
            let stroke = Stroke::new(2.0, tokens.accent);
            painter.rect_stroke(screen.rect, 2.0, stroke, StrokeKind::Inside);
        }
        ui.spacing_mut().item_spacing.y = spacing;
        let clicked = pointed.filter(|_| response.clicked());
        ChartResponse {
            response,
            hovered: pointed,
            clicked,
        }
    }

    /// Whether there is nothing to show, switched off or not.
    fn is_empty(&self) -> bool {
        let has_no_points = self.points.iter().all(|points| points.points.is_empty());
        has_no_points && self.lines.iter().all(|line| line.len == 0)
    }

    /// A view of other axes, or of before a reset, is worth nothing.
    fn forget_old_view(&self, memory: &mut Memory) {
        let log = (self.x.log, self.y.log);
        let resets = self.shared.as_ref().map_or(0, |shared| shared.resets());
        if memory.log.0 != log.0 || memory.resets != resets {
            memory.x = None;
        }
        if memory.log.1 != log.1 || memory.resets != resets {
            memory.y = None;
        }
        memory.log = log;
        memory.resets = resets;
    }

    /// Axes, grid, and what was done to the view; gives where values are on the screen.
    fn plot(
        &mut self,
        ui: &mut Ui,
        id: Id,
        height: f32,
        memory: &mut Memory,
    ) -> (Response, Screen) {
        let tokens = Tokens::in_ui(ui);
        let (x_spacer, x_hints) = axis_parts(&self.x, TICK_ROOM.0, self.is_empty(), &tokens);
        let (y_spacer, y_hints) = axis_parts(&self.y, TICK_ROOM.1, self.is_empty(), &tokens);
        let plot = Plot::new(id.with("plot"))
            .id(id.with("plot"))
            .width((ui.available_width() - RIGHT).max(Y_AXIS_WIDTH + 16.0))
            .height(height)
            .min_size(egui::Vec2::ZERO)
            .allow_zoom(false)
            .allow_drag(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_axis_zoom_drag(false)
            .allow_double_click_reset(false)
            // Figures on the axes of nothing would be made up.
            .show_grid(!self.is_empty())
            .show_x(false)
            .show_y(false)
            .grid_color(tokens.line.gamma_multiply(0.6))
            .grid_fade(0.0)
            .grid_spacing(egui::Rangef::new(1.0, 2.0))
            .sense(Sense::click_and_drag())
            .x_grid_spacer(x_spacer)
            .y_grid_spacer(y_spacer)
            .custom_x_axes(vec![x_hints.min_thickness(X_AXIS_HEIGHT)])
            .custom_y_axes(vec![y_hints.min_thickness(Y_AXIS_WIDTH)]);
        let pixels_per_point = ui.pixels_per_point();
        let own = ui.new_child(egui::UiBuilder::new());
        let shown = plot.show(ui, |plot: &mut PlotUi<'_>| {
            let response = plot.response().clone();
            let before = self.screen(memory, response.rect, pixels_per_point);
            let change = view::interact(&own, &response, memory, &before);
            self.change_view(memory, change);
            let screen = self.screen(memory, response.rect, pixels_per_point);
            plot.set_plot_bounds_x(screen.x.0..=screen.x.1);
            plot.set_plot_bounds_y(screen.y.0..=screen.y.1);
            screen
        });
        let cursor = if memory.drag.is_some_and(|drag| drag.1) {
            CursorIcon::Grabbing
        } else {
            CursorIcon::Crosshair
        };
        (shown.response.on_hover_cursor(cursor), shown.inner)
    }

    fn change_view(&mut self, memory: &mut Memory, change: Change) {
        if change.reset {
            memory.x = None;
            memory.y = None;
            if let Some(shared) = &mut self.shared {
                shared.zoom = None;
            }
        }
        if let Some(x) = change.x.filter(|x| view::can_show(*x)) {
            match &mut self.shared {
                Some(shared) => shared.zoom = Some(x),
                None => memory.x = Some(x),
            }
        }
        if let Some(y) = change.y.filter(|y| view::can_show(*y)) {
            memory.y = Some(y);
        }
    }

    pub(super) fn visible_lines(&self, memory: &Memory) -> impl Iterator<Item = &Line<'a>> {
        self.lines
            .iter()
            .filter(|line| !line.is_hidden(&memory.hidden))
    }

    pub(super) fn visible_points(&self, memory: &Memory) -> impl Iterator<Item = &Points<'a>> {
        self.points
            .iter()
            .filter(|points| !memory.hidden.contains(&points.id))
    }

    pub(super) fn look(line: &Line<'_>, tokens: &Tokens) -> Look {
        let (colour, dash) = tokens.series(line.colour);
        let dash = line.dash.unwrap_or(dash);
        Look {
            colour,
            dash,
            width: line.width,
            markers: line.markers,
        }
    }

    fn paint_lines(
        &self,
        painter: &egui::Painter,
        memory: &mut Memory,
        screen: &Screen,
        tokens: &Tokens,
    ) {
        let options = painter.ctx().tessellation_options_mut(|options| *options);
        let frame = Frame {
            revision: self.revision,
            smoothing: self.smoothing,
            options,
        };
        let hidden = memory.hidden.clone();
        let mut strokes = Vec::with_capacity(self.lines.len());
        let visible = self
            .lines
            .iter()
            .filter(|line| !line.is_hidden(&hidden) && line.len > 0);
        for line in visible {
            let [ground, stroke] = memory.drawn(line, &frame, screen, Self::look(line, tokens));
            if !ground.is_empty() {
                painter.add(Shape::Mesh(ground));
            }
            strokes.push(stroke);
        }
        for stroke in strokes.into_iter().filter(|stroke| !stroke.is_empty()) {
            painter.add(Shape::Mesh(stroke));
        }
    }

    /// Where along x the pointer is, here or in a chart with the same x axis.
    fn pointed(
        &mut self,
        ui: &Ui,
        id: Id,
        response: &Response,
        memory: &Memory,
        screen: &Screen,
    ) -> Option<Pointed> {
        let here = response.hover_pos().filter(|_| memory.drag.is_none());
        let here = here.filter(|pointer| screen.rect.contains(*pointer));
        let value = here.map(|pointer| self.x.value(screen.place_x(pointer.x)));
        let there = match &mut self.shared {
            Some(shared) => shared.point(ui.ctx(), id, value),
            None => None,
        };
        match (here, value) {
            (Some(pointer), Some(x)) => Some(Pointed {
                x,
                pointer: Some(pointer),
            }),
            _ => there.map(|x| Pointed { x, pointer: None }),
        }
    }
}
