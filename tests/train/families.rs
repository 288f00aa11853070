//! Every family of models learns: on the CPU to a stated accuracy within a stated number of steps, on a graphics adapter as it
//! does on the CPU.

use burn::tensor::{Device, FloatDType};
use joulelab::setup::{Change, ModelSetup, Setup};
use joulelab::train::{Evaluation, StopReason, TrainError};

use crate::common::{Ear, adapter, alone, run, run_on};

/// A setup, the held-out accuracy that it must reach, and the steps within which it must.
struct Case {
    changes: &'static [&'static str],
    target: f64,
    steps: u64,
}

const DIGITS: &[Case] = &[
    Case {
        changes: &["model.kind=mlp"],
        target: 0.95,
        steps: 200,
    },
    Case {
        changes: &["model.kind=cnn"],
        target: 0.95,
        steps: 120,
    },
    Case {
        changes: &["model.kind=lenet5"],
        target: 0.93,
        steps: 200,
    },
    Case {
        changes: &["model.kind=vgg", "model.width=8"],
        target: 0.93,
        steps: 180,
    },
    Case {
        changes: &["model.kind=resnet", "model.width=8"],
        target: 0.93,
        steps: 160,
    },
    Case {
        changes: &[
            "model.kind=mobilenet-v2",
            "model.width_multiplier=0.25",
            "model.dropout=0",
            "regime.learning_rate=0.01",
        ],
        target: 0.8,
        steps: 160,
    },
    Case {
        changes: &[
            "model.kind=vit",
            "model.patch=2",
            "model.width=32",
            "model.depth=2",
            "model.pooling=mean",
        ],
        target: 0.9,
        steps: 280,
    },
    Case {
        changes: &["model.kind=lstm", "model.width=32"],
        target: 0.9,
        steps: 280,
    },
    Case {
        changes: &["model.kind=gru", "model.width=32"],
        target: 0.9,
        steps: 280,
    },
    Case {
        changes: &["model.kind=transformer", "model.width=32", "model.depth=1"],
        target: 0.9,
        steps: 240,
    },
];

/// Sets that are made, for what looks at parts of a sample by what they have to do with each other.
const MADE: &[Case] = &[
    // Pairs that were never seen are told by a rule that was found, which memory alone does not give (Power et al. 2022).
    Case {
        changes: &[
            "dataset.name=modular-addition",
            "dataset.modulus=23",
            "dataset.test_fraction=0.2",
            "model.kind=transformer",
            "model.width=32",
            "model.depth=1",
            "regime.learning_rate=0.005",
            "regime.optimiser.kind=adamw",
            "regime.optimiser.weight_decay=0.3",
        ],
        target: 0.8,
        steps: 600,
    },
    // A decoder, with an answer at each position.
    Case {
        changes: &[
            "dataset.name=sequence-copy",
            "dataset.length=4",
            "dataset.samples=1500",
            "model.kind=transformer",
            "model.width=32",
            "regime.batch_size=32",
        ],
        target: 0.99,
        steps: 120,
    },
    Case {
        changes: &[
            "dataset.name=shapes",
            "dataset.size=16",
            "dataset.samples=1200",
            "dataset.noise=0",
            "dataset.label=size",
            "model.kind=vit",
            "model.width=32",
            "model.depth=2",
            "model.pooling=mean",
        ],
        target: 0.8,
        steps: 200,
    },
];

/// The general defaults, with `changes`.
fn setup(changes: &[&str]) -> Setup {
    let mut change = Change::default();
    for assignment in changes {
        change.assign(assignment).unwrap();
    }
    change.apply(&Setup::default()).unwrap()
}

fn assert_reaches(case: &Case) {
    let mut setup = setup(case.changes);
    setup.regime.stop.epochs = None;
    setup.regime.stop.steps = Some(case.steps);
    setup.regime.stop.target = Some(case.target);
    setup.regime.evaluation.every_steps = Some(20);
    setup.validate().unwrap();
    let mut ear = Ear::default();
    let outcome = run(&setup, None, None, &mut ear).unwrap();
    let reached: Vec<f64> = ear.evaluations.iter().map(|e| e.metric).collect();
    assert_eq!(
        outcome.reason,
        StopReason::Target,
        "{:?}: {} within {} steps, but {reached:?}",
        case.changes,
        case.target,
        case.steps
    );
}

#[test]
fn every_family_learns_the_digits_on_the_cpu() {
    let _alone = alone();
    let covered: Vec<&str> = DIGITS
        .iter()
        .map(|case| setup(case.changes).model.kind())
        .collect();
    assert_eq!(covered, ModelSetup::KINDS, "each family, in their order");
    for case in DIGITS {
        assert_reaches(case);
    }
}

#[test]
fn attention_learns_sums_copies_and_shapes_on_the_cpu() {
    let _alone = alone();
    for case in MADE {
        assert_reaches(case);
    }
}

/// Small networks of every family but `cartpole`'s policy, which is an MLP; few shapes, each of which an adapter compiles for.
const SMALL: [&[&str]; 10] = [
    &["model.kind=mlp", "model.hidden=[16]"],
    &["model.kind=cnn", "model.channels=[4]"],
    &["model.kind=lenet5"],
    &["model.kind=vgg", "model.width=4"],
    &["model.kind=resnet", "model.width=4"],
    &[
        "model.kind=mobilenet-v2",
        "model.width_multiplier=0.1",
        "model.dropout=0",
    ],
    &[
        "model.kind=vit",
        "model.patch=4",
        "model.width=16",
        "model.depth=1",
    ],
    &["model.kind=lstm", "model.width=16"],
    &["model.kind=gru", "model.width=16"],
    &["model.kind=transformer", "model.width=16", "model.depth=1"],
];

const STEPS: u64 = 4;

/// The first steps of a small run over the digits, each looked at.
fn first_steps(
    changes: &[&str],
    device: &Device,
    compiles: bool,
) -> Result<Vec<Evaluation>, TrainError> {
    let mut setup = setup(changes);
    let regime = &mut setup.regime;
    regime.batch_size = 32;
    // What is looked at has the shape of what is learnt from: nothing more is compiled for it.
    regime.evaluation.batch_size = 32;
    regime.evaluation.every_steps = Some(1);
    regime.stop.epochs = None;
    regime.stop.steps = Some(STEPS);
    setup = {
        let mut change = Change::default();
        change.set("dataset.test_fraction", 0.05);
        change.apply(&setup).unwrap()
    };
    let mut ear = Ear {
        is_warm: true,
        ..Ear::default()
    };
    run_on(&setup, device.clone(), compiles, None, None, &mut ear)?;
    Ok(ear.evaluations)
}

/// Training losses, step by step.
fn losses(evaluations: &[Evaluation]) -> Vec<f64> {
    evaluations.iter().map(|e| e.train_loss.unwrap()).collect()
}

/// The family called `kind` on a graphics adapter: each of the first steps has the loss that it has on the CPU, and the held-out loss
/// falls. A test for each, as compiling for an adapter takes most of the time.
fn assert_learns_on_an_adapter(kind: &str) {
    let Some(adapter) = adapter() else { return };
    let _alone = alone();
    let of_kind = |changes: &&&[&str]| setup(changes).model.kind() == kind;
    let changes = SMALL.iter().find(of_kind).unwrap();
    let on_cpu = losses(&first_steps(changes, &Device::flex(), false).unwrap());
    let evaluations = first_steps(changes, &adapter, true).unwrap();
    let found = losses(&evaluations);
    assert_eq!(found.len() as u64, STEPS, "{kind}");
    // The first loss is of the same weights and samples, and differs by rounding alone; Adam's first steps are about the
    // learning rate whatever the size of a gradient, so that gradients that are nearly 0 may step to either side.
    for (step, (found, expected)) in found.iter().zip(&on_cpu).enumerate() {
        let tolerance = if step == 0 { 1e-4 } else { 2e-2 };
        assert!(
            (found - expected).abs() < tolerance * expected,
            "{kind}, step {step}: {found} on the adapter, {expected} on the CPU"
        );
    }
    let held_out: Vec<f64> = evaluations.iter().map(|e| e.loss).collect();
    eprintln!("{kind}: {found:?} {on_cpu:?} {held_out:?}");
    assert!(
        held_out[STEPS as usize - 1] < held_out[0],
        "{kind}: {held_out:?}"
    );
}

#[test]
fn every_family_has_a_small_network() {
    let covered: Vec<&str> = SMALL
        .iter()
        .map(|changes| setup(changes).model.kind())
        .collect();
    assert_eq!(covered, ModelSetup::KINDS);
}

#[test]
fn mlp_learns_on_an_adapter() {
    assert_learns_on_an_adapter("mlp");
}

#[test]
fn cnn_learns_on_an_adapter() {
    assert_learns_on_an_adapter("cnn");
}

#[test]
fn lenet5_learns_on_an_adapter() {
    assert_learns_on_an_adapter("lenet5");
}

#[test]
fn vgg_learns_on_an_adapter() {
    assert_learns_on_an_adapter("vgg");
}

#[test]
fn resnet_learns_on_an_adapter() {
    assert_learns_on_an_adapter("resnet");
}

#[test]
fn mobilenet_v2_learns_on_an_adapter() {
    assert_learns_on_an_adapter("mobilenet-v2");
}

#[test]
fn vit_learns_on_an_adapter() {
    assert_learns_on_an_adapter("vit");
}

#[test]
fn lstm_learns_on_an_adapter() {
    assert_learns_on_an_adapter("lstm");
}

#[test]
fn gru_learns_on_an_adapter() {
    assert_learns_on_an_adapter("gru");
}

#[test]
fn transformer_learns_on_an_adapter() {
    assert_learns_on_an_adapter("transformer");
}
