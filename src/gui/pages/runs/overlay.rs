//! Curves of the chosen runs over each other; of runs that repeat each other, their mean and its interval.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{ComboBox, Ui};
use serde::{Deserialize, Serialize};

use super::RunsPage;
use super::compare::common_metric;
use super::picture::Picture;
use super::rows::Item;
use super::view::{self, group_key};
use crate::analysis::mean_interval;
use crate::gui::curves::{Curves, XAxis};
use crate::gui::plot::{Axis, Chart, Line, Unit};
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::{Shared, State};
use crate::gui::theme::Dash;
use crate::gui::widgets;
use crate::library::Status;
use crate::units;

/// Runs that are drawn over each other.
const RUNS_MAX: usize = 24;
/// Runs whose curves are kept.
const KEPT: usize = 48;
/// Time between two readings of the curves of a run that goes on elsewhere.
const READ_EVERY: Duration = Duration::from_secs(5);
/// Points of a mean over runs.
const MEAN_POINTS: usize = 200;

/// What is drawn along y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Metric {
    #[default]
    Loss,
    #[serde(alias = "accuracy")]
    Result,
    Power,
    Energy,
}

impl Metric {
    const ALL: [Self; 4] = [Self::Loss, Self::Result, Self::Power, Self::Energy];

    fn label(self, result: units::Metric) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Result => result.title(),
            Self::Power => "power",
            Self::Energy => "energy so far",
        }
    }

    fn has_splits(self) -> bool {
        matches!(self, Self::Loss | Self::Result)
    }
}

/// Which samples loss and result are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Split {
    Train,
    #[default]
    Test,
    Both,
}

impl Split {
    const ALL: [Self; 3] = [Self::Train, Self::Test, Self::Both];

    fn label(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Test => "held-out",
            Self::Both => "both",
        }
    }
}

/// What is drawn; remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    metric: Metric,
    split: Split,
    x: XAxis,
    log: bool,
    smoothing: f64,
    /// Runs of one setup as mean and band.
    means: bool,
    /// Label of the meter whose power is drawn.
    meter: Option<String>,
    /// The head whose loss and result are drawn, of runs that have it; none: those of the run.
    head: Option<String>,
}

impl Choice {
    /// The head that is drawn, where what is drawn is of heads and one of `runs` has it.
    fn head(&self, runs: &[Run<'_>]) -> Option<String> {
        let head = self.head.clone().filter(|_| self.metric.has_splits())?;
        heads(runs).contains(&head).then_some(head)
    }
}

/// Curves that were read.
#[derive(Default)]
pub struct Overlay {
    read: HashMap<String, Read>,
    reading: Option<String>,
    /// Changes whenever curves have come.
    revision: u64,
    means: Option<(MeansOf, Vec<Mean>)>,
    picture: Option<Picture>,
}

struct Read {
    curves: Result<Arc<Curves>, String>,
    status: Status,
    at: Instant,
}

/// Draws the curves.
pub fn show(page: &mut RunsPage, ui: &mut Ui, shared: &mut Shared, chosen: &[Arc<Item>]) {
    if chosen.is_empty() {
        widgets::caption(
            ui,
            "Choose one or more runs in the table to see their curves.",
        );
        return;
    }
    let picture = &mut page.overlay.picture;
    if picture
        .as_ref()
        .is_some_and(|picture| picture.save(ui.ctx(), shared))
    {
        *picture = None;
    }
    let shown = &chosen[..chosen.len().min(RUNS_MAX)];
    page.overlay.keep_up(shown, shared);
    let runs = page.overlay.runs(shown, shared);
    let mut wants_picture = false;
    let result = common_metric(shown);
    ui.horizontal_wrapped(|ui| {
        controls(ui, &mut page.look.curves, &runs, result);
        wants_picture = ui
            .button("Save picture…")
            .on_hover_text("Write the plot as a PNG")
            .clicked();
        let missing = shown.len() - runs.len();
        if missing > 0 {
            widgets::caption(ui, format!("reading {missing} more"));
        }
        if chosen.len() > RUNS_MAX {
            widgets::caption(
                ui,
                format!("the first {RUNS_MAX} of {} chosen runs", chosen.len()),
            );
        }
    });
    for read in shown
        .iter()
        .filter_map(|item| page.overlay.read.get(item.id()))
    {
        if let Err(error) = &read.curves {
            widgets::problem(ui, error);
        }
    }
    let choice = &page.look.curves;
    let is_energy =
        matches!(choice.metric, Metric::Power | Metric::Energy) || choice.x == XAxis::Energy;
    if is_energy && let Some(text) = view::warning(&view::kinds(shown.iter().map(Arc::as_ref))) {
        super::compare::warning(ui, &text);
    }
    let revision = page.overlay.revision.wrapping_add(live_revision(shared));
    if choice.means {
        let of = MeansOf {
            runs: runs.iter().map(|run| run.item.id().to_owned()).collect(),
            revision,
            choice: choice.clone(),
        };
        if page
            .overlay
            .means
            .as_ref()
            .is_none_or(|(known, _)| *known != of)
        {
            page.overlay.means = Some((of, means(&runs, choice)));
        }
    }
    let means = page
        .overlay
        .means
        .as_ref()
        .filter(|_| choice.means)
        .map(|(_, means)| means.as_slice());
    let response = chart(
        &runs,
        choice,
        result,
        means,
        shared.preferences.energy_unit,
        revision,
    )
    .show(ui)
    .response;
    if wants_picture {
        let around = response
            .rect
            .expand2(egui::vec2(72.0, 40.0))
            .intersect(ui.max_rect());
        page.overlay.picture = Some(Picture::ask(ui.ctx(), around, choice.metric.label(result)));
    }
}

fn live_revision(shared: &Shared) -> u64 {
    shared.live.as_ref().map_or(0, |live| live.curves.revision)
}

/// A run with its curves.
struct Run<'a> {
    item: &'a Item,
    curves: Held<'a>,
}

/// Curves of a stored run, or of the one that goes on in this window.
enum Held<'a> {
    Stored(Arc<Curves>),
    Live(&'a Curves),
}

impl Run<'_> {
    fn curves(&self) -> &Curves {
        match &self.curves {
            Held::Stored(curves) => curves,
            Held::Live(curves) => curves,
        }
    }
}

impl Overlay {
    /// Reads one run after the other: the library has other things to do in between.
    fn keep_up(&mut self, shown: &[Arc<Item>], shared: &mut Shared) {
        if self.reading.is_some() {
            return;
        }
        let live = shared
            .live
            .as_ref()
            .filter(|live| live.is_going_on())
            .and_then(|live| live.run_id.clone());
        let is_old = |item: &Item| {
            self.read.get(item.id()).is_none_or(|read| {
                let goes_on = item.is_running() && live.as_deref() != Some(item.id());
                read.status != item.listed.run.status || (goes_on && read.at.elapsed() > READ_EVERY)
            })
        };
        let Some(item) = shown.iter().find(|item| is_old(item)) else {
            return;
        };
        if self.read.len() >= KEPT {
            self.read
                .retain(|id, _| shown.iter().any(|item| item.id() == id));
        }
        let (id, status) = (item.id().to_owned(), item.listed.run.status);
        self.reading = Some(id.clone());
        let wanted = id.clone();
        shared.with_library(
            move |library| Curves::of_run(library, &wanted),
            move |state: &mut State, curves| {
                let overlay = &mut state.pages.runs.overlay;
                overlay.reading = None;
                overlay.revision += 1;
                let curves = curves.map(Arc::new).map_err(|error| error.to_string());
                overlay.read.insert(
                    id,
                    Read {
                        curves,
                        status,
                        at: Instant::now(),
                    },
                );
            },
        );
    }

    fn runs<'a>(&self, shown: &'a [Arc<Item>], shared: &'a Shared) -> Vec<Run<'a>> {
        let live = shared.live.as_ref().filter(|live| live.is_going_on());
        let held = |item: &'a Arc<Item>| {
            let is_live =
                |live: &&crate::gui::live::Live| live.run_id.as_deref() == Some(item.id());
            let curves = match live.filter(is_live) {
                Some(live) => Held::Live(&live.curves),
                None => Held::Stored(Arc::clone(self.read.get(item.id())?.curves.as_ref().ok()?)),
            };
            Some(Run { item, curves })
        };
        shown.iter().filter_map(held).collect()
    }
}

fn controls(ui: &mut Ui, choice: &mut Choice, runs: &[Run<'_>], result: units::Metric) {
    combo(ui, "Metric", choice.metric.label(result), |ui| {
        for metric in Metric::ALL {
            ui.selectable_value(&mut choice.metric, metric, metric.label(result));
        }
    });
    if choice.metric.has_splits() {
        combo(ui, "Samples", choice.split.label(), |ui| {
            for split in Split::ALL {
                ui.selectable_value(&mut choice.split, split, split.label());
            }
        });
    }
    let heads = heads(runs);
    if choice.metric.has_splits() && !heads.is_empty() {
        let of_run = match choice.metric {
            Metric::Loss => "sum of all",
            _ => "the worst",
        };
        let chosen = choice.head(runs);
        combo(ui, "Head", chosen.as_deref().unwrap_or(of_run), |ui| {
            ui.selectable_value(&mut choice.head, None, of_run);
            for head in &heads {
                ui.selectable_value(&mut choice.head, Some(head.clone()), head);
            }
        });
    }
    if choice.metric == Metric::Power {
        let meters = meters(runs);
        let chosen = choice
            .meter
            .clone()
            .filter(|meter| meters.contains(meter))
            .or(meters.first().cloned());
        combo(ui, "Meter", chosen.as_deref().unwrap_or("no meter"), |ui| {
            for meter in &meters {
                ui.selectable_value(&mut choice.meter, Some(meter.clone()), meter);
            }
        });
    }
    combo(ui, "Along x", choice.x.label(), |ui| {
        for x in XAxis::ALL {
            ui.selectable_value(&mut choice.x, x, x.label());
        }
    });
    ui.checkbox(&mut choice.log, "log")
        .on_hover_text("Equal distances for equal factors");
    ui.checkbox(&mut choice.means, "mean over seeds")
        .on_hover_text("Runs of one setup as their mean with its 95 % interval (Student's t)");
    if !choice.means {
        let label = ui.label("smooth");
        let slider = egui::Slider::new(&mut choice.smoothing, 0.0..=0.99).show_value(false);
        ui.add(slider)
            .labelled_by(label.id)
            .on_hover_text("De-biased exponential mean over the faint line as it is");
    }
}

fn combo(ui: &mut Ui, name: &str, text: &str, add: impl FnOnce(&mut Ui)) {
    let label = widgets::field_label(ui, name, "");
    let combo = ComboBox::from_id_salt(("runs-curves", name))
        .selected_text(text)
        .width(104.0)
        .show_ui(ui, add);
    combo.response.labelled_by(label.id);
}

/// The heads of all runs, in the order in which they come.
fn heads(runs: &[Run<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for head in runs.iter().flat_map(|run| &run.curves().heads) {
        if !names.contains(&head.name) {
            names.push(head.name.clone());
        }
    }
    names
}

fn meters(runs: &[Run<'_>]) -> Vec<String> {
    let labels: BTreeSet<&String> = runs
        .iter()
        .flat_map(|run| &run.curves().power)
        .map(|power| &power.label)
        .collect();
    labels.into_iter().cloned().collect()
}

/// Both ends of the interval of a point, by its number.
type Ends<'a> = Box<dyn Fn(usize) -> (f64, f64) + 'a>;

/// Points along both axes, looked at by number.
struct Sequence<'a> {
    len: usize,
    x: Box<dyn Fn(usize) -> f64 + 'a>,
    y: Box<dyn Fn(usize) -> f64 + 'a>,
    low_high: Option<Ends<'a>>,
}

/// The points of a metric; `None` where the run has none along this axis.
fn sequence<'a>(
    curves: &'a Curves,
    choice: &Choice,
    head: Option<&str>,
    is_train: bool,
) -> Option<Sequence<'a>> {
    let axis = choice.x;
    curves.x_of_time(0.0, axis)?;
    let place = move |t_s: f64, step: Option<u64>| match (axis, step) {
        (XAxis::Step, Some(step)) => step as f64,
        _ => curves.x_of_time(t_s, axis).unwrap_or(f64::NAN),
    };
    let metric = choice.metric;
    let value = move |loss: Option<f64>, result: Option<f64>| {
        let value = if metric == Metric::Loss { loss } else { result };
        value.unwrap_or(f64::NAN)
    };
    let sequence = match metric {
        Metric::Loss | Metric::Result if head.is_some() => {
            let own = curves
                .heads
                .iter()
                .find(|own| Some(own.name.as_str()) == head)?;
            let points = if is_train { &own.train } else { &own.held_out }.points();
            Sequence {
                len: points.len(),
                x: Box::new(move |at| place(points[at].t_s, Some(points[at].step))),
                y: Box::new(move |at| value(points[at].loss, points[at].value)),
                low_high: None,
            }
        }
        Metric::Loss | Metric::Result if is_train => {
            let points = curves.train.points();
            Sequence {
                len: points.len(),
                x: Box::new(move |at| place(points[at].t_s, Some(points[at].step))),
                y: Box::new(move |at| value(points[at].loss, points[at].metric)),
                low_high: None,
            }
        }
        Metric::Loss | Metric::Result => {
            let points = curves.evaluations.points();
            Sequence {
                len: points.len(),
                x: Box::new(move |at| place(points[at].t_s, Some(points[at].step))),
                y: Box::new(move |at| value(points[at].loss, points[at].metric)),
                low_high: None,
            }
        }
        Metric::Power => {
            let series = curves.power.iter().find(|power| {
                choice
                    .meter
                    .as_ref()
                    .is_none_or(|meter| power.label == *meter)
            });
            let points = series?.points.points();
            Sequence {
                len: points.len(),
                x: Box::new(move |at| place(points[at].0, None)),
                y: Box::new(move |at| points[at].1),
                low_high: None,
            }
        }
        Metric::Energy => {
            let points = curves.energy.points();
            Sequence {
                len: points.len(),
                x: Box::new(move |at| place(points[at].t_s, None)),
                y: Box::new(move |at| points[at].energy_j.value),
                low_high: Some(Box::new(move |at| {
                    (points[at].energy_j.low, points[at].energy_j.high)
                })),
            }
        }
    };
    (sequence.len > 0).then_some(sequence)
}

fn chart<'a>(
    runs: &'a [Run<'a>],
    choice: &'a Choice,
    result: units::Metric,
    means: Option<&'a [Mean]>,
    energy: EnergyUnit,
    revision: u64,
) -> Chart<'a> {
    let joules = match energy {
        EnergyUnit::Joules => Unit::JOULES,
        EnergyUnit::WattHours => Unit::WATT_HOURS,
    };
    let x = match choice.x {
        XAxis::Step => Axis::new("step", Unit::Count),
        XAxis::Time => Axis::new("time", Unit::Seconds),
        XAxis::Energy => Axis::new("energy of training and evaluation", joules),
    };
    let y = match choice.metric {
        Metric::Loss => Axis::new("loss", Unit::None),
        Metric::Result => Axis::of_metric(result.title(), result),
        Metric::Power => Axis::new("power", Unit::WATTS),
        Metric::Energy => Axis::new("energy", joules),
    };
    let mut chart = Chart::new("Curves of the chosen runs", x, y.log(choice.log))
        .revision(revision)
        .smoothing(choice.smoothing)
        .empty("No such curve was recorded");
    let splits = splits(choice);
    if let Some(means) = means {
        for mean in means {
            let line = Line::new(
                mean.name.clone(),
                mean.points.len(),
                |at| mean.points[at].x,
                |at| mean.points[at].mean,
            );
            let line = line
                .id((
                    &mean.name,
                    choice.metric as u8,
                    choice.x,
                    mean.is_train,
                    &choice.head,
                ))
                .band(|at| mean.points[at].low, |at| mean.points[at].high)
                .colour(mean.colour)
                .width(2.0)
                .dash(if mean.is_train {
                    Dash::Solid
                } else {
                    Dash::Dashed
                });
            chart = chart.line(line);
        }
        return chart;
    }
    let head = choice.head(runs);
    for (number, run) in runs.iter().enumerate() {
        for is_train in splits {
            let Some(Sequence {
                len,
                x,
                y,
                low_high,
            }) = sequence(run.curves(), choice, head.as_deref(), *is_train)
            else {
                continue;
            };
            let name = match (
                choice.metric.has_splits() && choice.split == Split::Both,
                is_train,
            ) {
                (true, true) => format!("{}, training", run.item.name()),
                (true, false) => format!("{}, held-out", run.item.name()),
                _ => run.item.name().to_owned(),
            };
            let mut line = Line::new(name, len, x, y)
                .id((
                    run.item.id(),
                    choice.metric as u8,
                    choice.x,
                    is_train,
                    &choice.meter,
                    &head,
                ))
                .colour(number);
            if choice.metric.has_splits() && choice.split == Split::Both {
                line = line.dash(if *is_train { Dash::Solid } else { Dash::Dashed });
            }
            if let Some(low_high) = low_high {
                let low_high = std::rc::Rc::new(low_high);
                let other = std::rc::Rc::clone(&low_high);
                line = line.band(move |at| low_high(at).0, move |at| other(at).1);
            }
            if *is_train || choice.metric == Metric::Power {
                line = line.smooth();
            } else {
                line = line.markers();
            }
            chart = chart.line(line);
        }
    }
    chart
}

/// Whether training, held-out samples, or both.
fn splits(choice: &Choice) -> &'static [bool] {
    match choice.split {
        _ if !choice.metric.has_splits() => &[false],
        Split::Train => &[true],
        Split::Test => &[false],
        Split::Both => &[true, false],
    }
}

/// What means were made of.
#[derive(Clone, Debug, PartialEq)]
struct MeansOf {
    runs: Vec<String>,
    revision: u64,
    choice: Choice,
}

/// The mean of several runs of one setup.
struct Mean {
    name: String,
    is_train: bool,
    colour: usize,
    points: Vec<MeanPoint>,
}

struct MeanPoint {
    x: f64,
    mean: f64,
    low: f64,
    high: f64,
}

/// Means over the runs of each setup, at places that all of them reached; between two points a run is a straight line.
fn means(runs: &[Run<'_>], choice: &Choice) -> Vec<Mean> {
    let mut groups: Vec<(String, Vec<&Run<'_>>)> = Vec::new();
    for run in runs {
        let key = group_key(run.item);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, runs)) => runs.push(run),
            None => groups.push((key, vec![run])),
        }
    }
    let head = choice.head(runs);
    let mut found = Vec::new();
    for (colour, (_, runs)) in groups.iter().enumerate() {
        for is_train in splits(choice) {
            let sequences: Vec<Sequence<'_>> = runs
                .iter()
                .filter_map(|run| sequence(run.curves(), choice, head.as_deref(), *is_train))
                .collect();
            let split = match (
                choice.metric.has_splits() && choice.split == Split::Both,
                is_train,
            ) {
                (true, true) => ", training",
                (true, false) => ", held-out",
                _ => "",
            };
            let first = runs[0].item;
            let name = match sequences.len() {
                0 => continue,
                1 => format!("{}{split}", first.name()),
                several => format!(
                    "{} on {}, n = {several}{split}",
                    first.listed.run.setup.model,
                    first.dataset()
                ),
            };
            found.push(Mean {
                name,
                is_train: *is_train,
                colour,
                points: mean_points(&sequences),
            });
        }
    }
    found
}

fn mean_points(sequences: &[Sequence<'_>]) -> Vec<MeanPoint> {
    let from = sequences
        .iter()
        .map(|of| (of.x)(0))
        .fold(f64::NEG_INFINITY, f64::max);
    let to = sequences
        .iter()
        .map(|of| (of.x)(of.len - 1))
        .fold(f64::INFINITY, f64::min);
    if from.is_nan() || to.is_nan() || from > to {
        return Vec::new();
    }
    // Where all runs have the same few places, as evaluations have, those are taken and nothing is made up between them.
    let first = &sequences[0];
    let places: Vec<f64> = if first.len <= MEAN_POINTS {
        (0..first.len)
            .map(|at| (first.x)(at))
            .filter(|x| (from..=to).contains(x))
            .collect()
    } else {
        (0..MEAN_POINTS)
            .map(|at| from + (to - from) * at as f64 / (MEAN_POINTS - 1) as f64)
            .collect()
    };
    let mean_at = |x: f64| {
        let found = mean_interval(sequences.iter().map(|of| value_at(of, x)))?;
        let width = found.half_width.unwrap_or(0.0);
        Some(MeanPoint {
            x,
            mean: found.mean,
            low: found.mean - width,
            high: found.mean + width,
        })
    };
    places.into_iter().filter_map(mean_at).collect()
}

/// The value at `x` on the line between the points beside it; not a number beyond the ends.
fn value_at(of: &Sequence<'_>, x: f64) -> f64 {
    let (mut low, mut high) = (0, of.len);
    while low < high {
        let middle = low.midpoint(high);
        if (of.x)(middle) <= x {
            low = middle + 1
        } else {
            high = middle
        }
    }
    if low == 0 {
        return f64::NAN;
    }
    let (x0, y0) = ((of.x)(low - 1), (of.y)(low - 1));
    if low == of.len {
        return if x0 >= x { y0 } else { f64::NAN };
    }
    let (x1, y1) = ((of.x)(low), (of.y)(low));
    if x1 > x0 && x > x0 {
        y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    } else {
        y0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &'static [(f64, f64)]) -> Sequence<'static> {
        Sequence {
            len: points.len(),
            x: Box::new(|at| points[at].0),
            y: Box::new(|at| points[at].1),
            low_high: None,
        }
    }

    #[test]
    fn means_stand_where_all_runs_have_been() {
        let runs = [
            line(&[(0.0, 1.0), (10.0, 3.0), (20.0, 5.0)]),
            line(&[(0.0, 3.0), (20.0, 5.0), (30.0, 9.0)]),
        ];
        let points = mean_points(&runs);
        let found: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.mean)).collect();
        assert_eq!(found, [(0.0, 2.0), (10.0, 3.5), (20.0, 5.0)]);
        assert!(points[0].low < 2.0 && points[0].high > 2.0);
    }
}
