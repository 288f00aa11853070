use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use joulelab::library::{
    Ancestor, CarbonBasis, CarbonSummary, Checkpoint, Confusion, Device, EpochEnergy, EpochRecord,
    ForecastRecord, IdlePower, Inference, Latency, Library, Machine, Meter, NewRun, Owner,
    PhaseEnergy, Predictions, Record, Relation, SampleRow, SelfCheck, Setup, Status, StepPoint,
    Summary,
};
use joulelab::units::{Boundary, EnergyFigure, Estimate, Grade, HeadProgress, Metric};
use rusqlite::Connection;
use serde_json::json;

/// Names the library to a process that a test starts; see [`start`].
pub(crate) const LIBRARY: &str = "JOULELAB_TEST_LIBRARY";

/// Starts this test program again to run nothing but `test`, which is ignored otherwise, on the library at `path`.
pub(crate) fn start(test: &str, path: &Path) -> Child {
    as_child(Command::new(std::env::current_exe().unwrap()), test, path)
        .spawn()
        .unwrap()
}

pub(crate) fn as_child(mut command: Command, test: &str, path: &Path) -> Command {
    command
        .args([
            test,
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(LIBRARY, path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn machine() -> Machine {
    Machine {
        fingerprint: "here".into(),
        hostname: Some("bench".into()),
        os: "Linux 6.1".into(),
        kernel: Some("6.1.0-18".into()),
        cpu_model: Some("Ryzen 9, 16 cores".into()),
        logical_cores: Some(32),
        ram_bytes: Some(64 << 30),
    }
}

pub(crate) fn new_run(id: &str) -> NewRun {
    NewRun {
        id: id.into(),
        name: None,
        note: None,
        tags: Vec::new(),
        parent_id: None,
        setup: Setup {
            json: json!({
                "dataset": {"name": "digits"},
                "model": {"kind": "mlp", "hidden": [128, 10]},
                "regime": {"learning_rate": 0.001, "batch_size": 64, "optimiser": {"kind": "adam"}},
            })
            .to_string(),
            hash: "abc1".into(),
            group_hash: "abc0".into(),
            seed: u64::MAX,
            dataset: "digits".into(),
            model: "MLP 64-128-10".into(),
        },
        metric: Metric::Accuracy,
        machine: machine(),
        device: Device {
            identity: "pci:01:00.0/vulkan".into(),
            kind: "discrete-gpu".into(),
            name: "GeForce RTX 3080".into(),
            vendor: Some("NVIDIA".into()),
            api: Some("vulkan".into()),
            driver: Some("550.54".into()),
            pci: Some("0000:01:00.0".into()),
        },
        backend: "wgpu".into(),
        program_version: "0.1.0".into(),
        owner: Owner {
            machine: "here".into(),
            pid: std::process::id(),
            token: "start-7".into(),
        },
        started_at: time("2026-11-21T01:23:45.250Z"),
        parameters: Some(9610),
        flops_per_sample: Some(57000.0),
        carbon: Some(CarbonBasis {
            g_per_kwh: 380.9,
            country_iso3: Some("DEU".into()),
            country: Some("Germany".into()),
            year: Some(2023),
            source: "Ember".into(),
            pue: 1.5,
        }),
    }
}

pub(crate) fn energy(
    boundary: Boundary,
    meter: &str,
    energy_j: Option<f64>,
    window_s: f64,
) -> PhaseEnergy {
    PhaseEnergy {
        figure: EnergyFigure {
            boundary,
            meter: meter.into(),
            source: "energy counter".into(),
            grade: Grade::B,
            energy_j: energy_j.map(|energy| Estimate::plus_minus(energy, energy / 16.0)),
            covered_s: if energy_j.is_some() { window_s } else { 0.0 },
            window_s,
        },
        net_j: energy_j.map(|energy| Estimate::plus_minus(energy / 2.0, energy / 8.0)),
    }
}

pub(crate) fn gpu(energy_j: f64, window_s: f64) -> PhaseEnergy {
    energy(Boundary::GpuBoard, "nvml:0", Some(energy_j), window_s)
}

pub(crate) fn meter(id: &str, boundary: Boundary, device: &str) -> Meter {
    Meter {
        id: id.into(),
        source: "energy counter".into(),
        device: Some(device.into()),
        boundary,
        grade: Grade::B,
        kind: "counter".into(),
        refresh_s: Some(0.1),
        info: json!({"cross_check": 1.02}),
    }
}

pub(crate) fn step(step: u64, t_s: f64, loss: f64) -> StepPoint {
    StepPoint {
        heads: Vec::new(),
        step,
        epoch: 1 + step / 10,
        t_s,
        loss: Some(loss),
        metric: Some(1.0 - loss),
        learning_rate: Some(0.001),
        samples_per_s: None,
    }
}

/// The one step of [`whole_run`], which has a head.
pub(crate) fn whole_step() -> StepPoint {
    StepPoint {
        heads: vec![HeadProgress {
            head: "size".into(),
            value: Some(0.75),
            ..HeadProgress::default()
        }],
        ..step(10, 6.5, 0.5)
    }
}

pub(crate) fn epoch(epoch: u64, t_s: f64, test_metric: Option<f64>) -> EpochRecord {
    EpochRecord {
        epoch,
        step: epoch * 10,
        t_s,
        duration_s: Some(1.5),
        samples: Some(640),
        samples_per_s: Some(426.5),
        train_loss: Some(1.0 / epoch as f64),
        train_metric: Some(0.5),
        test_loss: None,
        test_metric,
        others: BTreeMap::new(),
        heads: Vec::new(),
        energies: vec![EpochEnergy {
            boundary: Boundary::GpuBoard,
            source: "energy counter".into(),
            grade: Grade::B,
            gross_j: Some(Estimate::plus_minus(64.0, 3.2)),
            net_j: None,
            cumulative_j: Some(Estimate::plus_minus(64.0 * epoch as f64, 4.0)),
        }],
    }
}

pub(crate) fn sample(t_s: f64, value: Option<f64>) -> SampleRow {
    SampleRow {
        t_s,
        meter: "nvml:0".into(),
        metric: "power".into(),
        value,
        unit: "W".into(),
    }
}

pub(crate) fn began(t_s: f64, phase: &str) -> Record {
    Record::PhaseBegan {
        t_s,
        phase: phase.into(),
    }
}

pub(crate) fn ended(t_s: f64, energies: Vec<PhaseEnergy>) -> Record {
    Record::PhaseEnded { t_s, energies }
}

pub(crate) fn self_check() -> SelfCheck {
    SelfCheck {
        device: "pci:01:00.0/vulkan".into(),
        driver: "550.54".into(),
        program_version: "0.1.0".into(),
        passed: true,
        tolerance: 1e-4,
        differences: json!({"loss": 2e-6}),
        checked_at: time("2026-11-20T10:00:00Z"),
    }
}

pub(crate) fn checkpoint(step: u64) -> Checkpoint {
    Checkpoint {
        step,
        epoch: step / 10,
        path: format!("runs/checkpoint-{step}"),
        bytes: 4096,
        sha256: "e3b0".into(),
        created_at: time("2026-11-21T01:24:00Z"),
    }
}

/// Of two classes with ten samples each, of which `right` are recognised.
pub(crate) fn confusion(step: u64, right: u32) -> Confusion {
    Confusion {
        head: None,
        step,
        counts: vec![vec![right, 10 - right], vec![10 - right, right]],
    }
}

pub(crate) fn predictions(step: u64) -> Predictions {
    Predictions {
        head: None,
        step,
        predicted: vec![0, 1, 258, u16::MAX],
        confidence_permille: vec![1000, 500, 0, step as u16],
    }
}

pub(crate) fn training() -> Vec<PhaseEnergy> {
    vec![
        energy(Boundary::CpuPackage, "rapl:package-0", Some(360.0), 4.5),
        gpu(720.0, 4.5),
    ]
}

/// A run with something in every table, finished.
pub(crate) fn whole_run(library: &mut Library, new: &NewRun) {
    library.create_run(new).unwrap();
    let forecast = ForecastRecord {
        basis: "alike".into(),
        count: 5,
        share: 0.0,
        time_s: 4.0,
        time_range_s: Some((3.5, 4.5)),
        energy_j: Some(1000.0),
        energy_range_j: None,
        may_end_earlier: false,
    };
    library.store_forecast(&new.id, &forecast).unwrap();
    library
        .append(
            &new.id,
            &[
                Record::Meter(meter("nvml:0", Boundary::GpuBoard, "GeForce RTX 3080")),
                Record::Meter(meter("rapl:package-0", Boundary::CpuPackage, "Ryzen 9")),
                Record::SelfCheck(self_check()),
                Record::Start(json!({"taken_numbers": 3})),
                Record::Ancestors(vec![ancestor()]),
                began(0.0, "idle"),
                ended(5.0, vec![gpu(100.0, 5.0)]),
                Record::IdlePower(vec![IdlePower {
                    boundary: Boundary::GpuBoard,
                    meter: "nvml:0".into(),
                    grade: Grade::B,
                    power_w: Estimate::plus_minus(20.0, 1.0),
                }]),
                began(5.0, "train"),
                Record::EnergySoFar {
                    t_s: 6.0,
                    energies: vec![gpu(90.0, 1.0)],
                },
                Record::Step(whole_step()),
                Record::Samples(vec![sample(6.0, Some(250.5)), sample(6.1, None)]),
                ended(
                    7.0,
                    vec![
                        gpu(360.0, 2.0),
                        energy(Boundary::CpuPackage, "rapl:package-0", Some(180.0), 2.0),
                    ],
                ),
                Record::Epoch(epoch(1, 7.0, Some(0.9))),
                Record::Confusion(confusion(10, 7)),
                Record::Predictions(predictions(10)),
                began(7.0, "evaluate"),
                ended(7.5, vec![gpu(36.0, 0.5)]),
                Record::Checkpoint(checkpoint(10)),
                began(7.5, "train"),
                ended(9.5, vec![gpu(324.0, 2.0)]),
                Record::TrainingSoFar {
                    t_s: 7.0,
                    energies: vec![gpu(396.0, 2.5)],
                },
                Record::TrainingSoFar {
                    t_s: 9.5,
                    energies: training(),
                },
                Record::Epoch(epoch(2, 9.5, None)),
                Record::Confusion(confusion(20, 9)),
                Record::Predictions(predictions(20)),
            ],
        )
        .unwrap();
    let summary = Summary {
        json: json!({"said": "done"}),
        target_reached: Some(false),
        carbon: Some(CarbonSummary {
            carbon_g: Estimate::plus_minus(0.25, 0.0125),
            boundary: Boundary::GpuBoard,
        }),
        calibration: None,
    };
    library
        .finish_run(&new.id, Status::Completed, None, Some(&summary))
        .unwrap();
    let forecast = ForecastRecord {
        basis: "profile".to_owned(),
        count: 3,
        share: 0.25,
        time_s: 4.5,
        time_range_s: Some((4.0, 5.0)),
        energy_j: None,
        energy_range_j: None,
        may_end_earlier: false,
    };
    library.store_forecast(&new.id, &forecast).unwrap();
    library.store_inference(&new.id, &inference()).unwrap();
}

/// A run that this library has never seen.
fn ancestor() -> Ancestor {
    Ancestor {
        generation: 1,
        path: vec![Relation::Start],
        run_id: Some("elsewhere".into()),
        title: None,
        dataset: Some("shapes".into()),
        model: Some("cnn 16-32".into()),
        setup_hash: Some("def1".into()),
        step: Some(40),
        duration_s: Some(8.5),
        training: vec![gpu(160.0, 8.0)],
        stated_j: None,
        carbon_g: None,
        is_here: false,
    }
}

fn inference() -> Inference {
    Inference {
        heads: Vec::new(),
        made_at: time("2026-11-22T01:23:45.250Z"),
        program_version: "0.1.0".into(),
        machine: "here".into(),
        device: "GeForce RTX 3080".into(),
        backend: "wgpu".into(),
        step: 20,
        batch_size: 32,
        windows: 3,
        window_s: 2.0,
        samples: 96_000,
        seconds: 6.0,
        warm_up_passes: 10,
        warm_up_s: 1.5,
        latency: Latency {
            p50_s: Some(0.002),
            ..Latency::default()
        },
        throughput: 16_000.0,
        energy_j: Some(Estimate::plus_minus(16.0, 1.0)),
        net_j: None,
        spread_j: Some(0.25),
        measured_j: Some(Estimate::plus_minus(16.0, 0.875)),
        interval: 0.02,
        interval_reached: true,
        energies: vec![gpu(1536.0, 6.0)],
        sum: None,
        missing: Vec::new(),
        idle_power: Vec::new(),
        carbon_g: None,
        carbon: None,
        metric: Metric::Accuracy,
        value: Some(0.875),
        run_value: None,
        agrees: None,
    }
}

/// Takes the library behind `connection` back to the third layout, as an earlier version of the program wrote it.
pub(crate) fn back_to_layout_3(connection: &Connection) {
    connection
        .execute_batch(
            "DROP TABLE step_heads;
             ALTER TABLE confusions RENAME TO of_heads;
             ALTER TABLE predictions RENAME TO answers_of_heads;",
        )
        .unwrap();
    connection
        .execute_batch(include_str!("../../src/library/migrations/0002.sql"))
        .unwrap();
    connection
        .execute_batch(
            "INSERT INTO confusions SELECT run, step, counts FROM of_heads WHERE head = '';
             INSERT INTO predictions SELECT run, step, predicted, confidence_permille FROM answers_of_heads WHERE head = '';
             DROP TABLE of_heads;
             DROP TABLE answers_of_heads;
             DROP TABLE inferences;
             DROP TABLE ancestors;
             DROP TABLE starts;
             DROP TABLE forecasts;
             ALTER TABLE runs DROP COLUMN max_power_w;
             ALTER TABLE runs DROP COLUMN utilisation;
             DROP TABLE trials;
             DROP TABLE sweeps;
             ALTER TABLE runs DROP COLUMN metric;
             ALTER TABLE runs DROP COLUMN higher_is_better;
             ALTER TABLE runs RENAME COLUMN final_train_metric TO final_train_accuracy;
             ALTER TABLE runs RENAME COLUMN final_test_metric TO final_test_accuracy;
             ALTER TABLE runs RENAME COLUMN best_test_metric TO best_test_accuracy;
             ALTER TABLE steps RENAME COLUMN metric TO accuracy;
             ALTER TABLE epochs RENAME COLUMN train_metric TO train_accuracy;
             ALTER TABLE epochs RENAME COLUMN test_metric TO test_accuracy;
             ALTER TABLE epochs DROP COLUMN test_others;
             ALTER TABLE epochs DROP COLUMN test_heads;
             PRAGMA user_version = 3",
        )
        .unwrap();
}
