//! Models: fits recover what they were made of, say how good they are, and refuse what cannot be known.

use std::sync::{Arc, Mutex};

use joulelab::{
    power::{
        Because, Clock, CpuPoints, Discovery, ErrorRule, FitError, Fitted, Integrator, Kind,
        LeftOut, Level, LoadReading, Meter, ModelMeter, Options, Part, ReadError, RooflineFit,
        RooflineMeter, RooflinePoint, Term, TrainingGpu, Work, WorkDone, discover, installed_gib,
        shape,
    },
    units::{Boundary, Estimate, Grade},
};
use rand::{SeedableRng, rngs::StdRng};

use super::simulated::uniform;

fn of() -> Fitted {
    Fitted {
        device: "a device".to_owned(),
        driver: Some("535.1".to_owned()),
        made_at: "2025-11-21T10:30:00Z".to_owned(),
        source: "test counter".to_owned(),
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1e-9)
}

fn reading(busy: f64, watts: f64) -> LoadReading {
    LoadReading {
        busy,
        power_w: Estimate::plus_minus(watts, 0.05 * watts),
    }
}

#[test]
fn fitted_points_of_a_processor_by_hand() {
    // Full power is 50 or 60 W: Σ (p ÷ y − 1)² is least at (1/50 + 1/60) ÷ (1/50² + 1/60²), 5/61 and −6/61 away.
    let readings = [reading(0.0, 10.0), reading(1.0, 50.0), reading(1.0, 60.0)];
    let points = CpuPoints::fit(of(), &readings).unwrap();
    assert!(close(points.idle_w, 10.0) && close(points.full_w, 3300.0 / 61.0));
    assert!(close(points.residual.unwrap(), (1.0_f64 / 61.0).sqrt()));
    assert!(close(points.truth_error, 0.05));
    // Twice the residual and the readings' own 5 % are more than 25 %.
    let fraction = 2.0 * (1.0_f64 / 61.0).sqrt() + 0.05;
    let ErrorRule::Relative { fraction: own } = points.error() else {
        panic!("a share")
    };
    assert!(close(own, fraction), "{own}");
    assert_eq!(
        points.in_words(),
        "full load 54.1 W, idle 10.0 W, fitted to 3 readings of test counter on 2025-11-21, driver 535.1 (residual 12.8 %)"
    );
    let two = CpuPoints::fit(of(), &readings[..2]).unwrap();
    assert_eq!((two.residual, two.error()), (None, ErrorRule::CALIBRATED));
}

#[test]
fn noise_does_not_hide_a_processors_points() {
    for seed in 0..50 {
        let mut random = StdRng::seed_from_u64(seed);
        let (idle_w, full_w) = (
            uniform(&mut random, 5.0, 60.0),
            uniform(&mut random, 80.0, 300.0),
        );
        let readings: Vec<LoadReading> = (0..40)
            .map(|at| {
                let busy = f64::from(at) / 39.0;
                let watts = idle_w + (full_w - idle_w) * shape(busy);
                reading(busy, watts * (1.0 + uniform(&mut random, -0.03, 0.03)))
            })
            .collect();
        let points = CpuPoints::fit(of(), &readings).unwrap();
        assert!(
            (points.idle_w / idle_w - 1.0).abs() < 0.04,
            "{idle_w}: {points:?}"
        );
        assert!(
            (points.full_w / full_w - 1.0).abs() < 0.02,
            "{full_w}: {points:?}"
        );
        // Evenly spread over ±3 %: a standard deviation of 3 % ÷ √3.
        let residual = points.residual.unwrap();
        assert!((0.012..0.023).contains(&residual), "{residual}");
        assert_eq!(points.error(), ErrorRule::CALIBRATED);
    }
}

#[test]
fn readings_that_make_no_processors_points_are_refused() {
    let refused = |readings: &[LoadReading], words: &str| {
        let error = CpuPoints::fit(of(), readings).expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(&[], "at least 2 readings, and there are 0");
    refused(&[reading(0.5, 10.0)], "there are 1");
    refused(
        &[reading(0.1, 10.0), reading(0.3, 30.0)],
        "from 0.10 to 0.30 only",
    );
    refused(
        &[reading(0.0, 60.0), reading(1.0, 20.0)],
        "from 60.0 W at rest to 20.0 W",
    );
    refused(
        &[reading(0.0, 60.0), reading(1.2, 80.0)],
        "reading 2: the busy share is 1.2",
    );
    refused(
        &[reading(f64::NAN, 60.0), reading(1.0, 80.0)],
        "reading 1: the busy share is NaN",
    );
    refused(
        &[reading(0.0, -1.0), reading(1.0, 80.0)],
        "reading 1: the power in watts is -1",
    );
    // Nothing draws less than nothing: the best line through these would at rest.
    let steep = [reading(0.1, 1.0), reading(0.5, 60.0), reading(1.0, 200.0)];
    let points = CpuPoints::fit(of(), &steep).unwrap();
    assert!(points.idle_w >= 0.0, "{points:?}");
}

const FLOP_J: f64 = 20e-12;
const BYTE_J: f64 = 150e-12;
const CONSTANT_W: f64 = 60.0;

fn truth_j(flop: f64, bytes: f64, seconds: f64) -> f64 {
    FLOP_J * flop + BYTE_J * bytes + CONSTANT_W * seconds
}

fn point(energy_j: f64, flop: f64, bytes: f64, seconds: f64) -> RooflinePoint {
    RooflinePoint {
        energy_j: Estimate::plus_minus(energy_j, 0.05 * energy_j),
        flop,
        bytes: Some(bytes),
        seconds,
    }
}

/// Stretches of different networks and one at rest, each off by up to `noise`.
fn workloads(seed: u64, count: usize, noise: f64) -> Vec<RooflinePoint> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut points = vec![point(CONSTANT_W * 30.0, 0.0, 0.0, 30.0)];
    for _ in 1..count {
        let seconds = uniform(&mut random, 5.0, 60.0);
        let flop = seconds * 1e12 * uniform(&mut random, 0.5, 10.0);
        let bytes = seconds * 1e11 * uniform(&mut random, 0.5, 9.0);
        points.push(point(truth_j(flop, bytes, seconds), flop, bytes, seconds));
    }
    for point in &mut points {
        let by = 1.0 + uniform(&mut random, -noise, noise);
        point.energy_j = point.energy_j.scale(by);
    }
    points
}

#[test]
fn the_three_constants_of_a_device_are_recovered() {
    let exact = RooflineFit::fit(of(), &workloads(1, 6, 0.0)).unwrap();
    assert!((exact.flop_j / FLOP_J - 1.0).abs() < 1e-9, "{exact:?}");
    assert!((exact.byte_j / BYTE_J - 1.0).abs() < 1e-9, "{exact:?}");
    assert!(
        (exact.constant_w / CONSTANT_W - 1.0).abs() < 1e-9,
        "{exact:?}"
    );
    assert!(exact.residual.unwrap() < 1e-9 && exact.left_out.is_empty());
    for seed in 0..50 {
        let fit = RooflineFit::fit(of(), &workloads(seed, 60, 0.03)).unwrap();
        for (fitted, truth) in [
            (fit.flop_j, FLOP_J),
            (fit.byte_j, BYTE_J),
            (fit.constant_w, CONSTANT_W),
        ] {
            assert!((fitted / truth - 1.0).abs() < 0.1, "{truth}: {fit:?}");
        }
        let residual = fit.residual.unwrap();
        assert!((0.012..0.023).contains(&residual), "{residual}");
        assert_eq!(fit.error(), ErrorRule::CALIBRATED);
    }
}

#[test]
fn a_roofline_by_hand() {
    // 10 W at rest. Twice the same work of 40 FLOP cost 500 and 600 J: the same fractions as above, tenfold.
    let points = [
        point(100.0, 0.0, 0.0, 10.0),
        point(500.0, 40.0, 0.0, 10.0),
        point(600.0, 40.0, 0.0, 10.0),
    ];
    let fit = RooflineFit::fit(of(), &points).unwrap();
    assert!(close(fit.constant_w, 10.0), "{fit:?}");
    assert!(
        close(fit.flop_j, (33_000.0 / 61.0 - 100.0) / 40.0),
        "{fit:?}"
    );
    assert!(
        close(fit.residual.unwrap(), (1.0_f64 / 61.0).sqrt()),
        "{fit:?}"
    );
    assert!(close(fit.truth_error, 0.05) && fit.points == 3);
    let untold = LeftOut {
        term: Term::Bytes,
        because: Because::Untold,
    };
    assert_eq!(fit.left_out, [untold]);
    assert!(close(
        fit.energy_j(40.0, None, 20.0).unwrap(),
        200.0 + 40.0 * fit.flop_j
    ));
    let two = RooflineFit::fit(of(), &points[..2]).unwrap();
    assert_eq!(two.residual, None);
    assert!(
        two.notes()[0].contains("residual unknown"),
        "{:?}",
        two.notes()
    );
}

#[test]
fn one_workload_and_rest_tell_two_constants_apart_and_no_more() {
    let mut random = StdRng::seed_from_u64(3);
    let mut points = vec![point(CONSTANT_W * 30.0, 0.0, 0.0, 30.0)];
    for _ in 0..10 {
        let seconds = uniform(&mut random, 5.0, 60.0);
        let (flop, bytes) = (5e12 * seconds, 3e11 * seconds);
        let noise = 1.0 + uniform(&mut random, -0.02, 0.02);
        points.push(point(
            truth_j(flop, bytes, seconds) * noise,
            flop,
            bytes,
            seconds,
        ));
    }
    let fit = RooflineFit::fit(of(), &points).unwrap();
    let inseparable = LeftOut {
        term: Term::Bytes,
        because: Because::Inseparable,
    };
    assert_eq!(fit.left_out, [inseparable]);
    assert_eq!(fit.byte_j, 0.0);
    assert!((fit.constant_w / CONSTANT_W - 1.0).abs() < 0.01, "{fit:?}");
    // The bytes' energy is in the constant of the FLOP: right for this work, and the notes say for which.
    let both = FLOP_J + BYTE_J * 3e11 / 5e12;
    assert!((fit.flop_j / both - 1.0).abs() < 0.02, "{fit:?}");
    let notes = fit.notes();
    assert!(
        notes[1].starts_with("bytes could not be told from the other terms"),
        "{notes:?}"
    );
    // Bytes need not be counted for it.
    assert!(fit.energy_j(1e12, None, 1.0).is_some());
    // Without the rest, time and work rise and fall together.
    let error = RooflineFit::fit(of(), &points[1..]).unwrap_err();
    assert_eq!(error, FitError::OneWorkload);
    assert!(error.to_string().contains("measure the device at rest too"));
}

#[test]
fn no_constant_is_negative() {
    // A device that draws less the more bytes it moves: the best plane would have a negative constant.
    let mut points = workloads(5, 12, 0.0);
    for point in &mut points {
        let bytes = point.bytes.unwrap();
        let joules = FLOP_J * point.flop + (CONSTANT_W + 200.0) * point.seconds - BYTE_J * bytes;
        point.energy_j = Estimate::plus_minus(joules, 0.05 * joules);
    }
    let fit = RooflineFit::fit(of(), &points).unwrap();
    assert_eq!(fit.byte_j, 0.0);
    assert!(fit.flop_j >= 0.0 && fit.constant_w > 0.0, "{fit:?}");
    let negative = LeftOut {
        term: Term::Bytes,
        because: Because::Negative,
    };
    assert!(fit.left_out.contains(&negative), "{fit:?}");
    assert!(fit.notes().iter().any(|note| note.contains("below 0")));
    // And it is the best of those that are left: no small step makes it better.
    let misfit = |flop_j: f64, constant_w: f64| -> f64 {
        let relative =
            |p: &RooflinePoint| (flop_j * p.flop + constant_w * p.seconds) / p.energy_j.value - 1.0;
        points.iter().map(|p| relative(p).powi(2)).sum()
    };
    let best = misfit(fit.flop_j, fit.constant_w);
    for by in [0.99, 1.01] {
        assert!(misfit(fit.flop_j * by, fit.constant_w) >= best);
        assert!(misfit(fit.flop_j, fit.constant_w * by) >= best);
    }
}

#[test]
fn stretches_that_are_none_are_refused() {
    let good = point(500.0, 40.0, 10.0, 10.0);
    let refused = |bad: RooflinePoint, words: &str| {
        let error = RooflineFit::fit(of(), &[good, bad]).expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(
        point(0.0, 40.0, 10.0, 10.0),
        "reading 2: the energy in joules is 0",
    );
    refused(
        point(f64::NAN, 40.0, 10.0, 10.0),
        "the energy in joules is NaN",
    );
    refused(point(500.0, -1.0, 10.0, 10.0), "FLOP is -1");
    refused(point(500.0, 40.0, f64::INFINITY, 10.0), "bytes is inf");
    refused(point(500.0, 40.0, 10.0, 0.0), "the time in seconds is 0");
    let error = RooflineFit::fit(of(), &[good]).unwrap_err();
    assert_eq!(
        error,
        FitError::TooFew {
            given: 1,
            needed: 2
        }
    );
}

#[test]
fn a_model_is_no_better_than_what_it_was_fitted_to() {
    // Fitted to a model of grade E, it keeps that one's 50 %.
    let mut points = workloads(2, 20, 0.0);
    for point in &mut points {
        let joules = point.energy_j.value;
        point.energy_j = Estimate::plus_minus(joules, 0.5 * joules);
    }
    let ErrorRule::Relative { fraction } = RooflineFit::fit(of(), &points).unwrap().error() else {
        panic!("a share")
    };
    assert!((fraction - 0.5).abs() < 1e-6, "{fraction}");
}

#[test]
fn fits_survive_being_stored() {
    let fit = RooflineFit::fit(of(), &workloads(1, 6, 0.02)).unwrap();
    let text = serde_json::to_string(&fit).unwrap();
    let back: RooflineFit = serde_json::from_str(&text).unwrap();
    let energy_j = |fit: &RooflineFit| fit.energy_j(1e12, Some(1e11), 10.0).unwrap();
    assert!(close(energy_j(&back), energy_j(&fit)));
    assert_eq!((back.notes(), back.of), (fit.notes(), fit.of));
    let points = CpuPoints::fit(of(), &[reading(0.0, 10.0), reading(1.0, 50.0)]).unwrap();
    let text = serde_json::to_string(&points).unwrap();
    assert_eq!(serde_json::from_str::<CpuPoints>(&text).unwrap(), points);
}

/// Work that a test tells.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Option<WorkDone>>>);

impl Told {
    fn tell(&self, flop: f64, bytes: f64) {
        let bytes = Some(bytes);
        *self.0.lock().unwrap() = Some(WorkDone { flop, bytes });
    }

    fn work(&self) -> Work {
        let told = self.clone();
        Arc::new(move || *told.0.lock().unwrap())
    }
}

fn exact_fit() -> RooflineFit {
    RooflineFit::fit(of(), &workloads(1, 6, 0.0)).unwrap()
}

fn meter(told: &Told, clock: &Clock) -> RooflineMeter {
    let part = Part::training_gpu();
    RooflineMeter::new("a card", part, exact_fit(), told.work(), clock.clone())
}

fn joules(meter: &mut RooflineMeter) -> f64 {
    let Level::Counts(counts) = meter.read().expect("a reading").level else {
        panic!("a counter")
    };
    counts as f64 * 1e-6
}

#[test]
fn the_roofline_meter_counts_work_and_time() {
    let (told, clock) = (Told::default(), Clock::manual());
    let mut meter = meter(&told, &clock);
    let info = meter.info().clone();
    assert_eq!((info.id.as_str(), info.grade), ("model:gpu", Grade::D));
    assert_eq!(
        (info.boundary, info.error),
        (Boundary::GpuBoard, ErrorRule::CALIBRATED)
    );
    let constants = "20.000 pJ/FLOP, 150.000 pJ/byte, 60.0 W always, fitted to 6 readings of test counter on 2025-11-21, driver 535.1 (residual 0.0 %)";
    assert_eq!(info.notes, [constants]);
    let per_count = match info.kind {
        Kind::Counter {
            joules_per_count,
            wrap_counts: None,
        } => joules_per_count,
        other => panic!("{other:?}"),
    };
    assert_eq!(per_count, 1e-6);
    assert!(matches!(meter.read(), Err(ReadError::NotYet)));
    told.tell(0.0, 0.0);
    assert_eq!(joules(&mut meter), 0.0);
    clock.advance(10.0);
    told.tell(5e12, 1e12);
    // 100 J of FLOP, 150 J of bytes and 600 J of time.
    assert!((joules(&mut meter) - 850.0).abs() < 1e-3);
    // Nobody tells for a while: what was done meanwhile is counted afterwards.
    *told.0.lock().unwrap() = None;
    clock.advance(5.0);
    assert!(matches!(meter.read(), Err(ReadError::NotYet)));
    told.tell(f64::NAN, 0.0);
    assert!(matches!(meter.read(), Err(ReadError::NotYet)));
    clock.advance(5.0);
    told.tell(10e12, 1e12);
    assert!((joules(&mut meter) - 850.0 - 700.0).abs() < 1e-3);
    // Whoever counts began anew.
    clock.advance(1.0);
    told.tell(1e12, 1e11);
    assert!((joules(&mut meter) - 1550.0 - 60.0 - 20.0 - 15.0).abs() < 1e-3);
}

#[test]
fn a_counter_by_work_never_stands_still_and_its_windows_add_up() {
    let (told, clock) = (Told::default(), Clock::manual());
    told.tell(0.0, 0.0);
    let mut meter = meter(&told, &clock);
    let mut integrator = Integrator::new(meter.info(), 0.1);
    let mut push = |seconds: f64, integrator: &mut Integrator| {
        let rounds = (seconds / 0.1).round() as u32;
        for _ in 0..rounds {
            clock.advance(0.1);
            integrator.push(clock.now_s(), meter.read().unwrap().level);
        }
        integrator.mark(clock.now_s())
    };
    push(1.0, &mut integrator);
    let begin = integrator.now();
    // Nothing to do for a minute: 60 W · 60 s, covered.
    let rested = push(60.0, &mut integrator);
    let rest = integrator.figure(&begin, &rested);
    assert!(
        (rest.energy_j.unwrap().value - 3600.0).abs() < 1e-3,
        "{rest:?}"
    );
    assert!(rest.coverage() > 0.999, "{rest:?}");
    // A step of 3 s whose work is told at its end, all at once, is no damaged reading.
    push(3.0, &mut integrator);
    told.tell(30e12, 5e12);
    let worked = push(1.0, &mut integrator);
    let work = integrator.figure(&rested, &worked);
    let truth = truth_j(30e12, 5e12, 4.0);
    assert!(
        (work.energy_j.unwrap().value - truth).abs() < 1e-3,
        "{work:?}"
    );
    let whole = integrator.figure(&begin, &worked);
    let sum = rest.energy_j.unwrap().value + work.energy_j.unwrap().value;
    assert!((whole.energy_j.unwrap().value - sum).abs() < 1e-6);
    assert!((whole.covered_s - rest.covered_s - work.covered_s).abs() < 1e-9);
}

/// Options that touch nothing of the machine that runs the test, with a card that is not in the table.
fn options(work: Option<Work>) -> Options {
    Options {
        sysfs_root: "/nowhere/sys".into(),
        nvml_library: Some("/nowhere/libnvidia-ml.so".into()),
        cpu_name: Some("AMD Ryzen 9 5950X 16-Core Processor".to_owned()),
        cpu_load: Some(Arc::new(|| Some(1.0))),
        memory_bytes: Some(16_600_000_000),
        gpu: Some(TrainingGpu {
            name: "Some Card 9000".to_owned(),
            integrated: false,
            pci: None,
            busy: Arc::new(|| Some(1.0)),
            work,
        }),
        ..Options::default()
    }
}

/// Source, grade and notes of the meter `id`.
fn found(options: &Options, id: &str) -> (String, Grade, Vec<String>) {
    let Discovery { meters, .. } = discover(options);
    let mut infos = meters.iter().map(|planned| planned.info());
    let info = infos.find(|info| info.id == id).expect(id);
    (info.source.clone(), info.grade, info.notes.clone())
}

#[test]
fn the_gpus_model_goes_by_the_users_figures_then_a_fit_then_the_table() {
    let told = Told::default();
    told.tell(0.0, 0.0);
    let roofline = |source: &str| source == "roofline model";
    let (source, grade, _) = found(&options(Some(told.work())), "model:gpu");
    assert!(!roofline(&source) && grade == Grade::F);
    let fitted = Options {
        gpu_fit: Some(exact_fit()),
        ..options(Some(told.work()))
    };
    let (source, grade, notes) = found(&fitted, "model:gpu");
    assert!(roofline(&source) && grade == Grade::D);
    assert!(notes[0].starts_with("20.000 pJ/FLOP"), "{notes:?}");
    let given = Options {
        gpu_board_power_w: Some(200.0),
        gpu_idle_w: Some(20.0),
        ..fitted.clone()
    };
    let (source, grade, notes) = found(&given, "model:gpu");
    assert!(!roofline(&source) && grade == Grade::D);
    assert!(notes[0].contains("200 W (given)"), "{notes:?}");
    // A figure that is none gives way.
    let absurd = Options {
        gpu_board_power_w: Some(f64::NAN),
        ..fitted.clone()
    };
    assert!(roofline(&found(&absurd, "model:gpu").0));
    // Constants without anybody who counts what they are for.
    let uncounted = Options {
        gpu: options(None).gpu,
        ..fitted.clone()
    };
    let (source, grade, notes) = found(&uncounted, "model:gpu");
    assert!(!roofline(&source) && grade == Grade::F);
    assert!(
        notes
            .iter()
            .any(|note| note.contains("nobody counts the work")),
        "{notes:?}"
    );
    let flop_only: Work = Arc::new(|| Some(WorkDone::default()));
    let without_bytes = Options {
        gpu: options(Some(flop_only)).gpu,
        ..fitted
    };
    let (source, _, notes) = found(&without_bytes, "model:gpu");
    assert!(!roofline(&source));
    assert!(
        notes
            .iter()
            .any(|note| note.contains("nobody counts the bytes")),
        "{notes:?}"
    );
}

#[test]
fn the_processors_model_goes_by_the_users_figures_then_a_fit_then_the_table() {
    let readings = [reading(0.0, 20.0), reading(0.5, 70.0), reading(1.0, 140.0)];
    let points = CpuPoints::fit(of(), &readings).unwrap();
    assert_eq!(found(&options(None), "model:cpu").1, Grade::E);
    let fitted = Options {
        cpu_points: Some(points.clone()),
        ..options(None)
    };
    let (_, grade, notes) = found(&fitted, "model:cpu");
    assert_eq!((grade, &notes[0]), (Grade::D, &points.in_words()));
    let mut found_meters = discover(&fitted).meters;
    let cpu = found_meters
        .iter_mut()
        .find(|planned| planned.info().id == "model:cpu")
        .expect("a model");
    assert_eq!(cpu.info().error, points.error());
    assert_eq!(cpu.read().unwrap().level, Level::Watts(points.full_w));
    let given = Options {
        cpu_tdp_w: Some(65.0),
        ..fitted
    };
    let (_, grade, notes) = found(&given, "model:cpu");
    assert_eq!(grade, Grade::E);
    assert!(notes[0].contains("65 W (given)"), "{notes:?}");
}

#[test]
fn memory_goes_by_what_is_installed() {
    const GIB: f64 = 1_073_741_824.0;
    for (seen_gib, installed) in [
        (7.65, 8.0),
        (11.6, 12.0),
        (15.5, 16.0),
        (16.0, 16.0),
        (19.4, 20.0),
        (23.4, 24.0),
        (31.2, 32.0),
        (46.9, 48.0),
        (62.7, 64.0),
        (93.9, 96.0),
        (125.6, 128.0),
        (188.9, 192.0),
        (503.5, 512.0),
        (1007.0, 1024.0),
        (0.45, 0.5),
        (0.0, 0.0),
    ] {
        let bytes = (seen_gib * GIB) as u64;
        assert_eq!(installed_gib(bytes), installed, "{seen_gib}");
    }
    let mut meter = ModelMeter::memory((15.5 * GIB) as u64);
    let Level::Watts(watts) = meter.read().unwrap().level else {
        panic!("a model gives power")
    };
    assert_eq!(meter.info().grade, Grade::F);
    let interval = meter.info().error.interval(watts, 60.0, 0.0);
    // The published ends: 2.98 W for a module of 8 GiB, 91 W for 1 TiB and 9 W for 64 GiB.
    assert!((interval.high - 2.0 * 2.98).abs() < 1e-9, "{interval:?}");
    assert!(interval.covers(16.0 * 9.0 / 64.0), "{interval:?}");
    let large = ModelMeter::memory((1007.0 * GIB) as u64);
    assert!(
        large
            .info()
            .error
            .interval(1024.0 * watts / 16.0, 60.0, 0.0)
            .low
            < 1.05 * 91.0
    );
}
