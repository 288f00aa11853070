//! What is refused, and in which words.

use joulelab::data;
use joulelab::setup::{Change, Setup};

/// What is wrong with the default setup and these changes, in words.
fn wrong(changes: &[&str]) -> String {
    let mut change = Change::default();
    for assignment in changes {
        change.assign(assignment).unwrap();
    }
    let setup = change.apply(&Setup::default()).unwrap();
    if let Err(problems) = setup.validate() {
        return problems.to_string();
    }
    let info = data::describe(&setup.dataset).unwrap();
    setup.validate_with(&info.counts()).unwrap_err().to_string()
}

#[test]
fn a_head_without_labels_is_refused_with_the_labels_that_there_are() {
    let words = wrong(&["multitask.heads=[{\"label\":\"digit\"},{\"label\":\"colour\"}]"]);
    assert!(
        words.contains("multitask.heads.1.label: `colour`"),
        "{words}"
    );
    assert!(words.contains("digit, parity"), "{words}");
    let shapes = wrong(&[
        "dataset.name=shapes",
        "multitask.heads=[{\"label\":\"parity\"}]",
    ]);
    assert!(shapes.contains("shape, colour, size"), "{shapes}");
}

#[test]
fn sets_without_classes_have_no_heads() {
    for name in ["sequence-copy", "cartpole"] {
        let words = wrong(&[
            &format!("dataset.name={name}"),
            "multitask.heads=[{\"label\":\"token\"}]",
        ]);
        assert!(words.contains("a dataset with classes"), "{name}: {words}");
    }
}

#[test]
fn heads_that_make_no_sense_are_refused_all_at_once() {
    let words = wrong(&["multitask={\"heads\":[],\"weighting\":\"fixed\"}"]);
    assert!(words.contains("one or more heads"), "{words}");
    let words = wrong(&[
        "multitask.heads=[{\"label\":\"digit\",\"weight\":0},{\"label\":\"digit\",\"target\":1.5},{}]",
    ]);
    for part in [
        "finite number above 0",
        "each label once",
        "share above 0 to 1",
        "name of a label",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let words = wrong(&[
        "multitask={\"heads\":[{\"label\":\"digit\",\"weight\":2}],\"weighting\":\"uncertainty\"}",
    ]);
    assert!(words.contains("learns the weights"), "{words}");
    let words = wrong(&[
        "multitask.heads=[{\"label\":\"digit\"},{\"label\":\"parity\"}]",
        "regime.layers.frozen=[\"head.colour\"]",
    ]);
    assert!(words.contains("head.digit, head.parity"), "{words}");
}

#[test]
fn unknown_fields_are_refused_with_the_nearest() {
    let mut change = Change::default();
    change.assign("multitask.weightin=fixed").unwrap();
    let words = change.apply(&Setup::default()).unwrap_err().to_string();
    assert!(words.contains("did you mean `weighting`"), "{words}");
}

#[test]
fn heads_make_another_setup_and_none_leaves_the_hash_as_it_was() {
    let with = |heads: &str| {
        let mut change = Change::default();
        change.assign(heads).unwrap();
        change.apply(&Setup::default()).unwrap().hash()
    };
    let one = with("multitask.heads=[{\"label\":\"digit\"}]");
    let both = with("multitask.heads=[{\"label\":\"digit\"},{\"label\":\"parity\"}]");
    let none = Setup::default().hash();
    assert!(one != both && one != none);
    assert_eq!(none, with("multitask=null"));
}
