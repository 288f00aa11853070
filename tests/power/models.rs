//! Models: fits recover what they were made of, say how good they are, and refuse what cannot be known.

use std::sync::Arc;

use joulelab::{
    power::{
        CPU_LOAD_EVERY_S, Clock, CpuPoints, Discovery, ErrorRule, Fitted, Level, LoadReading,
        Meter, MeterInfo, ModelMeter, Options, Parameters, Part, ReadError, Reading, RooflineMeter,
        TrainingGpu, Work, WorkDone, discover, installed_gib, shape,
    },
    units::{Estimate, Grade},
};
use rand::{SeedableRng, rngs::StdRng};

use super::{
    counter, polled,
    roofline::{Told, exact_fit},
    simulated::uniform,
};

pub(super) fn of() -> Fitted {
    Fitted {
        device: "a device".to_owned(),
        driver: Some("535.1".to_owned()),
        made_at: "2025-11-21T10:30:00Z".to_owned(),
        source: "test counter".to_owned(),
    }
}

pub(super) fn close(a: f64, b: f64) -> bool {
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
    // Full power is 50 or 60 W, so 55 W, and each is 5/55 of that away; one reading to spare.
    let readings = [reading(0.0, 10.0), reading(1.0, 50.0), reading(1.0, 60.0)];
    let points = CpuPoints::fit(of(), &readings).unwrap();
    assert!(close(points.idle_w, 10.0) && close(points.full_w, 55.0));
    assert!(close(points.residual.unwrap(), 2.0_f64.sqrt() / 11.0));
    assert!(close(points.truth_error, 0.05));
    // Twice the residual and the readings' own 5 % are more than 25 %.
    let fraction = 2.0 * 2.0_f64.sqrt() / 11.0 + 0.05;
    let ErrorRule::Relative { fraction: own } = points.error() else {
        panic!("a share")
    };
    assert!(close(own, fraction), "{own}");
    assert_eq!(
        points.in_words(),
        "full load 55.0 W, idle 10.0 W, fitted to 3 readings of test counter on 2025-11-21, driver 535.1 (residual 12.9 %)"
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

#[test]
fn fitted_points_survive_being_stored() {
    let points = CpuPoints::fit(of(), &[reading(0.0, 10.0), reading(1.0, 50.0)]).unwrap();
    let text = serde_json::to_string(&points).unwrap();
    assert_eq!(serde_json::from_str::<CpuPoints>(&text).unwrap(), points);
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

#[test]
fn windows_go_by_how_often_a_reading_is_another() {
    let load: joulelab::power::Load = Arc::new(|| Some(0.5));
    let parameters = |watts| Parameters::choose(Some(watts), None, None, (watts, String::new()));
    let cpu = ModelMeter::cpu("a processor", parameters(100.0), load.clone());
    let package = ModelMeter::package("it", &Part::package("0"), parameters(50.0), load.clone());
    for meter in [&cpu, &package] {
        assert_eq!(meter.changes_s(0.1), CPU_LOAD_EVERY_S);
        assert_eq!(meter.changes_s(1.0), 1.0, "it is read no more often");
        // Intervals know nothing of it: the power is between idle and full whatever the load was before.
        assert_eq!(meter.info().refresh_s, None);
    }
    // What the program itself knows, it knows at every moment; and memory draws the same at all of them.
    let gpu = ModelMeter::gpu("a card", Part::training_gpu(), parameters(100.0), load);
    let none: Work = Arc::new(|| None);
    let counted = RooflineMeter::new(
        "a card",
        Part::training_gpu(),
        exact_fit(),
        none,
        Clock::new(),
    );
    for meter in [&gpu as &dyn Meter, &ModelMeter::memory(1 << 34), &counted] {
        assert_eq!(meter.changes_s(0.1), 0.0, "{}", meter.info().id);
    }
    // Sensors, with and without a known refresh period.
    struct Sensor(MeterInfo);
    impl Meter for Sensor {
        fn info(&self) -> &MeterInfo {
            &self.0
        }
        fn read(&mut self) -> Result<Reading, ReadError> {
            Err(ReadError::NotYet)
        }
    }
    let unknown = MeterInfo {
        refresh_s: None,
        ..counter("c")
    };
    let slow = MeterInfo {
        every_s: 5.0,
        ..polled("p")
    };
    for (info, expected) in [
        (counter("c"), 0.001),
        (unknown, 0.1),
        (polled("p"), 0.05),
        (slow, 5.0),
    ] {
        assert_eq!(Sensor(info).changes_s(0.05), expected);
    }
}
