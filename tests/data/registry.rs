//! The table of sets is sound.

use std::collections::HashSet;

use joulelab::{
    data::registry::{self, Format},
    setup::{Cifar100Labels, DatasetSetup, EmnistSplit},
};

#[test]
fn every_entry_is_whole() {
    let mut names = HashSet::new();
    for recipe in registry::recipes() {
        let name = &recipe.name;
        assert!(names.insert(name), "{name} twice");
        assert!(DatasetSetup::from_name(name).is_ok(), "{name} is a dataset");
        for text in [&recipe.title, &recipe.what, &recipe.credit, &recipe.home] {
            assert!(!text.is_empty(), "{name}");
        }
        assert!(!recipe.mirrors.is_empty(), "{name}");
        for mirror in &recipe.mirrors {
            assert!(
                mirror.starts_with("http") && mirror.ends_with('/'),
                "{mirror}"
            );
        }
        for file in &recipe.files {
            assert_eq!(file.sha256.len(), 64, "{name}");
            assert!(file.sha256.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
            assert!(file.bytes > 0 && !file.name.contains(['/', '\\']), "{name}");
            assert_eq!(file.archive.is_some(), !file.members.is_empty(), "{name}");
        }
        let kept: HashSet<&str> = recipe.kept().collect();
        assert_eq!(kept.len(), recipe.kept().count(), "{name}: a name twice");
        let mut used = HashSet::new();
        for variant in &recipe.variants {
            for file in variant.train.iter().chain(&variant.test) {
                assert!(kept.contains(file.as_str()), "{name}: {file}");
                used.insert(file.as_str());
            }
            let pairs = recipe.format != Format::Cifar;
            assert!(!pairs || (variant.train.len(), variant.test.len()) == (2, 2));
            for label in &variant.labels {
                let different: HashSet<&String> = label.classes.iter().collect();
                assert_eq!(different.len(), label.classes.len(), "{name}");
                assert!(label.classes.len() >= 2 && label.classes.len() <= 256);
            }
        }
        assert_eq!(used, kept, "{name}: nothing is kept that is not used");
    }
}

#[test]
fn sizes_and_checksums_are_those_that_the_authors_published() {
    let bytes = |name: &str| registry::recipe(name).unwrap().download_bytes();
    assert_eq!(bytes("mnist"), 9_912_422 + 28_881 + 1_648_877 + 4_542);
    assert_eq!(bytes("cifar10"), 170_052_171);
    assert_eq!(bytes("emnist"), 561_753_746);
    let mnist = registry::recipe("mnist").unwrap();
    assert_eq!(mnist.mirrors.len(), 2);
    assert!(mnist.files[3].sha256.starts_with("f7ae60f92e00ec6d"));
    // What a record of CIFAR has, so often as there are images.
    assert_eq!(
        registry::recipe("cifar10").unwrap().bytes_on_disk,
        60_000 * 3073
    );
    assert_eq!(
        registry::recipe("cifar100").unwrap().bytes_on_disk,
        60_000 * 3074
    );
}

#[test]
fn options_of_a_setup_are_in_the_table() {
    let emnist = registry::recipe("emnist").unwrap();
    let classes = |split: EmnistSplit| {
        let variant = emnist.variant(split.name()).unwrap();
        variant.labels[0].classes.len()
    };
    assert_eq!(EmnistSplit::ALL.map(classes), [47, 62, 47, 26, 10, 10]);
    assert_eq!(emnist.variants.len(), EmnistSplit::ALL.len());
    assert_eq!(emnist.variant("letters").unwrap().first_label, 1);
    let cifar = registry::recipe("cifar100").unwrap();
    let labels = &cifar.variants[0].labels;
    let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
    // As they stand in a record: coarse, then fine.
    assert_eq!(names, ["coarse", "fine"]);
    assert_eq!(
        (labels[0].classes.len(), labels[1].classes.len()),
        (20, 100)
    );
    assert!(
        Cifar100Labels::ALL
            .iter()
            .all(|label| names.contains(&label.name()))
    );
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest() {
    let error = registry::recipe("cifar-10").unwrap_err().to_string();
    assert!(error.contains("did you mean `cifar10`?"), "{error}");
}
