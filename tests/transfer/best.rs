//! Early stopping, and the weights of the best evaluation.

use joulelab::setup::Setup;
use joulelab::train::{StartFrom, StopReason};

use crate::common::{Ear, alone, bits, run, saved, small};

/// Looked at every two steps; only the first look can be the best, as no later one is so much better.
fn patient(more: &[&str]) -> Setup {
    let mut changes = vec![
        "regime.stop.patience=2",
        "regime.stop.min_delta=1e6",
        "regime.stop.restore_best=true",
    ];
    changes.extend(more);
    let mut setup = small(&changes, 40);
    setup.regime.evaluation.every_steps = Some(2);
    setup
}

#[test]
fn the_best_weights_are_what_an_early_stop_leaves() {
    let _alone = alone();
    for more in [vec![], vec!["regime.ema={}"]] {
        let setup = patient(&more);
        let folder = tempfile::tempdir().unwrap();
        let mut ear = Ear::default();
        let outcome = run(&setup, None, Some(folder.path()), None, &mut ear).unwrap();
        assert_eq!(outcome.reason, StopReason::EarlyStopping);
        assert_eq!((outcome.steps, outcome.best_step), (6, Some(2)));
        assert!(outcome.is_restored);
        assert_eq!(outcome.final_loss, Some(ear.evaluations[0].loss));
        assert_eq!(outcome.final_metric, Some(ear.evaluations[0].metric));

        // What was evaluated after two steps, and what goes on from there.
        let checkpoint = &ear.saved.last().unwrap().path;
        let best = saved(&setup, checkpoint, "best.bpk");
        let mut two = setup.clone();
        two.regime.stop.steps = Some(2);
        let folder = tempfile::tempdir().unwrap();
        let mut ear = Ear::default();
        let ended = run(&two, None, Some(folder.path()), None, &mut ear).unwrap();
        assert!(!ended.is_restored, "its last weights are its best");
        let file = if more.is_empty() {
            "network.bpk"
        } else {
            "averaged.bpk"
        };
        let expected = saved(&two, &ear.saved.last().unwrap().path, file);
        assert_eq!(bits(&best), bits(&expected), "{more:?}");

        let start = StartFrom {
            run_id: "first".to_owned(),
            checkpoint: checkpoint.clone(),
        };
        let mut again = small(&["start.run=first"], 1);
        again.regime.learning_rate = 1e-12;
        let mut ear = Ear::default();
        run(&again, Some(&start), None, None, &mut ear).unwrap();
        let origin = ear.report.unwrap().origin;
        assert_eq!(origin.step, Some(2));
        assert!(origin.path.ends_with("best.bpk"), "{:?}", origin.path);
    }
}

#[test]
fn without_being_asked_to_a_run_keeps_its_last_weights() {
    let _alone = alone();
    let mut setup = patient(&[]);
    setup.regime.stop.restore_best = false;
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    let outcome = run(&setup, None, Some(folder.path()), None, &mut ear).unwrap();
    assert_eq!((outcome.best_step, outcome.is_restored), (Some(2), false));
    assert_eq!(outcome.final_loss, Some(ear.evaluations[2].loss));
    assert!(!ear.saved.last().unwrap().path.join("best.bpk").exists());
}

#[test]
fn a_run_that_is_interrupted_still_knows_its_best_weights() {
    let _alone = alone();
    let setup = patient(&[]);
    let folder = tempfile::tempdir().unwrap();
    let mut whole = Ear::default();
    run(&setup, None, Some(folder.path()), None, &mut whole).unwrap();
    let expected = saved(&setup, &whole.saved.last().unwrap().path, "best.bpk");

    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear {
        stop_at: Some(3),
        ..Ear::default()
    };
    let stopped = run(&setup, None, Some(folder.path()), None, &mut ear).unwrap();
    // It goes on from its last weights.
    assert!(!stopped.is_restored);
    let checkpoint = ear.saved.last().unwrap().path.clone();
    let mut ear = Ear::default();
    let outcome = run(
        &setup,
        None,
        Some(folder.path()),
        Some(checkpoint),
        &mut ear,
    )
    .unwrap();
    assert_eq!(outcome.best_step, Some(2));
    assert!(outcome.is_restored);
    let found = saved(&setup, &ear.saved.last().unwrap().path, "best.bpk");
    assert_eq!(bits(&found), bits(&expected));
}

/// The weights that reached the target are what was asked for, whichever had the lowest loss.
#[test]
fn a_target_that_was_reached_is_kept() {
    let _alone = alone();
    let mut setup = patient(&["regime.stop.target=0.01", "regime.stop.target_patience=2"]);
    setup.regime.stop.patience = None;
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    let outcome = run(&setup, None, Some(folder.path()), None, &mut ear).unwrap();
    assert_eq!(outcome.reason, StopReason::Target);
    assert_eq!((outcome.steps, outcome.is_restored), (4, false));
}
