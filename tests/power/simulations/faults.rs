//! Meters that fail in the middle of a run: what is missing, who stands in, and that the others go on.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use joulelab::{
    power::{
        Clock, Components, Meter, MeterNow, Planned, Role, Rounds, Sampler, SamplerOptions,
        components,
    },
    units::{EnergyFigure, Grade},
};

use super::{USUAL, meters, one, pass, planned, value};

/// `flaky` with one fault beside `steady`, in a run of a minute and a half; what the run says at its end.
struct Failed {
    card: EnergyFigure,
    package: EnergyFigure,
    steady: EnergyFigure,
    stand_by: Option<EnergyFigure>,
    now: Vec<MeterNow>,
    sum: Components,
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
