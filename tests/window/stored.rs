//! A stored sweep with energies that are known.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use joulelab::library::{
    Device, EpochRecord, Library, Machine, Meter, NewRun, NewSweep, NewTrial, Owner, PhaseEnergy,
    Record, Setup as RunSetup, Status, Summary, TrialEnd, TrialResult, TrialStatus,
};
use joulelab::setup::Setup;
use joulelab::setup::sweep::{Axis, AxisValues, Sweep};
use joulelab::units::{Boundary, EnergyFigure, Estimate, Grade, Metric};
use serde_json::{Value, json};

/// What became of a trial: its batch size, learning rate and seed; joules where it was run, and whether it got there.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub batch: u64,
    pub rate: f64,
    pub seed: u64,
    pub energy_j: Option<f64>,
    pub reached: bool,
}

/// Nobody runs it: no process has this number.
fn owner() -> Owner {
    Owner {
        machine: joulelab::control::here().0.fingerprint,
        pid: u32::MAX,
        token: "gone".to_owned(),
    }
}

/// The paper's question on two batch sizes and two rates: batch 128 at 0.01 takes 100 J on average, batch 16 at 0.1 480 J.
pub fn paper() -> Vec<Known> {
    let of = |batch, rate, energies: [f64; 3], reached: [bool; 3]| {
        (0..3).map(move |seed: usize| Known {
            batch,
            rate,
            seed: seed as u64,
            energy_j: Some(energies[seed]),
            reached: reached[seed],
        })
    };
    let all = [true; 3];
    of(16, 0.01, [190.0, 200.0, 210.0], all)
        .chain(of(16, 0.1, [460.0, 480.0, 500.0], all))
        .chain(of(128, 0.01, [95.0, 100.0, 105.0], all))
        .chain(of(128, 0.1, [30.0, 31.0, 32.0], [false, true, false]))
        .collect()
}

/// The sweep that has these trials.
pub fn sweep(known: &[Known]) -> Sweep {
    let axis = |field: &str, values: Vec<Value>| Axis {
        field: field.to_owned(),
        values: AxisValues::Values(values),
        when: BTreeMap::new(),
    };
    let mut batches: Vec<u64> = known.iter().map(|trial| trial.batch).collect();
    batches.sort_unstable();
    batches.dedup();
    let mut rates: Vec<f64> = known.iter().map(|trial| trial.rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let base = Setup {
        device: "cpu".to_owned(),
        ..Setup::default()
    };
    Sweep {
        name: "known".to_owned(),
        about: "Batch size × learning rate with known energies".to_owned(),
        base,
        axes: vec![
            axis(
                "regime.batch_size",
                batches.into_iter().map(Value::from).collect(),
            ),
            axis(
                "regime.learning_rate",
                rates.into_iter().map(Value::from).collect(),
            ),
        ],
        target: Some(0.97),
        ..Sweep::default()
    }
}

/// Puts the sweep into the library at `path`, as `status`. Trials without an energy are still to come.
pub fn store(path: &Path, known: &[Known], status: Status) {
    let mut library = Library::open(path).expect("the library opens");
    let sweep = sweep(known);
    let trials: Vec<NewTrial> = (1..)
        .zip(known)
        .map(|(number, known)| new_trial(number, known, &sweep.base))
        .collect();
    let new = NewSweep {
        id: "20260101-known".to_owned(),
        name: Some(sweep.name.clone()),
        json: sweep.canonical_json(),
        hash: sweep.hash(),
        searcher: "grid".to_owned(),
        program_version: "0.1.0".to_owned(),
        owner: owner(),
        forecast: None,
    };
    library.create_sweep(&new, &trials).expect("it is written");
    for (trial, known) in trials.iter().zip(known) {
        let Some(energy_j) = known.energy_j else {
            continue;
        };
        let run = format!("run-{}", trial.number);
        library
            .begin_trial(&new.id, trial.number, &run, None)
            .expect("it is written");
        record(
            &mut library,
            &run,
            &setup(&sweep.base, known),
            energy_j,
            known.reached,
        );
        let result = TrialResult {
            metric: Metric::Accuracy,
            value: Some(if known.reached { 0.975 } else { 0.91 }),
            target_reached: Some(known.reached),
            energy_j: Some(Estimate::plus_minus(energy_j, 0.05 * energy_j)),
            grade: Some(Grade::B),
            time_s: energy_j / 50.0,
            steps: 100,
            epochs: 4,
            ended: true,
            ..TrialResult::default()
        };
        let end = TrialEnd {
            status: if known.reached {
                TrialStatus::Done
            } else {
                TrialStatus::NotReached
            },
            reason: None,
            result: Some(result),
        };
        library
            .end_trial(&new.id, trial.number, &end)
            .expect("it is written");
    }
    library
        .finish_sweep(&new.id, status, None, None)
        .expect("it is written");
}

fn setup(base: &Setup, known: &Known) -> Setup {
    let mut setup = base.clone();
    setup.regime.batch_size = known.batch as usize;
    setup.regime.learning_rate = known.rate;
    setup.regime.seed = known.seed;
    setup.regime.stop.target = Some(0.97);
    setup
}

fn new_trial(number: u64, known: &Known, base: &Setup) -> NewTrial {
    let setup = setup(base, known);
    NewTrial {
        number,
        combination: known.batch * 10 + u64::from(known.rate > 0.05),
        repeat: known.seed,
        rung: 0,
        seed: known.seed,
        values: json!([
            { "field": "regime.batch_size", "value": known.batch },
            { "field": "regime.learning_rate", "value": known.rate }
        ]),
        setup_json: setup.canonical_json(),
        setup_hash: setup.hash(),
        group_hash: setup.group_hash(),
        plan: None,
        status: TrialStatus::Planned,
        reason: None,
    }
}

fn record(library: &mut Library, id: &str, setup: &Setup, energy_j: f64, reached: bool) {
    record_with(library, id, setup, energy_j, reached, Vec::new());
}

/// A run of so many joules at 50 W, measured to 5 %, with `more` of it.
pub fn record_with(
    library: &mut Library,
    id: &str,
    setup: &Setup,
    energy_j: f64,
    reached: bool,
    more: Vec<Record>,
) {
    let time_s = energy_j / 50.0;
    let value = if reached { 0.975 } else { 0.91 };
    let run = NewRun {
        id: id.to_owned(),
        name: None,
        note: None,
        tags: Vec::new(),
        parent_id: None,
        setup: RunSetup {
            json: setup.canonical_json(),
            hash: setup.hash(),
            group_hash: setup.group_hash(),
            seed: setup.regime.seed,
            dataset: "digits".to_owned(),
            model: setup.model.in_words(),
        },
        metric: Metric::Accuracy,
        machine: Machine {
            fingerprint: "elsewhere".to_owned(),
            hostname: None,
            os: "Linux".to_owned(),
            kernel: None,
            cpu_model: None,
            logical_cores: None,
            ram_bytes: None,
        },
        device: Device {
            identity: "cpu".to_owned(),
            kind: "cpu".to_owned(),
            name: "A processor".to_owned(),
            vendor: None,
            api: None,
            driver: None,
            pci: None,
        },
        backend: "flex".to_owned(),
        program_version: "0.1.0".to_owned(),
        owner: owner(),
        started_at: Timestamp::now(),
        parameters: Some(10_000),
        flops_per_sample: Some(60_000.0),
        carbon: None,
    };
    library.create_run(&run).expect("it is written");
    let figure = EnergyFigure {
        boundary: Boundary::CpuPackage,
        meter: "rapl:package-0".to_owned(),
        source: "counter of the package".to_owned(),
        grade: Grade::B,
        energy_j: Some(Estimate::plus_minus(energy_j, 0.05 * energy_j)),
        covered_s: time_s,
        window_s: time_s,
    };
    let epoch = EpochRecord {
        epoch: 4,
        step: 100,
        t_s: time_s,
        duration_s: Some(time_s),
        samples: Some(1437),
        samples_per_s: Some(1437.0 / time_s),
        train_loss: Some(0.1),
        train_metric: None,
        test_loss: Some(0.1),
        test_metric: Some(value),
        others: BTreeMap::new(),
        heads: Vec::new(),
        energies: Vec::new(),
    };
    let mut records = vec![
        Record::Meter(Meter {
            id: "rapl:package-0".to_owned(),
            source: "counter of the package".to_owned(),
            device: None,
            boundary: Boundary::CpuPackage,
            grade: Grade::B,
            kind: "counter".to_owned(),
            refresh_s: None,
            info: json!({ "role": "part" }),
        }),
        Record::PhaseBegan {
            t_s: 0.0,
            phase: "train".to_owned(),
        },
        Record::Epoch(epoch),
        Record::TrainingSoFar {
            t_s: time_s,
            energies: vec![PhaseEnergy {
                figure,
                net_j: None,
            }],
        },
    ];
    records.extend(more);
    library.append(id, &records).expect("it is written");
    let summary = Summary {
        json: json!({ "samples": 6400, "reason": "target" }),
        target_reached: Some(reached),
        carbon: None,
        calibration: None,
    };
    library
        .finish_run(id, Status::Completed, None, Some(&summary))
        .expect("it is written");
}
