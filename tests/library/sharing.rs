use std::io::Read;
use std::sync::Barrier;

use joulelab::library::{Filter, Library, Record};
use tempfile::tempdir;

use crate::common::{LIBRARY, new_run, sample, start, step};

const BATCHES: u64 = 60;

fn write_a_run(library: &mut Library, id: &str) {
    library.create_run(&new_run(id)).unwrap();
    for i in 1..=BATCHES {
        let t_s = i as f64;
        let records = [
            Record::Step(step(i, t_s, 0.5)),
            Record::Samples(vec![sample(t_s, None)]),
        ];
        library.append(id, &records).unwrap();
    }
}

#[test]
fn a_new_library_can_be_opened_by_many_at_once() {
    // Often, since what can go wrong is a matter of microseconds.
    for _ in 0..12 {
        let folder = tempdir().unwrap();
        let path = folder.path().join("l");
        let ready = Barrier::new(8);
        std::thread::scope(|scope| {
            for i in 0..8 {
                let (path, ready) = (&path, &ready);
                scope.spawn(move || {
                    ready.wait();
                    let mut library = Library::open(path).unwrap();
                    library.create_run(&new_run(&format!("r{i}"))).unwrap();
                });
            }
        });
        let library = Library::open(&path).unwrap();
        assert_eq!(library.run_ids(&Filter::default()).unwrap().len(), 8);
    }
}

#[test]
#[ignore = "a process of its own, started by the test below"]
fn writer() {
    let Some(path) = std::env::var_os(LIBRARY) else {
        return;
    };
    let mut library = Library::open(path).unwrap();
    write_a_run(&mut library, &format!("process-{}", std::process::id()));
}

#[test]
fn programs_and_threads_write_at_once_and_nothing_is_lost() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("l");
    let mut children: Vec<_> = (0..2).map(|_| start("sharing::writer", &path)).collect();
    std::thread::scope(|scope| {
        for i in 0..2 {
            let path = &path;
            scope.spawn(move || {
                write_a_run(&mut Library::open(path).unwrap(), &format!("thread-{i}"));
            });
        }
        let reader = Library::open(&path).unwrap();
        for _ in 0..50 {
            for row in reader.runs(&Filter::default()).unwrap() {
                let points = reader.steps(&row.run.id, 10_000).unwrap().len() as u64;
                assert!(
                    points >= row.run.steps.unwrap_or(0),
                    "reading goes on meanwhile"
                );
            }
        }
    });
    for child in &mut children {
        let mut said = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert!(child.wait().unwrap().success(), "{said}");
    }
    let library = Library::open(&path).unwrap();
    let runs = library.runs(&Filter::default()).unwrap();
    assert_eq!(runs.len(), 4);
    for row in &runs {
        assert_eq!(
            library.steps(&row.run.id, 10_000).unwrap().len() as u64,
            BATCHES
        );
    }
    library.check().unwrap();
}
