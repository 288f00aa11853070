use std::fs;
use std::path::Path;

use joulelab::library::{Filter, Library, LibraryError, Record};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::common::{new_run, sample, step, whole_run};

fn refused(path: &Path) -> LibraryError {
    let error = Library::open(path).expect_err("this must not open");
    let message = error.to_string();
    assert!(message.ends_with(&path.display().to_string()), "{message}");
    error
}

#[test]
fn a_library_is_made_with_its_folder_and_keeps_what_it_is_given() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a/b/library.sqlite");
    whole_run(&mut Library::open(&path).unwrap(), &new_run("20261121-a"));
    let again = Library::open(&path).unwrap();
    assert_eq!(again.run_ids(&Filter::default()).unwrap(), ["20261121-a"]);
    again.check().unwrap();
}

#[test]
fn an_empty_file_becomes_a_library() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("empty");
    fs::write(&path, "").unwrap();
    assert!(
        Library::open(&path)
            .unwrap()
            .runs(&Filter::default())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("other.sqlite");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE runs (id TEXT); PRAGMA user_version = 1")
        .unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    assert!(matches!(refused(&path), LibraryError::Foreign { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_newer_layout_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    drop(Library::open(&path).unwrap());
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 999)
        .unwrap();
    let LibraryError::Newer { found, known, .. } = refused(&path) else {
        panic!("not refused as newer");
    };
    assert!(found == 999 && known < 999);
}

#[test]
fn what_is_no_database_is_refused_and_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let text = "these are my notes\n".repeat(1000);
    fs::write(&path, &text).unwrap();
    assert!(matches!(refused(&path), LibraryError::Damaged { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

/// A library of many pages, closed, so that all of it is in the one file.
fn filled(path: &Path) {
    let mut library = Library::open(path).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let mut records = vec![Record::Samples(
        (0..20_000)
            .map(|i| sample(f64::from(i) / 10.0, Some(f64::from(i))))
            .collect(),
    )];
    records.extend((0..2000).map(|i| Record::Step(step(i, i as f64, 0.5))));
    library.append("r", &records).unwrap();
}

#[test]
fn a_truncated_library_is_called_damaged() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    filled(&path);
    let bytes = fs::read(&path).unwrap();
    for keep in [bytes.len() / 2, 5000, 300] {
        fs::write(&path, &bytes[..keep]).unwrap();
        assert!(
            matches!(refused(&path), LibraryError::Damaged { .. }),
            "{keep} bytes"
        );
    }
}

#[test]
fn broken_pages_are_reported_where_they_are_read_and_by_a_check() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    filled(&path);
    let mut bytes = fs::read(&path).unwrap();
    // The last quarter holds nothing but steps and samples.
    let from = bytes.len() / 4 * 3 / 4096 * 4096;
    for byte in &mut bytes[from..] {
        *byte = 0xA5;
    }
    fs::write(&path, &bytes).unwrap();
    let library = Library::open(&path).unwrap();
    assert_eq!(library.run("r").unwrap().id, "r", "the rest is still there");
    let read = library.steps("r", 10).and_then(|_| {
        library.each_sample(
            "r",
            &Default::default(),
            |_, _, _| Ok::<_, LibraryError>(()),
        )
    });
    assert!(
        matches!(read, Err(LibraryError::Damaged { .. })),
        "{read:?}"
    );
    assert!(matches!(library.check(), Err(LibraryError::Damaged { .. })));
}

#[test]
fn text_that_this_version_does_not_know_is_an_error_and_no_panic() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    whole_run(&mut Library::open(&path).unwrap(), &new_run("r"));
    for change in [
        "UPDATE runs SET status = 'dancing'",
        "UPDATE runs SET status = 'completed', created_at = 'tea time'",
        "UPDATE runs SET created_at = started_at, seed = 'pumpkin'",
        "UPDATE runs SET seed = '1', tags = '[oops'",
        "UPDATE runs SET tags = '[]'; UPDATE phase_energy SET grade = 'Z'",
    ] {
        Connection::open(&path)
            .unwrap()
            .execute_batch(change)
            .unwrap();
        let error = Library::open(&path).unwrap().details("r").unwrap_err();
        assert!(
            matches!(error, LibraryError::Damaged { .. }),
            "{change}: {error}"
        );
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = Library::open(file.join("library.sqlite")).unwrap_err();
    assert!(matches!(error, LibraryError::Folder { .. }), "{error}");
    assert!(matches!(
        refused(folder.path()),
        LibraryError::Unwritable { .. }
    ));
}
