//! Panes of a run of several heads: loss and metric of each, and the weights of their losses.

use egui::Ui;

use super::along::{count, empty, place};
use super::{Drawn, Pane};
use crate::gui::curves::HeadPoint;
use crate::gui::plot::{Axis, Chart, Line, Unit};
use crate::gui::theme::Dash;

/// Series of the sum of several heads' losses.
pub(super) const SUM: usize = 7;
/// Entry of the legend for what is measured on held-out samples, of several heads.
pub(super) const HELD_OUT: &str = "test";

impl Drawn<'_> {
    /// A line of each head over the training samples, a dashed one over the held-out ones, a dotted one at its target.
    pub(super) fn heads(&mut self, pane: Pane, y: Axis) -> Chart<'_> {
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

    pub(super) fn head_weights(&mut self, ui: &mut Ui) {
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
}
