//! Parallel axes: a line a run through the fields in which setups differ and through what came of them. A stretch of an
//! axis that is drawn over, or set by its two figures, narrows the choice of runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{
    Align2, DragValue, FontId, Id, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};
use serde_json::Value;

use super::columns::plain;
use super::compare::common_metric;
use super::rows::Item;
use crate::analysis::Difference;
use crate::gui::plot::Unit;
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;

/// Fields of the setup that have an axis.
const FIELDS_MAX: usize = 6;
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
enum Shown {
    Plain,
    Percent,
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
struct ParallelAxis {
    name: String,
    scale: Scale,
    /// Where each run is, 0 below to 1 above; `None` where it has no such value.
    places: Vec<Option<f64>>,
}

impl ParallelAxis {
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
    /// Fields that differ and have no axis.
    fields_left_out: usize,
    /// By name of the axis: from where to where.
    brushes: BTreeMap<String, (f64, f64)>,
    /// Runs that were compared when the first stretch was drawn over.
    base: Vec<String>,
    /// Of the selection, after it was narrowed here.
    revision: u64,
    drag_from: Option<(usize, f64)>,
}

impl Parallel {
    /// Whether anything was drawn over.
    pub fn is_brushed(&self) -> bool {
        !self.brushes.is_empty()
    }

    /// The runs among which the choice was narrowed, as long as it was not changed elsewhere since.
    pub fn base(&mut self, selection_revision: u64) -> Option<Vec<String>> {
        if self.is_brushed() && self.revision != selection_revision {
            self.brushes.clear();
        }
        self.is_brushed().then(|| self.base.clone())
    }

    /// The selection was narrowed, which made it this revision.
    pub fn narrowed(&mut self, selection_revision: u64, items: &[Arc<Item>]) {
        self.revision = selection_revision;
        if self.base.is_empty() || !self.is_brushed() {
            self.base = items.iter().map(|item| item.id().to_owned()).collect();
        }
    }

    /// Makes the axes for `items`.
    pub fn make(&mut self, items: &[Arc<Item>], differing: &[Difference]) {
        let mut fields: Vec<&Difference> = differing.iter().collect();
        // What every run has says more than what comes with one kind of model or optimiser; among those, how they learnt.
        fields.sort_by_key(|difference| {
            let missing = difference.values.iter().filter(|value| value.is_none());
            (missing.count(), !difference.field.starts_with("regime."))
        });
        fields.truncate(FIELDS_MAX);
        self.axes = fields
            .iter()
            .map(|difference| {
                let (scale, places) = scale_of(&difference.values);
                ParallelAxis {
                    name: short(&difference.field),
                    scale,
                    places,
                }
            })
            .collect();
        self.fields_left_out = differing.len().saturating_sub(FIELDS_MAX);
        type Result = (&'static str, Shown, fn(&Item) -> Option<f64>);
        let metric = common_metric(items);
        let shown = if metric.is_share() {
            Shown::Percent
        } else {
            Shown::Plain
        };
        let results: [Result; 2] = [
            ("time in s", Shown::Plain, |item| {
                Some(item.listed.run.duration_s)
            }),
            ("energy", Shown::Energy, |item| {
                item.energy_j().map(|energy| energy.value)
            }),
        ];
        let values_of = |of: fn(&Item) -> Option<f64>| items.iter().map(|item| of(item)).collect();
        let result = |item: &Arc<Item>| {
            let metrics = item.listed.run.metrics;
            metrics
                .final_test_metric
                .filter(|_| metrics.metric == metric)
        };
        let results = results
            .map(|(name, shown, of)| (name, shown, values_of(of)))
            .into_iter()
            .chain([(metric.title(), shown, items.iter().map(result).collect())]);
        for (name, shown, values) in results {
            let values: Vec<Option<f64>> = values;
            let (scale, places) = figures(&values, shown);
            self.axes.push(ParallelAxis {
                name: name.to_owned(),
                scale,
                places,
            });
        }
        // Two fields of one name in different parts of a setup get it whole.
        let names: Vec<String> = self.axes.iter().map(|axis| axis.name.clone()).collect();
        for (at, axis) in self.axes.iter_mut().enumerate() {
            if names.iter().filter(|name| **name == axis.name).count() > 1
                && let Some(difference) = fields.get(at)
            {
                axis.name.clone_from(&difference.field);
            }
        }
        let names: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
        self.brushes
            .retain(|name, _| names.contains(&name.as_str()));
    }

    fn lets_through(&self, run: usize) -> bool {
        self.axes.iter().all(|axis| {
            self.brushes.get(&axis.name).is_none_or(|(low, high)| {
                axis.places
                    .get(run)
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

/// The end of a field's path, which says enough: the whole would not fit.
fn short(field: &str) -> String {
    let mut parts = field.rsplit('.');
    let last = match parts.next() {
        // `dataset.name` is the dataset, `regime.optimiser.kind` the optimiser.
        Some("name" | "kind") => parts.next(),
        last => last,
    };
    last.unwrap_or(field).replace('_', " ")
}

/// A value of a setup as one would write it.
pub fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), plain),
        other => other.to_string(),
    }
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

/// Draws the axes; where the choice was narrowed or widened, the runs that are chosen now.
pub fn show(
    parallel: &mut Parallel,
    ui: &mut Ui,
    items: &[Arc<Item>],
    unit: EnergyUnit,
    height: f32,
) -> Option<Vec<String>> {
    let before = parallel.brushes.clone();
    let mut is_cleared = false;
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, "Setups and results");
        if parallel.is_brushed()
            && ui
                .button("Clear")
                .on_hover_text("Choose all these runs again")
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
    plot(parallel, ui, items, unit, height - 64.0);
    if parallel.fields_left_out > 0 {
        widgets::caption(
            ui,
            format!(
                "{} more fields differ; choose runs that differ in fewer.",
                parallel.fields_left_out
            ),
        );
    }
    bounds(parallel, ui, unit);
    if is_cleared {
        parallel.brushes.clear();
    }
    if parallel.brushes == before || parallel.drag_from.is_some() {
        return None;
    }
    let chosen = (0..items.len()).filter(|run| parallel.lets_through(*run));
    Some(chosen.map(|run| items[run].id().to_owned()).collect())
}

fn plot(parallel: &mut Parallel, ui: &mut Ui, items: &[Arc<Item>], unit: EnergyUnit, height: f32) {
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
            format!("Runs along {}", names.join(", ")),
        )
    });
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
    let hovered = response.hover_pos().and_then(|pointer| {
        let near = (0..items.len()).map(|run| (run, distance(&points(run), pointer)));
        near.filter(|(_, far)| *far < 6.0)
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(run, _)| run)
    });
    let is_crowded = items.len() > 60;
    // Those that are left out lie below the others.
    for is_in in [false, true] {
        for run in (0..items.len()).filter(|run| parallel.lets_through(*run) == is_in) {
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
    if let Some(item) = hovered.and_then(|run| items.get(run)) {
        response.on_hover_text_at_pointer(item.name());
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
        let id = Id::unique("runs-parallel-axis");
        let mut chosen = ui
            .data(|data| data.get_temp::<usize>(id))
            .unwrap_or(0)
            .min(parallel.axes.len() - 1);
        let label = widgets::field_label(
            ui,
            "Narrow by",
            "The same as drawing over a stretch of an axis",
        );
        let combo = egui::ComboBox::from_id_salt("runs-parallel-narrow")
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
