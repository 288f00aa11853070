//! Meters whose truth is known: the interval has to hold it in at least 95 % of cases.

use joulelab::{
    power::{ErrorRule, Integrator, Kind, Level, MeterInfo},
    units::Estimate,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{counter, polled};

/// A power that jumps between levels, like training that loads, computes and waits.
struct Profile(Vec<(f64, f64)>);

impl Profile {
    fn new(random: &mut StdRng, length_s: f64) -> Self {
        let mut steps = Vec::new();
        let mut t_s = 0.0;
        while t_s < length_s + 10.0 {
            steps.push((t_s, uniform(random, 20.0, 400.0)));
            t_s += uniform(random, 0.05, 3.0);
        }
        Self(steps)
    }

    fn power_w(&self, t_s: f64) -> f64 {
        let after = self.0.partition_point(|(from_s, _)| *from_s <= t_s);
        self.0[after.saturating_sub(1)].1
    }

    fn energy_j(&self, t_s: f64) -> f64 {
        let ends = self.0.iter().skip(1).map(|(from_s, _)| *from_s);
        self.0
            .iter()
            .zip(ends.chain([f64::INFINITY]))
            .take_while(|((from_s, _), _)| *from_s < t_s)
            .map(|((from_s, watts), end_s)| watts * (end_s.min(t_s) - from_s))
            .sum()
    }
}

pub(super) fn uniform(random: &mut StdRng, from: f64, to: f64) -> f64 {
    from + (to - from) * random.random::<f64>()
}

/// One window of a simulated meter: what it says and what is true.
fn window(random: &mut StdRng, info: &MeterInfo, worst: f64) -> (Estimate, f64) {
    let length_s = uniform(random, 3.0, 40.0);
    let profile = Profile::new(random, length_s);
    let refresh_s = info.refresh_s.expect("simulated with a refresh period");
    let phase_s = uniform(random, 0.0, refresh_s);
    let error = 1.0 + uniform(random, -worst, worst);
    // What is published at `t_s` was true at the last refresh.
    let published_s = |t_s: f64| ((t_s - phase_s) / refresh_s).floor() * refresh_s + phase_s;
    let read = |t_s: f64| match info.kind {
        Kind::Power => Level::Watts(profile.power_w(published_s(t_s).max(0.0)) * error),
        Kind::Counter {
            joules_per_count, ..
        } => {
            let joules = profile.energy_j(published_s(t_s).max(0.0)) * error;
            Level::Counts((joules / joules_per_count) as u64)
        }
    };
    let mut integrator = Integrator::new(info, 0.1);
    let mut t_s = uniform(random, 0.0, 1.0);
    let warm_s = t_s + 1.0;
    while t_s < warm_s {
        integrator.push(t_s, read(t_s));
        t_s += 0.1 * uniform(random, 0.7, 1.3);
    }
    let begin_s = t_s;
    integrator.push(t_s, read(t_s));
    let from = integrator.mark(t_s);
    while t_s < begin_s + length_s {
        t_s += 0.1 * uniform(random, 0.7, 1.3);
        integrator.push(t_s, read(t_s));
    }
    let to = integrator.mark(t_s);
    let figure = integrator.figure(&from, &to);
    assert!(figure.coverage() > 0.999, "{figure:?}");
    let truth = profile.energy_j(t_s) - profile.energy_j(begin_s);
    (figure.energy_j.expect("an energy"), truth)
}

fn coverage(info: &MeterInfo, worst: f64) -> f64 {
    const CASES: u64 = 600;
    let held = (0..CASES).filter(|case| {
        let mut random = StdRng::seed_from_u64(*case);
        let (estimate, truth) = window(&mut random, info, worst);
        estimate.covers(truth)
    });
    held.count() as f64 / CASES as f64
}

#[test]
fn the_interval_holds_the_truth_for_counters() {
    for refresh_s in [0.001, 0.02, 0.1] {
        let info = MeterInfo {
            refresh_s: Some(refresh_s),
            ..counter("c")
        };
        // A meter that is off by 5 % of its own reading is off by up to 5.3 % of the truth.
        let share = coverage(&info, 0.05 / 1.05);
        assert!(share >= 0.95, "refresh {refresh_s} s: {share}");
    }
}

#[test]
fn the_interval_holds_the_truth_for_polled_power() {
    for refresh_s in [0.02, 0.1] {
        let info = MeterInfo {
            refresh_s: Some(refresh_s),
            ..polled("p")
        };
        let share = coverage(&info, 0.10 / 1.10);
        assert!(share >= 0.95, "refresh {refresh_s} s: {share}");
    }
}

#[test]
fn an_interval_that_is_too_narrow_is_noticed() {
    let info = MeterInfo {
        refresh_s: Some(0.02),
        error: ErrorRule::Relative { fraction: 0.005 },
        ..counter("c")
    };
    assert!(coverage(&info, 0.05) < 0.5);
}
