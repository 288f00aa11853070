use egui::{
    Align2, FontId, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2,
};

use super::chart::Chart;
use super::line::Mark;
use super::memory::Memory;
use super::scatter;
use super::strokes::Look;
use crate::gui::theme::{self, Dash, Tokens};

/// Height of an entry, points.
const HEIGHT: f32 = 5.0 * theme::GRID;
/// Width of the sample of a line, points.
pub const SAMPLE: f32 = 18.0;
/// Longest name, characters; the rest is told by a hover.
const NAME_MAX: usize = 32;

/// How an entry is drawn.
enum Sign {
    Line(Look),
    Mark(Mark, egui::Color32),
}

struct Entry<'a> {
    id: u64,
    name: &'a str,
    sign: Sign,
}

/// A row of names above a chart, each of which switches what it names on and off. It takes its room even while it is
/// empty, so that the plot does not move. At its right is the name of the x axis; gives whether there was room for that.
pub fn show(ui: &mut Ui, chart: &Chart<'_>, memory: &mut Memory) -> bool {
    let tokens = Tokens::in_ui(ui);
    let lines = chart
        .lines
        .iter()
        .filter(|line| line.in_legend)
        .map(|line| Entry {
            id: line.id,
            name: &line.name,
            sign: Sign::Line(Chart::look(line, &tokens)),
        });
    let points = chart.points.iter().map(|points| Entry {
        id: points.id,
        name: &points.name,
        sign: Sign::Mark(points.mark, tokens.series(points.colour).0),
    });
    let entries: Vec<Entry<'_>> = lines.chain(points).collect();
    let right = ui.max_rect().right() - super::chart::RIGHT;
    let row = ui.horizontal_wrapped(|ui| {
        ui.set_min_height(HEIGHT);
        ui.spacing_mut().item_spacing = Vec2::new(3.0 * theme::GRID, 0.0);
        ui.spacing_mut().interact_size.y = HEIGHT;
        ui.add_space(2.0 * theme::GRID);
        if !chart.y.name.is_empty() {
            crate::gui::widgets::caption(ui, chart.y.name.clone());
        }
        for entry in &entries {
            let is_hidden = memory.hidden.contains(&entry.id);
            if show_entry(ui, entry, is_hidden, &tokens) {
                if is_hidden {
                    memory.hidden.remove(&entry.id);
                } else {
                    memory.hidden.insert(entry.id);
                }
            }
        }
        ui.min_rect()
    });
    memory
        .hidden
        .retain(|id| entries.iter().any(|entry| entry.id == *id));
    let font = FontId::proportional(theme::CAPTION);
    let name = ui
        .painter()
        .layout_no_wrap(chart.x.name.clone(), font, tokens.dim);
    let used = row.inner;
    let has_room = used.height() < 1.5 * HEIGHT && used.right() + name.size().x + 16.0 < right;
    if has_room {
        let at = pos2(right - name.size().x, used.center().y - name.size().y / 2.0);
        ui.painter().galley(at, name, tokens.dim);
    }
    has_room
}

/// Shows an entry; gives whether it was clicked.
fn show_entry(ui: &mut Ui, entry: &Entry<'_>, is_hidden: bool, tokens: &Tokens) -> bool {
    let shortened = shortened(entry.name);
    let font = FontId::proportional(theme::CAPTION);
    let colour = if is_hidden { tokens.dim } else { tokens.text };
    let galley = ui.painter().layout_no_wrap(shortened.clone(), font, colour);
    let size = Vec2::new(SAMPLE + theme::GRID + galley.size().x, HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| {
        let label = format!("Show {}", entry.name);
        WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), !is_hidden, label)
    });
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        if response.has_focus() {
            let stroke = Stroke::new(1.0, tokens.accent);
            painter.rect_stroke(
                rect.expand2(Vec2::new(3.0, 0.0)),
                3.0,
                stroke,
                StrokeKind::Inside,
            );
        }
        let fade = if is_hidden { 0.35 } else { 1.0 };
        let sample = Rect::from_min_size(rect.min, Vec2::new(SAMPLE, HEIGHT));
        match &entry.sign {
            Sign::Line(look) => {
                let look = Look {
                    colour: look.colour.gamma_multiply(fade),
                    ..*look
                };
                paint_sample(painter, sample, &look);
            }
            Sign::Mark(mark, colour) => {
                painter.add(scatter::mark(
                    sample.center(),
                    *mark,
                    4.0,
                    colour.gamma_multiply(fade),
                ));
            }
        }
        let at = pos2(
            sample.right() + theme::GRID,
            rect.center().y - galley.size().y / 2.0,
        );
        if is_hidden {
            let through = at.y + galley.size().y / 2.0;
            painter.hline(
                at.x..=at.x + galley.size().x,
                through,
                Stroke::new(1.0, tokens.dim),
            );
        }
        painter.galley(at, galley, colour);
    }
    let is_shortened = shortened != entry.name;
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    let response = if is_shortened {
        response.on_hover_text(entry.name)
    } else {
        response
    };
    response.clicked()
}

/// The name, shortened where it is too long for its place.
pub fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_MAX {
        return name.to_owned();
    }
    name.chars().take(NAME_MAX - 1).chain(['…']).collect()
}

/// A short piece of a line with its stroke and mark.
pub fn paint_sample(painter: &egui::Painter, rect: Rect, look: &Look) {
    let (left, right): (Pos2, Pos2) = (rect.left_center(), rect.right_center());
    let stroke = Stroke::new(look.width.max(1.5), look.colour);
    match look.dash {
        Dash::Solid => {
            painter.line_segment([left, right], stroke);
        }
        Dash::Dashed => {
            painter.extend(egui::Shape::dashed_line(&[left, right], stroke, 5.0, 3.0));
        }
        Dash::Dotted => {
            painter.extend(egui::Shape::dotted_line(
                &[left, right],
                look.colour,
                3.5,
                1.0,
            ));
        }
    }
    if look.markers {
        painter.circle_filled(
            Align2::CENTER_CENTER.pos_in_rect(&rect),
            look.width + 1.25,
            look.colour,
        );
    }
}
