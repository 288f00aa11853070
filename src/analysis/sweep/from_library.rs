//! Trials out of what the library holds: of a sweep, or of any runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::layers;
use super::trial::{State, ToTarget, Trial, TrialEnergy};
use crate::analysis::difference::{Difference, differences};
use crate::analysis::lineage::{Ancestry, Lineage};
use crate::library::{
    Ancestor, EpochRecord, ListedRun, Status, TrialRecord, TrialStatus, sum_of_parts,
};
use crate::setup::sweep::AxisValue;
use crate::units::{Boundary, Estimate};

/// Fields of a setup that make no other setup of it: chance, and what is asked of every run.
const NO_AXES: [&str; 4] = [
    "schema",
    "regime.seed",
    "regime.stop.target",
    "regime.stop.target_patience",
];

/// What a run's setup says that the run itself does not: multiply-accumulate operations of a forward pass over one sample.
pub type Macs<'a> = dyn FnMut(&Value) -> Option<f64> + 'a;

/// A trial for each run. Axes are the fields of dataset, model and regime in which the runs differ, and the device where
/// they ran on several; fields that follow from a kind alone, such as a channel count that only one of two models has, are
/// left out.
pub fn from_runs(runs: &[ListedRun], macs: &mut Macs<'_>) -> Vec<Trial> {
    // Setups of one group differ in nothing that could be an axis.
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut setups: Vec<Value> = Vec::new();
    for run in runs {
        places.entry(&run.run.setup.group_hash).or_insert_with(|| {
            setups.push(learning(&run.run.setup.json));
            setups.len() - 1
        });
    }
    let differing = without_followers(differences(&setups, &NO_AXES));
    let devices: BTreeSet<&str> = runs
        .iter()
        .map(|run| run.run.device.name.as_str())
        .collect();
    let mut trials: Vec<Trial> = runs
        .iter()
        .map(|run| {
            let setup = places.get(run.run.setup.group_hash.as_str());
            let mut axes: BTreeMap<String, Value> = differing
                .iter()
                .filter_map(|axis| {
                    let value = axis.values.get(*setup?)?.clone()?;
                    Some((axis.field.clone(), value))
                })
                .collect();
            if devices.len() > 1 {
                axes.insert("device".to_owned(), run.run.device.name.clone().into());
            }
            trial(
                run,
                axes,
                setup.map_or(&Value::Null, |at| &setups[*at]),
                macs,
            )
        })
        .collect();
    layers::split(&mut trials);
    trials
}

/// A trial for each trial of a sweep that was begun, failed or given up. `runs` are theirs, in any order. Trials of several
/// rungs that share a run are one: the latest.
pub fn from_sweep(trials: &[TrialRecord], runs: &[ListedRun], macs: &mut Macs<'_>) -> Vec<Trial> {
    let by_id: HashMap<&str, &ListedRun> =
        runs.iter().map(|run| (run.run.id.as_str(), run)).collect();
    let mut latest: HashMap<&str, u64> = HashMap::new();
    for record in trials {
        if let Some(run) = &record.run_id {
            let number = latest.entry(run).or_insert(record.number);
            *number = record.number.max(*number);
        }
    }
    let mut found: Vec<Trial> = trials
        .iter()
        .filter(|record| record.status != TrialStatus::Skipped)
        .filter(|record| {
            let run = record.run_id.as_deref();
            run.is_none_or(|run| latest.get(run) == Some(&record.number))
        })
        .map(|record| {
            let values: Vec<AxisValue> =
                serde_json::from_value(record.values.clone()).unwrap_or_default();
            let axes = values
                .into_iter()
                .map(|axis| (axis.field, axis.value))
                .collect();
            let setup = learning(&record.setup_json);
            let run = record.run_id.as_deref().and_then(|run| by_id.get(run));
            let mut trial = match run {
                Some(run) => trial(run, axes, &setup, macs),
                None => without_run(record, axes, &setup),
            };
            trial.state = match record.status {
                TrialStatus::Done | TrialStatus::NotReached => State::Finished,
                TrialStatus::Failed => State::Failed,
                TrialStatus::Pruned => State::Pruned,
                TrialStatus::Planned | TrialStatus::Running | TrialStatus::Skipped => {
                    State::Unfinished
                }
            };
            trial.reason = record.reason.clone().or(trial.reason);
            trial
        })
        .collect();
    layers::split(&mut found);
    found
}

/// Judges a trial by another target, after the fact: the first of its evaluations that reaches `target` is where it got
/// there. The energy is what its meters had counted by then. The time is its share of the clock between the beginning of
/// the first stretch and the end of the last, of the seconds of training and evaluation.
pub fn retarget(trial: &mut Trial, target: f64, epochs: &[EpochRecord]) {
    trial.target = Some(target);
    trial.to_target = None;
    let begin = epochs
        .first()
        .map(|epoch| epoch.t_s - epoch.duration_s.unwrap_or(0.0));
    let end = epochs.last().map(|epoch| epoch.t_s);
    let reaches = |epoch: &&EpochRecord| {
        epoch
            .test_metric
            .is_some_and(|value| trial.metric.reaches(value, target))
    };
    let Some(((begin, end), epoch)) = begin.zip(end).zip(epochs.iter().find(reaches)) else {
        return;
    };
    let whole_s = trial.time_s.unwrap_or(end - begin);
    let share = if end > begin {
        (epoch.t_s - begin) / (end - begin)
    } else {
        1.0
    };
    let is_last = epochs.last().is_some_and(|last| last.step == epoch.step);
    let counted = trial.energy.as_ref().and_then(|energy| {
        let at = |boundary: Boundary| {
            let figure = epoch
                .energies
                .iter()
                .find(|figure| figure.boundary == boundary);
            figure.and_then(|figure| figure.cumulative_j)
        };
        // At the last evaluation the whole is known, with what came after the reading.
        is_last
            .then_some(energy.gross_j)
            .or_else(|| at(energy.boundary))
    });
    trial.to_target = Some(ToTarget {
        gross_j: counted,
        time_s: whole_s * share.clamp(0.0, 1.0),
        steps: Some(epoch.step),
    });
}

/// Adds the energy of a trial's ancestors to its own, as far as `ancestry` says. Where that of one is not known, neither is the sum.
/// Time stays that of the run: its ancestors had been made before.
pub fn with_ancestry(trial: &mut Trial, ancestors: &[Ancestor], ancestry: Ancestry) {
    if ancestors.is_empty() || ancestry.share() <= 0.0 {
        return;
    }
    let Some(energy) = &trial.energy else {
        return;
    };
    let source = energy.source.clone();
    let with = |own: Estimate| {
        let lineage = Lineage::new(Some((own, source.clone())), ancestors);
        lineage.energy(ancestry).energy_j
    };
    if let Some(to_target) = &mut trial.to_target {
        to_target.gross_j = to_target.gross_j.and_then(with);
    }
    trial.energy = with(energy.gross_j).map(|gross_j| TrialEnergy {
        gross_j,
        // An idle machine is no part of what an ancestor left behind.
        net_j: None,
        ..energy.clone()
    });
}

/// Dataset, model, start, heads and regime of a setup.
fn learning(json: &str) -> Value {
    let mut setup: Value = serde_json::from_str(json).unwrap_or_default();
    if let Some(fields) = setup.as_object_mut() {
        fields.retain(|name, _| {
            matches!(
                name.as_str(),
                "dataset" | "model" | "start" | "multitask" | "regime"
            )
        });
    }
    setup
}

/// Leaves out the fields that say no more than the kind of their table does.
fn without_followers(found: Vec<Difference>) -> Vec<Difference> {
    let kinds: Vec<Difference> = found
        .iter()
        .filter(|axis| axis.field.ends_with(".kind") || axis.field.ends_with(".name"))
        .cloned()
        .collect();
    let follows = |axis: &Difference| {
        kinds.iter().any(|kind| {
            let table = kind.field.rfind('.').map_or("", |dot| &kind.field[..=dot]);
            if kind.field == axis.field || !axis.field.starts_with(table) {
                return false;
            }
            let mut by_kind: HashMap<String, &Option<Value>> = HashMap::new();
            kind.values.iter().zip(&axis.values).all(|(kind, value)| {
                let kind = kind.as_ref().map_or_else(String::new, Value::to_string);
                *by_kind.entry(kind).or_insert(value) == value
            })
        })
    };
    found.into_iter().filter(|axis| !follows(axis)).collect()
}

fn trial(
    run: &ListedRun,
    axes: BTreeMap<String, Value>,
    setup: &Value,
    macs: &mut Macs<'_>,
) -> Trial {
    let ListedRun {
        run: row, training, ..
    } = run;
    let sum = sum_of_parts(training);
    let time_s = sum
        .as_ref()
        .map(|sum| sum.figure.window_s)
        .filter(|time_s| *time_s > 0.0);
    let energy = sum.and_then(|sum| {
        let mut parts: Vec<Boundary> = training
            .iter()
            .filter(|part| part.figure.energy_j.is_some() && !part.figure.boundary.is_whole())
            .map(|part| part.figure.boundary)
            .collect();
        parts.sort();
        parts.dedup();
        Some(TrialEnergy {
            gross_j: sum.figure.energy_j?,
            net_j: sum.net_j,
            boundary: sum.figure.boundary,
            parts,
            simulated: sum.figure.is_simulated(),
            coverage: sum.figure.coverage(),
            grade: sum.figure.grade,
            meter: sum.figure.meter,
            source: sum.figure.source,
        })
    });
    let target = target(setup);
    // A run that its target ended has spent nothing after it.
    let to_target = (row.target_reached == Some(true)).then(|| ToTarget {
        gross_j: energy.as_ref().map(|energy| energy.gross_j),
        time_s: time_s.unwrap_or(row.duration_s),
        steps: row.steps,
    });
    Trial {
        run: Some(row.id.clone()),
        axes,
        seed: row.setup.seed,
        state: match row.status {
            Status::Completed => State::Finished,
            Status::Failed => State::Failed,
            Status::Running | Status::Stopped | Status::Interrupted => State::Unfinished,
        },
        reason: row.failure.clone(),
        device: format!("{} {}", row.machine.fingerprint, row.device.identity),
        metric: row.metrics.metric,
        to_target: target.and(to_target),
        target,
        final_value: row.metrics.final_test_metric,
        best_value: row.metrics.best_test_metric,
        energy,
        time_s,
        max_power_w: run.max_power_w,
        steps: row.steps,
        samples: run.samples,
        parameters: row.parameters,
        flops_per_sample: row.flops_per_sample,
        macs: macs(setup),
        utilisation: run.utilisation,
    }
}

/// What a setup's runs are to reach: of several heads with targets of their own the lowest, since a run is as good as its worst head.
fn target(setup: &Value) -> Option<f64> {
    let of_all = setup.pointer("/regime/stop/target").and_then(Value::as_f64);
    let heads = setup.pointer("/multitask/heads").and_then(Value::as_array);
    let own = heads.into_iter().flatten();
    let own = own.filter_map(|head| head.get("target")?.as_f64().or(of_all));
    own.reduce(f64::min).or(of_all)
}

/// A trial whose run never began, or was deleted since. Of an energy whose meters are not known any more nothing is made.
fn without_run(record: &TrialRecord, axes: BTreeMap<String, Value>, setup: &Value) -> Trial {
    let result = record.result.clone().unwrap_or_default();
    Trial {
        run: None,
        axes,
        seed: record.seed,
        state: State::Unfinished,
        reason: None,
        device: String::new(),
        metric: result.metric,
        target: target(setup),
        to_target: (result.target_reached == Some(true)).then_some(ToTarget {
            gross_j: None::<Estimate>,
            time_s: result.time_s,
            steps: Some(result.steps),
        }),
        final_value: result.value,
        best_value: result.best_value,
        energy: None,
        time_s: (result.time_s > 0.0).then_some(result.time_s),
        max_power_w: None,
        steps: (result.steps > 0).then_some(result.steps),
        samples: None,
        parameters: None,
        flops_per_sample: None,
        macs: None,
        utilisation: None,
    }
}
