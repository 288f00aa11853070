//! The simulated meters that ship with the program, and what sampling makes of them when they fail.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::{
    power::{
        Clock, Discovery, IdleBaseline, Kind, Level, Meter, MeterInfo, MeterNow, Options, Origin,
        Part, Planned, Role, Rounds, Sampler, SamplerOptions, Status, TrainingGpu, components,
        discover, net,
        simulated::{self, Profile, SIMULATIONS, SimulatedMeter, UnknownSimulation},
    },
    units::{Boundary, EnergyFigure, Estimate, Grade},
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

const USUAL: SamplerOptions = SamplerOptions { rate_hz: 10.0 };

fn meters(simulation: &str, clock: &Clock) -> Vec<SimulatedMeter> {
    simulated::parse(simulation, clock).unwrap_or_else(|error| panic!("{error}"))
}

fn one(simulation: &str, clock: &Clock) -> SimulatedMeter {
    meters(simulation, clock).remove(0)
}

fn planned(meter: SimulatedMeter, role: Role) -> Planned {
    let meter = Box::new(meter);
    Planned { meter, role }
}

fn value(figure: &EnergyFigure) -> f64 {
    figure.energy_j.expect("an energy").value
}

/// Rounds at 10 Hz for `seconds`.
fn pass(rounds: &mut Rounds, clock: &Clock, seconds: f64) {
    for _ in 0..(seconds * 10.0).round() as u32 {
        clock.advance(0.1);
        rounds.round();
    }
}

#[test]
fn every_simulation_says_what_it_is() {
    let clock = Clock::manual();
    for simulation in SIMULATIONS {
        let all = meters(simulation.name, &clock);
        assert!(!all.is_empty());
        for meter in &all {
            let MeterInfo {
                id,
                source,
                device,
                origin,
                boundary,
                notes,
                max_power_w,
                ..
            } = meter.info();
            assert!(
                id.starts_with(&format!("simulated:{}", simulation.name)),
                "{id}"
            );
            assert!(source.starts_with("simulated ") && device.starts_with("simulated "));
            assert_eq!(*origin, Origin::Simulated);
            assert!(notes[0].starts_with("made up"), "{notes:?}");
            assert!(meter.profile().peak_w() < *max_power_w);
            assert!(*boundary != Boundary::Components);
        }
        assert!(
            all.windows(2)
                .all(|pair| pair[0].info().id != pair[1].info().id)
        );
    }
    let info = |name: &str| one(name, &clock).info().clone();
    assert_eq!(
        (info("steady").grade, info("steady").refresh_s),
        (Grade::B, Some(0.02))
    );
    assert_eq!(
        (info("training").grade, info("training").refresh_s),
        (Grade::B, Some(0.1))
    );
    assert_eq!(
        (info("polled").grade, info("polled").kind),
        (Grade::C, Kind::Power)
    );
    assert_eq!(info("wrapping").boundary, Boundary::CpuPackage);
}

#[test]
fn names_and_settings_that_are_not_known_are_explained() {
    let clock = Clock::manual();
    let error = |text: &str| simulated::parse(text, &clock).map(|_| ()).unwrap_err();
    let said = error("stedy").to_string();
    assert!(
        said.contains("did you mean `steady`?") && said.contains("laptop"),
        "{said}"
    );
    assert!(matches!(error(""), UnknownSimulation::Name(_)));
    let said = error("steady,volts=3").to_string();
    assert!(
        said.contains("unknown setting `volts`") && said.contains("refresh_ms"),
        "{said}"
    );
    for (bad, allowed) in [
        ("watts=-1", "0.1 to 10000 W"),
        ("watts=NaN", "0.1 to 10000 W"),
        ("watts", "0.1 to 10000 W"),
        ("refresh_ms=0", "1 to 60000 ms"),
        ("refresh_ms=1e9", "1 to 60000 ms"),
        ("error_percent=80", "-50 to 50 %"),
    ] {
        let said = error(&format!("simulated:steady,{bad}")).to_string();
        assert!(said.contains(allowed), "{said}");
    }
    let said = error("flaky,fault=explode").to_string();
    assert!(said.contains("vanish, freeze, jump, nan, absurd"), "{said}");
    assert!(matches!(
        error("steady,fault=nan"),
        UnknownSimulation::Setting { .. }
    ));
}

#[test]
fn settings_change_what_is_simulated() {
    let clock = Clock::manual();
    let meter = one(" simulated:training , watts=80, refresh_ms = 250 ", &clock);
    assert_eq!(meter.info().refresh_s, Some(0.25));
    assert!((meter.profile().mean_w() - 80.0).abs() < 1e-9);
    let mut off = one("steady,error_percent=-10", &clock);
    clock.advance(10.0);
    assert_eq!(off.read().unwrap().level, Level::Counts(1_350_000));
    assert!(off.info().notes.iter().any(|note| note.contains("-10.0 %")));
}

/// A point of a profile drawn by chance.
fn points() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((0.0..3.0_f64, 0.0..500.0_f64), 1..12).prop_map(|steps| {
        let mut t_s = 0.0;
        let mut points = vec![(0.0, steps[0].1)];
        for (dt_s, watts) in steps {
            // A third of them are steps at one moment.
            t_s += if dt_s < 1.0 { 0.0 } else { dt_s };
            points.push((t_s, watts));
        }
        points.push((t_s + 0.5, 10.0));
        points
    })
}

proptest! {
    #[test]
    fn the_energy_of_a_profile_is_the_integral_of_its_power(
        points in points(), from_s in 0.0..30.0_f64, length_s in 0.0..30.0_f64,
    ) {
        let profile = Profile::cycle(&points);
        let truth = profile.energy_j(from_s + length_s) - profile.energy_j(from_s);
        const SLICES: u32 = 20_000;
        let dt_s = length_s / f64::from(SLICES);
        let sum: f64 = (0..SLICES).map(|i| profile.power_w(from_s + (f64::from(i) + 0.5) * dt_s) * dt_s).sum();
        // A slice may hold a step of up to 500 W, of which there are at most 25 in a cycle and 120 cycles.
        let steps = 500.0 * dt_s * f64::from(12 * 62);
        prop_assert!((truth - sum).abs() < 1e-6 + steps * 0.5, "{truth} ≠ {sum}");
        let parts = profile.energy_j(from_s + length_s / 3.0) - profile.energy_j(from_s)
            + profile.energy_j(from_s + length_s) - profile.energy_j(from_s + length_s / 3.0);
        prop_assert!((truth - parts).abs() < 1e-6);
    }
}

/// A window of a simulated meter that is off by up to `worst_percent`, read at uneven times.
fn window(simulation: &str, worst_percent: f64, random: &mut StdRng) -> (Estimate, f64) {
    let mut uniform = |from: f64, to: f64| from + (to - from) * random.random::<f64>();
    let clock = Clock::manual();
    clock.advance(uniform(0.0, 100.0));
    let error = uniform(-worst_percent, worst_percent);
    let meter = one(&format!("{simulation},error_percent={error}"), &clock);
    let twin = meter.clone();
    let mut rounds = Rounds::begin(vec![planned(meter, Role::Part)], clock.clone(), USUAL, None)
        .expect("rounds");
    let mut pass_s = |rounds: &mut Rounds, seconds: f64| {
        let end_s = clock.now_s() + seconds;
        while clock.now_s() < end_s {
            clock.advance(0.1 * uniform(0.7, 1.3));
            rounds.round();
        }
    };
    pass_s(&mut rounds, 1.0);
    let edge = rounds.edge(&[], &["w"], false).expect("an edge");
    let from_s = edge.t_s;
    let length_s = 3.0 + 37.0 * (error.abs() * 7919.0).fract();
    pass_s(&mut rounds, length_s);
    let edge = rounds.edge(&edge.opened, &[], false).expect("an edge");
    let figure = &edge.closed[0][0];
    assert!(figure.coverage() > 0.999, "{figure:?}");
    (
        figure.energy_j.expect("an energy"),
        twin.truth_j(from_s, edge.t_s),
    )
}

fn coverage(simulation: &str, worst_percent: f64) -> f64 {
    const CASES: u64 = 300;
    let held = (0..CASES).filter(|case| {
        let (estimate, truth_j) =
            window(simulation, worst_percent, &mut StdRng::seed_from_u64(*case));
        estimate.covers(truth_j)
    });
    held.count() as f64 / CASES as f64
}

#[test]
fn the_stated_interval_holds_the_truth_of_shipped_meters() {
    // A meter that is off by 5 % of its own reading is off by up to 5.3 % of the truth; the same for 10 %.
    let (b, c) = (5.0 / 1.05, 10.0 / 1.10);
    for (simulation, worst_percent) in [
        ("steady", b),
        ("training", b),
        ("wrapping", b),
        ("training,refresh_ms=20", b),
        ("polled", c),
    ] {
        let share = coverage(simulation, worst_percent);
        assert!(share >= 0.95, "{simulation}: {share}");
    }
}

#[test]
fn a_meter_that_is_worse_than_its_grade_is_noticed() {
    assert!(coverage("steady", 30.0) < 0.5);
    assert!(coverage("polled", 50.0) < 0.6);
}

#[test]
fn a_counter_that_wraps_every_minute_loses_nothing() {
    let clock = Clock::manual();
    let meter = one("wrapping", &clock);
    let Kind::Counter {
        joules_per_count,
        wrap_counts: Some(wrap),
    } = meter.info().kind
    else {
        panic!("no range");
    };
    let twin = meter.clone();
    let mut rounds =
        Rounds::begin(vec![planned(meter, Role::Part)], clock.clone(), USUAL, None).unwrap();
    let run = rounds.edge(&[], &["run"], false).unwrap();
    pass(&mut rounds, &clock, 600.0);
    let edge = rounds.edge(&run.opened, &[], false).unwrap();
    let (figure, truth_j) = (&edge.closed[0][0], twin.truth_j(run.t_s, edge.t_s));
    assert!(
        truth_j > 9.0 * wrap as f64 * joules_per_count,
        "it has not wrapped"
    );
    assert!(
        (value(figure) - truth_j).abs() < 1.0,
        "{figure:?} {truth_j}"
    );
    assert!(figure.coverage() > 0.9999);
}

/// `flaky` with one fault beside `steady`, in a run of a minute and a half; what the run says at its end.
struct Failed {
    card: EnergyFigure,
    package: EnergyFigure,
    steady: EnergyFigure,
    stand_by: Option<EnergyFigure>,
    now: Vec<MeterNow>,
    sum: joulelab::power::Components,
    truth_j: f64,
    model_j: f64,
}

fn failed(fault: &str, stand_by: bool) -> Failed {
    let clock = Clock::manual();
    let mut flaky = meters(&format!("flaky,{fault}"), &clock);
    let model = flaky.pop().expect("a model");
    let twin = flaky[0].clone();
    let watts = 1.2 * model.profile().mean_w();
    let of = twin.info().id.clone();
    let mut all: Vec<Planned> = flaky
        .into_iter()
        .map(|meter| planned(meter, Role::Part))
        .collect();
    all.push(planned(one("steady", &clock), Role::Part));
    if stand_by {
        all.push(planned(model, Role::StandBy { of }));
    }
    let mut rounds = Rounds::begin(all, clock.clone(), USUAL, None).expect("rounds");
    // Two readings at one moment would be one too many.
    clock.advance(0.05);
    let run = rounds.edge(&[], &["run"], false).expect("an edge");
    pass(&mut rounds, &clock, 89.9);
    let now = rounds.snapshot().meters;
    clock.advance(0.1);
    let mut edge = rounds.edge(&run.opened, &[], false).expect("an edge");
    let figures = edge.closed.remove(0);
    let of = |id: &str| figures.iter().find(|figure| figure.meter == id).cloned();
    Failed {
        sum: components(&figures, rounds.places()),
        card: of("simulated:flaky:card").expect("a card"),
        package: of("simulated:flaky:package").expect("a package"),
        steady: of("simulated:steady").expect("a figure"),
        stand_by: of("simulated:flaky:model"),
        now,
        truth_j: twin.truth_j(run.t_s, edge.t_s),
        model_j: watts,
    }
}

impl Failed {
    /// The others go on as if nothing were.
    fn check_the_others(&self) {
        assert!(
            (value(&self.steady) - 150.0 * 90.0).abs() < 5.0,
            "{:?}",
            self.steady
        );
        assert!(self.steady.coverage() > 0.9999);
        let steady = self
            .now
            .iter()
            .find(|now| now.id == "simulated:steady")
            .expect("it is read");
        assert_eq!(
            (&steady.lost, steady.failed_reads, steady.dropped_reads),
            (&None, 0, 0)
        );
        for figure in [&self.card, &self.package, &self.steady] {
            assert!((figure.window_s - 90.0).abs() < 1e-6, "{figure:?}");
        }
        assert!((self.sum.figure.window_s - 90.0).abs() < 1e-6);
    }

    fn lost(&self, id: &str) -> String {
        let now = self
            .now
            .iter()
            .find(|now| now.id == id)
            .expect("it is read");
        now.lost.clone().unwrap_or_default()
    }
}

#[test]
fn a_meter_that_vanishes_is_missing_from_then_on() {
    let run = failed("fault=vanish,at_s=30", false);
    run.check_the_others();
    for (figure, watts) in [(&run.card, 200.0), (&run.package, 60.0)] {
        assert!((29.8..30.2).contains(&figure.covered_s), "{figure:?}");
        assert!(
            (value(figure) - watts * figure.covered_s).abs() < 0.03 * value(figure),
            "{figure:?}"
        );
    }
    assert!(run.lost("simulated:flaky:card").contains("has vanished"));
    assert!(
        (run.sum.figure.covered_s - 30.0).abs() < 0.2,
        "{:?}",
        run.sum
    );
}

#[test]
fn a_stand_by_takes_the_place_of_a_meter_that_vanishes() {
    let run = failed("fault=vanish,at_s=30", true);
    run.check_the_others();
    let model = run.stand_by.as_ref().unwrap();
    // From the tenth reading that failed.
    assert!((58.5..59.5).contains(&model.covered_s), "{model:?}");
    assert!((value(model) - run.model_j * model.covered_s).abs() < 1e-6);
    assert!(
        run.lost("simulated:flaky:card")
            .ends_with("simulated:flaky:model has taken its place")
    );
    let sum = components(&[run.card.clone(), model.clone()], &[]);
    assert_eq!(sum.figure.grade, Grade::E);
    let both_s = run.card.covered_s + model.covered_s;
    assert!((88.5..90.0).contains(&both_s), "{both_s}");
    // The package has nobody to stand by and is what the sum covers least.
    assert!((run.sum.figure.covered_s - run.package.covered_s).abs() < 1e-9);
    assert!(run.sum.missing.is_empty());
}

#[test]
fn a_counter_that_freezes_is_missing_and_then_replaced() {
    let alone = failed("fault=freeze,at_s=30", false);
    alone.check_the_others();
    assert!(
        (29.9..30.2).contains(&alone.card.covered_s),
        "{:?}",
        alone.card
    );
    assert!((value(&alone.card) - 6000.0).abs() < 30.0);
    let run = failed("fault=freeze,at_s=30", true);
    run.check_the_others();
    let model = run.stand_by.as_ref().unwrap();
    assert!((49.0..50.5).contains(&model.covered_s), "{model:?}");
    assert!(
        run.lost("simulated:flaky:card")
            .contains("the counter stood still for 10 s")
    );
}

#[test]
fn a_counter_that_thaws_brings_its_energy_back() {
    let run = failed("fault=freeze,at_s=30,for_s=5", false);
    run.check_the_others();
    assert!(
        (value(&run.card) - run.truth_j).abs() < 10.0,
        "{:?} {}",
        run.card,
        run.truth_j
    );
    assert!(run.card.coverage() > 0.999);
}

#[test]
fn a_counter_that_jumps_back_costs_one_reading() {
    let run = failed("fault=jump,at_s=30", false);
    run.check_the_others();
    assert!(
        (89.8..89.95).contains(&run.card.covered_s),
        "{:?}",
        run.card
    );
    assert!((value(&run.card) - 200.0 * run.card.covered_s).abs() < 10.0);
    assert!(run.package.coverage() > 0.999);
}

#[test]
fn power_that_is_no_number_is_a_gap() {
    let run = failed("fault=nan,at_s=30,for_s=20", false);
    run.check_the_others();
    assert!(
        (69.5..70.5).contains(&run.package.covered_s),
        "{:?}",
        run.package
    );
    assert!((value(&run.package) - 60.0 * run.package.covered_s).abs() < 1.0);
    assert!(run.card.coverage() > 0.999);
}

#[test]
fn absurd_readings_never_count() {
    for for_s in ["", ",for_s=20"] {
        for stand_by in [false, true] {
            let run = failed(&format!("fault=absurd,at_s=30{for_s}"), stand_by);
            run.check_the_others();
            for (figure, watts) in [(&run.card, 200.0), (&run.package, 60.0)] {
                let most_j = watts * figure.covered_s;
                assert!((value(figure) - most_j).abs() < 0.02 * most_j, "{figure:?}");
            }
            let high = run.sum.figure.energy_j.unwrap().high;
            assert!(high < 2.0 * 90.0 * 410.0, "{:?}", run.sum);
        }
    }
}

#[test]
fn the_whole_schedule_of_flaky_ends_as_it_says() {
    let clock = Clock::manual();
    let mut all = meters("flaky", &clock);
    let schedule = all[0].info().notes.join("; ");
    assert!(
        schedule.contains("jumps back to 0 after 20 s, stands still from 30 to 33 s"),
        "{schedule}"
    );
    let model = all.pop().unwrap();
    let twin = all[0].clone();
    let of = twin.info().id.clone();
    let mut all: Vec<Planned> = all
        .into_iter()
        .map(|meter| planned(meter, Role::Part))
        .collect();
    all.push(planned(model, Role::StandBy { of }));
    let mut rounds = Rounds::begin(all, clock.clone(), USUAL, None).unwrap();
    let run = rounds.edge(&[], &["run"], false).unwrap().opened;
    pass(&mut rounds, &clock, 59.0);
    assert!(
        rounds
            .snapshot()
            .meters
            .iter()
            .all(|meter| meter.lost.is_none())
    );
    pass(&mut rounds, &clock, 31.0);
    let figures = rounds.edge(&run, &[], false).unwrap().closed.remove(0);
    let (card, package, model) = (&figures[0], &figures[1], &figures[2]);
    assert!((59.0..60.0).contains(&card.covered_s), "{card:?}");
    assert!((70.0..75.0).contains(&package.covered_s), "{package:?}");
    assert!((28.5..29.5).contains(&model.covered_s), "{model:?}");
    let joules = value(card) + value(model) / 1.2;
    assert!((joules - 200.0 * (card.covered_s + model.covered_s)).abs() < 40.0);
}

#[test]
fn faults_in_the_meter_thread_are_the_same_as_by_hand() {
    let clock = Clock::new();
    let mut flaky = meters("flaky,fault=vanish,at_s=0.5", &clock);
    let model = flaky.pop().unwrap();
    let of = flaky[0].info().id.clone();
    let mut all: Vec<Planned> = flaky
        .into_iter()
        .map(|meter| planned(meter, Role::Part))
        .collect();
    all.push(planned(one("steady", &clock), Role::Part));
    all.push(planned(model, Role::StandBy { of }));
    let options = SamplerOptions { rate_hz: 50.0 };
    let (sampler, _samples) = Sampler::start(all, clock, options).unwrap();
    let run = sampler.open_window("run").unwrap();
    let patience = Instant::now();
    let replaced = |now: &MeterNow| {
        now.lost
            .as_deref()
            .is_some_and(|why| why.ends_with("has taken its place"))
    };
    while !sampler.snapshot().meters.iter().any(replaced) {
        assert!(
            patience.elapsed() < Duration::from_secs(30),
            "never replaced"
        );
        sleep(Duration::from_millis(10));
    }
    sleep(Duration::from_millis(300));
    let figures = sampler.close_window(run).unwrap();
    assert_eq!(figures.len(), 4);
    assert!(
        figures[0].coverage() < 0.9 && figures[0].covered_s > 0.2,
        "{figures:?}"
    );
    assert!(figures[2].coverage() > 0.999, "{figures:?}");
    assert!(
        figures[3].covered_s > 0.1 && figures[3].grade == Grade::E,
        "{figures:?}"
    );
    assert!(sampler.snapshot().meters[1].lost.is_some());
}

#[test]
fn an_idle_baseline_of_simulated_meters_takes_off_what_is_always_there() {
    let clock = Clock::manual();
    let all = vec![planned(one("steady", &clock), Role::Part)];
    let mut rounds = Rounds::begin(all, clock.clone(), USUAL, None).unwrap();
    let stretch = |rounds: &mut Rounds| {
        let open = rounds.edge(&[], &["w"], true).unwrap().opened;
        pass(rounds, &clock, 10.0);
        rounds.edge(&open, &[], true).unwrap().closed.remove(0)
    };
    let infos = rounds.meters().to_vec();
    let idle = IdleBaseline::new(&infos, &stretch(&mut rounds), &[]);
    let run = stretch(&mut rounds);
    assert!(net(&run[0], &idle).energy_j.unwrap().covers(0.0));
}

#[test]
fn where_simulated_meters_are_asked_for_nothing_else_is_read() {
    let gpu = TrainingGpu {
        name: "some card".to_owned(),
        integrated: false,
        pci: "0000:41:00.0".parse().ok(),
        busy: std::sync::Arc::new(|| Some(1.0)),
        work: None,
    };
    let part = gpu.part();
    let asked = [
        "simulated:steady",
        "polled",
        "flaky",
        "laptop",
        "nonsense",
        "steady",
    ];
    let options = Options {
        simulated: asked.map(str::to_owned).to_vec(),
        gpu: Some(gpu),
        cpu_tdp_w: Some(100.0),
        ..Options::default()
    };
    let Discovery {
        meters,
        report,
        account,
        ..
    } = discover(&options);
    assert!(
        meters
            .iter()
            .all(|meter| meter.info().origin == Origin::Simulated)
    );
    let role = |id: &str| {
        &meters
            .iter()
            .find(|meter| meter.info().id == id)
            .expect("a meter")
            .role
    };
    assert_eq!(role("simulated:steady"), &Role::Part);
    assert_eq!(role("simulated:polled"), &Role::Part);
    assert_eq!(
        role("simulated:flaky:model"),
        &Role::StandBy {
            of: "simulated:flaky:card".to_owned()
        }
    );
    assert_eq!(role("simulated:laptop:battery"), &Role::CrossCheck);
    // The first card is where the one that trains would be.
    let line = account
        .iter()
        .find(|line| line.covers == [part.clone()])
        .unwrap();
    assert_eq!(line.meter.as_deref(), Some("simulated:steady"));
    assert!(account.iter().all(|line| line.meter.is_some()
        || line.covers == [Part::memory()]
        || line.covers == [Part::processors()]));
    let said = |id: &str| {
        let found = report
            .iter()
            .find(|source| source.id == id && matches!(source.status, Status::Refused { .. }));
        format!("{:?}", found.expect("a report").status)
    };
    assert!(said("sensors").contains("left alone"));
    assert!(said("nonsense").contains("unknown simulated meter"));
    assert!(said("steady").contains("is there already"));
    assert!(
        report
            .iter()
            .all(|source| !source.id.starts_with("model:") && source.id != "rapl")
    );
}
