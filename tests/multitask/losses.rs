//! The loss of several heads against a computation of each head by itself.

use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor};
use joulelab::models::{Network, Samples};
use joulelab::setup::Setup;
use joulelab::train::{Batch, Batches, Columns, Feed, Feeding, Residence, Scale, Targets};

use crate::common::{BOTH, alone, dataset, numbers, small, trained, untrained};

/// Classes of the heads: digit, parity.
const HEADS: [(usize, usize); 2] = [(0, 10), (10, 2)];

/// The first batch of a run.
fn first_batch(setup: &Setup, device: &Device) -> Batch {
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
    feed.batch(0).unwrap()
}

/// Mean cross-entropy of head `index` by itself.
fn loss(network: &Network, batch: &Batch, index: usize) -> Tensor<1> {
    let Targets::Heads(targets) = &batch.targets else {
        panic!("there are several heads")
    };
    let Targets::Classes(classes) = &targets[index] else {
        panic!("a head has classes")
    };
    let Samples::Numbers(samples) = &batch.samples else {
        panic!("digits are numbers")
    };
    let (from, count) = HEADS[index];
    let answers = network.forward(Samples::Numbers(samples.clone()));
    let shares = log_softmax(answers.narrow(1, from, count), 1);
    let [rows, _] = shares.dims();
    shares
        .gather(1, classes.clone().reshape([rows, 1]))
        .mean()
        .neg()
}

/// Gradients of each head's loss by itself, by parameter, and the losses.
fn separately(setup: &Setup) -> (Vec<[Vec<f64>; 2]>, [f64; 2], Vec<String>) {
    let device = Device::flex().autodiff();
    let network = untrained(setup, &device);
    let batch = first_batch(setup, &device);
    let [a, b] = [0, 1].map(|index| {
        let loss = loss(&network, &batch, index);
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
