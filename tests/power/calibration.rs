//! The wall calibration: examples by hand, refusals, and whether its interval holds the truth.

use joulelab::{
    power::{
        CalibrationError, Circumstances, MeterInfo, MeterRef, Origin, PointKind, WallCalibration,
        WallPoint, components,
    },
    units::{Boundary, EnergyFigure, Estimate, Grade},
};
use rand::{SeedableRng, rngs::StdRng};

use super::{counter, simulated::uniform};

fn made() -> Circumstances {
    Circumstances {
        made_at: "2025-11-21T10:30:00Z".to_owned(),
        machine: "a fingerprint".to_owned(),
        device: "a card".to_owned(),
        meters: vec![meter("rapl:package-0"), meter("nvml:0")],
        meter_error: 0.01,
    }
}

fn meter(id: &str) -> MeterRef {
    MeterRef {
        id: id.to_owned(),
        source: "test counter".to_owned(),
        goes_by: None,
    }
}

/// A reading whose parts were known to 5 %.
fn point(what: PointKind, components_w: f64, wall_w: f64) -> WallPoint {
    WallPoint {
        what,
        components_w,
        components_error_w: 0.05 * components_w,
        wall_w,
        seconds: 60.0,
    }
}

fn two() -> Vec<WallPoint> {
    vec![
        point(PointKind::Idle, 40.0, 60.0),
        point(PointKind::Load, 240.0, 300.0),
    ]
}

fn fit(points: Vec<WallPoint>) -> WallCalibration {
    WallCalibration::fit(made(), points).expect("a calibration")
}

/// The sum of the two meters over 100 s.
fn sum(energy_j: Option<Estimate>) -> EnergyFigure {
    EnergyFigure {
        boundary: Boundary::Components,
        meter: "nvml:0 + rapl:package-0".to_owned(),
        source: "test counter".to_owned(),
        grade: Grade::B,
        energy_j,
        covered_s: 100.0,
        window_s: 110.0,
    }
}

fn parts_j(value: f64, share: f64) -> EnergyFigure {
    sum(Some(Estimate::plus_minus(value, share * value)))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0)
}

#[test]
fn two_readings_lie_on_the_line_and_say_nothing_of_how_straight_it_is() {
    let line = fit(two());
    // (300 − 60) ÷ (240 − 40) and 60 − 1.2 · 40.
    assert!(close(line.slope, 1.2) && close(line.offset_w, 12.0));
    assert_eq!(line.residual, None);
    let figure = line.wall_figure(&parts_j(14_000.0, 0.05)).unwrap();
    let energy = figure.energy_j.unwrap();
    // 12 W · 100 s + 1.2 · 14 000 J, and 5.4 % of the line and 1 % of the plug meter.
    assert!(close(energy.value, 18_000.0), "{energy:?}");
    assert!(close(energy.half_width(), 0.064 * 18_000.0), "{energy:?}");
    assert_eq!(
        (figure.boundary, figure.grade, figure.meter.as_str()),
        (Boundary::Wall, Grade::A, "calibration:2025-11-21")
    );
    assert_eq!(
        figure.source,
        "sum of the parts, calibrated with a plug meter on 2025-11-21 (two readings, residual unknown, 5.4 % as published)"
    );
    assert!(line.remarks()[0].contains("A third reading"));
}

#[test]
fn the_residual_of_three_readings_is_right_to_the_digit() {
    // Least Σ ((a + b·x − y) ÷ y)² by hand: a = 500/9, b = 2/3, distances −1/9, −2/9 and 2/9, one reading to spare.
    let line = fit(vec![
        point(PointKind::Idle, 50.0, 100.0),
        point(PointKind::Load, 150.0, 200.0),
        point(PointKind::Check, 100.0, 100.0),
    ]);
    assert!(close(line.offset_w, 500.0 / 9.0) && close(line.slope, 2.0 / 3.0));
    assert!(close(line.residual.unwrap(), 1.0 / 3.0));
    // √((0.054² + 1/9) ÷ 2), which is more than the largest distance.
    let pooled = ((0.054_f64.powi(2) + 1.0 / 9.0) / 2.0).sqrt();
    assert!(close(line.line_error(), pooled) && pooled > 2.0 / 9.0);
    let source = line.wall_figure(&parts_j(10_000.0, 0.05)).unwrap().source;
    assert!(
        source.contains("on 2025-11-21 (residual 33.3 %)"),
        "{source}"
    );
}

#[test]
fn a_reading_that_lies_on_the_line_by_chance_does_not_prove_it_straight() {
    let mut points = two();
    let alone = fit(points.clone()).line_error();
    points.push(point(PointKind::Check, 140.0, 180.0));
    let with_check = fit(points);
    assert!(with_check.residual.unwrap() < 1e-12);
    assert!(close(alone, 0.054));
    assert!(close(with_check.line_error(), 0.054 / 2.0_f64.sqrt()));
}

#[test]
fn beyond_the_readings_the_interval_widens() {
    let line = fit(two());
    assert!(close(line.relative_error(240.0), 0.064));
    // One range above the highest: (1 + 2 · 1) times the error of the line.
    assert!(close(line.relative_error(440.0), 3.0 * 0.054 + 0.01));
    // A tenth of the range below the lowest.
    assert!(close(line.relative_error(20.0), 1.2 * 0.054 + 0.01));
}

#[test]
fn what_the_calibration_took_in_is_not_counted_again_but_edges_are() {
    let line = fit(two());
    let width = |share| {
        let figure = line.wall_figure(&parts_j(14_000.0, share)).unwrap();
        figure.energy_j.unwrap().half_width()
    };
    assert!(close(width(0.05), width(0.01)));
    // 3 % of 14 000 J more than there was when the line was made, times the slope.
    assert!(close(width(0.08) - width(0.05), 1.2 * 0.03 * 14_000.0));
    // Where nobody said how good the parts were, nothing was taken in.
    let mut unsaid = two();
    for point in &mut unsaid {
        point.components_error_w = 0.0;
    }
    let all = fit(unsaid).wall_figure(&parts_j(14_000.0, 0.05)).unwrap();
    let all = all.energy_j.unwrap().half_width();
    assert!(close(all - width(0.05), 1.2 * 0.05 * 14_000.0));
}

#[test]
fn a_meter_that_reads_low_reads_low_in_the_calibration_too() {
    let honest = fit(two());
    let mut low = two();
    for point in &mut low {
        point.components_w *= 0.9;
        point.components_error_w *= 0.9;
    }
    let low = fit(low);
    let energy = |line: &WallCalibration, value| {
        let figure = line.wall_figure(&parts_j(value, 0.05)).unwrap();
        figure.energy_j.unwrap()
    };
    let (honest, low) = (energy(&honest, 14_000.0), energy(&low, 0.9 * 14_000.0));
    assert!(close(honest.value, low.value) && close(honest.low, low.low));
}

#[test]
fn missing_energy_stays_missing_and_coverage_carries_over() {
    let line = fit(two());
    let figure = line.wall_figure(&sum(None)).unwrap();
    assert_eq!(figure.energy_j, None);
    assert_eq!((figure.covered_s, figure.window_s), (100.0, 110.0));
    let figure = line.wall_figure(&parts_j(14_000.0, 0.05)).unwrap();
    assert_eq!((figure.covered_s, figure.window_s), (100.0, 110.0));
    // The uncovered seconds get no constant power either: they are missing, not idle.
    assert!(close(figure.energy_j.unwrap().value, 18_000.0));
    let nothing_covered = EnergyFigure {
        covered_s: 0.0,
        ..parts_j(14_000.0, 0.05)
    };
    assert_eq!(line.wall_figure(&nothing_covered).unwrap().energy_j, None);
}

#[test]
fn a_sum_of_other_parts_is_refused() {
    let line = fit(two());
    let of = |meter: &str| EnergyFigure {
        meter: meter.to_owned(),
        ..parts_j(14_000.0, 0.05)
    };
    let error = line.wall_figure(&of("rapl:package-0")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the wall calibration of 2025-11-21 was made with other meters (nvml:0 is missing): calibrate again with those of this run"
    );
    let stood_in = of("nvml:0 + rapl:package-0 + model:gpu");
    let error = line.wall_figure(&stood_in).unwrap_err();
    assert_eq!(error.differences, "model:gpu is new");
    // What the room itself adds up is named as the calibration expects it.
    let part = |id: &str, boundary| EnergyFigure {
        boundary,
        meter: id.to_owned(),
        ..parts_j(7_000.0, 0.05)
    };
    let parts = [
        part("rapl:package-0", Boundary::CpuPackage),
        part("nvml:0", Boundary::GpuBoard),
    ];
    let wall = line.wall_figure(&components(&parts, &[]).figure).unwrap();
    assert!(close(wall.energy_j.unwrap().value, 18_000.0));
}

#[test]
fn a_calibration_is_for_the_meters_it_was_made_with() {
    let line = fit(two());
    let (package, card) = (meter("rapl:package-0"), meter("nvml:0"));
    assert_eq!(line.applies_to(&[card.clone(), package.clone()]), Ok(()));
    let words = |meters: &[MeterRef]| line.applies_to(meters).unwrap_err().differences;
    assert_eq!(
        words(std::slice::from_ref(&card)),
        "rapl:package-0 is missing"
    );
    let memory = meter("model:memory");
    let more = [card.clone(), package.clone(), memory];
    assert_eq!(words(&more), "model:memory is new");
    let polled = MeterRef {
        source: "NVML power".to_owned(),
        ..card
    };
    let other_way = [polled, package];
    assert_eq!(
        words(&other_way),
        "nvml:0 was test counter and is NVML power"
    );
}

#[test]
fn a_model_with_another_design_power_is_another_meter() {
    let info = |full: &str| MeterInfo {
        origin: Origin::Model,
        notes: vec![format!("full load {full} W")],
        ..counter("model:cpu")
    };
    let made = Circumstances {
        meters: vec![MeterRef::from(&info("65"))],
        ..made()
    };
    let line = WallCalibration::fit(made, two()).unwrap();
    assert_eq!(line.applies_to(&[(&info("65")).into()]), Ok(()));
    let error = line.applies_to(&[(&info("95")).into()]).unwrap_err();
    assert_eq!(
        error.differences,
        "model:cpu went by full load 65 W and goes by full load 95 W"
    );
    // A sensor's notes, such as a driver's version, make it no other meter.
    let sensor = MeterInfo {
        notes: vec!["driver 535.1".to_owned()],
        ..counter("nvml:0")
    };
    assert_eq!(MeterRef::from(&sensor), meter("nvml:0"));
}

#[test]
fn readings_that_make_no_line_are_refused_and_say_how_to_mend_it() {
    use PointKind::{Check, Idle, Load};
    let refused = |points: Vec<WallPoint>, words: &str| {
        let error = WallCalibration::fit(made(), points).expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
        error
    };
    refused(vec![], "there are 0: read the plug meter in both states");
    let lonely = refused(vec![point(Idle, 40.0, 60.0)], "there are 1");
    assert_eq!(lonely, CalibrationError::TooFew { given: 1 });
    refused(
        vec![point(Idle, 40.0, 60.0), point(Load, 240.0, 50.0)],
        "the power at the socket was 50.0 W under load and 60.0 W at idle: the readings are swapped",
    );
    refused(
        vec![point(Idle, 240.0, 60.0), point(Load, 40.0, 300.0)],
        "the sum of the parts was 40.0 W under load and 240.0 W at idle",
    );
    // A quarter above the lowest, and 5 W.
    refused(
        vec![point(Idle, 100.0, 150.0), point(Load, 120.0, 200.0)],
        "the sum of the parts goes from 100.0 to 120.0 W, and a line needs at least 125.0 W",
    );
    refused(
        vec![point(Idle, 4.0, 8.0), point(Load, 12.0, 12.0)],
        "needs at least 13.0 W at the top: load the machine more",
    );
    refused(
        vec![point(Idle, 50.0, 60.0), point(Check, 60.0, 70.0)],
        "goes from 60.0 to 70.0 W",
    );
    for (components_w, wall_w, words) in [
        (f64::NAN, 60.0, "reading 1: the parts' power is NaN"),
        (-4.0, 60.0, "reading 1: the parts' power is -4"),
        (40.0, 0.0, "reading 1: the power at the socket is 0"),
        (
            40.0,
            f64::INFINITY,
            "reading 1: the power at the socket is inf",
        ),
    ] {
        let points = vec![point(Idle, components_w, wall_w), point(Load, 240.0, 300.0)];
        refused(points, words);
    }
    let mut points = two();
    points[1].seconds = 0.0;
    refused(points, "reading 2: the time is 0, which is no time above 0");
    // A meter that shows tens of watts, or another machine on the same socket.
    refused(
        vec![point(Idle, 40.0, 60.0), point(Load, 240.0, 3000.0)],
        "the socket gives 14.70 W for each watt of the parts, and 0.25 to 4 is what machines do",
    );
    refused(
        vec![point(Idle, 40.0, 60.0), point(Load, 440.0, 80.0)],
        "the socket gives 0.05 W",
    );
    // A line that falls where nothing is called idle or load.
    refused(
        vec![point(Check, 40.0, 300.0), point(Check, 240.0, 60.0)],
        "the socket gives -1.20 W",
    );
    for (meter_error, made_at, words) in [
        (1.0, "2025-11-21T10:30:00Z", "give it as a share"),
        (f64::NAN, "2025-11-21T10:30:00Z", "give it as a share"),
        (0.01, "yesterday", "`yesterday` is no time of day"),
    ] {
        let made = Circumstances {
            meter_error,
            made_at: made_at.to_owned(),
            ..made()
        };
        let error = WallCalibration::fit(made, two()).expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_calibration_survives_being_stored() {
    let mut points = two();
    points.push(point(PointKind::Check, 140.0, 185.0));
    let line = fit(points);
    let text = serde_json::to_string(&line).unwrap();
    assert!(text.contains(r#""what":"idle""#), "{text}");
    assert_eq!(
        serde_json::from_str::<WallCalibration>(&text).unwrap(),
        line
    );
}

#[test]
fn overestimated_parts_and_short_readings_are_remarked_upon() {
    let mut points = vec![
        point(PointKind::Idle, 70.0, 60.0),
        point(PointKind::Load, 260.0, 300.0),
        point(PointKind::Check, 150.0, 161.0),
    ];
    points[2].seconds = 10.0;
    let remarks = fit(points).remarks();
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks[0].contains("gives 60 W where the parts add up to 70 W"));
    assert!(remarks[1].contains("took 10 s"));
}

#[test]
fn contiguous_windows_at_the_wall_add_up_to_the_whole() {
    let line = fit(two());
    let mut random = StdRng::seed_from_u64(7);
    let (mut parts_j, mut covered_s, mut wall_j) = (0.0, 0.0, 0.0);
    let window = |value: f64, covered_s: f64| EnergyFigure {
        covered_s,
        window_s: covered_s,
        ..sum(Some(Estimate::plus_minus(value, 0.05 * value)))
    };
    for _ in 0..50 {
        let seconds = uniform(&mut random, 0.5, 20.0);
        let value = uniform(&mut random, 40.0, 240.0) * seconds;
        wall_j += line
            .wall_figure(&window(value, seconds))
            .unwrap()
            .energy_j
            .unwrap()
            .value;
        parts_j += value;
        covered_s += seconds;
    }
    let whole = line.wall_figure(&window(parts_j, covered_s)).unwrap();
    assert!(close(whole.energy_j.unwrap().value, wall_j));
}

/// The share of cases in which the interval at the wall holds the truth. Assumed of the machine: at the socket it draws
/// a + b · (what the parts draw), and every reading wanders off that by up to `wander` of it, evenly; the parts' meters are off
/// by up to 10 %, in the calibration and afterwards alike; the plug meter is off by up to what its maker says, 1 %, the same
/// in every reading. Runs lie between the calibration's idle and 1.2 times its load.
fn held(readings: usize, wander: f64) -> f64 {
    const CASES: u64 = 2000;
    let held = (0..CASES).filter(|case| {
        let mut random = StdRng::seed_from_u64(*case);
        let mut any = |from, to| uniform(&mut random, from, to);
        let (offset_w, slope) = (any(10.0, 80.0), any(1.05, 1.35));
        let (idle_w, load_w) = (any(20.0, 60.0), any(150.0, 500.0));
        let (gain, plug) = (any(0.9, 1.1), 1.0 + any(-0.01, 0.01));
        let mut wall_w = |parts_w: f64| (offset_w + slope * parts_w) * (1.0 + any(-wander, wander));
        let points = (0..readings).map(|at| {
            let (what, share) = match at {
                0 => (PointKind::Idle, 0.0),
                1 => (PointKind::Load, 1.0),
                _ => (PointKind::Check, (at - 1) as f64 / (readings - 1) as f64),
            };
            let parts_w = idle_w + share * (load_w - idle_w);
            WallPoint {
                components_error_w: 0.1 * gain * parts_w,
                ..point(what, gain * parts_w, plug * wall_w(parts_w))
            }
        });
        let line = fit(points.collect());
        let mut random = StdRng::seed_from_u64(1_000_000 + *case);
        let run_w = uniform(&mut random, idle_w, 1.2 * load_w);
        let figure = line
            .wall_figure(&parts_j(gain * run_w * 100.0, 0.1))
            .expect("a figure");
        figure
            .energy_j
            .expect("a figure")
            .covers(wall_w(run_w) * 100.0)
    });
    held.count() as f64 / CASES as f64
}

#[test]
fn the_interval_at_the_wall_holds_the_truth() {
    // Two readings off by half the published 5.4 %, one of them in the calibration: no further apart than 5.4 %.
    for readings in [2, 3, 4, 6, 10, 20] {
        let share = held(readings, 0.027);
        assert!(share >= 0.95, "{readings} readings: {share}");
    }
}

#[test]
fn a_machine_that_is_less_of_a_line_than_assumed_is_noticed() {
    assert!(held(2, 0.15) < 0.75);
    // With spare readings the residual tells, and the interval follows.
    assert!(held(8, 0.15) > held(2, 0.15) + 0.15);
}
