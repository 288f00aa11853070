//! Two axes against each other: a cell for each pair of levels.

use std::sync::Arc;

use egui::epaint::Mesh;
use egui::{
    Align2, Color32, ComboBox, FontId, Rect, Response, RichText, Role, ScrollArea, Sense, Shape,
    Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::analysed::Made;
use crate::analysis::sweep::{Analysis, Cell, HeatMap};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::report::{Ink, Theme};
use crate::units::quantity;

/// Sides of a cell with a figure in it, points.
const CELL: Vec2 = vec2(78.0, 34.0);
/// The same where there are so many that only colours are shown.
const SMALL_CELL: f32 = 9.0;
/// Cells up to which each has its figure and a name of its own.
const FIGURES_MAX: usize = 256;
/// Most room for the names of levels, points.
const LEVEL_MAX: f32 = 120.0;

/// Which map is shown.
#[derive(Default)]
pub struct Heat {
    chosen: usize,
    mesh: Option<(u64, usize, Rect, Arc<Mesh>)>,
}

/// Draws the map.
pub fn show(heat: &mut Heat, ui: &mut Ui, made: &Made, unit: EnergyUnit) {
    let analysis = &made.analysis;
    if analysis.heat_maps.is_empty() {
        return;
    }
    heat.chosen = heat.chosen.min(analysis.heat_maps.len() - 1);
    let title = |map: &HeatMap| {
        let (x, y) = (&analysis.axes[map.x].name, &analysis.axes[map.y].name);
        format!("{x} × {y}")
    };
    ui.add_space(theme::GRID);
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, "Energy by two axes");
        if analysis.heat_maps.len() > 1 {
            let label = widgets::field_label(ui, "Axes", "Which two");
            let combo = ComboBox::from_id_salt("sweep-heat")
                .selected_text(title(&analysis.heat_maps[heat.chosen]))
                .width(240.0)
                .truncate();
            let inner = combo.show_ui(ui, |ui| {
                for (at, map) in analysis.heat_maps.iter().enumerate() {
                    ui.selectable_value(&mut heat.chosen, at, title(map));
                }
            });
            inner.response.labelled_by(label.id);
        }
    });
    let map = &analysis.heat_maps[heat.chosen];
    let others = match analysis.axes.len() > 2 {
        true => "Geometric mean over the other axes. ",
        false => "",
    };
    let text = format!("{others}Paler is less. What did not get there has no colour.");
    widgets::caption(ui, text);
    ScrollArea::horizontal()
        .id_salt("sweep-heat")
        .show(ui, |ui| {
            draw(heat, ui, made, map, unit);
        });
}

/// What a cell stands for.
struct Scale {
    least: f64,
    most: f64,
    unit: EnergyUnit,
}

impl Scale {
    fn of(map: &HeatMap, unit: EnergyUnit) -> Self {
        let means = || map.cells.iter().filter_map(|cell| cell.mean);
        Self {
            least: means().fold(f64::INFINITY, f64::min),
            most: means().fold(0.0, f64::max),
            unit,
        }
    }

    fn share(&self, mean: f64) -> f64 {
        match self.most / self.least > 1.0 {
            true => (mean / self.least).ln() / (self.most / self.least).ln(),
            false => 0.5,
        }
    }

    fn written(&self, mean: f64) -> String {
        match self.unit {
            EnergyUnit::Joules => quantity(mean, "J"),
            EnergyUnit::WattHours => quantity(mean / 3600.0, "Wh"),
        }
    }

    fn words(&self, cell: &Cell) -> String {
        match (cell.mean, cell.setups, cell.not_reached) {
            (Some(mean), ..) if cell.not_reached > 0 => {
                format!(
                    "{}, {} of {} reached",
                    self.written(mean),
                    cell.ranked,
                    cell.setups
                )
            }
            (Some(mean), ..) if mean <= self.least => format!("{}, the least", self.written(mean)),
            (Some(mean), ..) => self.written(mean),
            (None, 0, _) => "not tried".to_owned(),
            (None, _, 0) => "missing".to_owned(),
            (None, ..) => "not reached".to_owned(),
        }
    }
}

fn ink(ink: Ink, dark: bool) -> Color32 {
    let theme = if dark { Theme::Dark } else { Theme::Light };
    let [red, green, blue] = ink.rgb(theme);
    Color32::from_rgb(red, green, blue)
}

fn draw(heat: &mut Heat, ui: &mut Ui, made: &Made, map: &HeatMap, unit: EnergyUnit) {
    let analysis = &made.analysis;
    let tokens = Tokens::in_ui(ui);
    let (x, y) = (&analysis.axes[map.x], &analysis.axes[map.y]);
    let (columns, rows) = (x.levels.len(), y.levels.len());
    let has_figures = map.cells.len() <= FIGURES_MAX;
    let side = match has_figures {
        true => CELL,
        false => Vec2::splat(SMALL_CELL),
    };
    let font = FontId::proportional(theme::CAPTION);
    let width = |text: &str| {
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), font.clone(), tokens.text);
        galley.size().x
    };
    let names = match has_figures {
        true => y
            .levels
            .iter()
            .map(|level| width(level))
            .fold(0.0, f32::max)
            .min(LEVEL_MAX),
        false => 0.0,
    };
    let left = (names + 12.0).max(width(&y.name).min(LEVEL_MAX) + 12.0);
    let head = 18.0;
    let foot = if has_figures { 34.0 } else { 18.0 };
    let inner = vec2(side.x * columns as f32, side.y * rows as f32);
    let size = vec2(left + inner.x.max(width(&x.name)), head + inner.y + foot);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let cells = Rect::from_min_size(rect.min + vec2(left, head), inner);
    let scale = Scale::of(map, unit);
    let place = |column: usize, row: usize| {
        // The lowest level at the bottom, as on an axis.
        let at = vec2(column as f32 * side.x, (rows - 1 - row) as f32 * side.y);
        Rect::from_min_size(cells.min + at, side)
    };
    let painter = ui.painter().clone();
    painter.text(
        rect.left_top(),
        Align2::LEFT_TOP,
        &y.name,
        font.clone(),
        tokens.dim,
    );
    let at = pos2(cells.left(), rect.bottom());
    painter.text(at, Align2::LEFT_BOTTOM, &x.name, font.clone(), tokens.dim);
    if has_figures {
        for (column, level) in x.levels.iter().enumerate() {
            let at = place(column, 0).center_bottom() + vec2(0.0, 4.0);
            let clip = Rect::from_center_size(at, vec2(side.x - 4.0, 40.0));
            let painter = painter.with_clip_rect(clip.intersect(ui.clip_rect()));
            painter.text(at, Align2::CENTER_TOP, level, font.clone(), tokens.text);
        }
        for (row, level) in y.levels.iter().enumerate() {
            let at = place(0, row).left_center() - vec2(8.0, 0.0);
            let clip = Rect::from_min_max(pos2(rect.left(), at.y - 20.0), at + vec2(0.0, 20.0));
            let painter = painter.with_clip_rect(clip.intersect(ui.clip_rect()));
            painter.text(at, Align2::RIGHT_CENTER, level, font.clone(), tokens.text);
        }
        let id = ui.scope_id().with(("sweep-heat-cells", heat.chosen));
        for row in 0..rows {
            for column in 0..columns {
                let cell = &map.cells[row * columns + column];
                let place = place(column, row).shrink(1.0);
                paint(ui, place, cell, &scale, &tokens);
                let response = ui.interact(place, id.with((row, column)), Sense::hover());
                name(&response, analysis, map, (column, row), &scale);
            }
        }
        return;
    }
    // So many cells are drawn at once, and the pointer tells each.
    let known = heat.mesh.as_ref().filter(|(serial, chosen, of, _)| {
        (*serial, *chosen, *of) == (made.serial, heat.chosen, cells)
    });
    let mesh = match known {
        Some((.., mesh)) => Arc::clone(mesh),
        None => {
            let mut mesh = Mesh::default();
            for row in 0..rows {
                for column in 0..columns {
                    let mean = map.cells[row * columns + column].mean;
                    let colour = mean.map_or(tokens.raised, |mean| {
                        ink(Ink::Heat(scale.share(mean)), tokens.dark)
                    });
                    mesh.add_colored_rect(place(column, row).shrink(0.5), colour);
                }
            }
            let mesh = Arc::new(mesh);
            heat.mesh = Some((made.serial, heat.chosen, cells, Arc::clone(&mesh)));
            mesh
        }
    };
    painter.add(Shape::Mesh(mesh));
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Image,
            true,
            format!("Energy by {} and {}", x.name, y.name),
        )
    });
    let under = response
        .hover_pos()
        .filter(|at| cells.contains(*at))
        .map(|at| {
            let at = (at - cells.min) / side;
            let column = (at.x as usize).min(columns - 1);
            (column, rows - 1 - (at.y as usize).min(rows - 1))
        });
    if let Some((column, row)) = under {
        let stroke = Stroke::new(1.5, tokens.text);
        painter.rect_stroke(place(column, row), 1.0, stroke, StrokeKind::Outside);
        response.on_hover_text_at_pointer(said(analysis, map, (column, row), &scale));
    }
}

fn paint(ui: &Ui, rect: Rect, cell: &Cell, scale: &Scale, tokens: &Tokens) {
    let painter = ui.painter();
    let small = FontId::proportional(10.0);
    let Some(mean) = cell.mean else {
        painter.rect_filled(rect, 3.0, tokens.raised);
        let text = match (cell.setups, cell.not_reached) {
            (0, _) => "–",
            (_, 0) => "missing",
            _ => "not reached",
        };
        painter.text(
            rect.center(),
            Align2::CENTER_CENTER,
            text,
            small,
            tokens.dim,
        );
        return;
    };
    let share = scale.share(mean);
    painter.rect_filled(rect, 3.0, ink(Ink::Heat(share), tokens.dark));
    if !tokens.dark {
        // The palest are hardly darker than the page.
        let rim = Stroke::new(1.0, tokens.outline);
        painter.rect_stroke(rect, 3.0, rim, StrokeKind::Inside);
    }
    let colour = ink(Ink::OnHeat(share), tokens.dark);
    let note = match (mean <= scale.least, cell.not_reached > 0) {
        (_, true) => Some(format!("{} of {}", cell.ranked, cell.setups)),
        (true, false) => Some("least".to_owned()),
        (false, false) => None,
    };
    let up = if note.is_some() {
        vec2(0.0, -6.0)
    } else {
        Vec2::ZERO
    };
    let figure = scale.written(mean);
    let font = FontId::monospace(theme::CAPTION);
    painter.text(
        rect.center() + up,
        Align2::CENTER_CENTER,
        figure,
        font,
        colour,
    );
    if let Some(note) = note {
        painter.text(
            rect.center() + vec2(0.0, 8.0),
            Align2::CENTER_CENTER,
            note,
            small,
            colour,
        );
    }
}

fn said(
    analysis: &Analysis,
    map: &HeatMap,
    (column, row): (usize, usize),
    scale: &Scale,
) -> String {
    let (x, y) = (&analysis.axes[map.x], &analysis.axes[map.y]);
    let cell = &map.cells[row * x.levels.len() + column];
    format!(
        "{} {}, {} {}: {}",
        x.name,
        x.levels[column],
        y.name,
        y.levels[row],
        scale.words(cell)
    )
}

fn name(
    response: &Response,
    analysis: &Analysis,
    map: &HeatMap,
    at: (usize, usize),
    scale: &Scale,
) {
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, said(analysis, map, at, scale)));
    if response.hovered() {
        response.clone().on_hover_ui(|ui| {
            ui.label(RichText::new(said(analysis, map, at, scale)));
        });
    }
}
