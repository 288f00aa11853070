//! Ways of saving in the setup panel: a teacher, smaller pictures at first, layers that freeze.

use egui_kittest::kittest::Queryable as _;
use joulelab::library::{Library, Relation};
use joulelab::setup::{FreezeTimes, Setup, TrainedLayers};

use crate::kinds::choose;
use crate::values::write;
use crate::window::{Window, short};

fn setup(window: &Window) -> Setup {
    let state = window.harness.state().state();
    state.shared.preferences.setup.clone()
}

#[test]
fn a_run_learns_from_another() {
    let mut window = Window::with_size(short(), [1280.0, 1800.0], 1.0);
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    let base = window.runs()[0].run.id.clone();
    window.click("Teacher");
    window.until("the choice", |window| window.has("Taught by"));
    choose(&mut window, "Taught by", "A run of the library");
    window.until("a refusal", |window| {
        window.has_part("the run is to be chosen first")
    });
    window.click("Run that teaches");
    let name = format!("Run {base}: ");
    window.until("the run", |window| window.has_part(&name));
    window.harness.get_by_label_contains(&name).click();
    window.until("what is known of it", |window| window.has_part("· after "));
    write(&mut window, "Temperature", "0");
    window.until("what is wrong", |window| {
        window.has_part("a number above 0")
    });
    write(&mut window, "Temperature", "2");
    window.until("nothing wrong", |window| {
        !window.has_part("a number above 0")
    });
    write(&mut window, "Teacher's share", "0.5");
    let distil = setup(&window).distil.expect("it has a teacher");
    assert_eq!(
        (distil.teacher.as_str(), distil.temperature, distil.alpha),
        (base.as_str(), 2.0, 0.5)
    );
    window.harness.check_accessibility();
    window.click("Start training");
    window.until("the second run", |window| {
        window.runs().len() == 2 && window.has("Complete")
    });
    let library = Library::open(window.library()).expect("the library opens");
    let newest = window.runs().into_iter().find(|run| run.run.id != base);
    let newest = newest.expect("there are two").run.id;
    window.until("its record", |_| {
        let details = library.details(&newest).expect("it reads");
        let relations = details.ancestors.iter().map(|of| of.relation());
        relations.eq([Relation::Teacher])
    });
    window.click("Show in runs");
    window.until("its teacher", |window| window.has("Learnt from"));
    window.until("the graph", |window| window.has_part("teacher · digits"));
    window.harness.check_accessibility();
    window.go("Train");
    // What was turned away from is there when it is turned back to.
    choose(&mut window, "Taught by", "Nobody");
    assert_eq!(setup(&window).distil, None);
    choose(&mut window, "Taught by", "A run of the library");
    let distil = setup(&window).distil.expect("it has a teacher");
    assert_eq!(distil.teacher, base);
}

#[test]
fn pictures_are_smaller_at_first_where_the_model_takes_them() {
    let mut window = Window::with_size(short(), [1280.0, 1800.0], 1.0);
    window.click("Progressive resizing");
    window.until("the fields", |window| window.has("Smaller at first"));
    window.click("Smaller at first");
    // Digits go to a network here whose head hangs on the size.
    window.until("what is wrong", |window| {
        window.has_part("takes images of several sizes")
    });
    window.click("More of the model");
    window.until("the head", |window| window.has("Head"));
    choose(&mut window, "Head", "Global average");
    window.until("nothing wrong", |window| {
        !window.has_part("takes images of several sizes")
    });
    write(&mut window, "First size", "1.5");
    window.until("what is wrong", |window| {
        window.has_part("a share of the size, above 0 to 1")
    });
    write(&mut window, "First size", "0.75");
    let resize = setup(&window).regime.resize.expect("it resizes");
    assert_eq!((resize.from, resize.over, resize.stages), (0.75, 0.5, 2));
    window.harness.check_accessibility();
    window.click("Smaller at first");
    assert_eq!(setup(&window).regime.resize, None);
}

#[test]
fn groups_of_layers_freeze_one_after_the_other() {
    let mut window = Window::with_size(short(), [1280.0, 1800.0], 1.0);
    choose(&mut window, "Layers learn", "One group less at a time");
    assert_eq!(setup(&window).regime.layers.train, TrainedLayers::Freezing);
    write(&mut window, "First freezes at", "2");
    window.until("what is wrong", |window| {
        window.has_part("a share of the run, above 0 to 1")
    });
    write(&mut window, "First freezes at", "0.8");
    choose(&mut window, "Times", "By the third power");
    window.click("Scaled");
    let freezing = setup(&window).regime.layers.freezing;
    assert_eq!((freezing.from, freezing.times), (0.8, FreezeTimes::Cubic));
    assert!(freezing.scaled);
    window.harness.check_accessibility();
}
