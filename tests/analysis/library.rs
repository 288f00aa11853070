//! Trials out of a library on the disk.

use std::collections::BTreeMap;

use jiff::Timestamp;
use joulelab::analysis::sweep::{State, from_runs, from_sweep, retarget};
use joulelab::library::{
    Device, EpochEnergy, EpochRecord, Filter, ForecastRecord, Library, Machine, Meter, NewRun,
    NewSweep, NewTrial, Owner, PhaseEnergy, Record, SampleRow, Setup, Status, Summary, TrialEnd,
    TrialStatus,
};
use joulelab::units::{Boundary, EnergyFigure, Estimate, Grade, Metric};
use serde_json::{Value, json};

use crate::common::close;

pub fn open(folder: &tempfile::TempDir) -> Library {
    Library::open(folder.path().join("library.sqlite")).unwrap()
}

fn owner() -> Owner {
    Owner {
        machine: "here".into(),
        pid: std::process::id(),
        token: "start".into(),
    }
}

/// A setup with these changes.
fn setup(changes: &[(&str, Value)], seed: u64, target: Option<f64>) -> joulelab::setup::Setup {
    let mut value = joulelab::setup::Setup::default().to_value();
    for (pointer, change) in changes {
        *value.pointer_mut(pointer).unwrap() = change.clone();
    }
    let mut setup: joulelab::setup::Setup = serde_json::from_value(value).unwrap();
    setup.regime.seed = seed;
    setup.regime.stop.target = target;
    setup
}

fn figure(boundary: Boundary, meter: &str, energy_j: f64, window_s: f64) -> PhaseEnergy {
    PhaseEnergy {
        figure: EnergyFigure {
            boundary,
            meter: meter.into(),
            source: format!("counter of {meter}"),
            grade: Grade::B,
            energy_j: Some(Estimate::plus_minus(energy_j, 0.05 * energy_j)),
            covered_s: window_s,
            window_s,
        },
        net_j: None,
    }
}

fn meter(id: &str, boundary: Boundary, role: &str) -> Meter {
    Meter {
        id: id.into(),
        source: format!("counter of {id}"),
        device: Some(id.into()),
        boundary,
        grade: Grade::B,
        kind: "counter".into(),
        refresh_s: None,
        info: json!({"role": role}),
    }
}

fn sample(t_s: f64, meter: &str, metric: &str, value: f64) -> SampleRow {
    SampleRow {
        t_s,
        meter: meter.into(),
        metric: metric.into(),
        value: Some(value),
        unit: "1".into(),
    }
}

fn epoch(epoch: u64, metric: f64, cumulative_j: f64) -> EpochRecord {
    EpochRecord {
        epoch,
        step: epoch * 10,
        t_s: 5.0 + epoch as f64,
        duration_s: Some(1.0),
        samples: Some(640),
        samples_per_s: Some(640.0),
        train_loss: Some(1.0),
        train_metric: None,
        test_loss: Some(1.0),
        test_metric: Some(metric),
        others: BTreeMap::new(),
        heads: Vec::new(),
        energies: vec![EpochEnergy {
            boundary: Boundary::Components,
            source: "counter".into(),
            grade: Grade::B,
            gross_j: None,
            net_j: None,
            cumulative_j: Some(Estimate::plus_minus(cumulative_j, 0.05 * cumulative_j)),
        }],
    }
}

/// A run of `setup` on a card that has just begun.
pub fn new_run(id: &str, setup: &joulelab::setup::Setup) -> NewRun {
    NewRun {
        id: id.into(),
        name: None,
        note: None,
        tags: Vec::new(),
        parent_id: None,
        setup: Setup {
            json: setup.canonical_json(),
            hash: setup.hash(),
            group_hash: setup.group_hash(),
            seed: setup.regime.seed,
            dataset: setup.dataset.name().into(),
            model: setup.model.in_words(),
        },
        metric: Metric::Accuracy,
        machine: Machine {
            fingerprint: "here".into(),
            hostname: None,
            os: "Linux".into(),
            kernel: None,
            cpu_model: None,
            logical_cores: None,
            ram_bytes: None,
        },
        device: Device {
            identity: "gpu".into(),
            kind: "discrete-gpu".into(),
            name: "A card".into(),
            vendor: None,
            api: None,
            driver: None,
            pci: None,
        },
        backend: "wgpu".into(),
        program_version: "0.1.0".into(),
        owner: owner(),
        started_at: Timestamp::now(),
        parameters: Some(1000),
        flops_per_sample: Some(6000.0),
        carbon: None,
    }
}

/// Five seconds idle, four of training over two parts that draw 60 and 15 J each second, one evaluation a second.
pub fn record(
    library: &mut Library,
    id: &str,
    setup: &joulelab::setup::Setup,
    metric: f64,
    reason: &str,
) {
    library
        .create_run(&NewRun {
            tags: vec!["paper".into()],
            ..new_run(id, setup)
        })
        .unwrap();
    let mut records = vec![
        Record::Meter(meter("nvml:0", Boundary::GpuBoard, "part")),
        Record::Meter(meter("rapl:package-0", Boundary::CpuPackage, "part")),
        Record::Meter(meter("rapl:psys", Boundary::System, "cross-check")),
        Record::Meter(meter("nvml:0:power", Boundary::GpuBoard, "stand-by")),
        Record::PhaseBegan {
            t_s: 0.0,
            phase: "idle".into(),
        },
        // A peak before training is none of its.
        Record::Samples(vec![sample(1.0, "nvml:0", "power", 900.0)]),
        Record::PhaseBegan {
            t_s: 5.0,
            phase: "train".into(),
        },
    ];
    for second in 0..4_i32 {
        let t_s = 5.0 + f64::from(second);
        let power = 58.0 + f64::from(second);
        records.push(Record::Samples(vec![
            sample(t_s + 0.1, "nvml:0", "power", power),
            sample(t_s + 0.6, "nvml:0", "power", power + 2.0),
            sample(t_s + 0.1, "rapl:package-0", "power", 15.0),
            sample(t_s + 0.1, "rapl:psys", "power", 500.0),
            sample(t_s + 0.1, "nvml:0:power", "power", 500.0),
            sample(t_s + 0.1, "nvml:0", "utilization", 80.0),
            sample(t_s + 0.1, "rapl:package-0", "utilization", 20.0),
        ]));
        let count = u64::from(second.unsigned_abs()) + 1;
        let value = metric - 0.1 * (3.0 - f64::from(second));
        records.push(Record::Epoch(epoch(count, value, 75.0 * count as f64)));
    }
    records.push(Record::TrainingSoFar {
        t_s: 9.0,
        energies: vec![
            figure(Boundary::GpuBoard, "nvml:0", 240.0, 4.0),
            figure(Boundary::CpuPackage, "rapl:package-0", 60.0, 4.0),
            figure(Boundary::System, "rapl:psys", 2000.0, 4.0),
        ],
    });
    library.append(id, &records).unwrap();
    let target = setup.regime.stop.target;
    let summary = Summary {
        json: json!({"samples": 2560, "reason": reason}),
        target_reached: target.map(|target| metric >= target),
        carbon: None,
        calibration: None,
    };
    library
        .finish_run(id, Status::Completed, None, Some(&summary))
        .unwrap();
}

fn batch(size: u64) -> [(&'static str, Value); 1] {
    [("/regime/batch_size", json!(size))]
}

#[test]
fn runs_become_trials_with_their_figures() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = open(&folder);
    record(
        &mut library,
        "a",
        &setup(&batch(16), 1, Some(0.9)),
        0.95,
        "target",
    );
    record(
        &mut library,
        "b",
        &setup(&batch(32), 2, Some(0.9)),
        0.85,
        "epochs",
    );
    let runs = library.listed(&Filter::default(), 0).unwrap();
    let mut asked = 0;
    let trials = from_runs(&runs, &mut |_| {
        asked += 1;
        Some(2000.0)
    });
    let a = trials
        .iter()
        .find(|trial| trial.run.as_deref() == Some("a"))
        .unwrap();
    let b = trials
        .iter()
        .find(|trial| trial.run.as_deref() == Some("b"))
        .unwrap();
    // Seed and target are no axes.
    assert_eq!(
        a.axes,
        BTreeMap::from([("regime.batch_size".to_owned(), json!(16))])
    );
    let energy = a.energy.as_ref().unwrap();
    assert!(close(energy.gross_j.value, 300.0));
    // Two sources: 12 and 3 J in quadrature.
    assert!(close(energy.gross_j.high, 300.0 + 12.0_f64.hypot(3.0)));
    assert_eq!(energy.parts, [Boundary::GpuBoard, Boundary::CpuPackage]);
    assert_eq!(
        (a.time_s, a.samples, a.steps, a.seed),
        (Some(4.0), Some(2560), Some(40), 1)
    );
    assert_eq!(a.to_target.unwrap().gross_j.unwrap(), energy.gross_j);
    assert_eq!(
        (b.to_target, b.state, b.target),
        (None, State::Finished, Some(0.9))
    );
    // 61 and 63 W in the last second, and 15 W beside them; neither what stands by nor the idle peak.
    assert!(close(a.max_power_w.unwrap(), 77.0), "{:?}", a.max_power_w);
    assert!(close(a.utilisation.unwrap(), 0.8));
    assert_eq!((a.macs, asked), (Some(2000.0), 2));
}

#[test]
fn fields_that_only_follow_from_a_kind_are_no_axes() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = open(&folder);
    let mlp = setup(
        &[("/model", json!({"kind": "mlp", "hidden": [32]}))],
        1,
        None,
    );
    let cnn = setup(&[("/model", json!({"kind": "cnn"}))], 1, None);
    let wide = setup(
        &[("/model", json!({"kind": "mlp", "hidden": [64]}))],
        1,
        None,
    );
    record(&mut library, "a", &mlp, 0.9, "epochs");
    record(&mut library, "b", &cnn, 0.9, "epochs");
    let axes = |library: &Library| {
        let trials = from_runs(&library.listed(&Filter::default(), 0).unwrap(), &mut |_| {
            None
        });
        let axes: Vec<Vec<String>> = trials
            .iter()
            .map(|trial| trial.axes.keys().cloned().collect())
            .collect();
        axes.concat()
    };
    assert_eq!(axes(&library), ["model.kind", "model.kind"]);
    record(&mut library, "c", &wide, 0.9, "epochs");
    assert!(axes(&library).contains(&"model.hidden".to_owned()));
}

#[test]
fn depth_and_width_of_a_list_are_two_axes_where_both_vary() {
    let axes = |lists: &[&[usize]]| {
        let folder = tempfile::tempdir().unwrap();
        let mut library = open(&folder);
        for (at, list) in lists.iter().enumerate() {
            let model = json!({"kind": "mlp", "hidden": list});
            let setup = setup(&[("/model", model)], 1, None);
            record(&mut library, &format!("run-{at}"), &setup, 0.9, "epochs");
        }
        let runs = library.listed(&Filter::default(), 0).unwrap();
        let mut axes: Vec<String> = from_runs(&runs, &mut |_| None)
            .iter()
            .map(|trial| serde_json::to_string(&trial.axes).unwrap())
            .collect();
        axes.sort();
        axes
    };
    assert_eq!(
        axes(&[&[32], &[64, 64]]),
        [
            r#"{"model.hidden.layers":1,"model.hidden.width":32}"#,
            r#"{"model.hidden.layers":2,"model.hidden.width":64}"#
        ]
    );
    // Layers of unlike widths, or one of the two alone: as it was given.
    assert_eq!(
        axes(&[&[32], &[64, 32]]),
        [r#"{"model.hidden":[32]}"#, r#"{"model.hidden":[64,32]}"#]
    );
    assert_eq!(
        axes(&[&[32], &[64]]),
        [r#"{"model.hidden":[32]}"#, r#"{"model.hidden":[64]}"#]
    );
}

#[test]
fn another_target_is_judged_after_the_fact() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = open(&folder);
    record(
        &mut library,
        "a",
        &setup(&batch(16), 1, None),
        0.95,
        "epochs",
    );
    let runs = library.listed(&Filter::default(), 0).unwrap();
    let mut trial = from_runs(&runs, &mut |_| None).remove(0);
    let epochs = library.epochs("a").unwrap();
    // 0.65, 0.75, 0.85, 0.95 at 75, 150, 225, 300 J; the clock of training goes from 5 to 9 s.
    retarget(&mut trial, 0.8, &epochs);
    let found = trial.to_target.unwrap();
    assert!(close(found.gross_j.unwrap().value, 225.0) && close(found.time_s, 3.0));
    assert_eq!(found.steps, Some(30));
    retarget(&mut trial, 0.95 - 1e-12, &epochs);
    assert!(close(
        trial.to_target.unwrap().gross_j.unwrap().value,
        300.0
    ));
    retarget(&mut trial, 0.96, &epochs);
    assert_eq!((trial.to_target, trial.target), (None, Some(0.96)));
}

#[test]
fn a_sweeps_trials_take_their_axes_from_the_sweep() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = open(&folder);
    let setups = [
        setup(&batch(16), 1, Some(0.9)),
        setup(&batch(32), 1, Some(0.9)),
    ];
    let trials: Vec<NewTrial> = (1..=4)
        .map(|number| {
            let setup = &setups[usize::from(number > 2)];
            NewTrial {
                number,
                combination: u64::from(number > 2),
                repeat: 0,
                rung: 0,
                seed: 1,
                values: json!([{"field": "regime.batch_size", "value": setup.regime.batch_size}]),
                setup_json: setup.canonical_json(),
                setup_hash: setup.hash(),
                group_hash: setup.group_hash(),
                plan: None,
                status: TrialStatus::Planned,
                reason: None,
            }
        })
        .collect();
    let sweep = NewSweep {
        id: "s".into(),
        name: Some("batch".into()),
        json: "{}".into(),
        hash: "h".into(),
        searcher: "grid".into(),
        program_version: "0.1.0".into(),
        owner: owner(),
        forecast: None,
    };
    library.create_sweep(&sweep, &trials).unwrap();
    record(&mut library, "a", &setups[0], 0.95, "target");
    let end = |status: TrialStatus, reason: Option<&str>| TrialEnd {
        status,
        reason: reason.map(str::to_owned),
        result: None,
    };
    // Two rungs of one run; one that failed before it began, and one to come.
    for number in [1, 2] {
        library.begin_trial("s", number, "a", None).unwrap();
        library
            .end_trial("s", number, &end(TrialStatus::Done, None))
            .unwrap();
    }
    library
        .end_trial("s", 3, &end(TrialStatus::Failed, Some("out of memory")))
        .unwrap();
    let runs = library.listed_ids(&["a".to_owned()]).unwrap();
    let found = from_sweep(&library.trials("s").unwrap(), &runs, &mut |_| None);
    let states: Vec<(State, &Value)> = found
        .iter()
        .map(|trial| (trial.state, &trial.axes["regime.batch_size"]))
        .collect();
    assert_eq!(
        states,
        [
            (State::Finished, &json!(16)),
            (State::Failed, &json!(32)),
            (State::Unfinished, &json!(32))
        ]
    );
    assert!(close(
        found[0].energy.as_ref().unwrap().gross_j.value,
        300.0
    ));
    assert_eq!(found[1].reason.as_deref(), Some("out of memory"));
}

#[test]
fn forecasts_are_kept_and_judged_by_what_came() {
    let folder = tempfile::tempdir().unwrap();
    let mut library = open(&folder);
    record(
        &mut library,
        "a",
        &setup(&batch(16), 1, None),
        0.95,
        "epochs",
    );
    record(
        &mut library,
        "b",
        &setup(&batch(16), 1, Some(0.9)),
        0.95,
        "target",
    );
    let forecast = |share: f64, time_s: f64| ForecastRecord {
        basis: "profile".into(),
        count: 3,
        share,
        time_s,
        time_range_s: Some((3.0, 5.0)),
        energy_j: Some(310.0),
        energy_range_j: None,
        may_end_earlier: false,
    };
    for run in ["a", "b"] {
        library.store_forecast(run, &forecast(0.25, 9.0)).unwrap();
        library.store_forecast(run, &forecast(0.25, 4.4)).unwrap();
        library.store_forecast(run, &forecast(0.0, 4.0)).unwrap();
    }
    // Of the same share the later replaces the earlier.
    assert_eq!(
        library.forecasts_of("a").unwrap(),
        [forecast(0.0, 4.0), forecast(0.25, 4.4)]
    );
    // What its target ended is no judge.
    let judged = library.judged_forecasts().unwrap();
    assert_eq!(judged.len(), 2);
    assert!(
        judged
            .iter()
            .all(|one| one.run_id == "a" && one.time_s == 4.0)
    );
    assert!(close(judged[0].energy_j.unwrap().value, 300.0));
    assert!(
        library
            .store_forecast("a", &forecast(0.5, f64::NAN))
            .is_err()
    );
    assert!(library.store_forecast("none", &forecast(0.5, 1.0)).is_err());
}
