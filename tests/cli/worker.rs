//! The worker's own face: JSON lines over its standard streams.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::joulelab::Joulelab;

/// A worker without a controller.
pub struct Worker {
    pub child: std::process::Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Worker {
    pub fn start(joulelab: &Joulelab) -> Self {
        let mut child = joulelab
            .command(&["worker"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    pub fn send(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("a pipe");
        writeln!(input, "{line}").expect("it listens");
    }

    /// The next event; every line must be one.
    pub fn next(&mut self) -> Option<Value> {
        let line = self.lines.next()?.expect("text");
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    pub fn until(&mut self, name: &str) -> Value {
        while let Some(event) = self.next() {
            if event["event"] == name {
                return event;
            }
        }
        panic!("the worker ended before `{name}`");
    }
}

#[test]
fn it_says_who_it_is_and_survives_nonsense() {
    let joulelab = Joulelab::new();
    let mut worker = Worker::start(&joulelab);
    let hello = worker.next().expect("a word");
    assert_eq!(hello["event"], "hello");
    assert_eq!(hello["protocol"], joulelab::protocol::PROTOCOL);
    worker.send("this is no message");
    assert_eq!(worker.until("failed")["kind"], "protocol");
    worker.send(r#"{"command":"dance"}"#);
    assert_eq!(worker.until("failed")["kind"], "protocol");
    worker.send(r#"{"command":"devices"}"#);
    let devices = worker.until("devices");
    let list = devices["devices"].as_array().expect("a list");
    assert_eq!(list[list.len() - 1]["kind"], "cpu");
    // Its input ends: so does it.
    drop(worker.child.stdin.take());
    assert!(worker.child.wait().expect("it ends").success());
}

#[test]
fn it_trains_pauses_goes_on_and_stops() {
    let joulelab = Joulelab::new();
    let mut worker = Worker::start(&joulelab);
    let setup = json!({
        "schema": 1,
        "device": "cpu",
        "measure": { "idle_s": 0.0 },
        "regime": { "stop": { "epochs": 100_000 } },
    });
    let request = json!({
        "command": "run", "setup": setup, "checkpoints": null, "kernel_cache": null, "self_checks": [], "resume": null,
        "record": null, "knowledge": {},
    });
    worker.send(&request.to_string());
    worker.until("progress");
    worker.send(r#"{"command":"pause"}"#);
    let paused = loop {
        let event = worker.until("phase-began");
        if event["phase"] == "pause" {
            break event["t_s"].as_f64().expect("a time");
        }
    };
    std::thread::sleep(std::time::Duration::from_millis(300));
    worker.send(r#"{"command":"resume"}"#);
    let ended = loop {
        let event = worker.until("phase-ended");
        if event["phase"] == "pause" {
            break event["t_s"].as_f64().expect("a time");
        }
    };
    assert!(ended - paused >= 0.29, "{paused} {ended}");
    worker.until("progress");
    worker.send(r#"{"command":"stop"}"#);
    let finished = worker.until("finished");
    assert_eq!(finished["reason"], "user");
    // Nothing of the pause is in the energy of training.
    let window_s = finished["training"][0]["gross"]["window_s"]
        .as_f64()
        .expect("seconds");
    let train_s = finished["train_s"].as_f64().expect("seconds");
    assert!(window_s >= train_s, "{window_s} {train_s}");
    assert!(worker.next().is_none());
    assert!(worker.child.wait().expect("it ends").success());
}

#[test]
fn it_answers_questions_and_refuses_what_is_none() {
    let joulelab = Joulelab::new();
    let run = joulelab.train(&["--epochs", "1", "-m", "mlp"]);
    let setup = joulelab.stdout(&["show", run["run"]["id"].as_str().expect("text"), "--json"]);
    let setup: Value = serde_json::from_str(&setup).expect("JSON");
    let setup = setup["run"]["setup"]["json"].as_str().expect("a setup");
    let mut setup: Value = serde_json::from_str(setup).expect("JSON");
    setup["measure"]["meters"] = json!(["simulated:steady"]);
    let mut worker = Worker::start(&joulelab);
    let question = |id: u64, sample: Value| {
        json!({ "command": "question", "id": id, "samples": [sample] }).to_string()
    };
    let pixels = |count: usize| json!({ "pixels": vec![3; count] });
    worker.send(&question(1, pixels(64)));
    let failed = worker.until("failed");
    assert!(
        failed["message"]
            .as_str()
            .is_some_and(|words| words.contains("send `ask` first"))
    );

    let request = json!({
        "command": "ask", "setup": setup, "checkpoint": run["checkpoints"][0]["path"], "kernel_cache": null, "knowledge": {},
    });
    worker.send(&request.to_string());
    let ready = worker.until("ask-ready");
    assert_eq!(ready["encoding"]["info"]["name"], "digits");
    // Too small, of another kind; the network stays.
    for (sample, part) in [
        (pixels(63), "a sample of 63 numbers was given"),
        (json!({ "numbers": vec![0.5; 64] }), "takes"),
        (
            json!({ "tokens": { "tokens": [1, 2], "at": null } }),
            "takes",
        ),
    ] {
        worker.send(&question(2, sample));
        let failed = worker.until("failed");
        let words = failed["message"].as_str().expect("words");
        assert!(failed["kind"] == "setup" && words.contains(part), "{words}");
    }
    worker.send(&json!({ "command": "measure-inference", "batch_size": 1, "warm_up_s": 0.1, "duration_s": 0.2 }).to_string());
    assert_eq!(worker.until("failed")["kind"], "protocol");
    worker.send(&question(3, pixels(64)));
    let answers = worker.until("answers");
    assert_eq!(answers["id"], 3);
    let shares = answers["answers"][0][0]["says"]["classes"]
        .as_array()
        .expect("shares")
        .clone();
    let sum: f64 = shares.iter().filter_map(Value::as_f64).sum();
    assert!(shares.len() == 10 && (sum - 1.0).abs() < 1e-9);

    // While the meters are read it answers as before.
    worker.send(r#"{"command":"read-meters"}"#);
    assert_eq!(worker.until("inference-ready")["samples"], 1);
    worker.send(&json!({ "command": "measure-inference", "batch_size": 2, "warm_up_s": 0.1, "duration_s": 0.2 }).to_string());
    assert_eq!(worker.until("failed")["kind"], "protocol");
    worker.send(&json!({ "command": "measure-inference", "batch_size": 1, "warm_up_s": 0.1, "duration_s": 0.2 }).to_string());
    let begun = worker.until("inference-begun");
    assert!(
        begun["value"].is_null(),
        "how good one answer is, nobody can tell"
    );
    assert!(worker.until("inferred")["passes"].as_u64() > Some(0));
    worker.send(&question(4, pixels(64)));
    assert_eq!(
        worker.until("answers")["answers"][0][0]["says"]["classes"],
        json!(shares)
    );
    worker.send(r#"{"command":"stop"}"#);
    assert!(worker.child.wait().expect("it ends").success());
}
