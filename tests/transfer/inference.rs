//! What asking a trained network costs, on simulated meters whose truth is known.

use serde_json::Value;

use crate::program::{Program, id};

/// Short windows, so that the tests take seconds; a simulated counter changes fifty times a second.
const QUICK: [&str; 7] = ["--window", "0.5", "--warm-up", "0.1", "--idle", "0.5", "-q"];

fn infer(program: &Program, run: &str, arguments: &[&str]) -> Value {
    let mut all = vec!["infer", run, "--json", "--device", "cpu"];
    all.extend(QUICK);
    all.extend(arguments);
    if !arguments.contains(&"--interval") {
        // What a busy machine does to the spread is not looked at here.
        all.extend(["--interval", "0.5"]);
    }
    program.json(&all)
}

fn number(value: &Value, path: &str) -> f64 {
    value
        .pointer(path)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("{path} in {value:#}"))
}

#[test]
fn joules_for_a_thousand_answers_are_those_of_the_meter() {
    let program = Program::new();
    let run = program.train(&["--country", "FRA", "--pue", "1.5"]);
    // A card that draws 80 W whatever happens, read 3 % too high.
    let meter = "simulated:steady,watts=80,error_percent=3";
    let told = infer(&program, id(&run), &["--meter", meter, "-b", "1,64,500"]);
    let found = told["inferences"].as_array().unwrap();
    assert_eq!(found.len(), 3);
    for (one, batch_size) in found.iter().zip([1, 64, 500]) {
        assert_eq!(one["batch_size"], batch_size);
        let samples = number(one, "/samples");
        let window_s = number(one, "/sum/figure/window_s");
        let truth = 1000.0 * 80.0 * window_s / samples;
        let (low, high) = (number(one, "/energy_j/low"), number(one, "/energy_j/high"));
        assert!((low..=high).contains(&truth), "{truth} in {one:#}");
        assert!(number(one, "/energy_j/value") > truth, "read too high");
        // The idle machine draws as much: nothing is left without it.
        let (low, high) = (number(one, "/net_j/low"), number(one, "/net_j/high"));
        assert!(low <= 0.0 && 0.0 <= high, "{one:#}");
        let idle_w = number(one, "/idle_power/0/power_w/value");
        assert!((idle_w / 82.4 - 1.0).abs() < 0.1, "{idle_w}");
        // gCO2e = J ÷ 3.6 MJ/kWh × PUE × g/kWh.
        let factor = 1.5 * number(one, "/carbon/g_per_kwh") / 3.6e6;
        let carbon = number(one, "/carbon_g/value");
        assert!((carbon / (number(one, "/energy_j/value") * factor) - 1.0).abs() < 1e-9);

        assert!(one["windows"].as_u64().unwrap() >= 3);
        assert_eq!(
            one["window_s"], 0.5,
            "25 changes of a meter that changes every 20 ms"
        );
        assert!(window_s >= 1.5 && number(one, "/seconds") <= window_s);
        let times = ["p50_s", "p90_s", "p95_s", "p99_s", "max_s"]
            .map(|name| number(one, &format!("/latency/{name}")));
        assert!(times.is_sorted() && times[0] > 0.0, "{times:?}");
        let passes = samples / f64::from(batch_size);
        let busy_s = number(one, "/latency/mean_s") * passes;
        assert!(busy_s <= number(one, "/seconds"), "{one:#}");
        assert!(
            busy_s >= 0.5 * number(one, "/seconds"),
            "one after the other: {one:#}"
        );
        let throughput = samples / number(one, "/seconds");
        assert!((number(one, "/throughput") / throughput - 1.0).abs() < 1e-9);
        assert!(one["warm_up_passes"].as_u64().unwrap() >= 10);
    }
    // Many at once cost less each.
    assert!(number(&found[1], "/energy_j/value") < number(&found[0], "/energy_j/value"));
}

#[test]
fn answers_are_those_of_the_run_and_all_is_kept() {
    let program = Program::new();
    let run = program.train(&[]);
    let told = infer(
        &program,
        id(&run),
        &["--meter", "simulated:steady", "-b", "7"],
    );
    let one = &told["inferences"][0];
    let accuracy = number(&run, "/run/metrics/final_test_metric");
    assert!((number(one, "/value") - accuracy).abs() < 1e-9, "{one:#}");
    assert_eq!(number(one, "/run_value"), accuracy);
    assert_eq!(
        (&one["agrees"], &one["step"]),
        (&Value::Bool(true), &run["run"]["steps"])
    );

    let again = program.json(&["infer", id(&run), "--stored", "--json"]);
    assert_eq!(again, told);
    let shown = program.json(&["show", id(&run), "--json"]);
    assert_eq!(shown["inferences"], told["inferences"]);
    let text = program.stdout(&["show", id(&run)]);
    assert!(text.contains("J per 1,000"), "{text}");

    let csv = program.stdout(&["infer", id(&run), "--stored", "--csv", "-"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 1);
    let cell = |name: &str| {
        let at = header.iter().position(|column| column == name).unwrap();
        rows[0][at].parse::<f64>().unwrap()
    };
    assert_eq!(cell("per_1000_j"), number(one, "/energy_j/value"));
    assert_eq!(cell("latency_p95_s"), number(one, "/latency/p95_s"));

    // Another library takes it over with the run.
    let other = tempfile::tempdir().unwrap();
    let mut library = joulelab::library::Library::open(other.path().join("other.sqlite")).unwrap();
    library
        .import_from(&program.library(), &mut |_, _| true)
        .unwrap();
    let kept = serde_json::to_value(library.inferences(id(&run)).unwrap()).unwrap();
    assert_eq!(kept, told["inferences"]);
}

#[test]
fn a_batch_size_that_is_named_twice_is_measured_once() {
    let program = Program::new();
    let run = program.train(&[]);
    let arguments = ["--meter", "simulated:steady", "-b", "4,2,2,4"];
    let told = infer(&program, id(&run), &arguments);
    let found = told["inferences"].as_array().unwrap();
    let sizes: Vec<&Value> = found.iter().map(|one| &one["batch_size"]).collect();
    assert_eq!(sizes, [4, 2], "in the order in which they were named");
    let again = program.json(&["infer", id(&run), "--stored", "--json"]);
    assert_eq!(again["inferences"].as_array().map(Vec::len), Some(2));
}

#[test]
fn windows_that_do_not_agree_are_repeated_and_then_said_to() {
    let program = Program::new();
    let run = program.train(&[]);
    // A card that trains by itself: no two windows are alike.
    let told = infer(
        &program,
        id(&run),
        &[
            "--meter",
            "simulated:training,refresh_ms=10",
            "-b",
            "32",
            "--interval",
            "0.000001",
            "--windows",
            "4",
        ],
    );
    let one = &told["inferences"][0];
    assert_eq!(
        (&one["windows"], &one["interval_reached"]),
        (&4.into(), &Value::Bool(false))
    );
    assert!(number(one, "/spread_j") > 0.0);
    let text = program.stdout(&["infer", id(&run), "--stored"]);
    assert!(text.contains("too few windows"), "{text}");
    // A slow meter makes windows longer: 25 changes of 40 ms.
    let slow = infer(
        &program,
        id(&run),
        &["--meter", "simulated:steady,refresh_ms=40", "-b", "32"],
    );
    assert_eq!(slow["inferences"][0]["window_s"], 1.0);
}

#[test]
fn what_cannot_be_asked_is_explained_and_keeps_nothing() {
    let program = Program::new();
    let run = program.train(&[]);
    for (arguments, code, word) in [
        (vec!["-b", "0"], 2, "--batch-sizes"),
        (vec!["--windows", "2"], 2, "--windows"),
        (vec!["--interval", "0"], 2, "--interval"),
        (
            vec!["--set", "regime.seed=3"],
            2,
            "only fields of `measure`",
        ),
        (vec!["--country", "Atlantis"], 2, "Atlantis"),
    ] {
        let mut all = vec!["infer", id(&run)];
        all.extend(arguments);
        let (found, words) = program.refused(&all);
        assert_eq!(found, code, "{words}");
        assert!(words.contains(word), "{words}");
    }
    assert_eq!(program.refused(&["infer", "nobody"]).0, 5);

    // A damaged checkpoint, and none.
    let folder = run["checkpoints"][0]["path"].as_str().unwrap();
    let file = std::path::Path::new(folder).join("network.bpk");
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (code, words) = program.refused(&["infer", id(&run), "-q", "--device", "cpu"]);
    assert_eq!(code, 5, "{words}");
    assert!(words.contains("checksum"), "{words}");
    std::fs::remove_dir_all(program.library().with_file_name("runs")).unwrap();
    let (code, words) = program.refused(&["infer", id(&run)]);
    assert_eq!(code, 5, "{words}");
    assert!(words.contains("no checkpoint"), "{words}");
    let stored = program.json(&["infer", id(&run), "--stored", "--json"]);
    assert_eq!(stored["inferences"], serde_json::json!([]));
}
