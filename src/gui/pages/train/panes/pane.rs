//! Which panes there are, and how all of them are drawn; remembered.

use serde::{Deserialize, Serialize};

use crate::gui::curves::XAxis;
use crate::units::Metric;

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
