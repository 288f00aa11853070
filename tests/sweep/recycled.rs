//! Sweeps whose runs start from those of another sweep, and sweeps of joint and separate learning.

use serde_json::Value;

use crate::joulelab::Joulelab;
use crate::running::{BASE, statuses, swept, trials, write};

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .expect("a text")
}

/// Two seeds of a network that is called by its seed.
fn pretrained(joulelab: &Joulelab) -> Value {
    swept(
        joulelab,
        &format!(
            "run_names = \"base-{{seed}}\"\nrepeats = 2\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 200\n"
        ),
    )
}

/// From nothing, and from those.
fn from_both() -> String {
    format!(
        "name = \"both\"\nrepeats = 2\ntarget = 0.5\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nepochs = 40\n\
         [[axes]]\nfield = \"start\"\nvalues = [\"none\", {{ run = \"base-{{seed}}\" }}]\n\
         [[axes]]\nfield = \"regime.layers.train\"\nvalues = [\"all\", \"gradual\"]\nwhen = {{ \"start.run\" = \"base-{{seed}}\" }}\n"
    )
}

#[test]
fn each_seed_starts_from_a_run_of_its_own() {
    let joulelab = Joulelab::new();
    let before = pretrained(&joulelab);
    assert_eq!(statuses(&before), ["done"; 2]);
    let after = swept(&joulelab, &from_both());
    assert_eq!(statuses(&after), ["done"; 6]);
    let mut started = 0;
    for trial in trials(&after) {
        let run = joulelab.json(&["show", text(trial, "/run_id"), "--json"]);
        let from = &trial["values"][0]["value"];
        if from == "none" {
            assert!(run["run"]["parent_id"].is_null(), "{run}");
            continue;
        }
        started += 1;
        let of_seed = trials(&before)
            .iter()
            .find(|other| other["seed"] == trial["seed"])
            .expect("a run of this seed");
        assert_eq!(run["run"]["parent_id"], of_seed["run_id"]);
    }
    assert_eq!(started, 4);
    // The seed in the name does not make a setup of each seed.
    let groups = |train: &str| {
        let mut hashes: Vec<&str> = trials(&after)
            .iter()
            .filter(|trial| trial["values"][1]["value"] == train)
            .map(|trial| text(trial, "/group_hash"))
            .collect();
        hashes.dedup();
        hashes
    };
    assert_eq!(groups("all").len(), 1);
    assert_eq!(groups("gradual").len(), 1);

    let analysed = joulelab.json(&["analyse", "both", "--json"]);
    let setups = analysed["setups"].as_array().expect("setups");
    assert_eq!(setups.len(), 3, "{analysed}");
    let told = joulelab.stdout(&["lifecycle", "--sweep", "both"]);
    for words in ["start base-{seed}", "train gradual", "pretraining"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let lives = joulelab.json(&["lifecycle", "--sweep", "both", "--json"]);
    let lives = lives["setups"].as_array().expect("a life for each setup");
    assert_eq!(lives.len(), 2);
    // What was learnt before is the mean of what both seeds took.
    let energies: Vec<f64> = trials(&before)
        .iter()
        .filter_map(|trial| trial.pointer("/result/energy_j/value")?.as_f64())
        .collect();
    let mean_j = (energies[0] + energies[1]) / 2.0;
    for life in lives {
        assert_eq!(life["life"]["pretraining"]["runs"], 2);
        let told_j = life["life"]["pretraining"]["energy_j"]["value"]
            .as_f64()
            .expect("joules");
        assert!((told_j - mean_j).abs() < 1e-6 * mean_j, "{told_j} {mean_j}");
        assert_eq!(life["life"]["scratch"]["runs"], 2);
    }

    // A file for each setup; all of them or none.
    let csv = joulelab.folder().join("life.csv");
    let plots = joulelab.folder().join("plots");
    let [csv, plots] = [&csv, &plots].map(|path| path.to_str().expect("text"));
    let written = ["lifecycle", "--sweep", "both", "--csv", csv];
    joulelab.stdout(&written);
    for number in [1, 2] {
        let path = joulelab.folder().join(format!("life-{number}.csv"));
        let table = std::fs::read_to_string(path).expect("it is there");
        assert!(
            table.starts_with("schema,") && table.contains("pretraining"),
            "{table}"
        );
    }
    let refused = joulelab.fails(5, &[&written[..], &["--plots", plots]].concat());
    assert!(refused.contains("--force"), "{refused}");
    assert!(!joulelab.folder().join("plots-1").exists());
    joulelab.stdout(&[&written[..], &["--plots", plots, "--force"]].concat());
    for file in ["plots-1/break-even.svg", "plots-2/stages.png"] {
        assert!(joulelab.folder().join(file).exists(), "{file}");
    }
}

#[test]
fn each_seed_has_a_teacher_of_its_own() {
    let joulelab = Joulelab::new();
    let before = pretrained(&joulelab);
    let after = swept(
        &joulelab,
        &format!(
            "repeats = 2\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nsteps = 60\n\
             [[axes]]\nfield = \"distil\"\nvalues = [\"none\", {{ teacher = \"base-{{seed}}\" }}]\n"
        ),
    );
    assert_eq!(statuses(&after), ["done"; 4]);
    for trial in trials(&after) {
        let run = joulelab.json(&["show", text(trial, "/run_id"), "--json"]);
        let ancestors = run["ancestors"].as_array().expect("ancestors");
        if trial["values"][0]["value"] == "none" {
            assert!(ancestors.is_empty(), "{run}");
            continue;
        }
        let of_seed = trials(&before)
            .iter()
            .find(|other| other["seed"] == trial["seed"])
            .expect("a run of this seed");
        assert_eq!(ancestors.len(), 1);
        assert_eq!(ancestors[0]["run_id"], of_seed["run_id"]);
    }
}

#[test]
fn a_run_that_others_start_from_is_looked_for_before_the_sweep_begins() {
    let joulelab = Joulelab::new();
    let taught = format!(
        "{BASE}[[axes]]\nfield = \"distil\"\nvalues = [\"none\", {{ teacher = \"base-{{seed}}\" }}]\n"
    );
    for (text, field) in [(from_both(), "start.run"), (taught, "distil.teacher")] {
        let path = write(&joulelab, &text);
        let path = path.to_str().expect("text");
        for flags in [&["--dry-run"][..], &["--quiet"]] {
            let refused = joulelab.fails(2, &[&["sweep", path], flags].concat());
            assert!(
                refused.contains(field) && refused.contains("base-0"),
                "{refused}"
            );
        }
    }
    let refused = joulelab.fails(2, &["sweep", "transfer-shapes", "--dry-run"]);
    assert!(
        refused.contains("`joulelab sweep pretrain-shapes` makes it"),
        "{refused}"
    );
    let sweeps = joulelab.json(&["sweeps", "--json"]);
    assert_eq!(sweeps, serde_json::json!([]));
}

#[test]
fn joint_and_separate_setups_of_a_sweep_are_compared() {
    let joulelab = Joulelab::new();
    let swept = swept(
        &joulelab,
        &format!(
            "name = \"heads\"\nrepeats = 3\ntarget = 0.4\ncool_down = {{ kind = \"none\" }}\n{BASE}[base.regime.stop]\nepochs = 40\n\
             [[axes]]\nfield = \"multitask\"\nvalues = [\
             {{ heads = [{{ label = \"digit\" }}, {{ label = \"parity\" }}] }}, \
             {{ heads = [{{ label = \"digit\" }}, {{ label = \"parity\" }}], weighting = \"uncertainty\" }}, \
             {{ heads = [{{ label = \"digit\" }}] }}, {{ heads = [{{ label = \"parity\" }}] }}]\n"
        ),
    );
    assert_eq!(statuses(&swept), ["done"; 12]);
    let told = joulelab.stdout(&["multitask", "--sweep", "heads"]);
    for words in ["digit + parity", "weighting uncertainty", "digit alone"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let compared = joulelab.json(&["multitask", "--sweep", "heads", "--json"]);
    let compared = compared["setups"].as_array().expect("both");
    assert_eq!(compared.len(), 2);
    for one in compared {
        assert_eq!(one["joint_runs"].as_array().map(Vec::len), Some(3));
        assert_eq!(one["separate_runs"].as_array().map(Vec::len), Some(6));
        assert!(one["comparison"]["energy"]["estimate"]["value"].is_number());
    }
}
