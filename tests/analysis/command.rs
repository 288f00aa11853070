//! The whole path through the command line: train, analyse, write.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub struct Joulelab {
    folder: tempfile::TempDir,
}

impl Joulelab {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn output(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_joulelab"))
            .args(arguments)
            .args(["--library", &self.path("library.sqlite")])
            .stdin(Stdio::null())
            .output()
            .expect("joulelab starts")
    }

    pub fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "joulelab {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            output.status.code(),
            Some(code),
            "joulelab {arguments:?}: {said}"
        );
        assert!(!said.contains("panicked"), "{said}");
        said
    }

    /// Trains on a simulated meter of known power, for so many epochs.
    fn train(&self, batch: &str, seed: &str) {
        self.stdout(&[
            "run",
            "--quiet",
            "--device",
            "cpu",
            "--idle",
            "0",
            "--meter",
            // Renewed each millisecond: the first evaluation has an energy, however fast the machine is.
            "simulated:steady,refresh_ms=1",
            "--batch-size",
            batch,
            "--seed",
            seed,
            "--epochs",
            "3",
            "--hidden",
            "16",
            "--model",
            "mlp",
        ]);
    }
}

fn is_png(path: &Path) -> bool {
    std::fs::read(path)
        .unwrap()
        .starts_with(b"\x89PNG\r\n\x1a\n")
}

#[test]
fn runs_are_trained_analysed_and_written() {
    let lab = Joulelab::new();
    for batch in ["16", "128"] {
        for seed in ["1", "2", "3"] {
            lab.train(batch, seed);
        }
    }
    let analysis: Value =
        serde_json::from_str(&lab.stdout(&["analyse", "--runs", "--json"])).unwrap();
    assert_eq!(analysis["setups"].as_array().map(Vec::len), Some(2));
    assert_eq!(analysis["axes"][0]["path"], "regime.batch_size");
    assert_eq!(analysis["kind"]["measured"]["simulated"], true);
    // The mean of a setup is that of its runs, to the digit.
    let runs: Value = serde_json::from_str(&lab.stdout(&["runs", "--json"])).unwrap();
    for setup in analysis["setups"].as_array().unwrap() {
        let ids: Vec<&str> = setup["runs"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(ids.len(), 3);
        let of = |run: &Value| -> f64 {
            let parts = run["training"].as_array().unwrap().iter();
            parts
                .filter_map(|part| part["figure"]["energy_j"]["value"].as_f64())
                .sum()
        };
        let theirs = runs.as_array().unwrap().iter();
        let energies: Vec<f64> = theirs
            .filter(|run| {
                run["run"]["id"]
                    .as_str()
                    .is_some_and(|id| ids.contains(&id))
            })
            .map(of)
            .collect();
        let mean = energies.iter().sum::<f64>() / 3.0;
        let said = setup["energy_j"]["estimate"]["value"].as_f64().unwrap();
        assert!((said - mean).abs() < 1e-9 * mean, "{said} {mean}");
        assert!(
            setup["max_power_w"].as_f64().is_some() || setup["mean_power_w"].as_f64().is_some()
        );
    }

    let text = lab.stdout(&["analyse", "--runs", "--target", "0.1"]);
    assert!(
        text.contains("to reach 10 %") && text.contains("simulated"),
        "{text}"
    );
    let (html, csv, markdown, plots) = (
        lab.path("r.html"),
        lab.path("r.csv"),
        lab.path("r.md"),
        lab.path("plots"),
    );
    let files = [
        "--html",
        &html,
        "--csv",
        &csv,
        "--markdown",
        &markdown,
        "--plots",
        &plots,
    ];
    let arguments = [&["analyse", "--runs"][..], &files[..]].concat();
    lab.stdout(&arguments);
    assert!(std::fs::read_to_string(&html).unwrap().contains("<svg"));
    assert!(
        std::fs::read_to_string(&csv)
            .unwrap()
            .starts_with("schema,rank,setup")
    );
    assert!(is_png(&lab.folder.path().join("plots/energy.png")));
    let figures = std::fs::read_to_string(&markdown).unwrap();
    assert!(figures.contains("(r-figures/energy.png)"));
    assert!(is_png(&lab.folder.path().join("r-figures/energy.png")));
    // Nothing is replaced unless that is said, and a refusal leaves nothing new.
    std::fs::remove_file(&html).unwrap();
    let said = lab.fails(5, &arguments);
    assert!(
        said.contains("--force") || said.contains("exists"),
        "{said}"
    );
    assert!(!Path::new(&html).exists());
    lab.stdout(&[&arguments[..], &["--force"]].concat());
    assert!(Path::new(&html).exists());
    let left = std::fs::read_dir(lab.folder.path()).unwrap().flatten();
    assert!(
        left.into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().ends_with(".part"))
    );
    let rows = lab.stdout(&["analyse", "--runs", "--csv", "-"]);
    assert_eq!(rows.lines().count(), 3);

    // The later runs were foretold from the first, and are judged.
    let judged: Value =
        serde_json::from_str(&lab.stdout(&["analyse", "--forecasts", "--json"])).unwrap();
    let kinds: Vec<&str> = judged
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["basis"].as_str())
        .collect();
    assert!(kinds.contains(&"alike"), "{judged}");
    assert!(
        lab.stdout(&["analyse", "--forecasts"])
            .contains("runs alike")
    );
}

#[test]
fn what_cannot_be_analysed_is_said() {
    let lab = Joulelab::new();
    assert!(lab.fails(2, &["analyse"]).contains("--runs"));
    assert!(
        lab.fails(2, &["analyse", "--runs", "--eta", "2"])
            .contains("--eta 2")
    );
    assert!(
        lab.fails(2, &["analyse", "--runs", "--markdown", "-"])
            .contains("--markdown -")
    );
    assert!(
        lab.fails(2, &["analyse", "--runs", "--max-power", "-1"])
            .contains("--max-power")
    );
    assert!(
        lab.fails(5, &["analyse", "--runs"])
            .contains("no run to analyse")
    );
    assert!(lab.fails(5, &["analyse", "nothing"]).contains("nothing"));
    assert!(
        lab.fails(5, &["analyse", "--runs", "nothing"])
            .contains("nothing")
    );
    assert!(
        lab.fails(2, &["analyse", "--runs", "--group", "0"])
            .contains("--group")
    );
    assert!(
        lab.fails(2, &["analyse", "--runs", "--json", "--csv", "-"])
            .contains("standard output")
    );
    assert!(lab.stdout(&["analyse", "--forecasts", "--json"]).trim() == "[]");
}
