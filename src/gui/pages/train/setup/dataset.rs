//! The dataset and its options.

use egui::Ui;

use super::SetupPanel;
use super::form::{Form, Look};
use super::number::Steps;
use super::paths::Pick;
use super::{offer, samples};
use crate::gui::state::Shared;
use crate::setup::{
    Cifar100Labels, CsvSetup, DatasetSetup, EmnistSplit, FolderSetup, Missing, Setup, ShapesLabel,
    ShapesSetup,
};

const COLOURS: [(usize, &str, &str); 2] = [(1, "Grey", ""), (3, "Red, green, blue", "")];

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

const MISSING: [(Missing, &str, &str); 2] = [
    (
        Missing::Error,
        "Refuse the table",
        "Says in which rows and columns values are missing",
    ),
    (
        Missing::Drop,
        "Leave the row out",
        "Rows in which a value is missing are left out and counted",
    ),
];

impl SetupPanel {
    /// Dataset, samples, options.
    pub(super) fn dataset(&mut self, ui: &mut Ui, setup: &mut Setup, shared: &mut Shared) {
        self.choose_dataset(ui, setup, shared);
        if !offer::show(ui, shared, setup.dataset.name()) {
            samples::look(ui, &mut self.preview, &setup.dataset);
        }
        let mut form = Form {
            typed: &mut self.typed,
            problems: &self.checked.problems,
        };
        match &mut setup.dataset {
            DatasetSetup::Digits(split) | DatasetSetup::BreastCancer(split) => {
                form.folded(ui, "Held-out part", "split", &["dataset"], |form, ui| {
                    held_out(form, ui, &mut split.test_fraction, &mut split.split_seed);
                });
            }
            DatasetSetup::Shapes(options) => shapes(&mut form, ui, options),
            DatasetSetup::Emnist(options) => {
                let look = Look::new("Which set", "dataset.split", "EMNIST comes in six");
                form.choice(ui, look, &mut options.split, &EMNIST_SPLITS);
            }
            DatasetSetup::Cifar100(options) => {
                let hint = "What of a picture the network is to tell";
                let look = Look::new("To be learnt", "dataset.labels", hint);
                form.choice(ui, look, &mut options.labels, &CIFAR100_LABELS);
            }
            DatasetSetup::Idx(options) => {
                let look = Look::new(
                    "Folder",
                    "dataset.folder",
                    "The folder that holds the four files",
                );
                let empty = "The folder of the four files of MNIST, Fashion-MNIST or the like, such as \
                             train-images-idx3-ubyte, packed (.gz) or not. It can be dropped on the window.";
                form.path(ui, look, &mut options.folder, Pick::Folder, empty, shared);
            }
            DatasetSetup::Folder(options) => folder(&mut form, ui, options, shared),
            DatasetSetup::Csv(options) => csv(&mut form, ui, options, shared),
            DatasetSetup::Mnist(_)
            | DatasetSetup::FashionMnist(_)
            | DatasetSetup::Kmnist(_)
            | DatasetSetup::Cifar10(_)
            | DatasetSetup::CartPole(_) => {}
        }
    }
}

fn shapes(form: &mut Form<'_>, ui: &mut Ui, shapes: &mut ShapesSetup) {
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
            form.choice(ui, label, &mut shapes.label, &labels);
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

fn folder(form: &mut Form<'_>, ui: &mut Ui, options: &mut FolderSetup, shared: &mut Shared) {
    let hint = "The folder that holds a folder of PNG and JPEG images for each class, or `train` and `test` that do";
    let look = Look::new("Folder", "dataset.folder", hint);
    let empty = "A folder that holds a folder of PNG and JPEG images for each class, or `train` and `test` that do. It \
                 can be dropped on the window.";
    form.path(ui, look, &mut options.folder, Pick::Folder, empty, shared);
    let hint = "Height and width that every image is brought to, 8 to 256: the square in its middle is scaled";
    let look = Look::new("Image size", "dataset.size", hint);
    form.number(ui, look.unit("px").steps(Steps::By(8)), &mut options.size);
    let look = Look::new("Colours", "dataset.channels", "What images are turned into");
    form.choice(ui, look, &mut options.channels, &COLOURS);
    let paths = ["dataset.test_fraction", "dataset.split_seed"];
    form.folded(
        ui,
        "Held-out part",
        "split of the folder",
        &paths,
        |form, ui| {
            crate::gui::widgets::caption(ui, "Counts where the folder has no `train` and `test`.");
            held_out(
                form,
                ui,
                &mut options.test_fraction,
                &mut options.split_seed,
            );
        },
    );
}

fn csv(form: &mut Form<'_>, ui: &mut Ui, options: &mut CsvSetup, shared: &mut Shared) {
    let hint = "UTF-8 text with cells divided by commas";
    let look = Look::new("File", "dataset.file", hint);
    let empty =
        "A table as UTF-8 text with cells divided by commas. It can be dropped on the window.";
    let pick = Pick::File("Table (CSV)", &["csv", "txt"]);
    form.path(ui, look, &mut options.file, pick, empty, shared);
    let hint = "The column to be learnt: its name in the first line, or its number from 1; nothing for the last";
    let look = Look::new("Learn column", "dataset.label", hint);
    form.text(ui, look, &mut options.label, "the last one");
    let look = Look::new(
        "Names on top",
        "dataset.header",
        "Whether the first line names the columns",
    );
    form.toggle(ui, look, &mut options.header);
    let look = Look::new(
        "Missing values",
        "dataset.missing",
        "What becomes of rows in which a value is missing",
    );
    form.choice(ui, look, &mut options.missing, &MISSING);
    let paths = ["dataset.test_fraction", "dataset.split_seed"];
    form.folded(
        ui,
        "Held-out part",
        "split of the table",
        &paths,
        |form, ui| {
            held_out(
                form,
                ui,
                &mut options.test_fraction,
                &mut options.split_seed,
            );
        },
    );
}

fn held_out(form: &mut Form<'_>, ui: &mut Ui, test_fraction: &mut f64, split_seed: &mut u64) {
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
