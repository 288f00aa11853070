use joulelab::library::Status;

use crate::window::{Window, long, short};

#[test]
fn a_newcomer_trains_the_default_network_and_sees_what_it_cost() {
    let mut window = Window::new(short());
    window.click("Train it now");
    window.until_evaluated();
    window.until("the end", |window| window.has("Complete"));
    let energy = window.after("Energy: ").expect("an energy is shown");
    assert!(energy.ends_with('J') || energy.contains('J'), "{energy}");
    // The machine is idle again: what stands there now is the mean over the run, with its interval.
    assert_eq!(window.after("Power: "), None);
    let power = window.after("Mean power of training: ");
    let power = power.expect("a power is shown");
    assert!(power.ends_with('W'), "{power}");
    let runs = window.runs();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].run.status, Status::Completed);
}

#[test]
fn figures_without_a_value_say_what_they_will_be_of() {
    let mut setup = short();
    setup.measure.idle_s = 1.0;
    let mut window = Window::new(setup);
    window.click("Start training");
    window.until("no energy yet", |window| {
        window.has("CO₂ equivalent: –") && window.has("of the electricity")
    });
    window.until("the end", |window| window.has("Complete"));
    assert!(!window.has("of the electricity"));
}

#[test]
fn who_has_runs_is_no_newcomer() {
    let mut window = Window::new(short());
    window.until("the first lesson", |window| {
        window.has("Train the first network")
    });
    window.click("Train it now");
    window.until("the end", |window| window.has("Complete"));
    let id = window.runs()[0].run.id.clone();
    let mut window = window.reopen();
    window.until("the newest run", |window| {
        window.has_part(&format!("The newest run: {id}"))
    });
    assert!(!window.has("Train the first network"));
    window.harness.check_accessibility();
    window.click("Show the newest run");
    window.until("the run", |window| window.has(&id) && window.has("Rename…"));
}

#[test]
fn a_run_is_paused_goes_on_and_is_stopped() {
    let mut window = Window::new(long());
    window.click("Start training");
    window.until("training", |window| {
        window.has("Training") && window.has("Pause")
    });
    window.until_evaluated();
    window.click("Pause");
    window.until("a pause", |window| window.has("Paused"));
    window.click("Resume");
    window.until("training again", |window| window.has("Training"));
    window.click("Checkpoint");
    window.click("Stop");
    window.until("the end", |window| window.has("Stopped"));
    let runs = window.runs();
    assert_eq!(runs[0].run.status, Status::Stopped);
    let pauses = runs[0]
        .totals
        .iter()
        .any(|total| total.phase == "pause" && total.duration_s > 0.0);
    assert!(pauses, "the pause is in the record: {:?}", runs[0].totals);
}

#[test]
fn what_waits_is_trained_in_its_turn() {
    let mut window = Window::new(short());
    window.click("Start training");
    window.until("the run", |window| window.has("Stop"));
    window.click("Add to queue");
    window.until("both runs", |window| {
        let runs = window.runs();
        runs.len() == 2 && runs.iter().all(|row| row.run.status == Status::Completed)
    });
}
