//! `joulelab calibrate` and `joulelab run --wall`: a fake package counter whose power follows what the program says it does.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use joulelab::library::{CpuPoint, Library, WallCalibration};
use serde_json::{Value, json};

use crate::fake_sysfs::FakeSysfs;
use crate::joulelab::{Joulelab, number, text};
use crate::machine::signal;
use crate::worker::Worker;

/// What the fake package draws idle, at half and at full load.
const IDLE_W: u64 = 50;
const HALF_W: u64 = 130;
const FULL_W: u64 = 200;

/// A machine whose package counter moves at a power that can be changed.
struct Machine {
    joulelab: Joulelab,
    /// The folder lives as long as it.
    _sysfs: FakeSysfs,
    watts: Arc<AtomicU64>,
    running: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Machine {
    fn new() -> Self {
        let sysfs = FakeSysfs::new();
        sysfs.zone("intel-rapl:0", "package-0", 0);
        let (watts, running) = (
            Arc::new(AtomicU64::new(FULL_W)),
            Arc::new(AtomicBool::new(true)),
        );
        let (power, going_on) = (Arc::clone(&watts), Arc::clone(&running));
        let folder = sysfs.root().join("class/powercap/intel-rapl:0");
        let thread = std::thread::Builder::new()
            .name("fake-rapl".to_owned())
            .spawn(move || {
                let (mut last, mut energy_uj) = (Instant::now(), 0.0);
                while going_on.load(Ordering::Relaxed) {
                    let now = Instant::now();
                    energy_uj +=
                        (now - last).as_secs_f64() * power.load(Ordering::Relaxed) as f64 * 1e6;
                    last = now;
                    // In one step, so that nobody reads half a number.
                    let new = folder.join("new");
                    std::fs::write(&new, format!("{}\n", energy_uj as u64)).expect("a file");
                    std::fs::rename(&new, folder.join("energy_uj")).expect("a file");
                    std::thread::sleep(Duration::from_millis(1));
                }
            })
            .expect("a thread");
        Self {
            joulelab: Joulelab::new().with_env("JOULELAB_SYSFS_ROOT", sysfs.root()),
            _sysfs: sysfs,
            watts,
            running,
            thread: Some(thread),
        }
    }

    /// `joulelab calibrate` on the CPU with short readings.
    fn start(&self, flags: &[&str]) -> Child {
        let short = [
            "calibrate",
            "--device",
            "cpu",
            "--seconds",
            "2",
            "--settle",
            "0.5",
        ];
        let mut command = self.joulelab.command(&[&short, flags].concat());
        command.stdin(Stdio::piped()).spawn().expect("it starts")
    }

    /// Gives the program `input`, lets the package draw what goes with each step that it announces, and waits for its end:
    /// exit code, standard output, standard error.
    fn follow(&self, mut child: Child, input: &str) -> (Option<i32>, String, String) {
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("it listens");
        drop(stdin);
        let mut out = child.stdout.take().expect("a pipe");
        let reader = std::thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(move || {
                let mut all = String::new();
                out.read_to_string(&mut all).expect("text");
                all
            })
            .expect("a thread");
        let mut said = String::new();
        for line in BufReader::new(child.stderr.take().expect("a pipe")).lines() {
            let line = line.expect("text");
            for (words, watts) in [
                ("the idle machine", IDLE_W),
                ("full load on the device", FULL_W),
                ("a check at half load", HALF_W),
            ] {
                if line.contains(words) {
                    self.watts.store(watts, Ordering::Relaxed);
                }
            }
            said.push_str(&line);
            said.push('\n');
        }
        let status = child.wait().expect("it ends");
        self.watts.store(FULL_W, Ordering::Relaxed);
        (status.code(), reader.join().expect("text"), said)
    }

    /// A calibration to its end, with `input` typed: exit code, standard output, standard error. Begun anew where this machine
    /// was so busy with other tests that the meters could not be read often enough: to refuse then is right.
    fn calibrate(&self, flags: &[&str], input: &str) -> (Option<i32>, String, String) {
        for _ in 0..4 {
            let done = self.follow(self.start(flags), input);
            if !done.2.contains("too little to compare") {
                return done;
            }
            self.watts.store(IDLE_W, Ordering::Relaxed);
        }
        self.follow(self.start(flags), input)
    }

    /// A calibration from readings given in advance; as JSON.
    fn calibrated(&self, flags: &[&str]) -> Value {
        let given = ["--idle-w", "61", "--load-w", "340", "--yes", "--json"];
        let (code, out, said) = self.calibrate(&[&given, flags].concat(), "");
        assert_eq!(code, Some(0), "{said}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    fn list(&self) -> Vec<Value> {
        let list = self.joulelab.json(&["calibrate", "list", "--json"]);
        list.as_array().expect("a list").clone()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it ends");
        }
    }
}

/// Arguments of a run at the wall that takes a few seconds.
const RUN: [&str; 11] = [
    "run",
    "--json",
    "-q",
    "--device",
    "cpu",
    "--wall",
    "--idle",
    "2.5",
    "--time-budget",
    "3",
    "-m",
];

fn run_at_wall(joulelab: &Joulelab) -> Value {
    joulelab.json(&[&RUN[..], &["mlp", "-e", "1000000"]].concat())
}

/// The figure at the wall among `energies`, and what the line makes of the others: energies of one stretch, each with
/// `energy` at the given pointer.
fn at_wall_and_by_line(energies: &Value, calibration: &Value) -> (f64, f64) {
    let energies = energies.as_array().expect("a list");
    let is_wall = |energy: &&Value| energy["figure"]["boundary"] == "wall";
    let walls: Vec<&Value> = energies.iter().filter(is_wall).collect();
    assert_eq!(walls.len(), 1, "{energies:#?}");
    let wall = &walls[0]["figure"];
    assert_eq!(wall["grade"], "A");
    assert_eq!(walls[0]["net_j"], Value::Null);
    let parts = || energies.iter().filter(|energy| !is_wall(energy));
    let sum: f64 = parts()
        .map(|part| number(part, "/figure/energy_j/value"))
        .sum();
    let covered_s = parts()
        .map(|part| number(part, "/figure/covered_s"))
        .fold(f64::INFINITY, f64::min);
    let line = &calibration["json"];
    let expected = number(line, "/offset_w") * covered_s + number(line, "/slope") * sum;
    (number(wall, "/energy_j/value"), expected)
}

fn is_same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs()
}

#[test]
fn a_calibration_is_stored_and_a_run_at_the_wall_is_what_the_line_says() {
    let machine = Machine::new();
    let calibration = machine.calibrated(&[
        "--check-w",
        "215",
        "--meter-error",
        "1%",
        "--note",
        "new meter",
    ]);
    let json = &calibration["json"];
    assert_eq!(calibration["simulated"], false);
    assert_eq!(json["readings"][0]["what"], "idle");
    assert_eq!(json["readings"][2]["what"], "check");
    // The package at its fake power, and memory by its model.
    let parts_w: Vec<f64> = (0..3)
        .map(|at| number(&json["readings"][at], "/components_w/value"))
        .collect();
    for (at, (low, high)) in [(30.0, 90.0), (165.0, 270.0), (100.0, 160.0)]
        .iter()
        .enumerate()
    {
        assert!((*low..*high).contains(&parts_w[at]), "{parts_w:?}");
    }
    let is_part = |meter: &&Value| meter["role"] == "part";
    let meters = json["meters"].as_array().expect("a list");
    let ids: Vec<&str> = meters
        .iter()
        .filter(is_part)
        .filter_map(|meter| meter["id"].as_str())
        .collect();
    assert_eq!(ids, ["rapl:package-0", "model:memory"]);
    // Kept as it was printed, and shown to people.
    let id = calibration["id"].as_str().expect("an id");
    assert_eq!(
        machine.joulelab.json(&["calibrate", "show", "--json", id]),
        calibration
    );
    assert_eq!(machine.list(), std::slice::from_ref(&calibration));
    let shown = machine.joulelab.stdout(&["calibrate", "show", &id[..10]]);
    for word in [
        "wall = ",
        "residual",
        "rapl:package-0 · part",
        "new meter",
        "this one",
    ] {
        assert!(shown.contains(word), "no {word} in {shown}");
    }

    let details = run_at_wall(&machine.joulelab);
    let (wall, expected) = at_wall_and_by_line(&details["training"], &calibration);
    assert!(is_same(wall, expected), "{wall} {expected}");
    let summary = &details["summary"];
    assert_eq!(summary["calibration"], *id);
    // Beside the sum over the parts, never in it.
    let components = number(summary, "/json/components/gross/energy_j/value");
    assert!(components < 0.9 * wall, "{components} {wall}");
    let names = summary["json"]["components"]["gross"]["meter"]
        .as_str()
        .expect("names");
    assert!(!names.contains("calibration"), "{names}");
    let made_at = calibration["made_at"].as_str().expect("a time");
    assert!(made_at.ends_with(".000Z"), "{made_at}");
    let date = &made_at[..10];
    let figure = details["training"]
        .as_array()
        .and_then(|all| {
            all.iter()
                .find(|energy| energy["figure"]["boundary"] == "wall")
        })
        .expect("a figure");
    let source = figure["figure"]["source"].as_str().expect("a source");
    assert!(
        source.contains(date) && source.contains("residual"),
        "{source}"
    );
    // Phases have it too, and so have the epochs and the export.
    for phase in details["phases"].as_array().expect("phases") {
        let energies = phase["energies"].as_array().expect("a list");
        if energies
            .iter()
            .all(|energy| energy["figure"]["energy_j"].is_object())
        {
            let (wall, expected) = at_wall_and_by_line(&phase["energies"], &calibration);
            assert!(
                is_same(wall, expected),
                "{}: {wall} {expected}",
                phase["phase"]
            );
        }
    }
    let epochs = details["epochs"].as_array().expect("epochs");
    let has_wall = |epoch: &Value| {
        let energies = epoch["energies"].as_array().expect("a list");
        energies.iter().any(|energy| energy["boundary"] == "wall")
    };
    assert!(epochs.iter().all(has_wall));
    let csv = machine
        .joulelab
        .stdout(&["export", "-f", "runs", "-o", "-"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row = reader.records().next().expect("a row").expect("a row");
    let cell = |name: &str| {
        let at = header.iter().position(|column| column == name);
        row[at.unwrap_or_else(|| panic!("no column {name}"))].to_owned()
    };
    assert_eq!(cell("result_wall_grade"), "A");
    assert_eq!(cell("calibration"), *id);
    assert!(is_same(
        cell("result_wall_j").parse().expect("a number"),
        wall
    ));
    let run = details["run"]["id"].as_str().expect("an id");
    let shown = machine.joulelab.stdout(&["show", run]);
    assert!(shown.contains("calibrated with a plug meter on"), "{shown}");
    // A run without it has the same parts: their sums can be compared.
    machine
        .joulelab
        .train(&["-m", "mlp", "--time-budget", "2", "-e", "100000"]);
    let listed = machine.joulelab.output(&["runs"]);
    let said = text(&listed.stderr);
    assert!(
        listed.status.success() && !said.contains("warning"),
        "{said}"
    );
    // The doctor knows it.
    let report = machine
        .joulelab
        .json(&["doctor", "--json", "--device", "cpu"]);
    let sources = report["sources"].as_array().expect("a list");
    let is_line = |source: &&Value| source["boundary"] == "wall";
    let line = sources.iter().find(is_line).expect("the calibration");
    assert_eq!(line["status"]["status"], "available", "{line:#}");
}

#[test]
fn a_run_at_the_wall_is_refused_without_a_calibration_that_holds() {
    let machine = Machine::new();
    let arguments = [&RUN[..], &["mlp"]].concat();
    let said = machine.joulelab.fails(2, &arguments);
    assert!(said.contains("joulelab calibrate"), "{said}");
    assert_eq!(
        machine.joulelab.json(&["runs", "--json"]),
        serde_json::json!([])
    );

    let calibration = machine.calibrated(&[]);
    assert_eq!(calibration["residual"], Value::Null);
    // Without the counter the model takes its place.
    let without = Joulelab::new();
    let library = machine.joulelab.library();
    std::fs::copy(&library, without.library()).expect("a copy");
    let said = without.fails(2, &arguments);
    assert!(
        said.contains("rapl:package-0 is missing") && said.contains("model:cpu is new"),
        "{said}"
    );
    assert_eq!(without.json(&["runs", "--json"]), serde_json::json!([]));

    let id = calibration["id"].as_str().expect("an id");
    machine.joulelab.stdout(&["calibrate", "forget", id]);
    assert!(machine.list().is_empty());
    let said = machine.joulelab.fails(2, &arguments);
    assert!(said.contains("there is no wall calibration"), "{said}");
    let said = machine.joulelab.fails(5, &["calibrate", "forget", id]);
    assert!(said.contains("calibrate list"), "{said}");
}

#[test]
fn a_person_is_asked_again_after_a_mistake_and_may_say_no() {
    let machine = Machine::new();
    // Enter, a word, nothing, two readings; Enter, readings the wrong way round; both again; the answer.
    let input = "\nsixty\n\n60 62 W\n\n30\n60 62\n340\ny\n";
    let (code, out, said) = machine.calibrate(&["--no-check"], input);
    assert_eq!(code, Some(0), "{said}");
    for words in [
        "`sixty` is no power",
        "nothing was given",
        "That gives no line",
        "stored as",
    ] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    assert!(
        out.contains("wall = ") && out.contains("unknown with two readings"),
        "{out}"
    );
    let list = machine.list();
    assert_eq!(list.len(), 1);
    let json = &list[0]["json"];
    assert_eq!(
        json["readings"][0]["typed_w"],
        serde_json::json!([60.0, 62.0])
    );
    assert_eq!(json["readings"][0]["wall_w"], 61.0);
    // Two readings that differ by 2 W: ±1 W of 61 W beside the plug meter's own 2 %.
    let meter_error = number(json, "/meter_error");
    assert!(
        (meter_error - (0.02 + 1.0 / 61.0)).abs() < 1e-9,
        "{meter_error}"
    );

    let (code, _, said) = machine.calibrate(&["--no-check"], "\n61\n\n340\nn\n");
    assert!(
        code == Some(0) && said.contains("nothing was stored"),
        "{said}"
    );
    assert_eq!(machine.list().len(), 1);
}

#[test]
fn what_ends_early_stores_nothing() {
    let machine = Machine::new();
    // The input ends where a reading is asked for, and where it is asked whether to store.
    for input in ["\n61\n", "\n61\n\n340\n"] {
        let (code, _, said) = machine.calibrate(&["--no-check"], input);
        assert_eq!(code, Some(130), "{said}");
        assert!(said.contains("nothing was stored"), "{said}");
    }
    let mut child = machine.joulelab.spawn(&[
        "calibrate",
        "--device",
        "cpu",
        "--seconds",
        "600",
        "--idle-w",
        "61",
        "--load-w",
        "340",
        "--yes",
    ]);
    let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("the idle machine") {
        line.clear();
        assert!(
            errors.read_line(&mut line).expect("text") > 0,
            "it ended early"
        );
    }
    signal(&child.id().to_string(), "INT");
    let mut rest = String::new();
    errors.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{rest}");
    assert!(rest.contains("nothing was stored"), "{rest}");
    assert!(machine.list().is_empty());
}

#[test]
fn values_that_cannot_be_are_refused_before_anything_is_measured() {
    let joulelab = Joulelab::new();
    for (flags, word) in [
        (&["--idle-w", "61"][..], "--load-w"),
        (&["--idle-w", "x", "--load-w", "340"], "no power"),
        (
            &["--idle-w", "61", "--load-w", "340", "--check"],
            "--check-w",
        ),
        (&["--meter-error", "50%"], "20 %"),
        (&["--set", "regime.seed=1"], "measure"),
        (&["--set", "measure.rate_hz=0"], "measure.rate_hz"),
    ] {
        let said = joulelab.fails(2, &[&["calibrate", "--device", "cpu"], flags].concat());
        assert!(said.contains(word), "{flags:?}: {said}");
    }
    let given = [
        "calibrate",
        "--device",
        "cpu",
        "--idle-w",
        "61",
        "--load-w",
        "340",
        "--yes",
    ];
    let said = joulelab.fails(2, &[&given[..], &["--seconds", "0"]].concat());
    assert!(said.contains("duration_s"), "{said}");
}

#[test]
fn a_calibration_with_made_up_meters_is_for_such_runs_only() {
    const SIMULATED: &str = "simulated:steady";
    let joulelab = Joulelab::new();
    // Made-up meters do not follow a load, so the readings are made up as well.
    let mut worker = Worker::start(&joulelab);
    let watch = json!({"command": "watch", "device": "cpu", "measure": {"meters": [SIMULATED]}});
    worker.send(&watch.to_string());
    let device = worker.until("device")["device"]["identity"].clone();
    let meters = worker.until("meters")["meters"].clone();
    let reading = |what: &str, components_w: f64, wall_w: f64| {
        json!({"what": what, "wall_w": wall_w, "seconds": 60.0,
               "components_w": {"value": components_w, "low": components_w, "high": components_w}})
    };
    let mut worker = Worker::start(&joulelab);
    let fit = json!({
        "command": "fit-wall", "made_at": "2026-11-21T10:00:00Z", "machine": "m", "device": device, "meters": meters,
        "meter_error": 0.01, "readings": [reading("idle", 20.0, 60.0), reading("load", 150.0, 220.0)],
    });
    worker.send(&fit.to_string());
    let line = worker.until("wall-line");
    let mut library = Library::open(joulelab.library()).expect("a library");
    library
        .record_wall_calibration(&WallCalibration {
            id: "20261121-100000-made".into(),
            machine: joulelab::control::here().0.fingerprint,
            device: device.as_str().expect("an identity").into(),
            made_at: "2026-11-21T10:00:00Z".parse().expect("a time"),
            residual: None,
            simulated: true,
            note: None,
            json: line.clone(),
        })
        .expect("it is stored");
    let arguments = [&RUN[..], &["mlp", "-e", "1000000"]].concat();
    let said = joulelab.fails(2, &arguments);
    assert!(said.contains("made with made-up ones"), "{said}");
    let details = joulelab.json(&[&arguments[..], &["--meter", SIMULATED]].concat());
    let (wall, expected) = at_wall_and_by_line(&details["training"], &json!({"json": line}));
    assert!(is_same(wall, expected), "{wall} {expected}");
    let meters = details["meters"].as_array().expect("meters");
    let is_wall = |meter: &&Value| meter["boundary"] == "wall";
    let meter = meters.iter().find(is_wall).expect("the calibration");
    assert!(
        meter["info"]["notes"].to_string().contains("made-up"),
        "{meter:#}"
    );
}

#[test]
fn a_run_that_is_resumed_keeps_the_line_that_it_began_with() {
    let machine = Machine::new();
    let first = machine.calibrated(&[]);
    let child = machine.joulelab.spawn(&[
        "run",
        "-q",
        "--device",
        "cpu",
        "--wall",
        "--idle",
        "0",
        "-e",
        "100000",
        "--time-budget",
        "6",
        "--set",
        "checkpoint.every_s=0",
    ]);
    machine.joulelab.wait_for_checkpoint();
    signal(&child.id().to_string(), "INT");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let run = machine.joulelab.only_run()["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let before = machine.joulelab.json(&["show", "--json", &run]);
    let (wall_before, expected) = at_wall_and_by_line(&before["training"], &first);
    assert!(is_same(wall_before, expected));

    // Another line since, and the first one forgotten: the run has its own copy.
    let id = first["id"].as_str().expect("an id");
    machine.joulelab.stdout(&["calibrate", "forget", id]);
    let second = machine.calibrated(&["--meter-error", "3%"]);
    assert_ne!(second["id"], first["id"]);
    let after = machine
        .joulelab
        .json(&["run", "-q", "--json", "--resume", &run]);
    assert_eq!(after["run"]["status"], "completed");
    let (wall, expected) = at_wall_and_by_line(&after["training"], &first);
    assert!(is_same(wall, expected), "{wall} {expected}");
    assert!(wall > wall_before);
    assert_eq!(after["summary"]["calibration"], *id);
    for phase in after["phases"].as_array().expect("phases") {
        let energies = phase["energies"].as_array().expect("a list");
        if energies
            .iter()
            .all(|energy| energy["figure"]["energy_j"].is_object())
        {
            let (wall, expected) = at_wall_and_by_line(&phase["energies"], &first);
            assert!(
                is_same(wall, expected),
                "{}: {wall} {expected}",
                phase["phase"]
            );
        }
    }
}

#[test]
fn what_a_calibration_and_a_run_teach_of_the_processors_is_kept_and_used() {
    let machine = Machine::new();
    let learnt = || {
        let library = Library::open(machine.joulelab.library()).expect("a library");
        let all = machine.list();
        let fingerprint = all[0]["machine"].as_str().expect("a machine");
        library.cpu_points(fingerprint).expect("points")
    };
    // Readings that scatter too widely are not kept: where other programs disturb them, they are made again.
    let until = |count: usize, measure: &dyn Fn()| {
        for _ in 0..5 {
            measure();
            if learnt().len() >= count {
                break;
            }
        }
        learnt()
    };
    // Idle and load of the calibration.
    let calibrated = until(2, &|| {
        machine.calibrated(&[]);
    });
    let idle = calibrated
        .iter()
        .find(|point| point.power_w.covers(IDLE_W as f64));
    assert!(idle.is_some(), "{calibrated:#?}");
    let of_run = calibrated.len();
    // Idle and training of the run.
    let points = until(of_run + 2, &|| {
        run_at_wall(&machine.joulelab);
    });
    assert!(points.len() >= of_run + 2, "{points:#?}");
    for point in &points {
        assert!((0.0..=1.0).contains(&point.busy), "{point:?}");
        let drawn = [IDLE_W, FULL_W].map(|watts| point.power_w.covers(watts as f64));
        assert!(drawn.contains(&true), "{point:?}");
    }
    let full = |point: &&CpuPoint| point.power_w.covers(FULL_W as f64);
    assert!(points[of_run..].iter().all(|point| full(&point)));
    let busiest = |points: &[CpuPoint]| {
        let busy = points.iter().filter(full).map(|point| point.busy);
        busy.fold(0.0, f64::max)
    };
    assert!(busiest(&points[..of_run]) > 0.8, "{points:#?}");
    assert!(busiest(&points[of_run..]) > 0.3, "{points:#?}");
    // Where the counter is closed, the model goes by them; or says why not, where this machine was never idle.
    let without = Joulelab::new();
    std::fs::copy(machine.joulelab.library(), without.library()).expect("a copy");
    let report = without.json(&["doctor", "--json", "--device", "cpu"]);
    let sources = report["sources"].as_array().expect("a list");
    let model = sources
        .iter()
        .find(|source| source["id"] == "model:cpu")
        .expect("a model");
    let notes = model["notes"].to_string();
    if model["grade"] == "D" {
        assert!(
            notes.contains(&format!("fitted to {} readings", points.len()))
                && notes.contains("residual"),
            "{notes}"
        );
    } else {
        assert!(notes.contains("no fit yet"), "{notes}");
    }
}
