//! When a run ends.

use egui::Ui;

use super::form::{Form, Look};
use super::number::Steps;
use crate::gui::widgets;
use crate::setup::{Metric, StopSetup};

/// One row for each bound; the rarer ones folded away.
pub fn rows(form: &mut Form<'_>, ui: &mut Ui, stop: &mut StopSetup, metric: Metric) {
    widgets::section(ui, "Stop at the first of");
    let hint = "Passes over the training samples";
    let look = Look::new("Epochs", "regime.stop.epochs", hint).steps(Steps::By(1));
    form.optional(ui, look, &mut stop.epochs, StopSetup::EPOCHS);
    let hint = match metric {
        Metric::Accuracy => {
            "Share of the held-out samples to get right, such as 0.97 or 97 %".to_owned()
        }
        _ if metric.higher_is_better() => format!("The {metric} to reach: {}", metric.explained()),
        _ => format!("The {metric} to get down to: {}", metric.explained()),
    };
    let name = format!("Target {metric}");
    let look = Look::new(&name, "regime.stop.target", &hint);
    form.optional(ui, look, &mut stop.target, first_target(metric));
    if stop.target.is_some() {
        let hint = "Evaluations in a row that must reach the target";
        let look = Look::new("In a row", "regime.stop.target_patience", hint).steps(Steps::By(1));
        form.number(ui, look, &mut stop.target_patience);
    }
    let hint = "Joules that training and evaluation may use, over all metered parts of the machine";
    let look = Look::new("Energy", "regime.stop.energy_j", hint).unit("J");
    form.optional(ui, look, &mut stop.energy_j, 200.0);
    let paths = [
        "regime.stop.steps",
        "regime.stop.time_s",
        "regime.stop.patience",
        "regime.stop.min_delta",
        "regime.stop.restore_best",
    ];
    form.folded(
        ui,
        "More stop rules",
        "more stop rules",
        &paths,
        |form, ui| {
            let look = Look::new("Steps", "regime.stop.steps", "Steps of the optimiser")
                .steps(Steps::By(100));
            form.optional(ui, look, &mut stop.steps, 1000);
            let look = Look::new(
                "Time",
                "regime.stop.time_s",
                "Seconds of training and evaluation",
            )
            .unit("s");
            form.optional(ui, look, &mut stop.time_s, 60.0);
            let hint = "Early stopping: evaluations without a lower held-out loss";
            let look = Look::new("No progress", "regime.stop.patience", hint).steps(Steps::By(1));
            form.optional(ui, look, &mut stop.patience, 5);
            if stop.patience.is_some() {
                let hint = "How much lower the loss must be to count as progress";
                form.number(
                    ui,
                    Look::new("Least progress", "regime.stop.min_delta", hint),
                    &mut stop.min_delta,
                );
            }
            let hint = "End with the weights of the evaluation that had the lowest held-out loss, instead of the last ones; not where the \
                        target was reached by those";
            let look = Look::new("Keep the best", "regime.stop.restore_best", hint);
            form.toggle(ui, look, &mut stop.restore_best);
        },
    );
    if form
        .problems
        .iter()
        .any(|problem| problem.field == "regime.stop")
    {
        widgets::problem(
            ui,
            "A run needs an end: give epochs, energy, steps or time.",
        );
    }
}

/// What a target begins with when one is first asked for.
fn first_target(metric: Metric) -> f64 {
    match metric {
        Metric::Accuracy | Metric::TopFive => 0.97,
        Metric::BitsPerCharacter => 2.0,
        Metric::Perplexity => 10.0,
        Metric::Rmse => 1.0,
        // CartPole-v1 counts as solved there.
        Metric::Return => 475.0,
    }
}
