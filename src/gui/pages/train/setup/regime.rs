//! How the model learns.

use egui::{Slider, Ui};

use super::SetupPanel;
use super::form::{Form, Look, small_button};
use super::number::{Number, Steps};
use super::stop;
use crate::gui::theme;
use crate::gui::widgets;
use crate::setup::{
    AdamSetup, AdamWSetup, GradientClipping, Metric, OptimiserSetup, RegimeSetup, RmsPropSetup,
    Schedule, ScheduleSetup, SgdSetup,
};

/// Optimisers, clippings and schedules by their names.
const OPTIMISERS: [(&str, &str, &str); 4] = [
    (
        "adam",
        "Adam",
        "Steps of a size of their own for each parameter; works almost anywhere",
    ),
    (
        "adamw",
        "AdamW",
        "Adam with weight decay apart from the gradient",
    ),
    (
        "sgd",
        "SGD",
        "Plain steps against the gradient, with momentum",
    ),
    (
        "rmsprop",
        "RMSprop",
        "Steps divided by the recent size of the gradient",
    ),
];

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

impl SetupPanel {
    /// Learning rate, batch size, optimiser, stop rule; the rest folded away.
    pub(super) fn regime(&mut self, ui: &mut Ui, regime: &mut RegimeSetup, metric: Metric) {
        widgets::section(ui, "Regime");
        self.optimiser_kind(ui, regime);
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        learning_rate(&mut form, ui, &mut regime.learning_rate);
        batch_size(&mut form, ui, &mut regime.batch_size);
        let hint = "Where chance begins: initial weights, order of samples, dropout. Runs that differ only in the seed show \
                    how much chance matters.";
        form.number(
            ui,
            Look::new("Seed", "regime.seed", hint).steps(Steps::By(1)),
            &mut regime.seed,
        );
        form.folded(
            ui,
            "More of the regime",
            "more of the regime",
            &[
                "regime.optimiser",
                "regime.schedule",
                "regime.gradient_clipping",
                "regime.label_smoothing",
                "regime.evaluation",
            ],
            |form, ui| {
                optimiser(form, ui, &mut regime.optimiser);
                schedule(form, ui, &mut regime.schedule);
                clipping(form, ui, &mut regime.gradient_clipping);
                let hint = "Share of the target that is spread over all classes, 0 to below 1";
                let look = Look::new("Label smoothing", "regime.label_smoothing", hint);
                form.number(ui, look, &mut regime.label_smoothing);
                evaluation(form, ui, regime);
            },
        );
        ui.add_space(theme::GRID);
        stop::rows(&mut form, ui, &mut regime.stop, metric);
    }

    fn optimiser_kind(&mut self, ui: &mut Ui, regime: &mut RegimeSetup) {
        let before = regime.optimiser.kind();
        let mut kind = before;
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        let look = Look::new(
            "Optimiser",
            "regime.optimiser.kind",
            "Which rule turns gradients into steps",
        );
        form.choice(ui, look, &mut kind, &OPTIMISERS);
        if kind == before {
            return;
        }
        let fresh = match kind {
            "sgd" => OptimiserSetup::Sgd(SgdSetup::default()),
            "adamw" => OptimiserSetup::AdamW(AdamWSetup::default()),
            "rmsprop" => OptimiserSetup::RmsProp(RmsPropSetup::default()),
            _ => OptimiserSetup::Adam(AdamSetup::default()),
        };
        let optimiser = self.kept.optimisers.get(kind).cloned().unwrap_or(fresh);
        let left = std::mem::replace(&mut regime.optimiser, optimiser);
        self.kept.optimisers.insert(before, left);
    }
}

fn learning_rate(form: &mut Form<'_>, ui: &mut Ui, rate: &mut f64) {
    const FIELD: f32 = 72.0;
    let hint = "How far a step goes. Too large and the loss jumps or grows, too small and training takes long.";
    let look = Look::new("Learning rate", "regime.learning_rate", hint);
    form.row(ui, &look, |form, ui, label| {
        ui.spacing_mut().slider_width = ui.available_width() - FIELD - ui.spacing().item_spacing.x;
        let mut slid = rate.clamp(1e-5, 1.0);
        let slider = Slider::new(&mut slid, 1e-5..=1.0)
            .logarithmic(true)
            .show_value(false);
        let response = ui.add(slider);
        response.widget_info(|| egui::WidgetInfo::slider(true, *rate, "Learning rate, slider"));
        if response.changed() {
            *rate = two_digits(slid);
        }
        form.field(ui, &look, FIELD, rate).labelled_by(label);
    });
    form.problems_at(ui, look.path);
}

/// A slider gives digits that nobody meant.
fn two_digits(value: f64) -> f64 {
    let text = format!("{value:.1e}");
    text.parse().unwrap_or(value)
}

fn batch_size(form: &mut Form<'_>, ui: &mut Ui, size: &mut usize) {
    let hint =
        "Samples in a step. Larger ones use a GPU better; smaller ones learn more from each epoch.";
    let look = Look::new("Batch size", "regime.batch_size", hint).steps(Steps::PowersOfTwo);
    form.row(ui, &look, |form, ui, label| {
        let buttons = 2.0 * (theme::CONTROL_HEIGHT + ui.spacing().item_spacing.x);
        let width = ui.available_width() - buttons;
        form.field(ui, &look, width, size).labelled_by(label);
        if small_button(ui, "−", "Batch size: the power of two below") {
            *size = size.stepped(Steps::PowersOfTwo, false);
        }
        if small_button(ui, "+", "Batch size: the power of two above") {
            *size = size.stepped(Steps::PowersOfTwo, true);
        }
    });
    form.problems_at(ui, look.path);
}

fn optimiser(form: &mut Form<'_>, ui: &mut Ui, optimiser: &mut OptimiserSetup) {
    let momentum_hint = "Share of the last step that is kept, 0 to below 1";
    let momentum = Look::new("Momentum", "regime.optimiser.momentum", momentum_hint);
    let epsilon = Look::new(
        "Epsilon",
        "regime.optimiser.epsilon",
        "Added to the denominator, above 0",
    );
    let decay = Look::new(
        "Weight decay",
        "regime.optimiser.weight_decay",
        "Pulls parameters towards 0; 0 or more",
    );
    match optimiser {
        OptimiserSetup::Sgd(sgd) => {
            form.number(ui, momentum, &mut sgd.momentum);
            let look = Look::new(
                "Nesterov",
                "regime.optimiser.nesterov",
                "Look-ahead form of the momentum",
            );
            form.toggle(ui, look, &mut sgd.nesterov);
            form.number(ui, decay, &mut sgd.weight_decay);
        }
        OptimiserSetup::Adam(AdamSetup {
            beta_1,
            beta_2,
            epsilon: e,
            weight_decay,
        })
        | OptimiserSetup::AdamW(AdamWSetup {
            beta_1,
            beta_2,
            epsilon: e,
            weight_decay,
        }) => {
            let hint = "Decay of the mean of gradients, 0 to below 1";
            form.number(
                ui,
                Look::new("Beta 1", "regime.optimiser.beta_1", hint),
                beta_1,
            );
            let hint = "Decay of the mean of squared gradients, 0 to below 1";
            form.number(
                ui,
                Look::new("Beta 2", "regime.optimiser.beta_2", hint),
                beta_2,
            );
            form.number(ui, epsilon, e);
            form.number(ui, decay, weight_decay);
        }
        OptimiserSetup::RmsProp(rmsprop) => {
            let hint = "Decay of the mean of squared gradients, 0 to below 1";
            form.number(
                ui,
                Look::new("Alpha", "regime.optimiser.alpha", hint),
                &mut rmsprop.alpha,
            );
            form.number(ui, momentum, &mut rmsprop.momentum);
            form.number(ui, epsilon, &mut rmsprop.epsilon);
            let hint = "Takes the mean gradient off before squaring";
            form.toggle(
                ui,
                Look::new("Centred", "regime.optimiser.centered", hint),
                &mut rmsprop.centered,
            );
            form.number(ui, decay, &mut rmsprop.weight_decay);
        }
        OptimiserSetup::AdaGrad(_)
        | OptimiserSetup::Lion(_)
        | OptimiserSetup::Muon(_)
        | OptimiserSetup::Lamb(_) => {}
    }
}

fn schedule(form: &mut Form<'_>, ui: &mut Ui, schedule: &mut ScheduleSetup) {
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

fn clipping(form: &mut Form<'_>, ui: &mut Ui, clipping: &mut GradientClipping) {
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

fn evaluation(form: &mut Form<'_>, ui: &mut Ui, regime: &mut RegimeSetup) {
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
