//! What a regime refuses, with the field and what is allowed.

use joulelab::setup::{Change, Setup};

fn problems(assignments: &[&str]) -> String {
    let mut change = Change::default();
    for assignment in assignments {
        change.assign(assignment).unwrap();
    }
    let setup = match change.apply(&Setup::default()) {
        Ok(setup) => setup,
        Err(error) => return error.to_string(),
    };
    let data = joulelab::data::describe(&setup.dataset).unwrap().counts();
    match setup.validate_with(&data) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn every_field_of_a_regime_is_checked() {
    let cases: [(&[&str], &str); 22] = [
        (
            &["regime.micro_batch_size=0"],
            "regime.micro_batch_size: `0`",
        ),
        (
            &["regime.micro_batch_size=48"],
            "a divisor of regime.batch_size (64)",
        ),
        (&["regime.micro_batch_size=128"], "regime.micro_batch_size"),
        (&["regime.ema.decay=1"], "regime.ema.decay: `1`"),
        (&["regime.ema.decay=-0.1"], "regime.ema.decay"),
        (&["regime.ema.half_life=5"], "unknown field `half_life`"),
        (&["regime.precision=bf16"], "unknown variant `bf16`"),
        (
            &["regime.augmentation.crop_padding=17"],
            "regime.augmentation.crop_padding",
        ),
        (
            &["regime.augmentation.cutout=17"],
            "regime.augmentation.cutout",
        ),
        (
            &["regime.augmentation.mixup=-1"],
            "regime.augmentation.mixup",
        ),
        (
            &["regime.augmentation.mixup=1e9"],
            "regime.augmentation.mixup",
        ),
        (&["regime.augmentation.flips=true"], "did you mean `flip`?"),
        (
            &[
                "dataset.name=breast-cancer",
                "regime.augmentation.flip=true",
            ],
            "only images can be augmented",
        ),
        (&["regime.optimiser.kind=muonn"], "muon"),
        (
            &["regime.optimiser.kind=muon", "regime.optimiser.momentum=1"],
            "regime.optimiser.momentum",
        ),
        (
            &["regime.optimiser.kind=muon", "regime.optimiser.epsilon=0"],
            "regime.optimiser.epsilon",
        ),
        (
            &["regime.optimiser.kind=lion", "regime.optimiser.beta_2=1"],
            "regime.optimiser.beta_2",
        ),
        (
            &["regime.optimiser.kind=lion", "regime.optimiser.epsilon=1"],
            "unknown field `epsilon`",
        ),
        (
            &[
                "regime.optimiser.kind=lamb",
                "regime.optimiser.weight_decay=-1",
            ],
            "regime.optimiser.weight_decay",
        ),
        (
            &["regime.optimiser.kind=lamb", "regime.optimiser.beta_1=2"],
            "regime.optimiser.beta_1",
        ),
        (
            &[
                "regime.optimiser.kind=adagrad",
                "regime.optimiser.epsilon=-1",
            ],
            "regime.optimiser.epsilon",
        ),
        (
            &[
                "regime.optimiser.kind=adagrad",
                "regime.optimiser.beta_1=0.5",
            ],
            "unknown field `beta_1`",
        ),
    ];
    for (assignments, expected) in cases {
        let found = problems(assignments);
        assert!(found.contains(expected), "{assignments:?} gives `{found}`");
    }
    let fine: &[&str] = &[
        "regime.micro_batch_size=16",
        "regime.ema.decay=0.99",
        "regime.precision=f16",
        "regime.augmentation.crop_padding=4",
        "regime.augmentation.flip=true",
        "regime.augmentation.cutout=8",
        "regime.augmentation.mixup=0.2",
        "regime.optimiser.kind=muon",
    ];
    assert_eq!(problems(fine), "");
}
