//! Learning from the answers of a stored run.

use std::path::Path;

use burn::tensor::Tensor;
use joulelab::models::{Network, Samples};
use joulelab::setup::Setup;
use joulelab::train::{Sources, TeacherFrom, check_teacher};

use crate::common::{
    Ear, alone, bits, first_batch, log_softmax, rows, run, run_with, saved, small, untrained,
};

/// A multilayer perceptron on digits.
fn student(changes: &[&str], steps: u64) -> Setup {
    let mut all = vec![
        "model.kind=mlp",
        "model.hidden=[16]",
        "distil.teacher=first",
    ];
    all.extend(changes);
    small(&all, steps)
}

/// A run that was trained for `steps` steps, ready to teach, in `folder`.
fn teacher(changes: &[&str], steps: u64, folder: &Path) -> TeacherFrom {
    let setup = small(changes, steps);
    let mut ear = Ear::default();
    run(&setup, None, Some(folder), None, &mut ear).unwrap();
    TeacherFrom {
        run_id: "first".to_owned(),
        setup,
        checkpoint: ear.saved.last().unwrap().path.clone(),
    }
}

fn taught_by(teacher: &TeacherFrom) -> Sources {
    Sources {
        start: None,
        teacher: Some(teacher.clone()),
    }
}

/// The network after a run, and what the run told.
fn taught(setup: &Setup, teacher: &TeacherFrom, stop_at: Option<u64>) -> (Network, Ear) {
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear {
        stop_at,
        ..Ear::default()
    };
    let sources = taught_by(teacher);
    run_with(setup, &sources, Some(folder.path()), None, &mut ear).unwrap();
    let network = saved(setup, &ear.saved.last().unwrap().path, "network.bpk");
    (network, ear)
}

fn answers(network: &Network, samples: &Tensor<2>) -> Vec<Vec<f64>> {
    rows(network.forward(Samples::Numbers(samples.clone())))
}

/// `(1 − α)·H + α·T²·KL(p ‖ q)`, the mean over a batch.
fn by_hand(setup: &Setup, own: &[Vec<f64>], theirs: &[Vec<f64>], classes: &[usize]) -> f64 {
    let distil = setup.distil.as_ref().unwrap();
    let (alpha, temperature) = (distil.alpha, distil.temperature);
    let each = own.iter().zip(theirs).zip(classes);
    let sum: f64 = each
        .map(|((own, theirs), class)| {
            let hard = -log_softmax(own, 1.0)[*class];
            let (q, p) = (
                log_softmax(own, temperature),
                log_softmax(theirs, temperature),
            );
            let divergence: f64 = p.iter().zip(&q).map(|(p, q)| p.exp() * (p - q)).sum();
            (1.0 - alpha) * hard + alpha * temperature * temperature * divergence
        })
        .sum();
    sum / own.len() as f64
}

#[test]
fn the_loss_and_its_gradient_are_those_by_hand() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let teacher = teacher(&[], 12, folder.path());
    let theirs = saved(&teacher.setup, &teacher.checkpoint, "network.bpk");
    for options in [
        "distil.temperature=4",
        "distil={\"teacher\":\"first\",\"temperature\":1.5,\"alpha\":0.3}",
        "distil={\"teacher\":\"first\",\"temperature\":8,\"alpha\":1}",
        "regime.micro_batch_size=8",
    ] {
        let sgd = "regime.optimiser={\"kind\":\"sgd\",\"momentum\":0}";
        let setup = student(&[options, sgd, "regime.learning_rate=0.5"], 1);
        let (after, ear) = taught(&setup, &teacher, None);
        let before = untrained(&setup);
        let (samples, classes) = first_batch(&setup, 0);
        let (own, wanted) = (answers(&before, &samples), answers(&theirs, &samples));
        let expected = by_hand(&setup, &own, &wanted, &classes);
        let told = ear.evaluations[0].train_loss.unwrap();
        assert!(
            (told - expected).abs() < 1e-4 * expected,
            "{options}: {told} {expected}"
        );

        // By the scores of a class the derivative is (1 − α)·(q − y) + α·T·(q_T − p_T), and that by its bias the mean over the batch.
        let distil = setup.distil.as_ref().unwrap();
        let (alpha, t) = (distil.alpha, distil.temperature);
        let mut gradient = vec![0.0; 10];
        for ((own, wanted), class) in own.iter().zip(&wanted).zip(&classes) {
            let (q, q_t, p_t) = (
                log_softmax(own, 1.0),
                log_softmax(own, t),
                log_softmax(wanted, t),
            );
            for (index, sum) in gradient.iter_mut().enumerate() {
                let right = f64::from(u8::from(index == *class));
                let hard = q[index].exp() - right;
                let soft = t * (q_t[index].exp() - p_t[index].exp());
                *sum += ((1.0 - alpha) * hard + alpha * soft) / own_count(&classes);
            }
        }
        let bias = |network: &Network| -> Vec<f64> {
            let all = bits(network);
            let found = all.iter().find(|(name, _)| name == "classes.bias").unwrap();
            found
                .1
                .iter()
                .map(|x| f64::from(f32::from_bits(*x)))
                .collect()
        };
        let steps = bias(&before).into_iter().zip(bias(&after));
        for ((before, after), gradient) in steps.zip(&gradient) {
            let expected = -0.5 * gradient;
            assert!(
                (after - before - expected).abs() < 1e-5,
                "{options}: {} {expected}",
                after - before
            );
        }
    }
}

fn own_count(classes: &[usize]) -> f64 {
    classes.len() as f64
}

/// In a later step the teacher still answers as its checkpoint does: nothing that was learnt flowed back into it.
#[test]
fn the_teacher_does_not_learn() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let teacher = teacher(&["regime.optimiser.kind=adam"], 6, folder.path());
    let files = || {
        ["network.bpk", "optimiser.bpk", "state.json"]
            .map(|name| std::fs::read(teacher.checkpoint.join(name)).unwrap())
    };
    let before = files();
    let mut setup = student(&["regime.learning_rate=0.05"], 6);
    setup.regime.evaluation.every_steps = Some(1);
    let (five, _) = taught(&setup, &teacher, Some(5));
    let (_, ear) = taught(&setup, &teacher, None);
    let (samples, classes) = first_batch(&setup, 5);
    let theirs = saved(&teacher.setup, &teacher.checkpoint, "network.bpk");
    let expected = by_hand(
        &setup,
        &answers(&five, &samples),
        &answers(&theirs, &samples),
        &classes,
    );
    let told = ear.evaluations[5].train_loss.unwrap();
    assert!(
        (told - expected).abs() < 1e-4 * expected,
        "{told} {expected}"
    );
    assert_eq!(before, files());
}

#[test]
fn without_weight_the_teacher_is_not_asked_and_nothing_is_different() {
    let _alone = alone();
    let plain = small(&["model.kind=mlp", "model.hidden=[16]"], 6);
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    run(&plain, None, Some(folder.path()), None, &mut ear).unwrap();
    let expected = saved(&plain, &ear.saved.last().unwrap().path, "network.bpk");

    let setup = student(&["distil.alpha=0"], 6);
    let folder = tempfile::tempdir().unwrap();
    let mut ear = Ear::default();
    // Nobody looked a teacher up.
    run(&setup, None, Some(folder.path()), None, &mut ear).unwrap();
    let found = saved(&setup, &ear.saved.last().unwrap().path, "network.bpk");
    assert_eq!(bits(&found), bits(&expected));
    assert_eq!(ear.taught, (0, 0));
}

/// Samples that are never changed are answered once, whatever the number of epochs; others each time.
#[test]
fn answers_are_kept_where_they_stay_the_same() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let teacher = teacher(&[], 6, folder.path());
    let samples = joulelab::data::describe(&teacher.setup.dataset)
        .unwrap()
        .train_samples as u64;
    let per_epoch = samples / 32;
    let epochs = |count: u64, more: &[&str]| {
        let mut all = vec!["regime.learning_rate=0.01"];
        all.extend(more);
        student(&all, count * per_epoch)
    };
    let (_, ear) = taught(&epochs(3, &[]), &teacher, None);
    let passes = samples.div_ceil(32);
    assert_eq!(ear.taught, (passes * 32, passes));
    let (_, ear) = taught(
        &epochs(3, &["regime.augmentation.crop_padding=1"]),
        &teacher,
        None,
    );
    assert_eq!(ear.taught, (3 * per_epoch * 32, 3 * per_epoch));
    // In a single epoch no sample comes twice.
    let (live, ear) = taught(&epochs(1, &[]), &teacher, None);
    assert_eq!(ear.taught, (per_epoch * 32, per_epoch));
    // What is looked up is what would have been answered.
    let (kept, _) = taught(&epochs(2, &[]), &teacher, Some(per_epoch));
    let numbers = |network: &Network| -> Vec<f32> {
        let all = bits(network).into_iter().flat_map(|(_, bits)| bits);
        all.map(f32::from_bits).collect()
    };
    let pairs = numbers(&live).into_iter().zip(numbers(&kept));
    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-4, "{worst}");
}

#[test]
fn a_taught_run_goes_on_as_if_never_interrupted() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let teacher = teacher(&["regime.ema={}"], 6, folder.path());
    for more in ["regime.augmentation.flip=true", "model.dropout=0.2"] {
        let setup = student(&[more], 60);
        let (whole, _) = taught(&setup, &teacher, None);
        for stop_at in [3, 50] {
            let folder = tempfile::tempdir().unwrap();
            let sources = taught_by(&teacher);
            let mut ear = Ear {
                stop_at: Some(stop_at),
                ..Ear::default()
            };
            run_with(&setup, &sources, Some(folder.path()), None, &mut ear).unwrap();
            let checkpoint = ear.saved.last().unwrap().path.clone();
            let mut ear = Ear::default();
            run_with(
                &setup,
                &sources,
                Some(folder.path()),
                Some(checkpoint),
                &mut ear,
            )
            .unwrap();
            let resumed = saved(&setup, &ear.saved.last().unwrap().path, "network.bpk");
            assert_eq!(
                bits(&resumed),
                bits(&whole),
                "{more}, after {stop_at} steps"
            );
        }
    }
}

/// Both see the same pictures, each as it normalises them.
#[test]
fn each_network_normalises_by_its_own_dataset() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let other = ["dataset.test_fraction=0.95", "dataset.split_seed=7"];
    let teacher = teacher(&other, 30, folder.path());
    let theirs = saved(&teacher.setup, &teacher.checkpoint, "network.bpk");
    let setup = student(&["distil.alpha=1"], 1);
    let (_, ear) = taught(&setup, &teacher, None);
    let told = ear.evaluations[0].train_loss.unwrap();

    let (samples, classes) = first_batch(&setup, 0);
    let normalisation = |setup: &Setup| {
        let data = joulelab::data::load(&setup.dataset).unwrap();
        (data.normalisation.mean[0], data.normalisation.std[0])
    };
    let ((mean, std), (their_mean, their_std)) =
        (normalisation(&setup), normalisation(&teacher.setup));
    let pixels = samples.clone() * std + mean;
    let seen = (pixels - their_mean) / their_std;
    let own = answers(&untrained(&setup), &samples);
    let expected = by_hand(&setup, &own, &answers(&theirs, &seen), &classes);
    let wrong = by_hand(&setup, &own, &answers(&theirs, &samples), &classes);
    assert!(
        (told - expected).abs() < 1e-4 * expected,
        "{told} {expected}"
    );
    assert!((told - wrong).abs() > 1e-3 * expected, "{told} {wrong}");
}

/// A run that learnt several labels teaches the one that is asked for, wherever it stands in its answers.
#[test]
fn the_right_head_teaches() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let heads = "multitask.heads=[{\"label\":\"parity\"},{\"label\":\"digit\"}]";
    let teacher = teacher(&[heads], 12, folder.path());
    let theirs = saved(&teacher.setup, &teacher.checkpoint, "network.bpk");
    let setup = student(&["distil.alpha=1"], 1);
    let (_, ear) = taught(&setup, &teacher, None);
    let (samples, classes) = first_batch(&setup, 0);
    let wanted: Vec<Vec<f64>> = answers(&theirs, &samples)
        .into_iter()
        .map(|scores| scores[2..].to_vec())
        .collect();
    let own = answers(&untrained(&setup), &samples);
    let expected = by_hand(&setup, &own, &wanted, &classes);
    let told = ear.evaluations[0].train_loss.unwrap();
    assert!(
        (told - expected).abs() < 1e-4 * expected,
        "{told} {expected}"
    );

    // And a student with both heads, in another order.
    let swapped = "multitask.heads=[{\"label\":\"digit\"},{\"label\":\"parity\"}]";
    let setup = student(&[swapped, "distil.alpha=1"], 1);
    let (_, ear) = taught(&setup, &teacher, None);
    let theirs = answers(&theirs, &samples);
    let own = answers(&untrained(&setup), &samples);
    let part = |scores: &[Vec<f64>], range: std::ops::Range<usize>| -> Vec<Vec<f64>> {
        scores
            .iter()
            .map(|all| all[range.clone()].to_vec())
            .collect()
    };
    let nobody = vec![0; classes.len()];
    let digits = by_hand(&setup, &part(&own, 0..10), &part(&theirs, 2..12), &nobody);
    let parity = by_hand(&setup, &part(&own, 10..12), &part(&theirs, 0..2), &nobody);
    let told = ear.evaluations[0].train_loss.unwrap();
    let expected = digits + parity;
    assert!(
        (told - expected).abs() < 1e-4 * expected,
        "{told} {expected}"
    );
}

#[test]
fn who_cannot_teach_is_refused_with_the_reason() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let digits = teacher(&[], 2, folder.path());
    let with = |changes: &[&str]| TeacherFrom {
        setup: small(changes, 2),
        ..digits.clone()
    };
    let refused = |setup: &Setup, teacher: Option<&TeacherFrom>| {
        let info = joulelab::data::describe(&setup.dataset).unwrap();
        let plan = setup.validate_with(&info.counts()).unwrap();
        match check_teacher(setup, &plan, teacher) {
            Ok(found) => {
                assert!(found.is_some());
                String::new()
            }
            Err(error) => error.to_string(),
        }
    };
    let setup = student(&[], 2);
    assert_eq!(refused(&setup, Some(&digits)), "");
    let shapes = [
        "dataset.name=shapes",
        "dataset.size=16",
        "dataset.samples=120",
    ];
    let mut colours = shapes.to_vec();
    colours.push("dataset.label=colour");
    let of_shapes = student(&shapes, 2);
    let words = refused(&of_shapes, Some(&with(&colours)));
    assert!(words.contains("tells apart `colour` ("), "{words}");
    assert!(words.contains("this run `shape` ("), "{words}");
    for (teacher, word) in [
        (None, "no library"),
        (Some(with(&shapes)), "samples of 1×16×16"),
        (
            Some(with(&["dataset.name=modular-addition", "model.kind=mlp"])),
            "reads samples of",
        ),
        (
            Some(with(&["dataset.name=cartpole", "model.kind=mlp"])),
            "was asked for",
        ),
        (
            Some(with(&["dataset.name=mnist"])),
            "how run first sees samples is not known",
        ),
        // Its checkpoint is of the setup that it says it has.
        (Some(with(&["regime.seed=9"])), "of another setup"),
    ] {
        let words = refused(&setup, teacher.as_ref());
        assert!(words.contains(word), "{word}: {words}");
    }
    let gone = TeacherFrom {
        checkpoint: folder.path().join("nowhere"),
        ..digits.clone()
    };
    assert!(refused(&setup, Some(&gone)).contains("nowhere"));
    // Numbers have no classes, and neither has a game.
    let played = student(&["dataset.name=cartpole"], 2);
    let info = joulelab::data::describe(&played.dataset).unwrap();
    let words = played
        .validate_with(&info.counts())
        .unwrap_err()
        .to_string();
    assert!(words.contains("distil"), "{words}");
    for wrong in [
        "distil.temperature=0",
        "distil.temperature=1e9",
        "distil.alpha=1.5",
        "distil.teacher=\"\"",
    ] {
        let field = wrong.split('=').next().unwrap();
        let words = student(&[wrong], 2).validate().unwrap_err().to_string();
        assert!(words.contains(field), "{wrong}: {words}");
    }
}

/// How it sees samples is kept with its checkpoint.
#[test]
fn a_teacher_whose_files_are_gone_still_teaches() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let table = |name: &str, shift: u32| {
        let rows = (0..60_u32).map(|row| {
            let class = if row % 3 == 0 { "yes" } else { "no" };
            format!("{},{},{class}\n", row % 7 + shift, row % 11)
        });
        let path = folder.path().join(name);
        let text: String = std::iter::once("a,b,label\n".to_owned())
            .chain(rows)
            .collect();
        std::fs::write(&path, text).unwrap();
        path
    };
    let (theirs, ours) = (table("theirs.csv", 5), table("ours.csv", 0));
    let dataset = |path: &Path| {
        let file = path.to_str().unwrap();
        format!("dataset={{\"name\":\"csv\",\"file\":\"{file}\"}}")
    };
    let mlp = "model={\"kind\":\"mlp\",\"hidden\":[4]}";
    let batch = "regime.batch_size=8";
    let checkpoints = folder.path().join("checkpoints");
    let teacher = teacher(
        &["model.kind=mlp", mlp, &dataset(&theirs), batch],
        6,
        &checkpoints,
    );
    let setup = student(&[mlp, &dataset(&ours), batch], 3);
    let (before, _) = taught(&setup, &teacher, None);
    std::fs::remove_file(&theirs).unwrap();
    let (after, ear) = taught(&setup, &teacher, None);
    assert_eq!(bits(&before), bits(&after));
    assert!(ear.taught.0 > 0);

    // Without what was kept there is nothing to go by.
    std::fs::remove_file(checkpoints.join("encoding.json")).unwrap();
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let plan = setup.validate_with(&info.counts()).unwrap();
    let error = check_teacher(&setup, &plan, Some(&teacher)).unwrap_err();
    assert!(
        error.to_string().contains("how run first sees samples"),
        "{error}"
    );
}
