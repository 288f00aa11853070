//! Training on the CPU: what it reaches, what is stored of it.

use crate::joulelab::{Joulelab, number};
use joulelab::library::Library;

#[test]
fn the_default_run_reaches_97_percent() {
    let joulelab = Joulelab::new();
    let details = joulelab.train(&[]);
    assert_eq!(details["run"]["status"], "completed");
    assert_eq!(details["run"]["setup"]["dataset"], "digits");
    let accuracy = number(&details, "/run/metrics/final_test_metric");
    assert!(accuracy >= 0.97, "{accuracy}");
    assert_eq!(details["epochs"].as_array().map(Vec::len), Some(30));
    assert_eq!(number(&details, "/run/steps"), 30.0 * 22.0);
    assert_eq!(details["self_check"]["passed"], true);
    assert!(
        details["checkpoints"]
            .as_array()
            .is_some_and(|list| !list.is_empty())
    );
}

#[test]
fn every_energy_has_its_interval_and_provenance() {
    let joulelab = Joulelab::new();
    let details = joulelab.json(&[
        "run",
        "--json",
        "-q",
        "--device",
        "cpu",
        "--idle",
        "1",
        "--time-budget",
        "2",
        "--country",
        "FRA",
        "--pue",
        "1.2",
        "--cpu-tdp",
        "100",
    ]);
    assert_eq!(details["summary"]["json"]["reason"], "time");
    let part = &details["training"][0];
    assert_eq!(part["figure"]["boundary"], "cpu-package");
    assert_eq!(part["figure"]["grade"], "E");
    let value = number(part, "/figure/energy_j/value");
    let (low, high) = (
        number(part, "/figure/energy_j/low"),
        number(part, "/figure/energy_j/high"),
    );
    assert!(0.0 < low && low < value && value < high, "{part:#}");
    // At most the 100 W of the design power, at least its idle share.
    let window_s = number(part, "/figure/window_s");
    assert!((1.9..6.0).contains(&window_s), "{window_s}");
    assert!(
        value <= 100.1 * window_s && value >= 10.0 * window_s,
        "{part:#}"
    );
    assert!(number(part, "/net_j/value") < value, "{part:#}");
    let idle = number(&details, "/idle_power/0/power_w/value");
    assert!((10.0..=100.1).contains(&idle), "{idle}");
    // gCO2e = J ÷ 3.6 MJ/kWh × PUE × g/kWh, for the interval's ends as well.
    let carbon = &details["summary"]["carbon"]["carbon_g"];
    let g_per_kwh = number(&details, "/run/carbon/g_per_kwh");
    let factor = 1.2 * g_per_kwh / 3.6e6;
    for end in ["value", "low", "high"] {
        let sum = format!("/summary/json/components/gross/energy_j/{end}");
        let expected = number(&details, &sum) * factor;
        let found = number(carbon, &format!("/{end}"));
        assert!(
            (found / expected - 1.0).abs() < 1e-9,
            "{end}: {found} {expected}"
        );
    }
    let phases: Vec<&str> = details["totals"]
        .as_array()
        .expect("totals")
        .iter()
        .filter_map(|total| total["phase"].as_str())
        .collect();
    for phase in ["idle", "load", "warm-up", "train", "evaluate", "checkpoint"] {
        assert!(phases.contains(&phase), "{phases:?}");
    }
}

#[test]
fn the_sum_of_train_and_evaluate_is_within_the_training_figure() {
    let joulelab = Joulelab::new();
    let details = joulelab.train(&["-e", "5", "--set", "checkpoint.every_s=0"]);
    let of = |phase: &str| {
        let totals = details["totals"].as_array().expect("totals");
        let total = totals
            .iter()
            .find(|total| total["phase"] == phase)
            .expect("a phase");
        number(total, "/energies/0/figure/energy_j/value")
    };
    let whole = number(&details, "/training/0/figure/energy_j/value");
    let parts = of("train") + of("evaluate");
    // The moments between two phases, in which the meters are read, belong to the whole alone.
    assert!(parts <= whole * 1.001, "{parts} of {whole}");
    assert!(parts >= whole * 0.8, "{parts} of {whole}");
}

#[test]
fn every_held_out_sample_is_in_the_confusion_matrix() {
    let joulelab = Joulelab::new();
    for arguments in [
        // 360 samples in batches that do not divide them: what fills the last one up must not count.
        &["-e", "2", "--set", "regime.evaluation.batch_size=77"] as &[&str],
        &["-d", "breast-cancer", "-e", "3"],
    ] {
        let details = joulelab.train(arguments);
        let id = details["run"]["id"].as_str().expect("an identifier");
        let library = Library::open(joulelab.library()).expect("the library opens");
        let confusions = library.confusions(id, None, 100).expect("matrices");
        let epochs = details["epochs"].as_array().expect("epochs");
        assert_eq!(confusions.len(), epochs.len());
        let sum = |counts: &[Vec<u32>]| counts.iter().flatten().sum::<u32>();
        let held_out = sum(&confusions[0].counts);
        for (confusion, epoch) in confusions.iter().zip(epochs) {
            assert_eq!(confusion.step as f64, number(epoch, "/step"));
            assert_eq!(sum(&confusion.counts), held_out);
            let right: u32 = (0..confusion.counts.len())
                .map(|class| confusion.counts[class][class])
                .sum();
            let accuracy = number(epoch, "/test_metric");
            assert!((f64::from(right) / f64::from(held_out) - accuracy).abs() < 1e-9);
        }
        let setup: joulelab::setup::Setup =
            serde_json::from_value(details["run"]["setup"]["json"].clone())
                .or_else(|_| serde_json::from_str(&library.run(id).expect("the run").setup.json))
                .expect("a setup");
        let data = joulelab::data::load(&setup.dataset).expect("the dataset");
        let truth = data.test.labels.classes(data.info.target).expect("classes");
        assert_eq!(truth.len(), held_out as usize);

        let latest = library
            .predictions(id, None)
            .expect("answers")
            .expect("answers");
        let last = confusions.last().expect("a matrix");
        assert_eq!(latest.step, last.step);
        let mut counts = vec![vec![0_u32; last.counts.len()]; last.counts.len()];
        for (truth, predicted) in truth.iter().zip(&latest.predicted) {
            counts[usize::from(*truth)][usize::from(*predicted)] += 1;
        }
        assert_eq!(
            counts, last.counts,
            "the answers are in the order of the test part"
        );
        let least = 1000 / last.counts.len() as u16;
        let sure = |confidence: &u16| (least..=1000).contains(confidence);
        assert!(latest.confidence_permille.iter().all(sure));
    }
}

#[test]
fn a_target_ends_the_run_and_a_missed_one_has_its_own_code() {
    let joulelab = Joulelab::new();
    let reached = joulelab.train(&["-t", "0.9"]);
    assert_eq!(reached["run"]["target_reached"], true);
    assert_eq!(reached["summary"]["json"]["reason"], "target");
    assert!(number(&reached, "/run/epochs") < 30.0);
    let stderr_code = joulelab
        .output(&[
            "run", "-q", "--device", "cpu", "--idle", "0", "-t", "1", "-e", "1",
        ])
        .status
        .code();
    assert_eq!(stderr_code, Some(8));
}

#[test]
fn budgets_of_steps_and_energy_end_the_run() {
    let joulelab = Joulelab::new();
    let details = joulelab.train(&["--steps", "33"]);
    assert_eq!(number(&details, "/run/steps"), 33.0);
    assert_eq!(details["summary"]["json"]["reason"], "steps");
    let details = joulelab.train(&["--energy-budget", "20", "-e", "100000", "--cpu-tdp", "100"]);
    assert_eq!(details["summary"]["json"]["reason"], "energy");
    let used = number(&details, "/training/0/figure/energy_j/value");
    assert!((20.0..120.0).contains(&used), "{used}");
}

#[test]
fn early_stopping_and_divergence_are_told_apart() {
    let joulelab = Joulelab::new();
    let details = joulelab.train(&["--patience", "1", "--lr", "0.03", "-e", "200"]);
    assert_eq!(details["summary"]["json"]["reason"], "early-stopping");
    let stderr = joulelab.fails(
        6,
        &[
            "run", "-q", "--device", "cpu", "--idle", "0", "-m", "mlp", "-o", "sgd", "--lr", "1e30",
        ],
    );
    assert!(
        stderr.contains("diverged") && stderr.contains("learning rate"),
        "{stderr}"
    );
}

#[test]
fn one_seed_is_one_result_and_another_seed_another() {
    let joulelab = Joulelab::new();
    let losses = |seed: &str| {
        let details = joulelab.train(&["-m", "mlp", "--dropout", "0.2", "-e", "3", "--seed", seed]);
        let epochs = details["epochs"].as_array().expect("epochs").clone();
        epochs
            .iter()
            .map(|epoch| number(epoch, "/test_loss"))
            .collect::<Vec<_>>()
    };
    let first = losses("5");
    assert_eq!(first, losses("5"));
    assert_ne!(first, losses("6"));
}

#[test]
fn every_optimiser_schedule_and_layer_learns() {
    let joulelab = Joulelab::new();
    let cases: &[&[&str]] = &[
        &[
            "-m",
            "mlp",
            "-o",
            "sgd",
            "--lr",
            "0.05",
            "--nesterov",
            "--schedule",
            "one-cycle",
        ],
        &[
            "-m",
            "mlp",
            "-o",
            "adamw",
            "--schedule",
            "step",
            "--normalisation",
            "batch",
        ],
        &[
            "-m",
            "mlp",
            "-o",
            "rmsprop",
            "--lr",
            "0.001",
            "--schedule",
            "cosine",
            "--warmup",
            "10",
        ],
        &[
            "-m",
            "mlp",
            "--normalisation",
            "layer",
            "--activation",
            "gelu",
            "--clip-norm",
            "1",
        ],
        &[
            "-m",
            "mlp",
            "--activation",
            "silu",
            "--label-smoothing",
            "0.1",
            "--dropout",
            "0.1",
        ],
        &[
            "-m",
            "cnn",
            "--channels",
            "8",
            "--set",
            "model.head=global-average",
            "--set",
            "model.hidden=[32]",
            "--lr",
            "0.01",
        ],
        &[
            "-m",
            "cnn",
            "--channels",
            "8",
            "--set",
            "model.pooling=average",
            "--normalisation",
            "layer",
            "--activation",
            "tanh",
        ],
        &["-d", "breast-cancer"],
        &[
            "-d",
            "shapes",
            "--set",
            "dataset.samples=400",
            "--set",
            "dataset.size=16",
            "-m",
            "mlp",
            "--lr",
            "0.001",
        ],
    ];
    for case in cases {
        let mut arguments = vec!["-e", "6"];
        arguments.extend_from_slice(case);
        let details = joulelab.train(&arguments);
        let epochs = details["epochs"].as_array().expect("epochs");
        let first = number(&epochs[0], "/train_loss");
        let last = number(&epochs[epochs.len() - 1], "/train_loss");
        assert!(last < first * 0.9, "{case:?}: {first} to {last}");
    }
}
