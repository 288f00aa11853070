//! How the model learns.

use egui::{Slider, Ui};

use super::form::{Form, Look, small_button};
use super::number::{Number, Steps};
use super::{SetupPanel, augmentation, optimiser, resize, schedule, stop, trained};
use crate::gui::state::Shared;
use crate::gui::theme;
use crate::gui::widgets;
use crate::setup::{
    EmaSetup, Metric, Precision, RegimeSetup, ReinforcementSetup, SampleKind, Setup,
};

const PRECISIONS: [(Precision, &str, &str); 2] = [
    (Precision::F32, "32 bits", "Throughout"),
    (
        Precision::F16,
        "16 bits, mixed",
        "In the forward and the backward pass, with a dynamic loss scale; weights, normalisation, loss and optimiser stay in \
         32. Faster where the adapter has it, and refused where it has not.",
    ),
];

impl SetupPanel {
    /// Learning rate, batch size, optimiser, stop rule; the rest folded away.
    pub(super) fn regime(
        &mut self,
        ui: &mut Ui,
        setup: &mut Setup,
        shared: &mut Shared,
        samples: SampleKind,
        metric: Metric,
    ) {
        widgets::section(ui, "Regime");
        let regime = &mut setup.regime;
        self.optimiser_kind(ui, regime);
        let is_played = samples == SampleKind::Environment;
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        learning_rate(&mut form, ui, &mut regime.learning_rate);
        batch_size(&mut form, ui, &mut regime.batch_size, is_played);
        if is_played {
            reinforcement(&mut form, ui, &mut regime.reinforcement);
        }
        let hint = "Where chance begins: initial weights, order of samples, dropout. Runs that differ only in the seed show \
                    how much chance matters.";
        let look = Look::new("Seed", "regime.seed", hint).steps(Steps::By(1));
        form.number(ui, look, &mut regime.seed);
        trained::rows(&mut form, ui, &mut regime.layers, &self.checked.groups);
        let paths = ["regime.optimiser", "regime.schedule"];
        form.folded(
            ui,
            "Optimiser and schedule",
            "optimiser",
            &paths,
            |form, ui| {
                optimiser::options(form, ui, &mut regime.optimiser);
                schedule::schedule(form, ui, &mut regime.schedule);
            },
        );
        if samples == SampleKind::Images {
            augmentation::folded(&mut form, ui, &mut regime.augmentation);
            resize::folded(&mut form, ui, &mut regime.resize);
        }
        if !is_played || setup.distil.is_some() {
            self.teacher(ui, setup, shared);
        }
        let regime = &mut setup.regime;
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        let paths = [
            "regime.gradient_clipping",
            "regime.label_smoothing",
            "regime.micro_batch_size",
            "regime.ema",
            "regime.precision",
            "regime.evaluation",
        ];
        form.folded(
            ui,
            "More of the regime",
            "more of the regime",
            &paths,
            |form, ui| {
                let look = Look::new(
                    "Precision",
                    "regime.precision",
                    "Numbers with which the network computes",
                );
                form.choice(ui, look, &mut regime.precision, &PRECISIONS);
                accumulation(form, ui, regime);
                averaging(form, ui, &mut regime.ema);
                schedule::clipping(form, ui, &mut regime.gradient_clipping);
                if !is_played {
                    let hint = "Share of the target that is spread over all classes, 0 to below 1";
                    let look = Look::new("Label smoothing", "regime.label_smoothing", hint);
                    form.number(ui, look, &mut regime.label_smoothing);
                }
                schedule::evaluation(form, ui, regime);
            },
        );
        ui.add_space(theme::GRID);
        stop::rows(&mut form, ui, &mut regime.stop, metric);
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

fn batch_size(form: &mut Form<'_>, ui: &mut Ui, size: &mut usize, is_played: bool) {
    let (name, hint) = if is_played {
        (
            "Episodes a step",
            "Games that are played before each step. More of them tell better which actions pay, and take longer.",
        )
    } else {
        (
            "Batch size",
            "Samples in a step. Larger ones use a GPU better; smaller ones learn more from each epoch.",
        )
    };
    let look = Look::new(name, "regime.batch_size", hint).steps(Steps::PowersOfTwo);
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

/// How a policy learns from rewards.
fn reinforcement(form: &mut Form<'_>, ui: &mut Ui, options: &mut Option<ReinforcementSetup>) {
    let mut reinforcement = options.clone().unwrap_or_default();
    let hint = "What a reward is worth that comes a step later, as a share of one that comes now, above 0 to 1";
    let look = Look::new("Discount", "regime.reinforcement.discount", hint);
    form.number(ui, look, &mut reinforcement.discount);
    let hint = "Weight of the entropy of the policy's choices in the loss, 0 or more: more keeps it exploring for longer";
    let look = Look::new("Entropy", "regime.reinforcement.entropy", hint);
    form.number(ui, look, &mut reinforcement.entropy);
    // A setup that leaves them out stays as it is until one of them is another.
    if options.is_some() || reinforcement != ReinforcementSetup::default() {
        *options = Some(reinforcement);
    }
}

fn accumulation(form: &mut Form<'_>, ui: &mut Ui, regime: &mut RegimeSetup) {
    let hint = "Samples that go through the network at once, a divisor of the batch size; the gradients of a step are summed \
                over them. For batches that do not fit into the device's memory.";
    let look = Look::new("Micro-batch", "regime.micro_batch_size", hint).steps(Steps::PowersOfTwo);
    let half = (regime.batch_size / 2).max(1);
    form.ticked(
        ui,
        look,
        "Use micro-batches",
        &mut regime.micro_batch_size,
        half,
    );
}

fn averaging(form: &mut Form<'_>, ui: &mut Ui, ema: &mut Option<EmaSetup>) {
    let hint = "Exponential moving average of the weights, by which the model is evaluated and kept: the share of the average \
                that stays in each step, 0 to below 1";
    let look = Look::new("Average", "regime.ema.decay", hint);
    let mut decay = ema.as_ref().map(|ema| ema.decay);
    let usual = EmaSetup::default().decay;
    form.ticked(ui, look, "Average the weights", &mut decay, usual);
    *ema = decay.map(|decay| EmaSetup { decay });
}
