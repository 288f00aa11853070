//! The life of a model and its lineage, on stored runs whose energies are known.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::Timestamp;
use joulelab::gui::{Preferences, ThemeChoice};
use joulelab::library::{Ancestor, Inference, Latency, Library, PhaseEnergy, Record, Relation};
use joulelab::setup::{Setup, StartSetup};
use joulelab::units::{Boundary, EnergyFigure, Estimate, Grade, Metric};

use crate::keyboard::focus_by_tab;
use crate::stored::record_with;
use crate::values::write;
use crate::window::{Window, short};

/// Joules of what was learnt before.
const BASE_J: f64 = 1200.0;
/// Joules of the runs that started from it, one for each seed: 50 in the mean.
const TUNED_J: [f64; 2] = [40.0, 60.0];

fn figure(energy_j: f64) -> PhaseEnergy {
    PhaseEnergy {
        figure: EnergyFigure {
            boundary: Boundary::CpuPackage,
            meter: "rapl:package-0".to_owned(),
            source: "counter of the package".to_owned(),
            grade: Grade::B,
            energy_j: Some(Estimate::plus_minus(energy_j, 0.05 * energy_j)),
            covered_s: energy_j / 50.0,
            window_s: energy_j / 50.0,
        },
        net_j: None,
    }
}

fn ancestor() -> Ancestor {
    Ancestor {
        generation: 1,
        path: vec![Relation::Start],
        run_id: Some("base".to_owned()),
        title: None,
        dataset: Some("shapes".to_owned()),
        model: Some("CNN".to_owned()),
        setup_hash: None,
        step: Some(400),
        duration_s: Some(BASE_J / 50.0),
        training: vec![figure(BASE_J)],
        stated_j: None,
        carbon_g: None,
        is_here: true,
    }
}

fn report() -> serde_json::Value {
    serde_json::json!({
        "origin": {
            "run_id": "base", "step": 400, "path": "weights.bpk", "format": "burnpack",
            "layout": "burn", "sha256": "00",
        },
        "parameters": [
            { "name": "stem.weight", "shape": [8, 3, 3, 3], "fit": "taken", "from": "stem.weight" },
            { "name": "head.weight", "shape": [64, 10], "fit": "new", "because": "another shape" },
        ],
        "left": [
            { "name": "head.bias", "shape": [4], "fit": "left", "because": "nothing has its name" },
        ],
        "taken_numbers": 216,
        "new_numbers": 640,
    })
}

/// 2 J for 1,000 samples asked one at a time.
fn inference() -> Inference {
    let energy = Some(Estimate::plus_minus(2.0, 0.1));
    Inference {
        heads: Vec::new(),
        made_at: Timestamp::UNIX_EPOCH,
        program_version: "0.1.0".to_owned(),
        machine: "elsewhere".to_owned(),
        device: "A processor".to_owned(),
        backend: "flex".to_owned(),
        step: 100,
        batch_size: 1,
        windows: 3,
        window_s: 2.0,
        samples: 3000,
        seconds: 6.0,
        warm_up_passes: 10,
        warm_up_s: 1.0,
        latency: Latency::default(),
        throughput: 500.0,
        energy_j: energy,
        net_j: None,
        spread_j: Some(0.1),
        measured_j: energy,
        interval: 0.02,
        interval_reached: true,
        energies: vec![figure(6.0)],
        sum: Some(figure(6.0)),
        missing: Vec::new(),
        idle_power: Vec::new(),
        carbon_g: None,
        carbon: None,
        metric: Metric::Accuracy,
        value: Some(0.975),
        run_value: Some(0.975),
        agrees: Some(true),
    }
}

/// What was learnt before, two runs that started from it, and two from nothing that took `scratch_j`.
fn store(path: &Path, scratch_j: [f64; 2]) {
    let mut library = Library::open(path).expect("the library opens");
    let mut setup = Setup {
        device: "cpu".to_owned(),
        ..Setup::default()
    };
    record_with(&mut library, "base", &setup, BASE_J, true, Vec::new());
    setup.regime.stop.target = Some(0.97);
    for (seed, energy_j) in scratch_j.into_iter().enumerate() {
        setup.regime.seed = seed as u64;
        let id = format!("scratch-{seed}");
        record_with(&mut library, &id, &setup, energy_j, true, Vec::new());
    }
    setup.start = Some(StartSetup {
        run: Some("base".to_owned()),
        ..StartSetup::default()
    });
    for (seed, energy_j) in TUNED_J.into_iter().enumerate() {
        setup.regime.seed = seed as u64;
        let more = vec![Record::Start(report()), Record::Ancestors(vec![ancestor()])];
        let id = format!("tuned-{seed}");
        record_with(&mut library, &id, &setup, energy_j, true, more);
    }
    library
        .store_inference("tuned-0", &inference())
        .expect("it is written");
}

fn window(theme: ThemeChoice, scratch_j: [f64; 2]) -> Window {
    let preferences = Preferences {
        setup: short(),
        theme,
        ..Preferences::default()
    };
    Window::with(preferences, [1400.0, 1000.0], |options| {
        let library = options.library.as_ref().expect("there is one");
        store(library, scratch_j);
        options
    })
}

/// Clicks the one thing whose name has `part` in it.
fn click_part(window: &mut Window, part: &str) {
    window.until(part, |window| window.has_part(part));
    window.harness.get_by_label_contains(part).click();
    window.settle();
}

/// The text of the field or the button called `label`.
fn value_of(window: &Window, label: &str) -> String {
    let node = window.harness.get_by_label(label);
    node.accesskit_node().value().unwrap_or_default()
}

/// Opens the page and chooses what was learnt before.
fn begin(window: &mut Window) {
    begin_to(
        window,
        "2 runs started from base, and 2 runs from nothing to the same target",
    );
}

/// The same, until `note` is said of what was proposed.
fn begin_to(window: &mut Window, note: &str) {
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Num4);
    window.settle();
    assert!(window.has("The life of a model"), "{:?}", window.seen());
    window.click("What was learnt before");
    click_part(window, "Run base: ");
    window.until("the runs that go with it", |window| window.has_part(note));
}

#[test]
fn what_was_learnt_before_pays_off_after_so_many_uses() {
    for theme in [ThemeChoice::Dark, ThemeChoice::Light] {
        // 1200 J ÷ (110 J − 50 J).
        let mut window = window(theme, [100.0, 120.0]);
        begin(&mut window);
        window.until("the answer", |window| {
            window.has_part("pays off after 20.0 uses")
        });
        write(&mut window, "Uses", "100");
        // 1200 + 100 · 50 against 100 · 110; two seeds differ by 100 · 127 J in the mean of either side, more than the 4.8 kJ between them.
        window.until("that nothing is claimed", |window| {
            window.has_part(
                "100 models: 6 kJ (0 to 19) with what was learnt before, 11 kJ (0 to 24) from nothing; the difference is within what \
                 the runs differ by",
            )
        });
        assert!(!window.has_part(" saved"), "{:?}", window.seen());
        assert!(window.has("Number of uses"));
        window.harness.check_accessibility();
    }
}

#[test]
fn in_a_small_window_what_it_comes_to_stands_before_every_choice() {
    let preferences = Preferences {
        setup: short(),
        ..Preferences::default()
    };
    let mut window = Window::with(preferences, [900.0, 600.0], |options| {
        store(
            options.library.as_ref().expect("there is one"),
            [100.0, 120.0],
        );
        options
    });
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Num4);
    window.settle();
    window.click("What was learnt before");
    click_part(&mut window, "Run base: ");
    window.until("the answer", |window| window.has("Number of uses"));
    window.settle();
    let of = |name: &str| window.harness.get_by_label_contains(name).rect();
    assert!(of("The pretraining pays off after").bottom() < 300.0);
    assert!(of("Energy by uses: ").top() < 300.0);
    // The choices are below, out of sight until one goes there.
    assert!(!window.has("As the run") || of("As the run").top() > of("Energy by uses: ").bottom());
}

#[test]
fn where_nothing_is_saved_the_page_says_so() {
    let mut window = window(ThemeChoice::Dark, [30.0, 40.0]);
    begin(&mut window);
    window.until("the answer", |window| window.has_part("Nothing is saved"));
    assert!(!window.has_part("pays off after"), "{:?}", window.seen());
}

/// As [`window`], with more in the library.
fn window_with(more: impl FnOnce(&mut Library)) -> Window {
    let preferences = Preferences {
        setup: short(),
        theme: ThemeChoice::Dark,
        ..Preferences::default()
    };
    Window::with(preferences, [1400.0, 1000.0], |options| {
        let path = options.library.as_ref().expect("there is one");
        store(path, [100.0, 120.0]);
        more(&mut Library::open(path).expect("the library opens"));
        options
    })
}

/// The setup of the runs that started from what was learnt before.
fn tuned(seed: u64) -> Setup {
    let mut setup = Setup {
        device: "cpu".to_owned(),
        ..Setup::default()
    };
    setup.regime.stop.target = Some(0.97);
    setup.regime.seed = seed;
    setup.start = Some(StartSetup {
        run: Some("base".to_owned()),
        ..StartSetup::default()
    });
    setup
}

#[test]
fn a_seed_that_was_made_twice_is_proposed_once() {
    let mut window = window_with(|library| {
        let more = vec![Record::Ancestors(vec![ancestor()])];
        record_with(library, "tuned-1-again", &tuned(1), 61.0, true, more);
        let scratch = Setup {
            start: None,
            ..tuned(0)
        };
        record_with(
            library,
            "scratch-0-again",
            &scratch,
            101.0,
            true,
            Vec::new(),
        );
    });
    begin_to(
        &mut window,
        "3 runs started from base; of the latest setup 2 are proposed, one for each seed, and 2 runs from nothing",
    );
    window.until("the answer", |window| window.has_part("pays off after"));
    // Put there by hand it is refused in words: the second repeats the first.
    window.click("Add a run of the model");
    let second = match window.has_part("Show run tuned-1-again") {
        true => "Run tuned-1: ",
        false => "Run tuned-1-again: ",
    };
    click_part(&mut window, second);
    window.until("a refusal", |window| {
        window.has_part("have one seed (1) and began alike")
    });
}

#[test]
fn of_several_setups_one_that_can_be_compared_is_proposed_and_the_others_are_offered() {
    let mut window = window_with(|library| {
        let more = vec![Record::Ancestors(vec![ancestor()])];
        let mut setup = tuned(0);
        setup.regime.stop.target = Some(0.8);
        record_with(library, "easier", &setup, 20.0, true, more);
    });
    begin_to(
        &mut window,
        "3 runs started from base; of the latest setup whose target has runs from nothing 2 are proposed, one for each seed, and 2 runs \
         from nothing to the same target",
    );
    window.until("the answer", |window| {
        window.has_part("pays off after 20.0 uses")
    });
    // The latest, which nothing can be compared with, is a click away; so is the way back.
    window.click("easier · 1 run, none from nothing · target 0.8");
    window.until("what is said of it", |window| {
        window.has_part("3 runs started from base; of the latest setup 1 is proposed, one for each seed, and no run from nothing")
    });
    click_part(&mut window, " · 2 runs, 2 from nothing · target 0.97");
    window.until("the answer", |window| {
        window.has_part("pays off after 20.0 uses")
    });
    // What was said of the proposal does not outlive it; what was learnt before does.
    window.click("Take tuned-0 out");
    window.until("one run less", |window| {
        !window.has_part("Show run tuned-0")
    });
    assert!(!window.has_part("proposed"), "{:?}", window.seen());
    window.click("Take tuned-1 out");
    window.until("no run", |window| !window.has_part("Show run tuned-1"));
    assert_eq!(value_of(&window, "What was learnt before"), "base");
}

#[test]
fn time_that_is_not_known_is_said_to_be() {
    let mut window = window_with(|library| {
        let of_file = Ancestor {
            run_id: None,
            title: Some("weights.safetensors".to_owned()),
            duration_s: None,
            training: Vec::new(),
            stated_j: Some(100.0),
            is_here: false,
            ..ancestor()
        };
        let more = vec![Record::Ancestors(vec![of_file])];
        let mut setup = tuned(7);
        setup.start = Some(StartSetup {
            file: Some("weights.safetensors".into()),
            file_energy_j: Some(100.0),
            ..StartSetup::default()
        });
        record_with(library, "of-file", &setup, 50.0, true, more);
    });
    window
        .harness
        .key_press_modifiers(Modifiers::COMMAND, Key::Num4);
    window.settle();
    window.click("Add a run of the model");
    click_part(&mut window, "Run of-file: ");
    window.until("the table", |window| window.has("Pretraining"));
    assert!(window.has("not known"), "{:?}", window.seen());
    assert!(
        window.has_part(
            "How long pretraining took is not known, and so neither is its embodied carbon"
        ),
        "{:?}",
        window.seen()
    );
}

#[test]
fn assumptions_are_seen_changed_and_written() {
    let mut window = window(ThemeChoice::Dark, [100.0, 120.0]);
    begin(&mut window);
    window.until("the source of making the device", |window| {
        value_of(window, "Their source").contains("Luccioni")
    });
    // It is seen in its field, whole, and not once more below.
    assert!(!window.has_part("Luccioni"), "{:?}", window.seen());
    let field = window.harness.get_by_label("Their source").rect();
    assert!(field.height() > 40.0, "{field:?}");
    window.until("what is chosen of the device", |window| {
        value_of(window, "Device made") == "Server, CPU alone"
    });
    window.click("Reckon the cost of electricity");
    window.until("the unit of the price", |window| window.has("EUR/kWh"));
    write(&mut window, "Uses", "100");
    write(&mut window, "Intensity", "360");
    window.until("its source", |window| {
        value_of(window, "Its source") == "your own figure"
    });
    write(&mut window, "PUE", "0.5");
    window.until("what is wrong", |window| window.has_part("1 to 10"));
    assert!(
        window.has_part("`0.5` is not possible"),
        "{:?}",
        window.seen()
    );
    write(&mut window, "PUE", "2");
    window.until("nothing wrong", |window| window.has("Export…"));
    let file = window.folder().join("told.csv");
    window.click("Export…");
    write(&mut window, "File", &file.to_string_lossy());
    window.click("Export");
    window.until("the file", |_| file.exists());
    let mut reader = csv::Reader::from_path(&file).expect("it reads as CSV");
    let header = reader.headers().expect("a header").clone();
    let rows: Vec<_> = reader.records().collect::<Result<_, _>>().expect("rows");
    let column = |name: &str| {
        header
            .iter()
            .position(|known| known == name)
            .expect("it is there")
    };
    let of = |name: &str| -> Vec<f64> {
        let at = column(name);
        rows.iter()
            .map(|row| row[at].parse().expect("a number"))
            .collect()
    };
    let stages: Vec<&str> = rows.iter().map(|row| &row[column("stage")]).collect();
    assert_eq!(stages, ["pretraining", "training", "serving"]);
    // 1200 J ÷ 100, the mean of 40 and 60, and 2 mJ for each of 1,000,000 samples.
    assert_eq!(of("energy_j"), [12.0, 50.0, 2000.0]);
    // Times PUE 2 and 360 g ÷ 3.6 MJ.
    for (found, expected) in of("operational_g").iter().zip([0.0024, 0.01, 0.4]) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
    // What is there is not overwritten unasked.
    window.click("Export…");
    write(&mut window, "File", &file.to_string_lossy());
    window.click("Export");
    window.until("a refusal", |window| {
        window.has_part("There is a file already")
    });
}

#[test]
fn serving_can_be_left_out_and_runs_taken_out() {
    let mut window = window(ThemeChoice::Dark, [100.0, 120.0]);
    begin(&mut window);
    window.until("three stages", |window| window.has("Serving"));
    crate::kinds::choose(&mut window, "Measurement of asking", "Left out");
    window.until("two stages", |window| {
        !window.has("Serving") && window.has_part("Serving is left out")
    });
    window.click("Take scratch-1 out");
    window.until("a run less", |window| {
        !window.has_part("Show run scratch-1")
    });
    // 1200 ÷ (100 − 50), still with a spread on one side.
    window.until("the answer", |window| {
        window.has_part("pays off after 24.0 uses")
    });
}

#[test]
fn a_runs_lineage_is_a_graph_that_can_be_gone_through() {
    let mut window = window(ThemeChoice::Dark, [100.0, 120.0]);
    begin(&mut window);
    click_part(&mut window, "Show run tuned-0");
    window.until("its ancestor", |window| {
        window.has_part("Ancestor base: shapes · CNN · 400 steps · 1.200 ± 0.060 kJ")
    });
    assert!(window.has_part("1 taken, 1 new, 1 left in the source"));
    assert!(window.has_part(
        "From run base, after 400 steps: 1 of 2 tensors taken (216 numbers), 640 numbers new, 1 tensor left in the source"
    ));
    // 40 J of its own, 1200 J before it: among 10 uses 120 J.
    for energy in ["40.0 ± 2.0 J", "1.240 ± 0.062 kJ", "160.0 ± 8.0 J"] {
        assert!(window.has_part(energy), "{energy}: {:?}", window.seen());
    }
    window.harness.check_accessibility();
    // Without a pointer.
    let name = "Ancestor base: shapes · CNN · 400 steps · 1.200 ± 0.060 kJ";
    focus_by_tab(&mut window, name);
    window.harness.key_press(Key::Enter);
    window.settle();
    window.until("what started from it", |window| {
        window.has_part("Descendant tuned-0") && window.has_part("Descendant tuned-1")
    });
    assert!(window.has_part("This run base"));
    window.harness.check_accessibility();
}
