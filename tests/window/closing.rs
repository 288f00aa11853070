use egui::{ViewportCommand, ViewportEvent, ViewportId};
use joulelab::library::Status;

use crate::window::{Window, long};

pub fn ask_to_close(window: &mut Window) {
    let input = window.harness.input_mut();
    let viewport = input.viewports.entry(ViewportId::ROOT).or_default();
    viewport.events.push(ViewportEvent::Close);
    window.harness.step();
}

pub fn commands(window: &Window) -> Vec<ViewportCommand> {
    let output = window.harness.output();
    output
        .viewport_output
        .get(&ViewportId::ROOT)
        .map(|viewport| viewport.commands.clone())
        .unwrap_or_default()
}

#[test]
fn closing_during_a_run_asks_and_keeps_the_record() {
    let mut window = Window::new(long());
    window.click("Start training");
    window.until_evaluated();
    ask_to_close(&mut window);
    assert!(commands(&window).contains(&ViewportCommand::CancelClose));
    window.until("the question", |window| window.has("A run goes on"));
    window.click("Keep training");
    window.until("no question", |window| !window.has("A run goes on"));
    ask_to_close(&mut window);
    window.click("Stop and close");
    window.until("the window to close", |window| {
        commands(window).contains(&ViewportCommand::Close)
    });
    let runs = window.runs();
    assert_eq!(runs[0].run.status, Status::Stopped);
}

#[test]
fn a_window_that_goes_away_leaves_a_run_that_can_be_resumed() {
    let mut window = Window::new(long());
    window.click("Start training");
    window.until("a checkpoint", |window| {
        let checkpoints = window.folder().join("runs");
        window
            .after("Accuracy: ")
            .is_some_and(|figure| figure.ends_with('%'))
            && checkpoints.exists()
    });
    let id = window.runs()[0].run.id.clone();
    // The process of the window lives on in a test, and with it the recorder; stopping stands for its end.
    window.click("Stop");
    window.until("the end", |window| window.has("Stopped"));
    let mut window = window.reopen();
    window.go("Runs");
    window.until("the run in the list", |window| {
        window.has_part(&id) || window.has_part("digits")
    });
    let runs = window.runs();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].run.id, id);
}

#[test]
fn a_window_opens_again_as_it_was_closed() {
    let mut window = Window::new(long());
    window.go("Runs");
    window.until("the page", |window| window.has("No runs yet"));
    ask_to_close(&mut window);
    assert!(
        !commands(&window).contains(&ViewportCommand::CancelClose),
        "nothing goes on, so nothing is asked"
    );
    let mut window = window.reopen();
    window.until("the page that was open", |window| window.has("No runs yet"));
}
