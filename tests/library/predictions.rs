use joulelab::library::{Confusion, Library, LibraryError, Predictions, Record, Status};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::common::{back_to_layout_3, confusion, epoch, new_run, predictions, whole_run};

#[test]
fn matrices_stay_and_only_the_latest_answers_do() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    whole_run(&mut library, &new_run("r"));
    let both = [confusion(10, 7), confusion(20, 9)];
    assert_eq!(library.confusions("r", 100).unwrap(), both);
    assert_eq!(library.predictions("r").unwrap(), Some(predictions(20)));

    library.create_run(&new_run("none")).unwrap();
    assert!(library.confusions("none", 100).unwrap().is_empty());
    assert_eq!(library.predictions("none").unwrap(), None);
    assert!(matches!(
        library.confusions("who", 100),
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
        let found = library.confusions("r", most).unwrap();
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
    assert_eq!(library.predictions("r").unwrap(), Some(predictions(10)));
    let second = [
        Record::Epoch(epoch(2, 2.0, Some(0.5))),
        Record::Confusion(confusion(20, 7)),
    ];
    library.append("r", &second).unwrap();
    assert_eq!(library.predictions("r").unwrap(), None);
}

#[test]
fn a_resumed_run_forgets_what_it_will_do_again() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    let new = new_run("r");
    whole_run(&mut library, &new);
    library.reopen_run("r", 10, &new.owner, "0.2.0").unwrap();
    assert_eq!(library.confusions("r", 100).unwrap(), [confusion(10, 7)]);
    assert_eq!(library.predictions("r").unwrap(), None);
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
    assert!(library.confusions("old", 100).unwrap().is_empty());
    assert_eq!(library.predictions("old").unwrap(), None);
    whole_run(&mut library, &new_run("new"));
    assert_eq!(library.confusions("new", 100).unwrap().len(), 2);
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
    assert_eq!(ours.confusions("r", 100).unwrap(), both);
    assert_eq!(ours.predictions("r").unwrap(), Some(predictions(20)));
    assert_eq!(ours.predictions("own").unwrap(), Some(predictions(20)));
}
