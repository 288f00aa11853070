//! Figures of simulated meters against the energy that they truly took.

use joulelab::{
    power::{Clock, IdleBaseline, Kind, Meter, Role, Rounds, net, simulated::Profile},
    units::Estimate,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{USUAL, one, pass, planned, value};

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
