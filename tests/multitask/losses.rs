//! The loss of several heads against a computation of each head by itself.

use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};
use joulelab::models::{Network, Samples};
use joulelab::setup::Setup;
use joulelab::train::{Batch, Batches, Columns, Feed, Feeding, Residence, Scale, Targets};

use crate::common::{BOTH, alone, dataset, numbers, small, trained, untrained};

/// Classes of the heads: digit, parity.
const HEADS: [(usize, usize); 2] = [(0, 10), (10, 2)];

/// The first batches of a run.
fn batches(setup: &Setup, device: &Device, count: u64) -> Vec<Batch> {
    let data = dataset(setup);
    let scale = Scale::of(&data.train.labels);
    let steps = setup.steps_per_epoch(data.train.len()) as u64;
    let input = data.info.input;
    let batches = Batches::new(
        data.train,
        input,
        Columns::Heads(vec![0, 1]),
        scale,
        &data.normalisation,
        Residence::Normalised,
        device,
    );
    let mut feed = Feed::new(batches, Feeding::of(&setup.regime, steps), input);
    (0..count).map(|step| feed.batch(step).unwrap()).collect()
}

/// Logarithms of the shares that head `index` gives to its classes, `[batch, classes]`.
fn shares(network: &Network, batch: &Batch, index: usize) -> Tensor<2> {
    let Samples::Numbers(samples) = &batch.samples else {
        panic!("digits are numbers")
    };
    let (from, count) = HEADS[index];
    let answers = network.forward(Samples::Numbers(samples.clone()));
    log_softmax(answers.narrow(1, from, count), 1)
}

/// Mean cross-entropy of head `index` by itself, where a share of the targets is spread over all classes.
fn loss(network: &Network, batch: &Batch, index: usize, smoothing: f64) -> Tensor<1> {
    let Targets::Heads(targets) = &batch.targets else {
        panic!("there are several heads")
    };
    let shares = shares(network, batch, index);
    let [rows, _] = shares.dims();
    let of = |classes: &Tensor<1, Int>| {
        let own = shares.clone().gather(1, classes.clone().reshape([rows, 1]));
        let everywhere = shares.clone().mean_dim(1);
        (own * (1.0 - smoothing) + everywhere * smoothing)
            .mean()
            .neg()
    };
    match &targets[index] {
        Targets::Classes(classes) => of(classes),
        Targets::Mixed {
            classes,
            others,
            share,
        } => of(classes) * *share + of(others) * (1.0 - share),
        _ => panic!("a head has classes"),
    }
}

/// Gradients of each head's loss by itself, by parameter, and the losses.
fn separately(setup: &Setup) -> (Vec<[Vec<f64>; 2]>, [f64; 2], Vec<String>) {
    let device = Device::flex().autodiff();
    let network = untrained(setup, &device);
    let batch = batches(setup, &device, 1).remove(0);
    let smoothing = setup.regime.label_smoothing;
    let [a, b] = [0, 1].map(|index| {
        let loss = loss(&network, &batch, index, smoothing);
        let value = loss.clone().into_data().iter::<f64>().next().unwrap();
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        (numbers(&network, Some(&gradients)), value)
    });
    let names = a.0.iter().map(|(name, _)| name.clone()).collect();
    let pairs = a.0.into_iter().zip(b.0).map(|((_, a), (_, b))| [a, b]);
    (pairs.collect(), [a.1, b.1], names)
}

const SGD: &str = "regime.optimiser={\"kind\":\"sgd\",\"momentum\":0,\"weight_decay\":0}";
const RATE: f64 = 0.5;

/// By how much one step of plain gradient descent changed each parameter, divided by the learning rate.
fn stepped(changes: &[&str]) -> (Setup, Vec<(String, Vec<f64>)>) {
    let rate = format!("regime.learning_rate={RATE}");
    let mut all = vec![BOTH, SGD, rate.as_str(), "regime.schedule.kind=constant"];
    all.extend(changes);
    let setup = small(&all, 1);
    let before = numbers(&untrained(&setup, &Device::flex()), None);
    let (_, _, after) = trained(&setup);
    let after = numbers(&after, None);
    let moved = before.into_iter().zip(after).map(|((name, a), (_, b))| {
        let moved = a.iter().zip(&b).map(|(a, b)| (a - b) / RATE);
        (name, moved.collect())
    });
    (setup, moved.collect())
}

fn worst(a: &[f64], b: impl IntoIterator<Item = f64>) -> f64 {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn a_step_follows_the_weighted_sum_of_the_heads_gradients() {
    let _alone = alone();
    let weighted = "multitask.heads=[{\"label\":\"digit\",\"weight\":0.25},{\"label\":\"parity\",\"weight\":2}]";
    for (changes, weights) in [
        (&[][..], [1.0, 1.0]),
        (&[weighted][..], [0.25, 2.0]),
        (&[weighted, "regime.micro_batch_size=8"][..], [0.25, 2.0]),
    ] {
        let (setup, moved) = stepped(changes);
        let (apart, _, names) = separately(&setup);
        assert_eq!(moved.len(), apart.len());
        for (((name, moved), [a, b]), also) in moved.iter().zip(&apart).zip(&names) {
            assert_eq!(name, also);
            let sum = a
                .iter()
                .zip(b)
                .map(|(a, b)| weights[0] * a + weights[1] * b);
            assert!(worst(moved, sum) < 2e-6, "{name} with weights {weights:?}");
            // A head learns from its own loss alone; the trunk from both.
            let largest = |of: &[f64]| of.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
            match name.as_str() {
                of if of.starts_with("classes.digit") => assert_eq!(largest(b), 0.0, "{of}"),
                of if of.starts_with("classes.parity") => assert_eq!(largest(a), 0.0, "{of}"),
                of => assert!(largest(a) > 1e-4 && largest(b) > 1e-4, "{of}"),
            }
        }
    }
}

#[test]
fn learnt_weights_follow_the_formula_of_kendall_gal_and_cipolla() {
    let _alone = alone();
    for micro in ["regime.micro_batch_size=null", "regime.micro_batch_size=16"] {
        let (setup, moved) = stepped(&["multitask.weighting=uncertainty", micro]);
        let (apart, losses, names) = separately(&setup);
        for (((name, moved), [a, b]), _) in moved.iter().zip(&apart).zip(&names) {
            if name == "classes.uncertainty" {
                // At sₖ = 0 the gradient of exp(−sₖ)·Lₖ + sₖ/2 is ½ − Lₖ.
                assert!(
                    worst(moved, losses.map(|loss| 0.5 - loss)) < 2e-6,
                    "{moved:?}"
                );
                assert!(
                    losses[0] > 1.5,
                    "ten classes that were not learnt: {losses:?}"
                );
            } else {
                let sum = a.iter().zip(b).map(|(a, b)| a + b);
                assert!(worst(moved, sum) < 2e-6, "{name}");
            }
        }
        assert!(moved.iter().any(|(name, _)| name == "classes.uncertainty"));
    }
}

/// What regularises one head regularises several: each by itself, with the same share of the same neighbour.
#[test]
fn smoothing_and_mixed_samples_are_those_of_each_head() {
    let _alone = alone();
    let weighted = "multitask.heads=[{\"label\":\"digit\",\"weight\":0.25},{\"label\":\"parity\",\"weight\":2}]";
    let plain = stepped(&[weighted]).1;
    for changes in [
        &["regime.label_smoothing=0.3"][..],
        &["regime.augmentation.mixup=1"][..],
        &["regime.label_smoothing=0.2", "regime.augmentation.mixup=1"][..],
    ] {
        let (setup, moved) = stepped(&[&[weighted], changes].concat());
        let (apart, ..) = separately(&setup);
        let mut from_plain = 0.0_f64;
        for (((name, moved), [a, b]), (_, plain)) in moved.iter().zip(&apart).zip(&plain) {
            let sum = a.iter().zip(b).map(|(a, b)| 0.25 * a + 2.0 * b);
            assert!(worst(moved, sum) < 2e-6, "{name} with {changes:?}");
            from_plain = from_plain.max(worst(moved, plain.iter().copied()));
        }
        assert!(
            from_plain > 1e-3,
            "{changes:?} make another step: {from_plain}"
        );
    }
}

/// In 16 bits gradients have three digits: each is the sum of the heads' to that.
#[test]
fn a_step_in_sixteen_bits_follows_the_same_sum() {
    let _alone = alone();
    let weighted = "multitask.heads=[{\"label\":\"digit\",\"weight\":0.5},{\"label\":\"parity\",\"weight\":2}]";
    for weighting in ["fixed", "uncertainty"] {
        let heads = if weighting == "fixed" { weighted } else { BOTH };
        let weights = if weighting == "fixed" {
            [0.5, 2.0]
        } else {
            [1.0; 2]
        };
        let weighting = format!("multitask.weighting={weighting}");
        let (setup, moved) = stepped(&[heads, &weighting, "regime.precision=f16"]);
        let (apart, losses, _) = separately(&setup);
        for ((name, moved), [a, b]) in moved.iter().zip(&apart) {
            let sum: Vec<f64> = if name == "classes.uncertainty" {
                losses.map(|loss| 0.5 - loss).to_vec()
            } else {
                let pairs = a.iter().zip(b);
                pairs
                    .map(|(a, b)| weights[0] * a + weights[1] * b)
                    .collect()
            };
            let largest = sum.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
            let off = worst(moved, sum);
            assert!(
                largest > 1e-3 && off < 0.005 * largest,
                "{name}: {off} of {largest}"
            );
        }
    }
}

/// With weights that do not move, what was told of training is the mean over the batches by hand.
#[test]
fn training_figures_of_each_head_are_those_of_its_own_answers() {
    let _alone = alone();
    let setup = small(
        &[
            "multitask.heads=[{\"label\":\"digit\",\"weight\":3},{\"label\":\"parity\"}]",
            "regime.learning_rate=1e-30",
            "regime.label_smoothing=0.2",
        ],
        6,
    );
    let (_, ear, _) = trained(&setup);
    let device = Device::flex();
    let network = untrained(&setup, &device);
    let batches = batches(&setup, &device, 6);
    let told = &ear.evaluations.last().unwrap().heads;
    for index in [0, 1] {
        let (mut sum, mut right, mut samples) = (0.0, 0, 0);
        for batch in &batches {
            // Told without smoothing and without weight, so that heads and runs can be compared.
            let value = loss(&network, batch, index, 0.0).into_data();
            sum += value.iter::<f64>().next().unwrap();
            let Targets::Heads(targets) = &batch.targets else {
                panic!("there are several heads")
            };
            let truth: Vec<i64> = targets[index].classes().unwrap().to_data().iter().collect();
            let taken = shares(&network, batch, index).argmax(1).into_data();
            let taken: Vec<i64> = taken.iter().collect();
            right += truth.iter().zip(&taken).filter(|(a, b)| a == b).count();
            samples += truth.len();
        }
        let head = &told[index];
        let mean = sum / batches.len() as f64;
        assert!(
            (head.train_loss.unwrap() - mean).abs() < 1e-4,
            "{head:?} {mean}"
        );
        let share = right as f64 / samples as f64;
        assert!(
            (head.train_value.unwrap() - share).abs() < 1e-6,
            "{head:?} {share}"
        );
    }
    let last = ear.progress.last().unwrap();
    let names: Vec<&str> = last.heads.iter().map(|head| head.head.as_str()).collect();
    assert_eq!(names, ["digit", "parity"]);
    assert!(
        last.heads
            .iter()
            .all(|head| head.value.is_some() && head.loss.is_some())
    );
}
