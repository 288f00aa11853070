//! The plot: a line for each run, or for each mean.

use super::Run;
use super::choice::{Choice, Metric, Split};
use super::means::Mean;
use super::sequence::{Sequence, sequence};
use crate::gui::curves::XAxis;
use crate::gui::plot::{Axis, Chart, Line, Unit};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::Dash;
use crate::units;

pub(super) fn chart<'a>(
    runs: &'a [Run<'a>],
    choice: &'a Choice,
    result: units::Metric,
    means: Option<&'a [Mean]>,
    energy: EnergyUnit,
    revision: u64,
) -> Chart<'a> {
    let joules = match energy {
        EnergyUnit::Joules => Unit::JOULES,
        EnergyUnit::WattHours => Unit::WATT_HOURS,
    };
    let x = match choice.x {
        XAxis::Step => Axis::new("step", Unit::Count),
        XAxis::Time => Axis::new("time", Unit::Seconds),
        XAxis::Energy => Axis::new("energy of training and evaluation", joules),
    };
    let y = match choice.metric {
        Metric::Loss => Axis::new("loss", Unit::None),
        Metric::Result => Axis::of_metric(result.title(), result),
        Metric::Power => Axis::new("power", Unit::WATTS),
        Metric::Energy => Axis::new("energy", joules),
    };
    let mut chart = Chart::new("Curves of the chosen runs", x, y.log(choice.log))
        .revision(revision)
        .smoothing(choice.smoothing)
        .empty("No such curve was recorded");
    let splits = choice.splits();
    if let Some(means) = means {
        for mean in means {
            let line = Line::new(
                mean.name.clone(),
                mean.points.len(),
                |at| mean.points[at].x,
                |at| mean.points[at].mean,
            );
            let line = line
                .id((
                    &mean.name,
                    choice.metric as u8,
                    choice.x,
                    mean.is_train,
                    &choice.head,
                ))
                .band(|at| mean.points[at].low, |at| mean.points[at].high)
                .colour(mean.colour)
                .width(2.0)
                .dash(if mean.is_train {
                    Dash::Solid
                } else {
                    Dash::Dashed
                });
            chart = chart.line(line);
        }
        return chart;
    }
    let head = choice.head(runs);
    for (number, run) in runs.iter().enumerate() {
        for is_train in splits {
            let Some(Sequence {
                len,
                x,
                y,
                low_high,
            }) = sequence(run.curves(), choice, head.as_deref(), *is_train)
            else {
                continue;
            };
            let name = match (
                choice.metric.has_splits() && choice.split == Split::Both,
                is_train,
            ) {
                (true, true) => format!("{}, training", run.item.name()),
                (true, false) => format!("{}, held-out", run.item.name()),
                _ => run.item.name().to_owned(),
            };
            let mut line = Line::new(name, len, x, y)
                .id((
                    run.item.id(),
                    choice.metric as u8,
                    choice.x,
                    is_train,
                    &choice.meter,
                    &head,
                ))
                .colour(number);
            if choice.metric.has_splits() && choice.split == Split::Both {
                line = line.dash(if *is_train { Dash::Solid } else { Dash::Dashed });
            }
            if let Some(low_high) = low_high {
                let low_high = std::rc::Rc::new(low_high);
                let other = std::rc::Rc::clone(&low_high);
                line = line.band(move |at| low_high(at).0, move |at| other(at).1);
            }
            if *is_train || choice.metric == Metric::Power {
                line = line.smooth();
            } else {
                line = line.markers();
            }
            chart = chart.line(line);
        }
    }
    chart
}
