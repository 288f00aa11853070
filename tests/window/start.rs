//! What a run starts from, and which layers learn, in the setup panel.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use joulelab::library::Library;
use joulelab::setup::{Setup, TrainedLayers};

use crate::dropped::drop_on;
use crate::kinds::choose;
use crate::values::write;
use crate::window::{Window, short};

fn setup(window: &Window) -> Setup {
    let state = window.harness.state().state();
    state.shared.preferences.setup.clone()
}

#[test]
fn a_run_starts_from_another_and_trains_its_head_alone() {
    let mut window = Window::new(short());
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    let base = window.runs()[0].run.id.clone();
    let mut library = Library::open(window.library()).expect("the library opens");
    library
        .set_name(&base, Some("middle"))
        .expect("it is written");
    choose(&mut window, "Start from", "A run of the library");
    window.until("a refusal", |window| {
        window.has_part("the run is to be chosen first")
    });
    window.click("Run to start from");
    let name = "Run middle: ";
    window.until("the run", |window| window.has_part(name));
    let field = window.harness.get_by_label("Find a run").rect();
    window.harness.event(egui::Event::Text("mid".to_owned()));
    window.settle();
    let text = text_of(&window, "mid").expect("what was typed");
    assert!(
        (text.center().y - field.center().y).abs() < 2.0,
        "{text} is in the middle of {field}"
    );
    window.until("the run", |window| window.has_part(name));
    window.harness.get_by_label_contains(name).click();
    window.until("what is known of it", |window| window.has_part("· after "));
    let start = setup(&window).start.expect("it starts from something");
    assert_eq!(start.run.as_deref(), Some(base.as_str()));
    choose(&mut window, "Layers learn", "The head alone");
    assert_eq!(setup(&window).regime.layers.train, TrainedLayers::Head);
    window.harness.check_accessibility();
    window.click("Start training");
    window.until("the second run", |window| {
        window.runs().len() == 2 && window.has("Complete")
    });
    let newest = window.runs().into_iter().find(|run| run.run.id != base);
    let newest = newest.expect("there are two").run.id;
    window.until("its record", |_| {
        let details = library.details(&newest).expect("it reads");
        details.start.is_some() && details.ancestors.len() == 1
    });
    window.click("Show in runs");
    window.until("what it started from", |window| {
        window.has_part("From middle, after ")
    });
    assert!(
        window.has_part(" tensors taken (")
            && window.has_part("running means and variances are counted too"),
        "{:?}",
        window.seen()
    );
}

/// Where a piece of text is drawn.
fn text_of(window: &Window, text: &str) -> Option<egui::Rect> {
    let nodes = window.harness.root().children_recursive();
    let mut runs = nodes.filter(|node| node.accesskit_node().role() == Role::TextRun);
    let run = runs.find(|node| node.accesskit_node().value().as_deref() == Some(text));
    run.map(|node| node.rect())
}

#[test]
fn a_dropped_file_of_weights_is_what_a_run_starts_from() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("weights.safetensors");
    std::fs::write(&file, vec![0; 64]).expect("it is written");
    let mut window = Window::new(short());
    drop_on(&mut window, &file);
    window.until("the file", |window| window.has_part("64 B"));
    let start = setup(&window).start.expect("it starts from something");
    assert_eq!((start.run, start.file), (None, Some(file.clone())));
    window.harness.check_accessibility();
    std::fs::remove_file(&file).expect("it is removed");
    let gone = folder.path().join("gone.safetensors");
    write(&mut window, "File", &gone.to_string_lossy());
    window.until("what is wrong", |window| window.has_part("Cannot be read"));
    window.click("Start training");
    assert!(window.runs().is_empty(), "there is nothing to start from");
    choose(&mut window, "Start from", "Nothing");
    window.until("nothing wrong", |window| !window.has_part("annot be read"));
    assert_eq!(setup(&window).start, None);
    // What was turned away from is there when it is turned back to.
    choose(&mut window, "Start from", "A file");
    let start = setup(&window).start.expect("it starts from something");
    assert_eq!(start.file, Some(gone));
}

#[test]
fn groups_of_layers_are_frozen_and_have_rates_of_their_own() {
    // High enough for the whole panel: what is out of sight cannot be clicked.
    let mut window = Window::with_size(short(), [1280.0, 1800.0], 1.0);
    window.click("Groups of layers");
    window.until("the groups", |window| window.has("Freeze head"));
    write(&mut window, "Rate of head", "2");
    assert_eq!(setup(&window).regime.layers.rates["head"], 2.0);
    write(&mut window, "Rate of head", "-1");
    window.until("what is wrong", |window| window.has_part("above 0"));
    write(&mut window, "Rate of head", "1");
    window.until("nothing wrong", |window| {
        !window.has_part("a finite number above 0")
    });
    assert!(setup(&window).regime.layers.rates.is_empty());
    window.click("Freeze head");
    assert_eq!(setup(&window).regime.layers.frozen, ["head"]);
    choose(&mut window, "Layers learn", "The head alone");
    window.until("what is wrong", |window| {
        window.has_part("no layer is left that learns")
    });
    window.click("Start training");
    assert!(window.runs().is_empty(), "nothing would learn");
    choose(&mut window, "Layers learn", "One group more at a time");
    window.until("its stages", |window| window.has("After each"));
    window.harness.check_accessibility();
    window.click("Freeze head");
    assert!(setup(&window).regime.layers.frozen.is_empty());
}
