//! The x axis that all panes have in common: where moments lie on it, from where to where, and its phases.

use super::{TEST, energy_unit};
use crate::gui::curves::{Curves, PhaseSpan, XAxis};
use crate::gui::plot::{Axis, Shade, Tint, Unit};
use crate::gui::preferences::EnergyUnit;
use crate::setup::Phase;

pub(super) fn x_axis(axis: XAxis, unit: EnergyUnit) -> Axis {
    let (name, unit) = match axis {
        XAxis::Step => ("step", Unit::Count),
        XAxis::Time => ("time", Unit::Seconds),
        XAxis::Energy => ("energy", energy_unit(unit)),
    };
    Axis::new(name, unit).include(0.0)
}

/// Where a moment of training lies on an axis.
pub(super) fn place(curves: &Curves, axis: XAxis, step: u64, t_s: f64) -> f64 {
    match axis {
        XAxis::Step => step as f64,
        _ => curves.x_of_time(t_s, axis).unwrap_or(f64::NAN),
    }
}

/// How many of `points` have a place on an axis: none as long as nothing is known along it.
pub(super) fn count(curves: &Curves, axis: XAxis, points: usize) -> usize {
    if axis == XAxis::Energy && curves.energy.points().is_empty() {
        0
    } else {
        points
    }
}

pub(super) fn empty(curves: &Curves, axis: XAxis, otherwise: &'static str) -> &'static str {
    let trained = !curves.train.points().is_empty();
    if axis == XAxis::Energy && trained && curves.energy.points().is_empty() {
        "No energy measured yet: choose steps or time as x axis"
    } else {
        otherwise
    }
}

/// From when to when it is known where moments lie on an axis, s.
pub(super) fn known_times(curves: &Curves, axis: XAxis) -> Option<(f64, f64)> {
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
    let shade = |span: &PhaseSpan| {
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
