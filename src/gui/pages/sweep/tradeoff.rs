//! Energy against the metric or against time, and which setup is best as the weight of energy goes from 0 to 1.

use egui::{Label, RichText, Slider, Ui};

use super::analysed::Made;
use crate::analysis::sweep::{Costs, Figure, PowerFrom, SetupResult, cost};
use crate::gui::plot::{Axis, Chart, Line, Points, ScatterPoint, Unit};
use crate::gui::preferences::EnergyUnit;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets;
use crate::units::quantity;

/// Height of the plot, points.
const HEIGHT: f32 = 320.0;

/// What stands upwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Upwards {
    /// Seconds: what the weight is about.
    #[default]
    Time,
    /// The metric.
    Metric,
}

/// Weight of energy against time, and the points of the plot.
pub struct Tradeoff {
    eta: f64,
    upwards: Upwards,
    made: Option<(u64, Upwards, Drawn)>,
}

impl Default for Tradeoff {
    fn default() -> Self {
        Self {
            eta: 0.5,
            upwards: Upwards::default(),
            made: None,
        }
    }
}

/// The points of the plot, with the setup that each stands for.
#[derive(Default)]
struct Drawn {
    front: (Vec<ScatterPoint>, Vec<usize>),
    beaten: (Vec<ScatterPoint>, Vec<usize>),
    /// What nothing beats in the two figures of the plot, from the least energy on.
    steps: Vec<(f64, f64)>,
}

/// Draws the plot with its slider.
pub fn show(view: &mut Tradeoff, ui: &mut Ui, made: &Made, unit: EnergyUnit) {
    let analysis = &made.analysis;
    let ranked = analysis
        .setups
        .iter()
        .filter(|setup| setup.rank.is_some())
        .count();
    if ranked < 2 {
        return;
    }
    let metric = analysis.kind.metric;
    ui.add_space(theme::GRID);
    ui.horizontal_wrapped(|ui| {
        widgets::section(ui, "Energy against");
        for (upwards, name) in [(Upwards::Time, "time"), (Upwards::Metric, metric.title())] {
            let button = ui.selectable_label(view.upwards == upwards, name);
            if button.clicked() {
                view.upwards = upwards;
            }
        }
    });
    let best = analysis
        .costs
        .as_ref()
        .and_then(|costs| slider(view, ui, made, costs, unit));
    if view
        .made
        .as_ref()
        .is_none_or(|(serial, upwards, _)| (*serial, *upwards) != (made.serial, view.upwards))
    {
        view.made = Some((made.serial, view.upwards, drawn(made, view.upwards)));
    }
    let Some((.., drawn)) = &mut view.made else {
        return;
    };
    for (points, setups) in [&mut drawn.front, &mut drawn.beaten] {
        for (point, setup) in points.iter_mut().zip(setups.iter()) {
            point.is_marked = best == Some(*setup);
        }
    }
    let joules = match unit {
        EnergyUnit::Joules => Unit::JOULES,
        EnergyUnit::WattHours => Unit::WATT_HOURS,
    };
    let energy = match analysis.kind.target {
        Some(_) => "energy to the target",
        None => "energy",
    };
    let (name, y) = match view.upwards {
        Upwards::Time => ("time", Axis::new("time", Unit::Seconds)),
        Upwards::Metric => (metric.title(), Axis::of_metric(metric.title(), metric)),
    };
    let steps = &drawn.steps;
    let mut chart = Chart::new(
        format!("Energy against {name} of the setups"),
        Axis::new(energy, joules),
        y,
    )
    .height(HEIGHT)
    .revision(made.serial)
    .empty("No setup has both figures");
    if steps.len() > 1 {
        let line = Line::new(
            "front of the two",
            steps.len(),
            |at| steps[at].0,
            |at| steps[at].1,
        );
        chart = chart.line(line.colour(7));
    }
    if !drawn.beaten.0.is_empty() {
        chart = chart.points(Points::new("beaten", &drawn.beaten.0).colour(0));
    }
    chart = chart.points(Points::new("no other beats it", &drawn.front.0).colour(2));
    chart.show(ui);
}

/// The slider, and which setup it takes.
fn slider(
    view: &mut Tradeoff,
    ui: &mut Ui,
    made: &Made,
    costs: &Costs,
    unit: EnergyUnit,
) -> Option<usize> {
    let tokens = Tokens::in_ui(ui);
    let hint = "η: what energy counts against time, whose seconds become joules by the highest power: η · energy + (1 − η) · \
                power · time (Zeus)";
    ui.horizontal_wrapped(|ui| {
        let label = widgets::field_label(ui, "Time alone", hint);
        ui.spacing_mut().slider_width = 220.0_f32.min((ui.available_width() - 160.0).max(80.0));
        let slider = Slider::new(&mut view.eta, 0.0..=1.0)
            .step_by(0.01)
            .fixed_decimals(2);
        let response = ui.add(slider).labelled_by(label.id);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::Slider, true, "Weight of energy");
            info.value = Some(view.eta);
            info
        });
        response.on_hover_text(hint);
        ui.label(RichText::new("energy alone").small().color(tokens.dim));
    });
    let analysis = &made.analysis;
    let best = analysis
        .setups
        .iter()
        .enumerate()
        .filter(|(_, setup)| setup.rank.is_some())
        .filter_map(|(at, setup)| Some((at, cost(setup, view.eta, costs.max_power_w)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let (at, cost_j) = best?;
    let from = match costs.power_from {
        PowerFrom::Given => "as given",
        PowerFrom::Highest => "the highest of any trial",
        PowerFrom::HighestMean => "the highest mean of any trial",
    };
    let cost_j = match unit {
        EnergyUnit::Joules => quantity(cost_j, "J"),
        EnergyUnit::WattHours => quantity(cost_j / 3600.0, "Wh"),
    };
    let text = format!(
        "At η = {:.2}: {}, {cost_j}",
        view.eta, analysis.setups[at].label
    );
    ui.add(Label::new(RichText::new(text).text_style(theme::strong())).wrap());
    let choices = crate::report::choices_in_words(analysis);
    if choices.len() > 1 {
        widgets::caption(ui, choices.join(" · "));
    }
    let power = quantity(costs.max_power_w, "W");
    widgets::caption(ui, format!("Seconds are weighed by {power}, {from}."));
    Some(at)
}

fn drawn(made: &Made, upwards: Upwards) -> Drawn {
    let analysis = &made.analysis;
    let of = |setup: &SetupResult| -> Option<Figure> {
        match upwards {
            Upwards::Time => setup.time_s.clone(),
            Upwards::Metric => setup.quality.clone(),
        }
    };
    let mut drawn = Drawn::default();
    let mut pairs = Vec::new();
    // More is better of most metrics, and less of time.
    let sign = match upwards {
        Upwards::Metric if analysis.kind.metric.higher_is_better() => 1.0,
        _ => -1.0,
    };
    for (at, setup) in analysis.setups.iter().enumerate() {
        let energy = setup.energy_j.as_ref().filter(|_| setup.rank.is_some());
        let (Some(energy), Some(other)) = (energy, of(setup)) else {
            continue;
        };
        let point = ScatterPoint {
            x: energy.mean(),
            y: other.mean(),
            x_interval: Some((energy.estimate.low, energy.estimate.high)),
            label: setup.label.clone(),
            is_marked: false,
        };
        pairs.push((point.x, sign * point.y));
        let series = match analysis.front.contains(&at) {
            true => &mut drawn.front,
            false => &mut drawn.beaten,
        };
        series.0.push(point);
        series.1.push(at);
    }
    for at in crate::analysis::pareto_front(&pairs) {
        let (x, y) = (pairs[at].0, sign * pairs[at].1);
        if let Some((_, last)) = drawn.steps.last().copied() {
            drawn.steps.push((x, last));
        }
        drawn.steps.push((x, y));
    }
    drawn
}
