//! Sweep files: what they say, how they are counted, and what is refused.

use std::collections::BTreeSet;

use joulelab::setup::sweep::{Sweep, SweepError, TRIALS_MAX, file, read, shipped};
use joulelab::setup::{OptimiserSetup, Setup};
use serde_json::{Value, json};

/// A sweep of this text; it must be possible.
fn sweep(text: &str) -> Sweep {
    file::from_toml(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What is said of a sweep that is not possible.
fn refused(text: &str) -> String {
    match file::from_toml(text) {
        Ok(_) => panic!("it is possible:\n{text}"),
        Err(error) => error.to_string(),
    }
}

fn axis(text: &str) -> String {
    format!("[[axes]]\n{text}\n")
}

/// Values of the only axis.
fn values(text: &str) -> Vec<Value> {
    let sweep = sweep(&axis(text));
    let combinations = sweep.combinations().take(100);
    combinations
        .into_iter()
        .map(|combination| combination.choices[0].1.clone())
        .collect()
}

#[test]
fn lists_ranges_and_powers_give_their_values() {
    let of_rate = |rest: &str| values(&format!("field = \"regime.learning_rate\"\n{rest}"));
    assert_eq!(of_rate("values = [0.1, 0.2]"), [json!(0.1), json!(0.2)]);
    let logarithmic = of_rate("logarithmic = { from = 0.0001, to = 0.1, count = 4 }");
    assert_eq!(logarithmic, [0.0001, 0.001, 0.01, 0.1].map(Value::from));
    let linear = of_rate("linear = { from = 0.1, to = 0.3, count = 3 }");
    assert_eq!(linear, [0.1, 0.2, 0.3].map(Value::from));
    let downwards = of_rate("linear = { from = 0.3, to = 0.1, count = 3 }");
    assert_eq!(downwards, [0.3, 0.2, 0.1].map(Value::from));
    let powers = values("field = \"regime.batch_size\"\npowers_of_two = { from = 5, to = 64 }");
    assert_eq!(powers, [8, 16, 32, 64].map(Value::from));
    let whole = values("field = \"regime.batch_size\"\nlinear = { from = 10, to = 30, count = 3 }");
    assert_eq!(
        whole,
        [10, 20, 30].map(Value::from),
        "whole numbers stay whole"
    );
}

#[test]
fn a_value_that_an_axis_has_twice_is_no_further_seed() {
    for values in ["values = [0.1, 0.2, 0.1]", "values = [1, 1.0]"] {
        let told = refused(&axis(&format!(
            "field = \"regime.learning_rate\"\n{values}"
        )));
        assert!(told.contains("each value once"), "{told}");
    }
    let end = "linear = { from = 0.1, to = 0.1, count = 4 }";
    let told = refused(&axis(&format!("field = \"regime.learning_rate\"\n{end}")));
    assert!(told.contains("axes[0].linear.to"), "{told}");
}

#[test]
fn a_combination_is_a_whole_setup_with_target_seed_and_values() {
    let sweep = sweep(
        "target = 0.9\nrepeats = 2\n[base.regime]\nseed = 7\n[base.dataset]\nname = \"digits\"\n\
         [[axes]]\nfield = \"regime.batch_size\"\nvalues = [16, 32]\n\
         [[axes]]\nfield = \"model.hidden\"\nvalues = [[8], [8, 8]]\n",
    );
    assert_eq!(sweep.seeds(), [7, 8]);
    let combinations = sweep.combinations().take(100);
    assert_eq!(combinations.len(), 4);
    // The last axis counts fastest.
    let trial = sweep.trial(&combinations[1], 1, 8);
    assert_eq!((trial.combination, trial.repeat), (1, 1));
    assert_eq!(trial.values[0].value, json!(16));
    assert_eq!(trial.values[1].value, json!([8, 8]));
    assert_eq!(trial.setup.regime.batch_size, 16);
    assert_eq!(trial.setup.regime.seed, 8);
    assert_eq!(trial.setup.regime.stop.target, Some(0.9));
    assert_eq!(trial.problem, None);
    assert!(trial.setup.validate().is_ok());
}

#[test]
fn an_axis_under_a_condition_counts_only_there() {
    let sweep = sweep(
        "[[axes]]\nfield = \"regime.optimiser.kind\"\nvalues = [\"sgd\", \"adam\"]\n\
         [[axes]]\nfield = \"regime.optimiser.momentum\"\nvalues = [0.0, 0.5, 0.9]\n\
         when = { \"regime.optimiser.kind\" = \"sgd\" }\n\
         [[axes]]\nfield = \"regime.batch_size\"\nvalues = [16, 32]\n",
    );
    // 3 × 2 of sgd, 2 of adam.
    assert_eq!(sweep.combinations().count(), 8);
    let combinations = sweep.combinations().take(100);
    assert_eq!(combinations.len(), 8);
    let setups: Vec<Setup> = combinations
        .iter()
        .map(|combination| sweep.trial(combination, 0, 0))
        .map(|trial| {
            assert_eq!(trial.problem, None);
            trial.setup
        })
        .collect();
    let momenta: Vec<f64> = setups
        .iter()
        .filter_map(|setup| match &setup.regime.optimiser {
            OptimiserSetup::Sgd(sgd) => Some(sgd.momentum),
            _ => None,
        })
        .collect();
    assert_eq!(momenta, [0.0, 0.0, 0.5, 0.5, 0.9, 0.9]);
    let different: BTreeSet<String> = setups.iter().map(Setup::hash).collect();
    assert_eq!(different.len(), 8);
}

#[test]
fn a_condition_may_ask_for_what_an_axis_brings_along() {
    // Momentum is not an axis: it comes with the kind of optimiser.
    let sweep = sweep(
        "[[axes]]\nfield = \"regime.optimiser.kind\"\nvalues = [\"sgd\", \"adam\"]\n\
         [[axes]]\nfield = \"regime.optimiser.nesterov\"\nvalues = [false, true]\n\
         when = { \"regime.optimiser.momentum\" = 0.9 }\n",
    );
    assert_eq!(sweep.combinations().count(), 3);
    assert_eq!(sweep.combinations().take(100).len(), 3);
    // The base's own kind has no momentum; the kinds of the axis do.
    let unlike = self::sweep(
        "[[axes]]\nfield = \"regime.optimiser.kind\"\nvalues = [\"sgd\", \"rmsprop\"]\n\
         [[axes]]\nfield = \"regime.optimiser.momentum\"\nvalues = [0.0, 0.5]\n",
    );
    assert_eq!(unlike.combinations().count(), 4);
}

#[test]
fn one_field_may_have_two_axes_that_never_meet() {
    let text = "[[axes]]\nfield = \"regime.optimiser.kind\"\nvalues = [\"sgd\", \"adam\"]\n\
         [[axes]]\nfield = \"regime.learning_rate\"\nvalues = [0.1, 1.0]\n\
         when = { \"regime.optimiser.kind\" = \"sgd\" }\n\
         [[axes]]\nfield = \"regime.learning_rate\"\nvalues = [0.001]\n";
    let apart = format!("{text}when = {{ \"regime.optimiser.kind\" = [\"adam\", \"adamw\"] }}\n");
    assert_eq!(sweep(&apart).combinations().count(), 3);
    let said = refused(text);
    assert!(
        said.contains("axes[2].field") && said.contains("`when`"),
        "{said}"
    );
}

#[test]
fn the_order_is_shuffled_within_each_repeat_and_the_same_again() {
    let text = "repeats = 3\n[[axes]]\nfield = \"regime.batch_size\"\nlinear = { from = 1, to = 40, count = 40 }\n";
    let shuffled = sweep(text);
    let blocks: Vec<Vec<usize>> = (0..3)
        .map(|repeat| shuffled.positions(repeat, 40))
        .collect();
    for block in &blocks {
        let all: BTreeSet<&usize> = block.iter().collect();
        assert_eq!(all.len(), 40, "each setup once a block");
        assert!(!block.is_sorted(), "{block:?}");
    }
    assert_ne!(blocks[0], blocks[1]);
    assert_eq!(
        blocks[1],
        sweep(text).positions(1, 40),
        "it can be gone on with"
    );
    let other = sweep(&format!("order_seed = 1\n{text}"));
    assert_ne!(blocks[0], other.positions(0, 40));
    let given = sweep(&format!("order = \"given\"\n{text}"));
    assert!(given.positions(2, 40).is_sorted());
}

#[test]
fn the_learning_rate_follows_the_batch_size_by_rule() {
    let rate = |rule: &str| {
        let sweep = sweep(&format!(
            "learning_rate_rule = \"{rule}\"\n[base.regime]\nbatch_size = 64\nlearning_rate = 0.01\n\
             [[axes]]\nfield = \"regime.batch_size\"\nvalues = [256]\n"
        ));
        let combination = &sweep.combinations().take(1)[0];
        sweep.trial(combination, 0, 0).setup.regime.learning_rate
    };
    assert_eq!(rate("none"), 0.01);
    assert!((rate("linear") - 0.04).abs() < 1e-12);
    assert!((rate("square-root") - 0.02).abs() < 1e-12);
}

#[test]
fn millions_of_combinations_are_counted_and_never_spread_out() {
    let wide = |field: &str| {
        axis(&format!(
            "field = \"{field}\"\nlinear = {{ from = 0.001, to = 0.9, count = 1000 }}"
        ))
    };
    let text = format!(
        "repeats = 1\n{}{}{}",
        wide("regime.learning_rate"),
        wide("regime.label_smoothing"),
        wide("regime.optimiser.epsilon")
    );
    match file::from_toml(&text) {
        Err(SweepError::TooMany { trials }) => assert_eq!(trials, 1_000_000_000),
        other => panic!("{other:?}"),
    }
    let said = refused(&text);
    assert!(
        said.contains("1000000000") && said.contains(&TRIALS_MAX.to_string()),
        "{said}"
    );
    // Drawn by chance it is possible.
    let drawn = sweep(&format!(
        "searcher = {{ kind = \"random\", combinations = 5 }}\n{text}"
    ));
    let some = drawn.combinations().draw(5, 3);
    assert_eq!(some.len(), 5);
    assert_eq!(some, drawn.combinations().draw(5, 3));
    assert_ne!(some, drawn.combinations().draw(5, 4));
}

#[test]
fn chance_draws_from_a_whole_range_and_from_each_value() {
    let text = "searcher = { kind = \"random\", combinations = 200 }\n\
         [[axes]]\nfield = \"regime.learning_rate\"\nlogarithmic = { from = 0.0001, to = 1.0 }\n\
         [[axes]]\nfield = \"regime.batch_size\"\nvalues = [16, 32]\n";
    let drawn = sweep(text).combinations().draw(200, 0);
    let rates: Vec<f64> = drawn
        .iter()
        .filter_map(|combination| combination.choices[0].1.as_f64())
        .collect();
    assert_eq!(rates.len(), 200);
    assert!(rates.iter().all(|rate| (0.0001..=1.0).contains(rate)));
    // Half of the draws are below the middle of the logarithms; binomially 100 ± 7.
    let below = rates.iter().filter(|rate| **rate < 0.01).count();
    assert!((70..=130).contains(&below), "{below}");
    let small = drawn
        .iter()
        .filter(|combination| combination.choices[1].1 == json!(16))
        .count();
    assert!((70..=130).contains(&small), "{small}");
    // Only two different ones are there to be drawn.
    let two = sweep(
        "searcher = { kind = \"random\", combinations = 9 }\n[[axes]]\nfield = \"regime.batch_size\"\nvalues = [1, 2]\n",
    );
    assert_eq!(two.combinations().draw(9, 0).len(), 2);
    let said =
        refused("[[axes]]\nfield = \"regime.learning_rate\"\nlinear = { from = 0.1, to = 0.2 }\n");
    assert!(said.contains("count") && said.contains("random"), "{said}");
}

#[test]
fn what_is_wrong_with_an_axis_is_said_with_the_nearest_name() {
    let said = refused(&axis("field = \"regime.lerning_rate\"\nvalues = [0.1]"));
    assert!(
        said.contains("regime.lerning_rate") && said.contains("`learning_rate`"),
        "{said}"
    );
    let said = refused(&axis(
        "field = \"regime.batch_size\"\nvalues = [16, \"many\"]",
    ));
    assert!(
        said.contains("axis regime.batch_size") && said.contains("\"many\""),
        "{said}"
    );
    let said = refused(&axis(
        "field = \"regime.optimiser.kind\"\nvalues = [\"adamm\"]",
    ));
    assert!(said.contains("did you mean `adam"), "{said}");
    let said = refused(&axis("field = \"regime.batch_size\"\nvalues = []"));
    assert!(
        said.contains("empty") && said.contains("axes[0].values"),
        "{said}"
    );
    let said = refused(&axis("field = \"regime.batch_size\""));
    assert!(said.contains("exactly one of"), "{said}");
    let said = refused(&axis(
        "field = \"regime.batch_size\"\nvalues = [1]\npowers_of_two = { from = 1, to = 2 }",
    ));
    assert!(said.contains("exactly one of"), "{said}");
    let said = refused(&axis("field = \"regime.seed\"\nvalues = [1, 2]"));
    assert!(said.contains("repeats"), "{said}");
    let said = refused(&axis(
        "field = \"regime.learning_rate\"\nlogarithmic = { from = 0.0, to = 1.0, count = 3 }",
    ));
    assert!(said.contains("above 0"), "{said}");
    let said = refused(
        "[[axes]]\nfield = \"regime.optimiser.momentum\"\nvalues = [0.9]\nwhen = { \"regime.optimiser.kind\" = \"sgd\" }\n\
         [[axes]]\nfield = \"regime.optimiser.kind\"\nvalues = [\"sgd\"]\n",
    );
    assert!(said.contains("must come before"), "{said}");
    let said = refused(
        "[[axes]]\nfield = \"regime.batch_size\"\nvalues = [1, 2]\nwhen = { \"regime.optimiser.kindd\" = \"sgd\" }\n",
    );
    assert!(
        said.contains("never holds") && said.contains("regime.optimiser.kindd"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_with_a_sweep_is_said_with_the_nearest_name() {
    let said = refused("targett = 0.9\n");
    assert!(said.contains("did you mean `target`"), "{said}");
    let said = refused("searcher = { kind = \"gird\" }\n");
    assert!(said.contains("did you mean `grid`"), "{said}");
    let said = refused("searcher = { kind = \"zeus\", bata = 2 }\n");
    assert!(said.contains("bata"), "{said}");
    let said = refused("[base.regime]\nbatchsize = 3\n");
    assert!(
        said.contains("base") && said.contains("`batch_size`"),
        "{said}"
    );
    let said = refused("seeds = [3, 4, 3]\n");
    assert!(said.contains("seeds") && said.contains('3'), "{said}");
    let said = refused("schema = 99\n");
    assert!(said.contains("schema") && said.contains("99"), "{said}");
    let said = refused("searcher = { kind = \"zeus\" }\n");
    assert!(said.contains("regime.batch_size"), "{said}");
    let said = refused(
        "searcher = { kind = \"zeus\" }\ntarget = 0.9\n[[axes]]\nfield = \"regime.batch_size\"\nvalues = [16, 32]\n",
    );
    assert!(
        said.contains("base.regime.batch_size"),
        "the walk begins at 64: {said}"
    );
}

#[test]
fn fields_that_do_not_go_together_fail_one_trial_and_not_the_sweep() {
    let sweep = sweep(
        "[base.regime.optimiser]\nkind = \"sgd\"\n\
         [[axes]]\nfield = \"regime.optimiser.momentum\"\nvalues = [0.0, 0.9]\n\
         [[axes]]\nfield = \"regime.optimiser.nesterov\"\nvalues = [false, true]\n",
    );
    let problems: Vec<bool> = sweep
        .combinations()
        .take(100)
        .iter()
        .map(|combination| sweep.trial(combination, 0, 0).problem.is_some())
        .collect();
    assert_eq!(problems, [false, true, false, false]);
}

#[test]
fn toml_and_json_say_the_same_and_a_base_may_be_a_file_beside() {
    let folder = tempfile::tempdir().expect("a folder");
    let toml = "target = 0.9\nbase = \"base.toml\"\n[[axes]]\nfield = \"regime.batch_size\"\nvalues = [16, 32]\n";
    let json = json!({
        "name": "another name", "target": 0.9, "base": { "regime": { "learning_rate": 0.02 } },
        "axes": [{ "field": "regime.batch_size", "values": [16, 32] }],
    });
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("it is written");
        path
    };
    write("base.toml", "[regime]\nlearning_rate = 0.02\n");
    let one = read(&write("sweep.toml", toml)).expect("a sweep");
    let two = read(&write("sweep.json", &json.to_string())).expect("a sweep");
    assert_eq!(one.base.regime.learning_rate, 0.02);
    assert_eq!(
        one.hash(),
        two.hash(),
        "a name changes nothing of what is run"
    );
    // The base's text counts, not the name of its file.
    write("base.toml", "[regime]\nlearning_rate = 0.03\n");
    let changed = read(&folder.path().join("sweep.toml")).expect("a sweep");
    assert_ne!(changed.hash(), one.hash());
    assert_eq!(one.changed(&changed), ["base"]);
    std::fs::remove_file(folder.path().join("base.toml")).expect("it is there");
    let said = read(&folder.path().join("sweep.toml"))
        .expect_err("no base")
        .to_string();
    assert!(said.contains("base.toml"), "{said}");
}

#[test]
fn a_sweep_outlives_being_stored_and_written() {
    for name in shipped::names() {
        let sweep = shipped::shipped(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let stored: Sweep = serde_json::from_str(&sweep.canonical_json()).expect("it is a sweep");
        assert_eq!(stored, sweep);
        let written = file::to_toml(&sweep).expect("it is TOML");
        assert_eq!(
            file::from_toml(&written).expect("a sweep").hash(),
            sweep.hash()
        );
        assert_eq!(sweep.name, name);
        let runnable = sweep
            .combinations()
            .take(1000)
            .iter()
            .all(|combination| sweep.trial(combination, 0, 0).problem.is_none());
        assert!(runnable, "{name}");
    }
    let said = shipped::text("paper-digit")
        .expect_err("no such")
        .to_string();
    assert!(said.contains("paper-digits"), "{said}");
}

#[test]
fn a_million_values_are_counted_before_each_is_tried() {
    let million = "[[axes]]\nfield = \"regime.learning_rate\"\nlinear = { from = 0.1, to = 0.9, count = 1000000 }\n";
    assert!(refused(million).contains("3000000 trials"));
    // Drawn from by chance they are possible, and soon looked through.
    let random = "searcher = { kind = \"random\", combinations = 3 }\n";
    let drawn = sweep(&format!("{random}{million}"));
    assert_eq!(drawn.combinations().draw(3, 0).len(), 3);
}
