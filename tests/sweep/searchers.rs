//! Searchers on cost surfaces of known optimum.

use joulelab::analysis::search::{Found, Plan, Searcher, Step, Tried, cost_j, searcher};
use joulelab::library::TrialStatus;
use joulelab::setup::sweep::{Sweep, Until, file};
use joulelab::units::Metric;

fn sweep(text: &str) -> Sweep {
    file::from_toml(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What a run of a combination comes to when it has gone as far as its plan says.
struct Came {
    status: TrialStatus,
    value: f64,
    reached: Option<bool>,
    energy_j: Option<f64>,
    time_s: f64,
}

/// Every trial that was made.
#[derive(Default)]
struct Made {
    history: Vec<Tried>,
    plans: Vec<Plan>,
    seeds: Vec<u64>,
    found: Option<Found>,
    pruned: Vec<(u64, String)>,
}

/// Plays a search against `surface`, which tells what becomes of a combination's run; `most` ends one that does not end.
fn play(
    searcher: &dyn Searcher,
    most: usize,
    mut surface: impl FnMut(&[serde_json::Value], u64, &Plan) -> Came,
) -> Made {
    let mut made = Made::default();
    loop {
        let step = searcher.propose(&made.history);
        assert_eq!(
            step,
            searcher.propose(&made.history),
            "the same history, the same step"
        );
        for pruned in &step.pruned {
            made.pruned.push((pruned.number, pruned.reason.clone()));
            made.history[pruned.number as usize - 1].status = TrialStatus::Pruned;
        }
        let Step { trials, found, .. } = step;
        if trials.is_empty() {
            made.found = found;
            return made;
        }
        for proposed in trials {
            let values: Vec<_> = proposed
                .combination
                .choices
                .iter()
                .map(|(_, value)| value.clone())
                .collect();
            let came = surface(&values, proposed.seed, &proposed.plan);
            made.history.push(Tried {
                number: made.history.len() as u64 + 1,
                combination: proposed.combination.number,
                repeat: proposed.repeat,
                rung: proposed.rung,
                status: came.status,
                metric: Metric::Accuracy,
                value: Some(came.value),
                target_reached: came.reached,
                has_ended: proposed.plan.until.is_none(),
                energy_j: came.energy_j,
                time_s: came.time_s,
            });
            made.plans.push(proposed.plan);
            made.seeds.push(proposed.seed);
        }
        assert!(made.history.len() <= most, "the search does not end");
    }
}

fn done(value: f64, energy_j: f64) -> Came {
    Came {
        status: TrialStatus::Done,
        value,
        reached: Some(true),
        energy_j: Some(energy_j),
        time_s: energy_j / 100.0,
    }
}

#[test]
fn the_grid_tries_each_combination_with_each_seed_once_in_blocks() {
    let sweep = sweep(
        "repeats = 3\n[[axes]]\nfield = \"regime.batch_size\"\nvalues = [1, 2, 3, 4]\n\
         [[axes]]\nfield = \"regime.learning_rate\"\nvalues = [0.1, 0.2]\n",
    );
    let grid = searcher(&sweep);
    let made = play(&*grid, 100, |_, _, _| done(0.9, 1.0));
    assert_eq!((made.history.len(), grid.trials_max()), (24, 24));
    for (at, block) in made.history.chunks(8).enumerate() {
        let mut combinations: Vec<u64> = block.iter().map(|tried| tried.combination).collect();
        assert!(!combinations.is_sorted());
        combinations.sort_unstable();
        assert_eq!(combinations, (0..8).collect::<Vec<_>>());
        assert!(block.iter().all(|tried| tried.repeat == at as u64));
    }
    // Half of it is done: the other half is left, whatever the order.
    let left = grid.propose(&made.history[..12]).trials;
    assert_eq!(left.len(), 12);
    assert!(made.found.is_some_and(|found| found.combination.is_none()));
}

#[test]
fn random_search_tries_as_many_as_it_is_told() {
    let sweep = sweep(
        "repeats = 2\nsearcher = { kind = \"random\", combinations = 7, seed = 5 }\n\
         [[axes]]\nfield = \"regime.learning_rate\"\nlogarithmic = { from = 0.001, to = 1.0 }\n",
    );
    let made = play(&*searcher(&sweep), 100, |_, _, _| done(0.9, 1.0));
    assert_eq!(made.history.len(), 14);
}

const HALVING: &str =
    "repeats = 1\n[[axes]]\nfield = \"regime.batch_size\"\nvalues = [1, 2, 3, 4, 5, 6, 7, 8]\n";

fn halving(rest: &str) -> Sweep {
    sweep(&format!(
        "searcher = {{ kind = \"successive-halving\", first = {{ epochs = 2 }}, {rest} }}\n{HALVING}"
    ))
}

/// Accuracy rises towards a limit that is higher the nearer `x` is to 3; energy goes with `x` and the epochs.
fn rising(x: f64, plan: &Plan) -> Came {
    let epochs = match plan.until {
        Some(Until::Epochs(epochs)) => epochs as f64,
        Some(Until::Steps(_)) => panic!("rungs are of epochs here"),
        None => 30.0,
    };
    let limit = 0.9 - 0.05 * (x - 3.0).abs();
    Came {
        status: TrialStatus::Done,
        value: limit * (1.0 - (-epochs / 5.0).exp()),
        reached: None,
        energy_j: Some(10.0 * x * epochs),
        time_s: epochs,
    }
}

fn first(values: &[serde_json::Value]) -> f64 {
    values[0].as_f64().expect("a number")
}

#[test]
fn halving_by_performance_alone_finds_the_best_for_a_fraction_of_the_grid() {
    let sweep = halving("energy_weight = 0.0");
    let halving = searcher(&sweep);
    let mut spent = 0.0;
    let mut before = std::collections::HashMap::new();
    let made = play(&*halving, 100, |values, _, plan| {
        let came = rising(first(values), plan);
        // A run goes on where it stopped: only what it took since then is new.
        let now = came.energy_j.expect("a figure");
        let then = before.insert(first(values) as u64, now).unwrap_or(0.0);
        spent += now - then;
        came
    });
    // Combination 2 is batch size 3. Rungs of 8, 4, 2 and 1.
    assert_eq!(made.found.expect("an end").combination, Some(2));
    let rungs: Vec<u64> = made.history.iter().map(|tried| tried.rung).collect();
    let in_rung = |rung| rungs.iter().filter(|it| **it == rung).count();
    assert_eq!([0, 1, 2, 3].map(in_rung), [8, 4, 2, 1]);
    assert_eq!(halving.trials_max(), 15);
    let grid_j: f64 = (1..=8)
        .map(|x| {
            rising(f64::from(x), &Plan::default())
                .energy_j
                .expect("a figure")
        })
        .sum();
    assert!(spent < 0.35 * grid_j, "{spent} of {grid_j} J");
    // How far each goes: 2, 4 and 8 epochs, then to its own end; each goes on with its own run.
    assert_eq!(made.plans[0].until, Some(Until::Epochs(2)));
    assert_eq!(made.plans[8].until, Some(Until::Epochs(4)));
    assert_eq!(made.plans[12].until, Some(Until::Epochs(8)));
    assert_eq!(made.plans[14].until, None);
    let goes_on = made.plans[14].continues.expect("a run") as usize;
    assert_eq!(made.history[goes_on - 1].combination, 2);
    // What was pruned says why: 4 of the first rung, 2 of the second, 1 of the third.
    assert_eq!(made.pruned.len(), 7);
    assert!(made.pruned[0].1.contains("rung 1") && made.pruned[0].1.contains("of 8"));
}

#[test]
fn halving_that_counts_energy_takes_a_cheaper_one() {
    let by_energy = halving("energy_weight = 1.0");
    let made = play(&*searcher(&by_energy), 100, |values, _, plan| {
        rising(first(values), plan)
    });
    assert_eq!(
        made.found.expect("an end").combination,
        Some(0),
        "the cheapest is 1"
    );
    // In between: (1−w)·P + w·(1−E) in the first rung, with P and E scaled to the rung, is greatest at x = 2 for w = 0.4.
    let between = halving("energy_weight = 0.4, keep_one_in = 8");
    let made = play(&*searcher(&between), 100, |values, _, plan| {
        rising(first(values), plan)
    });
    let score = |x: f64| {
        let (p, e) = (0.9 - 0.05 * (x - 3.0).abs(), x);
        0.6 * (p - 0.65) / 0.25 + 0.4 * (1.0 - (e - 1.0) / 7.0)
    };
    let best = (1..=8)
        .max_by(|a, b| score(f64::from(*a)).total_cmp(&score(f64::from(*b))))
        .expect("eight of them");
    assert_eq!(
        made.found.expect("an end").combination,
        Some(best as u64 - 1)
    );
}

#[test]
fn halving_without_energy_goes_by_performance_and_drops_what_failed() {
    let sweep = halving("energy_weight = 1.0");
    let made = play(&*searcher(&sweep), 100, |values, _, plan| {
        let mut came = rising(first(values), plan);
        if first(values) == 5.0 {
            came.energy_j = None;
        }
        if first(values) == 3.0 {
            came.status = TrialStatus::Failed;
        }
        came
    });
    // One figure is missing at first, so energy is left out there; 2 and 4 are next to the optimum that failed.
    let found = made.found.expect("an end").combination;
    assert!(matches!(found, Some(1 | 3)), "{found:?}");
    assert!(
        made.history
            .iter()
            .all(|tried| tried.rung == 0 || tried.combination != 2)
    );
    let nothing = play(&*searcher(&sweep), 100, |_, _, _| Came {
        status: TrialStatus::Failed,
        ..done(0.0, 0.0)
    });
    assert_eq!(nothing.history.len(), 8);
    assert_eq!(nothing.found.expect("an end").combination, None);
}

#[test]
fn halving_asks_no_more_of_a_run_that_came_to_its_end() {
    let sweep = halving("energy_weight = 0.0");
    let made = {
        let searcher = searcher(&sweep);
        let mut history: Vec<Tried> = Vec::new();
        for proposed in searcher.propose(&[]).trials {
            let x = first(&[proposed.combination.choices[0].1.clone()]);
            let came = rising(x, &proposed.plan);
            history.push(Tried {
                number: history.len() as u64 + 1,
                combination: proposed.combination.number,
                repeat: 0,
                rung: 0,
                status: TrialStatus::Done,
                metric: Metric::Accuracy,
                value: Some(came.value),
                target_reached: Some(x == 3.0),
                has_ended: x == 3.0,
                energy_j: came.energy_j,
                time_s: came.time_s,
            });
        }
        searcher.propose(&history).trials
    };
    assert_eq!(
        made.len(),
        3,
        "of the four that are left, one has reached its target"
    );
    assert!(made.iter().all(|proposed| proposed.combination.number != 2));
}

const BATCHES: &str = "target = 0.9\n[base.regime]\nbatch_size = 64\n\
    [[axes]]\nfield = \"regime.batch_size\"\npowers_of_two = { from = 8, to = 1024 }\n";

fn zeus(rest: &str) -> Sweep {
    sweep(&format!(
        "searcher = {{ kind = \"zeus\"{rest} }}\n{BATCHES}"
    ))
}

/// Energy to the target over the batch size: a bowl about 128 on logarithms, with chance; 512 and above do not reach it.
fn bowl(batch_size: f64, seed: u64, plan: &Plan) -> Came {
    let off = (batch_size / 128.0).log2();
    // A spread of ± 5 %, the same for the same seed.
    let chance = (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64 / (1 << 24) as f64;
    let energy_j = 1000.0 * (1.0 + 0.3 * off * off) * (0.95 + 0.1 * chance);
    let mut came = done(0.9, energy_j);
    let limit = plan.stop_at.map_or(f64::INFINITY, |stop_at| stop_at.cost_j);
    if batch_size >= 512.0 || energy_j > limit {
        came.reached = Some(false);
        came.status = TrialStatus::NotReached;
        came.energy_j = Some(limit.min(5000.0));
    }
    came
}

#[test]
fn zeus_walks_down_and_up_prunes_and_settles_on_the_cheapest() {
    let sweep = zeus(", energy_share = 1.0, runs = 60");
    let made = play(&*searcher(&sweep), 100, |values, seed, plan| {
        bowl(first(values), seed, plan)
    });
    let batch_of = |tried: &Tried| 8_u64 << tried.combination;
    let batches: Vec<u64> = made.history.iter().map(batch_of).collect();
    // Round 1 from 64: down until one costs twice the least, then up until one does not reach the target.
    assert_eq!(batches[..6], [64, 32, 16, 128, 256, 512], "{batches:?}");
    // Round 2 from the best so far over those that are left.
    assert_eq!(batches[6..10], [128, 64, 32, 256], "{batches:?}");
    assert!(!batches[10..].contains(&512) && !batches[10..].contains(&16));
    let found = made.found.expect("an end");
    assert_eq!(found.combination, Some(4), "{}", found.text);
    assert_eq!(made.history.len(), 60);
    let best = batches[10..].iter().filter(|batch| **batch == 128).count();
    assert!(
        best > 35,
        "most of the later runs are of the best: {best} of 50"
    );
    // Recurring runs are of new chance each.
    let mut seeds = made.seeds.clone();
    seeds.dedup();
    assert_eq!(seeds.len(), 60);
}

#[test]
fn zeus_stops_what_costs_more_than_its_share_of_the_least() {
    let sweep = zeus(", energy_share = 1.0, stop_at = 1.5, runs = 12");
    let made = play(&*searcher(&sweep), 100, |values, seed, plan| {
        bowl(first(values), seed, plan)
    });
    assert_eq!(made.plans[0].stop_at, None, "nothing to go by yet");
    let mut least = f64::INFINITY;
    for (tried, plan) in made.history.iter().zip(&made.plans) {
        if let Some(stop_at) = plan.stop_at {
            assert!((stop_at.cost_j - 1.5 * least).abs() < 1e-9);
        }
        if tried.status == TrialStatus::Done {
            least = least.min(tried.energy_j.expect("a figure"));
        }
    }
}

#[test]
fn the_cost_weighs_energy_against_time() {
    // C = η·E + (1 − η)·P_max·t, by hand.
    assert_eq!(cost_j(1.0, 300.0, Some(50.0), 2.0), Some(50.0));
    assert_eq!(cost_j(0.0, 300.0, None, 2.0), Some(600.0));
    assert_eq!(cost_j(0.25, 300.0, Some(50.0), 2.0), Some(462.5));
    assert_eq!(cost_j(0.25, 300.0, None, 2.0), None, "missing is not zero");
    // A device that draws more at the batch size that is faster: energy alone takes 32, time alone 256.
    let surface = |values: &[serde_json::Value], _: u64, _: &Plan| {
        let off = (first(values) / 32.0).log2();
        let (energy_j, time_s) = (1000.0 + 100.0 * off.powi(2), 20.0 - 2.0 * off);
        Came {
            time_s,
            ..done(0.9, energy_j)
        }
    };
    let narrow = "target = 0.9\n[base.regime]\nbatch_size = 64\n[[axes]]\nfield = \"regime.batch_size\"\n\
         powers_of_two = { from = 16, to = 256 }\n";
    let taken = |share: f64| {
        let sweep = sweep(&format!(
            "searcher = {{ kind = \"zeus\", energy_share = {share:.1}, runs = 30, power_max_w = 300.0, stop_at = 10.0 }}\n\
             {narrow}"
        ));
        let made = play(&*searcher(&sweep), 100, surface);
        16_u64 << made.found.expect("an end").combination.expect("one")
    };
    assert_eq!(taken(1.0), 32);
    assert_eq!(taken(0.0), 256);
}

#[test]
fn zeus_says_where_nothing_reaches_the_target_or_energy_is_missing() {
    let sweep = zeus(", runs = 20");
    let made = play(&*searcher(&sweep), 100, |_, _, _| Came {
        reached: Some(false),
        status: TrialStatus::NotReached,
        ..done(0.5, 100.0)
    });
    // The default, and the first of the way up.
    assert_eq!(made.history.len(), 2);
    let found = made.found.expect("an end");
    assert!(
        found.combination.is_none() && found.text.contains("no batch size"),
        "{found:?}"
    );
    let made = play(&*searcher(&sweep), 100, |_, _, _| Came {
        energy_j: None,
        ..done(0.95, 100.0)
    });
    let found = made.found.expect("an end");
    assert!(found.text.contains("no energy"), "{found:?}");
}
