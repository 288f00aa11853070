//! How runs stand: one that missed its target is no success.

use joulelab::library::{Library, Status};
use joulelab::setup::Setup;

use crate::stored::record_with;
use crate::window::{Window, short};

const MISSED: &str = "completed, target not reached";

#[test]
fn a_run_that_missed_its_target_does_not_look_like_one_that_reached_it() {
    let mut window = Window::new(short());
    let mut library = Library::open(window.library()).expect("the library opens");
    let mut setup = Setup {
        device: "cpu".to_owned(),
        ..Setup::default()
    };
    setup.regime.stop.target = Some(0.97);
    record_with(&mut library, "there", &setup, 100.0, true, Vec::new());
    window.go("Runs");
    window.until("the run", |window| window.has("there"));
    assert!(window.has("completed") && window.has("✓") && !window.has(MISSED));

    setup.regime.seed = 1;
    record_with(
        &mut library,
        "short of it",
        &setup,
        100.0,
        false,
        Vec::new(),
    );
    let mut window = window.reopen();
    window.go("Runs");
    window.until("both runs", |window| {
        window.has("there") && window.has("short of it")
    });
    assert!(window.has(MISSED) && window.has("○"));
    window.click("short of it");
    window.until("its summary", |window| {
        window.has_part(&format!("○ {MISSED}"))
    });
    window.click("there");
    window.until("the other's", |window| window.has_part("✓ completed"));
}

#[test]
fn the_page_that_trains_says_that_the_target_was_missed() {
    let mut setup = short();
    setup.regime.stop.epochs = Some(1);
    setup.regime.stop.target = Some(1.0);
    let mut window = Window::new(setup);
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    assert_eq!(window.runs()[0].run.status, Status::Completed);
    assert!(window.has("○ target not reached"));
    window.click("Show in runs");
    window.until("the summary", |window| window.has_part("1 epoch, "));
}
