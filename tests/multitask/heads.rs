//! Heads by name: on every family of models, taken over by other runs, and frozen.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use joulelab::models::Samples;
use joulelab::setup::{FitKind, SampleKind, Setup};
use joulelab::train::StartFrom;

use crate::common::{BOTH, Ear, alone, numbers, plan, run, saved, small, trained, untrained};

const SHAPES: &str =
    "multitask.heads=[{\"label\":\"shape\"},{\"label\":\"colour\"},{\"label\":\"size\"}]";

fn on_shapes(model: &str) -> Setup {
    let model = format!("model={{\"kind\":\"{model}\"}}");
    let mut change = joulelab::setup::Change::default();
    for assignment in [
        "dataset={\"name\":\"shapes\",\"samples\":240,\"size\":32}",
        &model,
        SHAPES,
        "multitask.weighting=uncertainty",
    ] {
        change.assign(assignment).unwrap();
    }
    change.apply(&Setup::default()).unwrap()
}

#[test]
fn every_family_of_models_for_images_is_a_trunk() {
    let _alone = alone();
    for &model in SampleKind::Images.models() {
        let setup = on_shapes(model);
        let (plan, network) = (plan(&setup), untrained(&setup, &Device::flex()));
        let heads = ["head.shape", "head.colour", "head.size", "head"];
        let groups = plan.groups();
        assert_eq!(groups[groups.len() - 4..], heads, "{model}");
        let statistics = network.parameters().into_iter();
        let statistics = statistics.filter(|of| of.name.contains("running_"));
        let statistics: usize = statistics
            .map(|of| of.shape.iter().product::<usize>())
            .sum();
        let learnt = network.num_params() - statistics;
        assert_eq!(plan.parameters(), learnt as u64, "{model}");
        let image = Tensor::zeros([2, 32 * 32], &Device::flex());
        assert_eq!(
            network.forward(Samples::Numbers(image)).dims(),
            [2, 12],
            "{model}"
        );
        let of = |group: &str| {
            let all = network.parameters().into_iter();
            all.filter(|of| of.group == group)
                .map(|of| of.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of("head.size"),
            ["classes.size.weight", "classes.size.bias"],
            "{model}"
        );
        assert_eq!(of("head"), ["classes.uncertainty"], "{model}");
    }
}

#[test]
fn a_head_is_taken_over_by_its_name() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let both = small(&[BOTH], 20);
    let mut ear = Ear::default();
    run(&both, None, folder.path(), None, &mut ear).unwrap();
    let checkpoint = ear.saved.last().unwrap().path.clone();
    let joint = numbers(&saved(&both, &checkpoint, "network.bpk"), None);

    let one = small(
        &[
            "multitask.heads=[{\"label\":\"parity\"}]",
            "start.run=joint",
            "regime.learning_rate=1e-30",
        ],
        1,
    );
    let start = StartFrom {
        run_id: "joint".to_owned(),
        checkpoint,
    };
    let own = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    run(&one, Some(&start), own.path(), None, &mut ear).unwrap();
    let report = ear.report.unwrap();
    let is_taken = |fit: &joulelab::setup::Fit| matches!(fit.kind, FitKind::Taken { .. });
    assert!(report.parameters.iter().all(is_taken), "{report:?}");
    let left: Vec<&str> = report.left.iter().map(|fit| fit.name.as_str()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(
        left.iter().all(|name| name.contains("classes.digit")),
        "{left:?}"
    );
    let begun = numbers(
        &saved(&one, &ear.saved.last().unwrap().path, "network.bpk"),
        None,
    );
    for (name, values) in &begun {
        let (_, from) = joint.iter().find(|(of, _)| of == name).unwrap();
        assert_eq!(values, from, "{name}");
    }
}

#[test]
fn heads_are_frozen_one_by_one_and_learn_together() {
    let _alone = alone();
    let changed = |regime: &str| {
        let setup = small(&[BOTH, "multitask.weighting=uncertainty", regime], 6);
        let before = numbers(&untrained(&setup, &Device::flex()), None);
        let after = numbers(&trained(&setup).2, None);
        let pairs = before.into_iter().zip(after);
        let changed = pairs.filter(|((_, a), (_, b))| a != b);
        changed.map(|((name, _), _)| name).collect::<Vec<_>>()
    };
    let heads = [
        "classes.digit.weight",
        "classes.digit.bias",
        "classes.parity.weight",
        "classes.parity.bias",
        "classes.uncertainty",
    ];
    assert_eq!(changed("regime.layers.train=head"), heads);
    let gradual = "regime.layers={\"train\":\"gradual\",\"unfreeze_steps\":3}";
    assert_eq!(
        changed(gradual).len(),
        7,
        "all heads are one group of the first stage"
    );
    let frozen = changed("regime.layers.frozen=[\"head.parity\"]");
    assert_eq!(frozen.len(), 5, "{frozen:?}");
    assert!(
        frozen
            .iter()
            .all(|name| !name.starts_with("classes.parity")),
        "{frozen:?}"
    );
    let all = changed("regime.layers.frozen=[\"head\"]");
    assert_eq!(all, ["hidden.0.weight", "hidden.0.bias"]);
    let other = changed("regime.optimiser.kind=muon");
    assert_eq!(other.len(), 7);
}
