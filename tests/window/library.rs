use std::path::{Path, PathBuf};
use std::sync::Arc;

use joulelab::library::{Filter, Library};

use crate::window::{Window, short};

/// A window on the page of runs, with one run, chosen.
fn with_a_run() -> (Window, String) {
    let mut window = Window::new(short());
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    let id = window.runs()[0].run.id.clone();
    window.click("Show in runs");
    window.until("the run", |window| window.has(&id) && window.has("Rename…"));
    (window, id)
}

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

fn drop_file(window: &mut Window, path: &Path) {
    let file: Arc<dyn egui::DroppedFile + Send + Sync> = Arc::new(Dropped(path.to_owned()));
    window.harness.input_mut().dropped_files.push(file);
    window.harness.step();
    window.harness.input_mut().dropped_files.clear();
}

#[test]
fn a_run_is_renamed_deleted_and_brought_back() {
    let (mut window, id) = with_a_run();
    window.click("Rename…");
    window.until("the dialog", |window| window.has("Save"));
    window
        .harness
        .event(egui::Event::Text("my first run".to_owned()));
    window.settle();
    window.click("Save");
    window.until("the name", |window| {
        window.runs()[0].run.name.as_deref() == Some("my first run")
    });
    window.until("the name in the table", |window| window.has("my first run"));
    window.click("Delete");
    window.until("the run to go", |window| window.has("No runs yet"));
    window.click("Undo");
    window.until("the run to come back", |window| window.has("my first run"));
    assert_eq!(window.runs()[0].run.id, id);
}

#[test]
fn a_library_that_is_dropped_on_the_window_is_added_to_this_one() {
    let (theirs, id) = with_a_run();
    let mut window = Window::new(short());
    window.go("Runs");
    window.until("no runs", |window| window.has("No runs yet"));
    drop_file(&mut window, &theirs.library());
    window.until("the other's run", |window| window.has(&id));
    let library = Library::open(window.library()).expect("the library opens");
    let runs = library.runs(&Filter::default()).expect("the library reads");
    assert_eq!(runs.len(), 1);

    let foreign = window.folder().join("foreign.sqlite");
    std::fs::write(&foreign, "no library").expect("a file");
    drop_file(&mut window, &foreign);
    window.until("what is wrong", |window| window.has_part("foreign.sqlite"));
    assert_eq!(window.runs().len(), 1);
}

#[test]
fn a_setup_that_is_dropped_on_the_window_is_put_into_the_panel() {
    let mut window = Window::new(short());
    let setup = window.folder().join("mine.toml");
    std::fs::write(&setup, "[regime]\nbatch_size = 48\n").expect("a file");
    drop_file(&mut window, &setup);
    window.until("its batch size", |window| {
        use egui_kittest::kittest::Queryable as _;
        let field = window.harness.query_by_label("Batch size");
        field.and_then(|field| field.value()).as_deref() == Some("48")
    });
}
