//! Several runs that were asked, side by side: task-specific networks against multitask ones.

use crate::analysis::serving::{Against, Answers, AtOnce, Cost, Served, against};
use crate::cli::table::Table;
use crate::units::{Estimate, Metric, count, duration, estimate, quantity, significant};

/// Runs side by side, and joint ones against the separate ones that answer the same tasks.
pub fn text(runs: &[Served]) -> String {
    let (found, reasons) = against(runs);
    let mut text = table(runs, &found);
    for one in &found {
        text.push_str(&in_full(one, runs));
    }
    for run in runs.iter().filter(|run| run.inferences.is_empty()) {
        text.push_str(&format!(
            "\nnote: nothing was measured of {} yet\n",
            run.name
        ));
    }
    for reason in &reasons {
        text.push_str(&format!("\nnote: {reason}\n"));
    }
    if devices(runs).len() > 1 {
        text.push_str(&format!(
            "\nnote: they were asked on different devices: {}\n",
            devices(runs).join(", ")
        ));
    }
    text
}

/// Names of the devices that answered, each once.
fn devices(runs: &[Served]) -> Vec<String> {
    let mut names = Vec::new();
    for one in runs.iter().flat_map(|run| &run.inferences) {
        let name = format!("{} ({})", one.device, one.backend);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn sizes(runs: &[Served]) -> Vec<u64> {
    let all = runs.iter().flat_map(|run| &run.inferences);
    let mut sizes: Vec<u64> = all.map(|one| one.batch_size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn table(runs: &[Served], found: &[Against]) -> String {
    let mut table = Table::new([
        "at once",
        "run",
        "parameters",
        "J per 1,000",
        "gCO2e per 1,000",
        "mean",
        "p50",
        "p95",
        "samples/s",
        "answers",
    ])
    .right(&[0, 2, 3, 4, 5, 6, 7, 8]);
    for size in sizes(runs) {
        for run in runs {
            let Some(one) = run.at(size) else { continue };
            let cost = Cost {
                energy_j: one.energy_j,
                carbon_g: one.carbon_g,
                mean_s: one.latency.mean_s,
                throughput: one.throughput,
            };
            let tasks = run.accuracies(size).into_iter();
            let answers = tasks.map(|(name, value)| {
                let value = value.map_or("missing".to_owned(), |value| one.metric.format(value));
                format!("{name} {value}").trim().to_owned()
            });
            table.push(row(
                size,
                &run.name,
                run.parameters,
                &cost,
                [one.latency.p50_s, one.latency.p95_s].map(time),
                answers.collect::<Vec<_>>().join(", "),
            ));
        }
        for one in found {
            let at = one.at_once.iter().find(|at| at.batch_size == size);
            let Some(at) = at else { continue };
            let names = one.separate.iter().map(|run| name(run, runs));
            table.push(row(
                size,
                &format!("= {}", names.collect::<Vec<_>>().join(" + ")),
                one.parameters.map(|(_, separate)| separate),
                &at.separate,
                // Percentiles of a sum are no sums of percentiles.
                ["-", "-"].map(str::to_owned),
                "all of them, one after the other".to_owned(),
            ));
        }
    }
    table.to_string()
}

fn row(
    size: u64,
    name: &str,
    parameters: Option<u64>,
    cost: &Cost,
    [p50, p95]: [String; 2],
    answers: String,
) -> [String; 10] {
    let figure = |figure: Option<Estimate>, unit: &str| {
        figure.map_or("missing".to_owned(), |figure| estimate(figure, unit))
    };
    [
        count(size),
        name.to_owned(),
        parameters.map_or("missing".to_owned(), count),
        figure(cost.energy_j, "J"),
        figure(cost.carbon_g, "g"),
        time(cost.mean_s),
        p50,
        p95,
        quantity(cost.throughput, ""),
        answers,
    ]
}

fn time(seconds: Option<f64>) -> String {
    seconds.map_or("missing".to_owned(), duration)
}

fn name<'a>(run: &'a str, runs: &'a [Served]) -> &'a str {
    let known = runs.iter().find(|known| known.run == run);
    known.map_or(run, |known| known.name.as_str())
}

/// One joint network against the separate ones.
fn in_full(found: &Against, runs: &[Served]) -> String {
    let names: Vec<&str> = found.separate.iter().map(|run| name(run, runs)).collect();
    let mut text = format!(
        "\n{} against {}, each of which has to be asked to answer all tasks\n\n",
        name(&found.joint, runs),
        names.join(", ")
    );
    let mut table = Table::new([
        "at once",
        "energy joint ÷ separate",
        "time joint ÷ separate",
    ])
    .right(&[0]);
    for at in &found.at_once {
        let energy = at.energy.map(|ratio| {
            let [value, low, high] =
                [ratio.value, ratio.low, ratio.high].map(|x| significant(x, 3));
            format!("{value} ({low} to {high})")
        });
        table.push([
            count(at.batch_size),
            energy.unwrap_or("not known".to_owned()),
            at.time
                .map_or("not known".to_owned(), |ratio| significant(ratio, 3)),
        ]);
    }
    text.push_str(&table.to_string());
    if let Some((joint, separate)) = found.parameters {
        text.push_str(&format!(
            "parameters {} against {}: {}\n",
            count(joint),
            count(separate),
            significant(joint as f64 / separate.max(1) as f64, 3)
        ));
    }
    let mut table = Table::new(["accuracy", "joint", "separate", "joint − separate"]);
    for task in &found.tasks {
        table.push(accuracies(task));
    }
    text.push_str(&format!("\n{table}"));
    for at in &found.at_once {
        text.extend(verdict(at));
    }
    for remark in &found.remarks {
        text.push_str(&format!("\nnote: {remark}\n"));
    }
    text
}

fn accuracies(task: &Answers) -> [String; 4] {
    let percent = |value: Option<f64>| {
        value.map_or("missing".to_owned(), |value| Metric::Accuracy.format(value))
    };
    let difference = task.joint.zip(task.separate).map(|(a, b)| a - b);
    let difference = difference.map(|difference| format!("{:+.2} points", 100.0 * difference));
    [
        task.name.clone(),
        percent(task.joint),
        percent(task.separate),
        difference.unwrap_or_default(),
    ]
}

/// What the ratio of the energies says, in a sentence.
fn verdict(at: &AtOnce) -> Option<String> {
    let ratio = at.energy?;
    let share = |value: f64| format!("{:.0} %", 100.0 * value.abs());
    let asked = match at.batch_size {
        1 => "Asked one at a time".to_owned(),
        size => format!("Asked {} at once", count(size)),
    };
    let words = if ratio.high < 1.0 {
        format!(
            "the joint network answers all tasks for {} less energy ({} to {}).",
            share(1.0 - ratio.value),
            share(1.0 - ratio.high),
            share(1.0 - ratio.low)
        )
    } else if ratio.low > 1.0 {
        format!(
            "the joint network takes {} more energy to answer all tasks ({} to {}).",
            share(ratio.value - 1.0),
            share(ratio.low - 1.0),
            share(ratio.high - 1.0)
        )
    } else {
        "these windows do not tell which takes less energy: the interval includes 1.".to_owned()
    };
    Some(format!("\n{asked}, {words}\n"))
}
