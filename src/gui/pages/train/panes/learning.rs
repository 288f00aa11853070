//! Panes of what is learnt: loss, metric, speed and learning rate.

use egui::Ui;

use super::along::{count, empty, place};
use super::heads::{HELD_OUT, SUM};
use super::{Drawn, Pane, TEST};
use crate::gui::curves::{EvaluationPoint, TrainPoint};
use crate::gui::plot::{Axis, Line};
use crate::gui::theme::Dash;

/// Series of what is measured on training samples.
const TRAIN: usize = 0;

impl Drawn<'_> {
    /// A metric of training and held-out samples.
    pub(super) fn metric(&mut self, ui: &mut Ui, y: Axis, pane: Pane) {
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

    pub(super) fn pace(
        &mut self,
        ui: &mut Ui,
        y: Axis,
        pane: Pane,
        of: fn(&TrainPoint) -> Option<f64>,
    ) {
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
}
