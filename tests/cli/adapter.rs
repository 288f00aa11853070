//! Training on a graphics adapter: a software one does.

use serde_json::Value;

pub use crate::joulelab::adapter;
use crate::joulelab::{Joulelab, number};

#[test]
fn every_device_is_listed_and_the_cpu_is_the_last() {
    let joulelab = Joulelab::new();
    let devices = joulelab.json(&["devices", "--json"]);
    let devices = devices.as_array().expect("a list");
    for (index, device) in devices.iter().enumerate() {
        assert_eq!(device["index"], index);
        assert!(device["name"].as_str().is_some_and(|name| !name.is_empty()));
    }
    assert_eq!(devices[devices.len() - 1]["backend"], "flex");
}

#[test]
fn a_software_adapter_is_never_chosen_by_itself() {
    let joulelab = Joulelab::new();
    let devices = joulelab.json(&["devices", "--json"]);
    let is_hardware = |device: &Value| {
        device["kind"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("-gpu"))
            && device["api"] != "gl"
    };
    if devices.as_array().expect("a list").iter().any(is_hardware) {
        eprintln!("skipped: this machine has a hardware adapter, which is rightly chosen");
        return;
    }
    let details = joulelab.json(&["run", "--json", "-q", "--idle", "0", "-m", "mlp", "-e", "1"]);
    assert_eq!(details["run"]["backend"], "flex");
}

#[test]
fn an_adapter_trains_as_the_cpu_does() {
    let joulelab = Joulelab::new();
    let Some(index) = adapter(&joulelab) else {
        return;
    };
    let flags = ["-m", "mlp", "-e", "15", "-b", "64"];
    let cpu = joulelab.train(&flags);
    let mut arguments = vec!["run", "--json", "-q", "--idle", "0", "--device", &index];
    arguments.extend(flags);
    let gpu = joulelab.json(&arguments);
    assert_eq!(gpu["self_check"]["passed"], true, "{:#}", gpu["self_check"]);
    assert!(
        gpu["run"]["backend"]
            .as_str()
            .is_some_and(|backend| backend.starts_with("wgpu/"))
    );
    let accuracy = |details: &Value| number(details, "/run/metrics/final_test_metric");
    assert!(
        (accuracy(&cpu) - accuracy(&gpu)).abs() <= 0.02,
        "{} {}",
        accuracy(&cpu),
        accuracy(&gpu)
    );
    // One seed gives the same initial weights and the same order of samples everywhere.
    let first = |device: &str| {
        let details = joulelab.json(&[
            "run",
            "--json",
            "-q",
            "--idle",
            "0",
            "--device",
            device,
            "-m",
            "mlp",
            "--steps",
            "3",
            "--set",
            "checkpoint.at_end=false",
        ]);
        number(&details["epochs"][0], "/train_loss")
    };
    let difference = (first("cpu") / first(&index) - 1.0).abs();
    assert!(difference < 1e-4, "{difference}");
    // The self-check is kept: the second run does not do it again.
    let again = joulelab.json(&arguments);
    assert_eq!(
        again["self_check"]["checked_at"],
        gpu["self_check"]["checked_at"]
    );
}
