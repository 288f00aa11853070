//! Every trial as a cell that fills: coloured and marked by how it stands.

use std::sync::Arc;

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{
    Color32, EventFilter, Key, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, vec2,
};

use super::stored::Read;
use crate::analysis::trials::{Spent, ToCome};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, written_energy};
use crate::library::{TrialRecord, TrialStatus};
use crate::units::{count, duration};

/// Sides of a cell, points.
const SIDE_MAX: f32 = 28.0;
const SIDE_MIN: f32 = 7.0;
/// Height that the grid has before it grows beyond, points.
const HEIGHT: f32 = 280.0;
/// Cells up to which each is a button of its own.
const BUTTONS_MAX: usize = 240;

/// In which order trials stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// As they are run.
    #[default]
    Run,
    /// Those of a setup beside each other.
    Setup,
}

/// What is kept from frame to frame.
#[derive(Default)]
pub struct Grid {
    order: Order,
    /// The cell that the keyboard is on.
    cursor: usize,
    /// Positions of trials in the order in which they stand, of this revision and order.
    places: Option<(u64, Order, Arc<Vec<usize>>)>,
    mesh: Option<(Drawn, Arc<Mesh>)>,
    sums: Option<(u64, (Spent, Option<ToCome>))>,
}

/// What a mesh depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drawn {
    revision: u64,
    order: Order,
    origin: Pos2,
    side: f32,
    columns: usize,
    dark: bool,
}

impl Grid {
    /// What trials took and will take, added up once a change.
    pub fn sums(
        &mut self,
        revision: u64,
        sum: impl FnOnce() -> (Spent, Option<ToCome>),
    ) -> (Spent, Option<ToCome>) {
        match self.sums {
            Some((of, sums)) if of == revision => sums,
            _ => {
                let sums = sum();
                self.sums = Some((revision, sums));
                sums
            }
        }
    }

    fn places(&mut self, read: &Read, revision: u64) -> Arc<Vec<usize>> {
        if let Some((of, order, places)) = &self.places
            && (*of, *order) == (revision, self.order)
        {
            return Arc::clone(places);
        }
        let mut places: Vec<usize> = (0..read.trials.len()).collect();
        if self.order == Order::Setup {
            places.sort_by_key(|at| {
                let trial = &read.trials[*at];
                (trial.combination, trial.repeat, trial.rung)
            });
        }
        let places = Arc::new(places);
        self.places = Some((revision, self.order, Arc::clone(&places)));
        places
    }
}

/// Draws the grid; the run that was chosen now.
pub fn show(
    grid: &mut Grid,
    ui: &mut Ui,
    read: &Read,
    revision: u64,
    unit: EnergyUnit,
) -> Option<String> {
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, "Trials");
        for (order, name, hint) in [
            (Order::Run, "As run", "In the order in which they are run"),
            (
                Order::Setup,
                "By setup",
                "Those of one setup beside each other",
            ),
        ] {
            let button = ui.selectable_label(grid.order == order, name);
            if button.on_hover_text(hint).clicked() {
                grid.order = order;
            }
        }
    });
    legend(ui, read);
    if read.trials.is_empty() {
        widgets::caption(ui, "None yet.");
        return None;
    }
    let places = grid.places(read, revision);
    grid.cursor = grid.cursor.min(places.len() - 1);
    let plan = Plan::new(ui, places.len());
    let (rect, _) = ui.allocate_exact_size(plan.size, Sense::hover());
    if ui.is_rect_visible(rect) {
        let key = Drawn {
            revision,
            order: grid.order,
            origin: rect.min,
            side: plan.side,
            columns: plan.columns,
            dark: ui.visuals().dark_mode,
        };
        let mesh = match &grid.mesh {
            Some((of, mesh)) if *of == key => Arc::clone(mesh),
            _ => {
                let mesh = Arc::new(mesh(read, &places, &plan, rect.min, &Tokens::in_ui(ui)));
                grid.mesh = Some((key, Arc::clone(&mesh)));
                mesh
            }
        };
        ui.painter().add(Shape::Mesh(mesh));
    }
    let cells = Cells {
        read,
        places: &places,
        plan,
        origin: rect.min,
        unit,
    };
    if places.len() <= BUTTONS_MAX {
        cells.buttons(ui)
    } else {
        cells.one_area(ui, rect, &mut grid.cursor)
    }
}

/// What each mark means, with how many there are.
fn legend(ui: &mut Ui, read: &Read) {
    let tokens = Tokens::in_ui(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        for status in TrialStatus::ALL {
            let of = read.count(status);
            if of == 0 {
                continue;
            }
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(12.0), Sense::hover());
            let mut mesh = Mesh::default();
            cell(&mut mesh, rect, status, &tokens);
            ui.painter().add(Shape::mesh(mesh));
            let text = format!("{} {}", count(of as u64), words(status));
            ui.label(RichText::new(text).small().color(tokens.dim));
            ui.add_space(2.0 * theme::GRID);
        }
    });
}

/// How a trial stands, for people.
pub fn words(status: TrialStatus) -> &'static str {
    match status {
        TrialStatus::Planned => "to come",
        TrialStatus::Running => "going on",
        TrialStatus::Done => "done",
        TrialStatus::NotReached => "not reached",
        TrialStatus::Failed => "failed",
        TrialStatus::Pruned => "given up",
        TrialStatus::Skipped => "never begun",
    }
}

/// Where cells stand.
#[derive(Clone, Copy)]
struct Plan {
    side: f32,
    columns: usize,
    size: Vec2,
}

impl Plan {
    fn new(ui: &Ui, cells: usize) -> Self {
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

    fn cell(&self, origin: Pos2, at: usize) -> Rect {
        let (column, row) = (at % self.columns, at / self.columns);
        let min = origin + vec2(column as f32, row as f32) * self.side;
        let gap = if self.side > 12.0 { 2.0 } else { 1.0 };
        Rect::from_min_size(min, Vec2::splat(self.side - gap))
    }
}

fn mesh(read: &Read, places: &[usize], plan: &Plan, origin: Pos2, tokens: &Tokens) -> Mesh {
    let mut mesh = Mesh::default();
    for (at, trial) in places.iter().enumerate() {
        cell(
            &mut mesh,
            plan.cell(origin, at),
            read.trials[*trial].status,
            tokens,
        );
    }
    mesh
}

/// A cell: each state has a colour and a shape of its own, which can be told apart down to some points.
fn cell(mesh: &mut Mesh, rect: Rect, status: TrialStatus, tokens: &Tokens) {
    let part = |left: f32, top: f32, right: f32, bottom: f32| {
        Rect::from_min_max(
            rect.lerp_inside(vec2(left, top)),
            rect.lerp_inside(vec2(right, bottom)),
        )
    };
    match status {
        // Hollow.
        TrialStatus::Planned => {
            mesh.add_colored_rect(rect, tokens.outline);
            mesh.add_colored_rect(part(0.1, 0.1, 0.9, 0.9), tokens.canvas);
        }
        // A thick frame.
        TrialStatus::Running => {
            mesh.add_colored_rect(rect, tokens.accent);
            mesh.add_colored_rect(part(0.3, 0.3, 0.7, 0.7), tokens.surface);
        }
        // Full; a little toward the ground, since mostly there are many.
        TrialStatus::Done => {
            let colour = tokens.good.lerp_to_gamma(tokens.surface, 0.25);
            mesh.add_colored_rect(rect, colour);
        }
        // The lower half, below a diagonal.
        TrialStatus::NotReached => {
            mesh.add_colored_rect(rect, tokens.raised);
            polygon(
                mesh,
                &[rect.left_top(), rect.right_bottom(), rect.left_bottom()],
                tokens.warning,
            );
        }
        // A cross.
        TrialStatus::Failed => {
            mesh.add_colored_rect(rect, tokens.raised);
            let wide = 0.24 * rect.width();
            for (from, to) in [
                (rect.left_top(), rect.right_bottom()),
                (rect.right_top(), rect.left_bottom()),
            ] {
                let across = (to - from).rot90().normalized() * wide / 2.0;
                let inner = |point: Pos2| point + (rect.center() - point) * 0.12;
                let (from, to) = (inner(from), inner(to));
                polygon(
                    mesh,
                    &[from - across, from + across, to + across, to - across],
                    tokens.error,
                );
            }
        }
        // A bar across.
        TrialStatus::Pruned => {
            mesh.add_colored_rect(rect, tokens.raised);
            mesh.add_colored_rect(part(0.1, 0.36, 0.9, 0.64), tokens.dim);
        }
        // A dot.
        TrialStatus::Skipped => mesh.add_colored_rect(part(0.36, 0.36, 0.64, 0.64), tokens.outline),
    }
}

fn polygon(mesh: &mut Mesh, corners: &[Pos2], colour: Color32) {
    let first = mesh.vertices.len() as u32;
    mesh.vertices.extend(corners.iter().map(|pos| Vertex {
        pos: *pos,
        uv: WHITE_UV,
        color: colour,
    }));
    for at in 2..corners.len() as u32 {
        mesh.add_triangle(first, first + at - 1, first + at);
    }
}

struct Cells<'a> {
    read: &'a Read,
    places: &'a [usize],
    plan: Plan,
    origin: Pos2,
    unit: EnergyUnit,
}

impl Cells<'_> {
    fn trial(&self, at: usize) -> (&TrialRecord, &str) {
        let trial = self.places[at];
        (&self.read.trials[trial], &self.read.labels[trial])
    }

    /// What a cell says in a line.
    fn name(&self, at: usize) -> String {
        let (trial, label) = self.trial(at);
        let mut text = format!(
            "Trial {}: {label}, seed {}: {}",
            trial.number,
            trial.seed,
            words(trial.status)
        );
        if let Some(energy) = trial.result.as_ref().and_then(|result| result.energy_j) {
            text.push_str(&format!(", {}", written_energy(energy, self.unit)));
        }
        text
    }

    fn hover(&self, ui: &mut Ui, at: usize) {
        let (trial, label) = self.trial(at);
        ui.set_max_width(360.0);
        ui.label(RichText::new(label).text_style(theme::strong()));
        let rung = match trial.rung {
            0 => String::new(),
            rung => format!(", rung {}", rung + 1),
        };
        ui.label(format!(
            "Trial {}, seed {}{rung}: {}",
            trial.number,
            trial.seed,
            words(trial.status)
        ));
        if let Some(result) = &trial.result {
            match result.energy_j {
                Some(energy) => {
                    let simulated = if result.simulated { ", simulated" } else { "" };
                    let grade = result.grade.map_or_else(String::new, |grade| {
                        format!(" · grade {grade}: {}", grade.meaning())
                    });
                    ui.label(format!(
                        "{}{simulated}{grade}",
                        written_energy(energy, self.unit)
                    ));
                }
                None => {
                    ui.label("No energy was measured");
                }
            }
            if let Some(value) = result.value {
                let text = format!(
                    "{} after {}",
                    result.metric.format_named(value),
                    duration(result.time_s)
                );
                ui.label(text);
            }
        }
        if let Some(cooled) = trial
            .cool_down
            .as_ref()
            .filter(|cooled| cooled.waited_s > 0.0)
        {
            ui.label(format!(
                "Paused {} before it: {}",
                duration(cooled.waited_s),
                cooled.text
            ));
        }
        if let Some(reason) = &trial.reason {
            ui.label(reason);
        }
        if trial.run_id.is_some() {
            widgets::caption(ui, "Click to show its run.");
        }
    }

    /// Each cell is a button.
    fn buttons(&self, ui: &mut Ui) -> Option<String> {
        let mut chosen = None;
        let id = ui.scope_id().with("sweep-trials");
        for at in 0..self.places.len() {
            let rect = self.plan.cell(self.origin, at);
            let (trial, _) = self.trial(at);
            let response = ui.interact(rect, id.with(trial.number), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, self.name(at)));
            self.rim(ui, &response, at);
            if response.clicked() {
                chosen = trial.run_id.clone();
            }
            if response.gained_focus() {
                response.scroll_to_me(None);
            }
            response.on_hover_ui(|ui| self.hover(ui, at));
        }
        chosen
    }

    /// One area for all cells: the pointer and the arrow keys choose among them.
    fn one_area(&self, ui: &mut Ui, rect: Rect, cursor: &mut usize) -> Option<String> {
        let response = ui.interact(rect, ui.scope_id().with("sweep-trials"), Sense::click());
        let last = self.places.len() - 1;
        let under = response.hover_pos().and_then(|at| {
            let at = (at - self.origin) / self.plan.side;
            let cell = at.y as usize * self.plan.columns + at.x as usize;
            (cell <= last).then_some(cell)
        });
        let has_focus = response.has_focus();
        if has_focus {
            let filter = EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                ..EventFilter::default()
            };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
            for (key, by) in [
                (Key::ArrowRight, 1),
                (Key::ArrowLeft, -1),
                (Key::ArrowDown, self.plan.columns as isize),
                (Key::ArrowUp, -(self.plan.columns as isize)),
            ] {
                if ui.input(|input| input.key_pressed(key)) {
                    *cursor = cursor.saturating_add_signed(by).min(last);
                }
            }
        }
        response.widget_info(|| {
            let name = match has_focus {
                true => self.name(*cursor),
                false => format!("{} trials: arrow keys choose one", count(last as u64 + 1)),
            };
            WidgetInfo::labeled(Role::Button, true, name)
        });
        if has_focus {
            self.rim(ui, &response, *cursor);
        }
        if let Some(at) = under {
            let tokens = Tokens::in_ui(ui);
            let rect = self.plan.cell(self.origin, at).expand(1.0);
            let stroke = Stroke::new(1.5, tokens.text);
            ui.painter()
                .rect_stroke(rect, 1.0, stroke, StrokeKind::Outside);
        }
        let clicked = response.clicked();
        if let Some(at) = under {
            response.on_hover_ui_at_pointer(|ui| self.hover(ui, at));
        }
        let at = clicked.then(|| under.unwrap_or(*cursor))?;
        self.trial(at).0.run_id.clone()
    }

    fn rim(&self, ui: &Ui, response: &Response, at: usize) {
        let tokens = Tokens::in_ui(ui);
        let colour = match (response.has_focus(), response.hovered()) {
            (true, _) => tokens.accent_text,
            (false, true) => tokens.text,
            (false, false) => return,
        };
        let rect = self.plan.cell(self.origin, at);
        let stroke = Stroke::new(2.0, colour);
        ui.painter()
            .rect_stroke(rect, 2.0, stroke, StrokeKind::Outside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn every_state_has_a_shape_of_its_own() {
        let tokens = Tokens::of(egui::Theme::Dark);
        let rect = Rect::from_min_size(pos2(0.0, 0.0), Vec2::splat(10.0));
        let shapes: Vec<Vec<[i32; 2]>> = TrialStatus::ALL
            .into_iter()
            .map(|status| {
                let mut mesh = Mesh::default();
                cell(&mut mesh, rect, status, &tokens);
                let corner =
                    |vertex: &Vertex| [vertex.pos.x, vertex.pos.y].map(|at| (at * 100.0) as i32);
                mesh.vertices.iter().map(corner).collect()
            })
            .collect();
        for (at, shape) in shapes.iter().enumerate() {
            assert!(!shapes[..at].contains(shape), "{:?}", TrialStatus::ALL[at]);
        }
    }
}
