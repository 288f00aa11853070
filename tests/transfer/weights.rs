//! Files of the real libraries, and checkpoints of other runs.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use joulelab::models::{Network, Samples};
use joulelab::setup::{
    FitKind, InputShape, Outputs, Rename, StartSetup, WeightLayout, WeightsFormat,
};
use joulelab::train::StartFrom;

use crate::common::{
    Ear, alone, begun, bits, fixture, from, mlp, model, network, run, saved, small,
};

#[derive(serde::Deserialize)]
struct Expected {
    inputs: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
}

fn expected(name: &str) -> Expected {
    let text = std::fs::read_to_string(fixture("outputs.json")).unwrap();
    let mut all: HashMap<String, Expected> = serde_json::from_str(&text).unwrap();
    all.remove(name).unwrap()
}

/// The largest difference between what `network` answers and what the real library did.
fn distance(network: &Network, name: &str) -> f32 {
    let Expected { inputs, outputs } = expected(name);
    let (samples, numbers) = (inputs.len(), inputs[0].len());
    let inputs: Vec<f32> = inputs.into_iter().flatten().collect();
    let inputs = TensorData::new(inputs, [samples, numbers]);
    let inputs: Tensor<2> = Tensor::from_data(inputs, &Device::flex());
    let answers = network.forward(Samples::Numbers(inputs)).into_data();
    let outputs: Vec<f32> = outputs.into_iter().flatten().collect();
    assert_eq!(answers.iter::<f32>().count(), outputs.len());
    let differences = answers
        .iter::<f32>()
        .zip(outputs)
        .map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

#[test]
fn files_of_pytorch_and_safetensors_answer_as_there() {
    let _alone = alone();
    for (file, format) in [
        ("mlp.safetensors", WeightsFormat::Safetensors),
        ("mlp.pt", WeightsFormat::Pytorch),
        ("mlp-legacy.pt", WeightsFormat::Pytorch),
        ("mlp-checkpoint.pt", WeightsFormat::Pytorch),
    ] {
        let (network, report) = begun(&mlp(), from(&fixture(file))).unwrap();
        let off = distance(&network, "mlp");
        assert!(off < 1e-5, "{file}: {off}");
        assert_eq!(report.origin.format, format, "{file}");
        assert_eq!(report.origin.layout, WeightLayout::Pytorch, "{file}");
        assert_eq!(report.taken(), 14, "{file}: {report:#?}");
        assert_eq!(report.new_numbers, 0, "{file}");
        // Two linear layers with 5·6 + 6 and 6·4 + 4, four numbers a channel of normalisation, the head.
        assert_eq!(report.taken_numbers, 36 + 28 + 4 * 10 + 15, "{file}");
        // What counts batches has no place here.
        let left: Vec<&str> = report.left.iter().map(|fit| fit.name.as_str()).collect();
        assert_eq!(left.len(), 2, "{file}: {left:?}");
        assert!(
            left.iter()
                .all(|name| name.ends_with("num_batches_tracked"))
        );
    }
    let new = network(&mlp().0, mlp().1, mlp().2);
    assert!(
        distance(&new, "mlp") > 0.01,
        "a new network answers otherwise"
    );
}

#[test]
fn half_precision_comes_within_its_rounding() {
    let _alone = alone();
    let (network, _) = begun(&mlp(), from(&fixture("mlp-half.safetensors"))).unwrap();
    let off = distance(&network, "mlp");
    assert!((1e-7..1e-2).contains(&off), "{off}");
}

#[test]
fn torchvisions_own_resnet_answers_as_there() {
    let _alone = alone();
    let fields = serde_json::json!({ "kind": "resnet", "depth": 18, "width": 2, "stem": "cifar" });
    let image = InputShape::Image {
        channels: 3,
        height: 8,
        width: 8,
    };
    let wanted = (model(fields), image, Outputs::of_sample(4));
    let (network, report) = begun(&wanted, from(&fixture("resnet.pt"))).unwrap();
    let off = distance(&network, "resnet");
    assert!(off < 1e-5, "{off}");
    assert_eq!(report.taken(), 102);
    assert_eq!(report.new_numbers, 0);
}

#[test]
fn recurrent_cells_take_pytorchs_gates_by_their_new_names() {
    let _alone = alone();
    for kind in ["lstm", "gru"] {
        let fields = serde_json::json!({ "kind": kind, "width": 5, "depth": 2 });
        let rows = InputShape::Image {
            channels: 1,
            height: 6,
            width: 7,
        };
        let mut rename = vec![Rename {
            from: "out".to_owned(),
            to: "classes".to_owned(),
        }];
        for (theirs, ours) in [
            ("weight_ih", "input.weight"),
            ("weight_hh", "recurrent.weight"),
            ("bias_ih", "input.bias"),
            ("bias_hh", "recurrent.bias"),
        ] {
            for layer in 0..2 {
                rename.push(Rename {
                    from: format!("rnn.{theirs}_l{layer}"),
                    to: format!("layers.{layer}.{ours}"),
                });
            }
        }
        let start = StartSetup {
            rename,
            ..from(&fixture(&format!("{kind}.safetensors")))
        };
        let wanted = (model(fields), rows, Outputs::of_sample(4));
        let (network, report) = begun(&wanted, start).unwrap();
        let off = distance(&network, kind);
        assert!(off < 1e-5, "{kind}: {off}");
        assert_eq!((report.taken(), report.left.len()), (10, 0), "{kind}");
    }
}

#[test]
fn what_does_not_fit_starts_anew_and_says_why() {
    let _alone = alone();
    let (_, input, _) = mlp();
    let fields = serde_json::json!({ "kind": "mlp", "hidden": [6, 9], "normalisation": "batch" });
    let wider = (model(fields), input, Outputs::of_sample(7));
    let (_, report) = begun(&wider, from(&fixture("mlp.pt"))).unwrap();
    let of = |name: &str| {
        let found = report.parameters.iter().find(|fit| fit.name == name);
        found.unwrap().kind.clone()
    };
    let taken = |from: &str| FitKind::Taken {
        from: from.to_owned(),
    };
    assert_eq!(of("hidden.0.weight"), taken("hidden.0.weight"));
    assert_eq!(of("norms.0.gamma"), taken("norms.0.weight"));
    for (name, theirs) in [("hidden.1.weight", "[4, 6]"), ("classes.weight", "[3, 4]")] {
        let FitKind::New { because } = of(name) else {
            panic!("{name}: {report:#?}");
        };
        assert!(because.contains(theirs), "{because}");
    }
    let left = report.left.iter().find(|fit| fit.name == "classes.weight");
    let FitKind::Left { because } = &left.unwrap().kind else {
        panic!("{report:#?}");
    };
    assert!(because.contains("[7, 9]"), "{because}");
}

#[test]
fn a_new_head_is_new_also_where_it_would_fit() {
    let _alone = alone();
    let start = StartSetup {
        new_head: true,
        ..from(&fixture("mlp.pt"))
    };
    let (with, report) = begun(&mlp(), start).unwrap();
    assert_eq!(report.new_numbers, 15);
    let new = bits(&network(&mlp().0, mlp().1, mlp().2));
    for ((name, numbers), (_, before)) in bits(&with).iter().zip(&new) {
        // Gains and shifts of the fixture are those of a new layer.
        if name.ends_with("weight") {
            assert_eq!(numbers == before, name.starts_with("classes"), "{name}");
        }
    }
}

#[test]
fn burns_own_layout_is_not_turned() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let setup = small(&["model.kind=mlp", "model.hidden=[64]", "regime.seed=4"], 2);
    let mut ear = Ear::default();
    run(&setup, None, Some(folder.path()), None, &mut ear).unwrap();
    let checkpoint = ear.saved.last().unwrap().path.clone();
    let there = saved(&setup, &checkpoint, "network.bpk");
    // A square matrix of 64 × 64 would fit turned as well.
    let mut next = setup.clone();
    next.regime.seed = 5;
    next.start = Some(from(&checkpoint.join("network.bpk")));
    next.regime.stop.steps = Some(1);
    next.regime.layers.frozen = vec!["hidden".to_owned()];
    let mut ear = Ear::default();
    run(&next, None, Some(folder.path()), None, &mut ear).unwrap();
    let report = ear.report.unwrap();
    assert_eq!(report.origin.layout, WeightLayout::Burn);
    assert_eq!((report.taken(), report.left.len()), (4, 0));
    let here = saved(&next, &ear.saved.last().unwrap().path, "network.bpk");
    let frozen = |network| {
        bits(network)
            .into_iter()
            .filter(|(name, _)| name.starts_with("hidden"))
    };
    assert!(frozen(&there).eq(frozen(&here)));
}

#[test]
fn a_run_starts_from_the_averaged_weights_that_were_evaluated() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let setup = small(&["regime.ema={}"], 6);
    let mut ear = Ear::default();
    run(&setup, None, Some(folder.path()), None, &mut ear).unwrap();
    let checkpoint = ear.saved.last().unwrap().path.clone();
    let averaged = bits(&saved(&setup, &checkpoint, "averaged.bpk"));
    assert_ne!(averaged, bits(&saved(&setup, &checkpoint, "network.bpk")));

    let mut next = small(&["start.run=that", "regime.layers.frozen=[\"blocks\"]"], 1);
    next.regime.learning_rate = 1e-9;
    let from = StartFrom {
        run_id: "that".to_owned(),
        checkpoint,
    };
    let mut ear = Ear::default();
    run(&next, Some(&from), Some(folder.path()), None, &mut ear).unwrap();
    let report = ear.report.unwrap();
    assert_eq!(report.origin.run_id.as_deref(), Some("that"));
    assert_eq!((report.origin.step, report.new_numbers), (Some(6), 0));
    let here = bits(&saved(
        &next,
        &ear.saved.last().unwrap().path,
        "network.bpk",
    ));
    for ((name, here), (_, there)) in here.iter().zip(&averaged) {
        if name.starts_with("blocks") {
            assert_eq!(here, there, "{name}");
        }
    }
}
