//! `joulelab power`: what the machine draws, live and while another program runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::fake_nvml::FakeNvml;
use crate::fake_sysfs::FakeSysfs;
use crate::joulelab::{Joulelab, number, text, wait_until};
use crate::meters::{Counter, with_sysfs};
use crate::worker::Worker;

/// What the fake package draws.
const WATTS: f64 = 50.0;

/// A machine whose package counter moves at [`WATTS`].
struct Machine {
    joulelab: Joulelab,
    counter: Option<Counter>,
    sysfs: FakeSysfs,
}

impl Machine {
    fn new() -> Self {
        let sysfs = FakeSysfs::new();
        sysfs.zone("intel-rapl:0", "package-0", 0);
        Self {
            counter: Some(Counter::start(sysfs.root(), WATTS)),
            joulelab: with_sysfs(&sysfs),
            sysfs,
        }
    }

    /// `joulelab power FLAGS -- COMMAND`.
    fn measure(&self, flags: &[&str], command: &[&str]) -> Command {
        // What is behind `--` is the command's: no flag of the tests' own may come after it.
        let mut all = self.joulelab.command(&["power", "--device", "cpu"]);
        all.args(flags).arg("--").args(command);
        all
    }

    fn measured(&self, flags: &[&str], command: &[&str]) -> Output {
        self.measure(flags, command).output().expect("it starts")
    }

    /// Totals that `--output` writes.
    fn totals(&self) -> Value {
        let file = self.joulelab.folder().join("totals.json");
        let written = std::fs::read_to_string(&file).expect("a file");
        serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"))
    }

    fn output_flag(&self) -> String {
        let file = self.joulelab.folder().join("totals.json");
        format!("--output={}", file.display())
    }
}

fn meter<'a>(line: &'a Value, id: &str) -> &'a Value {
    let meters = line["meters"].as_array().expect("a list");
    let found = meters.iter().find(|meter| meter["meter"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {line:#}"))
}

/// Asserts that the interval of `figure` holds what [`WATTS`] come to over its window, and is no wider than a counter's.
fn is_true_energy(figure: &Value) {
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

fn signal(to: &str, name: &str) {
    let done = Command::new("kill")
        .args([&format!("-{name}"), "--", to])
        .status()
        .expect("kill is everywhere on Unix");
    assert!(done.success());
}

/// Waits for the first line of its standard output; gives the rest.
fn first_line(child: &mut Child) -> (String, BufReader<std::process::ChildStdout>) {
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("text");
    (line, out)
}

#[test]
fn updates_are_lines_of_json_that_add_up() {
    let machine = Machine::new();
    let nvml = FakeNvml::new("[card]\nname = NVIDIA H200\nwatts = 120\n");
    let joulelab = Joulelab::new()
        .with_env("JOULELAB_SYSFS_ROOT", machine.sysfs.root())
        .with_env("JOULELAB_NVML_LIBRARY", &nvml.path());
    let printed = joulelab.stdout(&[
        "power",
        "--json",
        "--device",
        "cpu",
        "--duration",
        "3",
        "--rate",
        "20",
    ]);
    let lines: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert!(lines.len() >= 4, "{printed}");
    for pair in lines.windows(2) {
        assert!(number(&pair[0], "/t_s") < number(&pair[1], "/t_s"));
    }
    let is_final: Vec<bool> = lines.iter().map(|line| line["final"] == true).collect();
    assert!(is_final.iter().rev().skip(1).all(|is_final| !is_final));
    for line in &lines {
        // The parts of the sum are those that it names, and it is what they add up to.
        let names = line["sum"]["meters"].as_array().expect("a list");
        let parts = names
            .iter()
            .map(|name| meter(line, name.as_str().expect("a name")));
        let sum: f64 = parts.map(|part| number(part, "/energy_j/value")).sum();
        let told = number(line, "/sum/energy_j/value");
        assert!((sum - told).abs() <= 1e-9 * told.abs(), "{sum} {told}");
    }
    let last = lines.last().expect("lines");
    assert_eq!(last["final"], true);
    assert!((3.0..4.0).contains(&number(last, "/t_s")), "{last:#}");
    is_true_energy(meter(last, "rapl:package-0"));
    // No GPU trains, and the card is read all the same.
    let card = meter(last, "nvml:0");
    let watts = number(card, "/energy_j/value") / number(card, "/covered_s");
    assert!((110.0..130.0).contains(&watts), "{card:#}");
    assert_eq!(card["boundary"], "gpu-board");
    let names = last["sum"]["meters"].as_array().expect("a list");
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(last["sum"]["missing"], serde_json::json!([]));
}

#[test]
fn a_command_keeps_its_streams_and_its_code_and_is_measured() {
    let machine = Machine::new();
    let mut child = machine
        .measure(
            &[&machine.output_flag()],
            &["sh", "-c", "cat; sleep 2; echo oops >&2; exit 3"],
        )
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"hello\n").expect("it listens");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert_eq!(text(&output.stdout), "hello\n");
    for word in [
        "oops",
        "rapl:package-0",
        "model:memory (modelled)",
        "not in it",
    ] {
        assert!(stderr.contains(word), "no `{word}` in {stderr}");
    }
    let totals = machine.totals();
    assert_eq!(totals["command"]["exit_code"], 3);
    assert_eq!(totals["command"]["arguments"][0], "sh");
    let package = meter(&totals, "rapl:package-0");
    let window_s = number(package, "/window_s");
    assert!((2.0..4.0).contains(&window_s), "{window_s}");
    assert!(number(package, "/covered_s") > 0.95 * window_s);
    is_true_energy(package);
    assert_eq!(package["net_j"], Value::Null, "no baseline was asked for");
}

#[test]
fn with_a_baseline_there_is_net_energy() {
    let machine = Machine::new();
    let output = machine.measured(&["--json", "--idle", "1"], &["sleep", "2"]);
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("idle"), "{stderr}");
    // Without a file for it the result is the last line on standard error.
    let last = stderr.lines().last().expect("a line");
    let totals: Value =
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"));
    let package = meter(&totals, "rapl:package-0");
    is_true_energy(package);
    let gross = number(package, "/energy_j/value");
    // The same power idle and busy.
    assert!(
        number(package, "/net_j/value").abs() < 0.15 * gross,
        "{package:#}"
    );
    assert!(
        totals["idle_power"]
            .as_array()
            .is_some_and(|idle| !idle.is_empty())
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_command_that_a_signal_ends_has_the_code_of_a_shell() {
    let machine = Machine::new();
    let output = machine.measured(&[&machine.output_flag()], &["sh", "-c", "kill -KILL $$"]);
    assert_eq!(output.status.code(), Some(137), "{}", text(&output.stderr));
    let totals = machine.totals();
    assert_eq!(totals["command"]["signal"], 9);
    assert_eq!(totals["command"]["exit_code"], Value::Null);
}

#[test]
fn an_interrupt_is_for_the_command_and_the_figures_are_told() {
    let machine = Machine::new();
    // As a terminal does it: to every process in front.
    let script = "trap '' TERM; trap 'exit 7' INT; echo ready; while :; do sleep 0.05; done";
    let mut child = machine
        .measure(&[&machine.output_flag()], &["sh", "-c", script])
        .process_group(0)
        .spawn()
        .expect("it starts");
    let (line, _out) = first_line(&mut child);
    assert_eq!(line, "ready\n");
    signal(&format!("-{}", child.id()), "INT");
    let output = child.wait_with_output().expect("it ends");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(stderr.contains("energy of"), "{stderr}");
    is_positive(&machine.totals());
}

fn is_positive(totals: &Value) {
    let energy_j = number(totals, "/sum/energy_j/value");
    assert!(energy_j > 0.0, "{energy_j}");
}

#[test]
fn signals_for_joulelab_alone_are_passed_on_in_the_end() {
    let machine = Machine::new();
    let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let mut child = machine
        .measure(&[], &["sh", "-c", script])
        .spawn()
        .expect("it starts");
    let (line, _out) = first_line(&mut child);
    assert_eq!(line, "ready\n");
    // Where there is a terminal the first could be its Ctrl-C, which the command has had already.
    wait_until("the command to end", || {
        signal(&child.id().to_string(), "TERM");
        std::thread::sleep(std::time::Duration::from_millis(400));
        matches!(child.try_wait(), Ok(Some(_)))
    });
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(9));
}

#[cfg(target_os = "linux")]
#[test]
fn where_the_worker_dies_the_command_goes_on_and_the_figures_are_missing() {
    let machine = Machine::new();
    let mut child = machine
        .measure(
            &[&machine.output_flag()],
            &["sh", "-c", "echo ready; sleep 2; echo done; exit 4"],
        )
        .spawn()
        .expect("it starts");
    let (_, mut out) = first_line(&mut child);
    let workers = crate::interruption::workers(child.id());
    let is_worker = |pid: &&u32| {
        let cmdline = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        cmdline.contains("\0worker\0")
    };
    let worker = workers.iter().find(is_worker).expect("a worker");
    signal(&worker.to_string(), "KILL");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "done\n");
    let output = child.wait_with_output().expect("it ends");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.contains("figures are missing") && stderr.contains("signal 9"),
        "{stderr}"
    );
    let totals = machine.totals();
    assert!(
        totals["failure"].is_string() && totals.get("meters").is_none(),
        "{totals:#}"
    );
}

#[test]
fn where_only_models_answer_it_is_said() {
    let joulelab = Joulelab::new();
    let mut command = joulelab.command(&["power", "--device", "cpu"]);
    let output = command
        .args(["--", "sleep", "0.3"])
        .output()
        .expect("it starts");
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.contains("no sensor answers") && stderr.contains("modelled"),
        "{stderr}"
    );
    assert!(stderr.contains("only about 3 readings"), "{stderr}");
}

#[test]
fn without_a_terminal_updates_are_lines_and_an_interrupt_ends_with_a_table() {
    let machine = Machine::new();
    let mut child = machine.joulelab.spawn(&["power", "--device", "cpu"]);
    let (line, mut out) = first_line(&mut child);
    assert!(
        line.contains("sum") && line.contains("rapl:package-0"),
        "{line}"
    );
    signal(&child.id().to_string(), "INT");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert!(
        rest.contains("energy of") && rest.contains("mean power"),
        "{rest}"
    );
    assert!(!rest.contains('\u{1b}'), "{rest:?}");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

    // With a duration the interrupt came too early.
    let mut child = machine
        .joulelab
        .spawn(&["power", "--device", "cpu", "--duration", "600"]);
    first_line(&mut child);
    signal(&child.id().to_string(), "INT");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
}

#[test]
fn a_meter_that_ends_is_named_and_its_place_taken() {
    let mut machine = Machine::new();
    let mut child = machine
        .measure(
            &[&machine.output_flag(), "--rate", "20"],
            &["sh", "-c", "echo ready; sleep 4"],
        )
        .spawn()
        .expect("it starts");
    first_line(&mut child);
    machine.counter = None;
    std::fs::remove_dir_all(machine.sysfs.root().join("class")).expect("it is there");
    let output = child.wait_with_output().expect("it ends");
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("model:cpu has taken its place"), "{stderr}");
    let totals = machine.totals();
    assert!(meter(&totals, "rapl:package-0")["lost"].is_string());
    let model = meter(&totals, "model:cpu");
    assert_eq!(model["role"], "stand-by");
    assert!(number(model, "/energy_j/value") > 0.0);
}

#[test]
fn commands_that_cannot_be_started_are_told() {
    let machine = Machine::new();
    let output = machine.measured(&[], &["no-such-program-anywhere", "-x"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("no-such-program-anywhere") && stderr.contains("no such program"),
        "{stderr}"
    );
    let file = machine.joulelab.folder().join("not-executable");
    std::fs::write(&file, "#!/bin/sh\n").expect("a file");
    let output = machine.measured(&[], &[file.to_str().expect("a name")]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("make it executable"), "{stderr}");
}

#[test]
fn flags_that_cannot_be_are_refused_before_anything_is_measured() {
    let joulelab = Joulelab::new();
    let refused = |code: i32, flags: &[&str], word: &str| {
        let mut all = vec!["power"];
        all.extend_from_slice(flags);
        let stderr = joulelab.fails(code, &all);
        assert!(stderr.contains(word), "{flags:?}: no `{word}` in: {stderr}");
    };
    refused(2, &["--rate", "0"], "measure.rate_hz");
    refused(2, &["--rate", "1000"], "1 to 100");
    refused(2, &["--idle=-1"], "measure.idle_s");
    refused(2, &["--duration", "0"], "--duration");
    refused(2, &["--duration", "NaN"], "--duration");
    refused(2, &["--cpu-tdp", "0"], "measure.cpu_tdp_w");
    refused(2, &["--meter", "wattson"], "simulated:NAME");
    refused(2, &["sleep", "1"], "unexpected argument");
    refused(
        4,
        &["--device", "99", "--duration", "1"],
        "joulelab devices",
    );
    refused(
        5,
        &["--output", "/nowhere/at/all.json"],
        "/nowhere/at/all.json",
    );
    let mut both = joulelab.command(&["power", "--duration", "1", "--", "true"]);
    let output = both.output().expect("it starts");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn windows_are_opened_one_at_a_time_and_only_while_meters_are_watched() {
    let machine = Machine::new();
    let mut worker = Worker::start(&machine.joulelab);
    worker.send(r#"{"command":"open-window"}"#);
    assert_eq!(worker.until("failed")["kind"], "protocol");
    worker.send(r#"{"command":"watch","device":"cpu","measure":{}}"#);
    worker.send(r#"{"command":"close-window"}"#);
    assert_eq!(worker.until("failed")["kind"], "protocol");
    worker.send(r#"{"command":"open-window"}"#);
    let opened_s = number(&worker.until("window-opened"), "/t_s");
    worker.send(r#"{"command":"open-window"}"#);
    assert_eq!(worker.until("failed")["kind"], "protocol");
    // The first window is not touched by that.
    let readings = worker.until("readings");
    assert!(readings["window"]["energies"].is_array(), "{readings:#}");
    worker.send(r#"{"command":"close-window"}"#);
    let closed = worker.until("window-closed");
    let window_s = number(&closed, "/window/sum/gross/window_s");
    let between_s = number(&closed, "/t_s") - opened_s;
    assert!(
        (window_s - between_s).abs() < 0.05,
        "{window_s} {between_s}"
    );
    assert_eq!(closed["window"]["sum"]["gross"]["boundary"], "components");
    worker.send(r#"{"command":"stop"}"#);
    while worker.next().is_some() {}
    assert!(worker.child.wait().expect("it ends").success());
}
