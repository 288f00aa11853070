use egui::Ui;
use serde::{Deserialize, Serialize};

use crate::gui::curves::{Curves, EvaluationPoint, HeadPoint, TrainPoint, XAxis};
use crate::gui::plot::{Axis, Chart, Line, Shade, SharedX, Tint, Unit};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::Dash;
use crate::gui::widgets::written_energy;
use crate::setup::Phase;
use crate::units::Metric;

/// Series of what is measured on training samples.
const TRAIN: usize = 0;
/// Series of what is measured on held-out samples.
const TEST: usize = 3;
/// Series of the sum of several heads' losses.
const SUM: usize = 7;
/// Entry of the legend for what is measured on held-out samples, of several heads.
const HELD_OUT: &str = "test";
/// Series of energy.
const ENERGY: usize = 1;

/// What a pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pane {
    /// Mean loss.
    Loss,
    /// What the task is judged by.
    #[serde(alias = "accuracy")]
    Metric,
    /// Power by meter.
    Power,
    /// Energy of training and evaluation so far.
    Energy,
    /// Samples a second.
    Speed,
    /// Learning rate.
    LearningRate,
    /// Weights of the heads' losses.
    HeadWeights,
}

impl Pane {
    /// Every one; the first four are there unless they are closed.
    pub const ALL: [Self; 7] = [
        Self::Loss,
        Self::Metric,
        Self::Power,
        Self::Energy,
        Self::Speed,
        Self::LearningRate,
        Self::HeadWeights,
    ];

    /// Its title in a run that is judged by `metric`.
    pub fn title(self, metric: Metric) -> &'static str {
        match self {
            Self::Loss => "Loss",
            Self::Metric => metric.heading(),
            Self::Power => "Power",
            Self::Energy => "Energy",
            Self::Speed => "Speed",
            Self::LearningRate => "Learning rate",
            Self::HeadWeights => "Weights of heads",
        }
    }
}

/// How all panes are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlotOptions {
    /// What the x axes count.
    pub axis: XAxis,
    /// Smoothing of what is measured on training samples, 0 to below 1.
    pub smoothing: f64,
    /// Whether the axis of the loss is logarithmic.
    pub log_loss: bool,
    /// Whether phases other than training have a ground of their own.
    pub phases: bool,
}

impl Default for PlotOptions {
    fn default() -> Self {
        Self {
            axis: XAxis::default(),
            smoothing: 0.6,
            log_loss: false,
            phases: true,
        }
    }
}

/// What the panes of one frame are drawn from.
pub struct Drawn<'a> {
    /// The data.
    pub curves: &'a Curves,
    /// How.
    pub options: PlotOptions,
    /// What the run is judged by.
    pub metric: Metric,
    /// In what energy is written.
    pub unit: EnergyUnit,
    /// Phases along the x axis.
    pub shades: &'a [Shade],
    /// The x axis that they have in common.
    pub shared: &'a mut SharedX,
}

impl Drawn<'_> {
    /// Draws a pane.
    pub fn show(&mut self, ui: &mut Ui, pane: Pane) {
        match pane {
            Pane::Loss => self.metric(
                ui,
                Axis::new("", Unit::None).log(self.options.log_loss),
                pane,
            ),
            Pane::Metric => {
                let mut axis = Axis::of_metric("", self.metric);
                if self.metric.is_share() {
                    axis = axis.limits(0.0, 1.0);
                }
                self.metric(ui, axis, pane);
            }
            Pane::Power => self.power(ui),
            Pane::Energy => self.energy(ui),
            Pane::Speed => {
                let axis = Axis::new("samples/s", Unit::Count).include(0.0);
                self.pace(ui, axis, pane, |point| point.samples_per_s);
            }
            Pane::LearningRate => {
                let axis = Axis::new("", Unit::None).include(0.0);
                self.pace(ui, axis, pane, |point| point.learning_rate);
            }
            Pane::HeadWeights => self.head_weights(ui),
        }
    }

    fn chart(&mut self, pane: Pane, y: Axis) -> Chart<'_> {
        Chart::new(
            format!("{} plot", pane.title(self.metric)),
            x_axis(self.options.axis, self.unit),
            y,
        )
        .revision(self.curves.revision)
        .smoothing(self.options.smoothing)
        .shades(self.shades)
        .shared(self.shared)
    }

    /// A metric of training and held-out samples.
    fn metric(&mut self, ui: &mut Ui, y: Axis, pane: Pane) {
        let (curves, axis) = (self.curves, self.options.axis);
        let (train, test) = (curves.train.points(), curves.evaluations.points());
        let of_train = move |point: &TrainPoint| match pane {
            Pane::Loss => point.loss,
            _ => point.metric,
        };
        let of_test = move |point: &EvaluationPoint| match pane {
            Pane::Loss => point.loss,
            _ => point.metric,
        };
        let (of_train_samples, of_held_out) = match curves.heads.is_empty() {
            true => ("train", "test"),
            false => ("sum", "sum test"),
        };
        let train_line = Line::new(
            of_train_samples,
            count(curves, axis, train.len()),
            move |at| place(curves, axis, train[at].step, train[at].t_s),
            move |at| of_train(&train[at]).unwrap_or(f64::NAN),
        );
        let test_line = Line::new(
            of_held_out,
            count(curves, axis, test.len()),
            move |at| place(curves, axis, test[at].step, test[at].t_s),
            move |at| of_test(&test[at]).unwrap_or(f64::NAN),
        );
        let empty = empty(curves, axis, "Nothing trained yet");
        if !curves.heads.is_empty() {
            let chart = self.heads(pane, y).empty(empty);
            // Their sum by the weights; as good as the worst of them is one of them anyway.
            let chart = match pane {
                Pane::Loss => chart
                    .line(train_line.colour(SUM).dash(Dash::Solid).smooth())
                    .line(
                        test_line
                            .colour(SUM)
                            .dash(Dash::Dashed)
                            .goes_with(of_train_samples)
                            .also_with(HELD_OUT),
                    ),
                _ => chart,
            };
            // One entry for all that is dashed, so that the legend stays short.
            let held_out = Line::new(HELD_OUT, 0, |_| f64::NAN, |_| f64::NAN);
            chart.line(held_out.colour(SUM).dash(Dash::Dashed)).show(ui);
            return;
        }
        self.chart(pane, y)
            .line(train_line.colour(TRAIN).dash(Dash::Solid).smooth())
            .line(test_line.colour(TEST).dash(Dash::Dashed).markers())
            .empty(empty)
            .show(ui);
    }

    /// A line of each head over the training samples, a dashed one over the held-out ones, a dotted one at its target.
    fn heads(&mut self, pane: Pane, y: Axis) -> Chart<'_> {
        let (curves, axis, metric) = (self.curves, self.options.axis, self.metric);
        let extent = self.shared.extent;
        let of = move |point: &HeadPoint| match pane {
            Pane::Loss => point.loss,
            _ => point.value,
        };
        let mut chart = self.chart(pane, y);
        for (index, head) in curves.heads.iter().enumerate() {
            let (train, test) = (head.train.points(), head.held_out.points());
            let train_line = Line::new(
                &head.name,
                count(curves, axis, train.len()),
                move |at| place(curves, axis, train[at].step, train[at].t_s),
                move |at| of(&train[at]).unwrap_or(f64::NAN),
            );
            let test_line = Line::new(
                format!("{} test", head.name),
                count(curves, axis, test.len()),
                move |at| place(curves, axis, test[at].step, test[at].t_s),
                move |at| of(&test[at]).unwrap_or(f64::NAN),
            );
            chart = chart
                .line(
                    train_line
                        .id(("head", &head.name))
                        .colour(index)
                        .dash(Dash::Solid)
                        .smooth(),
                )
                .line(
                    test_line
                        .id(("held out", &head.name))
                        .colour(index)
                        .dash(Dash::Dashed)
                        .markers()
                        .goes_with(("head", &head.name))
                        .also_with(HELD_OUT),
                );
            let target = head.target.filter(|_| pane == Pane::Metric);
            if let (Some(target), Some((low, high))) = (target, extent) {
                let line = Line::new(
                    format!("{} target", head.name),
                    if test.is_empty() { 0 } else { 2 },
                    move |at| if at == 0 { low } else { high },
                    move |_| target,
                );
                let line = line.id(("target", &head.name));
                let line = line.colour(index).dash(Dash::Dotted).width(1.0);
                let line = line.goes_with(("head", &head.name)).also_with(HELD_OUT);
                chart = chart.line(line.written(move |_| metric.format(target)));
            }
        }
        chart
    }

    fn head_weights(&mut self, ui: &mut Ui) {
        let (curves, axis) = (self.curves, self.options.axis);
        let nothing = if curves.heads.is_empty() && !curves.train.points().is_empty() {
            "This run learns one label"
        } else {
            "No evaluation yet"
        };
        let y = Axis::new("", Unit::None).include(0.0);
        let mut chart = self
            .chart(Pane::HeadWeights, y)
            .empty(empty(curves, axis, nothing));
        for (index, head) in curves.heads.iter().enumerate() {
            let points = head.held_out.points();
            let line = Line::new(
                &head.name,
                count(curves, axis, points.len()),
                move |at| place(curves, axis, points[at].step, points[at].t_s),
                move |at| points[at].weight.unwrap_or(f64::NAN),
            );
            chart = chart.line(line.colour(index).dash(Dash::Solid).markers());
        }
        chart.show(ui);
    }

    fn pace(&mut self, ui: &mut Ui, y: Axis, pane: Pane, of: fn(&TrainPoint) -> Option<f64>) {
        let (curves, axis) = (self.curves, self.options.axis);
        let train = curves.train.points();
        let line = Line::new(
            "train",
            count(curves, axis, train.len()),
            move |at| place(curves, axis, train[at].step, train[at].t_s),
            move |at| of(&train[at]).unwrap_or(f64::NAN),
        );
        let line = line.colour(TRAIN).dash(Dash::Solid);
        let line = if pane == Pane::Speed {
            line.smooth()
        } else {
            line
        };
        self.chart(pane, y)
            .line(line)
            .empty(empty(curves, axis, "Nothing trained yet"))
            .show(ui);
    }

    fn power(&mut self, ui: &mut Ui) {
        let (curves, axis) = (self.curves, self.options.axis);
        let within = known_times(curves, axis);
        let extent = self.shared.extent;
        let nothing = if curves.power.is_empty() {
            "No meter is read yet"
        } else {
            "No reading of power yet"
        };
        let mut chart = self
            .chart(Pane::Power, Axis::new("", Unit::WATTS).include(0.0))
            .empty(empty(curves, axis, nothing));
        for (index, series) in curves.power.iter().enumerate() {
            let all = series.points.points();
            // On an axis of steps or joules, readings of before and after would all stand at its ends.
            let known = within.map_or(0..0, |(from, to)| {
                all.partition_point(|point| point.0 < from)
                    ..all.partition_point(|point| point.0 <= to)
            });
            let points = &all[known];
            let line = Line::new(
                series.label.clone(),
                points.len(),
                move |at| curves.x_of_time(points[at].0, axis).unwrap_or(f64::NAN),
                move |at| points[at].1,
            );
            chart = chart.line(line.id(&series.meter).colour(index));
            if let (Some(idle), Some((low, high))) = (series.idle_w, extent) {
                let idle_line = Line::new(
                    format!("{} idle", series.label),
                    if points.is_empty() { 0 } else { 2 },
                    move |at| if at == 0 { low } else { high },
                    move |_| idle.value,
                );
                let idle_line = idle_line
                    .id((&series.meter, "idle"))
                    .goes_with(&series.meter);
                let written = move |_| crate::units::estimate(idle, "W");
                let idle_line = idle_line.colour(index).dash(Dash::Dotted).width(1.0);
                chart = chart.line(idle_line.written(written));
            }
        }
        chart.show(ui);
    }

    fn energy(&mut self, ui: &mut Ui) {
        let (curves, axis, unit) = (self.curves, self.options.axis, self.unit);
        let within = known_times(curves, axis);
        let all = curves.energy.points();
        let known = within.map_or(0..0, |(from, to)| {
            all.partition_point(|point| point.t_s < from)
                ..all.partition_point(|point| point.t_s <= to)
        });
        let points = &all[known];
        let line = Line::new(
            "training and evaluation",
            points.len(),
            move |at| curves.x_of_time(points[at].t_s, axis).unwrap_or(f64::NAN),
            move |at| points[at].energy_j.value,
        );
        let line = line
            .band(
                move |at| points[at].energy_j.low,
                move |at| points[at].energy_j.high,
            )
            .colour(ENERGY)
            .dash(Dash::Solid)
            .written(move |at| written_energy(points[at].energy_j, unit));
        let y = Axis::new("", energy_unit(unit)).include(0.0);
        let empty = empty(curves, axis, "No energy measured yet");
        self.chart(Pane::Energy, y).line(line).empty(empty).show(ui);
    }
}

fn energy_unit(unit: EnergyUnit) -> Unit {
    match unit {
        EnergyUnit::Joules => Unit::JOULES,
        EnergyUnit::WattHours => Unit::WATT_HOURS,
    }
}

fn x_axis(axis: XAxis, unit: EnergyUnit) -> Axis {
    let (name, unit) = match axis {
        XAxis::Step => ("step", Unit::Count),
        XAxis::Time => ("time", Unit::Seconds),
        XAxis::Energy => ("energy", energy_unit(unit)),
    };
    Axis::new(name, unit).include(0.0)
}

/// Where a moment of training lies on an axis.
fn place(curves: &Curves, axis: XAxis, step: u64, t_s: f64) -> f64 {
    match axis {
        XAxis::Step => step as f64,
        _ => curves.x_of_time(t_s, axis).unwrap_or(f64::NAN),
    }
}

/// How many of `points` have a place on an axis: none as long as nothing is known along it.
fn count(curves: &Curves, axis: XAxis, points: usize) -> usize {
    if axis == XAxis::Energy && curves.energy.points().is_empty() {
        0
    } else {
        points
    }
}

fn empty(curves: &Curves, axis: XAxis, otherwise: &'static str) -> &'static str {
    let trained = !curves.train.points().is_empty();
    if axis == XAxis::Energy && trained && curves.energy.points().is_empty() {
        "No energy measured yet: choose steps or time as x axis"
    } else {
        otherwise
    }
}

/// From when to when it is known where moments lie on an axis, s.
fn known_times(curves: &Curves, axis: XAxis) -> Option<(f64, f64)> {
    match axis {
        XAxis::Time => Some((f64::NEG_INFINITY, f64::INFINITY)),
        XAxis::Step => {
            let points = curves.train.points();
            Some((points.first()?.t_s, points.last()?.t_s))
        }
        XAxis::Energy => {
            let points = curves.energy.points();
            Some((points.first()?.t_s, points.last()?.t_s))
        }
    }
}

/// From where to where there is anything along x in any pane.
pub fn extent(curves: &Curves, axis: XAxis) -> Option<(f64, f64)> {
    let (train, energy) = (curves.train.points(), curves.energy.points());
    match axis {
        XAxis::Step => Some((train.first()?.step as f64, train.last()?.step as f64)),
        XAxis::Energy => Some((
            energy.first()?.energy_j.value,
            energy.last()?.energy_j.value,
        )),
        XAxis::Time => {
            let ends = curves.power.iter().filter_map(|series| {
                let points = series.points.points();
                Some((points.first()?.0, points.last()?.0))
            });
            let train = train
                .first()
                .zip(train.last())
                .map(|(from, to)| (from.t_s, to.t_s));
            ends.chain(train)
                .reduce(|sum, range| (sum.0.min(range.0), sum.1.max(range.1)))
        }
    }
}

/// Phases other than training as stretches of an axis.
pub fn shades(curves: &Curves, axis: XAxis) -> Vec<Shade> {
    let last_of = |points: &[(f64, f64)]| points.last().map(|point| point.0);
    let latest = curves
        .power
        .iter()
        .filter_map(|series| last_of(series.points.points()));
    let trained = curves.train.points().last().map(|point| point.t_s);
    let now = latest.chain(trained).fold(0.0, f64::max);
    let known = known_times(curves, axis);
    let shade = |span: &crate::gui::curves::PhaseSpan| {
        let (label, tint) = match span.phase {
            Phase::Train => return None,
            Phase::Idle => ("idle", Tint::Quiet),
            Phase::Load => ("load", Tint::Quiet),
            Phase::WarmUp => ("warm-up", Tint::Accent),
            Phase::Evaluate => ("evaluate", Tint::Series(TEST)),
            Phase::Checkpoint => ("checkpoint", Tint::Good),
            Phase::Pause => ("pause", Tint::Series(4)),
        };
        let end = span.end_t_s.unwrap_or(now.max(span.begin_t_s));
        let (first, last) = known?;
        if end < first || span.begin_t_s > last {
            return None;
        }
        let from = curves.x_of_time(span.begin_t_s.max(first), axis)?;
        let to = curves.x_of_time(end.min(last), axis)?;
        Some(Shade {
            from,
            to,
            label,
            tint,
        })
    };
    curves.phases.iter().filter_map(shade).collect()
}
