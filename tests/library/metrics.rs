//! Tasks that are judged by something else than accuracy.

use std::collections::BTreeMap;

use joulelab::library::export::Format;
use joulelab::library::{EpochRecord, Filter, Library, NewRun, Order, Record, Status};
use joulelab::units::Metric;
use rusqlite::Connection;
use tempfile::tempdir;

use crate::common::{back_to_layout_3, epoch, new_run, whole_run};
use crate::export::text;

/// A run judged by `metric` with these held-out values, epoch by epoch.
fn judged(library: &mut Library, id: &str, metric: Metric, values: &[f64]) {
    let new = NewRun {
        metric,
        ..new_run(id)
    };
    library.create_run(&new).unwrap();
    let epochs: Vec<Record> = (1..)
        .zip(values)
        .map(|(number, value)| {
            Record::Epoch(EpochRecord {
                others: BTreeMap::from([(Metric::Perplexity, value.exp())]),
                ..epoch(number, number as f64, Some(*value))
            })
        })
        .collect();
    library.append(id, &epochs).unwrap();
    library
        .finish_run(id, Status::Completed, None, None)
        .unwrap();
}

#[test]
fn the_best_value_is_the_lowest_where_less_is_better() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    judged(
        &mut library,
        "bits",
        Metric::BitsPerCharacter,
        &[3.0, 1.5, 2.0],
    );
    judged(&mut library, "pole", Metric::Return, &[20.0, 300.0, 200.0]);
    let bits = library.run("bits").unwrap().metrics;
    assert_eq!(bits.metric, Metric::BitsPerCharacter);
    assert_eq!(
        (
            bits.final_test_metric,
            bits.best_test_metric,
            bits.best_epoch
        ),
        (Some(2.0), Some(1.5), Some(2))
    );
    let pole = library.run("pole").unwrap().metrics;
    assert_eq!(
        (pole.metric, pole.best_test_metric, pole.best_epoch),
        (Metric::Return, Some(300.0), Some(2))
    );
}

#[test]
fn the_best_run_of_each_metric_comes_first() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    for (id, metric, value) in [
        ("acc-low", Metric::Accuracy, 0.5),
        ("bits-high", Metric::BitsPerCharacter, 3.0),
        ("acc-high", Metric::Accuracy, 0.9),
        ("bits-low", Metric::BitsPerCharacter, 1.0),
    ] {
        judged(&mut library, id, metric, &[value]);
    }
    let filter = Filter {
        order: Order::Best,
        ..Filter::default()
    };
    let found = library.runs(&filter).unwrap();
    let ids: Vec<&str> = found.iter().map(|row| row.run.id.as_str()).collect();
    assert_eq!(ids, ["acc-high", "acc-low", "bits-low", "bits-high"]);
}

#[test]
fn an_epoch_tells_each_metric_under_its_own_name() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    judged(&mut library, "bits", Metric::BitsPerCharacter, &[1.5]);
    let stored = library.epochs("bits").unwrap();
    assert_eq!(
        stored[0].others,
        BTreeMap::from([(Metric::Perplexity, 1.5_f64.exp())])
    );
    let text = text(&library, Format::Epochs);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| {
        let at = header.iter().position(|column| column == name).unwrap();
        row[at].to_owned()
    };
    assert_eq!(cell("metric"), "bits-per-character");
    assert_eq!(cell("test_metric"), "1.5");
    assert_eq!(cell("test_bits_per_character"), "1.5");
    assert!(cell("test_perplexity").starts_with("4.48"));
    assert_eq!(cell("test_accuracy"), "");
}

#[test]
fn a_library_of_the_third_layout_was_judged_by_accuracy_and_keeps_its_targets() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("l");
    let mut new = new_run("old");
    new.setup.json = r#"{"regime":{"stop":{"target_accuracy":0.97,"epochs":3}}}"#.to_owned();
    let mut bare = new_run("bare");
    bare.setup.json = "no json".to_owned();
    {
        let mut library = Library::open(&path).unwrap();
        whole_run(&mut library, &new);
        library.create_run(&bare).unwrap();
    }
    let connection = Connection::open(&path).unwrap();
    back_to_layout_3(&connection);
    drop(connection);
    let library = Library::open(&path).unwrap();
    let run = library.run("old").unwrap();
    assert_eq!(run.metrics.metric, Metric::Accuracy);
    assert_eq!(run.metrics.best_test_metric, Some(0.9));
    let setup: serde_json::Value = serde_json::from_str(&run.setup.json).unwrap();
    assert_eq!(
        setup,
        serde_json::json!({"regime": {"stop": {"target": 0.97, "epochs": 3}}})
    );
    assert_eq!(library.run("bare").unwrap().setup.json, "no json");
}
