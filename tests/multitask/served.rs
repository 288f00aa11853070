//! Networks side by side, on made-up figures.

use joulelab::analysis::serving::{Served, against};
use joulelab::library::{HeadAnswers, Inference, Latency};
use joulelab::units::{Estimate, Metric};

/// 1,000 answers for `energy_j` joules, known by the meter within `measured`, with a spread of `spread`.
fn asked(batch_size: u64, energy_j: f64, measured: f64, spread: f64) -> Inference {
    Inference {
        made_at: jiff::Timestamp::UNIX_EPOCH,
        program_version: "0.1.0".to_owned(),
        machine: "here".to_owned(),
        device: "card".to_owned(),
        backend: "wgpu".to_owned(),
        step: 10,
        batch_size,
        windows: 3,
        window_s: 1.0,
        samples: 1000,
        seconds: 3.0,
        warm_up_passes: 10,
        warm_up_s: 1.0,
        latency: Latency {
            mean_s: Some(0.01),
            ..Latency::default()
        },
        throughput: 100.0,
        energy_j: Some(Estimate::plus_minus(energy_j, measured.hypot(spread))),
        net_j: None,
        spread_j: Some(spread),
        measured_j: Some(Estimate::plus_minus(energy_j, measured)),
        interval: 0.02,
        interval_reached: true,
        energies: Vec::new(),
        sum: None,
        missing: Vec::new(),
        idle_power: Vec::new(),
        carbon_g: Some(Estimate::plus_minus(energy_j, measured.hypot(spread)).scale(0.1)),
        carbon: None,
        metric: Metric::Accuracy,
        value: Some(0.9),
        run_value: None,
        agrees: None,
        heads: Vec::new(),
    }
}

fn served(labels: &[&str], seed: u64, parameters: u64, inferences: Vec<Inference>) -> Served {
    let name = format!("{}-{seed}", labels.join("+"));
    Served {
        run: format!("id-{name}"),
        name,
        seed,
        dataset: "shapes".to_owned(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        parameters: Some(parameters),
        inferences,
    }
}

/// One network for 10 J against two for 6 J and 8 J, by a meter that is right within 5 %.
fn three() -> Vec<Served> {
    let mut joint = asked(1, 10.0, 0.5, 0.2);
    joint.heads = [("shape", 0.95), ("size", 0.85)]
        .map(|(head, value)| HeadAnswers {
            head: head.to_owned(),
            metric: Metric::Accuracy,
            value: Some(value),
            run_value: None,
            agrees: None,
        })
        .to_vec();
    vec![
        served(&["shape", "size"], 0, 130, vec![joint]),
        served(&["size"], 0, 100, vec![asked(1, 8.0, 0.4, 0.24)]),
        served(&["shape"], 0, 100, vec![asked(1, 6.0, 0.3, 0.18)]),
    ]
}

fn close(found: Estimate, value: f64, low: f64, high: f64) {
    for (a, b) in [(found.value, value), (found.low, low), (found.high, high)] {
        assert!(
            (a - b).abs() < 1e-9,
            "{found:?}, not {value} ({low} to {high})"
        );
    }
}

#[test]
fn separate_networks_add_up_and_one_meters_error_cancels_in_the_ratio() {
    let (found, reasons) = against(&three());
    assert!(reasons.is_empty());
    let one = &found[0];
    assert_eq!(one.separate, ["id-shape-0", "id-size-0"]);
    assert_eq!(one.parameters, Some((130, 200)));
    let at = &one.at_once[0];
    // 14 J; 0.3 + 0.4 of the meter, 0.18 and 0.24 in quadrature over windows: √(0.7² + 0.3²).
    let half = 0.7_f64.hypot(0.3);
    close(
        at.separate.energy_j.unwrap(),
        14.0,
        14.0 - half,
        14.0 + half,
    );
    close(
        at.separate.carbon_g.unwrap(),
        1.4,
        1.4 - 0.1 * half,
        1.4 + 0.1 * half,
    );
    assert!(
        (at.separate.throughput - 50.0).abs() < 1e-9,
        "one after the other"
    );
    assert_eq!((at.separate.mean_s, at.time), (Some(0.02), Some(0.5)));
    // 5 % on either side is one error; the spreads of 2 % and 0.3 ÷ 14 are not.
    let spread = 0.02_f64.hypot(0.3 / 14.0);
    let ratio = 10.0 / 14.0;
    close(
        at.energy.unwrap(),
        ratio,
        ratio * (-spread).exp(),
        ratio * spread.exp(),
    );
    let tasks: Vec<_> = one
        .tasks
        .iter()
        .map(|task| (task.name.as_str(), task.joint, task.separate))
        .collect();
    assert_eq!(
        tasks,
        [
            ("shape", Some(0.95), Some(0.9)),
            ("size", Some(0.85), Some(0.9))
        ]
    );
}

#[test]
fn what_cannot_be_compared_is_left_out_with_a_reason() {
    let mut runs = three();
    runs[2].inferences[0].device = "another".to_owned();
    let (found, _) = against(&runs);
    let at = &found[0].at_once[0];
    assert!(at.energy.is_none() && at.time.is_none());
    assert!(
        found[0].remarks[0].contains("different devices"),
        "{:?}",
        found[0].remarks
    );

    let mut runs = three();
    runs[1].inferences[0].energy_j = None;
    let at = &against(&runs).0[0].at_once[0];
    assert!(at.energy.is_none() && at.separate.energy_j.is_none());

    let mut runs = three();
    runs[1].inferences[0].batch_size = 32;
    let (found, _) = against(&runs);
    assert!(found[0].at_once.is_empty());
    assert!(found[0].remarks[0].contains("not all of them were asked 1 at once"));

    let (found, reasons) = against(&three()[..2]);
    assert!(found.is_empty() && reasons[0].contains("no run among these answers `shape`"));

    let mut runs = three();
    runs.push(served(&["size"], 7, 100, vec![asked(1, 9.0, 0.1, 0.1)]));
    assert_eq!(
        against(&runs).0[0].separate,
        ["id-shape-0", "id-size-0"],
        "of the same seed"
    );
    runs[0].seed = 3;
    let (_, reasons) = against(&runs);
    assert!(
        reasons[0].contains("several runs answer `size`"),
        "{reasons:?}"
    );

    // Without separate runs there is nothing to compare, and nothing to say.
    assert_eq!(against(&three()[..1]), (Vec::new(), Vec::new()));
}
