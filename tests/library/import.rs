use joulelab::library::{Filter, Imported, Library, LibraryError, SampleFilter, Status};
use tempfile::tempdir;

use crate::common::{began, new_run, whole_run};

fn yes(_done: u64, _total: u64) -> bool {
    true
}

#[test]
fn another_library_s_runs_are_taken_over_whole_and_once() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a library, 100 %.sqlite");
    let mut theirs = Library::open(&path).unwrap();
    whole_run(&mut theirs, &new_run("first"));
    whole_run(&mut theirs, &new_run("both"));
    whole_run(&mut theirs, &new_run("deleted"));
    theirs.delete(&["deleted".to_owned()]).unwrap();
    theirs.create_run(&new_run("running")).unwrap();
    let mut ours = Library::open(folder.path().join("ours")).unwrap();
    whole_run(&mut ours, &new_run("both"));

    let imported = ours.import_from(&path, &mut yes).unwrap();
    assert_eq!(
        imported,
        Imported {
            added: 1,
            known: 1,
            running: 1
        }
    );
    assert_eq!(
        ours.details("first").unwrap(),
        theirs.details("first").unwrap()
    );
    assert_eq!(
        ours.steps("first", 100).unwrap(),
        theirs.steps("first", 100).unwrap()
    );
    assert_eq!(
        ours.segments("first").unwrap(),
        theirs.segments("first").unwrap()
    );
    let samples = |library: &Library| {
        let mut samples = Vec::new();
        let visit = |t_s: f64, series: &_, value: Option<f64>| {
            samples.push(format!("{t_s} {series:?} {value:?}"));
            Ok::<(), LibraryError>(())
        };
        library
            .each_sample("first", &SampleFilter::default(), visit)
            .unwrap();
        samples
    };
    assert_eq!(samples(&ours).len(), 2);
    assert_eq!(samples(&ours), samples(&theirs));

    // Closed, the file has no log and is read without a lock.
    drop(theirs);
    let again = ours.import_from(&path, &mut yes).unwrap();
    assert_eq!(
        again,
        Imported {
            added: 0,
            known: 2,
            running: 1
        }
    );
    assert_eq!(ours.runs(&Filter::default()).unwrap().len(), 2);
    ours.check().unwrap();
}

#[test]
fn a_run_whose_recorder_went_away_long_ago_is_interrupted() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("theirs");
    let mut theirs = Library::open(&path).unwrap();
    theirs.create_run(&new_run("left")).unwrap();
    theirs.append("left", &[began(0.0, "train")]).unwrap();
    drop(theirs);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute(
            "UPDATE runs SET last_seen_at = '2026-01-01T00:00:00.000Z'",
            [],
        )
        .unwrap();
    drop(connection);
    let mut ours = Library::open(folder.path().join("ours")).unwrap();
    assert_eq!(ours.import_from(&path, &mut yes).unwrap().added, 1);
    let details = ours.details("left").unwrap();
    assert_eq!(details.run.status, Status::Interrupted);
    assert!(details.run.finished_at.is_some());
    assert!(details.phases.iter().all(|phase| phase.end_t_s.is_some()));
}

#[test]
fn what_cannot_be_imported_changes_nothing() {
    let folder = tempdir().unwrap();
    let mut ours = Library::open(folder.path().join("ours")).unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(
        path("text"),
        "no database, but longer than the header of one is\n".repeat(50),
    )
    .unwrap();
    std::fs::write(path("empty"), "").unwrap();
    let foreign = rusqlite::Connection::open(path("foreign")).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
    for (name, why) in [
        ("text", "damaged, or no library"),
        ("empty", "nothing in it"),
        ("foreign", "another program"),
        ("absent", "cannot be read"),
    ] {
        let error = ours.import_from(&path(name), &mut yes).unwrap_err();
        assert!(
            matches!(error, LibraryError::NotImported { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(why), "{name}: {error}");
    }
    assert!(!path("absent").exists());

    let mut theirs = Library::open(path("theirs")).unwrap();
    for id in ["a", "b", "c"] {
        whole_run(&mut theirs, &new_run(id));
    }
    let cancelled = ours
        .import_from(&path("theirs"), &mut |done, _| done < 2)
        .unwrap_err();
    assert!(cancelled.to_string().contains("cancelled"), "{cancelled}");
    drop(theirs);
    // The end of the file is gone: some runs can still be read, others not.
    let whole = std::fs::read(path("theirs")).unwrap();
    std::fs::write(path("theirs"), &whole[..whole.len() / 2]).unwrap();
    let damaged = ours.import_from(&path("theirs"), &mut yes).unwrap_err();
    assert!(
        matches!(damaged, LibraryError::NotImported { .. }),
        "{damaged}"
    );
    assert!(
        ours.runs(&Filter::default()).unwrap().is_empty(),
        "nothing half imported"
    );
}

#[test]
fn a_long_list_says_the_same_as_a_short_one() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    for number in 0..5 {
        whole_run(&mut library, &new_run(&format!("run-{number}")));
    }
    let filter = Filter::default();
    let rows = library.runs(&filter).unwrap();
    let listed = library.listed(&filter, 0).unwrap();
    assert_eq!(listed.len(), 5);
    for (row, listed) in rows.iter().zip(&listed) {
        assert_eq!((&row.run, &row.training), (&listed.run, &listed.training));
        assert_eq!(
            listed.samples,
            Some(1280),
            "counted by epoch, where the summary does not say"
        );
        assert!(listed.carbon.is_some());
    }
    let page = library
        .listed(
            &Filter {
                limit: Some(2),
                ..filter
            },
            3,
        )
        .unwrap();
    let ids: Vec<&str> = page.iter().map(|listed| listed.run.id.as_str()).collect();
    assert_eq!(ids, ["run-1", "run-0"]);
}
