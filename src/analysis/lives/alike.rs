//! Which runs are seeds of one model, and which energies can be compared: what each learns, by what, how far, and where.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::LifeError;
use super::costs::cost;
use crate::analysis::lifecycle::Cost;
use crate::analysis::multitask::labels;
use crate::analysis::{Difference, differences};
use crate::library::{Run, RunDetails};
use crate::setup::Setup;

/// Fields in which seeds of one model may differ: chance, and that each may have begun with a run of its own.
const OF_EACH_SEED: [&str; 3] = ["regime.seed", "start.run", "distil.teacher"];

/// What a setup asks for: what is to be learnt, by what, and how far.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Dataset with its options, and the labels, whatever their order.
    task: Value,
    model: Value,
    /// What each label must reach, by its name; of a label without a name there is one alone.
    targets: BTreeMap<String, Option<f64>>,
    /// Evaluations in a row that must reach it.
    patience: u64,
    /// How it is learnt.
    way: Value,
}

impl Asked {
    /// Of a run's setup; `None` where another version of the program wrote it.
    pub fn of(run: &Run) -> Option<Self> {
        let setup: Setup = serde_json::from_str(&run.setup.json).ok()?;
        let fields = setup.to_value();
        let mut names = labels(&setup);
        if let Some(names) = &mut names {
            names.sort_unstable();
        }
        let stop = &setup.regime.stop;
        let targets = match &setup.multitask {
            Some(multitask) => {
                let heads = multitask.heads.iter().map(|head| head.label.clone());
                heads.zip(multitask.targets(stop.target)).collect()
            }
            None => {
                let label = names.as_ref().and_then(|names| names.first());
                BTreeMap::from([(label.cloned().unwrap_or_default(), stop.target)])
            }
        };
        let part = |name: &str| fields.get(name).cloned().unwrap_or_default();
        Some(Self {
            task: json!({ "dataset": part("dataset"), "labels": names }),
            model: json!({ "model": part("model") }),
            targets,
            patience: stop.target_patience,
            way: json!({
                "start": part("start"),
                "distil": part("distil"),
                "multitask": part("multitask"),
                "regime": part("regime"),
            }),
        })
    }

    /// Whether both ask for the same to be learnt as far by the same model, in whatever way.
    pub fn is_for_the_same(&self, other: &Self) -> bool {
        let what = |of: &Self| {
            let what = (of.task.clone(), of.model.clone());
            (what, of.targets.clone(), of.patience)
        };
        what(self) == what(other)
    }

    fn has_target(&self) -> bool {
        self.targets.values().any(Option::is_some)
    }

    /// What must be reached, by label where there are several.
    pub fn targets_in_words(&self) -> String {
        let each = self.targets.iter().map(|(label, target)| {
            let target = target.map_or("no target".to_owned(), |target| target.to_string());
            match self.targets.len() {
                1 => target,
                _ => format!("{label} {target}"),
            }
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

/// Machine and device of a run: energies of two are no energies of one thing.
pub fn place(run: &Run) -> String {
    format!("{} ({})", run.device.name, run.machine.fingerprint)
}

/// Makes sure that no run counts twice, and that `runs` are seeds of one model.
pub(super) fn check(runs: &[RunDetails], scratch: &[RunDetails]) -> Result<(), LifeError> {
    let mut ids: Vec<&str> = runs.iter().chain(scratch).map(id).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|two| two[0] == two[1]) {
        let run = twice[0].to_owned();
        return Err(LifeError::Twice { run });
    }
    for side in [runs, scratch] {
        repeated(side)?;
    }
    let Some((first, others)) = runs.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Ok(());
    };
    let asked = known(first)?;
    for other in others {
        if let Some(differ) = differ((first, &asked), (other, &known(other)?), true) {
            return Err(LifeError::TwoModels {
                first: id(first).to_owned(),
                other: id(other).to_owned(),
                differ,
            });
        }
    }
    Ok(())
}

/// The mean of `scratch`, where it can be compared with `runs`; else why not.
pub(super) fn comparable(
    has_ancestors: bool,
    runs: &[RunDetails],
    scratch: &[RunDetails],
) -> Result<Cost, String> {
    if !has_ancestors {
        return Err("the runs started from nothing: there is nothing to be paid off".to_owned());
    }
    let (Some(first), Some(from_nothing)) = (runs.first(), scratch.first()) else {
        return Err(LifeError::NoRun.to_string());
    };
    let known = |run: &RunDetails| known(run).map_err(|error| error.to_string());
    let (wanted, asked_from_nothing) = (known(first)?, known(from_nothing)?);
    for other in scratch {
        let asked = known(other)?;
        if let Some(differ) = differ((first, &wanted), (other, &asked), false) {
            return Err(format!(
                "runs {} and {} differ in {differ}: only energies of one task on one device can be compared",
                id(first),
                id(other)
            ));
        }
        let of_scratch = (from_nothing, &asked_from_nothing);
        if let Some(differ) = differ(of_scratch, (other, &asked), true) {
            return Err(format!(
                "runs {} and {}, both from scratch, are not seeds of one model: they differ in {differ}",
                id(from_nothing),
                id(other)
            ));
        }
    }
    for run in runs.iter().chain(scratch) {
        is_to_the_same_target(first, &wanted, run, &known(run)?)?;
        if run.run.target_reached != Some(true) {
            return Err(format!(
                "run {} did not reach the target: what it would have taken is not known; train it longer, or lower the target of all",
                id(run)
            ));
        }
    }
    if let Some(run) = scratch.iter().find(|run| !run.ancestors.is_empty()) {
        return Err(format!(
            "run {}, which is to be one from scratch, did not start from nothing",
            id(run)
        ));
    }
    cost(scratch).map_err(|error| error.to_string())
}

/// What else whoever reads a life should know: runs of one side that differ in more than their seeds, and sides of two models.
pub(super) fn remarks(runs: &[RunDetails], scratch: &[RunDetails]) -> Vec<String> {
    let asked = |runs: &[RunDetails]| -> Vec<Asked> {
        runs.iter().filter_map(|run| Asked::of(&run.run)).collect()
    };
    let (runs, scratch) = (asked(runs), asked(scratch));
    let mut remarks = Vec::new();
    for (side, asked) in [("the runs", &runs), ("the runs from scratch", &scratch)] {
        let ways: Vec<Value> = asked.iter().map(|asked| asked.way.clone()).collect();
        let found = differences(&ways, &OF_EACH_SEED);
        let fields: Vec<&str> = found.iter().map(|one| one.field.as_str()).collect();
        if !fields.is_empty() {
            remarks.push(format!(
                "{side} differ in more than their seeds ({}): their mean is over that too",
                fields.join(", ")
            ));
        }
    }
    if let (Some(one), Some(other)) = (runs.first(), scratch.first())
        && let Some(differ) = in_words(&one.model, &other.model)
    {
        remarks.push(format!(
            "the runs from scratch are of another model: {differ}"
        ));
    }
    remarks
}

fn id(run: &RunDetails) -> &str {
    &run.run.id
}

fn known(run: &RunDetails) -> Result<Asked, LifeError> {
    Asked::of(&run.run).ok_or_else(|| LifeError::OtherVersion {
        run: id(run).to_owned(),
    })
}

/// Refuses two runs of one seed that began alike: the second repeats the first, and a mean over both would be one over two seeds.
fn repeated(side: &[RunDetails]) -> Result<(), LifeError> {
    let chance = |run: &RunDetails| {
        let from = run.ancestors.iter().map(|of| of.label().to_owned());
        (run.run.setup.seed, from.collect::<Vec<_>>())
    };
    for (at, run) in side.iter().enumerate() {
        let before = side[..at].iter().find(|other| chance(other) == chance(run));
        if let Some(first) = before {
            return Err(LifeError::OneSeed {
                first: id(first).to_owned(),
                other: id(run).to_owned(),
                seed: run.run.setup.seed,
            });
        }
    }
    Ok(())
}

/// In what two runs differ of which energies are to be compared or averaged; `None` where in nothing of it.
fn differ(
    (one, asked_one): (&RunDetails, &Asked),
    (other, asked_other): (&RunDetails, &Asked),
    with_model: bool,
) -> Option<String> {
    let task = in_words(&asked_one.task, &asked_other.task);
    let model = || in_words(&asked_one.model, &asked_other.model).filter(|_| with_model);
    let device = || {
        let (one, other) = (place(&one.run), place(&other.run));
        (one != other).then(|| format!("their device ({one} and {other})"))
    };
    task.or_else(model).or_else(device)
}

/// The fields in which two parts of setups differ, with what each has there.
fn in_words(one: &Value, other: &Value) -> Option<String> {
    let found = differences(&[one.clone(), other.clone()], &[]);
    // What kind it is says why all other fields are not the same.
    let kind = found
        .iter()
        .find(|one| ["dataset.name", "model.kind"].contains(&one.field.as_str()));
    let told = match kind {
        Some(kind) => std::slice::from_ref(kind),
        None => found.as_slice(),
    };
    let value = |value: &Option<Value>| match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let field = |found: &Difference| {
        let [one, other] = [0, 1].map(|at| value(&found.values[at]));
        format!("{} ({one} and {other})", found.field)
    };
    let fields: Vec<String> = told.iter().map(field).collect();
    (!fields.is_empty()).then(|| fields.join(", "))
}

fn is_to_the_same_target(
    first: &RunDetails,
    wanted: &Asked,
    run: &RunDetails,
    asked: &Asked,
) -> Result<(), String> {
    let only = "only energies to the same target can be compared";
    if !asked.has_target() {
        return Err(format!(
            "run {} has no target: {only} (--target of `run`)",
            id(run)
        ));
    }
    if asked.targets != wanted.targets {
        return Err(format!(
            "run {} has another target than run {} ({}; there {}): {only}",
            id(run),
            id(first),
            asked.targets_in_words(),
            wanted.targets_in_words()
        ));
    }
    if asked.patience != wanted.patience {
        return Err(format!(
            "run {} had to reach its target at {} evaluations in a row, run {} at {}: {only}",
            id(run),
            asked.patience,
            id(first),
            wanted.patience
        ));
    }
    Ok(())
}
