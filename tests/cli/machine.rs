//! A machine whose processor draws a known power, and what the tests of `joulelab power` ask of it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output};

use serde_json::Value;

use crate::fake_sysfs::FakeSysfs;
use crate::joulelab::{Joulelab, number};
use crate::meters::{Counter, with_sysfs};

/// What the fake package draws.
pub const WATTS: f64 = 50.0;

/// A machine whose package counter moves at [`WATTS`].
pub struct Machine {
    pub joulelab: Joulelab,
    pub counter: Option<Counter>,
    pub sysfs: FakeSysfs,
}

impl Machine {
    pub fn new() -> Self {
        let sysfs = FakeSysfs::new();
        sysfs.zone("intel-rapl:0", "package-0", 0);
        Self {
            counter: Some(Counter::start(sysfs.root(), WATTS)),
            joulelab: with_sysfs(&sysfs),
            sysfs,
        }
    }

    /// `joulelab power FLAGS -- COMMAND`.
    pub fn measure(&self, flags: &[&str], command: &[&str]) -> Command {
        // What is behind `--` is the command's: no flag of the tests' own may come after it.
        let mut all = self.joulelab.command(&["power", "--device", "cpu"]);
        all.args(flags).arg("--").args(command);
        all
    }

    pub fn measured(&self, flags: &[&str], command: &[&str]) -> Output {
        self.measure(flags, command).output().expect("it starts")
    }

    /// Totals that `--output` writes.
    pub fn totals(&self) -> Value {
        let file = self.joulelab.folder().join("totals.json");
        let written = std::fs::read_to_string(&file).expect("a file");
        serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"))
    }

    pub fn output_flag(&self) -> String {
        let file = self.joulelab.folder().join("totals.json");
        format!("--output={}", file.display())
    }
}

pub fn meter<'a>(line: &'a Value, id: &str) -> &'a Value {
    let meters = line["meters"].as_array().expect("a list");
    let found = meters.iter().find(|meter| meter["meter"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {line:#}"))
}

/// Asserts that the interval of `figure` holds what [`WATTS`] come to over its window, and is no wider than a counter's.
pub fn is_true_energy(figure: &Value) {
    let truth = WATTS * number(figure, "/window_s");
    let (low, high) = (
        number(figure, "/energy_j/low"),
        number(figure, "/energy_j/high"),
    );
    assert!(
        low < truth && truth < high,
        "{truth} not in {low} to {high}"
    );
    assert!(high - low < 0.5 * truth, "{low} to {high}");
}

pub fn signal(to: &str, name: &str) {
    let done = Command::new("kill")
        .args([&format!("-{name}"), "--", to])
        .status()
        .expect("kill is everywhere on Unix");
    assert!(done.success());
}

/// Waits for the first line of its standard output; gives the rest.
pub fn first_line(child: &mut Child) -> (String, BufReader<std::process::ChildStdout>) {
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("text");
    (line, out)
}
