//! What answers cost where no sensor answers.

use crate::joulelab::Joulelab;

#[test]
fn windows_hold_many_readings_of_the_processors_load() {
    let joulelab = Joulelab::new();
    let run = joulelab.train(&["--epochs", "1", "-m", "mlp"]);
    let id = run["run"]["id"].as_str().expect("an identifier");
    // The windows that are asked for end before the system has counted its load once more.
    let told = joulelab.json(&[
        "infer",
        id,
        "-b",
        "2",
        "--window",
        "0.02",
        "--warm-up",
        "0",
        "--windows",
        "3",
        "--idle",
        "0",
        "--json",
        "-q",
    ]);
    let one = &told["inferences"][0];
    let meters = one["energies"].as_array().expect("meters");
    assert!(
        meters
            .iter()
            .any(|meter| meter["figure"]["meter"] == "model:cpu"),
        "{one:#}"
    );
    let window_s = one["window_s"].as_f64().expect("a number");
    assert!(window_s >= 25.0 * 0.1, "{window_s}");
    if cfg!(target_os = "linux") {
        assert_eq!(window_s, 5.0, "25 times 200 ms");
    }
    let measured_s = one["sum"]["figure"]["window_s"].as_f64();
    assert!(measured_s >= Some(3.0 * window_s), "{one:#}");
}
