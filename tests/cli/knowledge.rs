//! What workers learn of a machine's power, kept by the controller and handed to the next worker: both sides through the
//! protocol, with a worker that only says its lines.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use joulelab::control::{self, Launch, RunEvent, WorkerCommand};
use joulelab::library::{CpuPoint, DevicePoint, Library, Status};
use joulelab::protocol::{self, Command};
use joulelab::setup::{MeasureSetup, Setup};
use joulelab::units::Estimate;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::joulelab::{Joulelab, number};
use crate::worker::Worker;

const GPU: &str = "vulkan:discrete-gpu:0000:01:00.0:Made-up GPU";

/// What a worker says that has trained on a card with a sensor; `reason` is why the run ended.
fn lines(reason: &str) -> String {
    let figure = json!({
        "boundary": "gpu-board", "meter": "nvml:0", "source": "NVML energy counter", "grade": "B",
        "energy_j": {"value": 900.0, "low": 855.0, "high": 945.0}, "covered_s": 10.0, "window_s": 10.0,
    });
    let energy = json!({"gross": figure, "net_j": null});
    let at = "2026-11-21T10:00:00Z";
    let point = |energy_j: f64, flop: f64, bytes: f64| {
        json!({
            "device": GPU, "driver": "550", "energy_j": {"value": energy_j, "low": 0.95 * energy_j, "high": 1.05 * energy_j},
            "flop": flop, "bytes": bytes, "seconds": 10.0, "source": "NVML energy counter", "at": at,
        })
    };
    let events = [
        json!({"event": "hello", "protocol": protocol::PROTOCOL, "program_version": "0.1.0", "pid": 1}),
        json!({"event": "data", "name": "digits", "title": "Digits", "input": {"image": {"channels": 1, "height": 8, "width": 8}},
               "classes": ["0", "1"], "train": 100, "test": 10, "steps_per_epoch": 2,
               "plan": {"input": {"image": {"channels": 1, "height": 8, "width": 8}}, "layers": [], "flattened": 64}}),
        json!({"event": "device", "because": "asked for", "device": {
            "index": 0, "name": "Made-up GPU", "kind": "discrete-gpu", "api": "vulkan", "backend": "wgpu/vulkan",
            "driver": "550", "vendor": "NVIDIA", "address": "0000:01:00.0", "identity": GPU}}),
        json!({"event": "meters", "refused": [], "meters": [{
            "id": "nvml:0", "source": "NVML energy counter", "device": "Made-up GPU", "boundary": "gpu-board", "grade": "B",
            "kind": "counter", "origin": "sensor", "role": "part", "covers": ["machine/gpu-0000:01:00.0"],
            "refresh_s": 0.1, "notes": []}]}),
        json!({"event": "phase-began", "t_s": 0.0, "phase": "train"}),
        json!({"event": "phase-ended", "t_s": 10.0, "phase": "train", "energies": [energy]}),
        json!({"event": "learnt", "cpu_points": [{
                   "busy": 0.25, "power_w": {"value": 40.0, "low": 38.0, "high": 42.0}, "source": "RAPL", "at": at}],
               "device_points": [point(300.0, 0.0, 0.0), point(900.0, 6e14, 1e12)]}),
        json!({"event": "finished", "reason": reason, "reason_text": "so it was", "steps": 20, "epochs": 10, "samples": 1000,
               "metric": "accuracy", "final_metric": 0.9, "final_loss": 0.1, "best_metric": 0.9, "target_reached": null, "train_s": 10.0,
               "training": [energy], "components": energy, "missing": [], "lost": [], "meter_overhead_share": 0.001,
               "dropped_samples": 0}),
    ];
    events.iter().map(|event| format!("{event}\n")).collect()
}

struct Played {
    folder: TempDir,
}

impl Played {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn library(&self) -> std::path::PathBuf {
        self.folder.path().join("library.sqlite")
    }

    /// A run with a worker that says `lines` and writes down what it is asked; gives that, and how the run ended.
    fn run(&self, lines: &str) -> (Command, Status) {
        let (said, asked) = (
            self.folder.path().join("said"),
            self.folder.path().join("asked"),
        );
        std::fs::write(&said, lines).expect("a file");
        let script = format!("cat '{}'; cat > '{}'", said.display(), asked.display());
        let session = control::start(Launch {
            setup: Setup::default(),
            name: None,
            note: None,
            tags: Vec::new(),
            resume: None,
            record: None,
            worker: WorkerCommand {
                program: Path::new("sh").into(),
                arguments: vec!["-c".into(), script.into()],
            },
            library: self.library(),
        })
        .expect("it starts");
        loop {
            let event = session.events.recv_timeout(Duration::from_secs(60));
            if let RunEvent::Ended(ending) = event.expect("it goes on") {
                let asked = std::fs::read_to_string(&asked).expect("it was asked");
                let line = asked.lines().next().expect("a command");
                let command = protocol::decode(line).expect("a command");
                return (command, ending.status);
            }
        }
    }
}

#[test]
fn what_a_run_taught_is_kept_and_the_next_worker_knows_it() {
    let played = Played::new();
    let (asked, status) = played.run(&lines("epochs"));
    assert_eq!(status, Status::Completed);
    let Command::Run(request) = asked else {
        panic!("not a run: {asked:?}");
    };
    assert_eq!(request.knowledge, protocol::Knowledge::default());

    let machine = control::here().0.fingerprint;
    let library = Library::open(played.library()).expect("a library");
    let devices = library.device_points(&machine).expect("points");
    let cpu = library.cpu_points(&machine).expect("points");
    let run = library
        .runs(&Default::default())
        .expect("runs")
        .remove(0)
        .run;
    let expected = DevicePoint {
        device: GPU.into(),
        driver: "550".into(),
        run_id: Some(run.id),
        energy_j: Estimate {
            value: 900.0,
            low: 855.0,
            high: 945.0,
        },
        flop: 6e14,
        bytes: Some(1e12),
        seconds: 10.0,
        source: "NVML energy counter".into(),
        at: "2026-11-21T10:00:00Z".parse().expect("a time"),
    };
    assert_eq!(devices.len(), 2);
    assert_eq!(devices[1], expected);
    assert_eq!(devices[0].flop, 0.0, "at rest");
    let expected = CpuPoint {
        busy: 0.25,
        power_w: Estimate {
            value: 40.0,
            low: 38.0,
            high: 42.0,
        },
        source: "RAPL".into(),
        at: "2026-11-21T10:00:00Z".parse().expect("a time"),
    };
    assert_eq!(cpu, [expected]);

    let (asked, _) = played.run(&lines("epochs"));
    let Command::Run(request) = asked else {
        panic!("not a run: {asked:?}");
    };
    let known = request.knowledge.device_points;
    assert_eq!(known.len(), 2);
    assert_eq!((known[1].device.as_str(), known[1].flop), (GPU, 6e14));
    assert_eq!(request.knowledge.cpu_points.len(), 1);
    assert_eq!(library.device_points(&machine).expect("points").len(), 4);
}

#[test]
fn what_a_run_that_failed_taught_is_not_kept() {
    let played = Played::new();
    let (_, status) = played.run(&lines("diverged"));
    assert_eq!(status, Status::Failed);
    let machine = control::here().0.fingerprint;
    let library = Library::open(played.library()).expect("a library");
    assert!(library.device_points(&machine).expect("points").is_empty());
    assert!(library.cpu_points(&machine).expect("points").is_empty());
}

#[test]
fn a_worker_fits_its_model_of_the_processors_to_what_is_known() {
    let joulelab = Joulelab::new();
    let point = |busy: f64, watts: f64| {
        json!({"busy": busy, "power_w": {"value": watts, "low": 0.95 * watts, "high": 1.05 * watts}, "source": "RAPL",
               "at": "2026-11-21T10:00:00Z"})
    };
    let doctor = |points: Vec<Value>| {
        let mut worker = Worker::start(&joulelab);
        let request = json!({"command": "doctor", "device": "cpu", "measure": MeasureSetup::default(),
                             "knowledge": {"cpu_points": points}});
        worker.send(&request.to_string());
        let sources = worker.until("sources");
        let sources = sources["sources"].as_array().expect("a list").clone();
        let model = sources
            .into_iter()
            .find(|source| source["id"] == "model:cpu");
        model.expect("a model")
    };
    let model = doctor(vec![point(0.0, 12.0), point(1.0, 80.0)]);
    assert_eq!(model["grade"], "D", "{model:#}");
    let notes = model["notes"].to_string();
    assert!(
        notes.contains("full load 80.0 W, idle 12.0 W, fitted to 2 readings of RAPL on 2026-11-21"),
        "{notes}"
    );
    // Two readings of one load make no curve, and the doctor says so.
    let model = doctor(vec![point(0.5, 40.0), point(0.5, 41.0)]);
    assert_ne!(model["grade"], "D", "{model:#}");
    assert!(
        model["notes"].to_string().contains("no fit yet"),
        "{model:#}"
    );
}

#[test]
fn a_load_is_steady_measured_and_stopped_at_once() {
    let joulelab = Joulelab::new();
    let load = |share: f64, duration_s: f64| {
        json!({"command": "load", "device": "cpu", "measure": {}, "share": share, "duration_s": duration_s, "settle_s": 0.2})
            .to_string()
    };
    let mut worker = Worker::start(&joulelab);
    worker.send(&load(0.5, 1.5));
    assert_eq!(worker.until("device")["device"]["kind"], "cpu");
    let opened = number(&worker.until("window-opened"), "/t_s");
    let reading = worker.until("readings");
    assert!(number(&reading, "/t_s") > opened);
    let closed = worker.until("window-closed");
    let seconds = number(&closed, "/t_s") - opened;
    assert!((1.5..2.5).contains(&seconds), "{seconds}");
    let sum = &closed["window"]["sum"]["gross"];
    assert_eq!(sum["boundary"], "components");
    assert!(number(sum, "/energy_j/value") > 0.0);
    assert!(worker.next().is_none(), "models teach nothing");
    assert!(worker.child.wait().expect("it ends").success());

    let mut worker = Worker::start(&joulelab);
    worker.send(&load(1.0, 600.0));
    worker.until("window-opened");
    let begun = std::time::Instant::now();
    worker.send(r#"{"command":"stop"}"#);
    while let Some(event) = worker.next() {
        assert_eq!(
            event["event"], "readings",
            "what was cut short is no result"
        );
    }
    assert!(worker.child.wait().expect("it ends").success());
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );

    for (share, duration_s) in [(1.5, 1.0), (1.0, 0.0)] {
        let mut worker = Worker::start(&joulelab);
        worker.send(&load(share, duration_s));
        assert_eq!(worker.until("failed")["kind"], "setup");
    }
    let output = joulelab
        .command(&["doctor", "--device", "cpu"])
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    assert!(output.status.success());
    assert!(!joulelab.library().exists(), "a doctor makes no library");
}
