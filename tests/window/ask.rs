//! A trained network is asked in the window, and what that costs is measured there.

use egui::{Event, Key, Modifiers, PointerButton, Pos2, pos2};
use egui_kittest::kittest::Queryable as _;
use image::{GrayImage, Luma};
use joulelab::library::{Inference, Library, Predictions};

use crate::dropped::drop_on;
use crate::values::write;
use crate::window::{Window, short};

const SHEET: &str = "Sheet to draw on, ";

/// A window in which a network of the digits was trained for so many epochs.
fn trained(epochs: u64) -> Window {
    trained_in(epochs, [1280.0, 800.0])
}

/// The same in a window of this size, points.
fn trained_in(epochs: u64, size: [f32; 2]) -> Window {
    let mut setup = short();
    setup.regime.stop.epochs = Some(epochs);
    setup.measure.meters = vec!["simulated:steady,watts=80".to_owned()];
    let mut window = Window::with_size(setup, size, 1.0);
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    window
}

fn predictions(window: &Window) -> Predictions {
    let id = window.runs()[0].run.id.clone();
    let library = Library::open(window.library()).expect("the library opens");
    let found = library.predictions(&id, None).expect("the library reads");
    found.expect("an evaluation")
}

fn inferences(window: &Window) -> Vec<Inference> {
    let id = window.runs()[0].run.id.clone();
    let library = Library::open(window.library()).expect("the library opens");
    library.inferences(&id).expect("the library reads")
}

/// Presses at the first of `places`, shares of the sheet, moves through the others and lets go.
fn stroke(window: &mut Window, places: &[(f32, f32)]) {
    let rect = window.harness.get_by_label_contains(SHEET).rect();
    let at = |(x, y): (f32, f32)| -> Pos2 {
        pos2(
            rect.left() + x * rect.width(),
            rect.top() + y * rect.height(),
        )
    };
    let button = |pos: Pos2, pressed: bool| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let (first, last) = (at(places[0]), at(places[places.len() - 1]));
    window.harness.event(Event::PointerMoved(first));
    window.harness.event(button(first, true));
    for place in &places[1..] {
        window.harness.event(Event::PointerMoved(at(*place)));
    }
    window.harness.event(button(last, false));
    window.harness.step();
}

/// The answer that is shown, such as `7 98.2 %`.
fn answer(window: &Window) -> Option<String> {
    window.after("digit: ")
}

#[test]
fn a_drawing_is_answered_while_it_is_drawn() {
    let mut window = trained(8);
    window.click("Ask it");
    window.until("the sheet", |window| {
        window.has_part(&format!("{SHEET}empty"))
    });
    assert_eq!(answer(&window), None);
    stroke(
        &mut window,
        &[(0.5, 0.15), (0.5, 0.4), (0.5, 0.6), (0.5, 0.85)],
    );
    window.until("an answer", |window| answer(window).is_some());
    assert!(window.has_part(&format!("{SHEET}drawn on")));
    window.until("a one", |window| {
        answer(window).is_some_and(|answer| answer.starts_with("1 "))
    });
    for digit in 0..10 {
        let bar = window.after(&format!("{digit}: "));
        assert!(
            bar.is_some_and(|share| share.ends_with('%')),
            "{:?}",
            window.seen()
        );
    }
    assert!(window.has("The sample as the network sees it: drawing"));
    assert!(window.has_part("This answer took"));
    assert!(window.has_part("It has not been measured on this device"));
    window.harness.check_accessibility();

    window.click("Clear");
    window.until("an empty sheet", |window| {
        window.has_part(&format!("{SHEET}empty"))
    });
    assert_eq!(answer(&window), None);
    // The same with keys.
    window.harness.get_by_label_contains(SHEET).focus();
    window.settle();
    for _ in 0..12 {
        window.harness.key_press(Key::ArrowUp);
    }
    window.harness.step();
    assert!(
        window.has_part(&format!("{SHEET}empty")),
        "the pen was only moved"
    );
    window.harness.key_down(Key::Space);
    for _ in 0..24 {
        window.harness.key_press(Key::ArrowDown);
    }
    window.harness.key_up(Key::Space);
    window.harness.step();
    window.until("an answer", |window| {
        answer(window).is_some_and(|answer| answer.starts_with("1 "))
    });
    window.harness.key_press(Key::Delete);
    window.until("an empty sheet", |window| {
        window.has_part(&format!("{SHEET}empty"))
    });
}

#[test]
fn the_answer_is_seen_beside_the_sheet_in_a_small_window() {
    let mut window = trained_in(1, [900.0, 600.0]);
    window.click("Ask it");
    window.until("the sheet", |window| {
        window.has_part(&format!("{SHEET}empty"))
    });
    stroke(&mut window, &[(0.5, 0.15), (0.5, 0.5), (0.5, 0.85)]);
    window.until("an answer", |window| answer(window).is_some());
    let sheet = window.harness.get_by_label_contains(SHEET).rect();
    let all = egui::Rect::from_min_size(Pos2::ZERO, egui::vec2(900.0, 600.0));
    for digit in 0..10 {
        let name = format!("{digit}: ");
        let bar = window.harness.get_by_label_contains(&name).rect();
        assert!(
            all.contains_rect(bar) && bar.left() > sheet.right(),
            "{digit}: {bar} beside {sheet}"
        );
    }
}

#[test]
fn a_held_out_sample_is_answered_as_the_run_foretold_it() {
    let mut window = trained(2);
    let foretold = predictions(&window);
    let is_that = |window: &Window, sample: usize| {
        let confidence = f64::from(foretold.confidence_permille[sample]) / 10.0;
        answer(window).is_some_and(|answer| {
            let mut parts = answer.split(' ');
            let digit = parts.next().and_then(|digit| digit.parse().ok());
            let share: Option<f64> = parts.next().and_then(|share| share.parse().ok());
            digit == Some(foretold.predicted[sample])
                && share.is_some_and(|share| (share - confidence).abs() < 0.16)
        })
    };
    let shown = "The sample as the network sees it: held-out sample ";
    // On the page of the run, too.
    for page in ["Train", "Runs"] {
        window.go(page);
        if page == "Runs" {
            let id = window.runs()[0].run.id.clone();
            window.until("the run", |window| window.has_part(&id));
            window
                .harness
                .get_all_by_label_contains(&id)
                .next()
                .expect("a row")
                .click();
            window.settle();
        }
        window.click("Ask it");
        window.click("Held-out sample");
        window.until("the first sample", |window| {
            window.has(&format!("{shown}1"))
        });
        window.until("its answer", |window| is_that(window, 0));
        assert!(window.has("✓ That is right") || window.has_part("× Right would be"));
        for _ in 0..3 {
            window.click("Random");
            window.until("an answer", |window| {
                let number = window
                    .after(shown)
                    .and_then(|number| number.parse::<usize>().ok());
                number.is_some_and(|number| is_that(window, number - 1))
            });
        }
        window.harness.check_accessibility();
    }
}

#[test]
fn a_dropped_image_is_answered_and_what_is_none_is_explained() {
    let mut window = trained(8);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("one.png");
    let is_ink = |x: u32, y: u32| (90..110).contains(&x) && (30..170).contains(&y);
    let image = GrayImage::from_fn(200, 200, |x, y| Luma([if is_ink(x, y) { 10 } else { 240 }]));
    image.save(&path).expect("it is written");
    window.click("Ask it");
    window.until("the sheet", |window| window.has_part(SHEET));
    drop_on(&mut window, &path);
    window.until("its answer", |window| {
        answer(window).is_some_and(|answer| answer.starts_with("1 "))
    });
    assert!(window.has("one.png") && window.has_part("inverted"));
    let none = folder.path().join("none.png");
    std::fs::write(&none, "no image").expect("it is written");
    drop_on(&mut window, &none);
    window.until("why", |window| window.has_part("no PNG or JPEG image"));
    window.harness.check_accessibility();
}

#[test]
fn what_answers_cost_is_measured_and_can_be_cancelled() {
    let mut window = trained(2);
    window.click("Ask it");
    window.click("Measure it…");
    window.until("the form", |window| window.has("Measure what answers cost"));
    window.until("nothing yet", |window| {
        window.has("Nothing was measured yet.")
    });
    write(&mut window, "Samples at once", "1, none");
    assert!(window.has_part("`none` is no whole number"));
    // A size that is named twice is measured once.
    write(&mut window, "Samples at once", "1, 16, 1");
    write(&mut window, "Window", "0.3");
    write(&mut window, "Warm-up", "0.1");
    write(&mut window, "Interval", "100");
    window.harness.check_accessibility();
    window.click("Measure");
    window.until("figures", |window| window.has("What was measured"));
    let found = inferences(&window);
    let sizes: Vec<u64> = found.iter().map(|one| one.batch_size).collect();
    assert_eq!(sizes, [1, 16]);
    for one in &found {
        assert!(one.windows >= 3 && one.agrees == Some(true), "{one:?}");
        let sum = one.sum.as_ref().expect("a meter");
        let truth = 1000.0 * 80.0 * sum.figure.window_s / one.samples as f64;
        let energy = one.energy_j.expect("a meter");
        assert!(
            (energy.low..=energy.high).contains(&truth),
            "{truth} in {energy:?}"
        );
    }
    assert!(window.has_part("Energy for 1,000 answers and latency of a batch by samples at once"));
    window.harness.check_accessibility();

    // What an answer costs is known now.
    window.click("Ask it");
    window.until("the energy of an answer", |window| {
        window
            .after("Energy of an answer: ")
            .is_some_and(|energy| energy.ends_with('J'))
    });
    assert!(window.has_part("such answers.") && window.has_part("for 1,000 answers"));

    window.click("Cost of answers");
    write(&mut window, "Window", "30");
    window.click("Measure");
    window.until("it goes on", |window| {
        window.has_part("1 at once: first window")
    });
    window.click("Ask it");
    window.until("a reason", |window| {
        window.has("Not while something is measured")
    });
    window.click("Cost of answers");
    window.click("Cancel");
    window.until("its end", |window| window.has("Measure"));
    assert!(window.has_part("nothing was kept"), "{:?}", window.seen());
    assert_eq!(inferences(&window).len(), 2);
}

#[test]
fn a_row_is_filled_in_and_changed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("things.csv");
    let mut text = "colour,size,weight\n".to_owned();
    for number in 0..90 {
        let colour = ["red", "green", "blue"][number % 3];
        let weight = if colour == "red" { "heavy" } else { "light" };
        text.push_str(&format!("{colour},{},{weight}\n", number % 7));
    }
    std::fs::write(&path, text).expect("it is written");
    let mut setup = short();
    setup.dataset = joulelab::setup::DatasetSetup::Csv(joulelab::setup::CsvSetup {
        file: path,
        ..Default::default()
    });
    setup.model = joulelab::setup::ModelSetup::Mlp(Default::default());
    setup.regime.batch_size = 16;
    setup.regime.learning_rate = 0.01;
    setup.regime.stop.epochs = Some(30);
    let mut window = Window::new(setup);
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
    window.click("Ask it");
    window.click("Fill in");
    window.until("an answer", |window| window.after("weight: ").is_some());
    crate::kinds::choose(&mut window, "colour", "red");
    write(&mut window, "size", "3");
    window.until("heavy", |window| {
        window
            .after("weight: ")
            .is_some_and(|answer| answer.starts_with("heavy"))
    });
    crate::kinds::choose(&mut window, "colour", "blue");
    window.until("light", |window| {
        window
            .after("weight: ")
            .is_some_and(|answer| answer.starts_with("light"))
    });
    write(&mut window, "size", "wide");
    window.until("why", |window| window.has_part("`wide` is no number"));
    window.harness.check_accessibility();
}
