use std::sync::Arc;

use egui::{Color32, FontId, Galley, Painter, Pos2, Rect, Stroke, StrokeKind, Vec2, pos2};

use super::axis::Unit;
use super::chart::Chart;
use super::legend::{SAMPLE, paint_sample, shortened};
use super::line::Line;
use super::memory::Memory;
use super::screen::{Screen, first};
use super::strokes::Look;
use super::{shades, view};
use crate::gui::theme::{self, Tokens};
use crate::units::{Estimate, estimate};

/// Most rows of the readout.
const ROWS_MAX: usize = 12;
/// Height of a row, points.
const ROW: f32 = 4.0 * theme::GRID;
/// The width of the readout grows by this, points, so that it does not tremble with the length of its figures.
const WIDTH_STEP: f32 = 24.0;

/// Where along x the pointer is.
#[derive(Clone, Copy, Debug)]
pub struct Pointed {
    /// The value there.
    pub x: f64,
    /// Where on the screen, if it is in this chart.
    pub pointer: Option<Pos2>,
}

struct Row {
    look: Option<Look>,
    name: String,
    value: String,
}

/// Paints a ruler at the pointer, a dot on each line, and in the corner away from the pointer what they are there.
pub fn paint(
    painter: &Painter,
    chart: &Chart<'_>,
    memory: &mut Memory,
    screen: &Screen,
    pointed: Option<Pointed>,
    point: Option<(usize, usize)>,
    tokens: &Tokens,
) {
    let Some(pointed) = pointed else { return };
    if let Some(pointer) = pointed.pointer {
        let was_left = memory.readout_is_left;
        memory.readout_is_left = view::readout_is_left(screen.rect, pointer.x, was_left);
    }
    if let Some((which, number)) = point {
        let point = &chart.points[which].points[number];
        let rows = [
            Row {
                look: None,
                name: point.label.clone(),
                value: String::new(),
            },
            row_of(&chart.x.name, chart.x.unit.written(point.x)),
            row_of(&chart.y.name, chart.y.unit.written(point.y)),
        ];
        return panel(painter, memory, screen, &rows, tokens);
    }
    let found: Vec<(&Line<'_>, usize)> = chart
        .visible_lines(memory)
        .filter_map(|line| Some((line, nearest(line, pointed.x)?)))
        .collect();
    let snapped = found
        .iter()
        .map(|(line, at)| (line.x)(*at))
        .min_by(|a, b| (a - pointed.x).abs().total_cmp(&(b - pointed.x).abs()))
        .filter(|x| (screen.x_at(*x) - screen.x_at(pointed.x)).abs() < 24.0)
        .unwrap_or(pointed.x);
    let ruler = screen.x_at(snapped) as f32;
    if !chart.lines.is_empty() && screen.rect.x_range().contains(ruler) {
        let stroke = Stroke::new(1.0, tokens.dim.gamma_multiply(0.6));
        painter.vline(ruler, screen.rect.y_range(), stroke);
    }
    let mut rows = vec![row_of(&chart.x.name, chart.x.unit.written(snapped))];
    for (line, at) in found {
        let look = Chart::look(line, tokens);
        let y = memory.smoothed(line, at).unwrap_or_else(|| (line.y)(at));
        let is_placed = screen.y_at(y).is_finite();
        if is_placed && line.in_legend {
            let dot = screen.at((line.x)(at), y);
            painter.circle(dot, 3.5, look.colour, Stroke::new(1.5, tokens.well));
        }
        let name = shortened(&line.name);
        rows.push(Row {
            look: Some(look),
            name,
            value: written(chart, memory, line, at),
        });
    }
    if let Some(label) = shades::label_at(chart.shades, snapped) {
        rows.push(row_of("phase", label.to_owned()));
    }
    if rows.len() > ROWS_MAX {
        let more = rows.len() - ROWS_MAX + 1;
        rows.truncate(ROWS_MAX - 1);
        rows.push(row_of(&format!("and {more} more"), String::new()));
    }
    if pointed.pointer.is_some() && !chart.lines.is_empty() {
        panel(painter, memory, screen, &rows, tokens);
    }
}

fn row_of(name: &str, value: String) -> Row {
    Row {
        look: None,
        name: name.to_owned(),
        value,
    }
}

fn written(chart: &Chart<'_>, memory: &Memory, line: &Line<'_>, at: usize) -> String {
    if let Some(written) = &line.written {
        return written(at);
    }
    let y = (line.y)(at);
    if !y.is_finite() {
        return "no reading".to_owned();
    }
    if let Some(smoothed) = memory.smoothed(line, at) {
        let (smoothed, plain) = (chart.y.unit.written(smoothed), chart.y.unit.written(y));
        return format!("{smoothed} (raw {plain})");
    }
    match (&line.band, chart.y.unit) {
        (Some((low, high)), Unit::Si { symbol, scale }) => {
            let figure = Estimate {
                value: y,
                low: low(at),
                high: high(at),
            };
            estimate(figure.scale(scale), symbol)
        }
        (Some((low, high)), unit) => {
            let ends = (unit.written(low(at)), unit.written(high(at)));
            format!("{} ({} to {})", unit.written(y), ends.0, ends.1)
        }
        (None, unit) => unit.written(y),
    }
}

/// The point of a line that is nearest along x.
fn nearest(line: &Line<'_>, x: f64) -> Option<usize> {
    let after = first(line.len, |at| (line.x)(at) >= x);
    let before = after.checked_sub(1);
    match (before, after < line.len) {
        (Some(before), true) => {
            let is_before = x - (line.x)(before) < (line.x)(after) - x;
            Some(if is_before { before } else { after })
        }
        (Some(before), false) => Some(before),
        (None, true) => Some(after),
        (None, false) => None,
    }
}

/// A box in the corner away from the pointer, one row a series, figures flush right.
fn panel(painter: &Painter, memory: &Memory, screen: &Screen, rows: &[Row], tokens: &Tokens) {
    let lay = |text: &str, font: FontId, colour: Color32| -> Arc<Galley> {
        painter.layout_no_wrap(text.to_owned(), font, colour)
    };
    let laid: Vec<_> = rows
        .iter()
        .map(|row| {
            let colour = if row.look.is_some() || row.value.is_empty() {
                tokens.text
            } else {
                tokens.dim
            };
            let name = lay(&row.name, FontId::proportional(theme::CAPTION), colour);
            let value = lay(&row.value, FontId::monospace(theme::CAPTION), tokens.text);
            (row, name, value)
        })
        .collect();
    let sample = if rows.iter().any(|row| row.look.is_some()) {
        SAMPLE + theme::GRID
    } else {
        0.0
    };
    let room = 4.0 * theme::GRID;
    let names = laid
        .iter()
        .map(|(_, name, _)| name.size().x)
        .fold(0.0, f32::max);
    let values = laid
        .iter()
        .map(|(_, _, value)| value.size().x)
        .fold(0.0, f32::max);
    let width = ((sample + names + room + values) / WIDTH_STEP).ceil() * WIDTH_STEP;
    let margin = 2.0 * theme::GRID;
    let size = Vec2::new(width, ROW * rows.len() as f32) + Vec2::splat(2.0 * margin);
    let rect = view::corner(screen.rect, size, memory.readout_is_left);
    let stroke = Stroke::new(1.0, tokens.line);
    let fill = tokens.raised.gamma_multiply(0.96);
    painter.rect(
        rect,
        f32::from(theme::ROUNDING),
        fill,
        stroke,
        StrokeKind::Inside,
    );
    for (at, (row, name, value)) in laid.into_iter().enumerate() {
        let top = rect.top() + margin + ROW * at as f32;
        let left = rect.left() + margin;
        if let Some(look) = &row.look {
            let place = Rect::from_min_size(pos2(left, top), Vec2::new(SAMPLE, ROW));
            paint_sample(painter, place, look);
        }
        let indent = if row.look.is_some() { sample } else { 0.0 };
        let middle = |galley: &Galley| top + (ROW - galley.size().y) / 2.0;
        let right = rect.right() - margin - value.size().x;
        let (name_y, value_y) = (middle(&name), middle(&value));
        painter.galley(pos2(left + indent, name_y), name, tokens.text);
        painter.galley(pos2(right, value_y), value, tokens.text);
    }
}
