//! `joulelab trace`: where the time of steps goes.

use serde_json::Value;

use crate::adapter::adapter;
use crate::joulelab::{Joulelab, number};

fn list<'a>(value: &'a Value, pointer: &str) -> &'a Vec<Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .unwrap_or_else(|| panic!("{pointer} is no list"))
}

/// Parts follow one another, a reading comes after its step was handed over, and every step has the parts of one.
fn check_host(stretch: &Value, steps: usize) {
    let traced = list(stretch, "/steps");
    assert_eq!(traced.len(), steps);
    let mut last_s = 0.0;
    for step in traced {
        let handed_over_s = number(step, "/handed_over_s");
        let mut names = Vec::new();
        for part in list(step, "/parts") {
            let (begin_s, end_s) = (number(part, "/begin_s"), number(part, "/end_s"));
            assert!(last_s <= begin_s && begin_s <= end_s, "{step:#}");
            // Or it is one of the step before, which was not at its end yet.
            let is_late = begin_s >= handed_over_s;
            let is_of_before = names.is_empty() && part["part"] == "read";
            assert_eq!(part["part"] == "read" && !is_of_before, is_late, "{step:#}");
            last_s = end_s;
            if part["part"] != "read" {
                names.push(part["part"].as_str().expect("a name"));
            }
        }
        assert_eq!(
            names,
            ["gather", "forward", "metrics", "backward", "optimiser"]
        );
    }
    assert!(number(stretch, "/done_s") >= last_s);
}

#[test]
fn the_cpu_is_traced_step_by_step() {
    let joulelab = Joulelab::new();
    let traced = joulelab.json(&["trace", "--json", "-q", "--device", "cpu", "-m", "mlp"]);
    assert_eq!(traced["device"]["backend"], "flex");
    let stretches = list(&traced, "/stretches");
    assert_eq!(stretches.len(), 1, "the CPU has no kernels to time");
    assert!(stretches[0]["device"].is_null());
    check_host(&stretches[0], 10);
    // A trace is no run.
    assert!(
        joulelab
            .json(&["runs", "--json"])
            .as_array()
            .is_some_and(Vec::is_empty)
    );
}

#[test]
fn a_file_for_perfetto_holds_every_part() {
    let joulelab = Joulelab::new();
    let file = joulelab.folder().join("trace.json");
    let path = file.to_str().expect("UTF-8");
    let flags = ["-q", "--device", "cpu", "-m", "mlp", "--steps", "3"];
    let output = joulelab.output(&[&["trace", "--out", path], &flags[..]].concat());
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("optimiser"), "{text}");
    assert!(text.contains("the host's time is the device's"), "{text}");
    let trace: Value =
        serde_json::from_slice(&std::fs::read(&file).expect("the file")).expect("JSON");
    let spans = list(&trace, "/traceEvents")
        .iter()
        .filter(|event| event["ph"] == "X");
    for span in spans.clone() {
        assert!(number(span, "/dur") >= 0.0 && number(span, "/ts") >= 0.0);
    }
    assert_eq!(
        spans.clone().filter(|span| span["cat"] == "step").count(),
        3
    );
    let backward = spans.filter(|span| span["name"] == "backward");
    assert_eq!(backward.count(), 3);
    // It is not overwritten.
    let again = joulelab.output(&[&["trace", "--out", path], &flags[..]].concat());
    assert_eq!(again.status.code(), Some(5), "{again:?}");
    assert!(std::fs::metadata(&file).expect("the file").len() > 0);
}

#[test]
fn what_cannot_be_traced_is_refused_before_anything_is_touched() {
    let joulelab = Joulelab::new();
    for steps in ["0", "101"] {
        let output = joulelab.output(&["trace", "--device", "cpu", "--steps", steps]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("1 to 100"), "{said}");
    }
}

#[test]
fn an_adapter_tells_its_kernels() {
    let joulelab = Joulelab::new();
    let Some(index) = adapter(&joulelab) else {
        return;
    };
    let traced = joulelab.json(&[
        "trace", "--json", "-q", "--device", &index, "-m", "mlp", "--steps", "4",
    ]);
    let stretches = list(&traced, "/stretches");
    assert_eq!(stretches.len(), 2);
    for stretch in stretches {
        check_host(stretch, 4);
    }
    assert!(stretches[0]["device"].is_null());
    let timed = &stretches[1];
    let kernels = list(timed, "/device/kernels");
    let untimed = number(timed, "/device/untimed");
    assert!(kernels.len() as f64 + untimed >= 4.0, "{timed:#}");
    let done_s = number(timed, "/done_s");
    for kernel in kernels {
        let (begin_s, end_s) = (number(kernel, "/begin_s"), number(kernel, "/end_s"));
        assert!(begin_s <= end_s && end_s <= done_s + 1e-9, "{kernel:#}");
    }
}
