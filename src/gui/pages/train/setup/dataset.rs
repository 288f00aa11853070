//! The dataset and its options.

use egui::Ui;

use super::form::{Form, Look};
use super::number::Steps;
use super::{SetupPanel, made, offer, owned, samples};
use crate::gui::state::Shared;
use crate::setup::{Cifar100Labels, DatasetSetup, EmnistSplit, Setup};

/// What pictures are made of.
pub const COLOURS: [(usize, &str, &str); 2] = [(1, "Grey", ""), (3, "Red, green, blue", "")];

const EMNIST_SPLITS: [(EmnistSplit, &str, &str); 6] = [
    (
        EmnistSplit::Balanced,
        "Balanced, 47 classes",
        "131,600 digits and letters, as many of each class",
    ),
    (
        EmnistSplit::ByClass,
        "By class, 62 classes",
        "814,255 digits, upper-case and lower-case letters",
    ),
    (
        EmnistSplit::ByMerge,
        "By merge, 47 classes",
        "The same, but letters that look alike in both cases are one class",
    ),
    (
        EmnistSplit::Letters,
        "Letters, 26 classes",
        "145,600 letters of either case",
    ),
    (EmnistSplit::Digits, "Digits, 10 classes", "280,000 digits"),
    (
        EmnistSplit::Mnist,
        "As MNIST, 10 classes",
        "70,000 digits, chosen as those of MNIST",
    ),
];

const CIFAR100_LABELS: [(Cifar100Labels, &str, &str); 2] = [
    (Cifar100Labels::Fine, "100 kinds of things", ""),
    (Cifar100Labels::Coarse, "20 groups of them", ""),
];

impl SetupPanel {
    /// Dataset, samples, options.
    pub(super) fn dataset(&mut self, ui: &mut Ui, setup: &mut Setup, shared: &mut Shared) {
        self.choose_dataset(ui, setup, shared);
        let is_offered = offer::show(ui, shared, setup.dataset.name());
        if !is_offered && samples::look(ui, &mut self.preview, &setup.dataset) {
            self.columns.forget();
        }
        self.removal.show(ui, shared, setup.dataset.name());
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        let is_joint = setup.multitask.is_some();
        match &mut setup.dataset {
            DatasetSetup::Digits(split) | DatasetSetup::BreastCancer(split) => {
                form.folded(ui, "Held-out part", "split", &["dataset"], |form, ui| {
                    held_out(form, ui, &mut split.test_fraction, &mut split.split_seed);
                });
            }
            DatasetSetup::Shapes(options) => made::shapes(&mut form, ui, options, is_joint),
            DatasetSetup::ModularAddition(options) => made::addition(&mut form, ui, options),
            DatasetSetup::SequenceCopy(options) => made::copy(&mut form, ui, options),
            DatasetSetup::CartPole(options) => made::cartpole(&mut form, ui, options),
            DatasetSetup::Emnist(options) => {
                let look = Look::new("Which set", "dataset.split", "EMNIST comes in six");
                form.choice(ui, look, &mut options.split, &EMNIST_SPLITS);
            }
            DatasetSetup::Cifar100(options) => {
                let hint = "What of a picture the network is to tell";
                let look = Look::new("To be learnt", "dataset.labels", hint);
                made::of_one_task(ui, is_joint, |ui| {
                    form.choice(ui, look, &mut options.labels, &CIFAR100_LABELS);
                });
            }
            DatasetSetup::Idx(options) => owned::idx(&mut form, ui, options, shared),
            DatasetSetup::Folder(options) => owned::folder(&mut form, ui, options, shared),
            DatasetSetup::Csv(options) => {
                owned::csv(&mut form, ui, options, self.columns.names(), shared);
            }
            DatasetSetup::Text(options) => owned::text(&mut form, ui, options, shared),
            DatasetSetup::TextCsv(options) => {
                owned::text_csv(&mut form, ui, options, self.columns.names(), shared);
            }
            DatasetSetup::Mnist(_)
            | DatasetSetup::FashionMnist(_)
            | DatasetSetup::Kmnist(_)
            | DatasetSetup::Cifar10(_) => {}
        }
    }
}

/// The fields of a split.
pub fn held_out(form: &mut Form<'_>, ui: &mut Ui, test_fraction: &mut f64, split_seed: &mut u64) {
    let hint = "Share of the samples that is held out to test on, above 0 and below 1";
    form.number(
        ui,
        Look::new("Test fraction", "dataset.test_fraction", hint),
        test_fraction,
    );
    let hint = "Another seed holds out other samples";
    form.number(
        ui,
        Look::new("Split seed", "dataset.split_seed", hint).steps(Steps::By(1)),
        split_seed,
    );
}
