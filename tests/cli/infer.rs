//! What answers cost where no sensor answers.

use std::io::{BufRead as _, BufReader};

use crate::joulelab::Joulelab;

#[test]
fn windows_hold_many_readings_of_the_processors_load() {
    let joulelab = Joulelab::new();
    let run = joulelab.train(&["--epochs", "1", "-m", "mlp"]);
    let id = run["run"]["id"].as_str().expect("an identifier");
    // A window that ended when it is asked to would be over before the system has counted its load once more.
    let mut child = joulelab.spawn(&[
        "infer",
        id,
        "-b",
        "2",
        "--window",
        "0.02",
        "--warm-up",
        "0",
        "--idle",
        "0",
    ]);
    let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut lines = Vec::new();
    for line in stderr.lines() {
        lines.push(line.expect("text"));
        if lines.last().is_some_and(|line| line.starts_with("window ")) {
            break;
        }
    }
    // One window is enough to see.
    child.kill().expect("it can be ended");
    child.wait().expect("it has ended");
    let told = lines.join("\n");
    assert!(told.contains("meter     CPU package: load model"), "{told}");
    let window = lines.last().and_then(|line| line.rsplit_once(" in "));
    let seconds = window.and_then(|(_, time)| time.trim_end_matches(" s").parse::<f64>().ok());
    // Twenty-five times 200 ms, on some systems 100 ms.
    let least_s = if cfg!(target_os = "linux") { 5.0 } else { 2.5 };
    assert!(seconds >= Some(least_s), "{told}");
}
