//! Several tasks at once in the window: heads in the setup panel, their readouts while they train, their mistakes, and joint against
//! separate runs.

use egui_kittest::kittest::Queryable as _;
use joulelab::library::Library;
use joulelab::setup::{Change, Setup, Weighting};

use crate::kinds::choose;
use crate::values::write;
use crate::window::{Window, short};

/// A few small pictures and a small network.
fn shapes() -> Setup {
    let mut change = Change::default();
    for assignment in [
        "dataset={\"name\":\"shapes\",\"samples\":240,\"size\":16}",
        "model={\"kind\":\"mlp\",\"hidden\":[16]}",
        "regime.batch_size=32",
        "regime.stop.epochs=3",
    ] {
        change.assign(assignment).unwrap();
    }
    change.apply(&short()).unwrap()
}

fn setup(window: &Window) -> Setup {
    let state = window.harness.state().state();
    state.shared.preferences.setup.clone()
}

fn labels(window: &Window) -> Vec<String> {
    let multitask = setup(window).multitask.expect("several tasks");
    multitask.heads.into_iter().map(|head| head.label).collect()
}

#[test]
fn heads_are_chosen_with_weights_and_targets_and_seen_while_they_train() {
    let mut window = Window::new(shapes());
    window.until("the set", |window| window.has("Tasks"));
    choose(&mut window, "Tasks", "Several tasks at once");
    assert_eq!(labels(&window), ["shape", "colour", "size"]);
    window.click("Learn colour");
    assert_eq!(labels(&window), ["shape", "size"]);

    // What is wrong stands beside the head, and is not trained.
    write(&mut window, "Weight of size", "0");
    window.until("what is wrong", |window| {
        window.has_part("a finite number above 0")
    });
    window.click("Start training");
    assert!(window.runs().is_empty());
    write(&mut window, "Weight of size", "0.5");
    write(&mut window, "Target of shape", "150 %");
    window.until("what is wrong", |window| {
        window.has_part("a share above 0 to 1")
    });
    write(&mut window, "Target of shape", "1 %");
    write(&mut window, "Target of size", "1");
    window.until("the end in words", |window| {
        window.has_part("The run ends at shape 1.00 %, size 100.00 % at once")
    });
    let heads = setup(&window).multitask.expect("several tasks").heads;
    assert_eq!((heads[0].target, heads[1].weight), (Some(0.01), 0.5));

    // Layers and groups know the heads.
    window.scroll_and_click("Layers");
    window.until("the layers", |window| window.has_part("size: linear"));
    window.scroll_and_click("Groups of layers");
    window.until("the groups", |window| window.has("Freeze head.size"));
    window.scroll_and_click("Freeze head.size");
    assert_eq!(setup(&window).regime.layers.frozen, ["head.size"]);
    window.scroll_and_click("Freeze head.size");
    window.harness.check_accessibility();

    window.click("Start training");
    window.until("each head", |window| {
        let seen = |head: &str| {
            window
                .after(head)
                .is_some_and(|figure| figure.contains('%'))
        };
        seen("Head shape: ") && seen("Head size: ")
    });
    window.until("the end", |window| window.has("Complete"));
    let shape = window.after("Head shape: ").expect("a readout");
    assert!(shape.contains("has reached 1.00 %"), "{shape}");
    let size = window.after("Head size: ").expect("a readout");
    assert!(size.contains("target 100.00 %"), "{size}");
    assert!(window.has_part("worst of 2 heads · 1 of 2 at target"));
    for line in ["Show shape", "Show size", "Show test", "Show sum"] {
        assert!(window.has(line), "{line} is a line of the plots");
    }
    window.click("Details");
    window.until("the table", |window| window.has("train loss"));

    window.click("Mistakes");
    window.until("the first head", |window| {
        window.has_part("truth circle, predicted ")
    });
    window.click("Mistakes of size");
    window.until("the other head", |window| {
        window.has_part("truth small, predicted ")
    });

    let id = window.runs()[0].run.id.clone();
    let library = Library::open(window.library()).expect("the library opens");
    let steps = library.steps(&id, 100).expect("it reads");
    assert!(steps.iter().all(|step| step.heads.len() == 2), "{steps:?}");
    assert!(
        library
            .predictions(&id, Some("size"))
            .expect("it reads")
            .is_some()
    );

    window.click("Show in runs");
    window.until("the heads of the stored run", |window| {
        window.has("Heads by evaluation")
    });
    window.harness.check_accessibility();
}

#[test]
fn learnt_weights_have_no_field_and_heads_stay_with_their_set() {
    let mut window = Window::new(shapes());
    window.until("the set", |window| window.has("Tasks"));
    choose(&mut window, "Tasks", "Several tasks at once");
    write(&mut window, "Weight of size", "3");
    choose(&mut window, "Weights", "Learnt (uncertainty)");
    let multitask = setup(&window).multitask.expect("several tasks");
    assert_eq!(multitask.weighting, Weighting::Uncertainty);
    assert!(multitask.heads.iter().all(|head| head.weight == 1.0));
    assert!(!window.has("Weight of size"));
    choose(&mut window, "Dataset", "Handwritten digits");
    assert_eq!(setup(&window).multitask, None);
    choose(&mut window, "Dataset", "Rendered shapes");
    assert_eq!(labels(&window), ["shape", "colour", "size"]);
    choose(&mut window, "Tasks", "One task");
    assert_eq!(setup(&window).multitask, None);
}

#[test]
fn a_label_that_the_set_does_not_have_is_told_and_can_be_taken_out() {
    let mut setup_with = shapes();
    let mut multitask = joulelab::setup::MultitaskSetup::of_labels(["shape", "parity"]);
    multitask.heads[0].weight = 2.0;
    setup_with.multitask = Some(multitask);
    let mut window = Window::new(setup_with);
    window.until("what is wrong", |window| {
        window.has("`parity` is no label of this set")
    });
    window.click("Start training");
    assert!(window.runs().is_empty());
    window.click("Remove the head parity");
    assert_eq!(labels(&window), ["shape"]);
    window.until("nothing wrong", |window| {
        !window.has_part("no label of this set")
    });
    window.click("Learn shape");
    window.until("no head is left", |window| {
        window.has_part("one or more heads")
    });
    window.click("Learn shape");
    assert_eq!(
        setup(&window).multitask.expect("heads").heads[0].weight,
        2.0
    );
    window.click("Start training");
    window.until("the end", |window| window.has("Complete"));
}

#[test]
fn joint_and_separate_runs_that_are_chosen_are_compared() {
    let mut window = Window::new(shapes());
    window.until("the set", |window| window.has("Tasks"));
    choose(&mut window, "Tasks", "Several tasks at once");
    for (count, ticks) in [
        (1, &["Learn colour"][..]),
        (2, &["Learn size"][..]),
        (3, &["Learn shape", "Learn size"][..]),
    ] {
        for tick in ticks {
            window.click(tick);
        }
        window.click("Start training");
        window.until("the run", |window| {
            window.runs().len() == count && window.has("Complete")
        });
    }
    window.go("Runs");
    window.click("Compare");
    let ids: Vec<String> = window.runs().into_iter().map(|row| row.run.id).collect();
    for (at, id) in ids.iter().enumerate() {
        window.until("the run in the table", |window| window.has(id));
        window.harness.get_by_label(id).focus();
        window.harness.step();
        window.harness.key_press(egui::Key::Space);
        window.settle();
        if at == 1 {
            let is_there = |window: &Window| window.has("joint ÷ separate");
            assert!(!is_there(&window), "a task is missing");
        }
    }
    window.until("the comparison", |window| {
        window.has("joint ÷ separate") && window.has_part("size alone")
    });
    assert!(window.has("joint − separate, points"));
    // There is one seed.
    assert!(
        window.has_part("the ratio has no interval"),
        "{:?}",
        window.seen()
    );
    assert!(window.has_part("no task has a target") || window.has_part("No task has a target"));
    window.harness.check_accessibility();
}
