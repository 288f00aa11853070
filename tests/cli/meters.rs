//! Meters through the whole program: a fake sysfs with package counters, a fake NVIDIA library.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::fake_nvml::FakeNvml;
use crate::fake_sysfs::FakeSysfs;
use crate::joulelab::{Joulelab, number, text, wait_until};
use crate::machine::signal;
use crate::worker::Worker;

/// Moves a package's counter at a constant power for as long as it lives.
pub struct Counter {
    running: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Counter {
    pub fn start(root: &Path, watts: f64) -> Self {
        let running = Arc::new(AtomicBool::new(true));
        let going_on = Arc::clone(&running);
        let folder = root.join("class/powercap/intel-rapl:0");
        let thread = std::thread::Builder::new()
            .name("fake-rapl".to_owned())
            .spawn(move || {
                let begun = Instant::now();
                while going_on.load(Ordering::Relaxed) {
                    let energy_uj = (begun.elapsed().as_secs_f64() * watts * 1e6) as u64;
                    // In one step, so that nobody reads half a number.
                    let new = folder.join("new");
                    std::fs::write(&new, format!("{energy_uj}\n")).expect("a file");
                    std::fs::rename(&new, folder.join("energy_uj")).expect("a file");
                    std::thread::sleep(Duration::from_millis(1));
                }
            })
            .expect("a thread");
        Self {
            running,
            thread: Some(thread),
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it ends");
        }
    }
}

pub fn with_sysfs(sysfs: &FakeSysfs) -> Joulelab {
    Joulelab::new().with_env("JOULELAB_SYSFS_ROOT", sysfs.root())
}

#[test]
fn a_package_counter_is_read_through_the_whole_program() {
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 0);
    let counter = Counter::start(sysfs.root(), 50.0);
    let joulelab = with_sysfs(&sysfs);
    let details = joulelab.json(&[
        "run",
        "--json",
        "-q",
        "--device",
        "cpu",
        "--idle",
        "1",
        "--time-budget",
        "3",
        "-e",
        "100000",
    ]);
    drop(counter);
    let training = details["training"].as_array().expect("a list");
    let meters: Vec<&str> = training
        .iter()
        .filter_map(|part| part["figure"]["meter"].as_str())
        .collect();
    assert_eq!(meters, ["rapl:package-0", "model:memory"]);
    let part = &training[0];
    assert_eq!(part["figure"]["grade"], "B");
    assert_eq!(part["figure"]["boundary"], "cpu-package");
    let truth = 50.0 * number(part, "/figure/window_s");
    let (low, high) = (
        number(part, "/figure/energy_j/low"),
        number(part, "/figure/energy_j/high"),
    );
    assert!(
        (low..=high).contains(&truth),
        "{truth} not in {low} to {high}"
    );
    assert!(
        high - low < 0.4 * truth,
        "{low} to {high} is too wide for a counter"
    );
    // The same power idle and busy: nothing is left when the idle power is taken off.
    assert!(
        number(part, "/net_j/value").abs() < 0.1 * truth,
        "{:#}",
        part["net_j"]
    );
}

#[test]
fn a_meter_that_vanishes_leaves_a_gap_and_a_trained_network() {
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 0);
    let counter = Counter::start(sysfs.root(), 50.0);
    let joulelab = with_sysfs(&sysfs);
    let child = joulelab.spawn(&[
        "run",
        "--json",
        "-q",
        "--device",
        "cpu",
        "--idle",
        "0",
        "--time-budget",
        "600",
        "-e",
        "10000000",
        "--set",
        "checkpoint.every_s=0",
    ]);
    joulelab.wait_for_checkpoint();
    // As long as it takes on a busy machine: readings of the counter, then as many as a third of them of what took its place.
    let readings = |meter: &str| {
        let samples = joulelab.stdout(&["export", "-f", "samples", "-o", "-"]);
        samples.lines().filter(|line| line.contains(meter)).count()
    };
    wait_until("readings", || readings("rapl:package-0") >= 10);
    drop(counter);
    std::fs::remove_dir_all(sysfs.root().join("class")).expect("it is there");
    wait_until("the model", || {
        readings("model:cpu") >= 5 + readings("rapl:package-0") / 3
    });
    signal(&child.id().to_string(), "INT");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let run = joulelab.only_run();
    let details = joulelab.json(&["show", "--json", run["id"].as_str().expect("an id")]);
    let of = |meter: &str| {
        let parts = details["training"].as_array().expect("a list");
        let part = parts.iter().find(|part| part["figure"]["meter"] == meter);
        let part = part.unwrap_or_else(|| panic!("no {meter} in {parts:#?}"));
        let number = |name: &str| number(part, name);
        (number("/figure/covered_s"), number("/figure/window_s"))
    };
    let ((counted, window), (modelled, _)) = (of("rapl:package-0"), of("model:cpu"));
    assert!(
        counted > 0.0 && counted < 0.9 * window,
        "{counted} of {window}"
    );
    // The model stepped in a second or so later; what lies between is covered by neither.
    assert!(
        modelled > 0.0 && counted + modelled < window,
        "{counted} + {modelled} of {window}"
    );
    let lost = &details["summary"]["json"]["lost"][0];
    assert_eq!(lost["meter"], "rapl:package-0");
    let reason = lost["reason"].as_str().expect("a reason");
    assert!(
        reason.ends_with("model:cpu has taken its place"),
        "{reason}"
    );
}

#[test]
fn doctor_tells_what_was_tried_and_how_to_mend_it() {
    let sysfs = FakeSysfs::new();
    sysfs
        .zone("intel-rapl:0", "package-0", 1_000_000)
        .zone("intel-rapl:0:0", "dram", 1_000);
    let nvml = FakeNvml::new("[card]\nname = NVIDIA H200\nwatts = 120\n");
    let joulelab = with_sysfs(&sysfs).with_env("JOULELAB_NVML_LIBRARY", &nvml.path());
    let report = joulelab.json(&["doctor", "--json", "--device", "cpu"]);
    let sources = report["sources"].as_array().expect("a list");
    let of = |id: &str| {
        sources
            .iter()
            .find(|source| source["id"] == id)
            .unwrap_or_else(|| panic!("no {id} in {sources:#?}"))
    };
    assert_eq!(of("rapl:package-0")["status"]["status"], "used");
    assert_eq!(of("rapl:package-0:dram")["status"]["status"], "used");
    let card = of("nvml:0");
    assert_eq!(card["device"], "NVIDIA H200");
    assert_eq!(card["status"]["status"], "available");
    let text = joulelab.stdout(&["doctor", "--device", "cpu"]);
    assert!(
        text.contains("rapl:package-0") && text.contains("no GPU trains"),
        "{text}"
    );
}

#[test]
fn where_no_counter_answers_the_model_says_so() {
    let joulelab = Joulelab::new();
    let report = joulelab.json(&["doctor", "--json", "--device", "cpu"]);
    let sources = report["sources"].as_array().expect("a list");
    let model = sources
        .iter()
        .find(|source| source["id"] == "model:cpu")
        .expect("a model");
    assert_eq!(model["status"]["status"], "used");
    assert!(["E", "F"].contains(&model["grade"].as_str().expect("a grade")));
}

/// Whether a figure in watts is that of a counter that moves at 50 W.
fn is_fifty_watts(watts: f64) -> bool {
    (40.0..=60.0).contains(&watts)
}

#[test]
fn meters_are_watched_without_a_run_until_told_to_stop() {
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 0);
    let counter = Counter::start(sysfs.root(), 50.0);
    let nvml = FakeNvml::new("[card]\nname = NVIDIA H200\nwatts = 120\n");
    let joulelab = with_sysfs(&sysfs).with_env("JOULELAB_NVML_LIBRARY", &nvml.path());
    let mut worker = Worker::start(&joulelab);
    worker.send(r#"{"command":"watch","device":"cpu","measure":{}}"#);
    assert_eq!(worker.until("device")["device"]["kind"], "cpu");
    let sources = worker.until("sources");
    let status = |id: &str| {
        let sources = sources["sources"].as_array().expect("a list");
        let source = sources.iter().find(|source| source["id"] == id);
        source.unwrap_or_else(|| panic!("no {id} in {sources:#?}"))["status"]["status"].clone()
    };
    assert_eq!(status("rapl:package-0"), "used");
    assert_eq!(status("nvml:0"), "available");
    let meters = worker.until("meters");
    let roles: Vec<_> = meters["meters"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|meter| (meter["id"].as_str(), meter["role"].as_str()))
        .collect();
    assert_eq!(
        roles,
        [
            (Some("rapl:package-0"), Some("part")),
            (Some("model:memory"), Some("part")),
            (Some("model:cpu"), Some("stand-by")),
        ]
    );
    // A second request has to wait for another worker.
    worker.send(r#"{"command":"watch","device":"cpu","measure":{}}"#);
    let (mut refused, mut times, mut last) = (false, Vec::new(), None);
    while times.len() < 4 || !refused {
        let event = worker.next().expect("it goes on");
        match event["event"].as_str() {
            Some("failed") => refused = event["kind"] == "protocol",
            Some("readings") => {
                times.push(number(&event, "/t_s"));
                last = event
                    .pointer("/now/0/power_w")
                    .and_then(serde_json::Value::as_f64);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    assert!(last.is_some_and(is_fifty_watts), "{last:?}");
    worker.send(r#"{"command":"stop"}"#);
    while let Some(event) = worker.next() {
        assert_eq!(event["event"], "readings");
    }
    assert!(worker.child.wait().expect("it ends").success());
    drop(counter);
}

#[test]
fn whoever_watches_and_goes_away_leaves_no_worker_behind() {
    let joulelab = Joulelab::new();
    let mut worker = Worker::start(&joulelab);
    worker.send(r#"{"command":"watch","device":"cpu","measure":{}}"#);
    worker.until("readings");
    drop(worker.child.stdin.take());
    assert!(worker.child.wait().expect("it ends").success());
}

#[test]
fn idle_power_is_measured_without_a_run_and_can_be_cancelled() {
    let sysfs = FakeSysfs::new();
    sysfs.zone("intel-rapl:0", "package-0", 0);
    let counter = Counter::start(sysfs.root(), 50.0);
    let joulelab = with_sysfs(&sysfs);
    let ask = |duration_s: f64| {
        format!(
            r#"{{"command":"measure-idle","device":"cpu","measure":{{}},"duration_s":{duration_s}}}"#
        )
    };

    let mut worker = Worker::start(&joulelab);
    worker.send(&ask(1.5));
    let progress = worker.until("readings");
    assert!(number(&progress, "/t_s") < 1.5, "{progress}");
    let idle = worker.until("idle");
    assert!(number(&idle, "/duration_s") >= 1.5, "{idle}");
    assert_eq!(idle["power"][0]["meter"], "rapl:package-0");
    let (low, high) = (
        number(&idle, "/power/0/power_w/low"),
        number(&idle, "/power/0/power_w/high"),
    );
    // How narrow it is goes by how often a machine that is busy with other tests lets the meter be read.
    assert!(
        25.0 < low && low < 50.0 && 50.0 < high && high < 100.0,
        "{low} to {high}"
    );
    assert!(worker.next().is_none());
    assert!(worker.child.wait().expect("it ends").success());

    let mut worker = Worker::start(&joulelab);
    worker.send(&ask(600.0));
    worker.until("readings");
    worker.send(r#"{"command":"stop"}"#);
    while let Some(event) = worker.next() {
        assert_eq!(
            event["event"], "readings",
            "what was cut short is no result"
        );
    }
    assert!(worker.child.wait().expect("it ends").success());

    let mut worker = Worker::start(&joulelab);
    worker.send(&ask(0.0));
    assert_eq!(worker.until("failed")["kind"], "setup");
    drop(counter);
}
