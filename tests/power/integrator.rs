use joulelab::{
    power::{Dropped, Integrator, Kind, Level, Mark, MeterInfo, Push},
    units::EnergyFigure,
};
use proptest::prelude::*;

use super::{counter, polled};

const PERIOD_S: f64 = 0.1;
const RANGE: u64 = 262_143_328_850;

fn wrapping(range: Option<u64>) -> MeterInfo {
    MeterInfo {
        kind: Kind::Counter {
            joules_per_count: 1e-6,
            wrap_counts: range,
        },
        ..counter("rapl:package-0")
    }
}

/// Pushes readings; gives the integrator and its marks at the first and the last time.
fn run(info: &MeterInfo, readings: &[(f64, Level)]) -> (Integrator, Mark, Mark) {
    let mut integrator = Integrator::new(info, PERIOD_S);
    let mut first = None;
    for (t_s, level) in readings {
        integrator.push(*t_s, *level);
        first.get_or_insert_with(|| integrator.mark(*t_s));
    }
    let last_s = readings.last().expect("readings").0;
    let last = integrator.mark(last_s);
    (integrator, first.expect("readings"), last)
}

fn figure(info: &MeterInfo, readings: &[(f64, Level)]) -> EnergyFigure {
    let (integrator, from, to) = run(info, readings);
    integrator.figure(&from, &to)
}

/// `n` readings at 10 Hz of a counter that starts at `start` and gains `watts`, folded by `fold`.
fn steady(n: usize, start: u64, watts: f64, fold: impl Fn(u64) -> u64) -> Vec<(f64, Level)> {
    (0..n)
        .map(|i| {
            let t_s = i as f64 * PERIOD_S;
            (
                t_s,
                Level::Counts(fold(start + (t_s * watts * 1e6).round() as u64)),
            )
        })
        .collect()
}

fn value(figure: &EnergyFigure) -> f64 {
    figure.energy_j.expect("an energy").value
}

/// `value` watts, or a counter that has counted `value` joules.
fn counts_or_watts(power: bool, value: f64) -> Level {
    if power {
        Level::Watts(value)
    } else {
        Level::Counts((value * 1e6) as u64 % RANGE)
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

proptest! {
    #[test]
    fn a_wrap_is_exact_where_the_range_is_known(
        before in 1_000_u64..50_000_000, watts in 20.0..500.0_f64,
    ) {
        let readings = steady(101, RANGE - before, watts, |counts| counts % RANGE);
        let figure = figure(&wrapping(Some(RANGE)), &readings);
        prop_assert!(close(value(&figure), 10.0 * watts));
        prop_assert!(close(figure.covered_s, 10.0));
    }

    #[test]
    fn a_fall_drops_its_interval_where_the_range_is_unknown(
        before in 2_000_000_u64..50_000_000, watts in 20.0..500.0_f64,
    ) {
        let readings = steady(101, RANGE - before, watts, |counts| counts % RANGE);
        let wrapped = readings.windows(2).any(|pair| matches!(
            (pair[0].1, pair[1].1), (Level::Counts(a), Level::Counts(b)) if b < a
        ));
        let figure = figure(&wrapping(None), &readings);
        let missing = if wrapped { 0.1 } else { 0.0 };
        prop_assert!(close(figure.covered_s, 10.0 - missing));
        prop_assert!(close(value(&figure), (10.0 - missing) * watts));
    }

    #[test]
    fn a_reset_is_a_gap_and_no_wrap(
        start in 1_000_000_000_u64..200_000_000_000, at in 5_usize..95, watts in 20.0..500.0_f64,
    ) {
        let mut readings = steady(101, start, watts, |counts| counts);
        for (_, level) in &mut readings[at..] {
            let Level::Counts(counts) = level else { unreachable!("counts were pushed") };
            *level = Level::Counts(*counts - start);
        }
        let figure = figure(&wrapping(Some(RANGE)), &readings);
        prop_assert!(close(figure.covered_s, 9.9));
        prop_assert!(close(value(&figure), 9.9 * watts));
    }

    #[test]
    fn a_single_damaged_reading_costs_nothing(
        at in 5_usize..95, damaged in prop_oneof![Just(0_u64), 900_000_000_000..u64::MAX], watts in 20.0..500.0_f64,
    ) {
        let mut readings = steady(101, 5_000_000_000, watts, |counts| counts);
        readings[at].1 = Level::Counts(damaged);
        let figure = figure(&wrapping(None), &readings);
        prop_assert!(close(figure.covered_s, 10.0));
        prop_assert!(close(value(&figure), 10.0 * watts));
    }

    #[test]
    fn batches_are_exact_however_they_fall(every in 2_usize..9, watts in 20.0..500.0_f64) {
        let mut readings = steady(1 + every * 12, 7_000_000, watts, |counts| counts);
        let published = readings.clone();
        for (i, (_, level)) in readings.iter_mut().enumerate() {
            *level = published[i / every * every].1;
        }
        let info = MeterInfo { refresh_s: Some(every as f64 * PERIOD_S), ..wrapping(None) };
        let figure = figure(&info, &readings);
        let window_s = every as f64 * 1.2;
        prop_assert!(close(value(&figure), window_s * watts));
        prop_assert!(close(figure.covered_s, window_s));
    }

    #[test]
    fn gaps_are_exact_for_counters_and_stay_gaps_for_power(
        gap_s in 0.31..100.0_f64, watts in 20.0..500.0_f64,
    ) {
        let at = |t_s: f64| (t_s, Level::Counts((t_s * watts * 1e6) as u64));
        let counted = figure(&wrapping(None), &[at(0.0), at(0.1), at(0.1 + gap_s), at(0.2 + gap_s)]);
        prop_assert!(close(value(&counted), (0.2 + gap_s) * watts));
        prop_assert!(close(counted.covered_s, 0.2 + gap_s));
        let at = |t_s: f64| (t_s, Level::Watts(watts));
        let polled = figure(&polled("p"), &[at(0.0), at(0.1), at(0.1 + gap_s), at(0.2 + gap_s)]);
        prop_assert!(close(value(&polled), 0.2 * watts));
        prop_assert!(close(polled.covered_s, 0.2));
        prop_assert!(close(polled.window_s, 0.2 + gap_s));
    }

    #[test]
    fn bad_times_and_values_of_power_are_dropped(
        noise in prop::collection::vec(
            (prop::num::f64::ANY, prop_oneof![Just(f64::NAN), Just(-1.0), Just(1e12), Just(f64::INFINITY), 0.0..900.0_f64]),
            0..40,
        ),
    ) {
        let mut integrator = Integrator::new(&polled("p"), PERIOD_S);
        integrator.push(0.0, Level::Watts(50.0));
        let start = integrator.mark(0.0);
        let mut expected = (0.0_f64, 0.0_f64);
        let mut last = (0.0_f64, 50.0_f64);
        let mut seen_s = 0.0;
        for (jump, watts) in noise {
            // Times from everywhere: not numbers, far back, the same again. None may count.
            let bad_s = if jump.is_finite() { seen_s - jump.abs().min(1e6) } else { f64::NAN };
            prop_assert_eq!(integrator.push(bad_s, Level::Watts(10.0)), Push::Dropped(Dropped::Time));
            let t_s = seen_s + 0.001;
            seen_s = t_s;
            if (0.0..=1000.0).contains(&watts) {
                prop_assert_eq!(integrator.push(t_s, Level::Watts(watts)), Push::Taken);
                expected = (expected.0 + (last.1 + watts) / 2.0 * (t_s - last.0), expected.1 + t_s - last.0);
                last = (t_s, watts);
            } else {
                let verdict = integrator.push(t_s, Level::Watts(watts));
                prop_assert_eq!(verdict, Push::Dropped(Dropped::Implausible));
            }
        }
        let end = integrator.mark(seen_s);
        let figure = integrator.figure(&start, &end);
        prop_assert!(close(figure.energy_j.map_or(0.0, |energy| energy.value), expected.0));
        prop_assert!(close(figure.covered_s, expected.1));
    }

    #[test]
    fn a_stall_is_missing_wherever_it_falls_and_however_long_it_is(
        before in 20_usize..60, stands in 20_usize..200, after in 20_usize..60, watts in 20.0..500.0_f64,
    ) {
        // It stands still and then counts on from where it stood: that energy was never drawn.
        let mut readings = steady(before + after, 0, watts, |counts| counts);
        let stood = readings[before - 1].1;
        for (t_s, _) in &mut readings[before..] {
            *t_s += stands as f64 * PERIOD_S;
        }
        let from_s = readings[before - 1].0;
        readings.splice(
            before..before,
            (1..=stands).map(|i| (from_s + i as f64 * PERIOD_S, stood)),
        );
        let figure = figure(&wrapping(None), &readings);
        let moved_s = (before + after - 1) as f64 * PERIOD_S;
        prop_assert!(close(value(&figure), moved_s * watts), "{:?}", figure);
        prop_assert!(close(figure.covered_s, moved_s), "{:?} {}", figure, moved_s);
        prop_assert!(close(figure.window_s, moved_s + stands as f64 * PERIOD_S));
    }

    #[test]
    fn a_second_reading_at_one_time_changes_nothing(
        power in any::<bool>(),
        known_range in any::<bool>(),
        twice in prop::collection::vec((1_usize..100, any::<u64>(), prop::num::f64::ANY), 1..30),
        watts in 20.0..500.0_f64,
    ) {
        let info = if power { polled("p") } else { wrapping(known_range.then_some(RANGE)) };
        let mut readings = steady(100, 1_000_000, watts, |counts| counts);
        if power {
            readings.iter_mut().for_each(|(_, level)| *level = Level::Watts(watts));
        }
        let once = figure(&info, &readings);
        for (at, counts, other_w) in twice {
            let at = at.min(readings.len() - 1);
            let again = if power { Level::Watts(other_w) } else { Level::Counts(counts) };
            readings.insert(at + 1, (readings[at].0, again));
        }
        prop_assert_eq!(figure(&info, &readings), once);
    }

    #[test]
    fn spikes_of_a_counter_cost_nothing_however_many_there_are(
        spikes in prop::collection::btree_map(5_usize..95, 1_u64 << 50..u64::MAX, 1..20), watts in 20.0..500.0_f64,
    ) {
        let mut readings = steady(101, 5_000_000_000, watts, |counts| counts);
        for (at, counts) in &spikes {
            // Two at a time agree only by chance: a power of up to 1000 W lies between hardly any of them.
            readings[*at].1 = Level::Counts(*counts);
        }
        let figure = figure(&wrapping(None), &readings);
        prop_assert!(close(figure.covered_s, 10.0));
        prop_assert!(close(value(&figure), 10.0 * watts));
    }

    #[test]
    fn whatever_comes_no_figure_is_impossible(
        kind in 0_u8..4,
        steps in prop::collection::vec(
            (prop_oneof![0.0..0.5_f64, 0.0..1e4_f64, prop::num::f64::ANY],
             prop_oneof![Just(Level::Counts(0)), any::<u64>().prop_map(Level::Counts),
                         (0_u64..1_000_000_000).prop_map(Level::Counts),
                         prop::num::f64::ANY.prop_map(Level::Watts), (0.0..1e3_f64).prop_map(Level::Watts)],
             0_u8..4),
            1..200,
        ),
    ) {
        let info = match kind {
            0 => polled("p"),
            1 => MeterInfo { refresh_s: Some(1.0), ..polled("p") },
            2 => wrapping(None),
            _ => wrapping(Some(1_000_000_000)),
        };
        let mut integrator = Integrator::new(&info, PERIOD_S);
        let mut t_s = 0.0_f64;
        let mut marks = vec![integrator.mark(t_s)];
        for (dt_s, level, edge) in steps {
            // Some times are no numbers or lie in the past: the integrator has to see to that itself.
            let at_s = t_s + dt_s;
            if at_s >= 1e9 {
                continue;
            }
            integrator.push(at_s, level);
            if at_s >= t_s {
                t_s = at_s;
                if edge == 0 {
                    marks.push(integrator.mark(t_s));
                }
            }
        }
        marks.push(integrator.mark(t_s));
        for (i, from) in marks.iter().enumerate() {
            for to in &marks[i..] {
                let figure = integrator.figure(from, to);
                prop_assert!(figure.covered_s >= 0.0 && figure.covered_s <= figure.window_s);
                let Some(energy) = figure.energy_j else { continue };
                let limit_j = info.max_power_w * (figure.window_s + 1.0) * 2.0;
                prop_assert!(energy.value >= 0.0 && energy.value <= limit_j, "{:?}", figure);
                prop_assert!(energy.low >= 0.0 && energy.low <= energy.value);
                prop_assert!(energy.high.is_finite() && energy.value <= energy.high, "{:?}", figure);
            }
        }
    }

    /// The heart of it: whatever a meter does, windows that share their edges add up to the whole.
    #[test]
    fn contiguous_windows_add_up_to_the_whole(
        power in any::<bool>(),
        known_range in any::<bool>(),
        steps in prop::collection::vec((0.001..2.0_f64, 0.0..1.2e3_f64, 0_u8..12, 0_u8..5), 2..120),
    ) {
        let info = if power { polled("p") } else { wrapping(known_range.then_some(RANGE)) };
        let mut integrator = Integrator::new(&info, PERIOD_S);
        let (mut t_s, mut joules) = (0.0, 100.0);
        for level in [counts_or_watts(power, 0.0), counts_or_watts(power, 100.0)] {
            integrator.push(t_s, level);
            t_s += 1.0;
        }
        let mut marks = vec![];
        for (dt_s, watts, event, edge) in steps {
            t_s += dt_s;
            joules += dt_s * watts;
            let level = counts_or_watts(power, if power { watts } else { joules });
            match event {
                // Silence: no reading at all.
                0 | 1 => {}
                // A counter reset, or a spike of power.
                2 => {
                    joules = 0.0;
                    integrator.push(t_s, if power { Level::Watts(1e9) } else { Level::Counts(0) });
                }
                // Damaged.
                3 => {
                    integrator.push(t_s, if power { Level::Watts(f64::NAN) } else { Level::Counts(u64::MAX) });
                }
                // Nothing new from the counter for a while.
                4 => joules -= dt_s * watts,
                _ => {
                    integrator.push(t_s, level);
                }
            }
            if edge == 0 {
                marks.push(integrator.mark(t_s));
            }
        }
        marks.push(integrator.mark(t_s));
        let whole = integrator.figure(&marks[0], marks.last().expect("a mark"));
        let parts: Vec<EnergyFigure> =
            marks.windows(2).map(|pair| integrator.figure(&pair[0], &pair[1])).collect();
        let sum = |of: &dyn Fn(&EnergyFigure) -> f64| parts.iter().map(of).sum::<f64>();
        let energy = |figure: &EnergyFigure| figure.energy_j.map_or(0.0, |energy| energy.value);
        prop_assert!(close(sum(&energy), energy(&whole)), "{} ≠ {}", sum(&energy), energy(&whole));
        prop_assert!(close(sum(&|part| part.covered_s), whole.covered_s));
        prop_assert!(close(sum(&|part| part.window_s), whole.window_s));
        for part in &parts {
            prop_assert!(part.covered_s >= 0.0 && part.covered_s <= part.window_s);
            if let Some(energy) = part.energy_j {
                prop_assert!(0.0 <= energy.low && energy.low <= energy.value && energy.value <= energy.high);
            }
        }
        // Shared edges count once for the whole, so it is never vaguer than its parts together.
        let high = |figure: &EnergyFigure| figure.energy_j.map_or(0.0, |energy| energy.high);
        let all_known = parts.iter().all(|part| part.energy_j.is_some());
        prop_assert!(!all_known || high(&whole) <= sum(&high) * (1.0 + 1e-9) + 1e-6);
    }
}

/// Found by the property above: it gave less than 0 J.
#[test]
fn a_reading_older_than_a_mark_is_dropped() {
    let mut integrator = Integrator::new(&polled("p"), PERIOD_S);
    integrator.push(0.0, Level::Watts(100.0));
    let from = integrator.mark(0.05);
    let verdict = integrator.push(0.04, Level::Watts(900.0));
    assert_eq!(verdict, Push::Dropped(Dropped::Time));
    integrator.push(0.05, Level::Watts(100.0));
    integrator.push(0.1, Level::Watts(100.0));
    let to = integrator.mark(0.1);
    assert!(close(value(&integrator.figure(&from, &to)), 5.0));
}

/// Found by fuzzing: the upper end was infinite.
#[test]
fn a_window_of_next_to_no_time_has_an_interval() {
    let mut integrator = Integrator::new(&wrapping(None), PERIOD_S);
    integrator.push(0.0, Level::Counts(0));
    let from = integrator.mark(0.0);
    let t_s = f64::from_bits(1);
    // The counter had not been told of this joule yet.
    assert_eq!(integrator.push(t_s, Level::Counts(1_000_000)), Push::Taken);
    let to = integrator.mark(t_s);
    let energy = integrator.figure(&from, &to).energy_j.expect("an energy");
    assert!(energy.high.is_finite() && energy.covers(1.0), "{energy:?}");
    assert!(
        energy.high <= 1.05 + 2.0 * 0.001 * 1000.0 + 1e-9,
        "{energy:?}"
    );
}

#[test]
fn a_counter_that_stands_still_after_moving_is_missing_not_idle() {
    let mut readings = steady(51, 0, 100.0, |counts| counts);
    let stuck = readings[50].1;
    readings.extend((51..=150).map(|i| (f64::from(i) * PERIOD_S, stuck)));
    let figure = figure(&wrapping(None), &readings);
    assert!(close(value(&figure), 500.0));
    assert!(close(figure.covered_s, 5.0), "{figure:?}");
    assert!(close(figure.window_s, 15.0));
}

#[test]
fn a_batch_after_a_long_silence_brings_its_seconds_back() {
    let mut readings = steady(51, 0, 100.0, |counts| counts);
    let stuck = readings[50].1;
    readings.extend((51..80).map(|i| (f64::from(i) * PERIOD_S, stuck)));
    readings.push((8.0, Level::Counts(800_000_000)));
    let figure = figure(&wrapping(None), &readings);
    assert!(close(value(&figure), 800.0));
    assert!(close(figure.covered_s, 8.0));
}

#[test]
fn a_counter_that_never_moved_says_nothing() {
    let readings: Vec<_> = (0..=200)
        .map(|i| (f64::from(i) * PERIOD_S, Level::Counts(42)))
        .collect();
    for n in [5, 200] {
        assert_eq!(figure(&wrapping(None), &readings[..n]).energy_j, None);
    }
    assert_eq!(figure(&wrapping(None), &readings).covered_s, 0.0);
}

#[test]
fn a_gap_in_which_the_counter_may_have_gone_round_unseen_is_missing() {
    let at = |t_s: f64| (t_s, Level::Counts((t_s * 100e6) as u64 % 65_000_000_000));
    let info = wrapping(Some(65_000_000_000));
    // 65 kJ at the 1000 W that a package can draw: half a round takes 32.5 s.
    let short = figure(&info, &[at(0.0), at(0.1), at(30.0)]);
    assert!(close(value(&short), 3000.0));
    let long = figure(&info, &[at(0.0), at(0.1), at(40.0), at(40.1)]);
    assert!(close(value(&long), 20.0), "{long:?}");
    assert!(close(long.covered_s, 0.2));
}

#[test]
fn an_edge_without_a_reading_is_lost_for_every_window_alike() {
    let mut integrator = Integrator::new(&wrapping(None), PERIOD_S);
    let push = |integrator: &mut Integrator, t_s: f64| {
        integrator.push(t_s, Level::Counts((t_s * 100e6).round() as u64))
    };
    push(&mut integrator, 0.0);
    let a = integrator.mark(0.0);
    push(&mut integrator, 1.0);
    // The reading at 1.5 s failed.
    let b = integrator.mark(1.5);
    push(&mut integrator, 2.0);
    let c = integrator.mark(2.0);
    let figures = [(a, b), (b, c), (a, c)].map(|(from, to)| integrator.figure(&from, &to));
    let energies = figures.each_ref().map(value);
    let covered = figures.each_ref().map(|figure| figure.covered_s);
    assert!(close(energies[0], 100.0) && close(energies[1], 50.0) && close(energies[2], 150.0));
    assert!(close(covered[0], 1.0) && close(covered[1], 0.5) && close(covered[2], 1.5));
}

#[test]
fn intervals_follow_the_table_of_grades() {
    use joulelab::power::ErrorRule;
    let watts = |n: u32, error| {
        let info = MeterInfo {
            error,
            ..polled("p")
        };
        let readings: Vec<_> = (0..=n)
            .map(|i| (f64::from(i) * PERIOD_S, Level::Watts(10.0)))
            .collect();
        let energy = figure(&info, &readings).energy_j.expect("an energy");
        (energy.low / energy.value, energy.high / energy.value)
    };
    let near = |(low, high): (f64, f64), (l, h): (f64, f64)| close(low, l) && close(high, h);
    assert!(near(watts(100, ErrorRule::POLLED), (0.9, 1.1)));
    assert!(near(watts(100, ErrorRule::POLLED_PART_TIME), (0.75, 1.25)));
    assert!(near(watts(700, ErrorRule::POLLED_PART_TIME), (0.9, 1.1)));
    assert!(near(watts(100, ErrorRule::CALIBRATED), (0.75, 1.25)));
    assert!(near(watts(100, ErrorRule::DESIGN_POWER), (0.5, 1.5)));
    assert!(near(watts(100, ErrorRule::UNKNOWN), (0.5, 2.0)));
    // A counter: 5 % and one refresh period × power at each edge.
    let info = MeterInfo {
        refresh_s: Some(0.1),
        ..wrapping(None)
    };
    let energy = figure(&info, &steady(101, 0, 100.0, |counts| counts)).energy_j;
    let energy = energy.expect("an energy");
    assert!(close(energy.high, 1000.0 + 50.0 + 2.0 * 10.0), "{energy:?}");
    assert!(close(energy.low, 1000.0 - 50.0 - 2.0 * 10.0));
}

#[test]
fn an_interruption_leaves_its_stretch_uncovered_though_the_counter_goes_on() {
    for power in [false, true] {
        let info = if power { polled("p") } else { counter("c") };
        let mut integrator = Integrator::new(&info, PERIOD_S);
        let joules = |t_s: f64| (t_s * 20.0 * 1e6).round() as u64;
        let level = |t_s: f64| match power {
            true => Level::Watts(20.0),
            false => Level::Counts(joules(t_s)),
        };
        for i in 0..=10 {
            integrator.push(f64::from(i) * PERIOD_S, level(f64::from(i) * PERIOD_S));
        }
        let from = integrator.mark(1.0);
        integrator.interrupt();
        assert_eq!(integrator.power_w(), None);
        integrator.interrupt();
        for i in 30..=40 {
            integrator.push(f64::from(i) * PERIOD_S, level(f64::from(i) * PERIOD_S));
        }
        let to = integrator.mark(4.0);
        let figure = integrator.figure(&from, &to);
        assert!((figure.window_s - 3.0).abs() < 1e-9);
        assert!((figure.covered_s - 1.0).abs() < 1e-9, "{figure:?}");
        assert!((value(&figure) - 20.0).abs() < 1e-6, "{figure:?}");
    }
}
