//! What series are of: a point, or what a series belongs to.

use super::Series;
use crate::setup::Phase;
use crate::units::Estimate;

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
