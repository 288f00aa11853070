//! `joulelab infer`: what it takes to ask a trained network.

mod output;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Exit, Failed, Place, show};
use crate::analysis::{self, operational};
use crate::control::{self, Folders, InferPlan};
use crate::library::{Inference, RunDetails, export};
use crate::protocol::{Event, InferRequest};
use crate::setup::{Change, Setup};
use crate::units::{count, duration};
pub use output::text;

/// Arguments of `joulelab infer`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run: identifier, its beginning, or name
    run: String,

    /// Samples asked at once, such as `1,16,256`: each by itself
    #[arg(
        long,
        short = 'b',
        value_name = "SIZES",
        value_delimiter = ',',
        default_value = "1,32,256"
    )]
    batch_sizes: Vec<usize>,

    /// Seconds of a window at least; longer where a meter changes its reading seldom
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    window: f64,

    /// Seconds in which the network is asked before the first window of each batch size
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    warm_up: f64,

    /// Repeat windows until the interval over them is within this share of the energy
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    interval: f64,

    /// Windows of each batch size at most, 3 or more
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    windows: usize,

    /// Device: `auto`, `cpu`, a number of `joulelab devices`, or part of a name [default: as the run]
    #[arg(long, short = 'D')]
    device: Option<String>,

    /// Seconds of idle baseline before; 0 skips it [default: as the run]
    #[arg(long, value_name = "SECONDS")]
    idle: Option<f64>,

    /// Country whose mean carbon intensity is used [default: as the run]
    #[arg(long)]
    country: Option<String>,

    /// Power usage effectiveness of the site, 1 or more [default: as the run]
    #[arg(long)]
    pue: Option<f64>,

    /// Any other field of the setup's `measure`, such as `measure.rate_hz=20`; may be given several times
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    set: Vec<String>,

    /// Use this meter instead of the machine's: `simulated:NAME` or `replay:FILE`; may be given several times
    #[arg(long = "meter", value_name = "METER")]
    meters: Vec<String>,

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
    let details = library.details(&args.run)?;
    if args.stored {
        tell(args, &details, &details.inferences)?;
        return Ok(Exit::Success);
    }
    let setup = setup(args, &details)?;
    let intensity = analysis::lookup(setup.measure.country.as_deref())
        .map_err(|error| Failed::new(Exit::Usage, format!("measure.country: {error}")))?;
    let basis = intensity
        .basis(setup.measure.pue)
        .map_err(|error| Failed::new(Exit::Usage, error.to_string()))?;
    let id = details.run.id.clone();
    let Some((checkpoint, _)) = Folders::beside(library.path()).newest_checkpoint(&id) else {
        return Err(Failed::new(
            Exit::Storage,
            format!("run {id} has no checkpoint on this machine; train it again"),
        ));
    };
    let stopped = stop_on_interrupt();
    let request = InferRequest {
        setup: setup.clone(),
        checkpoint,
        kernel_cache: Folders::kernel_cache(),
        knowledge: place.knowledge(),
    };
    let plan = InferPlan {
        batch_sizes: args.batch_sizes.clone(),
        window_s: args.window,
        warm_up_s: args.warm_up,
        interval: args.interval,
        windows_max: args.windows,
    };
    let mut hear = |event: &Event| {
        if !args.quiet {
            announce(event);
        }
        !stopped.load(Ordering::Relaxed)
    };
    let inferred = control::infer(&place.worker()?, request, &plan, &mut hear)?;
    let made_at = jiff::Timestamp::now();
    let mut found = Vec::new();
    for batch in &inferred.batches {
        let mut inference =
            control::measured(&inferred, batch, &details.epochs, args.interval, made_at);
        inference.carbon_g = inference
            .energy_j
            .and_then(|energy| operational(energy, &intensity, setup.measure.pue).ok())
            .map(|figure| figure.carbon_g);
        inference.carbon = Some(basis.clone());
        if let Some(why) = control::disagreement(&inference) {
            return Err(Failed::new(Exit::Training, why));
        }
        library.store_inference(&id, &inference)?;
        found.push(inference);
    }
    tell(args, &details, &found)?;
    Ok(if stopped.load(Ordering::Relaxed) {
        Exit::Interrupted
    } else {
        Exit::Success
    })
}

fn check(args: &Args) -> Result<(), Failed> {
    let rules = [
        (
            !args.batch_sizes.is_empty() && !args.batch_sizes.contains(&0),
            "--batch-sizes: allowed are whole numbers from 1 on, such as 1,16,256",
        ),
        (
            args.window > 0.0 && args.window <= 3600.0,
            "--window: allowed is above 0 to 3600 s",
        ),
        (
            (0.0..=3600.0).contains(&args.warm_up),
            "--warm-up: allowed is 0 to 3600 s",
        ),
        (
            args.interval > 0.0 && args.interval <= 1.0,
            "--interval: allowed is a share above 0 to 1, such as 0.02",
        ),
        (
            args.windows >= analysis::inference::WINDOWS_MIN,
            "--windows: allowed is 3 or more; with fewer nothing can be said of their spread",
        ),
        (
            !(args.json && args.csv.as_deref() == Some(Path::new("-"))),
            "--json and --csv - cannot both go to standard output",
        ),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, message)) => Err(Failed::new(Exit::Usage, message)),
        None => Ok(()),
    }
}

/// The run's setup with the device and the measuring that are asked for.
fn setup(args: &Args, details: &RunDetails) -> Result<Setup, Failed> {
    let stored: Setup = serde_json::from_str(&details.run.setup.json).map_err(|error| {
        let message = format!("the run's setup is of another version and cannot be used: {error}");
        Failed::new(Exit::Storage, message)
    })?;
    let mut change = Change::default();
    for assignment in &args.set {
        if !assignment.trim_start().starts_with("measure.") {
            let message = format!(
                "--set {assignment}: only fields of `measure` can be set, since the network is trained"
            );
            return Err(Failed::new(Exit::Usage, message));
        }
        change.assign(assignment)?;
    }
    if let Some(device) = &args.device {
        change.set("device", device.clone());
    }
    if let Some(idle_s) = args.idle {
        change.set("measure.idle_s", idle_s);
    }
    if let Some(country) = &args.country {
        change.set("measure.country", country.clone());
    }
    if let Some(pue) = args.pue {
        change.set("measure.pue", pue);
    }
    if !args.meters.is_empty() {
        change.set("measure.meters", args.meters.clone());
    }
    let setup = change.apply(&stored)?;
    setup.validate()?;
    Ok(setup)
}

/// The first interrupt ends it after the window that is going on.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stopped);
    let handler = move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("stopping after this window; once more ends it at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!("an interrupt will end the program without its figures: {error}");
    }
    stopped
}

fn announce(event: &Event) {
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

fn tell(args: &Args, details: &RunDetails, found: &[Inference]) -> Result<(), Failed> {
    if let Some(path) = &args.csv {
        let bytes = output::csv_bytes(details, found)?;
        if path.as_os_str() == "-" {
            return show::print(&String::from_utf8_lossy(&bytes));
        }
        export::write_bytes(path, args.force, &bytes)?;
    }
    if args.json {
        return show::print_json(&serde_json::json!({
            "run": details.run.id,
            "inferences": found,
        }));
    }
    show::print(&output::text(details, found))
}
