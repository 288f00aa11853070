//! What the plots of a run are drawn from; the same for a run that goes on and for a stored one.

use crate::library::{Library, LibraryError, SampleFilter};
use crate::protocol::{Event, Meter, PhaseEnergy};
use crate::setup::Phase;
use crate::units::{Boundary, Estimate, HeadProgress, HeadResult};

/// Points that a series holds; beyond, every second one is dropped and from then on every second one is taken.
const POINTS_MAX: usize = 1 << 20;

/// What the x axis of a plot counts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum XAxis {
    /// Steps of the optimiser.
    #[default]
    Step,
    /// Seconds since the run began.
    Time,
    /// Joules of training and evaluation, over the parts of the machine that were metered.
    Energy,
}

impl XAxis {
    /// Every axis.
    pub const ALL: [Self; 3] = [Self::Step, Self::Time, Self::Energy];

    /// Its name with unit.
    pub fn label(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Time => "time in s",
            Self::Energy => "energy in J",
        }
    }
}

/// A bounded series of points in order of time.
#[derive(Clone, Debug)]
pub struct Series<T> {
    points: Vec<T>,
    stride: u64,
    taken: u64,
}

impl<T> Default for Series<T> {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            stride: 1,
            taken: 0,
        }
    }
}

impl<T> Series<T> {
    /// Adds a point.
    pub fn push(&mut self, point: T) {
        if self.taken.is_multiple_of(self.stride) {
            if self.points.len() >= POINTS_MAX {
                let mut keep = false;
                self.points.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride *= 2;
            }
            self.points.push(point);
        }
        self.taken += 1;
    }

    /// Leaves out the points that `keep` refuses.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.points.retain(keep);
    }

    /// The points.
    pub fn points(&self) -> &[T] {
        &self.points
    }
}

/// Training metrics over the steps since the last point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainPoint {
    /// Steps done.
    pub step: u64,
    /// When, s.
    pub t_s: f64,
    /// Mean loss.
    pub loss: Option<f64>,
    /// The task's metric.
    pub metric: Option<f64>,
    /// Learning rate.
    pub learning_rate: Option<f64>,
    /// Samples a second.
    pub samples_per_s: Option<f64>,
}

/// A look at the held-out samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvaluationPoint {
    /// Steps done.
    pub step: u64,
    /// When, s.
    pub t_s: f64,
    /// Mean loss.
    pub loss: Option<f64>,
    /// The task's metric.
    pub metric: Option<f64>,
}

/// How good a head is at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadPoint {
    /// Steps done.
    pub step: u64,
    /// When, s.
    pub t_s: f64,
    /// Mean cross-entropy, without its weight.
    pub loss: Option<f64>,
    /// Its metric.
    pub value: Option<f64>,
    /// The factor of its loss, where it is told.
    pub weight: Option<f64>,
}

/// One head of a run that learns several labels at once.
#[derive(Clone, Debug, Default)]
pub struct HeadCurves {
    /// The label that it foretells.
    pub name: String,
    /// What it is to reach.
    pub target: Option<f64>,
    /// Over the training samples since the point before.
    pub train: Series<HeadPoint>,
    /// Over the held-out samples.
    pub held_out: Series<HeadPoint>,
}

/// Energy of training and evaluation up to a moment, over the parts of the machine that were metered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyPoint {
    /// When, s.
    pub t_s: f64,
    /// How much, J.
    pub energy_j: Estimate,
}

/// Power by one meter.
#[derive(Clone, Debug, Default)]
pub struct PowerSeries {
    /// Which meter.
    pub meter: String,
    /// What it covers, for people: boundary and grade.
    pub label: String,
    /// Seconds and watts.
    pub points: Series<(f64, f64)>,
    /// Power of the idle machine by this meter, W.
    pub idle_w: Option<Estimate>,
}

/// A stretch of time of one phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseSpan {
    /// Which.
    pub phase: Phase,
    /// From, s.
    pub begin_t_s: f64,
    /// To, s; `None` while it goes on.
    pub end_t_s: Option<f64>,
}

/// Everything that the plots of one run show.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// Changes with every addition.
    pub revision: u64,
    /// Training metrics.
    pub train: Series<TrainPoint>,
    /// Looks at the held-out samples.
    pub evaluations: Series<EvaluationPoint>,
    /// Each head, where several labels are learnt at once.
    pub heads: Vec<HeadCurves>,
    /// Cumulative energy.
    pub energy: Series<EnergyPoint>,
    /// Power by meter, in the order of the meters.
    pub power: Vec<PowerSeries>,
    /// Of meters that may take the place of one of `power`; nothing of them is drawn before they do.
    pub stand_bys: Vec<PowerSeries>,
    /// Phases in order.
    pub phases: Vec<PhaseSpan>,
}

impl Curves {
    /// Takes in what a worker said.
    pub fn take(&mut self, event: &Event) {
        self.revision += 1;
        match event {
            Event::Meters { meters, .. } => {
                // A resumed run goes on with what its meters read before.
                let before = std::mem::take(&mut self.power);
                let (stand_bys, read): (Vec<&Meter>, Vec<&Meter>) =
                    meters.iter().partition(|meter| meter.stands_by());
                self.stand_bys = stand_bys.into_iter().map(power_series).collect();
                self.power = read
                    .into_iter()
                    .map(|meter| {
                        let same = before.iter().find(|series| series.meter == meter.id);
                        same.cloned().unwrap_or_else(|| power_series(meter))
                    })
                    .collect();
            }
            Event::Idle { power, .. } => {
                for idle in power {
                    if let Some(series) = self
                        .power
                        .iter_mut()
                        .find(|series| series.meter == idle.meter)
                    {
                        series.idle_w = Some(idle.power_w);
                    }
                }
            }
            Event::PhaseBegan { t_s, phase } => {
                self.phases.push(PhaseSpan {
                    phase: *phase,
                    begin_t_s: *t_s,
                    end_t_s: None,
                });
            }
            Event::PhaseEnded { t_s, phase, .. } => {
                if let Some(span) = self.phases.last_mut().filter(|span| span.phase == *phase) {
                    span.end_t_s = Some(*t_s);
                }
            }
            Event::Progress { t_s, progress } => {
                self.train.push(TrainPoint {
                    step: progress.step,
                    t_s: *t_s,
                    loss: progress.loss,
                    metric: progress.metric,
                    learning_rate: Some(progress.learning_rate),
                    samples_per_s: Some(progress.samples_per_s),
                });
                self.train_heads(progress.step, *t_s, &progress.heads);
            }
            Event::Evaluated {
                t_s,
                evaluation,
                training,
            } => {
                self.evaluations.push(EvaluationPoint {
                    step: evaluation.step,
                    t_s: *t_s,
                    loss: evaluation.loss,
                    metric: evaluation.metric,
                });
                self.held_out_heads(evaluation.step, *t_s, &evaluation.heads);
                self.take_energy(*t_s, training);
            }
            Event::Samples { samples } => {
                for sample in samples.iter().filter(|sample| sample.metric == "power") {
                    let of_meter = |series: &PowerSeries| series.meter == sample.meter;
                    if let Some(at) = self.stand_bys.iter().position(of_meter) {
                        // It has stepped in: from here on it has a curve.
                        self.power.push(self.stand_bys.remove(at));
                    }
                    let series = self
                        .power
                        .iter_mut()
                        .find(|series| series.meter == sample.meter);
                    if let (Some(series), Some(power_w)) = (series, sample.value) {
                        series.points.push((sample.t_s, power_w));
                    }
                }
            }
            Event::Energy { t_s, training, .. } => self.take_energy(*t_s, training),
            _ => {}
        }
    }

    fn train_heads(&mut self, step: u64, t_s: f64, heads: &[HeadProgress]) {
        for head in heads {
            self.head(&head.head).train.push(HeadPoint {
                step,
                t_s,
                loss: head.loss,
                value: head.value,
                weight: None,
            });
        }
    }

    fn held_out_heads(&mut self, step: u64, t_s: f64, heads: &[HeadResult]) {
        for head in heads {
            let curves = self.head(&head.head);
            curves.target = head.target;
            curves.held_out.push(HeadPoint {
                step,
                t_s,
                loss: head.loss,
                value: head.value,
                weight: head.weight,
            });
        }
    }

    /// The curves of the head called `name`.
    fn head(&mut self, name: &str) -> &mut HeadCurves {
        let known = self.heads.iter().position(|head| head.name == name);
        let at = known.unwrap_or_else(|| {
            self.heads.push(HeadCurves {
                name: name.to_owned(),
                ..HeadCurves::default()
            });
            self.heads.len() - 1
        });
        &mut self.heads[at]
    }

    fn take_energy(&mut self, t_s: f64, training: &[PhaseEnergy]) {
        let sum = crate::control::sum_of_parts(training).and_then(|sum| sum.gross.energy_j);
        // An evaluation is told after readings that came while it went on; plots go forward in time alone.
        let is_late = self
            .energy
            .points()
            .last()
            .is_some_and(|last| t_s < last.t_s);
        if let Some(energy_j) = sum.filter(|_| !is_late) {
            self.energy.push(EnergyPoint { t_s, energy_j });
        }
    }

    /// The curves of a stored run.
    ///
    /// # Errors
    /// Where the library cannot be read or there is no such run.
    pub fn of_run(library: &Library, run_id: &str) -> Result<Self, LibraryError> {
        let details = library.details(run_id)?;
        let mut curves = Self {
            revision: 1,
            ..Self::default()
        };
        // In the order of the setup, in which evaluations tell them.
        for head in details.epochs.iter().flat_map(|epoch| &epoch.heads) {
            curves.head(&head.head);
        }
        for point in library.steps(run_id, POINTS_MAX)? {
            curves.train_heads(point.step, point.t_s, &point.heads);
            curves.train.push(TrainPoint {
                step: point.step,
                t_s: point.t_s,
                loss: point.loss,
                metric: point.metric,
                learning_rate: point.learning_rate,
                samples_per_s: point.samples_per_s,
            });
        }
        for epoch in &details.epochs {
            curves.evaluations.push(EvaluationPoint {
                step: epoch.step,
                t_s: epoch.t_s,
                loss: epoch.test_loss,
                metric: epoch.test_metric,
            });
            curves.held_out_heads(epoch.step, epoch.t_s, &epoch.heads);
            let sum = epoch
                .energies
                .iter()
                .find(|energy| energy.boundary == Boundary::Components)
                .and_then(|energy| energy.cumulative_j);
            if let Some(energy_j) = sum {
                curves.energy.push(EnergyPoint {
                    t_s: epoch.t_s,
                    energy_j,
                });
            }
        }
        curves.power = details
            .meters
            .iter()
            .map(|meter| PowerSeries {
                meter: meter.id.clone(),
                label: format!("{} · grade {}", meter.boundary, meter.grade),
                points: Series::default(),
                idle_w: details
                    .idle_power
                    .iter()
                    .find(|idle| idle.meter == meter.id)
                    .map(|idle| idle.power_w),
            })
            .collect();
        let power = SampleFilter {
            metric: Some("power".to_owned()),
            ..SampleFilter::default()
        };
        library.each_sample(run_id, &power, |t_s, series, value| {
            let known = curves
                .power
                .iter_mut()
                .find(|known| known.meter == series.meter);
            if let (Some(known), Some(watts)) = (known, value) {
                known.points.push((t_s, watts));
            }
            Ok::<(), LibraryError>(())
        })?;
        // One that stood by and never stepped in has nothing to show.
        curves.power.retain(|series| {
            let meter = details.meters.iter().find(|meter| meter.id == series.meter);
            !series.points.points().is_empty() || meter.is_none_or(|meter| !meter.stood_by())
        });
        curves.phases = details
            .phases
            .iter()
            .filter_map(|span| {
                Some(PhaseSpan {
                    phase: Phase::ALL
                        .into_iter()
                        .find(|phase| phase.name() == span.phase)?,
                    begin_t_s: span.begin_t_s,
                    end_t_s: span.end_t_s,
                })
            })
            .collect();
        Ok(curves)
    }

    /// Leaves out what came after step `step`, from which the run is gone on with.
    pub fn cut_after(&mut self, step: u64) {
        self.revision += 1;
        self.train.retain(|point| point.step <= step);
        self.evaluations.retain(|point| point.step <= step);
        for head in &mut self.heads {
            head.train.retain(|point| point.step <= step);
            head.held_out.retain(|point| point.step <= step);
        }
    }

    /// Where a moment lies on an axis; `None` before anything is known there. A moment between two known points lies on
    /// the line between them.
    pub fn x_of_time(&self, t_s: f64, axis: XAxis) -> Option<f64> {
        match axis {
            XAxis::Time => Some(t_s),
            XAxis::Step => {
                let points = self.train.points();
                between(t_s, points.len(), |at| {
                    (points[at].t_s, points[at].step as f64)
                })
            }
            XAxis::Energy => {
                let points = self.energy.points();
                between(t_s, points.len(), |at| {
                    (points[at].t_s, points[at].energy_j.value)
                })
            }
        }
    }
}

fn power_series(meter: &Meter) -> PowerSeries {
    PowerSeries {
        meter: meter.id.clone(),
        label: format!("{} · grade {}", meter.boundary, meter.grade),
        ..PowerSeries::default()
    }
}

/// Straight-line interpolation in `count` points `(t, x)` in order of `t`; clamped at the ends.
fn between(t: f64, count: usize, point: impl Fn(usize) -> (f64, f64)) -> Option<f64> {
    if count == 0 {
        return None;
    }
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if point(middle).0 <= t {
            low = middle + 1
        } else {
            high = middle
        }
    }
    if low == 0 {
        return Some(point(0).1);
    }
    let (t0, x0) = point(low - 1);
    if low == count {
        return Some(x0);
    }
    let (t1, x1) = point(low);
    Some(if t1 > t0 {
        x0 + (x1 - x0) * (t - t0) / (t1 - t0)
    } else {
        x1
    })
}
