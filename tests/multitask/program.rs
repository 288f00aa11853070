//! From the command line: what is stored of heads, what is told of them, and joint against separate runs.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The program with a library of its own and simulated meters.
pub struct Program(TempDir);

impl Program {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_joulelab"));
        command
            .args(arguments)
            .arg("--library")
            .arg(self.path("library.sqlite"))
            .current_dir(self.0.path())
            .env("JOULELAB_DATA", self.path("data"))
            .env("JOULELAB_SYSFS_ROOT", self.path("no-sysfs"))
            .env("JOULELAB_NVML_LIBRARY", self.path("no-nvml"));
        command.output().unwrap()
    }

    pub fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.stdout(arguments)).unwrap()
    }

    /// The CSV of a run.
    fn export(&self, format: &str, run: &str) -> String {
        let path = self.path(&format!("{format}.csv"));
        let name = path.to_str().unwrap();
        self.stdout(&["export", "-f", format, "-o", name, run]);
        std::fs::read_to_string(path).unwrap()
    }

    /// Code and words of a command that must fail.
    pub fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.output(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), words)
    }

    /// A run on the CPU under a name.
    pub fn train(&self, name: &str, arguments: &[&str]) {
        let mut all = vec![
            "run",
            "-q",
            "--device",
            "cpu",
            "--idle",
            "0",
            "--rate",
            "50",
            "--meter",
            "simulated:steady,refresh_ms=1",
            "-m",
            "mlp",
            "--hidden",
            "32",
            "-e",
            "15",
            "-b",
            "32",
            "--name",
            name,
        ];
        all.extend(arguments);
        self.stdout(&all);
    }
}

fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader
        .headers()
        .unwrap()
        .iter()
        .position(|of| of == name)
        .unwrap();
    let rows = reader.records().map(|row| row.unwrap()[at].to_owned());
    rows.collect()
}

#[test]
fn heads_are_stored_shown_and_exported_each_by_itself() {
    let program = Program::new();
    program.train(
        "both",
        &[
            "--heads",
            "digit,parity",
            "--weighting",
            "uncertainty",
            "-t",
            "0.8",
        ],
    );
    let shown = program.json(&["show", "both", "--json"]);
    assert_eq!(shown["run"]["target_reached"], true);
    let heads = shown["summary"]["json"]["heads"].as_array().unwrap();
    let names: Vec<&str> = heads
        .iter()
        .map(|head| head["head"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["digit", "parity"]);
    let epochs = shown["epochs"].as_array().unwrap();
    let last = &epochs.last().unwrap()["heads"];
    let mut worst = f64::INFINITY;
    for (head, last) in heads.iter().zip(last.as_array().unwrap()) {
        assert_eq!(head["value"], last["value"]);
        assert!(head["value"].as_f64().unwrap() >= 0.8);
        assert_eq!(
            (&head["target"], &head["target_reached"]),
            (&0.8.into(), &true.into())
        );
        assert!(head["weight"].as_f64().unwrap() != 1.0, "it was learnt");
        worst = worst.min(head["value"].as_f64().unwrap());
    }
    assert_eq!(shown["run"]["metrics"]["final_test_metric"], worst);

    let text = program.stdout(&["show", "both"]);
    for part in [
        "reached by every head",
        "of the head with the lowest",
        "accuracy by head",
        "digit train",
        "mean cross-entropy by head",
        "· training ",
        "  parity",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let runs = program.export("runs", "both");
    let told: Value = serde_json::from_str(&column(&runs, "heads")[0]).unwrap();
    assert_eq!(told, Value::Array(heads.clone()));
    assert_eq!(column(&runs, "setup_multitask_weighting"), ["uncertainty"]);
    let csv = program.export("epochs", "both");
    let of_epochs = column(&csv, "test_heads");
    assert_eq!(of_epochs.len(), epochs.len());
    for (cell, epoch) in of_epochs.iter().zip(epochs) {
        assert_eq!(serde_json::from_str::<Value>(cell).unwrap(), epoch["heads"]);
    }
    let setup = program.stdout(&["show", "both", "--setup"]);
    assert!(setup.contains("[[multitask.heads]]"), "{setup}");
}

#[test]
fn joint_and_separate_runs_are_compared_at_equal_targets() {
    let program = Program::new();
    for seed in ["0", "1"] {
        let target = ["-t", "0.8", "-s", seed];
        let with = |heads: &[&'static str]| [heads, &target[..]].concat();
        program.train(&format!("both{seed}"), &with(&["--heads", "digit,parity"]));
        // A run of the set's own label, and one of a single head.
        program.train(&format!("digit{seed}"), &with(&[]));
        program.train(&format!("parity{seed}"), &with(&["--heads", "parity"]));
    }
    let separate = ["--separate", "digit0", "digit1", "parity0", "parity1"];
    let all = [&["multitask", "--joint", "both0", "both1"], &separate[..]].concat();
    let found = program.json(&[&all[..], &["--json"]].concat());
    let comparison = &found["comparison"];
    let at = |path: &str| comparison.pointer(path).and_then(Value::as_f64).unwrap();
    // Two networks of 64·32 + 32 numbers before their heads, against one.
    let trunk = 64.0 * 32.0 + 32.0;
    let (digit, parity) = (33.0 * 10.0, 33.0 * 2.0);
    assert_eq!(at("/joint/parameters"), trunk + digit + parity);
    assert_eq!(at("/separate/parameters"), 2.0 * trunk + digit + parity);
    let ratio = at("/joint/energy_j/estimate/value") / at("/separate/energy_j/estimate/value");
    assert!((at("/energy/estimate/value") - ratio).abs() < 1e-9);
    let of_runs = |branch: &str| -> f64 {
        let runs = found[branch].as_array().unwrap().iter();
        runs.map(|run| run["energy_j"]["value"].as_f64().unwrap())
            .sum()
    };
    assert!(
        (of_runs("separate_runs") / 2.0 - at("/separate/energy_j/estimate/value")).abs() < 1e-9
    );
    assert!((of_runs("joint_runs") / 2.0 - at("/joint/energy_j/estimate/value")).abs() < 1e-9);
    for task in comparison["tasks"].as_array().unwrap() {
        assert_eq!(task["joint_reached"], serde_json::json!([2, 2]), "{task}");
        assert_eq!(task["target"], 0.8);
    }
    let text = program.stdout(&all);
    for part in ["parity alone", "joint ÷ separate", "joint − separate"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(at("/energy/estimate/low") <= ratio && ratio <= at("/energy/estimate/high"));
    let row = |text: &str| {
        let row = text.lines().find(|line| line.starts_with("time "));
        row.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert!(
        row(&text).ends_with(')') && row(&text).contains(" to "),
        "{text}"
    );
    // What chance does is not known of one seed: no interval, and none of no width.
    let one = [
        "multitask",
        "--joint",
        "both0",
        "--separate",
        "digit0",
        "parity0",
    ];
    let text = program.stdout(&one);
    assert!(!row(&text).contains(" to "), "{text}");
    assert!(text.contains("the ratio has no interval"), "{text}");
    let found = program.json(&[&one[..], &["--json"]].concat());
    for of in ["energy", "time"] {
        let estimate = &found["comparison"][of]["estimate"];
        assert!(estimate["value"].as_f64() > Some(0.0), "{estimate}");
        assert!(
            estimate["low"].is_null() && estimate["high"].is_null(),
            "{estimate}"
        );
    }
    let (code, words) = program.refused(&["multitask", "--joint", "both0", "--separate", "digit0"]);
    assert!(
        code == 2 && words.contains("no separate run learns `parity`"),
        "{code}: {words}"
    );
}

#[test]
fn a_head_without_labels_is_refused_before_anything_is_done() {
    let program = Program::new();
    let (code, words) = program.refused(&["run", "--device", "cpu", "--heads", "digit,colour"]);
    assert_eq!(code, 2);
    assert!(
        words.contains("a label that the samples of this dataset have: digit, parity"),
        "{words}"
    );
    assert_eq!(program.json(&["runs", "--json"]), serde_json::json!([]));
    let info = program.stdout(&["info", "--heads", "digit,parity"]);
    assert!(
        info.contains("labels for --heads, with classes: digit (10), parity (2)"),
        "{info}"
    );
    assert!(info.contains("head.parity"), "{info}");
}

#[test]
fn answers_are_checked_head_by_head_and_networks_compared_side_by_side() {
    let program = Program::new();
    program.train("both", &["--heads", "digit,parity", "-s", "1"]);
    program.train("digit", &["-s", "1"]);
    program.train("parity", &["--heads", "parity", "-s", "1"]);
    let quick = [
        "--window",
        "0.3",
        "--warm-up",
        "0.1",
        "--idle",
        "0",
        "--interval",
        "0.5",
        "-b",
        "16",
        "-q",
    ];
    let meter = [
        "--meter",
        "simulated:steady,watts=80,error_percent=3,refresh_ms=1",
    ];
    let infer = |runs: &[&'static str]| [&["infer"], runs, &quick[..], &meter[..]].concat();
    let told = program.json(&[&infer(&["both"])[..], &["--json"]].concat());
    let one = &told["inferences"][0];
    let shown = program.json(&["show", "both", "--json"]);
    let of_run = shown["epochs"].as_array().unwrap().last().unwrap()["heads"].clone();
    for at in [0, 1] {
        let (head, of_run) = (&one["heads"][at], &of_run[at]);
        assert_eq!(
            (&head["head"], &head["run_value"]),
            (&of_run["head"], &of_run["value"])
        );
        let [a, b] = [&head["value"], &of_run["value"]].map(|value| value.as_f64().unwrap());
        assert!((a - b).abs() < 1e-6 && head["agrees"] == true, "{head}");
    }
    let text = program.stdout(&["infer", "both", "--stored"]);
    assert!(text.contains("head parity: accuracy"), "{text}");
    assert!(
        text.contains("the answers of every head are those of the run"),
        "{text}"
    );

    let all = program.json(&[&infer(&["both", "digit", "parity"])[..], &["--json"]].concat());
    let runs = all["runs"].as_array().unwrap();
    let energy = |at: usize, of: &str| runs[at]["inferences"][0]["energy_j"][of].as_f64().unwrap();
    let against = &all["against"][0];
    assert_eq!(against["joint"], runs[0]["run"]);
    assert_eq!(
        against["separate"],
        serde_json::json!([runs[1]["run"], runs[2]["run"]])
    );
    let at = &against["at_once"][0];
    let sum = at["separate"]["energy_j"]["value"].as_f64().unwrap();
    assert!((sum - energy(1, "value") - energy(2, "value")).abs() < 1e-9);
    let ratio = &at["energy"];
    let number = |of: &str| ratio[of].as_f64().unwrap();
    assert!((number("value") - energy(0, "value") / sum).abs() < 1e-9);
    assert!(number("low") < number("value") && number("value") < number("high"));
    // One meter read all of them, so that its error is in no ratio: what is left is the spread over windows.
    let spread = |at: usize| {
        let one = &runs[at]["inferences"][0];
        one["spread_j"].as_f64().unwrap() / one["energy_j"]["value"].as_f64().unwrap()
    };
    let widest = (number("high") / number("value")).ln();
    assert!(
        widest < spread(0) + spread(1) + spread(2) + 0.01,
        "{widest} {all:#}"
    );
    let trunk = 64 * 32 + 32;
    let (digit, parity) = (33 * 10, 33 * 2);
    assert_eq!(
        against["parameters"],
        serde_json::json!([trunk + digit + parity, 2 * trunk + digit + parity])
    );
    assert_eq!(against["tasks"][1]["name"], "parity");
    assert_eq!(
        against["tasks"][1]["separate"],
        runs[2]["inferences"][0]["heads"][0]["value"]
    );
    assert_eq!(
        against["tasks"][0]["separate"],
        runs[1]["inferences"][0]["value"]
    );

    let stored = ["infer", "both", "digit", "parity", "--stored"];
    let text = program.stdout(&stored);
    for part in [
        "= digit + parity",
        "both against digit, parity",
        "energy joint ÷ separate",
        "joint − separate",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let csv = program.stdout(&[&stored[..], &["--csv", "-"]].concat());
    // `both` was asked twice.
    assert_eq!(column(&csv, "schema"), ["inferences/2"; 5]);
    // The last digit of a number that went through JSON may be another.
    let told = column(&csv, "per_1000_j")[4].parse::<f64>().unwrap();
    assert!((told / sum - 1.0).abs() < 1e-12, "{told} {sum}");
    assert!(column(&csv, "sum_of_runs")[4].contains(runs[2]["run"].as_str().unwrap()));
    let heads: Value = serde_json::from_str(&column(&csv, "heads")[0]).unwrap();
    assert_eq!(heads, runs[0]["inferences"][0]["heads"]);
    assert_eq!(column(&csv, "labels")[0], "digit parity");

    let text = program.stdout(&["infer", "both", "digit", "--stored"]);
    assert!(
        text.contains("no run among these answers `parity` by itself"),
        "{text}"
    );
    let (code, words) = program.refused(&["infer", "both", "both", "--stored"]);
    assert!(
        code == 2 && words.contains("named twice"),
        "{code}: {words}"
    );

    // A record that says something else of one head: nothing is kept of answers that are not those of the run.
    let library = rusqlite::Connection::open(program.path("library.sqlite")).unwrap();
    let changed = "UPDATE epochs SET test_heads = json_set(test_heads, '$[1].value', 0.25) WHERE test_heads IS NOT NULL";
    assert!(library.execute(changed, []).unwrap() > 0);
    let (code, words) = program.refused(&infer(&["both"]));
    assert_eq!(code, 6, "{words}");
    assert!(
        words.contains("head parity: accuracy") && words.contains("25.00 %"),
        "{words}"
    );
    assert!(!words.contains("head digit"), "{words}");
}

#[test]
fn heads_on_labels_of_one_class_are_refused_in_words() {
    let program = Program::new();
    let rows: String = (0..40)
        .map(|at| format!("{at},{},same\n", at % 7))
        .collect();
    std::fs::write(program.path("one.csv"), format!("a,b,kind\n{rows}")).unwrap();
    let (code, words) = program.refused(&[
        "run",
        "-q",
        "--device",
        "cpu",
        "--idle",
        "0",
        "-d",
        "csv",
        "--set",
        "dataset.file=one.csv",
        "-m",
        "mlp",
        "--heads",
        "kind",
    ]);
    assert!(code != 0 && words.contains("class"), "{code}: {words}");
    assert_eq!(program.json(&["runs", "--json"]), serde_json::json!([]));
}
