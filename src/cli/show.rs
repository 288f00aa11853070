use std::io::Write;

use serde::Serialize;

use super::table::Table;
use super::{Exit, Failed, Place, lineage, summary};
use crate::library::{PhaseTotal, RunDetails};
use crate::units::{duration, estimate};

/// Arguments of `joulelab show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run: identifier, its beginning, or name
    run: String,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Share the energy of the run's ancestors among so many uses of them
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    uses: Option<u64>,

    /// Print the setup as a file that reproduces the run
    #[arg(long, conflicts_with = "json")]
    setup: bool,
}

/// Shows everything about a run.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    let library = place.open()?;
    let details = library.details(&args.run)?;
    if args.json {
        print_json(&as_json(&details, args.uses)?)?;
    } else if args.setup {
        let setup: crate::setup::Setup =
            serde_json::from_str(&details.run.setup.json).map_err(|error| {
                Failed::new(
                    Exit::Storage,
                    format!("the run's setup is of another version: {error}"),
                )
            })?;
        let text = crate::setup::file::to_toml(&setup)
            .map_err(|error| Failed::new(Exit::Usage, format!("the setup is no TOML: {error}")))?;
        print(&text)?;
    } else {
        let judged = library.judged_forecasts_of(&details.run.id)?;
        let text = summary::text(&details, &judged, library.path());
        print(&(text + &lineage::text(&details, args.uses) + &more(&details)))?;
    }
    Ok(Exit::Success)
}

/// Everything of a run as JSON, with its energies together with those of its ancestors.
pub fn as_json(details: &RunDetails, uses: Option<u64>) -> Result<serde_json::Value, Failed> {
    let mut json = serde_json::to_value(details).map_err(|error| {
        Failed::new(Exit::Failure, format!("cannot be written as JSON: {error}"))
    })?;
    json["lineage"] = lineage::json(details, uses);
    Ok(json)
}

/// What the summary leaves out.
fn more(details: &RunDetails) -> String {
    let run = &details.run;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            text.push_str(&format!("{name:<14}{value}\n"));
        }
    };
    line("name", run.name.clone().unwrap_or_default());
    line("note", run.note.clone().unwrap_or_default());
    line("tags", run.tags.join(", "));
    line("started", run.started_at.to_string());
    line(
        "setup",
        format!("{} (without seed {})", run.setup.hash, run.setup.group_hash),
    );
    line(
        "machine",
        format!(
            "{} · {} · {}",
            run.machine.hostname.as_deref().unwrap_or("unnamed"),
            run.machine.os,
            run.machine.cpu_model.as_deref().unwrap_or("unknown CPU"),
        ),
    );
    line(
        "device",
        format!(
            "{} · {} · {}",
            run.device.name,
            run.backend,
            run.device.driver.as_deref().unwrap_or("no driver")
        ),
    );
    if let Some(check) = &details.self_check {
        line(
            "self-check",
            format!(
                "{}: differences {}, tolerance {}, Joulelab {}, {}",
                if check.passed { "passed" } else { "FAILED" },
                check.differences,
                check.tolerance,
                check.program_version,
                check.checked_at
            ),
        );
    }
    line("program", format!("Joulelab {}", run.program_version));
    for meter in &details.meters {
        let notes = meter
            .info
            .get("notes")
            .and_then(serde_json::Value::as_array)
            .map(|notes| {
                let notes: Vec<&str> = notes.iter().filter_map(|note| note.as_str()).collect();
                notes.join("; ")
            })
            .unwrap_or_default();
        line(
            "meter",
            format!(
                "{} · {} · {} · grade {} ({}) · {notes}",
                meter.id,
                meter.boundary,
                meter.source,
                meter.grade,
                meter.grade.meaning()
            ),
        );
    }
    // Only the newest are kept; the others have been replaced.
    let kept = |path: &&crate::library::Checkpoint| std::path::Path::new(&path.path).exists();
    for checkpoint in details.checkpoints.iter().filter(kept) {
        line(
            "checkpoint",
            format!("step {} · {}", checkpoint.step, checkpoint.path),
        );
    }
    if !details.inferences.is_empty() {
        text.push_str(&format!(
            "\n{}",
            super::infer::text(details, &details.inferences)
        ));
    }
    text.push_str(&super::start::layers(details));
    text.push_str(&phases(&details.totals));
    text.push_str(&epochs(details));
    text.push_str(&super::heads::table(details));
    text
}

fn phases(totals: &[PhaseTotal]) -> String {
    let mut table = Table::new([
        "phase", "time", "covers", "gross", "net", "covered", "grade",
    ])
    .right(&[1]);
    for total in totals {
        for energy in &total.energies {
            let net = energy
                .net_j
                .map_or("no baseline".to_owned(), |net| estimate(net, "J"));
            table.push([
                total.phase.clone(),
                duration(total.duration_s),
                energy.figure.boundary.to_string(),
                energy
                    .figure
                    .energy_j
                    .map_or("missing".to_owned(), |gross| estimate(gross, "J")),
                net,
                format!("{:.0} %", energy.figure.coverage() * 100.0),
                energy.figure.grade.to_string(),
            ]);
        }
    }
    format!("\n{table}")
}

fn epochs(details: &RunDetails) -> String {
    let mut table = Table::new([
        "epoch",
        "step",
        "train loss",
        "train",
        "test loss",
        "test",
        "samples/s",
    ])
    .right(&[0, 1, 2, 3, 4, 5, 6]);
    let number = |value: Option<f64>, places: usize| {
        value.map_or("-".to_owned(), |value| format!("{value:.places$}"))
    };
    let metric = details.run.metrics.metric;
    let result = |value: Option<f64>| value.map_or("-".to_owned(), |value| metric.format(value));
    for epoch in &details.epochs {
        table.push([
            epoch.epoch.to_string(),
            epoch.step.to_string(),
            number(epoch.train_loss, 4),
            result(epoch.train_metric),
            number(epoch.test_loss, 4),
            result(epoch.test_metric),
            number(epoch.samples_per_s, 0),
        ]);
    }
    format!("\n{table}")
}

/// Prints text; a reader that has gone away, as `head` does, is no fault.
pub fn print(text: &str) -> Result<(), Failed> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Whether the reader of standard output has gone away.
pub fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Prints a value as JSON.
pub fn print_json<T: Serialize>(value: &T) -> Result<(), Failed> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| {
        Failed::new(Exit::Failure, format!("cannot be written as JSON: {error}"))
    })?;
    text.push('\n');
    print(&text)
}
