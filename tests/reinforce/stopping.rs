//! The stop rules, each by itself.

use joulelab::train::{Signal, StopReason};
use serde_json::json;

use crate::recorder::{Recorder, run, run_with, setup};

#[test]
fn a_target_that_is_not_reached_is_told_from_one_that_is() {
    let short = setup(&[("regime.stop.steps", json!(10))]);
    let (outcome, _) = run(&short);
    assert_eq!(outcome.reason, StopReason::Steps);
    assert_eq!(outcome.target_reached, Some(false));

    let easy = setup(&[("regime.stop.target", json!(15.0))]);
    let (outcome, _) = run(&easy);
    assert_eq!((outcome.reason, outcome.steps), (StopReason::Target, 10));
    assert_eq!(outcome.target_reached, Some(true));

    let none = setup(&[
        ("regime.stop.target", json!(null)),
        ("regime.stop.steps", json!(2)),
    ]);
    assert_eq!(run(&none).0.target_reached, None);
}

#[test]
fn fewer_than_a_hundred_episodes_reach_no_target() {
    let easy = [
        ("regime.stop.target", json!(5.0)),
        ("regime.stop.steps", json!(20)),
        ("regime.evaluation.every_steps", json!(3)),
    ];
    let (outcome, recorder) = run(&setup(&easy));
    // Ninety episodes after 9 steps, 120 after 12.
    assert_eq!((outcome.reason, outcome.steps), (StopReason::Target, 12));
    assert!(recorder.evaluations.iter().all(|look| look.metric >= 5.0));
}

#[test]
fn a_target_can_be_asked_for_several_times_in_a_row() {
    let patient = setup(&[
        ("regime.stop.target", json!(5.0)),
        ("regime.stop.target_patience", json!(2)),
    ]);
    let (outcome, _) = run(&patient);
    assert_eq!((outcome.reason, outcome.steps), (StopReason::Target, 20));
}

#[test]
fn energy_time_and_the_user_end_it() {
    let energy = setup(&[("regime.stop.energy_j", json!(10.0))]);
    let used = Recorder {
        energy_j: Some(10.5),
        ..Recorder::default()
    };
    let (outcome, _) = run_with(&energy, None, None, used);
    assert_eq!((outcome.reason, outcome.steps), (StopReason::Energy, 1));

    let time = setup(&[("regime.stop.time_s", json!(1e-4))]);
    let (outcome, _) = run(&time);
    assert_eq!(outcome.reason, StopReason::Time);

    let user = Recorder {
        script: Some(Box::new(|steps| match steps {
            4 => Signal::Stop,
            _ => Signal::Continue,
        })),
        ..Recorder::default()
    };
    let (outcome, _) = run_with(&setup(&[]), None, None, user);
    assert_eq!((outcome.reason, outcome.steps), (StopReason::User, 4));
}

#[test]
fn patience_goes_by_the_return() {
    // The first look is the best so far; that the two after it are better by less than the allowed difference counts as no
    // better, though the loss of a policy moves up and down as it likes.
    let patient = [
        ("regime.stop.patience", json!(2)),
        ("regime.stop.min_delta", json!(1000.0)),
    ];
    let (outcome, _) = run(&setup(&patient));
    assert_eq!(
        (outcome.reason, outcome.steps),
        (StopReason::EarlyStopping, 30)
    );

    let (outcome, recorder) = run(&setup(&[
        ("regime.stop.patience", json!(1)),
        ("regime.stop.epochs", json!(3)),
    ]));
    let returns: Vec<f64> = recorder
        .evaluations
        .iter()
        .map(|look| look.metric)
        .collect();
    assert!(returns.is_sorted(), "it learns: {returns:?}");
    assert_eq!(outcome.reason, StopReason::Epochs);
}

#[test]
fn what_diverges_is_ended() {
    let wild = setup(&[
        ("regime.learning_rate", json!(1e30)),
        ("regime.optimiser.kind", json!("sgd")),
    ]);
    assert_eq!(run(&wild).0.reason, StopReason::Diverged);
}
