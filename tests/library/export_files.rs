use std::fs;
use std::path::Path;

use joulelab::library::export::{ExportError, Format, write_file};
use joulelab::library::{Library, Record};
use tempfile::tempdir;

use crate::common::{LIBRARY, new_run, sample, start, step};
use crate::export::{library_with, options, text};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_whole_or_not_at_all_and_is_never_replaced_unasked() {
    let (_folder, library) = library_with(&[new_run("r")]);
    let folder = tempdir().unwrap();
    let path = folder.path().join("out.csv");
    let export = |runs: &[&str], path: &Path, overwrite| {
        let runs: Vec<String> = runs.iter().map(|run| (*run).into()).collect();
        write_file(
            &library,
            Format::Samples,
            &runs,
            &options(),
            path,
            overwrite,
        )
    };
    assert_eq!(export(&["r"], &path, false).unwrap(), 2);
    let whole = fs::read_to_string(&path).unwrap();
    assert_eq!(whole, text(&library, Format::Samples));

    assert!(matches!(
        export(&["r"], &path, false),
        Err(ExportError::Exists { .. })
    ));
    // The second run is unknown: rows of the first were written by then.
    assert!(matches!(
        export(&["r", "x"], &path, true),
        Err(ExportError::Library(_))
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    assert_eq!(export(&["r", "r"], &path, true).unwrap(), 4);
    assert_eq!(
        export(&[], &folder.path().join("none.csv"), false).unwrap(),
        0
    );
    assert_eq!(names(folder.path()), ["none.csv", "out.csv"]);

    let nowhere = folder.path().join("no/out.csv");
    for bad in [nowhere.as_path(), folder.path()] {
        assert!(
            matches!(export(&["r"], bad, true), Err(ExportError::File { .. })),
            "{bad:?}"
        );
    }
    assert_eq!(names(folder.path()), ["none.csv", "out.csv"]);
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_a_device_is_never_replaced() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let (_folder, library) = library_with(&[new_run("r")]);
    let folder = tempdir().unwrap();
    let (file, link) = (
        folder.path().join("file.csv"),
        folder.path().join("link.csv"),
    );
    fs::write(&file, "old").unwrap();
    symlink(&file, &link).unwrap();
    let export = |path: &Path| {
        write_file(
            &library,
            Format::Samples,
            &["r".into()],
            &options(),
            path,
            true,
        )
    };
    export(&link).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        text(&library, Format::Samples)
    );
    assert!(matches!(
        export(Path::new("/dev/null")),
        Err(ExportError::File { .. })
    ));
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );
}

const MANY: u64 = 1_000_000;

/// Most memory that this process ever had, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "a process of its own, whose memory is looked at; started by the test below"]
fn exporter() {
    let Some(path) = std::env::var_os(LIBRARY) else {
        return;
    };
    let library = Library::open(&path).unwrap();
    let before = peak_kib();
    let out = Path::new(&path).with_file_name("out.csv");
    let rows = write_file(
        &library,
        Format::Samples,
        &["r".into()],
        &options(),
        &out,
        false,
    );
    assert_eq!(rows.unwrap(), MANY);
    let grown = peak_kib() - before;
    assert!(
        grown < 16 << 10,
        "{grown} KiB for a file of {} bytes",
        out.metadata().unwrap().len()
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_million_samples_are_streamed_in_little_memory() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("l");
    let mut library = Library::open(&path).unwrap();
    library.create_run(&new_run("r")).unwrap();
    for batch in 0..10 {
        let from = batch * MANY / 10;
        let samples = (from..from + MANY / 10).map(|i| sample(i as f64 / 10.0, Some(i as f64)));
        library
            .append(
                "r",
                &[
                    Record::Samples(samples.collect()),
                    Record::Step(step(batch, 0.0, 0.1)),
                ],
            )
            .unwrap();
    }
    let output = start("export_files::exporter", &path)
        .wait_with_output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}
