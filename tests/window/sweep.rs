//! The Sweep page: put together, begun with a real worker, taken up, and what known energies come to.

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use joulelab::gui::{Page, Preferences};
use joulelab::library::{Library, Status, TrialStatus};
use joulelab::setup::{Setup, sweep as sweeps};

use crate::closing::{ask_to_close, commands};
use crate::dropped::drop_on;
use crate::stored::{Known, paper, store, sweep};
use crate::values::write;
use crate::window::{Window, short};

/// A network that trains in a blink.
fn tiny() -> Setup {
    let mut setup = short();
    setup.model = serde_json::from_value(serde_json::json!({ "kind": "mlp", "hidden": [16] }))
        .expect("it is a model");
    setup.regime.stop.epochs = None;
    setup.regime.stop.steps = Some(8);
    setup.checkpoint.every_s = 0.0;
    setup
}

/// A window on the Sweep page.
fn on_page(setup: Setup) -> Window {
    let preferences = Preferences {
        setup,
        page: Page::Sweep,
        ..Preferences::default()
    };
    Window::with(preferences, [1280.0, 800.0], |options| options)
}

/// Puts an axis over batch sizes together.
fn with_batches(window: &mut Window, values: &str) {
    window.click("Add an axis");
    write(window, "Axis 1", "regime.batch_size");
    write(window, "Values of axis 1", values);
}

/// Whether the button called `label` can be pressed.
fn can_press(window: &Window, label: &str) -> bool {
    let mut found = window.harness.query_all_by_label(label);
    found.any(|node| !node.accesskit_node().is_disabled())
}

fn stored(window: &Window) -> Vec<joulelab::library::SweepRow> {
    let library = Library::open(window.library()).expect("the library opens");
    library.sweeps().expect("the library reads")
}

#[test]
fn a_small_sweep_goes_from_its_axes_to_the_sentence_of_its_result() {
    let mut window = on_page(tiny());
    with_batches(&mut window, "32, 256");
    write(&mut window, "Repeats", "2");
    window.until("the forecast", |window| {
        window.has("4")
            && window.has_part("2 combinations, 2 seeds")
            && can_press(window, "Begin sweep")
    });
    window.harness.check_accessibility();
    window.click("Begin sweep");
    window.until("the end", |window| window.has_part("✓ Complete"));
    window.until("the sentence", |window| {
        window.has_part("the energy of batch")
    });
    let sentence = window
        .seen()
        .into_iter()
        .find(|label| label.contains("the energy of batch"))
        .expect("it was seen");
    assert!(
        sentence.contains("Batch ") && sentence.contains("× ["),
        "{sentence}"
    );
    window.harness.check_accessibility();
    let rows = stored(&window);
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].sweep.status, rows[0].total()),
        (Status::Completed, 4)
    );
    assert_eq!(rows[0].count(TrialStatus::Done), 4, "{:?}", rows[0].trials);
    let forecast = rows[0]
        .sweep
        .forecast
        .as_ref()
        .expect("the forecast is kept");
    assert_eq!(forecast["outlook"]["trials"], 4);

    // The result as a file, by a path that is typed.
    let out = window.folder().join("setups.csv");
    window.click("CSV…");
    window.until("the question", |window| window.has("File"));
    window.settle();
    write(&mut window, "File", &out.to_string_lossy());
    window.click("Export");
    window.until("the file", |_| out.exists());
    let mut reader = csv::Reader::from_path(&out).expect("the file reads as CSV");
    assert_eq!(reader.records().count(), 2, "a row a setup");

    // Each trial is a cell that opens its run.
    window.click("Progress");
    window.until("the cells", |window| window.has_part("Trial 1: batch"));
    window.harness.check_accessibility();
    let cell = window
        .harness
        .query_all_by_label_contains("Trial 1: batch")
        .next();
    cell.expect("it is there").click();
    let run = window.runs().pop().expect("runs are recorded");
    assert!(run.run.tags.iter().any(|tag| tag.starts_with("sweep:")));
    window.until("its run", |window| window.has("Rename…"));
}

#[test]
fn a_field_is_found_by_its_name_and_brings_values() {
    let mut window = on_page(tiny());
    window.click("Add an axis");
    window.click("Choose the field of axis 1");
    window.until("the menu", |window| window.has("Find a field"));
    write(&mut window, "Find a field", "batch size");
    window.until("fewer fields", |window| {
        window.has("Field regime.batch_size") && !window.has("Field regime.learning_rate")
    });
    window.click("Field regime.batch_size");
    // A quarter to four times the base's 64, by powers of two; three seeds each.
    window.until("its values", |window| {
        window.has_part("5 values: 16, 32, 64, 128, 256") && window.has("15")
    });
    window.click("Choose the field of axis 1");
    write(&mut window, "Find a field", "optimiser momentum");
    window.click("Field regime.optimiser.momentum");
    window.until("what it depends on", |window| {
        window.has("Field of condition 1 of axis 1")
    });
    window.harness.check_accessibility();
}

#[test]
fn what_makes_no_sweep_is_refused_beside_its_field() {
    let mut window = on_page(tiny());
    window.click("Add an axis");
    window.until("a field is asked for", |window| {
        window.has_part("The path of a field") && !can_press(window, "Begin sweep")
    });
    for (field, values, words) in [
        ("regime.batch_sise", "16, 32", "did you mean `batch_size`"),
        ("regime.batch_size", "16, many", "invalid type"),
        ("regime.batch_size", " ", "One value or more"),
        ("regime.batch_size", "16, [32", "not closed"),
        ("regime.seed", "1, 2", "seeds are given by"),
        ("regime.optimiser.kind", "sgd, adamm", "adamm"),
    ] {
        write(&mut window, "Axis 1", field);
        write(&mut window, "Values of axis 1", values);
        window.until(words, |window| {
            window.has_part(words) && !can_press(window, "Begin sweep")
        });
    }
    // Three axes of a hundred values are a million combinations: counted, told, never spread out.
    write(&mut window, "Axis 1", "regime.learning_rate");
    let hundred: Vec<String> = (1..=100)
        .map(|at| format!("{}", f64::from(at) / 1000.0))
        .collect();
    write(&mut window, "Values of axis 1", &hundred.join(", "));
    for (axis, field) in [
        ("2", "regime.label_smoothing"),
        ("3", "regime.stop.min_delta"),
    ] {
        window.click("Add an axis");
        write(&mut window, &format!("Axis {axis}"), field);
        write(
            &mut window,
            &format!("Values of axis {axis}"),
            &hundred.join(", "),
        );
    }
    window.until("the count", |window| {
        window.has_part("would have 3000000 trials") && window.has("1,000,000")
    });
    window.harness.check_accessibility();
    assert!(!can_press(&window, "Begin sweep"));
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::B);
    window.settle();
    assert!(stored(&window).is_empty(), "nothing was begun");
}

#[test]
fn a_batch_larger_than_the_set_fails_alone_and_the_result_says_so() {
    let mut window = on_page(tiny());
    with_batches(&mut window, "64, 100000");
    write(&mut window, "Repeats", "1");
    window.until("what cannot run", |window| {
        window.has_part("1 combination cannot be run") && can_press(window, "Begin sweep")
    });
    window.click("Begin sweep");
    window.until("the end", |window| window.has_part("✓ Complete"));
    let rows = stored(&window);
    assert_eq!(
        rows[0].count(TrialStatus::Failed),
        1,
        "{:?}",
        rows[0].trials
    );
    assert_eq!(rows[0].count(TrialStatus::Done), 1);
    window.click("Progress");
    window.until("the reason", |window| {
        window.has_part("1 trial failed") && window.has_part("Trial ")
    });
}

#[test]
fn a_large_sweep_asks_before_it_begins_and_is_stopped_and_taken_up() {
    let mut window = on_page(tiny());
    with_batches(&mut window, "32, 64, 128");
    write(&mut window, "Repeats", "40");
    window.until("the limit", |window| {
        window.has_part("120 runs, above 100") && can_press(window, "Begin sweep")
    });
    window.click("Begin sweep");
    window.click("Cancel");
    assert!(stored(&window).is_empty(), "it was asked first");
    window.click("Begin sweep");
    window.click("Begin all the same");
    window.until("the first trial", |window| {
        window.has_part("Now trial") && can_press(window, "Pause")
    });
    window.click("Pause");
    window.until("the pause", |window| window.has_part("Paused"));
    window.click("Resume");
    window.until("more", |window| {
        window.has_part("Going on") && window.has_part("Now trial")
    });
    window.click("Stop");
    window.until("the end", |window| window.has("Take it up"));
    let over = stored(&window)[0].over();
    assert_eq!(stored(&window)[0].sweep.status, Status::Stopped);
    assert!(over < 120);
    window.click("Take it up");
    window.until("more trials", |window| stored(window)[0].over() > over);
    window.click("Stop");
    window.until("the end again", |window| window.has("Take it up"));
    // The same sweep again is mostly not what is meant.
    window.click("Edit as new");
    window.until("it can begin", |window| can_press(window, "Begin sweep"));
    window.click("Begin sweep");
    window.until("the question", |window| {
        window.has("The same sweep was begun before")
    });
    window.click("Show that one");
    window.until("that one", |window| window.has("Take it up"));
    assert_eq!(stored(&window).len(), 1);
}

#[test]
fn a_stored_sweep_says_what_its_energies_come_to() {
    let mut window = on_page(tiny());
    store(&window.library(), &paper(), Status::Completed);
    // As if another program had made it: the list is read again when the page is opened.
    window.go("Train");
    window.go("Sweep");
    window.until("the sweep", |window| {
        window.has_part("known: complete · 12 of 12")
    });
    window.click("known: complete · 12 of 12");
    // Ratio of means 480 ÷ 100. Seeds are paired: 0.958, 1, 1.042 less 0.95, 1, 1.05 has s = 0.00833, and
    // t(0.975, 2) · s ÷ √3 = 0.0207, so 4.8 · exp(± 0.0207); the meter's 5 % cancels.
    let sentence =
        "Batch 16 at 0.1 took 4.80× [4.70, 4.90] the energy of batch 128 at 0.01 to reach 97 %.";
    window.until(sentence, |window| window.has(sentence));
    // Two of three seeds of batch 128 at 0.1 missed the target: cheapest of all, and not ranked.
    window.until("the table", |window| {
        window.has_part("batch 128 at 0.01, rank 1, 100 ± ")
            && window.has_part("batch 128 at 0.1, not ranked")
    });
    assert!(window.has_part("1 setup is not ranked; 2 of all trials did not reach 97 %"));
    assert!(
        window.has_part("learning rate 0.01, batch size 128: 100 J, the least")
            || window.has_part("batch size 128, learning rate 0.01: 100 J, the least")
    );
    assert!(window.has_part("At η = 0.50: batch 128 at 0.01"));
    for name in [
        "Energy against time of the setups",
        "Setups along batch size, learning rate, time in s, energy, accuracy",
    ] {
        assert!(window.has(name), "{name}: {:?}", window.seen());
    }
    window.harness.check_accessibility();
    window.click("+ Differences from the best");
    window.until("the differences", |window| window.has("4.80× [4.70, 4.90]"));
    window.click("Progress");
    let cell = "Trial 4: batch 16 at 0.1, seed 0: done, 460 ± 23 J";
    window.until(cell, |window| window.has(cell));
    window.click("Definition");
    window.until("the definition", |window| window.has_part("target = 0.97"));
}

#[test]
fn a_sweep_that_another_program_left_is_shown_as_interrupted_and_can_be_taken_up() {
    let mut window = on_page(tiny());
    let mut known = paper();
    for trial in known.iter_mut().skip(5) {
        trial.energy_j = None;
    }
    store(&window.library(), &known, Status::Interrupted);
    window.go("Train");
    window.go("Sweep");
    window.click("known: interrupted · 5 of 12");
    window.until("how it stands", |window| {
        window.has_part("5 of 12 trials are over") && can_press(window, "Take it up")
    });
    assert!(window.has_part("Time left"));
    assert!(
        window.has("7 to come") && window.has("5 done"),
        "{:?}",
        window.seen()
    );
    window.harness.check_accessibility();
}

#[test]
fn sweeps_that_come_with_the_program_or_in_files_go_into_the_editor() {
    let mut window = on_page(tiny());
    window.click("Edit optimiser-digits");
    window.until("its axes", |window| {
        window.has("Axis 4") && window.has_part("Field of condition 1 of axis 2")
    });
    window.harness.check_accessibility();
    let path = window.folder().join("mine.toml");
    let text = sweeps::file::to_toml(&sweep(&paper())).expect("it is written");
    std::fs::write(&path, text).expect("it is written");
    window.go("Train");
    drop_on(&mut window, &path);
    window.until("the dropped one", |window| {
        window.has("Axis 2") && !window.has("Axis 3")
    });
    std::fs::write(&path, "axes = 3\n").expect("it is written");
    drop_on(&mut window, &path);
    window.until("a refusal", |window| {
        window.has_part("The sweep is as before")
    });
    let setup = window.folder().join("setup.toml");
    std::fs::write(&setup, "[regime]\nbatch_size = 48\n").expect("it is written");
    drop_on(&mut window, &setup);
    window.until("the base", |window| window.has_part("batch 48"));
}

#[test]
fn ten_thousand_trials_are_one_area_that_the_arrow_keys_go_through() {
    let mut window = on_page(tiny());
    let known: Vec<Known> = (0..10_000)
        .map(|number| Known {
            batch: 16 << (number % 4),
            rate: [0.01, 0.1][usize::from(number % 8 > 3)],
            seed: number / 8,
            energy_j: None,
            reached: false,
        })
        .collect();
    store(&window.library(), &known, Status::Interrupted);
    window.go("Train");
    window.go("Sweep");
    window.click("known: interrupted · 0 of 10000");
    let area = "10,000 trials: arrow keys choose one";
    window.until("the grid", |window| window.has(area));
    assert!(window.has("10,000 to come") && !window.has_part("Trial 1:"));
    window.harness.get_by_label(area).focus();
    window.settle();
    window.until("the first", |window| {
        window.has("Trial 1: batch 16 at 0.01, seed 0: to come")
    });
    window.harness.key_press(egui::Key::ArrowRight);
    window.settle();
    window.until("the second", |window| {
        window.has("Trial 2: batch 32 at 0.01, seed 0: to come")
    });
    window.harness.check_accessibility();
}

#[test]
fn closing_during_a_sweep_asks_and_keeps_what_is_done() {
    let mut window = on_page(tiny());
    with_batches(&mut window, "32, 64");
    write(&mut window, "Repeats", "30");
    window.until("the forecast", |window| can_press(window, "Begin sweep"));
    window.click("Begin sweep");
    window.until("a trial", |window| window.has_part("Now trial"));
    // Two at once would measure each other: a run waits for the sweep's end.
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Enter);
    window.until("the queue", |window| window.has_part("Added to the queue"));
    ask_to_close(&mut window);
    window.until("the question", |window| window.has("A sweep goes on"));
    window.click("Stop and close");
    window.until("the window to close", |window| {
        commands(window).contains(&egui::ViewportCommand::Close)
    });
    let rows = stored(&window);
    assert_eq!(rows[0].sweep.status, Status::Stopped);
    assert!(rows[0].over() < 60);
    let of_sweep = |tag: &String| tag.starts_with("sweep:");
    assert!(
        window
            .runs()
            .iter()
            .all(|row| row.run.tags.iter().any(of_sweep))
    );
}
