use joulelab::analysis::accuracy::accuracy;
use joulelab::analysis::profile::{Profile, Stretch, remainder};
use joulelab::library::{ForecastRecord, JudgedForecast};
use joulelab::units::Estimate;

use crate::common::{close, near, normals};

fn stretch(time_s: f64) -> Stretch {
    Stretch {
        steps: 10,
        time_s,
        energy_j: Some(20.0 * time_s),
    }
}

#[test]
fn a_steady_run_goes_on_as_it_was() {
    let stretches: Vec<Stretch> = (0..10).map(|_| stretch(2.0)).collect();
    let found = remainder(&stretches, 90).unwrap();
    assert!(close(found.time_s.value, 18.0) && close(found.energy_j.unwrap().value, 360.0));
    let (low, high) = found.time_s.range.unwrap();
    assert!(near(low, 18.0, 1e-6) && near(high, 18.0, 1e-6) && !found.drifts);
}

#[test]
fn the_interval_is_that_of_the_formula() {
    // The first of four is left out; three with mean 2 and variance 0.01, and five to come.
    let stretches = [9.0, 1.9, 2.0, 2.1].map(stretch);
    let found = remainder(&stretches, 50).unwrap();
    assert_eq!(found.stretches, 3);
    let half = 4.302_652_729_749_462 * (25.0 * 0.01 / 3.0 + 5.0 * 0.01_f64).sqrt();
    let (low, high) = found.time_s.range.unwrap();
    assert!(close(found.time_s.value, 10.0));
    assert!(
        near(low, 10.0 - half, 1e-7) && near(high, 10.0 + half, 1e-7),
        "{low} {high}"
    );
}

#[test]
fn early_stretches_do_not_count() {
    let mut stretches: Vec<Stretch> = [8.0, 5.0, 3.0, 2.5].map(stretch).to_vec();
    stretches.extend((0..8).map(|_| stretch(2.0)));
    assert!(near(
        remainder(&stretches, 100).unwrap().time_s.value,
        20.0,
        1e-9
    ));
}

#[test]
fn a_drift_is_followed_half_way_and_held_in_the_interval() {
    // 2 % more from stretch to stretch; the truth goes on in the same way.
    let at = |at: usize| 2.0 + 0.04 * at as f64;
    let stretches: Vec<Stretch> = (0..12).map(|index| stretch(at(index))).collect();
    let found = remainder(&stretches, 60).unwrap();
    let truth: f64 = (12..18).map(at).sum();
    let held: f64 = 6.0 * at(11);
    assert!(found.drifts);
    assert!(
        near(found.time_s.value, (truth + held) / 2.0, 1e-9),
        "{found:?}"
    );
    let (low, high) = found.time_s.range.unwrap();
    assert!(low <= held + 1e-9 && high >= truth - 1e-9);
    // Far ahead it is carried on only for as long as it was seen: eight stretches.
    let far = remainder(&stretches, 6000).unwrap().time_s.value;
    assert!(far < 600.0 * (at(11) + 8.0 * 0.04), "{far}");
}

#[test]
fn what_falls_is_not_foretold_to_fall_to_nothing() {
    // Caches and clocks settle late: from 4 s to 1.25 s a stretch, and steady from then on.
    let times: Vec<f64> = (0..12).map(|at| 4.0 - 0.25 * f64::from(at)).collect();
    let stretches: Vec<Stretch> = times.iter().map(|time_s| stretch(*time_s)).collect();
    let found = remainder(&stretches, 400).unwrap();
    assert!(found.drifts);
    // Forty stretches more at the least that was seen, which is the truth here.
    let truth = 40.0 * 1.25;
    assert!(near(found.time_s.value, truth, 1e-9), "{found:?}");
    let (low, high) = found.time_s.range.unwrap();
    assert!(low < truth && truth < high);
}

#[test]
fn the_interval_holds_the_truth_as_often_as_it_says_and_narrows() {
    let mut normal = normals(5);
    let (mut held, mut narrower) = (0, 0);
    for _ in 0..400 {
        let times: Vec<f64> = (0..40).map(|_| 2.0 + 0.1 * normal()).collect();
        let width = |done: usize| {
            let stretches: Vec<Stretch> = times[..done]
                .iter()
                .map(|time_s| stretch(*time_s))
                .collect();
            let (low, high) = remainder(&stretches, 10 * (40 - done as u64))
                .unwrap()
                .time_s
                .range
                .unwrap();
            (low, high)
        };
        let truth: f64 = times[10..].iter().sum();
        let (low, high) = width(10);
        held += usize::from((low..=high).contains(&truth));
        let later = width(30);
        narrower += usize::from(later.1 - later.0 < high - low);
    }
    assert!((360..=398).contains(&held), "{held} of 400 at 95 %");
    assert!(narrower > 390, "{narrower}");
}

#[test]
fn a_profile_is_cut_at_its_evaluations() {
    let mut profile = Profile::default();
    profile.evaluated(10, 9.0, Some(180.0));
    assert_eq!(profile.left(40), None);
    profile.evaluated(20, 11.0, Some(220.0));
    profile.evaluated(40, 15.0, Some(300.0));
    assert_eq!(profile.so_far(), (40, 15.0, Some(300.0)));
    // 0.2 s and 4 J a step once it has settled.
    let left = profile.left(50).unwrap();
    assert!(close(left.time_s.value, 10.0) && close(left.energy_j.unwrap().value, 200.0));
    // A stretch without a reading at its end has no joules.
    profile.evaluated(50, 17.0, None);
    assert_eq!(profile.left(50).unwrap().energy_j, None);
}

#[test]
fn too_little_says_little() {
    assert_eq!(remainder(&[], 10), None);
    let one = remainder(&[stretch(2.0)], 10).unwrap();
    assert_eq!((one.time_s.value, one.time_s.range), (2.0, None));
    let over = remainder(&[stretch(2.0), stretch(2.0)], 0).unwrap();
    assert_eq!(over.time_s.value, 0.0);
    let mut unmetered = [stretch(2.0); 4];
    unmetered[3].energy_j = None;
    assert_eq!(remainder(&unmetered, 10).unwrap().energy_j, None);
}

fn judged(
    basis: &str,
    share: f64,
    forecast_s: f64,
    range: Option<(f64, f64)>,
    simulated: bool,
) -> JudgedForecast {
    JudgedForecast {
        run_id: "a".into(),
        made_at: "2026-11-21T01:23:45Z".parse().unwrap(),
        forecast: ForecastRecord {
            basis: basis.into(),
            count: 5,
            share,
            time_s: forecast_s,
            time_range_s: range,
            energy_j: Some(2.0 * forecast_s),
            energy_range_j: None,
            may_end_earlier: false,
        },
        time_s: 100.0,
        energy_j: Some(Estimate::plus_minus(100.0, 5.0)),
        simulated,
    }
}

#[test]
fn forecasts_are_judged_by_how_and_when_they_were_made() {
    let found = accuracy(&[
        judged("alike", 0.0, 110.0, Some((90.0, 130.0)), false),
        judged("alike", 0.0, 80.0, Some((70.0, 90.0)), true),
        judged("profile", 0.1, 105.0, None, false),
        judged("profile", 0.5, 100.0, Some((99.0, 101.0)), false),
    ]);
    let kinds: Vec<(&str, f64, usize)> = found
        .iter()
        .map(|one| (one.basis.as_str(), one.share_from, one.time.count))
        .collect();
    assert_eq!(
        kinds,
        [("alike", 0.0, 2), ("profile", 0.0, 1), ("profile", 0.4, 1)]
    );
    let alike = &found[0];
    assert!(near(alike.time.mean, -0.05, 1e-9) && near(alike.time.median_size, 0.15, 1e-9));
    assert_eq!((alike.time.with_interval, alike.time.held), (2, 1));
    // Made-up joules judge nothing.
    let energy = alike.energy.unwrap();
    assert!(energy.count == 1 && near(energy.mean, 1.2, 1e-9));
}
