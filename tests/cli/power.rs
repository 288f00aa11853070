//! `joulelab power`: what the machine draws, live and by recordings.

use std::io::Read;

use serde_json::Value;

use crate::fake_nvml::FakeNvml;
use crate::joulelab::{Joulelab, number, text};
use crate::machine::{Machine, first_line, is_true_energy, meter, signal};
use crate::worker::Worker;

#[test]
fn a_run_leaves_a_recording_that_comes_to_the_same_energy() {
    let joulelab = Joulelab::new();
    let file = joulelab.folder().join("run.jsonl");
    let file = file.to_str().expect("a name");
    let run = [
        "run",
        "--json",
        "-q",
        "--device",
        "cpu",
        "--meter",
        "simulated:steady",
        "--idle",
        "1",
        "-e",
        "2",
        "--set",
        "checkpoint.every_s=1000",
        "--record-power",
        file,
    ];
    let details = joulelab.json(&run);
    let part = &details["training"][0]["figure"];
    assert_eq!(part["meter"], "simulated:steady");
    assert!(text(part["source"].as_str().expect("a source").as_bytes()).starts_with("simulated"));
    assert_eq!(details["summary"]["json"]["recording_problem"], Value::Null);
    let listed = joulelab.stdout(&["runs"]);
    assert!(listed.contains("B simulated"), "{listed}");

    let replayed = joulelab.stdout(&["power", "--json", "--replay", file]);
    let windows: Vec<Value> = replayed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let label = |wanted: &str| {
        let window = windows.iter().find(|window| window["label"] == wanted);
        window.unwrap_or_else(|| panic!("no {wanted} in {replayed}"))
    };
    let training = meter(label("training"), "simulated:steady");
    for end in [
        "/energy_j/value",
        "/energy_j/low",
        "/energy_j/high",
        "/covered_s",
    ] {
        let (then, now) = (number(part, end), number(training, end));
        assert!(
            (then - now).abs() <= 1e-9 * then.abs(),
            "{end}: {then} {now}"
        );
    }
    for phase in ["idle", "load", "train", "evaluate"] {
        label(phase);
    }

    // A file that is in the way ends it before there is a run.
    let before = std::fs::read(file).expect("it is there");
    let stderr = joulelab.fails(5, &run);
    assert!(stderr.contains("run.jsonl"), "{stderr}");
    assert_eq!(std::fs::read(file).expect("it is there"), before);
    joulelab.only_run();
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

#[cfg(target_os = "linux")]
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

/// JSON may change the last bit of a number.
fn is_same(a: &Value, b: &Value, pointer: &str) {
    let (a, b) = (number(a, pointer), number(b, pointer));
    assert!((a - b).abs() <= 1e-12 * a.abs(), "{pointer}: {a} {b}");
}

fn is_same_energy(a: &Value, b: &Value) {
    for end in ["value", "low", "high"] {
        is_same(a, b, &format!("/energy_j/{end}"));
    }
}

#[test]
fn a_recording_gives_the_same_figures_when_it_is_computed_again() {
    let machine = Machine::new();
    let file = machine.joulelab.folder().join("recording.jsonl");
    let file = file.to_str().expect("a name");
    let printed = machine.joulelab.stdout(&[
        "power",
        "--json",
        "--device",
        "cpu",
        "--duration",
        "2",
        "--rate",
        "20",
        "--record",
        file,
    ]);
    let told: Value = serde_json::from_str(printed.lines().last().expect("a line")).expect("JSON");

    let printed = machine
        .joulelab
        .stdout(&["power", "--json", "--replay", file]);
    let lines: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let window = lines
        .iter()
        .find(|line| line["label"] == "measured")
        .expect("the window");
    for id in ["rapl:package-0", "model:memory"] {
        let (then, now) = (meter(&told, id), meter(window, id));
        is_same(then, now, "/covered_s");
        is_same_energy(then, now);
    }
    is_same_energy(&told["sum"], &window["sum"]);
    let whole = lines.last().expect("a line");
    assert_eq!(whole["final"], true);
    assert!(number(whole, "/recording/readings") > 40.0, "{whole:#}");
    assert!(
        whole["recording"]["end"].is_string(),
        "it ended by itself: {whole:#}"
    );
    let text = machine.joulelab.stdout(&["power", "--replay", file]);
    for word in [
        "recorded 2",
        "measured",
        "all of it: energy of",
        "rapl:package-0",
    ] {
        assert!(text.contains(word), "no `{word}` in {text}");
    }

    // Nothing is written over, and what is no recording is told.
    let stderr = machine.joulelab.fails(
        5,
        &[
            "power",
            "--device",
            "cpu",
            "--duration",
            "1",
            "--record",
            file,
        ],
    );
    assert!(stderr.contains("recording.jsonl"), "{stderr}");
    let other = machine.joulelab.folder().join("other.txt");
    std::fs::write(&other, "hello\n").expect("a file");
    let stderr = machine
        .joulelab
        .fails(5, &["power", "--replay", other.to_str().expect("a name")]);
    assert!(
        stderr.contains("no recording") && stderr.contains("other.txt"),
        "{stderr}"
    );
    machine
        .joulelab
        .fails(5, &["power", "--replay", "nowhere.jsonl"]);
    machine
        .joulelab
        .fails(2, &["power", "--replay", file, "--duration", "1"]);
}

#[test]
fn simulated_meters_are_marked_and_unknown_ones_refused() {
    let machine = Machine::new();
    let flags = ["power", "--device", "cpu", "--duration", "1", "--meter"];
    let with = |meter: &str, more: &[&str]| {
        let mut all: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        all.push(meter.to_owned());
        all.extend(more.iter().map(|&flag| flag.to_owned()));
        all
    };
    let call = |all: &[String]| {
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        machine.joulelab.output(&all)
    };
    let output = call(&with("simulated:steady", &["--json"]));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    let last: Value = serde_json::from_str(printed.lines().last().expect("a line")).expect("JSON");
    let meters = last["meters"].as_array().expect("a list");
    assert!(!meters.is_empty());
    assert!(
        meters.iter().all(|meter| meter["origin"] == "simulated"),
        "{last:#}"
    );
    let output = call(&with("simulated:steady", &[]));
    assert!(
        text(&output.stdout).contains("nothing of this was drawn"),
        "{}",
        text(&output.stdout)
    );
    let output = call(&with("simulated:no-such-thing", &[]));
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("simulated:no-such-thing"));
}

#[cfg(target_os = "linux")]
#[test]
fn where_the_worker_dies_the_last_figures_are_told_as_what_they_are() {
    let machine = Machine::new();
    let mut child = machine.joulelab.spawn(&["power", "--device", "cpu"]);
    let (_, mut out) = first_line(&mut child);
    let worker = crate::interruption::workers(child.id());
    assert_eq!(worker.len(), 1);
    signal(&worker[0].to_string(), "KILL");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert!(rest.contains("energy of"), "{rest}");
    let output = child.wait_with_output().expect("it ends");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(
        stderr.contains("signal 9") && stderr.contains("not of the end"),
        "{stderr}"
    );
}
