//! Figures of an inference as a table and as CSV.

use crate::analysis::serving::{Served, against};
use crate::cli::table::Table;
use crate::cli::{Exit, Failed};
use crate::library::{Inference, RunDetails};
use crate::units::{Estimate, count, duration, estimate, quantity};

/// Figures as a table, with what they rest on.
pub fn text(details: &RunDetails, found: &[Inference]) -> String {
    let Some(first) = found.first() else {
        return format!("nothing was measured of run {} yet\n", details.run.id);
    };
    let mut table = Table::new([
        "at once",
        "J per 1,000",
        "net",
        "gCO2e per 1,000",
        "p50",
        "p95",
        "p99",
        "samples/s",
        "windows",
        "answers",
    ])
    .right(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let missing = || "missing".to_owned();
    for one in found {
        let time = |seconds: Option<f64>| seconds.map_or_else(missing, duration);
        table.push([
            count(one.batch_size),
            one.energy_j
                .map_or_else(missing, |energy| estimate(energy, "J")),
            one.net_j
                .map_or("no baseline".to_owned(), |net| estimate(net, "J")),
            one.carbon_g
                .map_or_else(missing, |carbon| estimate(carbon, "g")),
            time(one.latency.p50_s),
            time(one.latency.p95_s),
            time(one.latency.p99_s),
            quantity(one.throughput, ""),
            format!(
                "{}{}",
                one.windows,
                if one.interval_reached {
                    ""
                } else {
                    " (too few)"
                }
            ),
            one.value
                .map_or_else(missing, |value| one.metric.format(value)),
        ]);
    }
    let mut text = format!(
        "run {} after {} steps, asked on {} ({})\n\n{table}",
        details.run.id,
        count(first.step),
        first.device,
        first.backend
    );
    let mut line = |words: String| text.push_str(&format!("{words}\n"));
    if let Some(sum) = &first.sum {
        line(format!(
            "\nenergy of {} by {} · grade {} ({}) · windows of {}",
            sum.figure.boundary,
            sum.figure.source,
            sum.figure.grade,
            sum.figure.grade.meaning(),
            duration(first.window_s)
        ));
    }
    for idle in &first.idle_power {
        line(format!(
            "idle {} · {} · {}",
            estimate(idle.power_w, "W"),
            idle.boundary,
            idle.meter
        ));
    }
    if !first.missing.is_empty() {
        line(format!(
            "missing: {} gave no reading",
            first.missing.join(", ")
        ));
    }
    let heads = found.iter().find(|one| !one.heads.is_empty());
    if let Some(one) = heads {
        for head in &one.heads {
            let written =
                |value: Option<f64>| value.map_or_else(missing, |value| head.metric.format(value));
            let of_run = match head.run_value {
                Some(value) => format!("the run had {}", head.metric.format(value)),
                None => "the run did not look at this step".to_owned(),
            };
            line(format!(
                "head {}: {} {}, {of_run}",
                head.head,
                head.metric,
                written(head.value)
            ));
        }
    }
    match first.run_value {
        Some(value) if heads.is_some() => line(format!(
            "the answers of every head are those of the run, whose head with the lowest {} had {}",
            first.metric,
            first.metric.format(value)
        )),
        Some(value) => line(format!(
            "the answers are those of the run, which had {} {}",
            first.metric,
            first.metric.format(value)
        )),
        None => line("the run did not look at the held-out samples at this step: its answers cannot be compared".to_owned()),
    }
    if found
        .iter()
        .any(|one| one.energy_j.is_some() && !one.interval_reached)
    {
        line(format!(
            "too few windows: their spread is wider than {} % of the energy; --windows allows more, --window longer ones",
            100.0 * first.interval
        ));
    }
    text
}

const COLUMNS: [&str; 41] = [
    "schema",
    "run_id",
    "made_at",
    "program_version",
    "device",
    "backend",
    "step",
    "batch_size",
    "windows",
    "window_s",
    "samples",
    "seconds",
    "warm_up_passes",
    "warm_up_s",
    "throughput_per_s",
    "latency_mean_s",
    "latency_p50_s",
    "latency_p90_s",
    "latency_p95_s",
    "latency_p99_s",
    "latency_max_s",
    "per_1000_j",
    "per_1000_low_j",
    "per_1000_high_j",
    "per_1000_net_j",
    "per_1000_spread_j",
    "interval_reached",
    "source",
    "grade",
    "per_1000_carbon_g",
    "metric",
    "value",
    "run_value",
    "per_1000_net_low_j",
    "per_1000_net_high_j",
    "per_1000_carbon_low_g",
    "per_1000_carbon_high_g",
    "parameters",
    "labels",
    "heads",
    "sum_of_runs",
];

/// A row for each run and batch size, then one for the networks that answer the tasks of a joint one by one, added up; missing cells
/// are empty.
pub fn csv_bytes(
    found: &[(RunDetails, Vec<Inference>)],
    runs: &[Served],
) -> Result<Vec<u8>, Failed> {
    let failed =
        |error: csv::Error| Failed::new(Exit::Storage, format!("cannot write the CSV: {error}"));
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(COLUMNS).map_err(failed)?;
    for ((details, asked), run) in found.iter().zip(runs) {
        for one in asked {
            let mut cells = of_run(one, &details.run.id);
            cells.push(("parameters", whole(run.parameters)));
            cells.push(("labels", run.labels.join(" ")));
            write(&mut csv, &cells).map_err(failed)?;
        }
    }
    for one in against(runs).0 {
        for at in &one.at_once {
            let labels: Vec<&str> = one.tasks.iter().map(|task| task.name.as_str()).collect();
            let cost = &at.separate;
            let mut cells = vec![
                ("batch_size", at.batch_size.to_string()),
                ("throughput_per_s", cost.throughput.to_string()),
                ("latency_mean_s", number(cost.mean_s)),
                (
                    "parameters",
                    whole(one.parameters.map(|(_, separate)| separate)),
                ),
                ("labels", labels.join(" ")),
                ("sum_of_runs", one.separate.join(" ")),
            ];
            cells.extend(interval(
                ["per_1000_j", "per_1000_low_j", "per_1000_high_j"],
                cost.energy_j,
            ));
            cells.extend(interval(CARBON, cost.carbon_g));
            write(&mut csv, &cells).map_err(failed)?;
        }
    }
    csv.into_inner()
        .map_err(|error| Failed::new(Exit::Storage, format!("cannot write the CSV: {error}")))
}

const CARBON: [&str; 3] = [
    "per_1000_carbon_g",
    "per_1000_carbon_low_g",
    "per_1000_carbon_high_g",
];

/// A column and what stands in it.
type Cell = (&'static str, String);

fn write(csv: &mut csv::Writer<Vec<u8>>, cells: &[Cell]) -> Result<(), csv::Error> {
    csv.write_record(COLUMNS.map(|column| {
        if column == "schema" {
            return "inferences/2";
        }
        let known = cells.iter().find(|(name, _)| *name == column);
        known.map_or("", |(_, text)| text.as_str())
    }))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn whole(value: Option<u64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn interval(names: [&'static str; 3], figure: Option<Estimate>) -> [Cell; 3] {
    let [value, low, high] = names;
    [
        (value, number(figure.map(|figure| figure.value))),
        (low, number(figure.map(|figure| figure.low))),
        (high, number(figure.map(|figure| figure.high))),
    ]
}

fn of_run(one: &Inference, run: &str) -> Vec<Cell> {
    let figure = one.sum.as_ref().map(|sum| &sum.figure);
    let text = |text: Option<String>| text.unwrap_or_default();
    let latency = one.latency;
    let heads = (!one.heads.is_empty()).then(|| serde_json::json!(one.heads).to_string());
    let mut cells = vec![
        ("run_id", run.to_owned()),
        ("made_at", one.made_at.to_string()),
        ("program_version", one.program_version.clone()),
        ("device", one.device.clone()),
        ("backend", one.backend.clone()),
        ("step", one.step.to_string()),
        ("batch_size", one.batch_size.to_string()),
        ("windows", one.windows.to_string()),
        ("window_s", one.window_s.to_string()),
        ("samples", one.samples.to_string()),
        ("seconds", one.seconds.to_string()),
        ("warm_up_passes", one.warm_up_passes.to_string()),
        ("warm_up_s", one.warm_up_s.to_string()),
        ("throughput_per_s", one.throughput.to_string()),
        ("latency_mean_s", number(latency.mean_s)),
        ("latency_p50_s", number(latency.p50_s)),
        ("latency_p90_s", number(latency.p90_s)),
        ("latency_p95_s", number(latency.p95_s)),
        ("latency_p99_s", number(latency.p99_s)),
        ("latency_max_s", number(latency.max_s)),
        ("per_1000_spread_j", number(one.spread_j)),
        ("interval_reached", one.interval_reached.to_string()),
        ("source", text(figure.map(|figure| figure.source.clone()))),
        ("grade", text(figure.map(|figure| figure.grade.to_string()))),
        ("metric", one.metric.name().to_owned()),
        ("value", number(one.value)),
        ("run_value", number(one.run_value)),
        ("heads", text(heads)),
    ];
    cells.extend(interval(
        ["per_1000_j", "per_1000_low_j", "per_1000_high_j"],
        one.energy_j,
    ));
    cells.extend(interval(
        [
            "per_1000_net_j",
            "per_1000_net_low_j",
            "per_1000_net_high_j",
        ],
        one.net_j,
    ));
    cells.extend(interval(CARBON, one.carbon_g));
    cells
}

#[cfg(test)]
mod tests {
    use super::COLUMNS;

    #[test]
    fn columns_are_told_apart() {
        for (at, column) in COLUMNS.iter().enumerate() {
            assert!(!COLUMNS[..at].contains(column), "{column}");
        }
    }
}
