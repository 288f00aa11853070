use super::{NAME, SMALL, WIDTH, fitted, provenance};
use crate::analysis::sweep::words::p_value;
use crate::analysis::sweep::{Analysis, AxisEffect, Effects, LevelEffect, Measure};
use crate::report::ink::Ink;
use crate::report::scale::Scale;
use crate::report::scene::{Anchor, Scene};
use crate::units::Estimate;

const TOP: f64 = 92.0;
const PANEL: f64 = 200.0;
const BELOW: f64 = 70.0;

/// A small panel for each axis, all with one scale, so that they can be compared.
pub(super) fn effects(analysis: &Analysis, effects: &Effects) -> Option<Scene> {
    let shown: Vec<&AxisEffect> = effects
        .axes
        .iter()
        .filter(|axis| {
            axis.levels
                .iter()
                .filter(|level| figure(level).is_some())
                .count()
                > 1
        })
        .collect();
    if shown.is_empty() {
        return None;
    }
    let columns = shown.len().min(3);
    let rows = shown.len().div_ceil(columns);
    let name = match effects.measure {
        Measure::Quality => analysis.kind.metric.title(),
        other => other.title(),
    };
    let title = format!("Main effects on {name}");
    let mut scene = Scene::new(
        WIDTH,
        TOP + rows as f64 * (PANEL + BELOW) - 10.0,
        format!("{title}: mean at each level of each axis, the others averaged."),
    );
    scene.heading((20.0, 28.0), title);
    scene.text(
        (20.0, 46.0),
        caption(analysis, effects),
        SMALL,
        Ink::Dim,
        Anchor::Start,
    );

    let values = || {
        shown
            .iter()
            .flat_map(|axis| &axis.levels)
            .filter_map(figure)
    };
    let room = (WIDTH - 40.0) / columns as f64;
    for (at, axis) in shown.iter().enumerate() {
        let top = TOP + (at / columns) as f64 * (PANEL + BELOW);
        let left = 20.0 + (at % columns) as f64 * room;
        let scale = Scale::around(
            values().flat_map(|figure| within_reason(figure).into_iter()),
            (top + PANEL, top),
            effects.measure != Measure::Quality,
        );
        let is_first = at % columns == 0;
        panel(
            &mut scene,
            analysis,
            effects,
            axis,
            (&scale, is_first),
            [left + 46.0, top, left + room - 16.0],
        );
    }
    Some(scene)
}

/// The ends of the interval, but no further than what keeps the means apart.
fn within_reason(figure: Estimate) -> [f64; 3] {
    let reach = 0.5 * figure.value.abs();
    [
        figure.low.max(figure.value - reach),
        figure.value,
        figure.high.min(figure.value + reach),
    ]
}

fn caption(analysis: &Analysis, effects: &Effects) -> String {
    let design = match effects.balanced {
        true => "full grid",
        false => "grid with gaps: means adjusted for the other axes",
    };
    let left_out = match effects.left_out {
        0 => String::new(),
        count => format!(" · {count} setups have no figure and are left out"),
    };
    format!("{} · {design}{left_out}", provenance(analysis))
}

fn figure(level: &LevelEffect) -> Option<Estimate> {
    level.adjusted.or(level.plain.map(Estimate::exact))
}

fn panel(
    scene: &mut Scene,
    analysis: &Analysis,
    effects: &Effects,
    effect: &AxisEffect,
    (scale, is_first): (&Scale, bool),
    [left, top, right]: [f64; 3],
) {
    let axis = &analysis.axes[effect.axis];
    let bottom = top + PANEL;
    let marks = match effects.measure {
        Measure::Quality => scale.marks(5, analysis.kind.metric.shown().0),
        _ => scale.marks_in_unit(5),
    };
    for (value, name) in marks {
        let y = scale.place(value);
        scene.line((left, y), (right, y), Ink::Line, 1.0);
        if is_first {
            scene.text((left - 8.0, y + 4.0), name, SMALL, Ink::Dim, Anchor::End);
        }
    }
    if is_first {
        let unit = match effects.measure {
            Measure::Quality => analysis.kind.metric.shown().1.trim().to_owned(),
            other => scale.unit(other.unit()),
        };
        scene.text((left - 8.0, top - 12.0), unit, SMALL, Ink::Dim, Anchor::End);
    }
    let heading = match effect.p {
        Some(p) => format!("{} · {}", axis.name, p_value(p)),
        None => axis.name.clone(),
    };
    scene.text(
        (left, top - 12.0),
        fitted(&heading, NAME, right - left),
        NAME,
        Ink::Text,
        Anchor::Start,
    );

    let step = (right - left) / effect.levels.len() as f64;
    let middle = |at: usize| left + step * (at as f64 + 0.5);
    let points: Vec<(f64, f64)> = effect
        .levels
        .iter()
        .enumerate()
        .filter_map(|(at, level)| Some((middle(at), scale.place(figure(level)?.value))))
        .collect();
    if axis.numeric {
        scene.path(points.clone(), Ink::Accent, 1.5, false);
    }
    let stride = labels_apart(effect, step);
    for (at, level) in effect.levels.iter().enumerate() {
        let x = middle(at);
        if at % stride == 0 {
            let name = fitted(&level.level, SMALL, step * stride as f64 - 4.0);
            scene.text((x, bottom + 18.0), name, SMALL, Ink::Text, Anchor::Middle);
        }
        match figure(level) {
            Some(Estimate { value, low, high }) => {
                scene.line(
                    (x, scale.place(low)),
                    (x, scale.place(high)),
                    Ink::Accent,
                    1.5,
                );
                scene.circle((x, scale.place(value)), 4.0, Ink::Accent, Ink::Surface);
            }
            None => scene.text((x, bottom - 6.0), "none", 9.0, Ink::Dim, Anchor::Middle),
        }
        if level.left_out > 0 && step > 34.0 {
            let text = format!("{} out", level.left_out);
            scene.text((x, bottom + 32.0), text, 9.0, Ink::Warning, Anchor::Middle);
        }
    }
}

/// Every how many levels one is named.
fn labels_apart(effect: &AxisEffect, step: f64) -> usize {
    let widest = effect
        .levels
        .iter()
        .map(|level| super::width(&level.level, SMALL))
        .fold(0.0, f64::max);
    (((widest + 6.0) / step).ceil() as usize).clamp(1, effect.levels.len().max(1))
}
