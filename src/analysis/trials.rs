//! How far a sweep is: what its trials took, and what those to come will take.

use std::collections::HashMap;

use super::forecast::Expected;
use super::statistics::Moments;
use super::statistics::distributions::t_quantile;
use crate::library::{TrialRecord, TrialStatus};
use crate::units::Estimate;

/// Trials from which on a spread is told.
const FOR_INTERVAL: usize = 3;

/// What trials took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Seconds of training and evaluation.
    pub time_s: f64,
    /// Gross joules of training and evaluation; `None` where none were measured.
    pub energy_j: Option<Estimate>,
    /// Runs without an energy, which are not in the sum.
    pub without: usize,
    /// Whether any of it is simulated.
    pub simulated: bool,
}

/// What all trials took together. A run that went on over several rungs counts once.
pub fn spent(trials: &[TrialRecord]) -> Spent {
    let mut last: HashMap<&str, usize> = HashMap::new();
    for (at, trial) in trials.iter().enumerate() {
        if let Some(run) = &trial.run_id {
            last.insert(run, at);
        }
    }
    let mut spent = Spent::default();
    for (at, trial) in trials.iter().enumerate() {
        let run = trial.run_id.as_deref();
        let goes_on = run.is_some_and(|run| last.get(run) != Some(&at));
        let Some(result) = trial.result.as_ref().filter(|_| !goes_on) else {
            continue;
        };
        spent.time_s += result.time_s;
        spent.simulated |= result.simulated;
        match result.energy_j {
            Some(energy) => {
                let sum = spent.energy_j.map(|sum| sum.plus_same_source(energy));
                spent.energy_j = Some(sum.unwrap_or(energy));
            }
            None => spent.without += 1,
        }
    }
    spent
}

/// What trials to come will take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToCome {
    /// Seconds on the clock, pauses, loading and warm-up included; with 95 % confidence from three trials on.
    pub time_s: Expected,
    /// Gross joules of training and evaluation; `None` where one of the trials so far has none.
    pub energy_j: Option<Expected>,
    /// Trials that it is told from.
    pub from: usize,
}

/// What `left` more trials will take, if they are like those that are over: m times their mean, within
/// m · t(0.975, n − 1) · s · √(1/m + 1/n), the interval in which the mean of m more of n alike lies (Hahn and Meeker 1991,
/// Statistical Intervals, 4.7). `None` before the first has ended, and of a search in rungs, whose later ones take longer.
pub fn to_come(trials: &[TrialRecord], left: u64) -> Option<ToCome> {
    let in_rungs = trials.iter().any(|trial| {
        let until = trial.plan.as_ref().and_then(|plan| plan.get("until"));
        trial.rung > 0 || until.is_some_and(|until| !until.is_null())
    });
    if in_rungs {
        return None;
    }
    let over = || {
        let finished = |status| {
            matches!(
                status,
                TrialStatus::Done | TrialStatus::NotReached | TrialStatus::Pruned
            )
        };
        trials.iter().filter(move |trial| finished(trial.status))
    };
    let seconds = over().filter_map(|trial| {
        let took = trial.ended_at?.duration_since(trial.began_at?);
        Some(took.as_secs_f64().max(0.0))
    });
    let times = Moments::of(seconds)?;
    let energies: Option<Vec<f64>> = over()
        .filter(|trial| trial.began_at.is_some())
        .map(|trial| Some(trial.result.as_ref()?.energy_j?.value))
        .collect();
    let energies = energies.and_then(Moments::of);
    Some(ToCome {
        time_s: sum_of(times, left),
        energy_j: energies.map(|energies| sum_of(energies, left)),
        from: times.count,
    })
}

fn sum_of(moments: Moments, more: u64) -> Expected {
    let (n, m) = (moments.count as f64, more as f64);
    let value = m * moments.mean;
    let range = moments
        .variance
        .filter(|_| moments.count >= FOR_INTERVAL && more > 0)
        .map(|variance| {
            let half = m * t_quantile(0.975, n - 1.0) * (variance * (1.0 / m + 1.0 / n)).sqrt();
            ((value - half).max(0.0), value + half)
        });
    Expected { value, range }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::TrialResult;

    fn trial(number: u64, status: TrialStatus, took_s: i64, energy_j: f64) -> TrialRecord {
        let at = |second| jiff::Timestamp::from_second(1_000_000 + second).ok();
        TrialRecord {
            number,
            combination: number,
            repeat: 0,
            rung: 0,
            seed: 0,
            values: serde_json::Value::Null,
            setup_json: String::new(),
            setup_hash: String::new(),
            group_hash: String::new(),
            plan: None,
            status,
            reason: None,
            run_id: Some(format!("run-{number}")),
            cool_down: None,
            result: Some(TrialResult {
                energy_j: Some(Estimate::plus_minus(energy_j, energy_j / 10.0)),
                time_s: took_s as f64 / 2.0,
                ..TrialResult::default()
            }),
            began_at: at(0),
            ended_at: at(took_s),
        }
    }

    #[test]
    fn what_is_to_come_has_the_interval_of_the_textbook() {
        let mut trials: Vec<TrialRecord> = [2, 4, 6, 8]
            .into_iter()
            .map(|took| trial(took as u64, TrialStatus::Done, took, took as f64 * 10.0))
            .collect();
        let found = to_come(&trials, 4).unwrap();
        // Mean 5, s = √(20/3), n = m = 4, t = 3.182446: 4 · 3.182446 · 2.581989 · √(1/4 + 1/4).
        assert_eq!((found.time_s.value, found.from), (20.0, 4));
        let (low, high) = found.time_s.range.unwrap();
        assert!(
            low.abs() < 1e-12 && (high - 43.241_30).abs() < 1e-4,
            "{high}"
        );
        let energy = found.energy_j.unwrap();
        assert!((energy.value - 200.0).abs() < 1e-9);
        trials[0].result.as_mut().unwrap().energy_j = None;
        assert_eq!(to_come(&trials, 4).unwrap().energy_j, None);
        trials[1].plan = Some(serde_json::json!({ "until": { "epochs": 1 } }));
        assert_eq!(to_come(&trials, 4), None);
    }

    #[test]
    fn a_run_of_several_rungs_counts_once() {
        let mut trials = vec![
            trial(1, TrialStatus::Pruned, 10, 100.0),
            trial(2, TrialStatus::Done, 10, 50.0),
            trial(3, TrialStatus::Done, 20, 250.0),
        ];
        trials[2].run_id = trials[0].run_id.clone();
        let found = spent(&trials);
        assert_eq!(found.energy_j.map(|energy| energy.value), Some(300.0));
        assert_eq!((found.time_s, found.without), (15.0, 0));
    }
}
