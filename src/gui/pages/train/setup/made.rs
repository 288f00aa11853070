//! Options of the sets that the program makes by itself.

use egui::Ui;

use super::dataset::{COLOURS, held_out};
use super::form::{Form, Look};
use super::number::Steps;
use crate::setup::{
    CartPoleSetup, ModularAdditionSetup, SequenceCopySetup, ShapesLabel, ShapesSetup,
};

/// Rendered shapes; the label is not to be chosen here where `is_joint`, since heads say which are learnt.
pub fn shapes(form: &mut Form<'_>, ui: &mut Ui, shapes: &mut ShapesSetup, is_joint: bool) {
    form.folded(
        ui,
        "Options of the shapes",
        "shapes",
        &["dataset"],
        |form, ui| {
            let field = |label, path, hint| Look::new(label, path, hint);
            let samples = field("Images", "dataset.samples", "Training and test together");
            form.number(ui, samples.steps(Steps::PowersOfTwo), &mut shapes.samples);
            let size = field(
                "Image size",
                "dataset.size",
                "Height and width in pixels, 16 to 64",
            );
            form.number(ui, size.unit("px").steps(Steps::By(4)), &mut shapes.size);
            let channels = field("Colours", "dataset.channels", "");
            form.choice(ui, channels, &mut shapes.channels, &COLOURS);
            let noise = "Standard deviation of the noise of pixels, as a share of the full scale";
            form.number(
                ui,
                field("Noise", "dataset.noise", noise),
                &mut shapes.noise,
            );
            let label = field(
                "To be learnt",
                "dataset.label",
                "What of a picture the network is to tell",
            );
            let labels = ShapesLabel::ALL.map(|label| (label, label.name(), ""));
            of_one_task(ui, is_joint, |ui| {
                form.choice(ui, label, &mut shapes.label, &labels);
            });
            let seed = field(
                "Image seed",
                "dataset.seed",
                "Another seed paints other pictures",
            );
            form.number(ui, seed.steps(Steps::By(1)), &mut shapes.seed);
            held_out(form, ui, &mut shapes.test_fraction, &mut shapes.split_seed);
        },
    );
}

/// What only a network of one task needs to be told.
pub fn of_one_task(ui: &mut Ui, is_joint: bool, add: impl FnOnce(&mut Ui)) {
    let all = ui.add_enabled_ui(!is_joint, add).response;
    if is_joint {
        all.on_hover_text("The labels that are learnt are chosen under Tasks");
    }
}

/// Addition modulo a number.
pub fn addition(form: &mut Form<'_>, ui: &mut Ui, addition: &mut ModularAdditionSetup) {
    let hint = "The number p modulo which is added, 2 to 1000: there are p² sums and p answers";
    let look = Look::new("Modulus", "dataset.modulus", hint).steps(Steps::By(1));
    form.number(ui, look, &mut addition.modulus);
    form.folded(ui, "Held-out part", "split of sums", &SPLIT, |form, ui| {
        held_out(
            form,
            ui,
            &mut addition.test_fraction,
            &mut addition.split_seed,
        );
    });
}

/// Sequences to be copied.
pub fn copy(form: &mut Form<'_>, ui: &mut Ui, copy: &mut SequenceCopySetup) {
    let hint = "Symbols to be remembered and written again, 1 to 1000";
    let look = Look::new("Length", "dataset.length", hint).steps(Steps::By(1));
    form.number(ui, look, &mut copy.length);
    let hint = "How many different symbols there are, 2 to 1000";
    let look = Look::new("Symbols", "dataset.symbols", hint).steps(Steps::By(1));
    form.number(ui, look, &mut copy.symbols);
    let paths = ["dataset.samples", "dataset.seed", SPLIT[0], SPLIT[1]];
    form.folded(
        ui,
        "More of the set",
        "more of copying",
        &paths,
        |form, ui| {
            let hint = "Training and test together; no two are alike";
            let look = Look::new("Sequences", "dataset.samples", hint).steps(Steps::PowersOfTwo);
            form.number(ui, look, &mut copy.samples);
            let look = Look::new(
                "Sequence seed",
                "dataset.seed",
                "Another seed draws other sequences",
            );
            form.number(ui, look.steps(Steps::By(1)), &mut copy.seed);
            held_out(form, ui, &mut copy.test_fraction, &mut copy.split_seed);
        },
    );
}

/// The pole on a cart.
pub fn cartpole(form: &mut Form<'_>, ui: &mut Ui, cartpole: &mut CartPoleSetup) {
    let hint = "Steps after which an episode ends though the pole still stands, each of which earns a reward of 1";
    let look =
        Look::new("Longest episode", "dataset.episode_steps_max", hint).steps(Steps::By(100));
    form.number(ui, look.unit("steps"), &mut cartpole.episode_steps_max);
}

const SPLIT: [&str; 2] = ["dataset.test_fraction", "dataset.split_seed"];
