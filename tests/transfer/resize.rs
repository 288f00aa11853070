//! Training that begins with smaller images.

use burn::tensor::{Device, Tensor, TensorData};
use joulelab::models::Samples;
use joulelab::setup::{InputShape, Length, ModelSetup, Outputs, Setup};
use joulelab::train::Shrink;

use crate::common::{
    Ear, alone, bits, first_batch, log_softmax, model, network, rows, run, saved, small, untrained,
};

/// The mean over the area that each pixel of the smaller image covers, by hand.
fn by_hand(image: &[f64], from: (usize, usize), to: (usize, usize)) -> Vec<f64> {
    let overlap = |at: usize, of: usize, new: usize, all: usize| {
        let length = of as f64 / all as f64;
        let (begin, end) = (new as f64 * length, (new + 1) as f64 * length);
        (end.min(at as f64 + 1.0) - begin.max(at as f64)).max(0.0) / length
    };
    let mut small = Vec::new();
    for row in 0..to.0 {
        for column in 0..to.1 {
            let mut mean = 0.0;
            for y in 0..from.0 {
                for x in 0..from.1 {
                    let share = overlap(y, from.0, row, to.0) * overlap(x, from.1, column, to.1);
                    mean += share * image[y * from.1 + x];
                }
            }
            small.push(mean);
        }
    }
    small
}

#[test]
fn smaller_images_are_means_over_areas() {
    let (channels, from) = (3, (9, 7));
    let count = 2 * channels * from.0 * from.1;
    let values: Vec<f32> = (0..count).map(|i| ((i * 37) % 101) as f32 / 10.0).collect();
    for to in [(9, 7), (5, 4), (3, 7), (1, 1)] {
        let device = Device::flex();
        let data = TensorData::new(values.clone(), [2, count / 2]);
        let shrink = Shrink::new(channels, from, to, &device);
        let found = shrink.apply(Samples::Numbers(Tensor::from_data(data, &device)));
        let Samples::Images(found) = found else {
            panic!("images");
        };
        assert_eq!(found.dims(), [2, channels, to.0, to.1]);
        let found: Vec<f64> = found.into_data().iter::<f64>().collect();
        let wide: Vec<f64> = values.iter().map(|x| f64::from(*x)).collect();
        let expected = wide
            .chunks(from.0 * from.1)
            .flat_map(|image| by_hand(image, from, to));
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-5,
                "{to:?}: {found} {expected}"
            );
        }
    }
}

/// Models that take several sizes, for images of 16 × 16.
fn models() -> Vec<ModelSetup> {
    [
        serde_json::json!({ "kind": "cnn", "channels": [4, 6], "head": "global-average" }),
        serde_json::json!({ "kind": "vgg", "depth": 11, "width": 4, "head": "global-average" }),
        serde_json::json!({ "kind": "resnet", "width": 4 }),
        serde_json::json!({ "kind": "mobilenet-v2", "width_multiplier": 0.25 }),
    ]
    .map(model)
    .to_vec()
}

fn image(side: usize) -> InputShape {
    InputShape::Image {
        channels: 1,
        height: side,
        width: side,
    }
}

/// A network that was built for whole images does to small ones what one does that was built for them.
#[test]
fn a_network_takes_smaller_images_as_if_it_had_been_built_for_them() {
    let _alone = alone();
    let outputs = Outputs::of_sample(4);
    for model in models() {
        if model.kind() == "vgg" {
            // What it pools depends on the size that it is built for.
            continue;
        }
        let (whole, small) = (image(16), image(8));
        let values: Vec<f32> = (0..128)
            .map(|i| ((i * 29) % 23) as f32 / 11.0 - 1.0)
            .collect();
        let data = TensorData::new(values, [2, 1, 8, 8]);
        let images = Tensor::<4>::from_data(data, &Device::flex());
        let found = network(&model, whole, outputs).forward(Samples::Images(images.clone()));
        let flat = Samples::Numbers(images.flatten(1, 3));
        let expected = network(&model, small, outputs).forward(flat);
        assert_eq!(rows(found), rows(expected), "{}", model.kind());
    }
}

fn resized(more: &[&str], steps: u64) -> Setup {
    let mut changes = vec![
        "model.head=global-average",
        "regime.resize={\"from\":0.5,\"over\":0.5,\"stages\":2}",
    ];
    changes.extend(more);
    small(&changes, steps)
}

#[test]
fn sizes_and_operations_follow_the_schedule() {
    let _alone = alone();
    let setup = resized(&[], 8);
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let plan_of = setup.validate_with(&info.counts()).unwrap();
    let length = Length {
        steps_per_epoch: 4,
        steps_max: Some(8),
    };
    let stages = setup.stages(&plan_of, length);
    let told: Vec<_> = stages.iter().map(|s| (s.from_step, s.size)).collect();
    assert_eq!(
        told,
        [(0, Some((4, 4))), (2, Some((6, 6))), (4, None)],
        "digits are of 8 × 8 pixels"
    );
    // Convolutions of 1 → 4 and 4 → 6 channels, each with bias, normalisation, ReLU and pooling by halves; the mean; 6 → 10. The first takes
    // twice its forward pass, all others three times.
    let flop = |side: u64| {
        let (first, half, quarter) = (
            side * side,
            side * side / 4,
            (side / 2 / 2) * (side / 2 / 2),
        );
        let half_side = (side / 2) * (side / 2);
        assert_eq!(half, half_side);
        let convolution = first * 4 * (2 * 9 + 1);
        let after = first * 4 * (4 + 1) + half * 4 * 4;
        let second = half * 6 * (2 * 9 * 4 + 1) + half * 6 * (4 + 1) + quarter * 6 * 4;
        2 * convolution + 3 * (after + second + quarter * 6 + 10 * (2 * 6 + 1))
    };
    let found: Vec<u64> = stages.iter().map(|stage| stage.training_flop).collect();
    assert_eq!(found, [flop(4), flop(6), flop(8)]);
    let mean = (flop(4) + flop(6) + 2 * flop(8)) as f64 / 4.0;
    assert!((setup.training_flop(&plan_of) as f64 - mean).abs() <= 1.0);

    let mut ear = Ear::default();
    run(&setup, None, None, None, &mut ear).unwrap();
    assert_eq!(ear.sizes, [Some((4, 4)), Some((6, 6)), None]);
}

/// The loss of the first step is that of images made smaller by hand.
#[test]
fn the_network_learns_from_the_smaller_images() {
    let _alone = alone();
    let mut setup = resized(&[], 4);
    setup.regime.evaluation.every_steps = Some(1);
    let mut ear = Ear::default();
    run(&setup, None, None, None, &mut ear).unwrap();
    let (samples, classes) = first_batch(&setup, 0);
    let small: Vec<f32> = rows(samples)
        .iter()
        .flat_map(|image| by_hand(image, (8, 8), (4, 4)))
        .map(|x| x as f32)
        .collect();
    let count = classes.len();
    let device = Device::flex().autodiff();
    let images = Tensor::from_data(TensorData::new(small, [count, 1, 4, 4]), &device);
    // As in training, with the statistics of the batch.
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let planned = setup.validate_with(&info.counts()).unwrap();
    let network = joulelab::models::Network::new(
        &setup.model,
        info.input,
        info.outputs(),
        &planned,
        setup.regime.seed,
        &device,
    );
    let answers = rows(network.forward(Samples::Images(images)).inner());
    let losses = answers.iter().zip(&classes);
    let loss: f64 = losses
        .map(|(scores, class)| -log_softmax(scores, 1.0)[*class])
        .sum::<f64>()
        / count as f64;
    let told = ear.evaluations[0].train_loss.unwrap();
    assert!((told - loss).abs() < 1e-5, "{told} {loss}");
}

#[test]
fn a_run_that_resizes_goes_on_as_if_never_interrupted() {
    let _alone = alone();
    let setup = resized(
        &[
            "regime.augmentation.crop_padding=1",
            "regime.layers.train=freezing",
        ],
        8,
    );
    let end = |stop_at: Option<u64>, folder: &std::path::Path, resume| {
        let mut ear = Ear {
            stop_at,
            ..Ear::default()
        };
        run(&setup, None, Some(folder), resume, &mut ear).unwrap();
        ear.saved.last().unwrap().path.clone()
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = saved(&setup, &end(None, folder.path(), None), "network.bpk");
    assert_ne!(bits(&whole), bits(&untrained(&setup)));
    for stop_at in [1, 2, 3, 5] {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = end(Some(stop_at), folder.path(), None);
        let resumed = saved(
            &setup,
            &end(None, folder.path(), Some(checkpoint)),
            "network.bpk",
        );
        let pairs = bits(&resumed).into_iter().zip(bits(&whole));
        let differ: Vec<String> = pairs
            .filter(|(resumed, whole)| resumed != whole)
            .map(|((name, _), _)| name)
            .collect();
        assert!(differ.is_empty(), "after {stop_at} steps: {differ:?}");
    }
}

#[test]
fn what_cannot_take_smaller_images_is_refused() {
    let refused = |changes: &[&str]| {
        let mut all = vec!["regime.resize={}"];
        all.extend(changes);
        let setup = small(&all, 8);
        let info = joulelab::data::describe(&setup.dataset).unwrap();
        match setup.validate_with(&info.counts()) {
            Ok(_) => String::new(),
            Err(problems) => problems.to_string(),
        }
    };
    for (changes, word) in [
        (vec!["model.head=flatten"], "global-average"),
        (vec!["model.kind=mlp"], "resnet"),
        (vec!["model.kind=vit", "model.patch=4"], "several sizes"),
        (vec!["model.kind=lenet5"], "several sizes"),
        (
            vec!["dataset.name=breast-cancer", "model.kind=mlp"],
            "only images can be smaller",
        ),
        // Two halvings leave nothing of 2 × 2 pixels.
        (
            vec![
                "model.channels=[4,4]",
                "model.kernel=1",
                "model.head=global-average",
                "regime.resize.from=0.2",
            ],
            "does not take images of 2×2",
        ),
        (
            vec!["model.head=global-average", "regime.resize.from=1.1"],
            "resize.from",
        ),
        (
            vec!["model.head=global-average", "regime.resize.over=0"],
            "resize.over",
        ),
        (
            vec!["model.head=global-average", "regime.resize.stages=0"],
            "resize.stages",
        ),
    ] {
        let problems = refused(&changes);
        assert!(problems.contains(word), "{changes:?}: {problems}");
    }
    assert_eq!(refused(&["model.head=global-average"]), "");
    // Whole images are for every model.
    assert_eq!(refused(&["model.kind=mlp", "regime.resize.from=1"]), "");
    let mut endless = resized(&[], 8);
    endless.regime.stop.steps = None;
    endless.regime.stop.epochs = None;
    endless.regime.stop.energy_j = Some(5.0);
    let problems = endless.validate().unwrap_err().to_string();
    assert!(problems.contains("regime.resize"), "{problems}");
}

/// A VGG network pools as often as it was built to, whatever the size of the image.
#[test]
fn each_model_has_its_layers_at_every_size() {
    let _alone = alone();
    for model in models() {
        let mut setup = resized(&["dataset.name=shapes", "dataset.size=32"], 8);
        let vgg = model.kind() == "vgg";
        setup.model = model;
        let info = joulelab::data::describe(&setup.dataset).unwrap();
        let refused = setup.validate_with(&info.counts());
        if vgg {
            // Five halvings of 32 pixels leave one, and none of 16.
            let problems = refused.unwrap_err().to_string();
            assert!(problems.contains("regime.resize.from"), "{problems}");
            continue;
        }
        let planned = refused.unwrap();
        assert_eq!(planned.smaller.len(), 2);
        for smaller in &planned.smaller {
            assert_eq!(smaller.layers.parameters(), planned.parameters());
            assert!(smaller.layers.forward_flop() < planned.forward_flop());
            assert_eq!(smaller.layers.groups(), planned.groups());
        }
    }
}
