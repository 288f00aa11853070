//! Options of the sets that are files of the user's.

use egui::Ui;

use super::columns;
use super::dataset::{COLOURS, held_out};
use super::form::{Form, Look};
use super::number::Steps;
use super::paths::Pick;
use crate::gui::state::Shared;
use crate::gui::widgets;
use crate::setup::{CsvSetup, FolderSetup, IdxSetup, Missing, TableTask, TextCsvSetup, TextSetup};

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

const TASKS: [(TableTask, &str, &str); 3] = [
    (
        TableTask::Auto,
        "By its values",
        "A number where every value is one, and some have fractions or more than 100 are different; else classes",
    ),
    (
        TableTask::Classification,
        "Classes",
        "Each different value is a class",
    ),
    (
        TableTask::Regression,
        "A number",
        "The number itself is foretold",
    ),
];

const TABLE: Pick = Pick::File("Table (CSV)", &["csv", "txt"]);
const SPLIT: [&str; 2] = ["dataset.test_fraction", "dataset.split_seed"];

/// MNIST-like files.
pub fn idx(form: &mut Form<'_>, ui: &mut Ui, options: &mut IdxSetup, shared: &mut Shared) {
    let look = Look::new(
        "Folder",
        "dataset.folder",
        "The folder that holds the four files",
    );
    let empty = "The folder of the four files of MNIST, Fashion-MNIST or the like, such as train-images-idx3-ubyte, \
                 packed (.gz) or not. It can be dropped on the window.";
    form.path(ui, look, &mut options.folder, Pick::Folder, empty, shared);
}

/// Images in a folder for each class.
pub fn folder(form: &mut Form<'_>, ui: &mut Ui, options: &mut FolderSetup, shared: &mut Shared) {
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
            widgets::caption(ui, "Counts where the folder has no `train` and `test`.");
            held_out(
                form,
                ui,
                &mut options.test_fraction,
                &mut options.split_seed,
            );
        },
    );
}

/// A table.
pub fn csv(
    form: &mut Form<'_>,
    ui: &mut Ui,
    options: &mut CsvSetup,
    names: &[String],
    shared: &mut Shared,
) {
    let hint = "UTF-8 text with cells divided by commas";
    let look = Look::new("File", "dataset.file", hint);
    let empty =
        "A table as UTF-8 text with cells divided by commas. It can be dropped on the window.";
    form.path(ui, look, &mut options.file, TABLE, empty, shared);
    let hint = "The column to be learnt: its name in the first line, or its number from 1; nothing for the last";
    let look = Look::new("Learn column", "dataset.label", hint);
    columns::choice(form, ui, look, names, &mut options.label, "the last one");
    let look = Look::new(
        "Take it as",
        "dataset.task",
        "What is learnt of that column",
    );
    form.choice(ui, look, &mut options.task, &TASKS);
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

/// How the rows of a table are read.
fn rows(form: &mut Form<'_>, ui: &mut Ui, header: &mut bool, missing: &mut Missing) {
    let look = Look::new(
        "Names on top",
        "dataset.header",
        "Whether the first line names the columns",
    );
    form.toggle(ui, look, header);
    let hint = "What becomes of rows in which a value is missing";
    form.choice(
        ui,
        Look::new("Missing values", "dataset.missing", hint),
        missing,
        &MISSING,
    );
}

/// A text whose next character is to be foretold.
pub fn text(form: &mut Form<'_>, ui: &mut Ui, options: &mut TextSetup, shared: &mut Shared) {
    let look = Look::new("File", "dataset.file", "UTF-8 text");
    let empty = "A text in UTF-8, such as a book; some 100,000 characters are a good beginning. It can be dropped on the \
                 window.";
    let pick = Pick::File("Text", &["txt", "md"]);
    form.path(ui, look, &mut options.file, pick, empty, shared);
    let hint = "Characters in a sample, 2 to 4096: as far back as a model can see";
    let look = Look::new("Length", "dataset.length", hint).steps(Steps::PowersOfTwo);
    form.number(ui, look, &mut options.length);
    let paths = ["dataset.vocabulary_max", "dataset.test_fraction"];
    form.folded(ui, "More of the text", "more of the text", &paths, |form, ui| {
        vocabulary(form, ui, &mut options.vocabulary_max);
        let hint = "Share of the text that is held out to test on, above 0 and below 1: its end, in one piece";
        let look = Look::new("Test fraction", "dataset.test_fraction", hint);
        form.number(ui, look, &mut options.test_fraction);
    });
}

/// Texts with their classes in a table.
pub fn text_csv(
    form: &mut Form<'_>,
    ui: &mut Ui,
    options: &mut TextCsvSetup,
    names: &[String],
    shared: &mut Shared,
) {
    let look = Look::new(
        "File",
        "dataset.file",
        "UTF-8 text with cells divided by commas",
    );
    let empty = "A table with a text and its class in each row, as UTF-8 text with cells divided by commas.";
    form.path(ui, look, &mut options.file, TABLE, empty, shared);
    let hint = "The column of the classes: its name in the first line, or its number from 1; nothing for the first";
    let look = Look::new("Learn column", "dataset.label", hint);
    columns::choice(form, ui, look, names, &mut options.label, "the first one");
    let hint = "The column of the texts, named likewise; nothing for the first one that is left";
    let look = Look::new("Text column", "dataset.text", hint);
    columns::choice(form, ui, look, names, &mut options.text, "the other one");
    let hint = "Characters that are seen of a text, 2 to 4096: longer ones are cut, shorter ones padded at the end";
    let look = Look::new("Length", "dataset.length", hint).steps(Steps::PowersOfTwo);
    form.number(ui, look, &mut options.length);
    let paths = ["dataset.vocabulary_max", SPLIT[0], SPLIT[1]];
    form.folded(
        ui,
        "More of the texts",
        "more of the texts",
        &paths,
        |form, ui| {
            rows(form, ui, &mut options.header, &mut options.missing);
            vocabulary(form, ui, &mut options.vocabulary_max);
            held_out(
                form,
                ui,
                &mut options.test_fraction,
                &mut options.split_seed,
            );
        },
    );
}

fn vocabulary(form: &mut Form<'_>, ui: &mut Ui, most: &mut usize) {
    let hint = "Most different symbols, 3 to 4096; where there are more different characters, the rarest share one symbol";
    let look = Look::new("Most symbols", "dataset.vocabulary_max", hint).steps(Steps::PowersOfTwo);
    form.number(ui, look, most);
}
