use std::io::{BufRead, BufReader};

use jiff::{SignedDuration, Timestamp};
use joulelab::library::{HEARTBEAT_STALE_S, Library, LibraryError, Record, Status};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::common::{LIBRARY, began, gpu, new_run, sample, start, step};

const SAMPLES_PER_BATCH: u64 = 20;

#[test]
#[ignore = "a process of its own, killed by the test below"]
fn victim() {
    let Some(path) = std::env::var_os(LIBRARY) else {
        return;
    };
    let mut library = Library::open(path).unwrap();
    library.create_run(&new_run("r")).unwrap();
    library.append("r", &[began(0.0, "train")]).unwrap();
    for i in 1.. {
        let t_s = i as f64;
        let of_batch = |k| sample(t_s - k as f64 / 100.0, Some(k as f64));
        let records = [
            Record::Step(step(i, t_s, 0.5)),
            Record::Samples((0..SAMPLES_PER_BATCH).map(of_batch).collect()),
            Record::EnergySoFar {
                t_s,
                energies: vec![gpu(16.0 * t_s, t_s)],
            },
        ];
        library.append("r", &records).unwrap();
        println!("stored {i}");
    }
}

#[test]
fn a_killed_recorder_loses_at_most_its_last_transaction() {
    for after in [1, 7, 40] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("l");
        let mut child = start("crash::victim", &path);
        let mut stored = 0;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while stored < after {
            let line = lines.next().expect("the victim ended by itself").unwrap();
            if let Some(number) = line.split("stored ").nth(1) {
                stored = number.parse().unwrap();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had said before it died, too.
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.split("stored ").nth(1) {
                stored = number.parse().unwrap_or(stored);
            }
        }

        let mut library = Library::open(&path).unwrap();
        library.check().unwrap();
        assert_eq!(library.run("r").unwrap().status, Status::Running);
        assert_eq!(
            library.sweep_interrupted("here", |_, _| false).unwrap(),
            ["r"]
        );

        let details = library.details("r").unwrap();
        let steps = library.steps("r", usize::MAX).unwrap().len() as u64;
        let mut samples = 0;
        library
            .each_sample("r", &Default::default(), |_, _, _| {
                samples += 1;
                Ok::<_, LibraryError>(())
            })
            .unwrap();
        assert!(
            steps == stored || steps == stored + 1,
            "{steps} of {stored}"
        );
        assert_eq!(samples, steps * SAMPLES_PER_BATCH, "no half transaction");
        assert_eq!(details.run.status, Status::Interrupted);
        assert_eq!(details.run.finished_at, Some(details.run.last_seen_at));
        let phase = &details.phases[0];
        assert_eq!(
            phase.end_t_s,
            Some(steps as f64),
            "closed at the last known time"
        );
        assert_eq!(phase.energies, [gpu(16.0 * steps as f64, steps as f64)]);
        assert!(
            library
                .sweep_interrupted("here", |_, _| false)
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn a_run_of_a_recorder_that_lives_is_never_touched() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("l");
    let mut library = Library::open(&path).unwrap();
    let mine = new_run("mine");
    library.create_run(&mine).unwrap();
    let mut remote = new_run("remote");
    remote.owner.machine = "elsewhere".into();
    library.create_run(&remote).unwrap();
    let is_mine = |pid, token: &str| pid == std::process::id() && token == "start-7";

    assert!(
        library
            .sweep_interrupted("here", is_mine)
            .unwrap()
            .is_empty()
    );
    assert!(
        !library
            .sweep_interrupted("here", |_, _| true)
            .unwrap()
            .contains(&"remote".into()),
        "its heart beat a moment ago"
    );

    let long_ago = Timestamp::now() - SignedDuration::from_secs_f64(HEARTBEAT_STALE_S + 5.0);
    Connection::open(&path)
        .unwrap()
        .execute(
            "UPDATE runs SET last_seen_at = ?1",
            [format!("{long_ago:.3}")],
        )
        .unwrap();
    // Here the process itself counts, however long it has been silent: the machine may have slept.
    assert_eq!(
        library.sweep_interrupted("here", is_mine).unwrap(),
        ["remote"]
    );
    // The same process id with another start is another process.
    assert_eq!(
        library
            .sweep_interrupted("here", |_, token| token == "start-8")
            .unwrap(),
        ["mine"]
    );
    assert!(matches!(
        library.append("mine", &[]),
        Err(LibraryError::NotRunning { .. })
    ));
}
