//! The roofline model: the constants of a device, and the meter that counts by them.

use std::sync::{Arc, Mutex};

use joulelab::{
    power::{
        Because, Clock, ErrorRule, FitError, Integrator, Kind, LeftOut, Level, Meter, Part,
        ReadError, RooflineFit, RooflineMeter, RooflinePoint, Term, Work, WorkDone,
    },
    units::{Boundary, Estimate, Grade},
};
use rand::{SeedableRng, rngs::StdRng};

use super::{
    models::{close, of},
    simulated::uniform,
};

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
    // 10 W at rest. Twice the same work of 40 FLOP cost 500 and 600 J, so 550 J.
    let points = [
        point(100.0, 0.0, 0.0, 10.0),
        point(500.0, 40.0, 0.0, 10.0),
        point(600.0, 40.0, 0.0, 10.0),
    ];
    let fit = RooflineFit::fit(of(), &points).unwrap();
    assert!(close(fit.constant_w, 10.0), "{fit:?}");
    assert!(close(fit.flop_j, 450.0 / 40.0), "{fit:?}");
    assert!(
        close(fit.residual.unwrap(), 2.0_f64.sqrt() / 11.0),
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
    let says =
        |flop_j: f64, constant_w: f64, p: &RooflinePoint| flop_j * p.flop + constant_w * p.seconds;
    let misfit = |flop_j: f64, constant_w: f64| -> f64 {
        let relative = |p: &RooflinePoint| {
            let scale = says(fit.flop_j, fit.constant_w, p);
            (says(flop_j, constant_w, p) - p.energy_j.value) / scale
        };
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
fn fitted_constants_survive_being_stored() {
    let fit = RooflineFit::fit(of(), &workloads(1, 6, 0.02)).unwrap();
    let text = serde_json::to_string(&fit).unwrap();
    let back: RooflineFit = serde_json::from_str(&text).unwrap();
    let energy_j = |fit: &RooflineFit| fit.energy_j(1e12, Some(1e11), 10.0).unwrap();
    assert!(close(energy_j(&back), energy_j(&fit)));
    assert_eq!((back.notes(), back.of), (fit.notes(), fit.of));
}

/// Work that a test tells.
#[derive(Clone, Default)]
pub(super) struct Told(Arc<Mutex<Option<WorkDone>>>);

impl Told {
    pub(super) fn tell(&self, flop: f64, bytes: f64) {
        let bytes = Some(bytes);
        *self.0.lock().expect("no panic") = Some(WorkDone { flop, bytes });
    }

    pub(super) fn work(&self) -> Work {
        let told = self.clone();
        Arc::new(move || *told.0.lock().expect("no panic"))
    }
}

pub(super) fn exact_fit() -> RooflineFit {
    RooflineFit::fit(of(), &workloads(1, 6, 0.0)).expect("a fit")
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
