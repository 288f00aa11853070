//! Sweeps from the command line, with the real worker and simulated meters of 150 W.

use std::path::PathBuf;

use serde_json::Value;

use crate::joulelab::{Joulelab, number, text};

/// A small network that learns digits in well under a second, under a counter that is renewed each millisecond: a run of a few
/// of them has an energy, however fast the machine is.
pub const BASE: &str = "[base]\ndevice = \"cpu\"\n[base.dataset]\nname = \"digits\"\n[base.model]\nkind = \"mlp\"\nhidden = [16]\n\
    [base.measure]\nmeters = [\"simulated:steady,refresh_ms=1\"]\nidle_s = 0.4\nrate_hz = 50.0\n";

/// Writes a sweep file and gives its path.
pub fn write(joulelab: &Joulelab, text: &str) -> PathBuf {
    let path = joulelab.folder().join("sweep.toml");
    std::fs::write(&path, text).expect("it is written");
    path
}

/// Runs a sweep file to its end; sweep and trials as JSON.
pub fn swept(joulelab: &Joulelab, text: &str) -> Value {
    let path = write(joulelab, text);
    joulelab.json(&["sweep", path.to_str().expect("text"), "--json", "--quiet"])
}

pub fn trials(swept: &Value) -> &Vec<Value> {
    swept["trials"].as_array().expect("trials")
}

pub fn statuses(swept: &Value) -> Vec<&str> {
    trials(swept)
        .iter()
        .map(|trial| trial["status"].as_str().expect("a status"))
        .collect()
}

/// Every run of the library.
pub fn runs(joulelab: &Joulelab) -> Vec<Value> {
    let runs = joulelab.json(&["runs", "--json"]);
    runs.as_array().expect("runs").clone()
}

/// What the meter of 150 W told of a trial: the truth lies in its interval, and the figure is off by no more than the counter's
/// millisecond at each edge of a stretch.
fn drew_150_w(trial: &Value) {
    let energy_j = number(trial, "/result/energy_j/value");
    let truth_j = 150.0 * number(trial, "/result/time_s");
    let (low_j, high_j) = (
        number(trial, "/result/energy_j/low"),
        number(trial, "/result/energy_j/high"),
    );
    assert!(
        (low_j..=high_j).contains(&truth_j),
        "{truth_j} J in {low_j} to {high_j}"
    );
    let off_j = (energy_j - truth_j).abs();
    assert!(off_j < 1.5 + 0.01 * truth_j, "{energy_j} J, not {truth_j}");
}

#[test]
fn a_grid_is_run_and_every_trial_is_a_run_with_known_energy() {
    let joulelab = Joulelab::new();
    let swept = swept(
        &joulelab,
        &format!(
            "name = \"small\"\nrepeats = 2\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 400\n\
             [[axes]]\nfield = \"regime.batch_size\"\nvalues = [32, 64]\n"
        ),
    );
    assert_eq!(swept["sweep"]["status"], "completed");
    assert_eq!(statuses(&swept), ["done"; 4]);
    let runs = runs(&joulelab);
    assert_eq!(runs.len(), 4);
    let id = swept["sweep"]["id"].as_str().expect("an identifier");
    for trial in trials(&swept) {
        let run = runs
            .iter()
            .find(|run| run["run"]["id"] == trial["run_id"])
            .expect("its run");
        assert_eq!(run["run"]["setup"]["seed"], trial["seed"]);
        assert_eq!(run["run"]["setup"]["hash"], trial["setup_hash"]);
        assert_eq!(run["run"]["tags"][0], format!("sweep:{id}"));
        drew_150_w(trial);
        assert_eq!(trial["result"]["simulated"], true);
    }
    // Blocks: each setup once before any is run twice.
    let repeats: Vec<u64> = trials(&swept)
        .iter()
        .map(|trial| trial["repeat"].as_u64().expect("a number"))
        .collect();
    assert_eq!(repeats, [0, 0, 1, 1]);
    let listed = joulelab.stdout(&["sweeps"]);
    assert!(listed.contains(id) && listed.contains("4/4"), "{listed}");
    let one = joulelab.stdout(&["sweeps", "small"]);
    assert!(
        one.contains("4 done") && one.contains("batch size 32"),
        "{one}"
    );
}

#[test]
fn the_idle_machine_is_measured_once_and_serves_all_runs() {
    let joulelab = Joulelab::new();
    let swept = swept(
        &joulelab,
        &format!(
            "repeats = 3\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 100\n"
        ),
    );
    let mut measured = 0;
    for trial in trials(&swept) {
        let id = trial["run_id"].as_str().expect("a run");
        let run = joulelab.json(&["show", id, "--json"]);
        let idle_w = number(&run, "/idle_power/0/power_w/value");
        assert!((idle_w - 150.0).abs() < 7.5, "{idle_w}");
        let phases = run["phases"].as_array().expect("phases");
        measured += phases
            .iter()
            .filter(|phase| phase["phase"] == "idle")
            .count();
    }
    assert_eq!(measured, 1);
    // Each by itself where no measurement serves for longer than a run.
    let each = Joulelab::new();
    let swept = self::swept(
        &each,
        &format!(
            "repeats = 2\nidle_valid_s = 0\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 100\n"
        ),
    );
    for trial in trials(&swept) {
        let id = trial["run_id"].as_str().expect("a run");
        let run = each.json(&["show", id, "--json"]);
        assert_eq!(run["phases"][0]["phase"], "idle");
    }
}

#[test]
fn the_pause_between_runs_is_in_the_record() {
    let joulelab = Joulelab::new();
    let fixed = swept(
        &joulelab,
        &format!(
            "repeats = 2\ncool_down = {{ kind = \"fixed\", seconds = 0.3 }}\n{BASE}[base.regime.stop]\nsteps = 50\n"
        ),
    );
    assert!(
        trials(&fixed)[0]["cool_down"].is_null(),
        "nothing to cool down from"
    );
    assert!(number(&trials(&fixed)[1], "/cool_down/waited_s") >= 0.3);
    // A machine that always draws its idle power is near it at once.
    let near = swept(
        &joulelab,
        &format!(
            "repeats = 2\ncool_down = {{ kind = \"near-idle\", at_most_s = 30 }}\n{BASE}[base.regime.stop]\nsteps = 50\n"
        ),
    );
    let cooled = &trials(&near)[1]["cool_down"];
    assert_eq!(cooled["reached"], true, "{cooled}");
    assert!((number(cooled, "/idle_w") - 150.0).abs() < 7.5);
    assert!(number(cooled, "/waited_s") < 30.0);
}

#[test]
fn what_cannot_run_fails_with_its_reason_and_the_rest_goes_on() {
    let joulelab = Joulelab::new();
    let swept = swept(
        &joulelab,
        &format!(
            "repeats = 1\norder = \"given\"\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 50\n\
             [[axes]]\nfield = \"regime.batch_size\"\nvalues = [32, 100000, 64]\n"
        ),
    );
    assert_eq!(statuses(&swept), ["done", "failed", "done"]);
    let reason = trials(&swept)[1]["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("regime.batch_size") && reason.contains("100000"),
        "{reason}"
    );
    let summary = joulelab.stdout(&["sweeps", swept["sweep"]["id"].as_str().expect("text")]);
    assert!(summary.contains("2 done, 1 failed"), "{summary}");
}

#[test]
fn a_target_that_is_missed_is_not_reached_and_never_done() {
    let joulelab = Joulelab::new();
    let path = write(
        &joulelab,
        &format!(
            "target = 0.9999\nrepeats = 1\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 20\n"
        ),
    );
    let output = joulelab.output(&["sweep", path.to_str().expect("text"), "--json", "-q"]);
    assert_eq!(output.status.code(), Some(8), "{}", text(&output.stderr));
    let swept: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(statuses(&swept), ["not-reached"]);
}

#[test]
fn a_dry_run_tells_how_much_it_would_be_and_runs_nothing() {
    let joulelab = Joulelab::new();
    let sweep = format!(
        "repeats = 3\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 300\n\
         [[axes]]\nfield = \"regime.batch_size\"\nvalues = [32, 64, 100000]\n"
    );
    let path = write(&joulelab, &sweep);
    let path = path.to_str().expect("text");
    let said = joulelab.stdout(&["sweep", path, "--dry-run"]);
    assert!(said.contains("9 (grid, 3 combinations, 3 seeds)"), "{said}");
    assert!(said.contains("unknown"), "{said}");
    assert!(
        said.contains("cannot run") && said.contains("100000"),
        "{said}"
    );
    assert!(runs(&joulelab).is_empty());
    assert_eq!(joulelab.json(&["sweeps", "--json"]), serde_json::json!([]));
    // Once there are runs of the device, it tells from them; joules of made-up meters forecast nothing.
    joulelab.train(&["--steps", "200", "-b", "32"]);
    let json = joulelab.json(&["sweep", path, "--dry-run", "--json"]);
    let time_s = number(&json, "/outlook/time_s/value");
    assert!(time_s > 0.0, "{json}");
    assert_eq!(json["outlook"]["trials"], 9);
    // What cannot run takes no time: as much as the sweep without it.
    let without = write(&joulelab, &sweep.replace(", 100000]", "]"));
    let without = without.to_str().expect("text");
    let json = joulelab.json(&["sweep", without, "--dry-run", "--json"]);
    let alone_s = number(&json, "/outlook/time_s/value");
    assert!((time_s / alone_s - 1.0).abs() < 1e-9, "{time_s} {alone_s}");
}

#[test]
fn much_is_asked_for_first() {
    let joulelab = Joulelab::new();
    let sweep = format!(
        "repeats = 3\ncool_down = {{ kind = \"none\" }}\n[consent]\nruns = 2\n{BASE}[base.regime.stop]\nsteps = 10\n"
    );
    let path = write(&joulelab, &sweep);
    let path = path.to_str().expect("text");
    let said = joulelab.fails(2, &["sweep", path]);
    assert!(
        said.contains("3 runs, above 2") && said.contains("--yes"),
        "{said}"
    );
    let swept = joulelab.json(&["sweep", path, "--yes", "--json", "-q"]);
    assert_eq!(statuses(&swept), ["done"; 3]);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_run() {
    let joulelab = Joulelab::new();
    let said = |text: &str| {
        let path = write(&joulelab, text);
        joulelab.fails(2, &["sweep", path.to_str().expect("text")])
    };
    let unknown = said("[[axes]]\nfield = \"regime.batchsize\"\nvalues = [1]\n");
    assert!(unknown.contains("did you mean `batch_size`"), "{unknown}");
    let many = said(
        "[[axes]]\nfield = \"regime.learning_rate\"\nlinear = { from = 0.1, to = 0.9, count = 1000000 }\n",
    );
    assert!(many.contains("3000000 trials"), "{many}");
    let none = joulelab.fails(2, &["sweep", "paper-digts"]);
    assert!(none.contains("did you mean `paper-digits`"), "{none}");
    assert!(runs(&joulelab).is_empty());
}

#[test]
fn halving_goes_on_with_its_runs_and_says_what_was_pruned() {
    let joulelab = Joulelab::new();
    let swept = swept(
        &joulelab,
        &format!(
            "repeats = 1\ncool_down = {{ kind = \"none\" }}\n\
             searcher = {{ kind = \"successive-halving\", first = {{ steps = 40 }}, energy_weight = 0.0 }}\n\
             {BASE}[base.regime.stop]\nsteps = 300\n\
             [[axes]]\nfield = \"regime.learning_rate\"\nvalues = [0.01, 0.00001, 0.0000001, 0.0001]\n"
        ),
    );
    assert_eq!(swept["sweep"]["status"], "completed");
    // Rungs of 4, 2 and 1 trials; four runs, of which each goes on where it stopped.
    assert_eq!(trials(&swept).len(), 7);
    assert_eq!(runs(&joulelab).len(), 4);
    assert_eq!(swept["sweep"]["found"]["combination"], 0);
    let last = &trials(&swept)[6];
    assert_eq!(number(last, "/result/steps"), 300.0);
    let of_run: Vec<f64> = trials(&swept)
        .iter()
        .filter(|trial| trial["run_id"] == last["run_id"])
        .map(|trial| number(trial, "/result/steps"))
        .collect();
    assert_eq!(of_run, [40.0, 80.0, 300.0]);
    let pruned: Vec<&str> = trials(&swept)
        .iter()
        .filter(|trial| trial["status"] == "pruned")
        .map(|trial| trial["reason"].as_str().expect("a reason"))
        .collect();
    assert_eq!(pruned.len(), 3, "{pruned:?}");
    assert!(pruned.iter().all(|reason| reason.contains("score")));
    // The energy of a run that goes on is that of all its rungs: 150 W over all its seconds.
    drew_150_w(last);
}

#[test]
fn zeus_runs_from_the_default_and_tells_its_best() {
    let joulelab = Joulelab::new();
    let swept = swept(
        &joulelab,
        &format!(
            "target = 0.8\ncool_down = {{ kind = \"none\" }}\n\
             searcher = {{ kind = \"zeus\", runs = 8, pruning_rounds = 1, stop_at = 50.0, power_max_w = 200.0 }}\n\
             {BASE}[base.regime]\nbatch_size = 64\nlearning_rate = 0.01\n[base.regime.stop]\nepochs = 20\n\
             [[axes]]\nfield = \"regime.batch_size\"\nvalues = [32, 64, 128]\n"
        ),
    );
    let batches: Vec<u64> = trials(&swept)
        .iter()
        .map(|trial| trial["values"][0]["value"].as_u64().expect("a batch size"))
        .collect();
    assert_eq!(batches.len(), 8);
    assert_eq!(batches[..3], [64, 32, 128]);
    let found = swept["sweep"]["found"]["text"]
        .as_str()
        .expect("a sentence");
    assert!(found.contains("least mean cost"), "{found}");
    let stops = trials(&swept)[1]["plan"]["stop_at"]["cost_j"].as_f64();
    assert!(stops.is_some_and(|cost_j| cost_j > 0.0));
}

#[test]
fn the_sweeps_that_come_along_can_be_listed_printed_and_changed() {
    let joulelab = Joulelab::new();
    let listed = joulelab.stdout(&["sweep", "--shipped"]);
    assert!(
        listed.contains("paper-digits") && listed.contains("paper-cifar10"),
        "{listed}"
    );
    let printed = joulelab.stdout(&["sweep", "paper-digits", "--print"]);
    assert!(
        printed.starts_with('#') && printed.contains("regime.batch_size"),
        "{printed}"
    );
    let output = joulelab.output(&[
        "sweep",
        "activation-digits",
        "--json",
        "-q",
        "--device",
        "cpu",
        "--set",
        "regime.stop.epochs=1",
        "--set",
        "measure.idle_s=0",
        "--meter",
        "simulated:steady",
        "--yes",
    ]);
    // One epoch is too few for the target.
    assert_eq!(output.status.code(), Some(8), "{}", text(&output.stderr));
    let swept: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(trials(&swept).len(), 30);
    assert_eq!(statuses(&swept), ["not-reached"; 30]);
}
