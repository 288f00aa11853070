use joulelab::analysis::sweep::{Options, Standing, State, Verdict, analyse, cost};
use joulelab::units::Estimate;
use serde_json::json;

use crate::common::*;

/// Batch 16 at 0.1 took about 4.8 times the energy of batch 128 at 0.01.
fn the_papers() -> Vec<joulelab::analysis::sweep::Trial> {
    [
        paper(16, 0.1, &[470.0, 480.0, 490.0]),
        paper(128, 0.01, &[98.0, 100.0, 102.0]),
        paper(16, 0.01, &[190.0, 200.0, 210.0]),
        paper(128, 0.1, &[150.0, 150.0, 150.0]),
    ]
    .concat()
}

#[test]
fn the_sentence_says_what_the_figures_say() {
    let analysis = analysed(&the_papers());
    let extremes = analysis.extremes.as_ref().unwrap();
    let ratio = extremes.ratio.estimate;
    assert!(close(ratio.value, 4.8));
    // Same three seeds: a_i/480 − b_i/100 is −1/48 + 1/50, 0, 1/48 − 1/50; t of two degrees of freedom is 4.302652730.
    let deviation: f64 = 1.0 / 48.0 - 1.0 / 50.0;
    let half = 4.302_652_729_749_462 * deviation / 3.0_f64.sqrt();
    assert!(extremes.ratio.paired);
    assert!(near(ratio.low, 4.8 * (-half).exp(), 1e-7), "{ratio:?}");
    assert!(near(ratio.high, 4.8 * half.exp(), 1e-7));
    assert_eq!(extremes.verdict, Verdict::Differ);
    assert_eq!(
        analysis.headline,
        "Batch 16 at 0.1 took 4.800× [4.790, 4.810] the energy of batch 128 at 0.01 to reach 97 %."
    );
    // Of all six pairs at once the interval is wider: 1 − 0.05/6.
    assert!(extremes.low_of_any_pair < ratio.low && extremes.high_of_any_pair > ratio.high);
}

#[test]
fn a_mean_has_both_the_spread_of_its_seeds_and_the_meters_own_error() {
    let analysis = analysed(&the_papers());
    let best = &analysis.setups[0];
    let energy = best.energy_j.as_ref().unwrap();
    assert_eq!(
        (best.rank, best.label.as_str()),
        (Some(1), "batch 128 at 0.01")
    );
    // s = 2, n = 3; and 5 % of 100 J, which does not shrink with n.
    let spread = 4.302_652_729_749_462 * 2.0 / 3.0_f64.sqrt();
    assert!(near(energy.spread.unwrap(), spread, 1e-8));
    assert!(close(energy.measured.high - 100.0, 5.0));
    let both = spread.hypot(5.0);
    assert!(near(energy.estimate.high, 100.0 + both, 1e-8));
    assert!(near(energy.estimate.low, 100.0 - both, 1e-8));
    // Seconds are known: only the spread counts.
    let time = best.time_s.as_ref().unwrap();
    assert!(near(time.estimate.high, 10.0 + spread / 10.0, 1e-8));
}

#[test]
fn of_different_meters_the_errors_do_not_cancel() {
    let mut trials = [batch(1, &[400.0]), batch(2, &[100.0])].concat();
    let one = analysed(&trials).extremes.unwrap().ratio.estimate;
    assert!(
        near(one.low, 4.0, 1e-9) && near(one.high, 4.0, 1e-9),
        "{one:?}"
    );
    trials[1].device = "another".into();
    let two = analysed(&trials).extremes.unwrap().ratio.estimate;
    let below = (-(0.95_f64.ln())).hypot(1.05_f64.ln());
    assert!(near(two.low, 4.0 * (-below).exp(), 1e-9), "{two:?}");
}

#[test]
fn what_one_window_is_uncertain_by_beyond_the_others_stays_in_the_ratio() {
    let mut trials = [batch(1, &[400.0]), batch(2, &[100.0])].concat();
    // The edges of a short window: 20 J more on 100 J.
    let wide = Estimate::plus_minus(100.0, 25.0);
    trials[1].energy.as_mut().unwrap().gross_j = wide;
    trials[1].to_target.as_mut().unwrap().gross_j = Some(wide);
    let found = analysed(&trials).extremes.unwrap().ratio.estimate;
    assert!(
        near(found.low, 4.0 / 1.2, 1e-9) && near(found.high, 4.0 / 0.8, 1e-9),
        "{found:?}"
    );
}

#[test]
fn independent_seeds_are_compared_by_welch() {
    let mut trials = [
        batch(1, &[390.0, 400.0, 410.0]),
        batch(2, &[98.0, 100.0, 102.0]),
    ]
    .concat();
    for trial in &mut trials[3..] {
        trial.seed += 10;
    }
    let ratio = analysed(&trials).extremes.unwrap().ratio;
    let test = ratio.test.unwrap();
    // Relative variances of the means: (10/400)² ÷ 3 and (2/100)² ÷ 3.
    let (a, b): (f64, f64) = (0.025 * 0.025 / 3.0, 0.02 * 0.02 / 3.0);
    assert!(!ratio.paired);
    assert!(near(test.standard_error, (a + b).sqrt(), 1e-9));
    assert!(near(
        test.freedom,
        (a + b).powi(2) / (a * a / 2.0 + b * b / 2.0),
        1e-9
    ));
}

#[test]
fn not_reached_is_counted_apart_and_never_cheap() {
    let mut trials = [
        batch(16, &[300.0, 310.0, 320.0]),
        batch(32, &[200.0, 210.0, 220.0]),
    ]
    .concat();
    // Cheap, since it gave up; and one of three.
    trials.extend(batch(64, &[1.0, 1.0, 1.0]).into_iter().map(not_reached));
    let mut partly = batch(128, &[50.0, 60.0, 70.0]);
    partly[2] = not_reached(partly[2].clone());
    trials.extend(partly);
    let analysis = analysed(&trials);
    let standings: Vec<(&str, Standing, Option<usize>)> = analysis
        .setups
        .iter()
        .map(|setup| (setup.label.as_str(), setup.standing, setup.rank))
        .collect();
    assert_eq!(
        standings,
        [
            ("batch 32", Standing::Reached, Some(1)),
            ("batch 16", Standing::Reached, Some(2)),
            ("batch 128", Standing::Partly, None),
            ("batch 64", Standing::NotReached, None),
        ]
    );
    assert!(close(
        analysis.extremes.as_ref().unwrap().ratio.estimate.value,
        310.0 / 210.0
    ));
    let partly = &analysis.setups[2];
    assert_eq!((partly.reached, partly.not_reached), (2, 1));
    // Both successes and the failure, for each success.
    assert!(close(partly.energy_a_success_j.unwrap(), 90.0));
    assert!(analysis.setups[3].energy_j.is_none());
    assert!(analysis.front.iter().all(|at| *at < 2));
    assert!(
        analysis
            .comparisons
            .list
            .iter()
            .all(|one| one.more < 2 && one.less < 2)
    );
    let energy = &analysis.effects[0];
    assert_eq!((energy.setups, energy.left_out), (2, 2));
}

#[test]
fn failed_pruned_and_open_seeds_are_told_apart() {
    let mut trials = batch(16, &[100.0, 100.0, 100.0, 100.0]);
    for (trial, state) in
        trials[1..]
            .iter_mut()
            .zip([State::Failed, State::Pruned, State::Unfinished])
    {
        trial.state = state;
        trial.to_target = None;
    }
    trials.extend(batch(32, &[50.0]));
    let mut open = batch(64, &[1.0]);
    open[0].state = State::Unfinished;
    open[0].to_target = None;
    trials.extend(open);
    let analysis = analysed(&trials);
    let of = |label: &str| {
        analysis
            .setups
            .iter()
            .find(|setup| setup.label == label)
            .unwrap()
    };
    let first = of("batch 16");
    assert_eq!(
        (
            first.reached,
            first.failed,
            first.pruned,
            first.unfinished,
            first.standing
        ),
        (1, 1, 1, 1, Standing::Partly)
    );
    assert_eq!(of("batch 64").standing, Standing::Unfinished);
    // A seed that is not over takes nothing from a setup's rank.
    assert_eq!(of("batch 32").rank, Some(1));
}

#[test]
fn differences_within_noise_are_called_that() {
    let trials = [
        batch(16, &[100.0, 130.0, 75.0]),
        batch(32, &[104.0, 80.0, 126.0]),
        batch(64, &[400.0, 402.0, 404.0]),
    ]
    .concat();
    let analysis = analysed(&trials);
    assert!(analysis.comparisons.all_pairs);
    let verdict = |more: usize, less: usize| {
        let found = analysis
            .comparisons
            .list
            .iter()
            .find(|one| (one.more, one.less) == (more, less));
        found.unwrap().verdict
    };
    assert_eq!(verdict(1, 0), Verdict::WithinNoise);
    assert_eq!(verdict(2, 0), Verdict::Differ);
    assert_eq!(
        analysis.noise,
        "Of 3 pairs of setups, 2 differ and 1 is within noise (t-tests at 5 %, corrected by Holm's method). Batch 16 cannot be told \
         apart from batch 32."
    );
}

#[test]
fn single_seeds_are_not_tested() {
    let trials = [
        batch(16, &[100.0]),
        batch(32, &[120.0]),
        batch(64, &[200.0]),
    ]
    .concat();
    let analysis = analysed(&trials);
    assert!(
        analysis
            .comparisons
            .list
            .iter()
            .all(|one| one.verdict == Verdict::SingleSeed && one.p.is_none())
    );
    assert_eq!(
        analysis.noise,
        "3 comparisons have a single seed on a side and cannot be tested; three seeds or more can."
    );
    let small = analysed(&trials[..2]);
    assert!(
        small
            .headline
            .ends_with("With a single seed, a difference below 1.3 times means nothing."),
        "{}",
        small.headline
    );
}

#[test]
fn the_cost_of_zeus_chooses_by_eta() {
    // Energy 100, 200, 300 J in 30, 10, 5 s; at 20 W time weighs 600, 200, 100 J.
    let mut trials = [
        batch(1, &[100.0]),
        batch(2, &[200.0]),
        batch(3, &[300.0]),
        batch(4, &[290.0]),
    ]
    .concat();
    for (trial, time_s) in trials.iter_mut().zip([30.0, 10.0, 5.0, 14.0]) {
        trial.to_target.as_mut().unwrap().time_s = time_s;
    }
    let options = Options {
        max_power_w: Some(20.0),
        eta: 0.4,
        ..Options::default()
    };
    let analysis = analyse(&trials, &options).unwrap();
    let costs = analysis.costs.as_ref().unwrap();
    let labels: Vec<&str> = costs
        .choices
        .iter()
        .map(|choice| analysis.setups[choice.setup].label.as_str())
        .collect();
    assert_eq!(labels, ["batch 3", "batch 2", "batch 1"]);
    // 300η + 100(1−η) = 200 at η = 1/2, where the second takes over: it costs 200 at any η. 100η + 600(1−η) = 200 at 4/5.
    assert!(close(costs.choices[0].to, 0.5) && close(costs.choices[1].to, 0.8));
    assert_eq!((costs.choices[0].from, costs.choices[2].to), (0.0, 1.0));
    let (best, joules) = costs.best.unwrap();
    assert_eq!(analysis.setups[best].label, "batch 3");
    assert!(close(joules, 0.4 * 300.0 + 0.6 * 100.0));
    // Looking at every setup at many η says the same.
    for step in 0..=1000 {
        let eta = f64::from(step) / 1000.0;
        let of = |at: usize| cost(&analysis.setups[at], eta, 20.0).unwrap();
        let least = (0..4).map(of).fold(f64::INFINITY, f64::min);
        let choice = costs
            .choices
            .iter()
            .find(|one| one.from <= eta && eta <= one.to)
            .unwrap();
        assert!(near(of(choice.setup), least, 1e-9), "{eta}");
    }
}

#[test]
fn the_front_has_three_objectives() {
    let mut trials = [
        batch(1, &[100.0]),
        batch(2, &[200.0]),
        batch(3, &[300.0]),
        batch(4, &[400.0]),
    ]
    .concat();
    for (trial, (time_s, quality)) in
        trials
            .iter_mut()
            .zip([(30.0, 0.970), (10.0, 0.970), (20.0, 0.970), (40.0, 0.99)])
    {
        trial.to_target.as_mut().unwrap().time_s = time_s;
        trial.final_value = Some(quality);
    }
    let analysis = analysed(&trials);
    // The third is beaten by the second; the fourth is the best in quality alone.
    assert_eq!(analysis.front, [0, 1, 3]);
}

#[test]
fn joules_are_told_by_step_sample_and_update() {
    let analysis = analysed(&batch(16, &[100.0, 300.0]));
    let setup = &analysis.setups[0];
    assert!(close(setup.j_per_step.as_ref().unwrap().mean(), 2.0));
    assert!(close(
        setup.j_per_sample.as_ref().unwrap().mean(),
        200.0 / 6400.0
    ));
    assert!(close(
        setup.j_per_update.as_ref().unwrap().mean(),
        200.0 / 100.0 / 1000.0
    ));
    assert_eq!(
        (setup.mean_power_w, setup.max_power_w),
        (Some(10.0), Some(12.0))
    );
}

#[test]
fn whole_runs_without_a_target_are_compared_with_their_quality() {
    let trials: Vec<_> = [
        batch(16, &[100.0, 101.0, 102.0]),
        batch(32, &[200.0, 201.0, 202.0]),
    ]
    .concat()
    .into_iter()
    .map(whole)
    .collect();
    let analysis = analysed(&trials);
    assert_eq!(analysis.kind.target, None);
    assert!(
        analysis.headline.starts_with("Batch 32 took 1.99"),
        "{}",
        analysis.headline
    );
    assert!(
        analysis
            .headline
            .ends_with("the energy of batch 16, and came to 97.10 % against 97.10 %."),
        "{}",
        analysis.headline
    );
    // 50.5 ± …: net energies are of whole runs.
    assert!(close(
        analysis.setups[0].net_j.as_ref().unwrap().mean(),
        50.5
    ));
}

#[test]
fn nothing_to_compare_is_said() {
    assert!(analyse(&[], &Options::default()).is_none());
    let one = analysed(&batch(16, &[100.0]));
    assert!(one.extremes.is_none() && one.axes.is_empty() && one.effects.is_empty());
    assert!(
        one.headline.starts_with("Only the setup reached 97 %"),
        "{}",
        one.headline
    );
    let none: Vec<_> = batch(16, &[1.0]).into_iter().map(not_reached).collect();
    assert_eq!(
        analysed(&none).headline,
        "No setup reached 97 % with every seed."
    );
}

#[test]
fn values_of_any_json_are_levels() {
    let trials = [
        seeds(
            &[
                ("model.hidden", json!([64, 32])),
                ("model.activation", json!("relu")),
            ],
            &[1.0],
        ),
        seeds(
            &[
                ("model.hidden", json!([])),
                ("model.activation", json!("gelu")),
            ],
            &[2.0],
        ),
        seeds(&[("model.kind", json!("cnn"))], &[3.0]),
    ]
    .concat();
    let analysis = analysed(&trials);
    let labels: Vec<&str> = analysis
        .setups
        .iter()
        .map(|setup| setup.label.as_str())
        .collect();
    assert_eq!(
        labels,
        [
            "activation relu, hidden [64, 32]",
            "activation gelu, hidden []",
            "model cnn"
        ]
    );
    assert_eq!(analysis.axes[0].levels, ["gelu", "relu", "none"]);
}

#[test]
fn lists_are_in_order_of_their_length_and_their_numbers() {
    let of =
        |list: serde_json::Value, energy_j: f64| seeds(&[("model.channels", list)], &[energy_j]);
    let trials = [
        of(json!([16, 16]), 1.0),
        of(json!([8, 8]), 2.0),
        of(json!([32]), 3.0),
    ]
    .concat();
    assert_eq!(
        analysed(&trials).axes[0].levels,
        ["[32]", "[8, 8]", "[16, 16]"]
    );
}
