//! Figures of an inference as a table and as CSV.

use crate::cli::table::Table;
use crate::cli::{Exit, Failed};
use crate::library::{Inference, RunDetails};
use crate::units::{count, duration, estimate, quantity};

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
    match first.run_value {
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

const COLUMNS: [&str; 33] = [
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
];

/// A row for each batch size; missing cells are empty.
pub fn csv_bytes(details: &RunDetails, found: &[Inference]) -> Result<Vec<u8>, Failed> {
    let failed =
        |error: csv::Error| Failed::new(Exit::Storage, format!("cannot write the CSV: {error}"));
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(COLUMNS).map_err(failed)?;
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for one in found {
        let (energy, figure) = (one.energy_j, one.sum.as_ref().map(|sum| &sum.figure));
        let latency = one.latency;
        csv.write_record([
            "inferences/1".to_owned(),
            details.run.id.clone(),
            one.made_at.to_string(),
            one.program_version.clone(),
            one.device.clone(),
            one.backend.clone(),
            one.step.to_string(),
            one.batch_size.to_string(),
            one.windows.to_string(),
            one.window_s.to_string(),
            one.samples.to_string(),
            one.seconds.to_string(),
            one.warm_up_passes.to_string(),
            one.warm_up_s.to_string(),
            one.throughput.to_string(),
            number(latency.mean_s),
            number(latency.p50_s),
            number(latency.p90_s),
            number(latency.p95_s),
            number(latency.p99_s),
            number(latency.max_s),
            number(energy.map(|energy| energy.value)),
            number(energy.map(|energy| energy.low)),
            number(energy.map(|energy| energy.high)),
            number(one.net_j.map(|net| net.value)),
            number(one.spread_j),
            one.interval_reached.to_string(),
            figure.map_or_else(String::new, |figure| figure.source.clone()),
            figure.map_or_else(String::new, |figure| figure.grade.to_string()),
            number(one.carbon_g.map(|carbon| carbon.value)),
            one.metric.name().to_owned(),
            number(one.value),
            number(one.run_value),
        ])
        .map_err(failed)?;
    }
    csv.into_inner()
        .map_err(|error| Failed::new(Exit::Storage, format!("cannot write the CSV: {error}")))
}
