//! What runs of several heads come to: metrics, targets, learnt weights, and going on after an interruption.

use burn::tensor::{Device, Tensor, TensorData};
use joulelab::data::{Dataset, Features};
use joulelab::models::{Network, Samples};
use joulelab::train::StopReason;
use joulelab::units::Metric;

use crate::common::{BOTH, Ear, alone, dataset, numbers, run, saved, small, trained};

/// Share of right answers and mean cross-entropy of each head on the held-out samples, counted one by one.
fn counted(network: &Network, data: &Dataset, heads: &[(usize, usize, usize)]) -> Vec<(f64, f64)> {
    let Features::U8(pixels) = &data.test.features else {
        panic!("digits are pixels")
    };
    let (mean, std) = (data.normalisation.mean[0], data.normalisation.std[0]);
    let values: Vec<f32> = pixels
        .iter()
        .map(|&x| (f32::from(x) - mean) / std)
        .collect();
    let rows = data.test.len();
    let values = TensorData::new(values, [rows, pixels.len() / rows]);
    let samples = Samples::Numbers(Tensor::from_data(values, &Device::flex()));
    let answers = network.forward(samples);
    let [_, width] = answers.dims();
    let answers: Vec<f64> = answers.into_data().iter::<f64>().collect();
    let of = |&(column, from, count): &(usize, usize, usize)| {
        let truth = data.test.labels.classes(column).unwrap();
        let (mut right, mut loss) = (0, 0.0);
        for (row, &class) in answers.chunks(width).zip(truth) {
            let scores = &row[from..from + count];
            let best = (0..count)
                .max_by(|&a, &b| scores[a].total_cmp(&scores[b]))
                .unwrap();
            right += usize::from(best == usize::from(class));
            let sum: f64 = scores.iter().map(|score| score.exp()).sum();
            loss += sum.ln() - scores[usize::from(class)];
        }
        (right as f64 / rows as f64, loss / rows as f64)
    };
    heads.iter().map(of).collect()
}

#[test]
fn each_head_is_judged_by_its_own_answers() {
    let _alone = alone();
    let heads = "multitask.heads=[{\"label\":\"parity\",\"weight\":3},{\"label\":\"digit\"}]";
    let setup = small(&[heads, "regime.evaluation.batch_size=100"], 90);
    let (outcome, ear, network) = trained(&setup);
    let told = &ear.evaluations.last().unwrap();
    let known = counted(&network, &dataset(&setup), &[(1, 0, 2), (0, 2, 10)]);
    assert_eq!(told.heads.len(), 2);
    for ((head, (accuracy, loss)), (name, weight)) in told
        .heads
        .iter()
        .zip(&known)
        .zip([("parity", 3.0), ("digit", 1.0)])
    {
        assert_eq!((head.head.as_str(), head.weight), (name, Some(weight)));
        assert!(
            (head.value.unwrap() - accuracy).abs() < 1e-6,
            "{head:?} {accuracy}"
        );
        assert!((head.loss.unwrap() - loss).abs() < 1e-4, "{head:?} {loss}");
        assert!(*accuracy > 0.5, "{name} is learnt: {accuracy}");
    }
    // Of ten classes there is a first five, of two there is not.
    assert!(told.heads[0].others.is_empty());
    assert!(told.heads[1].others[&Metric::TopFive] >= told.heads[1].value.unwrap());
    assert!((told.loss - (3.0 * known[0].1 + known[1].1)).abs() < 1e-3);
    assert!(
        (told.metric - known[0].0.min(known[1].0)).abs() < 1e-6,
        "as good as its worst head"
    );
    assert_eq!(outcome.heads.len(), 2);
    assert_eq!(outcome.heads[1].best_value, told.heads[1].value);
    assert_eq!(outcome.target_reached, None);
    // What the samples were taken for is told of each head.
    let held_out = dataset(&setup).test.len() as f64;
    let last = &ear.predictions[ear.predictions.len() - 2..];
    for ((told, (accuracy, _)), (name, classes)) in
        last.iter().zip(&known).zip([("parity", 2), ("digit", 10)])
    {
        assert_eq!(told.head.as_deref(), Some(name));
        assert_eq!(told.confusion.len(), classes);
        let right: u32 = (0..classes).map(|class| told.confusion[class][class]).sum();
        assert!(
            (f64::from(right) / held_out - accuracy).abs() < 1e-6,
            "{name}"
        );
        let samples = told.samples.as_ref().unwrap();
        assert_eq!(samples.predicted.len() as f64, held_out);
    }
}

#[test]
fn a_run_ends_when_every_head_has_reached_its_own_target() {
    let _alone = alone();
    let with = |digit: &str, parity: &str| {
        let heads = format!(
            "multitask.heads=[{{\"label\":\"digit\"{digit}}},{{\"label\":\"parity\"{parity}}}]"
        );
        let mut setup = small(&[&heads, "regime.stop.epochs=20"], 2000);
        setup.regime.evaluation.every_steps = Some(20);
        setup.regime.stop.steps = Some(600);
        trained(&setup).0
    };
    let both = with(",\"target\":0.9", ",\"target\":0.7");
    assert_eq!(
        (both.reason, both.target_reached),
        (StopReason::Target, Some(true))
    );
    for (head, target) in both.heads.iter().zip([0.9, 0.7]) {
        assert!(head.last.value.unwrap() >= target);
        assert_eq!(head.target_reached, Some(true));
    }
    // The easier one had been there before, and waited.
    assert!(both.heads[1].reached_at_step.unwrap() < both.heads[0].reached_at_step.unwrap());
    assert_eq!(both.heads[0].reached_at_step, Some(both.steps));

    let one = with("", ",\"target\":0.7");
    assert_eq!(one.reason, StopReason::Target);
    assert_eq!(one.heads[0].target_reached, None, "it has none");
    assert!(one.steps < both.steps);

    let never = with(",\"target\":1.0", ",\"target\":0.7");
    assert_eq!(
        (never.reason, never.target_reached),
        (StopReason::Steps, Some(false))
    );
    assert_eq!(never.heads[1].target_reached, Some(true));
}

#[test]
fn a_target_of_all_is_that_of_heads_without_one() {
    let _alone = alone();
    let heads = "multitask.heads=[{\"label\":\"digit\",\"target\":0.5},{\"label\":\"parity\"}]";
    let setup = small(&[heads, "regime.stop.target=0.8"], 40);
    let (outcome, ..) = trained(&setup);
    let targets = outcome.heads.iter().map(|head| head.last.target);
    assert_eq!(targets.collect::<Vec<_>>(), [Some(0.5), Some(0.8)]);
}

#[test]
fn learnt_weights_move_apart_by_what_the_heads_still_get_wrong() {
    let _alone = alone();
    let setup = small(
        &[
            BOTH,
            "multitask.weighting=uncertainty",
            "regime.learning_rate=0.02",
        ],
        120,
    );
    let (outcome, _, network) = trained(&setup);
    let known = numbers(&network, None);
    let (_, s) = known
        .iter()
        .find(|(name, _)| name == "classes.uncertainty")
        .unwrap();
    for (head, s) in outcome.heads.iter().zip(s) {
        assert!((head.last.weight.unwrap() - (-s).exp()).abs() < 1e-5);
        assert!(
            (head.last.weight.unwrap() - 1.0).abs() > 0.05,
            "it was learnt: {head:?}"
        );
    }
    let [digit, parity] = [0, 1].map(|at| outcome.heads[at].last.weight.unwrap());
    assert!((digit - parity).abs() > 0.01, "{digit} {parity}");
}

#[test]
fn a_resumed_run_of_several_heads_is_the_same_to_the_bit() {
    let _alone = alone();
    let setup = small(
        &[
            BOTH,
            "multitask.weighting=uncertainty",
            "regime.ema={}",
            "regime.stop.target=0.99",
            "regime.augmentation.mixup=0.2",
        ],
        60,
    );
    let mut setup = setup;
    setup.regime.evaluation.every_steps = Some(15);
    let (whole, _, network) = trained(&setup);
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear {
        stop_at: Some(23),
        ..Ear::default()
    };
    run(&setup, None, folder.path(), None, &mut ear).unwrap();
    let checkpoint = ear.saved.last().unwrap().path.clone();
    let mut ear = Ear::default();
    let resumed = run(&setup, None, folder.path(), Some(checkpoint), &mut ear).unwrap();
    let path = &ear.saved.last().unwrap().path;
    let bits = |network: &Network| -> Vec<(String, Vec<u64>)> {
        let all = numbers(network, None).into_iter();
        all.map(|(name, values)| (name, values.into_iter().map(f64::to_bits).collect()))
            .collect()
    };
    assert_eq!(bits(&saved(&setup, path, "network.bpk")), bits(&network));
    let last = |outcome: &joulelab::train::Outcome| {
        let heads = outcome.heads.iter();
        let heads = heads.map(|head| joulelab::units::HeadResult {
            // Sums of what was read from time to time: the same but for rounding.
            train_value: None,
            train_loss: None,
            ..head.last.clone()
        });
        heads.collect::<Vec<_>>()
    };
    assert_eq!(last(&resumed), last(&whole));
}

/// A checkpoint between two looks keeps what was summed up of training until then, by head.
#[test]
fn training_figures_of_heads_outlive_an_interruption() {
    let _alone = alone();
    let setup = small(&[BOTH], 30);
    let look = |ear: &Ear| ear.evaluations.last().unwrap().heads.clone();
    let (_, whole, _) = trained(&setup);
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear {
        save_and_leave_at: Some(23),
        ..Ear::default()
    };
    run(&setup, None, folder.path(), None, &mut ear).unwrap();
    assert!(ear.evaluations.is_empty(), "nothing was looked at before");
    let checkpoint = ear.saved.last().unwrap().path.clone();
    let mut ear = Ear::default();
    run(&setup, None, folder.path(), Some(checkpoint), &mut ear).unwrap();
    for (resumed, whole) in look(&ear).iter().zip(look(&whole)) {
        for (a, b) in [
            (resumed.train_loss, whole.train_loss),
            (resumed.train_value, whole.train_value),
        ] {
            // Sums of what was read from time to time: the same but for rounding.
            assert!(
                (a.unwrap() - b.unwrap()).abs() < 1e-5,
                "{resumed:?} {whole:?}"
            );
        }
    }
}
