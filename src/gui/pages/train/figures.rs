//! The large figures of the run that goes on.

use egui::{Frame, Margin, RichText, Stroke, Ui};

use super::heads;
use crate::analysis;
use crate::gui::live::Live;
use crate::gui::preferences::EnergyUnit;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, KeyFigure};
use crate::units::{Estimate, count, estimate, estimate_in_parts, quantity, significant};

/// Width from which all figures stand in one row, points.
const WIDTH_FOR_FOUR: f32 = 640.0;

/// Energy, power, result, carbon.
pub fn figures(ui: &mut Ui, shared: &Shared) {
    let Some(live) = &shared.live else { return };
    let unit = shared.preferences.energy_unit;
    let tokens = Tokens::in_ui(ui);
    Frame::new()
        .fill(tokens.surface)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(theme::ROUNDING)
        .inner_margin(Margin::symmetric(16, 10))
        .show(ui, |ui| {
            // Columns of equal width: a figure that grows by a digit moves nothing.
            let figures: [fn(&mut Ui, &Live, EnergyUnit); 4] =
                [energy_figure, power_figure, result_figure, carbon_figure];
            let in_a_row = if ui.available_width() < WIDTH_FOR_FOUR {
                2
            } else {
                4
            };
            for row in figures.chunks(in_a_row) {
                ui.columns(in_a_row, |columns| {
                    for (column, figure) in columns.iter_mut().zip(row) {
                        figure(column, live, unit);
                    }
                });
            }
            heads::readouts(ui, live);
        });
}

fn energy_figure(ui: &mut Ui, live: &Live, unit: EnergyUnit) {
    let sum = live.energy();
    let value = sum.as_ref().and_then(|sum| sum.gross.energy_j);
    let (value, spread) = match value {
        Some(value) => widgets::energy_in_parts(value, unit),
        None if live.meters.is_empty() && live.progress.is_some() => {
            ("no meter".to_owned(), String::new())
        }
        None => nothing(),
    };
    let below = match &sum {
        Some(sum) => {
            let mut parts: Vec<&str> = live
                .training
                .iter()
                .filter(|part| !part.gross.boundary.is_whole())
                .map(|part| part.gross.boundary.label())
                .collect();
            parts.dedup();
            let simulated = if sum.gross.is_simulated() {
                "simulated · "
            } else {
                ""
            };
            format!(
                "{simulated}{} · grade {}",
                parts.join(" + "),
                sum.gross.grade
            )
        }
        None => "training and evaluation".to_owned(),
    };
    let figure = KeyFigure {
        name: "Energy",
        value,
        spread,
        below,
    };
    let response = widgets::key_figure(ui, &figure);
    response.on_hover_ui(|ui| widgets::figure_hover(ui, &live.training, unit));
}

fn power_figure(ui: &mut Ui, live: &Live, _: EnergyUnit) {
    // The latest reading of a run that is over is that of a machine that does nothing any more.
    let is_over = !live.is_going_on();
    let (value, spread) = if is_over {
        live.mean_power_w()
            .map_or_else(nothing, |power_w| estimate_in_parts(power_w, "W"))
    } else {
        let now = live.power_w().map(|power_w| quantity(power_w, "W"));
        now.map_or_else(nothing, |now| (now, String::new()))
    };
    let idle: Vec<Estimate> = live.idle.iter().map(|idle| idle.power_w).collect();
    let below = match (is_over, idle.is_empty()) {
        (_, false) => format!("idle {}", estimate(Estimate::sum_independent(idle), "W")),
        (false, true) => "now".to_owned(),
        (true, true) => "training and evaluation".to_owned(),
    };
    let figure = KeyFigure {
        name: if is_over {
            "Mean power of training"
        } else {
            "Power"
        },
        value,
        spread,
        below,
    };
    let response = widgets::key_figure(ui, &figure);
    response.on_hover_ui(|ui| {
        ui.set_max_width(380.0);
        let title = if is_over {
            "Mean power of the metered parts over training and evaluation"
        } else {
            "Power of the metered parts at the latest reading"
        };
        ui.label(RichText::new(title).text_style(theme::strong()));
        if is_over {
            ui.label("energy ÷ the time that the meters covered");
        }
        let has_stepped_in = |id: &str| live.now.iter().any(|now| now.meter == id);
        for meter in &live.meters {
            if meter.stands_by() && !has_stepped_in(&meter.id) {
                continue;
            }
            let now = live.now.iter().find(|now| now.meter == meter.id);
            let reading = if is_over {
                let part = live.training.iter();
                let mut part = part.filter(|part| part.gross.meter == meter.id);
                let mean = part.next().and_then(|part| part.gross.mean_power_w());
                mean.map(|power_w| estimate(power_w, "W"))
            } else {
                let watts = now.and_then(|now| now.power_w);
                watts.map(|watts| quantity(watts, "W"))
            };
            let reading = reading.unwrap_or("no reading".to_owned());
            ui.label(format!(
                "{}: {reading} · {} · grade {}",
                meter.boundary, meter.source, meter.grade
            ));
            if let Some(lost) = now.and_then(|now| now.lost.as_ref()) {
                ui.label(format!("no longer read: {lost}"));
            }
        }
        if live.meters.is_empty() {
            ui.label("No meter answers; the Devices page tells what was tried.");
        }
    });
}

fn result_figure(ui: &mut Ui, live: &Live, _: EnergyUnit) {
    let metric = live.metric();
    let written = |value: f64| metric.format(value);
    let held_out = live
        .evaluation
        .as_ref()
        .and_then(|evaluation| evaluation.metric);
    let value = held_out.map_or("–".to_owned(), written);
    let mut below = match live.setup.regime.stop.target {
        Some(target) => match live
            .ending
            .as_ref()
            .and_then(|ending| ending.summary.as_ref()?.target_reached)
        {
            Some(true) => format!("reached {}", written(target)),
            Some(false) => format!("did not reach {}", written(target)),
            None => format!("held out · target {}", written(target)),
        },
        None => "held-out samples".to_owned(),
    };
    if let (Some(best), None) = (live.best_metric, live.setup.regime.stop.target) {
        below = format!("held out · best {}", written(best));
    }
    if let Some((heads, wanted, there)) = heads::reached(live) {
        let at_target = match wanted {
            0 => String::new(),
            wanted => format!(" · {there} of {wanted} at target"),
        };
        below = format!("worst of {heads} heads{at_target}");
    }
    let figure = KeyFigure {
        name: metric.heading(),
        value,
        below,
        ..KeyFigure::default()
    };
    let response = widgets::key_figure(ui, &figure);
    response.on_hover_ui(|ui| {
        ui.set_max_width(360.0);
        ui.label(RichText::new(metric.explained()).text_style(theme::strong()));
        ui.label(
            "It has never been trained on these. The dashed line of the plots is theirs, the solid one that of the \
             training samples.",
        );
        if live.setup.multitask.is_some() {
            ui.label("A run of several heads is as good as the worst of them; the heads are below.");
        }
        if let Some(training) = live.progress.as_ref().and_then(|progress| progress.metric) {
            ui.label(format!("of the latest training samples: {}", written(training)));
        }
        if let Some(data) = &live.data {
            ui.label(format!("{} samples are held out", count(data.test as u64)));
        }
    });
}

fn carbon_figure(ui: &mut Ui, live: &Live, _: EnergyUnit) {
    let energy = live.energy().and_then(|sum| sum.gross.energy_j);
    let measure = &live.setup.measure;
    let carbon = energy.and_then(|energy_j| {
        let intensity = analysis::lookup(measure.country.as_deref()).ok()?;
        analysis::operational(energy_j, &intensity, measure.pue).ok()
    });
    let (value, spread) = carbon
        .as_ref()
        .map_or_else(nothing, |carbon| estimate_in_parts(carbon.carbon_g, "g"));
    let like = energy.map(|energy_j| widgets::everyday(energy_j.value));
    let below = like
        .as_ref()
        .map_or("of the electricity".to_owned(), |(text, _)| text.clone());
    let figure = KeyFigure {
        name: "CO₂ equivalent",
        value,
        spread,
        below,
    };
    let response = widgets::key_figure(ui, &figure);
    response.on_hover_ui(|ui| {
        ui.set_max_width(380.0);
        ui.label(
            RichText::new("Operational carbon of the electricity").text_style(theme::strong()),
        );
        ui.label("energy ÷ 3.6 MJ/kWh × PUE × carbon intensity");
        if let Some(carbon) = &carbon {
            ui.label(format!(
                "PUE {}, {} gCO2e/kWh: {}",
                significant(carbon.pue, 3),
                significant(carbon.intensity.g_per_kwh, 3),
                carbon
                    .intensity
                    .country
                    .as_deref()
                    .unwrap_or(&carbon.intensity.source)
            ));
        }
        ui.label("Making the hardware is not in it. Country and PUE are chosen in the settings.");
        if let Some((text, formula)) = &like {
            ui.separator();
            ui.label(text);
            ui.label(formula);
        }
    });
}

/// Value and interval before there are any.
fn nothing() -> (String, String) {
    ("–".to_owned(), String::new())
}
