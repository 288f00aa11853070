//! The optimiser and its options.

use egui::Ui;

use super::SetupPanel;
use super::form::{Form, Look};
use crate::setup::{OptimiserSetup, RegimeSetup};

/// Optimisers by their names, the most usual first.
const OPTIMISERS: [(&str, &str, &str); 8] = [
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
        "Plain steps against the gradient, with momentum; keeps the least memory",
    ),
    (
        "rmsprop",
        "RMSprop",
        "Steps divided by the recent size of the gradient",
    ),
    (
        "adagrad",
        "AdaGrad",
        "Steps divided by the size of all gradients so far; they grow ever smaller",
    ),
    (
        "lion",
        "Lion",
        "Steps of one size, by the sign of a mean of gradients; wants a rate three to ten times smaller than AdamW's",
    ),
    (
        "muon",
        "Muon",
        "Momentum made orthogonal for hidden weight matrices, AdamW for all else",
    ),
    (
        "lamb",
        "LAMB",
        "Adam's step scaled for each layer by the size of its weights; for large batches",
    ),
];

impl SetupPanel {
    /// The choice of the optimiser; the options that one was left with come back with it.
    pub(super) fn optimiser_kind(&mut self, ui: &mut Ui, regime: &mut RegimeSetup) {
        let before = regime.optimiser.kind();
        let mut kind = before;
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        let hint = "Which rule turns gradients into steps";
        let look = Look::new("Optimiser", "regime.optimiser.kind", hint);
        form.choice(ui, look, &mut kind, &OPTIMISERS);
        if kind == before {
            return;
        }
        let known = self.kept.optimisers.get(kind).cloned();
        if let Some(optimiser) = known.or_else(|| OptimiserSetup::of_kind(kind)) {
            let left = std::mem::replace(&mut regime.optimiser, optimiser);
            self.kept.optimisers.insert(before, left);
        }
    }
}

/// The options of the optimiser.
pub fn options(form: &mut Form<'_>, ui: &mut Ui, optimiser: &mut OptimiserSetup) {
    match optimiser {
        OptimiserSetup::Sgd(sgd) => {
            momentum(form, ui, &mut sgd.momentum);
            nesterov(form, ui, &mut sgd.nesterov);
            decay(form, ui, &mut sgd.weight_decay);
        }
        OptimiserSetup::Adam(adam) => {
            betas(form, ui, &mut adam.beta_1, &mut adam.beta_2);
            epsilon(form, ui, &mut adam.epsilon);
            decay(form, ui, &mut adam.weight_decay);
        }
        OptimiserSetup::AdamW(adam) => {
            betas(form, ui, &mut adam.beta_1, &mut adam.beta_2);
            epsilon(form, ui, &mut adam.epsilon);
            decay(form, ui, &mut adam.weight_decay);
        }
        OptimiserSetup::RmsProp(rmsprop) => {
            let hint = "Decay of the mean of squared gradients, 0 to below 1";
            let look = Look::new("Alpha", "regime.optimiser.alpha", hint);
            form.number(ui, look, &mut rmsprop.alpha);
            momentum(form, ui, &mut rmsprop.momentum);
            epsilon(form, ui, &mut rmsprop.epsilon);
            let hint = "Takes the mean gradient off before squaring";
            let look = Look::new("Centred", "regime.optimiser.centered", hint);
            form.toggle(ui, look, &mut rmsprop.centered);
            decay(form, ui, &mut rmsprop.weight_decay);
        }
        OptimiserSetup::AdaGrad(adagrad) => {
            epsilon(form, ui, &mut adagrad.epsilon);
            decay(form, ui, &mut adagrad.weight_decay);
        }
        OptimiserSetup::Lion(lion) => {
            let hint = "Weight of the mean against the newest gradient in a step, 0 to below 1";
            let look = Look::new("Beta 1", "regime.optimiser.beta_1", hint);
            form.number(ui, look, &mut lion.beta_1);
            let hint = "Decay of the mean of gradients, 0 to below 1";
            let look = Look::new("Beta 2", "regime.optimiser.beta_2", hint);
            form.number(ui, look, &mut lion.beta_2);
            decay(form, ui, &mut lion.weight_decay);
        }
        OptimiserSetup::Muon(muon) => {
            momentum(form, ui, &mut muon.momentum);
            nesterov(form, ui, &mut muon.nesterov);
            // AdamW's, which has what is no hidden weight matrix.
            betas(form, ui, &mut muon.beta_1, &mut muon.beta_2);
            epsilon(form, ui, &mut muon.epsilon);
            decay(form, ui, &mut muon.weight_decay);
        }
        OptimiserSetup::Lamb(lamb) => {
            betas(form, ui, &mut lamb.beta_1, &mut lamb.beta_2);
            epsilon(form, ui, &mut lamb.epsilon);
            decay(form, ui, &mut lamb.weight_decay);
        }
    }
}

fn momentum(form: &mut Form<'_>, ui: &mut Ui, momentum: &mut f64) {
    let hint = "Share of the last step that is kept, 0 to below 1";
    let look = Look::new("Momentum", "regime.optimiser.momentum", hint);
    form.number(ui, look, momentum);
}

fn nesterov(form: &mut Form<'_>, ui: &mut Ui, nesterov: &mut bool) {
    let hint = "Look-ahead form of the momentum";
    let look = Look::new("Nesterov", "regime.optimiser.nesterov", hint);
    form.toggle(ui, look, nesterov);
}

fn betas(form: &mut Form<'_>, ui: &mut Ui, beta_1: &mut f64, beta_2: &mut f64) {
    let hint = "Decay of the mean of gradients, 0 to below 1";
    let look = Look::new("Beta 1", "regime.optimiser.beta_1", hint);
    form.number(ui, look, beta_1);
    let hint = "Decay of the mean of squared gradients, 0 to below 1";
    let look = Look::new("Beta 2", "regime.optimiser.beta_2", hint);
    form.number(ui, look, beta_2);
}

fn epsilon(form: &mut Form<'_>, ui: &mut Ui, epsilon: &mut f64) {
    let hint = "Added to the denominator, above 0";
    let look = Look::new("Epsilon", "regime.optimiser.epsilon", hint);
    form.number(ui, look, epsilon);
}

fn decay(form: &mut Form<'_>, ui: &mut Ui, decay: &mut f64) {
    let hint = "Pulls parameters towards 0; 0 or more";
    let look = Look::new("Weight decay", "regime.optimiser.weight_decay", hint);
    form.number(ui, look, decay);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_optimiser_is_offered_once() {
        for kind in OptimiserSetup::KINDS {
            let times = OPTIMISERS.iter().filter(|(known, ..)| *known == kind);
            assert_eq!(times.count(), 1, "{kind}");
        }
        assert_eq!(OPTIMISERS.len(), OptimiserSetup::KINDS.len());
    }
}
