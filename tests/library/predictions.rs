use joulelab::library::{Confusion, Library, LibraryError, Predictions, Record, Status, StepPoint};
use joulelab::units::HeadProgress;
use rusqlite::Connection;
use tempfile::tempdir;

use crate::common::{back_to_layout_3, confusion, epoch, new_run, predictions, step, whole_run};

#[test]
fn matrices_stay_and_only_the_latest_answers_do() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    whole_run(&mut library, &new_run("r"));
    let both = [confusion(10, 7), confusion(20, 9)];
    assert_eq!(library.confusions("r", None, 100).unwrap(), both);
    assert_eq!(
        library.predictions("r", None).unwrap(),
        Some(predictions(20))
    );

    library.create_run(&new_run("none")).unwrap();
    assert!(library.confusions("none", None, 100).unwrap().is_empty());
    assert_eq!(library.predictions("none", None).unwrap(), None);
    assert!(matches!(
        library.confusions("who", None, 100),
        Err(LibraryError::UnknownRun { .. })
    ));
}

#[test]
fn many_matrices_are_thinned_and_the_latest_stays() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let records: Vec<_> = (1..=50)
        .flat_map(|i| {
            [
                Record::Epoch(epoch(i, i as f64, Some(0.5))),
                Record::Confusion(confusion(i * 10, 7)),
            ]
        })
        .collect();
    library.append("r", &records).unwrap();
    let steps = |most| -> Vec<u64> {
        let found = library.confusions("r", None, most).unwrap();
        found.iter().map(|one| one.step).collect()
    };
    assert_eq!(steps(100).len(), 50);
    assert_eq!(steps(5), [100, 200, 300, 400, 500]);
    assert_eq!(steps(1), [500]);
    assert_eq!(steps(0), [500]);
}

#[test]
fn answers_without_their_evaluation_or_of_two_lengths_are_refused() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let evaluated = Record::Epoch(epoch(1, 1.0, Some(0.5)));
    for bad in [
        Record::Confusion(confusion(20, 7)),
        Record::Predictions(predictions(20)),
        Record::Confusion(Confusion {
            head: None,
            step: 10,
            counts: vec![vec![1, 2], vec![3]],
        }),
        Record::Predictions(Predictions {
            predicted: vec![1],
            ..predictions(10)
        }),
    ] {
        let error = library.append("r", &[evaluated.clone(), bad.clone()]);
        assert!(
            matches!(error, Err(LibraryError::BadRecord { .. })),
            "{bad:?}"
        );
    }
    assert!(library.epochs("r").unwrap().is_empty(), "all or none");
}

#[test]
fn answers_of_an_evaluation_that_was_none_of_single_samples_replace_those_before() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let first = [
        Record::Epoch(epoch(1, 1.0, Some(0.5))),
        Record::Confusion(confusion(10, 7)),
        Record::Predictions(predictions(10)),
    ];
    library.append("r", &first).unwrap();
    assert_eq!(
        library.predictions("r", None).unwrap(),
        Some(predictions(10))
    );
    let second = [
        Record::Epoch(epoch(2, 2.0, Some(0.5))),
        Record::Confusion(confusion(20, 7)),
    ];
    library.append("r", &second).unwrap();
    assert_eq!(library.predictions("r", None).unwrap(), None);
}

#[test]
fn a_resumed_run_forgets_what_it_will_do_again() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    let new = new_run("r");
    whole_run(&mut library, &new);
    library.reopen_run("r", 10, &new.owner, "0.2.0").unwrap();
    assert_eq!(
        library.confusions("r", None, 100).unwrap(),
        [confusion(10, 7)]
    );
    assert_eq!(library.predictions("r", None).unwrap(), None);
}

#[test]
fn a_library_of_the_first_layout_is_brought_up_to_date_with_its_runs() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("l");
    whole_run(&mut Library::open(&path).unwrap(), &new_run("old"));
    let first = include_str!("../../src/library/migrations/0001.sql");
    let connection = Connection::open(&path).unwrap();
    back_to_layout_3(&connection);
    connection
        .execute_batch(
            "DROP TABLE confusions; DROP TABLE predictions; DROP TABLE wall_calibrations; DROP TABLE device_points;
             DROP TABLE cpu_points; PRAGMA user_version = 1",
        )
        .unwrap();
    let schema = |connection: &Connection| -> Vec<String> {
        connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    };
    let fresh = Connection::open_in_memory().unwrap();
    fresh.execute_batch(first).unwrap();
    assert_eq!(
        schema(&connection),
        schema(&fresh),
        "this is the first layout"
    );
    drop(connection);

    let mut library = Library::open(&path).unwrap();
    assert_eq!(library.run("old").unwrap().status, Status::Completed);
    assert_eq!(library.epochs("old").unwrap().len(), 2);
    assert!(library.confusions("old", None, 100).unwrap().is_empty());
    assert_eq!(library.predictions("old", None).unwrap(), None);
    whole_run(&mut library, &new_run("new"));
    assert_eq!(library.confusions("new", None, 100).unwrap().len(), 2);
}

#[test]
fn an_imported_run_brings_its_matrices_and_answers_along() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("theirs");
    whole_run(&mut Library::open(&path).unwrap(), &new_run("r"));
    let mut ours = Library::open(folder.path().join("ours")).unwrap();
    // Another key than there: rows must follow their run.
    whole_run(&mut ours, &new_run("own"));
    ours.import_from(&path, &mut |_, _| true).unwrap();
    let both = [confusion(10, 7), confusion(20, 9)];
    assert_eq!(ours.confusions("r", None, 100).unwrap(), both);
    assert_eq!(ours.predictions("r", None).unwrap(), Some(predictions(20)));
    assert_eq!(
        ours.predictions("own", None).unwrap(),
        Some(predictions(20))
    );
}

#[test]
fn every_head_of_a_run_has_matrices_answers_and_a_training_curve_of_its_own() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let of = |head: &str, step: u64, right: u32| {
        Record::Confusion(Confusion {
            head: Some(head.to_owned()),
            ..confusion(step, right)
        })
    };
    let answers = |head: &str, step: u64| Predictions {
        head: Some(head.to_owned()),
        ..predictions(step)
    };
    let seen = |head: &str, value: f64, loss: Option<f64>| HeadProgress {
        head: head.to_owned(),
        value: Some(value),
        loss,
        ..HeadProgress::default()
    };
    let read = |at: u64, size: f64, loss: Option<f64>| {
        Record::Step(StepPoint {
            heads: vec![seen("size", size, loss), seen("colour", 0.5, Some(1.0))],
            ..step(at, at as f64, 0.5)
        })
    };
    library
        .append(
            "r",
            &[
                read(5, 0.5, Some(2.0)),
                read(10, 0.7, None),
                Record::Epoch(epoch(1, 10.0, Some(0.9))),
                of("size", 10, 7),
                of("colour", 10, 9),
                Record::Predictions(answers("size", 10)),
                Record::Predictions(answers("colour", 10)),
                read(15, 0.8, Some(1.0)),
                Record::Epoch(epoch(2, 20.0, Some(0.9))),
                of("size", 20, 8),
                of("colour", 20, 10),
                Record::Predictions(answers("size", 20)),
                Record::Predictions(answers("colour", 20)),
            ],
        )
        .unwrap();
    let right = |head: Option<&str>| {
        let found = library.confusions("r", head, 100).unwrap();
        found.iter().map(|one| one.counts[0][0]).collect::<Vec<_>>()
    };
    assert_eq!(right(Some("size")), [7, 8]);
    assert_eq!(right(Some("colour")), [9, 10]);
    assert!(right(None).is_empty() && right(Some("shape")).is_empty());
    let latest = library.predictions("r", Some("colour")).unwrap();
    assert_eq!(latest, Some(answers("colour", 20)));

    let all = library.steps("r", 100).unwrap();
    let names = all[0].heads.iter().map(|head| head.head.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["colour", "size"]);
    assert_eq!(
        all[1].heads[1],
        seen("size", 0.7, None),
        "what is no number is missing"
    );
    // Of two points the first stands for two readings.
    let few = library.steps("r", 2).unwrap();
    assert_eq!(few.len(), 2);
    assert!((few[0].heads[1].value.unwrap() - 0.6).abs() < 1e-12);
    assert_eq!(few[0].heads[1].loss, Some(2.0));

    // What came after the checkpoint will be done again.
    library
        .finish_run("r", Status::Stopped, None, None)
        .unwrap();
    let owner = new_run("r").owner;
    library.reopen_run("r", 10, &owner, "0.2.0").unwrap();
    assert_eq!(library.steps("r", 100).unwrap().len(), 2);
    let left = library.confusions("r", Some("size"), 100).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(library.predictions("r", Some("size")).unwrap(), None);
}
