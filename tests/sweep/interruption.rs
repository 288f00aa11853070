//! A sweep that is interrupted in any state goes on without doing again what is done.
#![cfg(unix)]

use std::process::{Child, Output, Stdio};

use rusqlite::Connection;
use serde_json::Value;

use crate::joulelab::{Joulelab, text, wait_until};
use crate::running::{BASE, runs, statuses, swept, trials, write};

/// Sends a signal to a process of ours.
fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .expect("kill is there");
    assert!(status.success());
}

/// A sweep of three runs, of which the second is long enough to be interrupted in the middle.
fn long() -> String {
    format!(
        "repeats = 1\norder = \"given\"\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nepochs = 2\n\
         [[axes]]\nfield = \"regime.stop.epochs\"\nvalues = [1, 100000, 2]\n"
    )
}

fn start(joulelab: &Joulelab, sweep: &str) -> Child {
    let path = write(joulelab, sweep);
    let mut command = joulelab.command(&["sweep", path.to_str().expect("text")]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

fn only_sweep(joulelab: &Joulelab) -> String {
    let sweeps = joulelab.json(&["sweeps", "--json"]);
    assert_eq!(sweeps.as_array().expect("a list").len(), 1, "{sweeps}");
    sweeps[0]["sweep"]["id"].as_str().expect("text").to_owned()
}

fn stored(joulelab: &Joulelab) -> Value {
    joulelab.json(&["sweeps", &only_sweep(joulelab), "--json"])
}

/// Waits until trial `number` has made some steps.
fn wait_for_trial(joulelab: &Joulelab, number: usize) {
    wait_until("the trial to train", || {
        let library = joulelab.library();
        let Ok(connection) = Connection::open(library) else {
            return false;
        };
        let found = connection.query_row(
            "SELECT coalesce(last_epoch, 0) FROM trials JOIN runs ON id = run_id WHERE number = ?1",
            [number as i64],
            |row| row.get::<_, i64>(0),
        );
        found.is_ok_and(|epochs| epochs >= 3)
    });
}

/// Goes on with the only sweep; the long run is cut short by hand, as nobody waits for it.
fn resume(joulelab: &Joulelab) -> Output {
    joulelab.output(&["sweep", "--resume", &only_sweep(joulelab), "--json", "-q"])
}

/// Makes the second trial a short one.
fn shorten(joulelab: &Joulelab) {
    let connection = Connection::open(joulelab.library()).expect("the library");
    connection
        .execute(
            "UPDATE trials SET setup_json = replace(setup_json, '\"epochs\":100000', '\"epochs\":3') WHERE number = 2",
            [],
        )
        .expect("it is written");
}

#[test]
fn killed_in_the_middle_of_a_run_that_run_is_done_again_and_nothing_else() {
    let joulelab = Joulelab::new();
    let mut child = start(&joulelab, &long());
    wait_for_trial(&joulelab, 2);
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    let first = stored(&joulelab);
    assert_eq!(first["sweep"]["status"], "interrupted");
    assert_eq!(statuses(&first), ["done", "running", "planned"]);
    shorten(&joulelab);
    let output = resume(&joulelab);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let after = stored(&joulelab);
    assert_eq!(statuses(&after), ["done"; 3]);
    assert_eq!(
        trials(&after)[0],
        trials(&first)[0],
        "what was done is as it was"
    );
    let again = &trials(&after)[1];
    assert_ne!(again["run_id"], trials(&first)[1]["run_id"]);
    let reason = again["reason"].as_str().expect("it is said");
    assert!(
        reason.contains("done again") && reason.contains("interrupted"),
        "{reason}"
    );
    // Three that count and the one that was cut off, which is kept as what it is.
    let runs = runs(&joulelab);
    assert_eq!(runs.len(), 4);
    let cut = runs
        .iter()
        .find(|run| run["run"]["id"] == trials(&first)[1]["run_id"])
        .expect("it is kept");
    assert_eq!(cut["run"]["status"], "interrupted");
}

#[test]
fn stopped_by_the_user_a_run_goes_on_from_where_it_was() {
    let joulelab = Joulelab::new();
    let mut child = start(&joulelab, &long());
    wait_for_trial(&joulelab, 2);
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let first = stored(&joulelab);
    assert_eq!(first["sweep"]["status"], "stopped");
    assert_eq!(statuses(&first), ["done", "planned", "planned"]);
    let reason = trials(&first)[1]["reason"].as_str().expect("it is said");
    assert!(reason.contains("checkpoint"), "{reason}");
    // Nobody else may begin the same one by mistake, and a changed file is not the same.
    let path = joulelab.folder().join("sweep.toml");
    let path = path.to_str().expect("text");
    let said = joulelab.fails(2, &["sweep", path]);
    assert!(
        said.contains("--resume") && said.contains("1 of 3"),
        "{said}"
    );
    std::fs::write(
        path,
        long().replace(
            "epochs = 2\n",
            "epochs = 2\n[base.regime]\nbatch_size = 32\n",
        ),
    )
    .expect("it is written");
    let said = joulelab.fails(2, &["sweep", path, "--resume", &only_sweep(&joulelab)]);
    assert!(
        said.contains("has changed") && said.contains("base"),
        "{said}"
    );

    let mut child = joulelab
        .command(&["sweep", "--resume", &only_sweep(&joulelab)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let before = runs(&joulelab);
    let epochs_of = |runs: &[Value]| {
        let run = runs
            .iter()
            .find(|run| run["run"]["id"] == trials(&first)[1]["run_id"]);
        run.and_then(|run| run["run"]["epochs"].as_u64())
            .expect("it is there")
    };
    let reached = epochs_of(&before);
    wait_until("the run to go on", || {
        epochs_of(&runs(&joulelab)) > reached + 3
    });
    // A second program may not join in.
    let said = joulelab.fails(5, &["sweep", "--resume", &only_sweep(&joulelab)]);
    assert!(said.contains("another program"), "{said}");
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(runs(&joulelab).len(), 2, "it is still the same run");
}

#[test]
fn a_worker_that_dies_costs_one_trial() {
    let joulelab = Joulelab::new();
    let mut child = start(&joulelab, &long());
    wait_for_trial(&joulelab, 2);
    let workers = std::process::Command::new("pgrep")
        .args(["-P", &child.id().to_string()])
        .output()
        .expect("pgrep is there");
    let worker = text(&workers.stdout);
    let killed = std::process::Command::new("kill")
        .args(["-KILL", worker.trim()])
        .status()
        .expect("kill is there");
    assert!(killed.success(), "one worker for all runs: {worker:?}");
    assert!(child.wait().expect("it ends").success());
    let after = stored(&joulelab);
    assert_eq!(statuses(&after), ["done", "failed", "done"]);
    let reason = trials(&after)[1]["reason"].as_str().expect("it is said");
    assert!(reason.contains("worker died"), "{reason}");
}

/// What a program that was killed between two writes leaves behind.
#[test]
fn every_state_between_two_writes_is_taken_up_rightly() {
    let joulelab = Joulelab::new();
    let short = format!(
        "repeats = 4\norder = \"given\"\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 30\n"
    );
    let whole = swept(&joulelab, &short);
    assert_eq!(statuses(&whole), ["done"; 4]);
    let connection = Connection::open(joulelab.library()).expect("the library");
    let set = |sql: &str| {
        connection.execute(sql, []).expect("it is written");
    };
    set("UPDATE sweeps SET status = 'running', owner_pid = 4194305, finished_at = NULL");
    // 1 is done. 2 ended, which was not written with the trial. 3 was given a run that never began. 4 was never begun.
    set(
        "UPDATE trials SET status = 'running', result_json = NULL, ended_at = NULL WHERE number > 1",
    );
    set("UPDATE trials SET run_id = '20200101-000000-none' WHERE number = 3");
    set("UPDATE trials SET status = 'planned', run_id = NULL, began_at = NULL WHERE number = 4");
    drop(connection);
    let output = resume(&joulelab);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let after = stored(&joulelab);
    assert_eq!(statuses(&after), ["done"; 4]);
    for same in [0, 1] {
        assert_eq!(
            trials(&after)[same]["run_id"],
            trials(&whole)[same]["run_id"]
        );
        assert_eq!(
            trials(&after)[same]["result"],
            trials(&whole)[same]["result"]
        );
    }
    for again in [2, 3] {
        assert_ne!(
            trials(&after)[again]["run_id"],
            trials(&whole)[again]["run_id"]
        );
    }
    assert_eq!(runs(&joulelab).len(), 6);
    // Finished is finished.
    let said = joulelab.fails(2, &["sweep", "--resume", &only_sweep(&joulelab)]);
    assert!(said.contains("nothing to go on with"), "{said}");
}

/// Three runs with a long pause between them.
fn with_pauses() -> String {
    format!(
        "repeats = 3\norder = \"given\"\ncool_down = {{ kind = \"fixed\", seconds = 120 }}\n{BASE}[base.regime.stop]\nsteps = 30\n"
    )
}

/// Waits until trial `number` has a run in the library.
fn wait_for_run(joulelab: &Joulelab, number: usize) {
    wait_until("the run of the trial", || {
        let Ok(connection) = Connection::open(joulelab.library()) else {
            return false;
        };
        let found = connection.query_row(
            "SELECT count(*) FROM trials JOIN runs ON id = run_id WHERE number = ?1",
            [number as i64],
            |row| row.get::<_, i64>(0),
        );
        found.is_ok_and(|count| count == 1)
    });
}

/// Makes the pauses of the stored sweep short, since nobody waits for them.
fn shorten_pauses(joulelab: &Joulelab) {
    let connection = Connection::open(joulelab.library()).expect("the library");
    let changed = connection
        .execute(
            "UPDATE sweeps SET sweep_json = replace(sweep_json, '\"seconds\":120.0', '\"seconds\":0.1')",
            [],
        )
        .expect("it is written");
    assert_eq!(changed, 1);
}

#[test]
fn a_pause_between_runs_ends_with_the_sweep_and_the_run_after_it_is_made() {
    for name in ["-INT", "-KILL"] {
        let joulelab = Joulelab::new();
        let mut child = start(&joulelab, &with_pauses());
        wait_for_run(&joulelab, 2);
        let begun = std::time::Instant::now();
        signal(&child, name);
        child.wait().expect("it ends");
        assert!(begun.elapsed().as_secs() < 100, "it does not wait it out");
        let first = stored(&joulelab);
        assert_eq!(trials(&first)[0]["status"], "done");
        shorten_pauses(&joulelab);
        let output = resume(&joulelab);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        let after = stored(&joulelab);
        assert_eq!(statuses(&after), ["done"; 3], "{name}");
        assert_eq!(trials(&after)[0], trials(&first)[0], "{name}");
        for trial in trials(&after) {
            assert_eq!(trial["result"]["steps"], 30, "{name}: {trial}");
        }
    }
}

#[test]
fn a_second_interrupt_ends_the_run_at_once_and_it_is_made_again() {
    let joulelab = Joulelab::new();
    let mut child = start(&joulelab, &with_pauses());
    wait_for_run(&joulelab, 2);
    signal(&child, "-INT");
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let first = stored(&joulelab);
    assert_eq!(first["sweep"]["status"], "stopped");
    assert_eq!(statuses(&first), ["done", "planned", "planned"]);
    shorten_pauses(&joulelab);
    let output = resume(&joulelab);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(statuses(&stored(&joulelab)), ["done"; 3]);
}

#[test]
fn a_search_in_rungs_goes_on_where_it_was_killed() {
    let joulelab = Joulelab::new();
    let sweep = format!(
        "repeats = 1\norder = \"given\"\ncool_down = {{ kind = \"none\" }}\n\
         searcher = {{ kind = \"successive-halving\", first = {{ steps = 20 }}, energy_weight = 0.0 }}\n\
         {BASE}[base.regime.stop]\nepochs = 1500\n\
         [[axes]]\nfield = \"regime.learning_rate\"\nvalues = [0.01, 0.00001, 0.0000001, 0.0001]\n"
    );
    let mut child = start(&joulelab, &sweep);
    // Rungs of four, two and one: the last is the long one.
    wait_for_trial(&joulelab, 7);
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    let first = stored(&joulelab);
    assert_eq!(trials(&first).len(), 7);
    let made = statuses(&first)[..6].to_vec();
    assert!(
        made.iter()
            .all(|status| ["done", "pruned"].contains(status)),
        "{made:?}"
    );
    let output = resume(&joulelab);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let after = stored(&joulelab);
    assert_eq!(
        trials(&after)[..6],
        trials(&first)[..6],
        "what is done is as it was"
    );
    assert_eq!(trials(&after).len(), 7, "nothing is proposed twice");
    let last = &trials(&after)[6];
    assert_eq!(
        (&last["status"], &last["result"]["epochs"]),
        (&"done".into(), &1500.into())
    );
    assert_eq!(
        last["run_id"],
        trials(&first)[6]["run_id"],
        "it is still the same run"
    );
    let reason = last["reason"].as_str().expect("it is said");
    assert!(
        reason.contains("checkpoint") && reason.contains("twice"),
        "{reason}"
    );
}

#[test]
fn a_search_for_the_batch_size_goes_on_as_if_it_had_not_been_stopped() {
    let sweep = format!(
        "target = 0.5\ncool_down = {{ kind = \"none\" }}\n\
         searcher = {{ kind = \"zeus\", runs = 5, pruning_rounds = 1, stop_at = 1000.0, power_max_w = 200.0, seed = 3 }}\n\
         {BASE}[base.regime]\nbatch_size = 64\nlearning_rate = 0.01\n[base.regime.stop]\nepochs = 40\n\
         [[axes]]\nfield = \"regime.batch_size\"\nvalues = [32, 64, 128]\n"
    );
    let joulelab = Joulelab::new();
    let mut child = start(&joulelab, &sweep);
    wait_for_run(&joulelab, 2);
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    let first = stored(&joulelab);
    let output = resume(&joulelab);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let after = stored(&joulelab);
    assert_eq!(after["sweep"]["status"], "completed");
    let seeds: Vec<u64> = trials(&after)
        .iter()
        .map(|trial| trial["seed"].as_u64().expect("a seed"))
        .collect();
    assert_eq!(seeds, [0, 1, 2, 3, 4], "each run of new chance, and once");
    assert_eq!(trials(&after)[0], trials(&first)[0]);
}
