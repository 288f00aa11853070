//! Files and folders that are dropped on the window, or named in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use joulelab::setup::{CsvSetup, DatasetSetup, ModelSetup, TextCsvSetup};

use crate::kinds::choose;
use crate::values::write;
use crate::window::{Window, short};

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// Drops the file or folder at `path` on the window.
pub fn drop_on(window: &mut Window, path: &Path) {
    let file = Dropped(path.to_owned());
    window
        .harness
        .input_mut()
        .dropped_files
        .push(Arc::new(file));
    window.settle();
}

const TABLE: &str = "length,colour,kind\n1.0,red,small\n2.0,blue,large\n1.1,red,small\n2.2,blue,large\n\
                     0.9,green,small\n1.9,red,large\n1.2,blue,small\n2.1,green,large\n";

#[test]
fn a_dropped_table_becomes_the_dataset_and_its_column_can_be_chosen() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("kinds.csv");
    std::fs::write(&path, TABLE).expect("it is written");
    let mut window = Window::new(short());
    drop_on(&mut window, &path);
    window.until("the table", |window| {
        window.has_part("2 classes") && window.has_part("Rows of the table: ")
    });
    // A convolutional network needs pictures.
    assert!(window.has_part("Multilayer perceptron") || window.has_part("multilayer perceptron"));
    choose(&mut window, "Learn column", "colour");
    window.until("its classes", |window| window.has_part("3 classes"));
    choose(&mut window, "Learn column", "the last one");
    window.until("its classes", |window| window.has_part("2 classes"));
    window.harness.check_accessibility();
}

#[test]
fn a_column_that_is_not_there_is_told_and_another_can_be_chosen() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("kinds.csv");
    std::fs::write(&file, TABLE).expect("it is written");
    let mut setup = short();
    setup.model = ModelSetup::from_kind("mlp").expect("there is one");
    setup.dataset = DatasetSetup::Csv(CsvSetup {
        file,
        label: "weight".to_owned(),
        ..CsvSetup::default()
    });
    let mut window = Window::new(setup);
    window.until("a refusal", |window| {
        window.has_part("There is no column `weight`") && window.has("Read again")
    });
    choose(&mut window, "Learn column", "kind");
    window.until("its classes", |window| window.has_part("2 classes"));
}

#[test]
fn texts_of_a_table_are_shown_with_their_classes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("reviews.csv");
    let rows = "2,bad,The meter lies.\n7,good,\"Counts joules, all of them.\"\n".repeat(20);
    std::fs::write(&file, format!("number,stars,words\n{rows}")).expect("it is written");
    let mut setup = short();
    setup.model = ModelSetup::from_kind("transformer").expect("there is one");
    setup.dataset = DatasetSetup::TextCsv(TextCsvSetup {
        file,
        ..TextCsvSetup::default()
    });
    let mut window = Window::new(setup);
    // The first two columns are taken where none is named.
    window.until("its texts", |window| window.has("2: bad"));
    choose(&mut window, "Learn column", "stars");
    choose(&mut window, "Text column", "words");
    window.until("its texts", |window| {
        window.has("bad: The meter lies.") && window.has("good: Counts joules, all of them.")
    });
    window.harness.check_accessibility();
}

#[test]
fn a_dropped_folder_of_images_becomes_the_dataset() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (class, shade) in [("dark", 10_u8), ("light", 240)] {
        let of_class = folder.path().join(class);
        std::fs::create_dir(&of_class).expect("a folder");
        for i in 0..4 {
            let image = image::GrayImage::from_pixel(20, 12, image::Luma([shade + i]));
            let path = of_class.join(format!("{i}.png"));
            image.save(path).expect("it is written");
        }
    }
    let mut window = Window::new(short());
    drop_on(&mut window, folder.path());
    window.until("its samples", |window| {
        window.has("Sample of dark") && window.has_part("32×32 px, colour")
    });
    write(&mut window, "Image size", "16");
    window.until("smaller ones", |window| window.has_part("16×16 px, colour"));
    write(&mut window, "Image size", "4");
    window.until("what is allowed", |window| window.has_part("8 to 256"));
    let empty = tempfile::tempdir().expect("a temporary folder");
    drop_on(&mut window, empty.path());
    window.until("a refusal", |window| {
        window.has_part("The setup is as before")
    });
}
