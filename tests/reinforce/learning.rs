//! What is learnt, and what is told of it.

use joulelab::setup::Phase;
use joulelab::train::{Evaluation, StopReason, Work};
use serde_json::json;

use crate::recorder::{run, setup};

/// Steps of the environment within which the defaults solve it: three times what the slowest of ten seeds needed.
const SOLVED_WITHIN: u64 = 600_000;

#[test]
fn the_defaults_solve_it_whatever_the_seed() {
    for seed in [0, 1, 2] {
        let setup = setup(&[("regime.seed", json!(seed))]);
        let (outcome, recorder) = run(&setup);
        assert_eq!(outcome.reason, StopReason::Target, "seed {seed}");
        assert_eq!(outcome.target_reached, Some(true));
        assert!(outcome.final_metric.unwrap() >= 475.0);
        assert!(outcome.samples < SOLVED_WITHIN, "{} steps", outcome.samples);
        let first = &recorder.evaluations[0];
        assert!(
            first.metric < 100.0,
            "it begins unskilled: {}",
            first.metric
        );
    }
}

#[test]
fn shorter_episodes_and_another_network_are_learnt_too() {
    let setup = setup(&[
        ("dataset.episode_steps_max", json!(200)),
        ("model.hidden", json!([32, 32])),
        ("model.activation", json!("tanh")),
        ("regime.stop.target", json!(190)),
    ]);
    let (outcome, _) = run(&setup);
    assert_eq!(outcome.reason, StopReason::Target);
    assert!((190.0..=200.0).contains(&outcome.final_metric.unwrap()));
}

#[test]
fn one_seed_gives_one_run_and_another_one_another() {
    let evaluations = |seed: u64| -> Vec<Evaluation> {
        let setup = setup(&[
            ("regime.seed", json!(seed)),
            ("regime.stop.epochs", json!(2)),
        ]);
        let mut evaluations = run(&setup).1.evaluations;
        for evaluation in &mut evaluations {
            evaluation.train_s = 0.0;
            // Losses are added up in 32 bits between two readings, and how many steps lie between is a matter of time.
            evaluation.loss = (evaluation.loss * 1e6).round();
            evaluation.train_loss = evaluation.train_loss.map(|loss| (loss * 1e6).round());
        }
        evaluations
    };
    let once = evaluations(5);
    assert_eq!(once.len(), 2);
    assert_eq!(once, evaluations(5));
    assert_ne!(once, evaluations(6));
}

#[test]
fn an_epoch_is_a_hundred_episodes_and_a_sample_a_step_of_the_environment() {
    let setup = setup(&[("regime.stop.epochs", json!(2))]);
    let (outcome, recorder) = run(&setup);
    assert_eq!((outcome.steps, outcome.epochs), (20, 2));
    assert_eq!(outcome.reason, StopReason::Epochs);
    let [first, second] = &recorder.evaluations[..] else {
        panic!("one a epoch: {:?}", recorder.evaluations);
    };
    assert_eq!((first.step, first.epoch), (10, 1));
    assert_eq!((second.step, second.epoch), (20, 2));
    // A reward of 1 a step: as many samples as the episodes earned.
    for evaluation in [first, second] {
        let earned = 100.0 * evaluation.metric;
        assert!((evaluation.samples as f64 - earned).abs() < 1e-6);
        let by_training = evaluation.train_metric.unwrap();
        assert!((by_training - evaluation.metric).abs() < 1e-9);
    }
    assert_eq!(outcome.samples, first.samples + second.samples);
    assert!(
        recorder
            .progress
            .iter()
            .all(|progress| progress.metric >= 1.0)
    );
}

#[test]
fn the_last_hundred_episodes_are_judged_however_often_one_looks() {
    let setup = setup(&[
        ("regime.stop.steps", json!(12)),
        ("regime.evaluation.every_steps", json!(1)),
    ]);
    let (_, recorder) = run(&setup);
    let looks = &recorder.evaluations;
    assert_eq!(looks.len(), 12);
    let of_step = |index: usize| looks[index].train_metric.unwrap();
    let mean = |steps: std::ops::Range<usize>| {
        let count = steps.len() as f64;
        steps.map(of_step).sum::<f64>() / count
    };
    assert!((looks[2].metric - mean(0..3)).abs() < 1e-9);
    assert!((looks[9].metric - mean(0..10)).abs() < 1e-9);
    assert!((looks[11].metric - mean(2..12)).abs() < 1e-9);
}

#[test]
fn what_the_device_is_given_is_told() {
    let setup = setup(&[("regime.stop.steps", json!(7))]);
    let (outcome, recorder) = run(&setup);
    let (mut updates, mut learnt, mut passes) = (0, 0, 0);
    for work in recorder.trained() {
        match work {
            Work::Update { samples, batches } => {
                assert_eq!(samples % batches, 0, "all batches are of one size");
                updates += 1;
                learnt += samples;
            }
            Work::Forward { samples, batches } => {
                // Ten episodes side by side.
                assert_eq!(samples, 10 * batches);
                passes += batches;
            }
            Work::Step => panic!("a step of one size, in reinforcement learning"),
            Work::Teach { .. } => panic!("a teacher, in reinforcement learning"),
        }
    }
    assert_eq!(updates, 7);
    let size = 512;
    assert!(learnt >= outcome.samples && learnt < outcome.samples + 7 * size);
    assert!(passes * 10 >= outcome.samples && passes <= 7 * 500);
    // The warm-up is no training.
    let warm_up = |(phase, _): &&(Option<Phase>, Work)| *phase == Some(Phase::WarmUp);
    assert!(recorder.worked.iter().filter(warm_up).count() >= 2);
    assert_eq!(
        recorder.begun,
        [Phase::Load, Phase::WarmUp, Phase::Train, Phase::Evaluate]
    );
}
