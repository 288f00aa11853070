//! Sweeps in the library: written as they go on, read back, taken up again.

use joulelab::library::{
    CooledDown, Library, LibraryError, NewSweep, NewTrial, Owner, Status, TrialEnd, TrialResult,
    TrialStatus,
};
use joulelab::units::{Estimate, Metric};
use serde_json::json;

fn owner(pid: u32) -> Owner {
    Owner {
        machine: "here".to_owned(),
        pid,
        token: "token".to_owned(),
    }
}

fn new_sweep(id: &str) -> NewSweep {
    NewSweep {
        id: id.to_owned(),
        name: Some("a name".to_owned()),
        json: "{}".to_owned(),
        hash: "0123".to_owned(),
        searcher: "grid".to_owned(),
        program_version: "1".to_owned(),
        owner: owner(1),
        forecast: Some(json!({ "runs": 2 })),
    }
}

fn new_trial(number: u64) -> NewTrial {
    NewTrial {
        number,
        combination: number - 1,
        repeat: 0,
        rung: 0,
        seed: u64::MAX,
        values: json!([{ "field": "regime.batch_size", "value": 16 }]),
        setup_json: "{}".to_owned(),
        setup_hash: "a".to_owned(),
        group_hash: "b".to_owned(),
        plan: None,
        status: TrialStatus::Planned,
        reason: None,
    }
}

fn library() -> (tempfile::TempDir, Library) {
    let folder = tempfile::tempdir().expect("a folder");
    let library = Library::open(folder.path().join("library.sqlite")).expect("a library");
    (folder, library)
}

#[test]
fn a_trial_is_read_back_as_it_was_written() {
    let (_folder, mut library) = library();
    let trials = [new_trial(1), new_trial(2)];
    library
        .create_sweep(&new_sweep("s1"), &trials)
        .expect("it is written");
    library
        .add_trials("s1", &[new_trial(3)])
        .expect("it is written");
    library
        .begin_trial("s1", 1, "run-1", None)
        .expect("it is written");
    let cooled = CooledDown {
        waited_s: 2.5,
        reached: Some(true),
        power_w: Some(31.0),
        idle_w: Some(30.0),
        text: "until power was near".to_owned(),
    };
    library
        .trial_cooled_down("s1", 1, &cooled)
        .expect("it is written");
    let result = TrialResult {
        metric: Metric::Accuracy,
        value: Some(0.97),
        energy_j: Some(Estimate::plus_minus(100.0, 5.0)),
        target_reached: Some(true),
        time_s: 4.0,
        steps: 30,
        epochs: 3,
        ended: true,
        ..TrialResult::default()
    };
    let end = TrialEnd {
        status: TrialStatus::Done,
        reason: None,
        result: Some(result.clone()),
    };
    library.end_trial("s1", 1, &end).expect("it is written");

    let stored = library.trials("s1").expect("trials");
    let numbers: Vec<u64> = stored.iter().map(|trial| trial.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let first = &stored[0];
    assert_eq!((first.status, first.seed), (TrialStatus::Done, u64::MAX));
    assert_eq!(first.run_id.as_deref(), Some("run-1"));
    assert_eq!(first.cool_down, Some(cooled));
    assert_eq!(first.result, Some(result));
    assert!(first.began_at <= first.ended_at && first.ended_at.is_some());
    assert_eq!(stored[1].result, None);
    assert_eq!(
        library.sweep_of_run("run-1").expect("a look"),
        Some(("s1".to_owned(), 1))
    );
    assert_eq!(library.sweep_of_run("run-2").expect("a look"), None);

    let rows = library.sweeps().expect("sweeps");
    assert_eq!((rows.len(), rows[0].total(), rows[0].over()), (1, 3, 1));
    assert_eq!(rows[0].count(TrialStatus::Planned), 2);
    let found = json!({ "text": "done" });
    library
        .finish_sweep("s1", Status::Completed, None, Some(&found))
        .expect("it is written");
    let sweep = library.sweep("s1").expect("it is there");
    assert_eq!(
        (sweep.status, sweep.found),
        (Status::Completed, Some(found))
    );
    assert_eq!(sweep.forecast, Some(json!({ "runs": 2 })));
    let statuses: Vec<TrialStatus> = library
        .trials("s1")
        .expect("trials")
        .iter()
        .map(|trial| trial.status)
        .collect();
    assert_eq!(
        statuses,
        [
            TrialStatus::Done,
            TrialStatus::Skipped,
            TrialStatus::Skipped
        ]
    );
}

#[test]
fn a_number_is_given_once_and_nothing_is_half_added() {
    let (_folder, mut library) = library();
    library
        .create_sweep(&new_sweep("s1"), &[new_trial(1)])
        .expect("it is written");
    assert!(
        library
            .add_trials("s1", &[new_trial(2), new_trial(1)])
            .is_err()
    );
    assert_eq!(library.trials("s1").expect("trials").len(), 1);
}

#[test]
fn only_one_program_runs_a_sweep() {
    let (_folder, mut library) = library();
    library
        .create_sweep(&new_sweep("s1"), &[new_trial(1)])
        .expect("it is written");
    let lives = |pid: u32, _: &str| pid == 1;
    let refused = library.take_up_sweep("s1", &owner(2), lives);
    assert!(
        matches!(refused, Err(LibraryError::SweepRunning { .. })),
        "{refused:?}"
    );
    assert!(
        library
            .mark_interrupted_sweeps("here", lives)
            .expect("a look")
            .is_empty()
    );
    let gone = |_: u32, _: &str| false;
    let marked = library
        .mark_interrupted_sweeps("here", gone)
        .expect("a look");
    assert_eq!(marked, ["s1"]);
    assert_eq!(
        library.sweep("s1").expect("it is there").status,
        Status::Interrupted
    );
    library
        .take_up_sweep("s1", &owner(2), lives)
        .expect("nobody runs it");
    let sweep = library.sweep("s1").expect("it is there");
    assert_eq!((sweep.status, sweep.owner.pid), (Status::Running, 2));
    // Another machine's is only gone when it has been silent for long.
    let elsewhere = library
        .mark_interrupted_sweeps("elsewhere", gone)
        .expect("a look");
    assert!(elsewhere.is_empty());
}

#[test]
fn a_sweep_is_found_by_name_and_beginning_and_what_is_not_there_is_said() {
    let (_folder, mut library) = library();
    library
        .create_sweep(&new_sweep("20261121-a"), &[])
        .expect("it is written");
    assert_eq!(library.sweep("a name").expect("by name").id, "20261121-a");
    assert_eq!(
        library.sweep("2026").expect("by beginning").id,
        "20261121-a"
    );
    library
        .create_sweep(&new_sweep("20261121-b"), &[])
        .expect("it is written");
    let several = library.sweep("2026").expect_err("two").to_string();
    assert!(
        several.contains("20261121-a") && several.contains("20261121-b"),
        "{several}"
    );
    let none = library.sweep("20261121-x").expect_err("none").to_string();
    assert!(none.contains("joulelab sweeps"), "{none}");
    library.delete_sweep("20261121-b").expect("it is there");
    assert_eq!(library.sweep("2026").expect("one is left").id, "20261121-a");
    assert_eq!(library.sweeps().expect("sweeps").len(), 1);
}

#[test]
fn ten_thousand_trials_are_written_and_read_whole() {
    let (_folder, mut library) = library();
    let trials: Vec<NewTrial> = (1..=10_000).map(new_trial).collect();
    library
        .create_sweep(&new_sweep("s1"), &trials)
        .expect("it is written");
    let stored = library.trials("s1").expect("trials");
    assert_eq!(stored.len(), 10_000);
    assert!(
        stored
            .iter()
            .zip(1..)
            .all(|(trial, number)| trial.number == number)
    );
}
