//! Layers that stop learning one group after the other.

use joulelab::models::Network;
use joulelab::setup::{Length, Setup};

use crate::common::{Ear, alone, bits, run, saved, small, untrained};

const FREEZING: &str = "regime.layers.train=freezing";

/// Eight steps, in which the two blocks and the head learn for four, six and all of them.
fn eight(more: &[&str]) -> Setup {
    let mut changes = vec![FREEZING];
    changes.extend(more);
    small(&changes, 8)
}

/// The network after so many steps of a run, which goes on from `resume`, where given.
fn after(
    setup: &Setup,
    folder: &std::path::Path,
    stop_at: Option<u64>,
    resume: Option<std::path::PathBuf>,
) -> (Network, Ear) {
    let mut ear = Ear {
        stop_at,
        ..Ear::default()
    };
    run(setup, None, Some(folder), resume, &mut ear).unwrap();
    let network = saved(setup, &ear.saved.last().unwrap().path, "network.bpk");
    (network, ear)
}

/// Names of what differs between two networks.
fn differ(a: &Network, b: &Network) -> Vec<String> {
    let pairs = bits(a).into_iter().zip(bits(b));
    let differs = pairs.filter(|((_, a), (_, b))| a != b);
    differs.map(|((name, _), _)| name).collect()
}

#[test]
fn a_group_stays_to_the_bit_after_its_time() {
    let _alone = alone();
    for regime in [
        "regime.optimiser.kind=adamw",
        "regime.optimiser={\"kind\":\"sgd\",\"momentum\":0.9,\"weight_decay\":0.1}",
        "regime.layers.freezing.rates=constant",
    ] {
        let setup = eight(&[regime]);
        let folder = tempfile::tempdir().unwrap();
        let network = |steps| after(&setup, folder.path(), Some(steps), None).0;
        let [three, four, six] = [3, 4, 6].map(network);
        let (end, ear) = after(&setup, folder.path(), None, None);
        assert_eq!(
            ear.learns,
            [
                vec!["blocks.0", "blocks.1", "head"],
                vec!["blocks.1", "head"],
                vec!["head"]
            ],
            "{regime}"
        );
        let starts =
            |names: &[String], group: &str| names.iter().any(|name| name.starts_with(group));
        let changed = differ(&three, &four);
        assert!(starts(&changed, "blocks.0"), "{regime}: {changed:?}");
        let changed = differ(&four, &six);
        assert!(!starts(&changed, "blocks.0"), "{regime}: {changed:?}");
        assert!(starts(&changed, "blocks.1"), "{regime}: {changed:?}");
        let changed = differ(&six, &end);
        assert_eq!(changed, ["classes.weight", "classes.bias"], "{regime}");
    }
}

#[test]
fn a_run_that_freezes_goes_on_as_if_never_interrupted() {
    let _alone = alone();
    for more in [
        vec!["regime.ema={}", "regime.layers.freezing.times=cubic"],
        vec!["regime.optimiser.kind=adamw"],
    ] {
        let setup = eight(&more);
        let folder = tempfile::tempdir().unwrap();
        let (whole, _) = after(&setup, folder.path(), None, None);
        for stop_at in [1, 3, 4, 5, 7] {
            let folder = tempfile::tempdir().unwrap();
            let (_, ear) = after(&setup, folder.path(), Some(stop_at), None);
            let checkpoint = ear.saved.last().unwrap().path.clone();
            let (resumed, _) = after(&setup, folder.path(), None, Some(checkpoint));
            let differ = differ(&resumed, &whole);
            assert!(differ.is_empty(), "{more:?}, {stop_at} steps: {differ:?}");
        }
    }
}

/// The first step of each group, scaled, is as much longer as the group has less time.
#[test]
fn a_group_with_less_time_takes_longer_steps_where_rates_are_scaled() {
    let _alone = alone();
    let sgd = "regime.optimiser={\"kind\":\"sgd\",\"momentum\":0}";
    let network = |setup: &Setup| {
        let folder = tempfile::tempdir().unwrap();
        after(setup, folder.path(), Some(1), None).0
    };
    let before = bits(&untrained(&small(&[sgd], 8)));
    let plain = bits(&network(&small(&[sgd], 8)));
    let scaled = bits(&network(&eight(&[
        sgd,
        "regime.layers.freezing.scaled=true",
    ])));
    let mut looked_at = 0;
    for (index, (name, numbers)) in before.iter().enumerate() {
        let factor = match name {
            name if name.contains("running") => continue,
            name if name.starts_with("blocks.0") => 1.0 / 0.5,
            name if name.starts_with("blocks.1") => 1.0 / 0.75,
            _ => 1.0,
        };
        for (at, before) in numbers.iter().enumerate() {
            let step = |after: &[(String, Vec<u32>)]| {
                f32::from_bits(after[index].1[at]) - f32::from_bits(*before)
            };
            let (whole, longer) = (step(&plain), step(&scaled));
            let error = (whole * factor - longer).abs();
            assert!(
                error <= 2e-3 * whole.abs() + 2e-7,
                "{name}: {whole} {longer}"
            );
            looked_at += usize::from(whole.abs() > 1e-5);
        }
    }
    assert!(looked_at > 100, "{looked_at}");
}

#[test]
fn operations_are_counted_stage_by_stage() {
    let setup = eight(&[]);
    let info = joulelab::data::describe(&setup.dataset).unwrap();
    let plan = setup.validate_with(&info.counts()).unwrap();
    let length = Length {
        steps_per_epoch: 4,
        steps_max: Some(8),
    };
    let stages = setup.stages(&plan, length);
    let steps: Vec<u64> = stages.iter().map(|stage| stage.from_step).collect();
    assert_eq!(steps, [0, 4, 6]);
    let flop = |groups: &[&str]| plan.trained(|group| groups.contains(&group)).flop();
    let expected = [
        plan.training_flop(),
        flop(&["blocks.1", "head"]),
        flop(&["head"]),
    ];
    let found: Vec<u64> = stages.iter().map(|stage| stage.training_flop).collect();
    assert_eq!(found, expected);
    assert!(expected[0] > expected[1] && expected[1] > expected[2]);
    // A half of the run, a quarter, a quarter.
    let mean = (2 * expected[0] + expected[1] + expected[2]) as f64 / 4.0;
    assert!((setup.training_flop(&plan) as f64 - mean).abs() <= 1.0);
}

#[test]
fn a_schedule_without_an_end_is_refused() {
    let mut setup = eight(&[]);
    setup.regime.stop.steps = None;
    setup.regime.stop.epochs = None;
    setup.regime.stop.time_s = Some(1.0);
    let problems = setup.validate().unwrap_err().to_string();
    assert!(problems.contains("regime.layers.train"), "{problems}");
    let mut setup = eight(&[]);
    for from in [0.0, -0.1, 1.1, f64::NAN] {
        setup.regime.layers.freezing.from = from;
        let problems = setup.validate().unwrap_err().to_string();
        assert!(problems.contains("freezing.from"), "{problems}");
    }
}
