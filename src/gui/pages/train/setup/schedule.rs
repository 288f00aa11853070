//! The learning rate over the run, bounds on the gradient, and when the held-out samples are looked at.

use egui::Ui;

use super::form::{Form, Look};
use super::number::Steps;
use crate::setup::{GradientClipping, RegimeSetup, Schedule, ScheduleSetup};

const SCHEDULES: [(Schedule, &str, &str); 4] = [
    (Schedule::Constant, "Constant", "The same rate throughout"),
    (
        Schedule::Step,
        "Steps down",
        "Drops by a factor every few epochs",
    ),
    (
        Schedule::Cosine,
        "Cosine",
        "Falls along half a cosine to the end of the run",
    ),
    (
        Schedule::OneCycle,
        "One cycle",
        "Rises to the base rate, then falls, over the whole run",
    ),
];

/// How the learning rate changes.
pub fn schedule(form: &mut Form<'_>, ui: &mut Ui, schedule: &mut ScheduleSetup) {
    let hint = "How the learning rate changes over the run";
    form.choice(
        ui,
        Look::new("Schedule", "regime.schedule.kind", hint),
        &mut schedule.kind,
        &SCHEDULES,
    );
    let hint = "Steps in which the rate rises from 0 before the curve begins";
    let look =
        Look::new("Warm-up steps", "regime.schedule.warmup_steps", hint).steps(Steps::By(10));
    form.number(ui, look, &mut schedule.warmup_steps);
    match schedule.kind {
        Schedule::Constant => {}
        Schedule::Step => {
            let hint = "Epochs between two drops";
            let look = Look::new("Drop every", "regime.schedule.step_epochs", hint);
            form.number(ui, look.steps(Steps::By(1)), &mut schedule.step_epochs);
            let hint = "Factor of each drop, above 0 to 1";
            form.number(
                ui,
                Look::new("Drop factor", "regime.schedule.step_factor", hint),
                &mut schedule.step_factor,
            );
        }
        Schedule::Cosine | Schedule::OneCycle => {
            if schedule.kind == Schedule::OneCycle {
                let hint = "Share of the run in which the rate rises, above 0 to below 1";
                form.number(
                    ui,
                    Look::new("Rise", "regime.schedule.rise_share", hint),
                    &mut schedule.rise_share,
                );
            }
            let hint = "The last rate as a share of the base rate, 0 to 1";
            form.number(
                ui,
                Look::new("Final factor", "regime.schedule.final_factor", hint),
                &mut schedule.final_factor,
            );
        }
    }
}

/// A bound on the gradient.
pub fn clipping(form: &mut Form<'_>, ui: &mut Ui, clipping: &mut GradientClipping) {
    const OPTIONS: [(u8, &str, &str); 3] = [
        (0, "None", ""),
        (1, "By norm", "The whole gradient is scaled down to a norm"),
        (2, "By value", "Every component is cut at a value"),
    ];
    let (before, mut max) = match *clipping {
        GradientClipping::None => (0, 1.0),
        GradientClipping::Norm { max } => (1, max),
        GradientClipping::Value { max } => (2, max),
    };
    let mut kind = before;
    let look = Look::new(
        "Gradient clipping",
        "regime.gradient_clipping.kind",
        "A bound on the gradient",
    );
    form.choice(ui, look, &mut kind, &OPTIONS);
    if before != 0 {
        let hint = "Largest norm or value, above 0";
        form.number(
            ui,
            Look::new("Largest gradient", "regime.gradient_clipping.max", hint),
            &mut max,
        );
    }
    *clipping = match kind {
        0 => GradientClipping::None,
        1 => GradientClipping::Norm { max },
        _ => GradientClipping::Value { max },
    };
}

/// When the held-out samples are looked at.
pub fn evaluation(form: &mut Form<'_>, ui: &mut Ui, regime: &mut RegimeSetup) {
    let evaluation = &mut regime.evaluation;
    const OPTIONS: [(bool, &str, &str); 2] = [
        (false, "By epochs", ""),
        (
            true,
            "By steps",
            "For long epochs, or to see a target reached sooner",
        ),
    ];
    let mut by_steps = evaluation.every_steps.is_some();
    let hint = "When the held-out samples are looked at; the last step always is";
    form.choice(
        ui,
        Look::new("Evaluate", "regime.evaluation", hint),
        &mut by_steps,
        &OPTIONS,
    );
    match (&mut evaluation.every_steps, by_steps) {
        (None, true) => evaluation.every_steps = Some(100),
        (Some(steps), true) => {
            let look = Look::new(
                "Every",
                "regime.evaluation.every_steps",
                "Steps between two evaluations",
            );
            form.number(ui, look.unit("steps").steps(Steps::By(10)), steps);
        }
        (_, false) => {
            evaluation.every_steps = None;
            let look = Look::new(
                "Every",
                "regime.evaluation.every_epochs",
                "Epochs between two evaluations",
            );
            form.number(
                ui,
                look.unit("ep.").steps(Steps::By(1)),
                &mut evaluation.every_epochs,
            );
        }
    }
    let hint =
        "Samples in a batch of an evaluation: more is faster, as far as the device's memory goes";
    let look =
        Look::new("Test batch", "regime.evaluation.batch_size", hint).steps(Steps::PowersOfTwo);
    form.number(ui, look, &mut evaluation.batch_size);
}
