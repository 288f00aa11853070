//! `joulelab power -- COMMAND`: what another program costs, which must not notice.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::joulelab::{Joulelab, number, text};
use crate::machine::{Machine, first_line, is_true_energy, meter, signal};

fn is_positive(totals: &Value) {
    let energy_j = number(totals, "/sum/energy_j/value");
    assert!(energy_j > 0.0, "{energy_j}");
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
    let pid = child.id().to_string();
    signal(&pid, "TERM");
    std::thread::sleep(Duration::from_millis(500));
    if child.try_wait().expect("it is there").is_none() {
        signal(&pid, "TERM");
    }
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(9), "{}", text(&output.stderr));
}

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
    let words: Vec<&str> = stderr.split_whitespace().collect();
    let said = words.join(" ");
    assert!(said.contains("model:cpu has taken its place"), "{stderr}");
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
