//! Panes of what the machine takes: power by meter, and energy so far.

use egui::Ui;

use super::along::{empty, known_times};
use super::{Drawn, Pane, energy_unit};
use crate::gui::plot::{Axis, Line, Unit};
use crate::gui::theme::Dash;
use crate::gui::widgets::written_energy;

/// Series of energy.
const ENERGY: usize = 1;

impl Drawn<'_> {
    pub(super) fn power(&mut self, ui: &mut Ui) {
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

    pub(super) fn energy(&mut self, ui: &mut Ui) {
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
