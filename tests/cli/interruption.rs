//! Ctrl-C, kill -9, resuming: what was recorded stays, and nothing is left behind.

use std::process::Child;

use serde_json::Value;

use crate::joulelab::{Joulelab, number, text, wait_until};

/// A run that would take minutes, with a checkpoint after every epoch.
const LONG: &[&str] = &[
    "run",
    "-q",
    "--device",
    "cpu",
    "--idle",
    "0",
    "-e",
    "5000",
    "--set",
    "checkpoint.every_s=0",
];

fn start(joulelab: &Joulelab) -> Child {
    start_with(joulelab, LONG)
}

fn start_with(joulelab: &Joulelab, arguments: &[&str]) -> Child {
    let child = joulelab.spawn(arguments);
    joulelab.wait_for_checkpoint();
    // The record is written twice a second, and a fast machine has its first checkpoint before that.
    wait_until("energy in the record", || {
        let run = joulelab.only_run();
        let details = joulelab.json(&["show", "--json", run["id"].as_str().expect("an id")]);
        details
            .pointer("/training/0/figure/energy_j/value")
            .and_then(Value::as_f64)
            .is_some_and(|energy_j| energy_j > 0.0)
    });
    child
}

#[cfg(unix)]
fn signal(pid: u32, name: &str) {
    let done = std::process::Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .expect("kill is everywhere on Unix");
    assert!(done.success());
}

/// Process ids of the workers that `controller` started.
#[cfg(target_os = "linux")]
pub fn workers(controller: u32) -> Vec<u32> {
    let path = format!("/proc/{controller}/task");
    let tasks = std::fs::read_dir(path).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|children| {
            children
                .split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(target_os = "linux")]
fn is_gone(pid: u32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Err(_) => true,
        // Dead, but not yet waited for by whoever inherited it.
        Ok(stat) => stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('Z')),
    }
}

fn energy(details: &Value) -> f64 {
    number(details, "/training/0/figure/energy_j/value")
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_at_the_next_step_and_keeps_everything() {
    let joulelab = Joulelab::new();
    let child = start(&joulelab);
    signal(child.id(), "INT");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let run = joulelab.only_run();
    assert_eq!(run["status"], "stopped");
    let details = joulelab.json(&["show", "--json", run["id"].as_str().expect("an id")]);
    assert_eq!(details["summary"]["json"]["reason"], "user");
    assert!(energy(&details) > 0.0);
    // The last step was evaluated and saved.
    let steps = number(&details, "/run/steps");
    let checkpoints = details["checkpoints"].as_array().expect("checkpoints");
    assert_eq!(number(&checkpoints[checkpoints.len() - 1], "/step"), steps);
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_worker_is_reported_and_its_record_kept() {
    let joulelab = Joulelab::new();
    let child = start(&joulelab);
    let worker = workers(child.id());
    assert_eq!(worker.len(), 1);
    signal(worker[0], "KILL");
    let output = child.wait_with_output().expect("it ends");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(
        stderr.contains("signal 9") && stderr.contains("kept as run"),
        "{stderr}"
    );
    let run = joulelab.only_run();
    assert_eq!(run["status"], "failed");
    let details = joulelab.json(&["show", "--json", run["id"].as_str().expect("an id")]);
    assert!(energy(&details) > 0.0);
    assert!(
        details["epochs"]
            .as_array()
            .is_some_and(|epochs| !epochs.is_empty())
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_controller_leaves_no_orphan_and_an_interrupted_run() {
    let joulelab = Joulelab::new();
    let mut child = start(&joulelab);
    let worker = workers(child.id());
    assert_eq!(worker.len(), 1);
    child.kill().expect("it is there");
    child.wait().expect("it ends");
    wait_until("the worker to end", || is_gone(worker[0]));
    let run = joulelab.only_run();
    assert_eq!(run["status"], "interrupted");
    let details = joulelab.json(&["show", "--json", run["id"].as_str().expect("an id")]);
    assert!(energy(&details) > 0.0);
}

/// Epoch and loss of the held-out samples.
fn losses(details: &Value) -> Vec<(u64, f64)> {
    let epochs = details["epochs"].as_array().expect("epochs");
    epochs
        .iter()
        .map(|epoch| (number(epoch, "/epoch") as u64, number(epoch, "/test_loss")))
        .collect()
}

#[cfg(unix)]
#[test]
fn a_resumed_run_ends_as_if_it_had_never_been_interrupted() {
    // Everything that has a state: momentum, schedule, shuffling, dropout, running statistics.
    let setup = [
        "-m",
        "cnn",
        "--dropout",
        "0.2",
        "-o",
        "adamw",
        "--schedule",
        "one-cycle",
        "-e",
        "40",
        "--set",
        "checkpoint.every_s=0",
    ];
    let whole = Joulelab::new();
    let expected = whole.train(&setup);

    let joulelab = Joulelab::new();
    let mut arguments = vec!["run", "-q", "--device", "cpu", "--idle", "0"];
    arguments.extend(setup);
    let mut child = start_with(&joulelab, &arguments);
    child.kill().expect("it is there");
    child.wait().expect("it ends");
    let run = joulelab.only_run();
    assert_eq!(run["status"], "interrupted");
    let id = run["id"].as_str().expect("an id").to_owned();
    let before = joulelab.json(&["show", "--json", &id]);
    assert!(losses(&before).len() < 40, "it had ended already");

    let resumed = joulelab.json(&["run", "-q", "--json", "--resume", &id]);
    assert_eq!(resumed["run"]["status"], "completed");
    // Of the last half second before the kill an epoch may be missing; everything that is there must be the same.
    let (found, wanted) = (losses(&resumed), losses(&expected));
    assert!(found.len() >= 38, "{found:?}");
    assert_eq!(found[found.len() - 1], wanted[wanted.len() - 1]);
    for epoch in &found {
        assert!(wanted.contains(epoch), "{epoch:?} is not in {wanted:?}");
    }
    // Training losses are summed in stretches as long as time made them, so their last digits may differ.
    let train_loss = |details: &Value| number(details, "/run/metrics/final_train_loss");
    let difference = (train_loss(&resumed) / train_loss(&expected) - 1.0).abs();
    assert!(difference < 1e-5, "{difference}");
    // The energy of both sessions counts, also that of steps that had to be done again.
    assert!(energy(&resumed) > energy(&before));
}

#[test]
fn a_run_that_has_ended_or_with_other_flags_is_not_resumed() {
    let joulelab = Joulelab::new();
    let details = joulelab.train(&["-m", "mlp", "-e", "1"]);
    let id = details["run"]["id"].as_str().expect("an id");
    let stderr = joulelab.fails(2, &["run", "-q", "--resume", id]);
    assert!(stderr.contains("stop rule"), "{stderr}");
    let stderr = joulelab.fails(2, &["run", "-q", "--resume", id, "--lr", "0.1"]);
    assert!(stderr.contains("--resume"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_missing_or_damaged_checkpoint_is_refused_and_the_run_kept() {
    let joulelab = Joulelab::new();
    let child = start(&joulelab);
    signal(child.id(), "INT");
    child.wait_with_output().expect("it ends");
    let run = joulelab.only_run();
    let id = run["id"].as_str().expect("an id");
    let steps = &run["steps"];
    let folder = joulelab.folder().join("runs").join(id).join("checkpoints");
    let entries = std::fs::read_dir(&folder).expect("a folder").flatten();
    let checkpoints = entries.filter(|entry| entry.path().is_dir());
    for checkpoint in checkpoints {
        let file = checkpoint.path().join("network.bpk");
        let mut bytes = std::fs::read(&file).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).expect("a file");
    }
    let stderr = joulelab.fails(5, &["run", "-q", "--resume", id]);
    assert!(
        stderr.contains("damaged") && stderr.contains("network.bpk"),
        "{stderr}"
    );
    std::fs::remove_dir_all(&folder).expect("it is there");
    let stderr = joulelab.fails(5, &["run", "-q", "--resume", id]);
    assert!(stderr.contains("no checkpoint"), "{stderr}");
    assert_eq!(&joulelab.only_run()["steps"], steps);
    assert_eq!(joulelab.only_run()["status"], "stopped");
}
