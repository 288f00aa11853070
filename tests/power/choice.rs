//! Which of several sources is read, what adds up, and what happens when a meter ends in the middle of a run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::{
    power::{
        Clock, Extra, Level, Meter, MeterInfo, Part, Place, Planned, ReadError, Reading, Role,
        Sampler, SamplerOptions, components, net,
    },
    units::{Boundary, EnergyFigure, Estimate, Grade},
};

use super::{counter, polled};

/// What a meter does from now on.
const WELL: u8 = 0;
const FAILS: u8 = 1;
const STANDS: u8 = 2;
const RAVES: u8 = 3;
const FALLS: u8 = 4;

/// A meter of a steady power whose mood the test sets.
struct Moody {
    info: MeterInfo,
    watts: f64,
    mood: Arc<AtomicU8>,
    clock: Clock,
    stood: u64,
}

impl Moody {
    fn new(info: MeterInfo, watts: f64) -> (Box<Self>, Arc<AtomicU8>) {
        let mood = Arc::new(AtomicU8::new(WELL));
        let meter = Self {
            info,
            watts,
            mood: Arc::clone(&mood),
            clock: Clock::new(),
            stood: 0,
        };
        (Box::new(meter), mood)
    }
}

impl Meter for Moody {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let counts = (self.clock.now_s() * self.watts * 1e6) as u64;
        let is_power = matches!(self.info.kind, joulelab::power::Kind::Power);
        let level = match (self.mood.load(Ordering::Relaxed), is_power) {
            (FAILS, _) => {
                return Err(ReadError::Driver {
                    device: self.info.device.clone(),
                    reason: "gone from the bus".to_owned(),
                });
            }
            (STANDS, false) => Level::Counts(self.stood),
            (RAVES, true) => Level::Watts(f64::NAN),
            (RAVES, false) => Level::Counts(u64::MAX - counts),
            (FALLS, false) => Level::Counts(counts / 2),
            (_, true) => Level::Watts(self.watts),
            (_, false) => {
                self.stood = counts;
                Level::Counts(counts)
            }
        };
        Ok(Reading {
            level,
            extras: vec![Extra::new("temperature", 40.0, "Cel")],
        })
    }
}

fn stand_by(of: &str, meter: Box<Moody>) -> Planned {
    Planned {
        role: Role::StandBy { of: of.to_owned() },
        meter,
    }
}

const FAST: SamplerOptions = SamplerOptions { rate_hz: 20.0 };
const USUAL: SamplerOptions = SamplerOptions { rate_hz: 10.0 };

fn figure(
    meter: &str,
    boundary: Boundary,
    grade: Grade,
    energy_j: f64,
    covered_s: f64,
) -> EnergyFigure {
    EnergyFigure {
        boundary,
        meter: meter.to_owned(),
        source: format!("source of {meter}"),
        grade,
        energy_j: (covered_s > 0.0).then(|| Estimate::exact(energy_j)),
        covered_s,
        window_s: 10.0,
    }
}

fn place(meter: &str, covers: &[Part], role: Role) -> Place {
    Place {
        meter: meter.to_owned(),
        covers: covers.to_vec(),
        role,
    }
}

#[test]
fn a_part_contains_what_lies_inside_it_and_nothing_that_only_sounds_like_it() {
    let package = Part::package("1");
    assert!(Part::machine().contains(&package) && Part::processors().contains(&package));
    assert!(
        package.contains(&package.inside("core")) && !package.inside("core").contains(&package)
    );
    assert!(!package.overlaps(&Part::package("10")) && !package.overlaps(&Part::memory_of("1")));
    assert_eq!((package.depth(), package.name()), (2, "package-1"));
    assert_eq!(package.parent(), Some(Part::processors()));
    assert_eq!(Part::machine().parent(), None);
}

#[test]
fn a_sum_adds_no_hardware_twice_however_the_meters_nest() {
    let card = Part::training_gpu();
    let places = [
        place("card", std::slice::from_ref(&card), Role::Part),
        place("chip", &[card.inside("chip")], Role::Part),
        place(
            "module",
            &[card, Part::processors(), Part::memory()],
            Role::Part,
        ),
        place("package", &[Part::package("0")], Role::Part),
        place("mirror", &[Part::package("0")], Role::Part),
        place("platform", &[Part::machine()], Role::CrossCheck),
    ];
    let parts = [
        figure("module", Boundary::Soc, Grade::C, 900.0, 10.0),
        figure("chip", Boundary::GpuBoard, Grade::C, 400.0, 10.0),
        figure("card", Boundary::GpuBoard, Grade::B, 500.0, 10.0),
        figure("package", Boundary::CpuPackage, Grade::B, 300.0, 10.0),
        figure("mirror", Boundary::CpuPackage, Grade::B, 301.0, 10.0),
        figure("platform", Boundary::System, Grade::B, 1200.0, 10.0),
    ];
    let sum = components(&parts, &places);
    assert_eq!(sum.figure.meter, "card + package");
    assert!((sum.figure.energy_j.unwrap().value - 800.0).abs() < 1e-9);
    let left: Vec<&str> = sum
        .left_out
        .iter()
        .map(|(meter, _)| meter.as_str())
        .collect();
    assert_eq!(left, ["module", "chip", "mirror", "platform"]);
    assert!(
        sum.left_out[0].1.contains("shares hardware with card"),
        "{sum:?}"
    );
}

#[test]
fn a_meter_and_the_one_that_took_its_place_add_up_and_cover_the_time_together() {
    let of = "rapl".to_owned();
    let places = [
        place("rapl", &[Part::package("0")], Role::Part),
        place("model", &[Part::processors()], Role::StandBy { of }),
        place("card", &[Part::training_gpu()], Role::Part),
    ];
    let parts = [
        figure("rapl", Boundary::CpuPackage, Grade::B, 120.0, 4.0),
        figure("model", Boundary::CpuPackage, Grade::E, 150.0, 5.5),
        figure("card", Boundary::GpuBoard, Grade::B, 500.0, 10.0),
    ];
    let sum = components(&parts, &places);
    assert!((sum.figure.energy_j.unwrap().value - 770.0).abs() < 1e-9);
    assert!((sum.figure.covered_s - 9.5).abs() < 1e-9, "{sum:?}");
    assert!(sum.missing.is_empty());
    // In a window after the loss only the other has a reading.
    let after = [
        figure("rapl", Boundary::CpuPackage, Grade::B, 0.0, 0.0),
        parts[1].clone(),
    ];
    let sum = components(&after, &places);
    assert_eq!((sum.figure.meter.as_str(), sum.missing.len()), ("model", 0));
    // A stand-by that never stepped in is not missing either.
    let before = [
        parts[0].clone(),
        figure("model", Boundary::CpuPackage, Grade::E, 0.0, 0.0),
    ];
    assert!(components(&before, &places).missing.is_empty());
}

#[test]
fn a_small_part_that_is_poorly_known_does_not_name_the_grade_of_the_sum() {
    let grade = |memory_j: f64| {
        let parts = [
            figure("card", Boundary::GpuBoard, Grade::B, 900.0, 10.0),
            figure("memory", Boundary::Dram, Grade::F, memory_j, 10.0),
        ];
        components(&parts, &[]).figure.grade
    };
    assert_eq!((grade(50.0), grade(101.0)), (Grade::B, Grade::F));
}

/// Waits until the sampler says something of a meter, at most ten seconds beyond a standstill's patience.
fn wait_for(sampler: &Sampler, what: impl Fn(&joulelab::power::Snapshot) -> bool) {
    let until = Instant::now() + Duration::from_secs(25);
    while !what(&sampler.snapshot()) {
        assert!(Instant::now() < until, "{:?}", sampler.snapshot());
        sleep(Duration::from_millis(20));
    }
}

fn is_lost(snapshot: &joulelab::power::Snapshot, meter: &str) -> bool {
    let found = snapshot.meters.iter().find(|now| now.id == meter);
    found.is_some_and(|now| now.lost.is_some())
}

/// A package counter at 100 W with a model at 60 W behind it, and a card at 40 W that goes on whatever happens.
fn run_with_fault(mood_then: u8) {
    let (rapl, mood) = Moody::new(counter("rapl"), 100.0);
    let model_info = MeterInfo {
        boundary: Boundary::CpuPackage,
        covers: vec![Part::processors()],
        ..polled("model")
    };
    let (model, _) = Moody::new(model_info, 60.0);
    let (card, _) = Moody::new(polled("card"), 40.0);
    let meters = vec![rapl.into(), card.into(), stand_by("rapl", model)];
    let (sampler, samples) = Sampler::start(meters, Clock::new(), FAST).expect("there is one");
    let idle = sampler.measure_idle(0.5, &|| true).expect("there is one");
    assert_eq!(idle.meters.len(), 3, "stand-bys have a baseline too");
    // What a stand-by was asked for before a window begins is no part of that window.
    sleep(Duration::from_millis(700));

    let run = sampler.open_window("run").expect("there is one");
    assert_eq!(
        sampler.peek(run).expect("there is one").len(),
        2,
        "a stand-by has no figure before it steps in"
    );
    sleep(Duration::from_millis(800));
    mood.store(mood_then, Ordering::Relaxed);
    wait_for(&sampler, |snapshot| is_lost(snapshot, "rapl"));
    let late = sampler.open_window("late").expect("there is one");
    sleep(Duration::from_millis(1000));
    // It comes back, but its place is taken: nothing of it may count twice.
    mood.store(WELL, Ordering::Relaxed);
    sleep(Duration::from_millis(500));
    let mut closed = sampler
        .edge(&[run, late], &[])
        .expect("there is one")
        .closed;
    let (late, run) = (
        closed.pop().expect("there is one"),
        closed.pop().expect("there is one"),
    );
    let snapshot = sampler.snapshot();
    let lost = snapshot
        .meters
        .iter()
        .find(|now| now.id == "rapl")
        .expect("there is one");
    let reason = lost.lost.as_deref().expect("there is one");
    assert!(reason.ends_with("model has taken its place"), "{reason}");
    assert!(
        snapshot
            .meters
            .iter()
            .any(|now| now.id == "model" && now.power_w == Some(60.0))
    );

    let of = |figures: &[EnergyFigure], meter: &str| {
        let found = figures.iter().find(|figure| figure.meter == meter);
        found
            .cloned()
            .unwrap_or_else(|| panic!("{meter} in {figures:?}"))
    };
    let (rapl, model, card) = (of(&run, "rapl"), of(&run, "model"), of(&run, "card"));
    let window_s = run[0].window_s;
    let power =
        |figure: &EnergyFigure| figure.energy_j.expect("there is one").value / figure.covered_s;
    assert!((power(&rapl) - 100.0).abs() < 8.0, "{rapl:?}");
    assert!((power(&model) - 60.0).abs() < 1.0, "{model:?}");
    assert!((0.6..2.5).contains(&rapl.covered_s), "{rapl:?}");
    assert!(model.covered_s > 1.0, "{model:?}");
    assert!(
        (model.window_s - window_s).abs() < 0.05,
        "{model:?} {window_s}"
    );
    assert!(
        rapl.covered_s + model.covered_s <= window_s + 0.05,
        "disjoint: {run:?}"
    );
    assert!(card.coverage() > 0.95, "the other goes on: {card:?}");
    assert!(
        net(&model, &idle)
            .energy_j
            .is_some_and(|net| net.value.abs() < 5.0)
    );

    let sum = components(&run, sampler.places());
    let parts_j: f64 = run
        .iter()
        .map(|figure| figure.energy_j.expect("there is one").value)
        .sum();
    assert!((sum.figure.energy_j.expect("there is one").value - parts_j).abs() < 1e-6);
    assert!((sum.figure.covered_s - (rapl.covered_s + model.covered_s)).abs() < 1e-6);
    assert_eq!(of(&late, "rapl").energy_j, None);
    assert!(components(&late, sampler.places()).missing.is_empty());
    sampler.stop();
    assert!(samples.iter().flatten().any(|sample| sample.meter == 2));
}

#[test]
fn a_meter_that_vanishes_is_replaced() {
    run_with_fault(FAILS);
}

#[test]
fn a_counter_that_freezes_is_replaced() {
    run_with_fault(STANDS);
}

#[test]
fn a_counter_that_tells_absurd_values_is_replaced() {
    run_with_fault(RAVES);
}

#[test]
fn without_another_source_the_part_is_missing_and_the_rest_goes_on() {
    let (rapl, mood) = Moody::new(counter("rapl"), 100.0);
    let (card, card_mood) = Moody::new(polled("card"), 40.0);
    let (sampler, _samples) =
        Sampler::start(vec![Planned::from(rapl), card.into()], Clock::new(), FAST).unwrap();
    let run = sampler.open_window("run").unwrap();
    sleep(Duration::from_millis(600));
    mood.store(FAILS, Ordering::Relaxed);
    card_mood.store(RAVES, Ordering::Relaxed);
    wait_for(&sampler, |snapshot| is_lost(snapshot, "rapl"));
    // What is open goes on uncovered, and a power of before is not that of now.
    sleep(Duration::from_millis(400));
    let so_far = &sampler.peek(run).unwrap()[0];
    assert!(so_far.coverage() < 0.8, "{so_far:?}");
    let raving = sampler.snapshot();
    let card_now = raving.meters.iter().find(|now| now.id == "card").unwrap();
    assert_eq!(card_now.power_w, None, "{raving:?}");
    // One that only talks nonsense is not given up: it may come to its senses.
    card_mood.store(WELL, Ordering::Relaxed);
    sleep(Duration::from_millis(600));
    let figures = sampler.close_window(run).unwrap();
    let sum = components(&figures, sampler.places());
    assert!(
        figures[0].coverage() < 0.7 && figures[1].coverage() < 0.9,
        "{figures:?}"
    );
    assert!(figures[1].covered_s > 0.9, "{figures:?}");
    assert!(sum.figure.covered_s < 0.7 * sum.figure.window_s);
    assert!(!is_lost(&sampler.snapshot(), "card"));
}

#[test]
fn a_counter_that_jumps_back_loses_the_interval_and_goes_on() {
    let (rapl, mood) = Moody::new(counter("rapl"), 100.0);
    let (sampler, _samples) = Sampler::start(vec![rapl], Clock::new(), FAST).unwrap();
    let run = sampler.open_window("run").unwrap();
    sleep(Duration::from_millis(500));
    mood.store(FALLS, Ordering::Relaxed);
    sleep(Duration::from_millis(700));
    let figures = sampler.close_window(run).unwrap();
    let figure = &figures[0];
    assert!(
        figure.coverage() > 0.6 && figure.coverage() < 1.0,
        "{figure:?}"
    );
    let mean_w = figure.energy_j.unwrap().value / figure.covered_s;
    // After the jump the counter counts half as fast.
    assert!((45.0..105.0).contains(&mean_w), "{figure:?}");
}

/// A driver that keeps the processor busy for each reading.
struct Dear(MeterInfo);

impl Meter for Dear {
    fn info(&self) -> &MeterInfo {
        &self.0
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let until = Instant::now() + Duration::from_millis(4);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        Ok(Level::Watts(50.0).into())
    }
}

#[test]
fn a_dear_meter_with_a_pace_of_its_own_does_not_slow_the_others() {
    let info = MeterInfo {
        every_s: 5.0,
        covers: vec![Part::memory()],
        ..polled("dear")
    };
    let (cheap, _) = Moody::new(counter("cheap"), 100.0);
    let meters = vec![Planned::from(cheap), Box::new(Dear(info)).into()];
    let (sampler, _samples) = Sampler::start(meters, Clock::new(), USUAL).unwrap();
    sampler.open_window("run").unwrap();
    // 4 ms in 5 s are a sixth of what may be spent.
    let snapshot = sampler.snapshot();
    assert!(
        (snapshot.rate_hz - USUAL.rate_hz).abs() < 0.01,
        "{snapshot:?}"
    );
}

#[test]
fn the_pace_slows_down_where_reading_costs_too_much() {
    let options = SamplerOptions { rate_hz: 50.0 };
    let (sampler, _samples) =
        Sampler::start(vec![Box::new(Dear(polled("dear")))], Clock::new(), options).unwrap();
    let run = sampler.open_window("run").unwrap();
    sleep(Duration::from_millis(3500));
    let figures = sampler.close_window(run).unwrap();
    let snapshot = sampler.snapshot();
    // 4 ms may be spent 1.25 times a second; where others keep the processor busy, part of them is not this thread's.
    assert!((1.0..8.0).contains(&snapshot.rate_hz), "{snapshot:?}");
    assert!(snapshot.overhead_share < 0.02, "{snapshot:?}");
    assert!(
        snapshot.meters[0]
            .read_s
            .is_some_and(|read_s| read_s > 0.003),
        "{snapshot:?}"
    );
    assert!(
        figures[0].coverage() > 0.9,
        "the gaps are longer, not holes: {figures:?}"
    );
    assert!((figures[0].energy_j.unwrap().value / figures[0].window_s - 50.0).abs() < 5.0);
}
