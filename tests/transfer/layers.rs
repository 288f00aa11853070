//! Frozen layers stay as they are, to the bit; others learn at their own rate.

use joulelab::models::Network;
use joulelab::setup::plan::HEAD;
use joulelab::setup::{InputShape, ModelSetup, Outputs, Setup};

use crate::common::{Ear, alone, bits, model, network, run, saved, small, untrained};

/// The network after a run, and what the run told.
fn trained(setup: &Setup, file: &str) -> (Network, Ear) {
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    run(setup, None, Some(folder.path()), None, &mut ear).unwrap();
    let network = saved(setup, &ear.saved.last().unwrap().path, file);
    (network, ear)
}

/// Names of what a run changed.
fn changed(setup: &Setup, after: &Network) -> Vec<String> {
    let before = bits(&untrained(setup));
    let pairs = before.into_iter().zip(bits(after));
    let differs = pairs.filter(|((_, a), (_, b))| a != b);
    differs.map(|((name, _), _)| name).collect()
}

#[test]
fn frozen_layers_and_their_statistics_stay_to_the_bit() {
    let _alone = alone();
    for regime in [
        "regime.optimiser.kind=adamw",
        "regime.optimiser={\"kind\":\"sgd\",\"momentum\":0.9,\"weight_decay\":0.1}",
        "regime.optimiser.kind=lamb",
        "regime.optimiser.kind=muon",
        "regime.gradient_clipping={\"kind\":\"norm\",\"max\":0.5}",
        "regime.micro_batch_size=8",
    ] {
        let setup = small(&["regime.layers.train=head", regime], 5);
        let (after, ear) = trained(&setup, "network.bpk");
        assert_eq!(
            changed(&setup, &after),
            ["classes.weight", "classes.bias"],
            "{regime}"
        );
        assert_eq!(ear.learns, [[HEAD]]);
    }
}

#[test]
fn the_average_of_a_frozen_layer_is_that_layer() {
    let _alone = alone();
    let setup = small(
        &[
            "regime.layers.frozen=[\"blocks.0\"]",
            "regime.ema.decay=0.7",
        ],
        9,
    );
    for file in ["network.bpk", "averaged.bpk"] {
        let (after, _) = trained(&setup, file);
        let changed = changed(&setup, &after);
        assert!(
            changed.iter().all(|name| !name.starts_with("blocks.0")),
            "{file}: {changed:?}"
        );
        let statistics = changed.iter().any(|name| name.ends_with("running_mean"));
        assert!(
            statistics,
            "those of the other block are learnt: {changed:?}"
        );
    }
}

#[test]
fn groups_learn_one_after_the_other_from_the_head() {
    let _alone = alone();
    let gradual = [
        "regime.layers.train=gradual",
        "regime.layers.unfreeze_steps=3",
    ];
    for (steps, learnt) in [
        (3, vec!["head"]),
        (4, vec!["blocks.1", "head"]),
        (6, vec!["blocks.1", "head"]),
        (7, vec!["blocks.0", "blocks.1", "head"]),
    ] {
        let setup = small(&gradual, steps);
        let (after, ear) = trained(&setup, "network.bpk");
        assert_eq!(ear.learns.last().unwrap(), &learnt, "{steps} steps");
        assert_eq!(ear.learns.len(), learnt.len(), "told once each");
        for name in changed(&setup, &after) {
            let learns = |group: &&str| name.starts_with(group.replace("head", "classes").as_str());
            assert!(learnt.iter().any(learns), "{steps} steps: {name}");
        }
        let first = changed(&setup, &after)
            .iter()
            .any(|name| name.starts_with("blocks.0"));
        assert_eq!(first, steps == 7);
    }
}

#[test]
fn a_group_that_never_learns_is_no_stage_of_a_schedule() {
    let _alone = alone();
    let frozen = "regime.layers.frozen=[\"blocks.1\"]";
    let both = [vec!["head"], vec!["blocks.0", "head"]];
    let gradual = [
        "regime.layers.train=gradual",
        "regime.layers.unfreeze_steps=3",
        frozen,
    ];
    let (_, ear) = trained(&small(&gradual, 4), "network.bpk");
    assert_eq!(ear.learns, both, "the next one learns after three steps");
    let freezing = ["regime.layers.train=freezing", frozen];
    let setup = small(&freezing, 8);
    let (_, ear) = trained(&setup, "network.bpk");
    assert_eq!(ear.learns, [both[1].clone(), both[0].clone()]);
    // Two groups have their times, 0.5 and 1, as if there were no third.
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let plan = setup.validate_with(&info.counts()).unwrap();
    let length = joulelab::setup::Length {
        steps_per_epoch: 4,
        steps_max: Some(8),
    };
    let stages = setup.stages(&plan, length);
    let steps: Vec<u64> = stages.iter().map(|stage| stage.from_step).collect();
    assert_eq!(steps, [0, 4]);
}

#[test]
fn a_run_that_unfreezes_goes_on_as_if_never_interrupted() {
    let _alone = alone();
    let gradual = [
        "regime.layers.train=gradual",
        "regime.layers.unfreeze_steps=3",
        "regime.ema={}",
    ];
    let setup = small(&gradual, 8);
    let (whole, _) = trained(&setup, "network.bpk");
    for stop_at in [2, 3, 5] {
        let folder = tempfile::tempdir().unwrap();
        let mut ear = Ear {
            stop_at: Some(stop_at),
            ..Ear::default()
        };
        run(&setup, None, Some(folder.path()), None, &mut ear).unwrap();
        let checkpoint = ear.saved.last().unwrap().path.clone();
        let mut ear = Ear::default();
        run(
            &setup,
            None,
            Some(folder.path()),
            Some(checkpoint),
            &mut ear,
        )
        .unwrap();
        let resumed = saved(&setup, &ear.saved.last().unwrap().path, "network.bpk");
        assert_eq!(
            bits(&resumed),
            bits(&whole),
            "interrupted after {stop_at} steps"
        );
    }
}

#[test]
fn a_group_learns_at_its_share_of_the_rate() {
    let _alone = alone();
    let sgd = "regime.optimiser={\"kind\":\"sgd\",\"momentum\":0}";
    let plain = small(&[sgd], 1);
    let slowed = small(
        &[
            sgd,
            "regime.layers.rates={\"blocks.1\":0.25}",
            "regime.layers.rate_decay=0.5",
        ],
        1,
    );
    let before = bits(&untrained(&plain));
    let (plain, _) = trained(&plain, "network.bpk");
    let (slowed, _) = trained(&slowed, "network.bpk");
    let (plain, slowed) = (bits(&plain), bits(&slowed));
    let mut looked_at = 0;
    for (index, (name, numbers)) in before.iter().enumerate() {
        let factor = match name {
            name if name.contains("running") => continue,
            name if name.starts_with("blocks.0") => 0.25,
            name if name.starts_with("blocks.1") => 0.25 * 0.5,
            _ => 1.0,
        };
        let step = |after: &[(String, Vec<u32>)]| -> Vec<f32> {
            let pairs = numbers.iter().zip(&after[index].1);
            pairs
                .map(|(a, b)| f32::from_bits(*b) - f32::from_bits(*a))
                .collect()
        };
        let (whole, part) = (step(&plain), step(&slowed));
        let size = whole.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
        for (whole, part) in whole.iter().zip(part) {
            assert!(
                (whole * factor - part).abs() <= 1e-3 * size + 1e-7,
                "{name}: {whole} {part}"
            );
        }
        looked_at += usize::from(size > 0.0);
    }
    assert!(looked_at > 6, "{looked_at}");
}

/// Every kind of model with what it may read.
fn every_model() -> Vec<(ModelSetup, InputShape, Outputs)> {
    let image = InputShape::Image {
        channels: 3,
        height: 32,
        width: 32,
    };
    let tokens = InputShape::Tokens {
        length: 9,
        vocabulary: 11,
    };
    let mut all = Vec::new();
    for kind in ModelSetup::KINDS {
        let mut fields = serde_json::json!({ "kind": kind });
        if ["mlp", "cnn", "vgg"].contains(&kind) {
            fields["hidden"] = serde_json::json!([7, 5]);
        }
        if kind == "mlp" {
            fields["normalisation"] = serde_json::json!("batch");
        }
        let setup = model(fields);
        for input in [image, tokens] {
            let outputs = Outputs::of_sample(4);
            if joulelab::setup::plan::plan(&setup, input, outputs).is_ok() {
                all.push((setup.clone(), input, outputs));
            }
        }
    }
    all
}

#[test]
fn plan_and_network_agree_on_the_groups_of_every_model() {
    let _alone = alone();
    let models = every_model();
    assert!(models.len() >= ModelSetup::KINDS.len() + 4);
    for (setup, input, outputs) in models {
        let plan = joulelab::setup::plan::plan(&setup, input, outputs).unwrap();
        let parameters = network(&setup, input, outputs).parameters();
        let learnt = || {
            let named = parameters.iter();
            named.filter(|of| {
                !of.name.ends_with("running_mean") && !of.name.ends_with("running_var")
            })
        };
        for group in plan.groups() {
            let planned = plan.trained(|of| of == group).parameters();
            let there = learnt().filter(|of| of.group == group);
            let there: usize = there.map(|of| of.shape.iter().product::<usize>()).sum();
            assert_eq!(there as u64, planned, "{} {group}", setup.kind());
        }
        for parameter in learnt() {
            assert!(
                plan.groups().contains(&parameter.group.as_str()),
                "{parameter:?}"
            );
        }
        assert_eq!(plan.groups().last(), Some(&HEAD));
    }
}
