//! Panes of the train page: each is a plot of one thing over the same x axis.
//!
//! | part | what it does |
//! |---|---|
//! | `pane` | which there are, and how all are drawn; remembered |
//! | `along` | the x axis: where moments lie on it, its ends, phases |
//! | `learning`, `heads` | what is learnt, by one head and by several |
//! | `machine` | power and energy |

mod along;
mod heads;
mod learning;
mod machine;
mod pane;

use egui::Ui;

use self::along::x_axis;
use crate::gui::curves::Curves;
use crate::gui::plot::{Axis, Chart, Shade, SharedX, Unit};
use crate::gui::preferences::EnergyUnit;
use crate::units::Metric;

pub use self::along::{extent, shades};
pub use self::pane::{Pane, PlotOptions};

/// Series of what is measured on held-out samples.
const TEST: usize = 3;

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
}

fn energy_unit(unit: EnergyUnit) -> Unit {
    match unit {
        EnergyUnit::Joules => Unit::JOULES,
        EnergyUnit::WattHours => Unit::WATT_HOURS,
    }
}
