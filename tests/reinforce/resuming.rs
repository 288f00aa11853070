//! Checkpoints: what goes on from one is the run that was not interrupted.

use joulelab::setup::Phase;
use joulelab::train::{Signal, StopReason};
use serde_json::json;

use crate::recorder::{Recorder, run_with, setup};

#[test]
fn interrupted_and_resumed_is_the_same_run() {
    let setup = setup(&[
        ("regime.stop.steps", json!(16)),
        ("regime.evaluation.every_steps", json!(4)),
    ]);
    let whole = tempfile::tempdir().unwrap();
    let (uninterrupted, all) = run_with(&setup, Some(whole.path()), None, Recorder::default());

    let parts = tempfile::tempdir().unwrap();
    let stops = Recorder {
        script: Some(Box::new(|steps| match steps {
            6 => Signal::Stop,
            _ => Signal::Continue,
        })),
        ..Recorder::default()
    };
    let (stopped, before) = run_with(&setup, Some(parts.path()), None, stops);
    assert_eq!((stopped.reason, stopped.steps), (StopReason::User, 6));
    let checkpoint = before.saved[0].path.clone();
    let (resumed, after) = run_with(
        &setup,
        Some(parts.path()),
        Some(checkpoint),
        Recorder::default(),
    );

    assert_eq!(resumed.steps, 16);
    assert_eq!(resumed.samples, uninterrupted.samples);
    assert_eq!(resumed.final_metric, uninterrupted.final_metric);
    // A hundred episodes more, each action of which hangs on every weight: they are the same only if all weights are. Among those
    // that are judged after step 8 are some from before the interruption.
    let metrics = |recorder: &Recorder, from: u64| -> Vec<(u64, f64)> {
        let looks = recorder.evaluations.iter();
        looks
            .filter(|look| look.step >= from)
            .map(|look| (look.step, look.metric))
            .collect()
    };
    assert_eq!(metrics(&after, 8), metrics(&all, 8));
}

#[test]
fn a_checkpoint_in_between_and_a_pause_change_nothing() {
    let setup = setup(&[("regime.stop.steps", json!(8))]);
    let plain = run_with(&setup, None, None, Recorder::default());
    let folder = tempfile::tempdir().unwrap();
    let script = Recorder {
        script: Some(Box::new(|steps| match steps {
            3 => Signal::Checkpoint,
            5 => Signal::Pause,
            _ => Signal::Continue,
        })),
        ..Recorder::default()
    };
    let (outcome, recorder) = run_with(&setup, Some(folder.path()), None, script);
    let count = |phase| {
        recorder
            .begun
            .iter()
            .filter(|&&begun| begun == phase)
            .count()
    };
    assert_eq!(count(Phase::Pause), 1);
    // The one that was asked for, and the one at the end.
    assert_eq!(count(Phase::Checkpoint), 2);
    assert_eq!(
        recorder
            .saved
            .iter()
            .map(|saved| saved.step)
            .collect::<Vec<_>>(),
        [3, 8]
    );
    assert_eq!(outcome.final_metric, plain.0.final_metric);
    // Read more often, it is summed in other groups.
    let (with, without) = (outcome.final_loss.unwrap(), plain.0.final_loss.unwrap());
    assert!((with - without).abs() < 1e-6, "{with} and {without}");
}
