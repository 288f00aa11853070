//! One network for all tasks against one for each, on made-up figures.

use joulelab::analysis::multitask::words::{in_words, verdict};
use joulelab::analysis::multitask::{TaskRun, compare};
use joulelab::units::{Estimate, HeadOutcome, HeadResult};
use serde_json::{Value, json};

fn outcome(label: &str, value: f64, target: Option<f64>) -> HeadOutcome {
    let last = HeadResult {
        head: label.to_owned(),
        value: Some(value),
        target,
        ..HeadResult::default()
    };
    HeadOutcome::after(None, last, 10)
}

/// A run of `seed` whose energy is known within 10 %.
fn made(seed: u64, tasks: &[(&str, f64)], energy_j: f64, time_s: f64) -> TaskRun {
    let labels: Vec<&str> = tasks.iter().map(|(label, _)| *label).collect();
    TaskRun {
        run: format!("{}-{seed}", labels.join("+")),
        seed,
        tasks: tasks
            .iter()
            .map(|(label, value)| outcome(label, *value, Some(0.9)))
            .collect(),
        energy_j: Some(Estimate::plus_minus(energy_j, 0.1 * energy_j)),
        source: "a counter".to_owned(),
        time_s,
        parameters: Some(if tasks.len() > 1 { 130 } else { 100 }),
        device: "one".to_owned(),
        setup: json!({ "regime": { "batch_size": 32, "seed": seed } }),
    }
}

fn branches() -> (Vec<TaskRun>, Vec<TaskRun>) {
    let joint = (0..3).map(|seed| {
        let tasks = [("shape", 0.93), ("size", 0.92)];
        made(seed, &tasks, 100.0 + seed as f64, 10.0)
    });
    let separate = (0..3).flat_map(|seed| {
        [
            made(seed, &[("shape", 0.95)], 120.0 + seed as f64, 8.0),
            made(seed, &[("size", 0.91)], 80.0 + seed as f64, 12.0),
        ]
    });
    (joint.collect(), separate.collect())
}

#[test]
fn energies_add_up_by_seed_and_the_common_error_of_the_meter_cancels() {
    let (joint, separate) = branches();
    let found = compare(&joint, &separate).unwrap();
    // 100, 101, 102 against 200, 202, 204.
    assert_eq!(found.joint.energy_j.as_ref().unwrap().mean(), 101.0);
    assert_eq!(found.separate.energy_j.as_ref().unwrap().mean(), 202.0);
    let energy = found.energy.unwrap();
    assert!((energy.estimate.value - 0.5).abs() < 1e-12);
    assert!(energy.paired);
    // Seeds go hand in hand, and the meter's 10 % is in both: nothing is left that could be off.
    let (low, high) = energy.estimate.interval().unwrap();
    assert!(high - low < 1e-6, "{energy:?}");
    assert!((found.time.unwrap().estimate.value - 0.5).abs() < 1e-12);
    assert_eq!(found.parameters, Some(0.65));
    assert_eq!(found.separate.by_task_j["shape"].mean(), 121.0);
    let size = &found.tasks[1];
    assert_eq!((size.name.as_str(), size.target), ("size", Some(0.9)));
    assert!((size.difference.unwrap().mean - 0.01).abs() < 1e-12);
    assert_eq!(
        (size.joint_reached, size.separate_reached),
        ((3, 3), (3, 3))
    );
    assert!(found.reasons.is_empty() && found.remarks.is_empty());
}

#[test]
fn one_seed_makes_a_ratio_without_an_interval() {
    let (mut joint, mut separate) = branches();
    joint.retain(|run| run.seed == 0);
    // Also where the other branch has more: its spread says nothing of the first.
    let several = compare(&joint, &separate).unwrap();
    separate.retain(|run| run.seed == 0);
    // Different meters would make an interval of the measurement alone, which says nothing of chance either.
    let mut other = separate.clone();
    for run in &mut other {
        run.source = "another counter".to_owned();
    }
    let found = [
        several,
        compare(&joint, &separate).unwrap(),
        compare(&joint, &other).unwrap(),
    ];
    for comparison in found {
        let (energy, time) = (comparison.energy.unwrap(), comparison.time.unwrap());
        for ratio in [energy, time] {
            assert_eq!((ratio.estimate.interval(), ratio.test), (None, None));
            assert!(!in_words(&ratio).contains("to"), "{}", in_words(&ratio));
        }
        assert!((energy.estimate.value - 0.5).abs() < 0.01);
        assert!(in_words(&energy).starts_with("0.49") || in_words(&energy) == "0.500");
        let words = verdict(&energy);
        assert!(
            words.contains("One seed says nothing of chance") && words.contains("no interval"),
            "{words}"
        );
        let json = serde_json::to_value(energy).unwrap();
        assert_eq!(
            (&json["estimate"]["low"], &json["estimate"]["high"]),
            (&Value::Null, &Value::Null)
        );
    }
}

#[test]
fn other_meters_do_not_cancel() {
    let (joint, mut separate) = branches();
    for run in &mut separate {
        run.source = "another counter".to_owned();
    }
    let found = compare(&joint, &separate).unwrap();
    let energy = found.energy.unwrap().estimate;
    let (low, high) = energy.interval().unwrap();
    // 10 % of either side in quadrature, about 14 %.
    assert!(high > 0.56 && low < 0.44, "{energy:?}");
    assert!(
        found.remarks[0].contains("different meters"),
        "{:?}",
        found.remarks
    );
}

#[test]
fn a_target_that_one_branch_did_not_reach_leaves_no_ratio() {
    let (joint, mut separate) = branches();
    separate[1].tasks = vec![outcome("size", 0.6, Some(0.9))];
    let found = compare(&joint, &separate).unwrap();
    assert!(found.energy.is_none() && found.time.is_none());
    assert_eq!(found.tasks[1].separate_reached, (2, 3));
    let words = found.reasons.join(" ");
    assert!(
        words.contains("separately, `size` reached its target in 2 of 3 runs"),
        "{words}"
    );
}

#[test]
fn what_cannot_be_compared_is_refused_in_words() {
    let (joint, separate) = branches();
    let refused =
        |joint: &[TaskRun], separate: &[TaskRun]| compare(joint, separate).unwrap_err().to_string();
    let shapes: Vec<TaskRun> = separate
        .iter()
        .filter(|run| run.run.starts_with("shape"))
        .cloned()
        .collect();
    assert!(refused(&joint, &shapes).contains("no separate run learns `size`"));
    assert!(refused(&joint, &joint).contains("separate runs learn one each"));
    assert!(refused(&[], &separate).contains("no joint run"));
    let with = |change: &dyn Fn(&mut TaskRun)| {
        let mut changed = separate.clone();
        change(changed.last_mut().unwrap());
        refused(&joint, &changed)
    };
    let words = with(&|run| run.tasks = vec![outcome("colour", 1.0, Some(0.9))]);
    assert!(
        words.contains("learns `colour`, which the joint runs do not"),
        "{words}"
    );
    let words = with(&|run| run.tasks = vec![outcome("size", 1.0, Some(0.8))]);
    assert!(
        words.contains("90.00 %") && words.contains("80.00 %"),
        "{words}"
    );
    assert!(with(&|run| run.device = "two".to_owned()).contains("cannot be compared"));
    assert!(with(&|run| run.seed = 0).contains("two runs of seed 0"));
    assert!(with(&|run| run.seed = 7).contains("other seeds"));
}

#[test]
fn further_differences_and_missing_energies_are_told() {
    let (joint, mut separate) = branches();
    separate[0].energy_j = None;
    separate[2].setup["regime"]["batch_size"] = Value::from(64);
    let found = compare(&joint, &separate).unwrap();
    assert!(found.energy.is_none());
    assert!(
        found
            .reasons
            .join(" ")
            .contains("not every run has an energy")
    );
    assert!(found.remarks.join(" ").contains("regime.batch_size"));
}
