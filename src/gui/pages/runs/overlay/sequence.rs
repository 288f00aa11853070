//! The points of one curve, whatever series of the run they come from.

use super::choice::{Choice, Metric};
use crate::gui::curves::{Curves, XAxis};

/// Both ends of the interval of a point, by its number.
type Ends<'a> = Box<dyn Fn(usize) -> (f64, f64) + 'a>;

/// Points along both axes, looked at by number.
pub(super) struct Sequence<'a> {
    pub(super) len: usize,
    pub(super) x: Box<dyn Fn(usize) -> f64 + 'a>,
    pub(super) y: Box<dyn Fn(usize) -> f64 + 'a>,
    pub(super) low_high: Option<Ends<'a>>,
}

/// The points of a metric; `None` where the run has none along this axis.
pub(super) fn sequence<'a>(
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

/// The value at `x` on the line between the points beside it; not a number beyond the ends.
pub(super) fn value_at(of: &Sequence<'_>, x: f64) -> f64 {
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
