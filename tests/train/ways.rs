//! A teacher, smaller images and layers that freeze, all at once: on a graphics adapter as on the CPU, in 16 bits as in 32.

use std::path::Path;

use burn::tensor::Device;
use joulelab::setup::{Change, Setup};
use joulelab::train::{Job, Sources, TeacherFrom, train_with};

use crate::common::{Ear, adapter, alone, run, small};

const STEPS: u64 = 4;

/// Four steps: two on images of 4 × 4 pixels, then whole ones; of three groups one freezes after two steps, one after three.
fn student(more: &[&str]) -> Setup {
    let mut change = Change::default();
    let all = [
        "model={\"kind\":\"cnn\",\"channels\":[4,6],\"head\":\"global-average\"}",
        "regime.batch_size=32",
        "regime.stop.steps=4",
        "regime.evaluation.every_steps=1",
        "regime.resize={\"from\":0.5,\"over\":0.5,\"stages\":1}",
        "regime.layers.train=freezing",
        "distil={\"teacher\":\"first\",\"temperature\":2,\"alpha\":0.5}",
    ];
    for assignment in all.iter().chain(more) {
        change.assign(assignment).unwrap();
    }
    change.apply(&Setup::default()).unwrap()
}

/// A perceptron that has learnt digits a little.
fn teacher(folder: &Path) -> Sources {
    let setup = small(&[], 20);
    let mut ear = Ear::default();
    run(&setup, Some(folder), None, &mut ear).unwrap();
    Sources {
        start: None,
        teacher: Some(TeacherFrom {
            run_id: "first".to_owned(),
            setup,
            checkpoint: ear.saved[0].path.clone(),
        }),
    }
}

/// The loss of each step.
fn losses(setup: &Setup, sources: &Sources, device: Device, compiles: bool) -> Vec<f64> {
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let job = Job {
        setup: setup.clone(),
        plan: setup.validate_with(&info.counts()).unwrap(),
        device,
        compiles,
        on_processor: !compiles,
        checkpoints: None,
        resume: None,
        until: None,
    };
    let mut ear = Ear::default();
    train_with(job, sources, &mut ear).unwrap();
    let losses = ear.evaluations.iter();
    losses.map(|look| look.train_loss.unwrap()).collect()
}

fn assert_alike(found: &[f64], expected: &[f64], first: f64, later: f64) {
    assert_eq!(found.len() as u64, STEPS);
    for (step, (found, expected)) in found.iter().zip(expected).enumerate() {
        let tolerance = if step == 0 { first } else { later };
        assert!(
            (found - expected).abs() < tolerance * expected,
            "step {step}: {found}, {expected}"
        );
    }
}

#[test]
fn they_learn_on_an_adapter_as_on_the_cpu() {
    let Some(adapter) = adapter() else { return };
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let sources = teacher(folder.path());
    // Samples that are changed are put together by a kernel there, and the teacher is asked about each batch.
    let setup = student(&["regime.augmentation.crop_padding=1"]);
    let expected = losses(&setup, &sources, Device::flex(), false);
    let found = losses(&setup, &sources, adapter, true);
    assert_alike(&found, &expected, 1e-4, 2e-2);
}

/// Images lie on an adapter as bytes, and the answers of a teacher beside them.
#[test]
fn kept_answers_are_the_same_on_an_adapter() {
    let Some(adapter) = adapter() else { return };
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let sources = teacher(folder.path());
    // More than an epoch: one batch in it.
    let mut setup = small(&["distil={\"teacher\":\"first\"}"], STEPS);
    setup.regime.batch_size = 1000;
    setup.regime.evaluation.every_steps = Some(1);
    let expected = losses(&setup, &sources, Device::flex(), false);
    let found = losses(&setup, &sources, adapter, true);
    assert_alike(&found, &expected, 1e-4, 1e-2);
}

#[test]
fn they_learn_in_sixteen_bits_as_in_thirty_two() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let sources = teacher(folder.path());
    let full = losses(&student(&[]), &sources, Device::flex(), false);
    let setup = student(&["regime.precision=f16"]);
    let half = losses(&setup, &sources, Device::flex(), false);
    assert_ne!(full, half, "nothing is rounded");
    assert!(
        (full[0] - half[0]).abs() < 2e-2 * full[0],
        "{full:?} {half:?}"
    );
}
