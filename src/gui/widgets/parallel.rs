//! Parallel axes: a line a row through figures and words. A stretch of an axis that is drawn over, or set by its two
//! figures, narrows the rows.

use std::collections::BTreeMap;

use egui::{
    Align2, DragValue, FontId, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};
use serde_json::Value;

use crate::gui::plot::Unit;
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::units::significant;

/// Room for a missing value below an axis, points.
const MISSING: f32 = 20.0;
/// Room above the axes for their names, points.
const HEAD: f32 = 36.0;

/// What an axis counts.
#[derive(Clone, Debug, PartialEq)]
enum Scale {
    /// Figures; with equal distances for equal factors where they span several powers of ten.
    Figures {
        low: f64,
        high: f64,
        log: bool,
        unit: Shown,
    },
    /// Words, evenly spaced.
    Words(Vec<String>),
}

/// How a figure of an axis is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// As it is.
    Plain,
    /// A share, in per cent.
    Percent,
    /// Joules, in the unit that the user chose.
    Energy,
}

impl Shown {
    fn written(self, value: f64, unit: EnergyUnit) -> String {
        match self {
            Self::Plain => plain(value),
            Self::Percent => Unit::Percent.written(value),
            Self::Energy => match unit {
                EnergyUnit::Joules => Unit::JOULES.written(value),
                EnergyUnit::WattHours => Unit::WATT_HOURS.written(value),
            },
        }
    }
}

/// One axis.
#[derive(Clone, Debug)]
pub struct ParallelAxis {
    /// What it shows; unique among the axes.
    pub name: String,
    scale: Scale,
    /// Where each row is, 0 below to 1 above; `None` where it has no such value.
    places: Vec<Option<f64>>,
}

impl ParallelAxis {
    /// An axis of values of a setup, one for each row: figures where all are, else words.
    pub fn of_values(name: impl Into<String>, values: &[Option<Value>]) -> Self {
        let (scale, places) = scale_of(values);
        Self {
            name: name.into(),
            scale,
            places,
        }
    }

    /// An axis of figures, one for each row.
    pub fn of_figures(name: impl Into<String>, values: &[Option<f64>], shown: Shown) -> Self {
        let (scale, places) = figures(values, shown);
        Self {
            name: name.into(),
            scale,
            places,
        }
    }

    /// The same axis for some of the rows.
    pub fn only(&self, rows: &[usize]) -> Self {
        let places = rows
            .iter()
            .map(|row| self.places.get(*row).copied().flatten());
        Self {
            name: self.name.clone(),
            scale: self.scale.clone(),
            places: places.collect(),
        }
    }

    fn value(&self, place: f64) -> f64 {
        match &self.scale {
            Scale::Figures {
                low,
                high,
                log: false,
                ..
            } => low + (high - low) * place,
            Scale::Figures {
                low,
                high,
                log: true,
                ..
            } => low * (high / low).powf(place),
            Scale::Words(words) => place * words.len().saturating_sub(1) as f64,
        }
    }

    fn written(&self, place: f64, unit: EnergyUnit) -> String {
        match &self.scale {
            Scale::Figures { unit: shown, .. } => shown.written(self.value(place), unit),
            Scale::Words(words) => words
                .get(self.value(place).round() as usize)
                .cloned()
                .unwrap_or_default(),
        }
    }
}

/// The axes and what was drawn over them.
#[derive(Default)]
pub struct Parallel {
    axes: Vec<ParallelAxis>,
    /// By name of the axis: from where to where.
    brushes: BTreeMap<String, (f64, f64)>,
    drag_from: Option<(usize, f64)>,
}

/// What is drawn along the axes.
pub struct Rows<'a> {
    /// How many.
    pub count: usize,
    /// The name of each, for people.
    pub name: &'a dyn Fn(usize) -> &'a str,
    /// What they are: `Runs`.
    pub what: &'a str,
}

impl Parallel {
    /// Whether anything was drawn over.
    pub fn is_brushed(&self) -> bool {
        !self.brushes.is_empty()
    }

    /// Forgets what was drawn over.
    pub fn clear(&mut self) {
        self.brushes.clear();
    }

    /// What was drawn over: by name of the axis from where to where, 0 below to 1 above.
    pub fn brushes(&self) -> &BTreeMap<String, (f64, f64)> {
        &self.brushes
    }

    /// Takes what was drawn over elsewhere.
    pub fn brush(&mut self, brushes: BTreeMap<String, (f64, f64)>) {
        self.brushes = brushes;
    }

    /// Takes other axes; what was drawn over axes that are still there stays.
    pub fn set(&mut self, axes: Vec<ParallelAxis>) {
        self.axes = axes;
        let names: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
        self.brushes
            .retain(|name, _| names.contains(&name.as_str()));
    }

    /// Whether nothing that was drawn over leaves the row out.
    pub fn lets_through(&self, row: usize) -> bool {
        self.axes.iter().all(|axis| {
            self.brushes.get(&axis.name).is_none_or(|(low, high)| {
                axis.places
                    .get(row)
                    .copied()
                    .flatten()
                    .is_some_and(|place| {
                        // A hair's breadth more, so that a figure that was typed in is let through itself.
                        (low - 1e-9..=high + 1e-9).contains(&place)
                    })
            })
        })
    }
}

/// A value of a setup as one would write it.
pub fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), plain),
        Value::Array(items) => {
            let heads: Option<Vec<String>> = items.iter().map(head).collect();
            let heads = heads.filter(|heads| !heads.is_empty());
            heads.map_or_else(|| value.to_string(), |heads| heads.join(", "))
        }
        other => other.to_string(),
    }
}

/// A head by its label, with what of it is not as usual; `None` where it is something else.
fn head(value: &Value) -> Option<String> {
    let (fields, label) = (value.as_object()?, value.get("label")?.as_str()?);
    let usual = |name: &str, value: &Value| match name {
        "label" => true,
        "weight" => value.as_f64() == Some(1.0),
        _ => value.is_null(),
    };
    let others = fields.iter().filter(|(name, value)| !usual(name, value));
    let others = others.map(|(name, value)| format!(" {name} {}", written(value)));
    Some(format!("{label}{}", others.collect::<String>()))
}

fn scale_of(values: &[Option<Value>]) -> (Scale, Vec<Option<f64>>) {
    let known = || values.iter().flatten().filter(|value| !value.is_null());
    if known().all(Value::is_number) {
        let values: Vec<Option<f64>> = values
            .iter()
            .map(|value| value.as_ref()?.as_f64())
            .collect();
        return figures(&values, Shown::Plain);
    }
    let mut words: Vec<String> = known().map(written).collect();
    words.sort();
    words.dedup();
    let last = words.len().saturating_sub(1).max(1) as f64;
    let place = |value: &Option<Value>| {
        let word = written(value.as_ref().filter(|value| !value.is_null())?);
        Some(words.binary_search(&word).ok()? as f64 / last)
    };
    let places = values.iter().map(place).collect();
    (Scale::Words(words), places)
}

fn figures(values: &[Option<f64>], unit: Shown) -> (Scale, Vec<Option<f64>>) {
    let known = || {
        values
            .iter()
            .flatten()
            .copied()
            .filter(|value| value.is_finite())
    };
    let (low, high) = (
        known().fold(f64::INFINITY, f64::min),
        known().fold(f64::NEG_INFINITY, f64::max),
    );
    let log = low > 0.0 && high / low > 30.0;
    let place = |value: f64| {
        if high <= low {
            0.5
        } else if log {
            (value / low).ln() / (high / low).ln()
        } else {
            (value - low) / (high - low)
        }
    };
    let places = values
        .iter()
        .map(|value| value.filter(|value| value.is_finite()).map(place))
        .collect();
    let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
    (
        Scale::Figures {
            low,
            high,
            log,
            unit,
        },
        places,
    )
}

/// Draws the axes; where the choice was narrowed or widened, the rows that are chosen now. `below` is drawn under the axes.
pub fn show(
    parallel: &mut Parallel,
    ui: &mut Ui,
    rows: &Rows<'_>,
    unit: EnergyUnit,
    height: f32,
    below: impl FnOnce(&mut Ui),
) -> Option<Vec<usize>> {
    let before = parallel.brushes.clone();
    let mut is_cleared = false;
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, "Setups and results");
        if parallel.is_brushed()
            && ui
                .button("Clear")
                .on_hover_text("Choose all of them again")
                .clicked()
        {
            is_cleared = true;
        }
    });
    if parallel
        .axes
        .iter()
        .all(|axis| axis.places.iter().flatten().count() == 0)
    {
        widgets::caption(ui, "Nothing to show yet.");
        return None;
    }
    plot(parallel, ui, rows, unit, height - 64.0);
    below(ui);
    bounds(parallel, ui, unit);
    if is_cleared {
        parallel.brushes.clear();
    }
    if parallel.brushes == before || parallel.drag_from.is_some() {
        return None;
    }
    Some(
        (0..rows.count)
            .filter(|row| parallel.lets_through(*row))
            .collect(),
    )
}

fn plot(parallel: &mut Parallel, ui: &mut Ui, rows: &Rows<'_>, unit: EnergyUnit, height: f32) {
    let tokens = Tokens::in_ui(ui);
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    response.widget_info(|| {
        let names: Vec<&str> = parallel
            .axes
            .iter()
            .map(|axis| axis.name.as_str())
            .collect();
        WidgetInfo::labeled(
            Role::Image,
            true,
            format!("{} along {}", rows.what, names.join(", ")),
        )
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let count = parallel.axes.len();
    let pitch = rect.width() / count as f32;
    let inner = Rect::from_min_max(
        pos2(rect.left() + pitch / 2.0, rect.top() + HEAD),
        pos2(rect.right() - pitch / 2.0, rect.bottom() - MISSING - 4.0),
    );
    let x_of = |axis: usize| inner.left() + pitch * axis as f32;
    let y_of = |place: Option<f64>| match place {
        Some(place) => inner.bottom() - inner.height() * place as f32,
        None => inner.bottom() + MISSING * 0.6,
    };
    let nearest_axis =
        |at: Pos2| (((at.x - inner.left()) / pitch).round().max(0.0) as usize).min(count - 1);
    let place_at =
        |at: Pos2| f64::from((inner.bottom() - at.y) / inner.height().max(1.0)).clamp(0.0, 1.0);
    drag(parallel, &response, nearest_axis, place_at);

    let points = |run: usize| -> Vec<Pos2> {
        let axes = parallel.axes.iter().enumerate();
        axes.map(|(at, axis)| pos2(x_of(at), y_of(axis.places.get(run).copied().flatten())))
            .collect()
    };
    let painter = ui.painter_at(rect);
    let hovered = response
        .hover_pos()
        .filter(|at| rect.contains(*at))
        .and_then(|pointer| {
            let near = (0..rows.count).map(|run| (run, distance(&points(run), pointer)));
            near.filter(|(_, far)| *far < 6.0)
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .map(|(run, _)| run)
        });
    let is_crowded = rows.count > 60;
    // Those that are left out lie below the others.
    for is_in in [false, true] {
        for run in (0..rows.count).filter(|run| parallel.lets_through(*run) == is_in) {
            let colour = if is_in {
                tokens
                    .accent
                    .gamma_multiply(if is_crowded { 0.45 } else { 0.85 })
            } else {
                tokens.line
            };
            painter.add(Shape::line(points(run), Stroke::new(1.25, colour)));
        }
    }
    if let Some(run) = hovered {
        painter.add(Shape::line(points(run), Stroke::new(2.5, tokens.text)));
    }
    let font = FontId::proportional(theme::CAPTION);
    for (at, axis) in parallel.axes.iter().enumerate() {
        let x = x_of(at);
        painter.vline(x, inner.y_range(), Stroke::new(1.0, tokens.outline));
        let clip =
            Rect::from_center_size(pos2(x, rect.center().y), vec2(pitch - 4.0, rect.height()));
        let text = painter.with_clip_rect(clip.intersect(ui.clip_rect()));
        let top = inner.top() - 2.0;
        text.text(
            pos2(x, rect.top()),
            Align2::CENTER_TOP,
            &axis.name,
            font.clone(),
            tokens.dim,
        );
        text.text(
            pos2(x, top),
            Align2::CENTER_BOTTOM,
            axis.written(1.0, unit),
            font.clone(),
            tokens.text,
        );
        let is_missing = axis.places.iter().any(Option::is_none);
        let below = if is_missing {
            format!("{} · none", axis.written(0.0, unit))
        } else {
            axis.written(0.0, unit)
        };
        text.text(
            pos2(x, rect.bottom()),
            Align2::CENTER_BOTTOM,
            below,
            font.clone(),
            tokens.text,
        );
        if let Some((low, high)) = parallel.brushes.get(&axis.name) {
            let stretch = Rect::from_min_max(
                pos2(x - 6.0, y_of(Some(*high))),
                pos2(x + 6.0, y_of(Some(*low))),
            );
            let stroke = Stroke::new(1.0, tokens.text);
            painter.rect(
                stretch,
                2.0,
                tokens.text.gamma_multiply(0.16),
                stroke,
                StrokeKind::Outside,
            );
        }
    }
    if response.has_focus() {
        painter.rect_stroke(
            rect,
            2.0,
            Stroke::new(2.0, tokens.accent),
            StrokeKind::Inside,
        );
    }
    let response = response.on_hover_cursor(egui::CursorIcon::Crosshair);
    if let Some(row) = hovered {
        response.on_hover_text_at_pointer((rows.name)(row));
    }
}

fn drag(
    parallel: &mut Parallel,
    response: &egui::Response,
    nearest_axis: impl Fn(Pos2) -> usize,
    place_at: impl Fn(Pos2) -> f64,
) {
    let pointer = response.interact_pointer_pos();
    if response.drag_started()
        && let Some(at) = pointer
    {
        parallel.drag_from = Some((nearest_axis(at), place_at(at)));
    }
    if let (Some((axis, from)), Some(at)) = (parallel.drag_from, pointer)
        && let Some(axis) = parallel.axes.get(axis)
    {
        let to = place_at(at);
        parallel
            .brushes
            .insert(axis.name.clone(), (from.min(to), from.max(to)));
    }
    if response.drag_stopped() {
        parallel.drag_from = None;
    }
    if response.clicked()
        && let Some(axis) = pointer.and_then(|at| parallel.axes.get(nearest_axis(at)))
    {
        parallel.brushes.remove(&axis.name);
    }
}

/// How far `from` is from a line through `points`.
fn distance(points: &[Pos2], from: Pos2) -> f32 {
    let to_stretch = |ends: &[Pos2]| {
        let along = ends[1] - ends[0];
        let share =
            ((from - ends[0]).dot(along) / along.length_sq().max(f32::EPSILON)).clamp(0.0, 1.0);
        (ends[0] + along * share).distance(from)
    };
    points
        .windows(2)
        .map(to_stretch)
        .fold(f32::INFINITY, f32::min)
}

/// The same without a pointer: from where to where on an axis.
fn bounds(parallel: &mut Parallel, ui: &mut Ui, unit: EnergyUnit) {
    ui.horizontal_wrapped(|ui| {
        let id = ui.scope_id().with("parallel-axis");
        let mut chosen = ui
            .data(|data| data.get_temp::<usize>(id))
            .unwrap_or(0)
            .min(parallel.axes.len() - 1);
        let label = widgets::field_label(
            ui,
            "Narrow by",
            "The same as drawing over a stretch of an axis",
        );
        let combo = egui::ComboBox::from_id_salt("parallel-narrow")
            .selected_text(&parallel.axes[chosen].name)
            .width(104.0)
            .truncate()
            .show_ui(ui, |ui| {
                for (at, axis) in parallel.axes.iter().enumerate() {
                    ui.selectable_value(&mut chosen, at, &axis.name);
                }
            });
        combo.response.labelled_by(label.id);
        ui.data_mut(|data| data.insert_temp(id, chosen));
        let axis = &parallel.axes[chosen];
        let (mut low, mut high) = parallel
            .brushes
            .get(&axis.name)
            .copied()
            .unwrap_or((0.0, 1.0));
        let mut is_changed = false;
        for (name, end, range) in [("from", &mut low, 0.0..=1.0), ("to", &mut high, 0.0..=1.0)] {
            let label = widgets::field_label(ui, name, "");
            // The figure goes from 0 to 1 along the axis and is written as what it stands for.
            let value = DragValue::new(end)
                .range(range)
                .speed(0.01)
                .custom_formatter(|place, _| axis.written(place, unit))
                .custom_parser(|text| parsed(axis, text, unit));
            is_changed |= ui.add(value).labelled_by(label.id).changed();
        }
        if is_changed {
            parallel
                .brushes
                .insert(axis.name.clone(), (low.min(high), low.max(high)));
        }
    });
}

/// Where a value that was typed in lies on the axis, 0 to 1.
fn parsed(axis: &ParallelAxis, text: &str, unit: EnergyUnit) -> Option<f64> {
    match &axis.scale {
        Scale::Words(words) => {
            let at = words
                .iter()
                .position(|word| word.eq_ignore_ascii_case(text.trim()))?;
            Some(at as f64 / words.len().saturating_sub(1).max(1) as f64)
        }
        Scale::Figures {
            low,
            high,
            log,
            unit: shown,
        } => {
            let digits: String = text
                .trim()
                .chars()
                .take_while(|c| c.is_ascii_digit() || "+-.eE".contains(*c))
                .collect();
            let number: f64 = digits.parse().ok()?;
            let prefix = match text.trim()[digits.len()..].trim_start().chars().next() {
                Some('k') => 1e3,
                Some('M') => 1e6,
                Some('m') => 1e-3,
                _ => 1.0,
            };
            let value = match (shown, unit) {
                (Shown::Percent, _) => number / 100.0,
                (Shown::Energy, EnergyUnit::WattHours) => number * prefix * 3600.0,
                (Shown::Energy, EnergyUnit::Joules) => number * prefix,
                (Shown::Plain, _) => number,
            };
            if high <= low {
                return Some(0.5);
            }
            let place = if *log {
                (value / low).ln() / (high / low).ln()
            } else {
                (value - low) / (high - low)
            };
            place.is_finite().then(|| place.clamp(0.0, 1.0))
        }
    }
}

/// A number of a setup as one would write it.
pub fn plain(value: f64) -> String {
    let shown = value.to_string();
    if shown.len() <= 8 {
        shown
    } else {
        significant(value, 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn heads_are_written_by_their_labels_and_other_lists_as_they_are() {
        let heads = json!([
            {"label": "shape", "weight": 1.0, "target": null},
            {"label": "size", "weight": 0.5, "target": 0.9},
        ]);
        assert_eq!(written(&heads), "shape, size target 0.9 weight 0.5");
        assert_eq!(written(&json!([16, 32])), "[16,32]");
        assert_eq!(written(&json!([])), "[]");
    }

    #[test]
    fn figures_words_and_missing_values_find_their_places() {
        let rates = [Some(json!(0.001)), Some(json!(0.1)), None];
        let (scale, places) = scale_of(&rates);
        assert!(matches!(scale, Scale::Figures { log: true, .. }));
        assert_eq!(places, [Some(0.0), Some(1.0), None]);
        let kinds = [Some(json!("sgd")), Some(json!("adam")), Some(json!("sgd"))];
        let (scale, places) = scale_of(&kinds);
        assert_eq!(scale, Scale::Words(vec!["adam".into(), "sgd".into()]));
        assert_eq!(places, [Some(1.0), Some(0.0), Some(1.0)]);
        let axis = ParallelAxis {
            name: "lr".into(),
            scale: scale_of(&rates).0,
            places: vec![],
        };
        let half = parsed(&axis, "0.01", EnergyUnit::Joules).unwrap();
        assert!(
            (half - 0.5).abs() < 1e-9 && axis.written(half, EnergyUnit::Joules).starts_with("0.01")
        );
    }

    #[test]
    fn what_is_drawn_over_narrows_the_choice_and_missing_values_fall_out() {
        let axis = |name: &str, places: &[Option<f64>]| ParallelAxis {
            name: name.into(),
            scale: Scale::Words(vec![]),
            places: places.to_vec(),
        };
        let mut parallel = Parallel {
            axes: vec![
                axis("a", &[Some(0.1), Some(0.5), None]),
                axis("b", &[Some(0.9), Some(0.2), Some(0.9)]),
            ],
            ..Parallel::default()
        };
        let through = |parallel: &Parallel| {
            (0..3)
                .filter(|run| parallel.lets_through(*run))
                .collect::<Vec<_>>()
        };
        assert_eq!(through(&parallel), [0, 1, 2]);
        parallel.brushes.insert("a".into(), (0.0, 1.0));
        assert_eq!(through(&parallel), [0, 1]);
        parallel.brushes.insert("b".into(), (0.5, 1.0));
        assert_eq!(through(&parallel), [0]);
    }
}
