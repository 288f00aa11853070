//! `joulelab infer`: what it takes to ask a trained network.

mod output;
mod several;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::asking::{self, Conditions, Windows};
use super::{Exit, Failed, Place, show};
use crate::analysis::serving::{Served, against};
use crate::control::{self, Folders};
use crate::library::{Inference, Library, LibraryError, RunDetails, export};
use crate::protocol::{Event, InferRequest};
use crate::units::{count, duration};
pub use output::text;

/// Arguments of `joulelab infer`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Runs: identifiers, their beginnings, or names; several are asked one after the other and compared
    #[arg(required = true, num_args = 1.., value_name = "RUN")]
    runs: Vec<String>,

    /// Samples asked at once, such as `1,16,256`: each by itself, and once
    #[arg(
        long,
        short = 'b',
        value_name = "SIZES",
        value_delimiter = ',',
        default_value = "1,32,256"
    )]
    batch_sizes: Vec<usize>,

    #[command(flatten)]
    windows: Windows,

    #[command(flatten)]
    conditions: Conditions,

    /// Print what was measured earlier, and measure nothing
    #[arg(long)]
    stored: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Write the figures as CSV to this file, or `-` for standard output
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Replace the CSV file where it is there
    #[arg(long)]
    force: bool,

    /// No progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

/// Asks the network of a run, keeps what that took, and says it.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    check(args)?;
    let mut library = place.open()?;
    // All of them before any is asked: a name that means no run is known at once.
    let details: Result<Vec<RunDetails>, LibraryError> =
        args.runs.iter().map(|run| library.details(run)).collect();
    let details = once(details?)?;
    if args.stored {
        let of = |details: RunDetails| {
            let stored = details.inferences.clone();
            (details, stored)
        };
        tell(args, &details.into_iter().map(of).collect::<Vec<_>>())?;
        return Ok(Exit::Success);
    }
    let stopped = asking::stop_on_interrupt();
    let mut found = Vec::new();
    for details in details {
        let asked = ask(args, place, &mut library, &details, &stopped)?;
        found.push((details, asked));
        if stopped.load(Ordering::Relaxed) {
            break;
        }
    }
    tell(args, &found)?;
    Ok(if stopped.load(Ordering::Relaxed) {
        Exit::Interrupted
    } else {
        Exit::Success
    })
}

/// The runs, each of which may be named once.
fn once(details: Vec<RunDetails>) -> Result<Vec<RunDetails>, Failed> {
    let mut ids: Vec<&str> = details.iter().map(|one| one.run.id.as_str()).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|two| two[0] == two[1]) {
        let message = format!("run {} is named twice: name each run once", twice[0]);
        return Err(Failed::new(Exit::Usage, message));
    }
    Ok(details)
}

/// Asks the network of one run and keeps what that took; with an interrupt fewer batch sizes than were asked for.
fn ask(
    args: &Args,
    place: &Place,
    library: &mut Library,
    details: &RunDetails,
    stopped: &AtomicBool,
) -> Result<Vec<Inference>, Failed> {
    if !args.quiet && args.runs.len() > 1 {
        let name = details.run.name.as_deref().unwrap_or(&details.run.id);
        eprintln!("run       {name}");
    }
    let setup = args.conditions.setup(details)?;
    let intensity = asking::electricity(&setup)?;
    let id = details.run.id.clone();
    let checkpoint = asking::checkpoint(library.path(), details)?;
    let request = InferRequest {
        setup: setup.clone(),
        checkpoint,
        kernel_cache: Folders::kernel_cache(),
        knowledge: place.knowledge(),
    };
    let plan = args.windows.plan(&args.batch_sizes);
    let mut hear = |event: &Event| {
        if !args.quiet {
            announce(event);
        }
        !stopped.load(Ordering::Relaxed)
    };
    let inferred = control::infer(&place.worker()?, request, &plan, &mut hear)?;
    let mut found = Vec::new();
    for batch in &inferred.batches {
        let electricity = (&intensity, setup.measure.pue);
        let inference = control::measured(&inferred, batch, &details.epochs, &plan, electricity);
        if let Some(why) = control::disagreement(&inference) {
            return Err(Failed::new(Exit::Training, why));
        }
        library.store_inference(&id, &inference)?;
        found.push(inference);
    }
    Ok(found)
}

fn check(args: &Args) -> Result<(), Failed> {
    asking::check(&[
        (
            !args.batch_sizes.is_empty() && !args.batch_sizes.contains(&0),
            "--batch-sizes: allowed are whole numbers from 1 on, such as 1,16,256",
        ),
        (
            !(args.json && args.csv.as_deref() == Some(Path::new("-"))),
            "--json and --csv - cannot both go to standard output",
        ),
    ])?;
    args.windows.check()
}

/// Says what is going on.
pub fn announce(event: &Event) {
    match event {
        Event::Device { device, because } => {
            eprintln!("device    {} ({}): {because}", device.name, device.backend);
        }
        Event::Meters { meters, .. } => {
            for meter in meters.iter().filter(|meter| !meter.stands_by()) {
                eprintln!(
                    "meter     {}: {} · {} · grade {}",
                    meter.boundary, meter.source, meter.device, meter.grade
                );
            }
        }
        Event::InferenceReady { samples: 1, .. } => {
            eprintln!("network   one sample is asked about over and over");
        }
        Event::InferenceReady { step, samples } => eprintln!(
            "network   as it was after {} steps; {} held-out samples to ask about",
            count(*step),
            count(*samples)
        ),
        Event::InferenceBegun(begun) => eprintln!(
            "batches   of {}: warm after {} passes, {}",
            count(begun.batch_size as u64),
            count(begun.warm_up_passes),
            duration(begun.warm_up_s)
        ),
        Event::Inferred(window) => eprintln!(
            "window    {} passes in {}",
            count(window.passes),
            duration(window.seconds)
        ),
        _ => {}
    }
}

fn tell(args: &Args, found: &[(RunDetails, Vec<Inference>)]) -> Result<(), Failed> {
    let runs: Vec<Served> = found
        .iter()
        .map(|(details, asked)| Served::of(details, asked))
        .collect();
    if let Some(path) = &args.csv {
        let bytes = output::csv_bytes(found, &runs)?;
        if path.as_os_str() == "-" {
            return show::print(&String::from_utf8_lossy(&bytes));
        }
        export::write_bytes(path, args.force, &bytes)?;
    }
    let one = match found {
        [one] if args.runs.len() == 1 => Some(one),
        _ => None,
    };
    match (one, args.json) {
        (Some((details, asked)), true) => show::print_json(&serde_json::json!({
            "run": details.run.id,
            "inferences": asked,
        })),
        (Some((details, asked)), false) => show::print(&output::text(details, asked)),
        (None, true) => {
            let (against, reasons) = against(&runs);
            show::print_json(&serde_json::json!({
                "runs": runs,
                "against": against,
                "reasons": reasons,
            }))
        }
        (None, false) => show::print(&several::text(&runs)),
    }
}
