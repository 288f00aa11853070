//! `joulelab multitask`: one network for several tasks against a network for each.

use super::table::Table;
use super::{Exit, Failed, Place, show, sweep_runs};
use crate::analysis::multitask::words::{accuracy, in_words, points, verdict};
use crate::analysis::multitask::{
    Branch, BranchRatio, CannotCompare, Comparison, Mean, TaskRun, compare,
};
use crate::library::Library;
use crate::units::{Metric, count, duration, estimate, significant};

/// Arguments of `joulelab multitask`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs that learn all labels at once, one for each seed: identifiers, their beginnings, or names
    #[arg(long, required_unless_present = "sweep", value_name = "RUN", num_args = 1..)]
    joint: Vec<String>,

    /// Runs that learn one label each, for each label as many as seeds
    #[arg(long, required_unless_present = "sweep", value_name = "RUN", num_args = 1..)]
    separate: Vec<String>,

    /// A sweep with both: each setup of several heads is compared with all that have one
    #[arg(long, conflicts_with_all = ["joint", "separate"])]
    sweep: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Compares joint runs with separate ones.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let library = place.open()?;
    let (joint, separate) = match &args.sweep {
        Some(sweep) => of_sweep(&library, sweep)?,
        None => {
            let joint = ("joint".to_owned(), runs(&library, &args.joint)?);
            (vec![joint], runs(&library, &args.separate)?)
        }
    };
    let mut json = Vec::new();
    for (label, joint) in &joint {
        let comparison = compare(joint, &separate).map_err(refused)?;
        if args.json {
            json.push(serde_json::json!({
                "setup": label,
                "comparison": comparison,
                "joint_runs": joint,
                "separate_runs": separate,
            }));
        } else {
            let heading = args.sweep.as_ref().map(|_| format!("{label}\n\n"));
            let rest = text(&comparison);
            show::print(&match heading {
                Some(heading) => format!("{heading}{rest}\n"),
                None => rest,
            })?;
        }
    }
    match (args.json, &args.sweep, json.pop()) {
        (true, None, Some(only)) => show::print_json(&only)?,
        (true, _, last) => {
            json.extend(last);
            show::print_json(&serde_json::json!({ "setups": json }))?;
        }
        (false, ..) => {}
    }
    Ok(Exit::Success)
}

fn refused(error: CannotCompare) -> Failed {
    Failed::new(Exit::Usage, error.to_string())
}

/// The setups of several heads with their labels, and all runs of one head.
type Branches = (Vec<(String, Vec<TaskRun>)>, Vec<TaskRun>);

fn of_sweep(library: &Library, sweep: &str) -> Result<Branches, Failed> {
    let (mut joint, mut separate) = (Vec::new(), Vec::new());
    for setup in sweep_runs::by_setup(library, sweep)? {
        let runs = setup.runs.iter().map(TaskRun::of);
        let runs = runs.collect::<Result<Vec<_>, _>>().map_err(refused)?;
        match runs.first() {
            Some(first) if first.tasks.len() > 1 => joint.push((setup.label, runs)),
            _ => separate.extend(runs),
        }
    }
    if joint.is_empty() {
        return Err(Failed::new(
            Exit::Usage,
            format!(
                "no setup of sweep {sweep} learns several labels at once: there is nothing to compare"
            ),
        ));
    }
    Ok((joint, separate))
}

fn runs(library: &Library, given: &[String]) -> Result<Vec<TaskRun>, Failed> {
    let run = |name: &String| -> Result<TaskRun, Failed> {
        let details = library.details(name)?;
        TaskRun::of(&details).map_err(|error| Failed::new(Exit::Usage, error.to_string()))
    };
    given.iter().map(run).collect()
}

fn text(found: &Comparison) -> String {
    let mut table = Table::new(["", "joint", "separate", "joint ÷ separate"]);
    let energy = |branch: &Branch| match &branch.energy_j {
        Some(figure) => estimate(figure.estimate, "J"),
        None => "not known".to_owned(),
    };
    let time = |branch: &Branch| match &branch.time_s {
        Some(figure) => duration(figure.mean()),
        None => "not known".to_owned(),
    };
    let parameters = |branch: &Branch| branch.parameters.map_or("not known".to_owned(), count);
    let seeds = |branch: &Branch| branch.seeds.len().to_string();
    let of = |ratio: &Option<BranchRatio>| ratio.as_ref().map_or("not known".to_owned(), in_words);
    let (joint, separate) = (&found.joint, &found.separate);
    table.push([
        "energy".to_owned(),
        energy(joint),
        energy(separate),
        of(&found.energy),
    ]);
    for (task, figure) in &separate.by_task_j {
        let own = estimate(figure.estimate, "J");
        table.push([format!("  {task} alone"), String::new(), own, String::new()]);
    }
    table.push([
        "time".to_owned(),
        time(joint),
        time(separate),
        of(&found.time),
    ]);
    let share = found
        .parameters
        .map_or("not known".to_owned(), |share| significant(share, 3));
    table.push([
        "parameters".to_owned(),
        parameters(joint),
        parameters(separate),
        share,
    ]);
    table.push([
        "seeds".to_owned(),
        seeds(joint),
        seeds(separate),
        String::new(),
    ]);
    let until = match found.tasks.iter().all(|task| task.target.is_some()) {
        true => "until every target was reached",
        false => "until the runs ended",
    };
    let mut text = format!("training and evaluation {until}\n\n{table}\n");

    let mut table = Table::new([
        "accuracy",
        "target",
        "joint",
        "separate",
        "joint − separate",
    ]);
    for task in &found.tasks {
        let percent = |mean: &Option<Mean>| mean.as_ref().map_or("not known".to_owned(), accuracy);
        table.push([
            task.name.clone(),
            task.target
                .map_or("none".to_owned(), |target| Metric::Accuracy.format(target)),
            percent(&task.joint),
            percent(&task.separate),
            task.difference
                .as_ref()
                .map_or("other seeds".to_owned(), points),
        ]);
    }
    text.push_str(&table.to_string());
    if let Some(ratio) = &found.energy {
        text.push_str(&format!("\n{}\n", verdict(ratio)));
    }
    for sentence in found.reasons.iter().chain(&found.remarks) {
        text.push_str(&format!("\nnote: {sentence}"));
    }
    if !(found.reasons.is_empty() && found.remarks.is_empty()) {
        text.push('\n');
    }
    text
}
