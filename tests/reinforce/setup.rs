//! The setup: what follows from naming the environment, and what cannot be combined with it.

use joulelab::data;
use joulelab::setup::{Change, DatasetSetup, ModelSetup, Setup};
use serde_json::{Value, json};

use crate::recorder::setup;

fn problems(fields: &[(&str, Value)]) -> Vec<String> {
    let setup = setup(fields);
    let counts = data::describe(&setup.dataset)
        .expect("the environment needs no files")
        .counts();
    let problems = setup.validate_with(&counts).err();
    let fields = problems.into_iter().flat_map(|problems| problems.0);
    fields.map(|problem| problem.field).collect()
}

#[test]
fn naming_the_environment_brings_what_solves_it() {
    let setup = setup(&[]);
    assert!(matches!(setup.dataset, DatasetSetup::CartPole(_)));
    assert!(matches!(setup.model, ModelSetup::Mlp(_)));
    assert_eq!(setup.regime.stop.target, Some(475.0));
    assert_eq!(setup.regime.batch_size, 10);
    assert_eq!(setup.steps_per_epoch(100), 10);
    assert_eq!(problems(&[]), [""; 0]);
}

#[test]
fn what_is_named_wins_over_what_follows() {
    let named = setup(&[
        ("regime.stop.target", json!(300)),
        ("regime.batch_size", json!(64)),
        ("regime.reinforcement.entropy", json!(0.5)),
        ("regime.seed", json!(9)),
    ]);
    assert_eq!(named.regime.stop.target, Some(300.0));
    assert_eq!((named.regime.batch_size, named.regime.seed), (64, 9));
    let options = named.regime.reinforcement();
    assert_eq!((options.entropy, options.discount), (0.5, 0.99));

    // Under its old name, too.
    let old = setup(&[("regime.stop.target_accuracy", json!(300))]);
    assert_eq!(old.regime.stop.target, Some(300.0));

    // Named once more, it resets nothing.
    let mut again = Change::default();
    again.set("dataset.name", "cartpole");
    again.set("regime.seed", 10);
    let again = again.apply(&named).unwrap();
    assert_eq!(again.regime.stop.target, Some(300.0));
    assert_eq!(again.regime.seed, 10);
}

#[test]
fn another_dataset_takes_back_what_followed() {
    let mut back = Change::default();
    back.set("dataset.name", "digits");
    let back = back.apply(&setup(&[("regime.seed", json!(4))])).unwrap();
    let mut wanted = Setup::default();
    wanted.regime.seed = 4;
    assert_eq!(back.regime, wanted.regime);
}

#[test]
fn options_are_kept_in_files_and_in_the_hash() {
    let one = setup(&[("regime.reinforcement.discount", json!(0.9))]);
    let read: Setup = serde_json::from_str(&one.canonical_json()).unwrap();
    assert_eq!(read, one);
    assert_ne!(one.hash(), setup(&[]).hash());
}

#[test]
fn impossible_options_and_combinations_are_refused_by_name() {
    for (field, value, refused) in [
        (
            "regime.reinforcement.discount",
            json!(0.0),
            "regime.reinforcement.discount",
        ),
        (
            "regime.reinforcement.discount",
            json!(1.01),
            "regime.reinforcement.discount",
        ),
        (
            "regime.reinforcement.entropy",
            json!(-0.1),
            "regime.reinforcement.entropy",
        ),
        (
            "regime.label_smoothing",
            json!(0.1),
            "regime.label_smoothing",
        ),
        ("regime.batch_size", json!(10_001), "regime.batch_size"),
        ("model.dropout", json!(0.1), "model.dropout"),
        ("model.normalisation", json!("batch"), "model.normalisation"),
    ] {
        assert_eq!(
            problems(&[(field, value.clone())]),
            [refused],
            "{field} {value}"
        );
    }
    assert_eq!(
        problems(&[("model.normalisation", json!("layer"))]),
        [""; 0]
    );
}
