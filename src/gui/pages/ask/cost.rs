//! What an answer costs.

use egui::{Label, RichText, Ui};

use crate::analysis::inference::{SAMPLES, of_one};
use crate::analysis::lives::{answers_as_training, answers_in_words};
use crate::control;
use crate::gui::asking::Ready;
use crate::gui::commands::Action;
use crate::gui::pages::runs::local_time;
use crate::gui::state::Shared;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{self, KeyFigure, energy_in_parts};
use crate::library::{Inference, RunDetails};
use crate::units::{duration, estimate};

/// Draws what is known of it: measured by `infer`, one sample at a time, on this device. `seconds` is how long the last answer took.
pub fn show(
    ui: &mut Ui,
    shared: &mut Shared,
    ready: &Ready,
    run_id: &str,
    details: Option<&RunDetails>,
    seconds: Option<f64>,
) {
    widgets::section(ui, "What an answer costs");
    let (machine, _) = control::here();
    let device = (ready.device.name.as_str(), ready.device.backend.as_str());
    let known = details.and_then(|details| {
        of_one(
            &details.inferences,
            &machine.fingerprint,
            device,
            ready.step,
        )
    });
    match known {
        Some(known) => measured(ui, shared, known),
        None => {
            widgets::caption(
                ui,
                "It has not been measured on this device. One answer is far shorter than what a meter can tell: it takes some \
                 seconds of asking over and over.",
            );
        }
    }
    if let Some(seconds) = seconds {
        let name = RichText::new(format!("This answer took {}", duration(seconds)));
        ui.add(Label::new(name).wrap())
            .on_hover_text("From the sample in main memory to the answer in main memory");
    }
    if let Some((details, known)) = details.zip(known) {
        as_learning(ui, details, known);
    }
    let text = if known.is_some() {
        "Measure again…"
    } else {
        "Measure it…"
    };
    ui.add_space(theme::GRID);
    let button = ui
        .button(text)
        .on_hover_text("Asks about the held-out samples while the meters are read, and keeps what that took with the run");
    if button.clicked() {
        shared.ask(Action::ShowCost(run_id.to_owned()));
    }
}

fn measured(ui: &mut Ui, shared: &Shared, known: &Inference) {
    let tokens = Tokens::in_ui(ui);
    let (value, spread) = match known.energy_j {
        Some(energy) => {
            energy_in_parts(energy.scale(1.0 / SAMPLES), shared.preferences.energy_unit)
        }
        None => ("missing".to_owned(), String::new()),
    };
    let below = match &known.sum {
        Some(sum) => format!("{} · grade {}", sum.figure.boundary, sum.figure.grade),
        None => "no meter answered".to_owned(),
    };
    let figure = KeyFigure {
        name: "Energy of an answer",
        value,
        spread,
        below,
    };
    widgets::key_figure(ui, &figure).on_hover_ui(|ui| provenance(ui, known));
    if let Some(carbon) = known.carbon_g {
        ui.label(format!("{} for 1,000 answers", estimate(carbon, "gCO2e")));
    }
    let time = |seconds: Option<f64>| seconds.map_or("missing".to_owned(), duration);
    ui.add(
        Label::new(format!(
            "Latency {}, {} at most for 95 %",
            time(known.latency.p50_s),
            time(known.latency.p95_s)
        ))
        .wrap(),
    );
    let text = format!(
        "Measured {}, one sample at a time, {} windows of {}",
        local_time(known.made_at),
        known.windows,
        duration(known.window_s)
    );
    widgets::caption(ui, text);
    if known.energy_j.is_some() && !known.interval_reached {
        let text = "The windows differ more than was asked for: the interval says how much.";
        ui.add(Label::new(RichText::new(text).small().color(tokens.warning)).wrap());
    }
}

fn provenance(ui: &mut Ui, known: &Inference) {
    ui.set_max_width(420.0);
    if let Some(sum) = &known.sum {
        ui.label(format!("Source: {}", sum.figure.source));
        ui.label(format!(
            "Grade {}: {}",
            sum.figure.grade,
            sum.figure.grade.meaning()
        ));
    }
    if let Some(net) = known.net_j {
        ui.label(format!(
            "Net of the idle machine: {}",
            estimate(net.scale(1.0 / SAMPLES), "J")
        ));
    }
    if !known.missing.is_empty() {
        ui.label(format!("{} gave no reading", known.missing.join(", ")));
    }
    if let Some(carbon) = &known.carbon {
        ui.label(format!(
            "{:.0} gCO2e/kWh, PUE {}",
            carbon.g_per_kwh, carbon.pue
        ));
    }
}

fn as_learning(ui: &mut Ui, details: &RunDetails, known: &Inference) {
    let Some(found) = answers_as_training(details, known) else {
        return;
    };
    let tokens = Tokens::in_ui(ui);
    let text = format!(
        "Learning it took {}{}: as much as {} such answers.",
        estimate(found.learning_j, "J"),
        found.before_in_words(),
        answers_in_words(found.answers)
    );
    ui.add(Label::new(text).wrap());
    if let Some(mind) = found.mind {
        let text = RichText::new(format!("Mind: {mind}.")).small();
        ui.add(Label::new(text.color(tokens.warning)).wrap());
    }
}
