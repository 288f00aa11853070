//! From the command line: what is stored of a start, and what is refused.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::fixture;

/// The program with a library of its own and simulated meters.
pub struct Program {
    folder: TempDir,
}

impl Program {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn library(&self) -> PathBuf {
        self.folder.path().join("library.sqlite")
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_joulelab"));
        command
            .args(arguments)
            .arg("--library")
            .arg(self.library())
            .current_dir(self.folder.path())
            .env("JOULELAB_DATA", self.folder.path().join("data"))
            .env("JOULELAB_SYSFS_ROOT", self.folder.path().join("no-sysfs"))
            .env("JOULELAB_NVML_LIBRARY", self.folder.path().join("no-nvml"));
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

    /// Code and words of a command that must fail.
    pub fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.output(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), words)
    }

    /// A short run on the CPU; everything that is stored of it.
    pub fn train(&self, arguments: &[&str]) -> Value {
        let mut all = vec![
            "run",
            "--json",
            "-q",
            "--device",
            "cpu",
            "--idle",
            "0",
            "--meter",
            "simulated:steady,refresh_ms=1",
            "-m",
            "mlp",
            "--hidden",
            "12,8",
            "-e",
            "2",
        ];
        all.extend(arguments);
        self.json(&all)
    }
}

pub fn id(details: &Value) -> &str {
    details["run"]["id"].as_str().unwrap()
}

#[test]
fn a_run_keeps_what_it_started_from_and_its_ancestors() {
    let program = Program::new();
    let first = program.train(&["--name", "first"]);
    assert!(first["start"].is_null() && first["run"]["parent_id"].is_null());
    assert_eq!(first["ancestors"], serde_json::json!([]));
    let second = program.train(&["--start", "first", "--seed", "1"]);
    let third = program.train(&["--start", id(&second), "--train-layers", "head"]);

    // A name was given, an identifier is kept: the hash does not hang on a name.
    let setup: Value =
        serde_json::from_str(second["run"]["setup"]["json"].as_str().unwrap()).unwrap();
    assert_eq!(setup["start"]["run"], first["run"]["id"]);
    assert_eq!(second["run"]["parent_id"], first["run"]["id"]);
    assert_eq!(third["run"]["parent_id"], second["run"]["id"]);
    assert_eq!(third["start"]["origin"]["step"], second["run"]["steps"]);
    assert_eq!(third["start"]["new_numbers"], 0);
    let ancestors = third["ancestors"].as_array().unwrap();
    assert_eq!(ancestors.len(), 2);
    for (ancestor, run) in ancestors.iter().zip([&second, &first]) {
        assert_eq!(ancestor["run_id"], run["run"]["id"]);
        assert_eq!(ancestor["training"], run["training"]);
        assert_eq!(ancestor["is_here"], true);
    }
    let shown = program.stdout(&["show", id(&third)]);
    assert!(
        shown.contains("hidden.0.weight") && shown.contains("taken"),
        "{shown}"
    );
}

#[test]
fn what_cannot_be_started_from_leaves_no_run() {
    let program = Program::new();
    let run = |arguments: &[&str]| {
        let mut all = vec![
            "run", "-q", "--device", "cpu", "--idle", "0", "-m", "mlp", "-e", "1",
        ];
        all.extend(arguments);
        program.refused(&all)
    };
    let hostile = fixture("hostile.pt");
    let foreign = fixture("gru.safetensors");
    for (arguments, code, word) in [
        (vec!["--start", "nobody"], 5, "nobody"),
        (vec!["--start-file", "missing.pt"], 5, "missing.pt"),
        (
            vec!["--start-file", hostile.to_str().unwrap()],
            5,
            "no tensor",
        ),
        (
            vec!["--start-file", foreign.to_str().unwrap()],
            2,
            "start.rename",
        ),
        (vec!["--freeze", "hidden,head"], 2, "no layer is left"),
        (vec!["--freeze", "stem"], 2, "hidden.0, head"),
        (vec!["--set", "start.key=x"], 2, "start.run or start.file"),
    ] {
        let (found, words) = run(&arguments);
        assert_eq!(found, code, "{arguments:?}: {words}");
        assert!(words.contains(word), "{arguments:?}: {words}");
    }
    assert_eq!(program.json(&["runs", "--json"]), serde_json::json!([]));

    // A run without a checkpoint on the disk.
    let first = program.train(&[
        "--set",
        "checkpoint.at_end=false",
        "--set",
        "checkpoint.every_s=1e9",
    ]);
    let (code, words) = run(&["--start", id(&first)]);
    assert_eq!(code, 5);
    assert!(words.contains("no checkpoint"), "{words}");
}

#[test]
fn frozen_layers_cost_fewer_operations() {
    let program = Program::new();
    let all = program.train(&[]);
    let head = program.train(&["--train-layers", "head"]);
    let flop = |details: &Value| details["run"]["flops_per_sample"].as_f64().unwrap();
    // Forward, twice for the first layer and three times for the others: 64·12, 12·8, 8·10 weights with bias, two activations.
    let (first, hidden, last) = (2 * 768 + 12 + 12, 2 * 96 + 8 + 8, 2 * 80 + 10);
    assert_eq!(flop(&head), f64::from(first + hidden + 2 * last));
    assert!(flop(&all) > 2.0 * flop(&head));
}

#[test]
fn energies_are_told_alone_whole_and_shared() {
    let program = Program::new();
    let first = program.train(&["--name", "first"]);
    let second = program.train(&["--start", "first", "--target", "0.1"]);
    let joules = |details: &Value| {
        let path = "/training/0/figure/energy_j/value";
        details.pointer(path).and_then(Value::as_f64).unwrap()
    };
    let (own, parent) = (joules(&second), joules(&first));
    let shown = program.json(&["show", id(&second), "--json", "--uses", "4"]);
    let of = |at: usize| shown["lineage"]["energies"][at]["energy_j"]["value"].as_f64();
    assert_eq!(of(0), Some(own));
    for (at, expected) in [(1, own + parent), (2, own + parent / 4.0)] {
        let found = of(at).unwrap();
        assert!((found - expected).abs() <= 1e-9, "{found} {expected}");
    }
    assert_eq!(shown["lineage"]["reaches_target"], true);

    let output = program.output(&["delete", "first"]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        words.contains("in 1 of the runs that stay") && words.contains(id(&second)),
        "{words}"
    );
    let text = program.stdout(&["show", id(&second), "--uses", "4"]);
    assert!(text.contains("deleted since"), "{text}");
    assert!(text.contains("energy to the target\n  its own: "), "{text}");
    assert!(
        text.contains("with the ancestry shared among 4 uses: "),
        "{text}"
    );
    let (code, words) = program.refused(&["run", "--start", id(&first)]);
    assert_eq!(code, 5, "{words}");
    assert!(words.contains("joulelab restore"), "{words}");

    let analysed = |ancestry: &str| {
        let all = [
            "analyse",
            "--runs",
            id(&second),
            "--json",
            "--ancestry",
            ancestry,
        ];
        let json = program.json(&all);
        json.pointer("/setups/0/energy_j/estimate/value")
            .and_then(Value::as_f64)
            .unwrap()
    };
    for (ancestry, expected) in [
        ("own", own),
        ("whole", own + parent),
        ("4", own + parent / 4.0),
    ] {
        let found = analysed(ancestry);
        assert!(
            (found - expected).abs() <= 1e-9,
            "{ancestry}: {found} {expected}"
        );
    }
    assert_eq!(
        program.refused(&["analyse", "--runs", "--ancestry", "0"]).0,
        2
    );
}
