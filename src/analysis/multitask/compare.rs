//! Joint runs against separate ones.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::ratio::BranchRatio;
use super::run::{CannotCompare, TaskRun};
use crate::analysis::sweep::{Figure, Shared, ratio};
use crate::analysis::{Difference, MeanInterval, differences, mean_interval};
use crate::units::{Estimate, HeadOutcome};

/// Fields in which the branches may differ: which labels are learnt, chance, and targets, which are compared by themselves.
const FREE: [&str; 6] = [
    "dataset.label",
    "dataset.labels",
    "multitask",
    "multitask.heads",
    "regime.seed",
    "regime.stop.target",
];

/// What both branches came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// One network for all tasks.
    pub joint: Branch,
    /// A network for each task, added up.
    pub separate: Branch,
    /// Joint ÷ separate, joules; `None` where it is not known, see [`Self::reasons`].
    pub energy: Option<BranchRatio>,
    /// Joint ÷ separate, seconds.
    pub time: Option<BranchRatio>,
    /// Joint ÷ separate, trainable numbers.
    pub parameters: Option<f64>,
    /// Each task in both branches.
    pub tasks: Vec<Task>,
    /// Why a ratio is missing, in sentences.
    pub reasons: Vec<String>,
    /// What else whoever reads it should know: other differences between the branches.
    pub remarks: Vec<String>,
}

/// One way of learning all tasks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Branch {
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Mean joules over the seeds.
    pub energy_j: Option<Figure>,
    /// Mean seconds over the seeds.
    pub time_s: Option<Figure>,
    /// Trainable numbers.
    pub parameters: Option<u64>,
    /// What each task took by itself, in the mean over the seeds, J; of the joint branch none.
    pub by_task_j: BTreeMap<String, Figure>,
}

/// A task in both branches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Task {
    /// The label.
    pub name: String,
    /// What was to be reached.
    pub target: Option<f64>,
    /// Accuracy at the end, jointly, in the mean over the seeds.
    pub joint: Option<Mean>,
    /// The same separately.
    pub separate: Option<Mean>,
    /// Joint − separate, seed by seed; `None` where the branches have other seeds.
    pub difference: Option<Mean>,
    /// In how many of how many runs the target was reached, jointly and separately.
    pub joint_reached: (usize, usize),
    /// See [`Self::joint_reached`].
    pub separate_reached: (usize, usize),
}

/// A mean over seeds with its 95 % interval, by Student's t.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval; `None` for one seed.
    pub half_width: Option<f64>,
    /// How many seeds.
    pub seeds: usize,
}

impl Mean {
    fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let MeanInterval {
            count,
            mean,
            half_width,
        } = mean_interval(values)?;
        Some(Self {
            mean,
            half_width,
            seeds: count,
        })
    }
}

/// Compares `joint` runs, all of the same labels, with `separate` ones, each of one label.
///
/// # Errors
/// Where tasks have no counterpart, targets or seeds are not the same, or runs were made on several devices.
pub fn compare(joint: &[TaskRun], separate: &[TaskRun]) -> Result<Comparison, CannotCompare> {
    let refuse = |words: String| Err(CannotCompare(words));
    let Some(first) = joint.first() else {
        return refuse("no joint run is named".to_owned());
    };
    let names = |run: &TaskRun| -> Vec<String> {
        run.tasks
            .iter()
            .map(|task| task.last.head.clone())
            .collect()
    };
    let wanted = names(first);
    if let Some(other) = joint.iter().find(|run| names(run) != wanted) {
        return refuse(format!(
            "runs {} and {} do not learn the same labels ({} and {}): compare one kind of joint run at a time",
            first.run,
            other.run,
            wanted.join(", "),
            names(other).join(", ")
        ));
    }
    let mut by_task: BTreeMap<&str, Vec<&TaskRun>> = BTreeMap::new();
    for run in separate {
        let [task] = run.tasks.as_slice() else {
            return refuse(format!(
                "run {} learns {} labels ({}): separate runs learn one each",
                run.run,
                run.tasks.len(),
                names(run).join(", ")
            ));
        };
        if !wanted.contains(&task.last.head) {
            return refuse(format!(
                "run {} learns `{}`, which the joint runs do not ({})",
                run.run,
                task.last.head,
                wanted.join(", ")
            ));
        }
        by_task.entry(&task.last.head).or_default().push(run);
    }
    if let Some(lacking) = wanted
        .iter()
        .find(|name| !by_task.contains_key(name.as_str()))
    {
        return refuse(format!("no separate run learns `{lacking}`"));
    }
    let all = || joint.iter().chain(separate);
    if let Some(other) = all().find(|run| run.device != first.device) {
        return refuse(format!(
            "run {} was made on {}, run {} on {}: what they took cannot be compared",
            first.run, first.device, other.run, other.device
        ));
    }
    let seeds = one_run_a_seed("the joint branch", joint)?;
    let mut separate_seeds: Option<BTreeSet<u64>> = None;
    for (name, runs) in &by_task {
        let owned: Vec<TaskRun> = runs.iter().map(|run| (*run).clone()).collect();
        let own = one_run_a_seed(&format!("`{name}`"), &owned)?;
        match &separate_seeds {
            Some(before) if *before != own => {
                return refuse(format!(
                    "the separate runs of `{name}` have other seeds ({}) than those before ({}): what the tasks take together is \
                     added up seed by seed",
                    listed(&own),
                    listed(before)
                ));
            }
            _ => separate_seeds = Some(own),
        }
    }
    let separate_seeds = separate_seeds.unwrap_or_default();
    let mut reasons = Vec::new();
    let mut tasks = Vec::new();
    for (at, name) in wanted.iter().enumerate() {
        let task = task(at, name, joint, &by_task[name.as_str()])?;
        for (branch, (reached, of)) in [
            ("jointly", task.joint_reached),
            ("separately", task.separate_reached),
        ] {
            if task.target.is_some() && reached < of {
                reasons.push(format!(
                    "{branch}, `{name}` reached its target in {reached} of {of} runs: what it takes to reach it is not known"
                ));
            }
        }
        tasks.push(task);
    }
    let joint_branch = branch(joint, &[joint.iter().collect()], &seeds, BTreeMap::new());
    let own = by_task.iter().map(|(name, runs)| {
        let figures = runs
            .iter()
            .filter_map(|run| Some((run.seed, run.energy_j?)));
        let figure = Figure::of(figures).filter(|figure| figure.count == runs.len());
        Some(((*name).to_owned(), figure?))
    });
    let own: BTreeMap<String, Figure> = own.flatten().collect();
    let groups: Vec<Vec<&TaskRun>> = by_task.values().cloned().collect();
    let separate_branch = branch(separate, &groups, &separate_seeds, own);
    if joint_branch.energy_j.is_none() || separate_branch.energy_j.is_none() {
        reasons
            .push("not every run has an energy: no meter answered, or not all the time".to_owned());
    }
    let comparable = reasons.is_empty();
    let shared = shared(joint, separate);
    let of = |a: &Option<Figure>, b: &Option<Figure>, shared: Shared| {
        let pair = a.as_ref().zip(b.as_ref()).filter(|_| comparable);
        pair.and_then(|(a, b)| ratio(a, b, shared))
            .map(BranchRatio::from)
    };
    let clock = Shared {
        common: (0.0, 0.0),
        same_meter: true,
    };
    let share = |a: u64, b: u64| a as f64 / b as f64;
    Ok(Comparison {
        energy: of(&joint_branch.energy_j, &separate_branch.energy_j, shared),
        time: of(&joint_branch.time_s, &separate_branch.time_s, clock),
        parameters: joint_branch
            .parameters
            .zip(separate_branch.parameters)
            .map(|(a, b)| share(a, b)),
        remarks: remarks(first, separate, &tasks),
        joint: joint_branch,
        separate: separate_branch,
        tasks,
        reasons,
    })
}

/// The seeds of `runs`, each of which is to have its own.
fn one_run_a_seed(what: &str, runs: &[TaskRun]) -> Result<BTreeSet<u64>, CannotCompare> {
    let mut seeds = BTreeSet::new();
    for run in runs {
        if !seeds.insert(run.seed) {
            return Err(CannotCompare(format!(
                "{what} has two runs of seed {}: name one of each",
                run.seed
            )));
        }
    }
    Ok(seeds)
}

fn listed(seeds: &BTreeSet<u64>) -> String {
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    seeds.join(", ")
}

/// One task in both branches; `at` is its place among the joint heads.
fn task(
    at: usize,
    name: &str,
    joint: &[TaskRun],
    separate: &[&TaskRun],
) -> Result<Task, CannotCompare> {
    let joint: Vec<(u64, &HeadOutcome)> =
        joint.iter().map(|run| (run.seed, &run.tasks[at])).collect();
    let separate: Vec<(u64, &HeadOutcome)> = separate
        .iter()
        .map(|run| (run.seed, &run.tasks[0]))
        .collect();
    let target = joint[0].1.last.target;
    let same = |other: Option<f64>| match (target, other) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-9,
        (a, b) => a.is_none() && b.is_none(),
    };
    let all = joint.iter().chain(&separate);
    if let Some((_, other)) = all.clone().find(|(_, task)| !same(task.last.target)) {
        let words = |target: Option<f64>| match target {
            Some(target) => other.last.metric.format(target),
            None => "nothing".to_owned(),
        };
        return Err(CannotCompare(format!(
            "`{name}` is to reach {} in some runs and {} in others: branches are compared at equal targets",
            words(target),
            words(other.last.target)
        )));
    }
    let value = |(_, task): &(u64, &HeadOutcome)| task.last.value.unwrap_or(f64::NAN);
    let by_seed = |of: &[(u64, &HeadOutcome)]| -> BTreeMap<u64, f64> {
        of.iter().map(|one| (one.0, value(one))).collect()
    };
    let (a, b) = (by_seed(&joint), by_seed(&separate));
    let differences = a.iter().filter_map(|(seed, a)| Some(a - b.get(seed)?));
    let differences: Vec<f64> = differences.collect();
    let is_paired = differences.len() == a.len() && a.len() == b.len();
    let reached = |of: &[(u64, &HeadOutcome)]| {
        let reached = of
            .iter()
            .filter(|(_, task)| task.target_reached == Some(true));
        (reached.count(), of.len())
    };
    Ok(Task {
        name: name.to_owned(),
        target,
        joint: Mean::of(joint.iter().map(value)),
        separate: Mean::of(separate.iter().map(value)),
        difference: Mean::of(differences).filter(|_| is_paired),
        joint_reached: reached(&joint),
        separate_reached: reached(&separate),
    })
}

/// A branch whose networks are `groups`, one run of each for a seed: their figures add up.
fn branch(
    runs: &[TaskRun],
    groups: &[Vec<&TaskRun>],
    seeds: &BTreeSet<u64>,
    by_task_j: BTreeMap<String, Figure>,
) -> Branch {
    let of_seed = |seed: u64| runs.iter().filter(move |run| run.seed == seed);
    let energies = seeds.iter().filter_map(|&seed| {
        let each: Option<Vec<(Estimate, &str)>> = of_seed(seed)
            .map(|run| Some((run.energy_j?, run.source.as_str())))
            .collect();
        Some((seed, crate::library::sum_by_source(each?.into_iter())))
    });
    let times = seeds
        .iter()
        .map(|&seed| (seed, of_seed(seed).map(|run| run.time_s).sum::<f64>()));
    let parameters = groups.iter().map(|group| group.first()?.parameters);
    Branch {
        seeds: seeds.iter().copied().collect(),
        energy_j: Figure::of(energies).filter(|figure| figure.count == seeds.len()),
        time_s: Figure::of_exact(times),
        parameters: parameters.sum(),
        by_task_j,
    }
}

/// What of the meters' error both branches share: the smallest relative interval of any run, where one source measured all.
fn shared(joint: &[TaskRun], separate: &[TaskRun]) -> Shared {
    let all = || joint.iter().chain(separate);
    let relative = |of: fn(Estimate) -> f64| {
        let each = all().filter_map(|run| run.energy_j).map(of);
        each.reduce(f64::min).unwrap_or(0.0).max(0.0)
    };
    let first = joint.first().map(|run| &run.source);
    Shared {
        common: (
            relative(|energy| (energy.value - energy.low) / energy.value),
            relative(|energy| (energy.high - energy.value) / energy.value),
        ),
        same_meter: all().all(|run| Some(&run.source) == first),
    }
}

/// What else is not the same in the two branches.
fn remarks(first: &TaskRun, separate: &[TaskRun], tasks: &[Task]) -> Vec<String> {
    let mut remarks = Vec::new();
    if tasks.iter().all(|task| task.target.is_none()) {
        remarks.push(
            "no task has a target: the branches are compared where their runs ended, whatever they had reached".to_owned(),
        );
    }
    let part = |run: &TaskRun| {
        let mut setup = run.setup.clone();
        if let Some(fields) = setup.as_object_mut() {
            fields
                .retain(|name, _| ["dataset", "model", "start", "regime"].contains(&name.as_str()));
        }
        setup
    };
    let setups: Vec<Value> = std::iter::once(first).chain(separate).map(part).collect();
    for Difference { field, .. } in differences(&setups, &FREE) {
        remarks.push(format!("the branches differ in {field} as well"));
    }
    if separate.iter().any(|run| run.source != first.source) {
        remarks.push("their energies come from different meters".to_owned());
    }
    remarks
}
