//! What happens when there is no room left. The limits belong to processes of their own.
#![cfg(target_os = "linux")]

use std::io::Read;
use std::path::Path;
use std::process::Command;

use joulelab::library::export::{ExportError, Format, Options, write, write_file};
use joulelab::library::{Library, LibraryError, Record, Status};
use tempfile::tempdir;

use crate::common::{LIBRARY, as_child, new_run, sample, whole_run};

/// Starts `test` from a shell that first runs `prepare`.
fn prepared(prefix: &[&str], prepare: &str, test: &str, path: &Path) -> (bool, String) {
    let program = prefix.first().copied().unwrap_or("sh");
    let mut command = Command::new(program);
    if let Some((_, rest)) = prefix.split_first() {
        command.args(rest).arg("sh");
    }
    let script = format!("{prepare} && exec \"$0\" \"$@\"");
    command
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap());
    let mut child = as_child(command, test, path).spawn().unwrap();
    let mut said = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    (child.wait().unwrap().success(), said)
}

/// Appends until there is no room, and checks that what was stored before is still there.
fn fill_up(path: &Path) -> LibraryError {
    let mut library = Library::open(path).unwrap();
    library.create_run(&new_run("r")).unwrap();
    let mut stored = 0;
    let error = loop {
        let of_batch = |i| sample(f64::from(stored * 500 + i), Some(f64::from(i)));
        let batch = Record::Samples((0..500).map(of_batch).collect());
        match library.append("r", &[batch]) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 2000, "there was room for everything");
    };
    let count = |library: &Library| {
        let mut rows = 0;
        library
            .each_sample("r", &Default::default(), |_, _, _| {
                rows += 1;
                Ok::<_, LibraryError>(())
            })
            .unwrap();
        rows
    };
    assert!(stored > 0, "{error}");
    assert_eq!(count(&library), stored * 500, "whole transactions only");
    drop(library);
    let library = Library::open(path).unwrap();
    library.check().unwrap();
    assert_eq!(count(&library), stored * 500, "after opening it again");
    assert_eq!(library.run("r").unwrap().status, Status::Running);
    error
}

#[test]
#[ignore = "a process of its own with a small disk, started by the test below"]
fn on_a_small_disk() {
    let Some(path) = std::env::var_os(LIBRARY) else {
        return;
    };
    let path = Path::new(&path);
    let error = fill_up(path);
    assert!(matches!(error, LibraryError::DiskFull { .. }), "{error}");

    let library = Library::open(path).unwrap();
    let out = path.with_file_name("out.csv");
    let runs = ["r".to_owned()];
    let exported = write_file(
        &library,
        Format::Samples,
        &runs,
        &Options::default(),
        &out,
        false,
    );
    assert!(
        matches!(exported, Err(ExportError::DiskFull { .. })),
        "{exported:?}"
    );
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("out"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_full_disk_is_named_and_loses_nothing_that_was_stored() {
    let folder = tempdir().unwrap();
    let small = folder.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let own_mounts = ["unshare", "-rm"];
    let allowed = Command::new(own_mounts[0])
        .args(&own_mounts[1..])
        .arg("true")
        .status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!(
            "not checked: this system lets nobody mount a small disk; the file-size test stands in"
        );
        return;
    }
    let mount = format!("mount -t tmpfs -o size=2m none '{}'", small.display());
    let path = small.join("l");
    let (passed, said) = prepared(&own_mounts, &mount, "disk::on_a_small_disk", &path);
    assert!(passed && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "a process of its own with a limit on files, started by the test below"]
fn under_a_limit_on_file_sizes() {
    let Some(path) = std::env::var_os(LIBRARY) else {
        return;
    };
    let error = fill_up(Path::new(&path));
    assert!(
        matches!(
            error,
            LibraryError::Io { .. } | LibraryError::DiskFull { .. }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("limit on file sizes"), "{error}");
}

#[test]
fn a_limit_on_file_sizes_is_an_error_and_loses_nothing_that_was_stored() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("l");
    let limit = "trap '' XFSZ; ulimit -f 1500";
    let (passed, said) = prepared(&[], limit, "disk::under_a_limit_on_file_sizes", &path);
    assert!(passed && said.contains("1 passed"), "{said}");
}

#[test]
fn an_output_that_is_full_is_an_error() {
    let folder = tempdir().unwrap();
    let mut library = Library::open(folder.path().join("l")).unwrap();
    whole_run(&mut library, &new_run("r"));
    let mut full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let runs = ["r".to_owned()];
    for format in Format::ALL {
        let result = write(&library, format, &runs, &Options::default(), &mut full);
        let Err(ExportError::Output(error)) = result else {
            panic!("{result:?}");
        };
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }
}
