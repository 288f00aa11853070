use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use super::bar::Bar;
use super::flags::SetupFlags;
use super::{Exit, Failed, Place, foretold, lineage, show, summary};
use crate::control::{self, Ending, Launch, RunControl, RunEvent};
use crate::library::{Library, Status};
use crate::protocol::{Event, Source, SourceStatus};
use crate::setup::{Setup, file};
use crate::units::{count, quantity};

/// Arguments of `joulelab run`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    setup: SetupFlags,

    /// Write the setup file that reproduces the run to standard output, and do not train
    #[arg(long)]
    print_setup: bool,

    /// Go on with a run from its last checkpoint
    #[arg(long, value_name = "RUN", conflicts_with = "print_setup")]
    resume: Option<String>,

    /// Write every raw reading of the meters to this new file, for `joulelab power --replay` and `--meter replay:FILE`
    #[arg(long, value_name = "FILE", conflicts_with = "print_setup")]
    record_power: Option<PathBuf>,

    /// Name of the run
    #[arg(long, conflicts_with = "resume")]
    name: Option<String>,

    /// Remark on the run
    #[arg(long, conflicts_with = "resume")]
    note: Option<String>,

    /// Tag of the run; may be given several times
    #[arg(long = "tag", conflicts_with = "resume")]
    tags: Vec<String>,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// No progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

/// Trains a network and says what it cost.
pub fn run(args: Args, place: &Place) -> Result<Exit, Failed> {
    let path = place.path()?;
    let (setup, resume) = match &args.resume {
        None => (super::start::resolved(args.setup.build()?, place)?, None),
        Some(_) if !args.setup.is_empty() => {
            return Err(Failed::new(
                Exit::Usage,
                "--resume goes on with the run's own setup; leave the flags of the setup out, or start a new run",
            ));
        }
        Some(given) => {
            let run = place.open()?.run(given)?;
            (stored_setup(&run.setup.json)?, Some(run.id))
        }
    };
    check(&setup)?;
    if args.print_setup {
        let text = file::to_toml(&setup)
            .map_err(|error| Failed::new(Exit::Usage, format!("the setup is no TOML: {error}")))?;
        show::print(&text)?;
        return Ok(Exit::Success);
    }
    let record = args.record_power.map(std::path::absolute).transpose();
    let record =
        record.map_err(|error| Failed::new(Exit::Usage, format!("--record-power: {error}")))?;
    // A library that cannot be used should be known before anything is trained; and a run may be named in it.
    drop(place.open()?);

    let is_new = resume.is_none();
    let session = control::start(Launch {
        setup: setup.clone(),
        name: args.name,
        note: args.note,
        tags: args.tags,
        resume,
        record,
        worker: place.worker()?,
        library: path,
    })?;
    let interrupts = count_interrupts(session.control.clone());
    let mut bar = Bar::new(&setup.regime.stop, args.quiet);
    let ending = loop {
        match session.events.recv_timeout(Duration::from_millis(200)) {
            Ok(RunEvent::Ended(ending)) => break *ending,
            Ok(RunEvent::Recorded { run_id }) if is_new => foretell(place, &run_id, &bar),
            Ok(RunEvent::Recorded { .. }) => {}
            Ok(RunEvent::Worker(event)) => {
                announce(&event, &bar);
                bar.take(&event);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failed::new(
                    Exit::Failure,
                    "the recorder ended without a word",
                ));
            }
        }
    };
    bar.finish();
    let interrupted = interrupts.load(Ordering::Relaxed) > 0;
    conclude(&ending, place, args.json, interrupted)
}

/// Tells what was foretold of a run that begins. It is no reason to end one that it cannot be read.
fn foretell(place: &Place, run_id: &str, bar: &Bar) {
    let forecasts = place
        .path()
        .ok()
        .and_then(|path| Library::open(path).ok())
        .and_then(|library| library.forecasts_of(run_id).ok());
    let before = forecasts.as_ref().and_then(|found| found.first());
    if let Some(before) = before.filter(|forecast| forecast.share <= 0.0) {
        bar.line(&format!("forecast  {}", foretold::before(before)));
    }
}

fn stored_setup(json: &str) -> Result<Setup, Failed> {
    serde_json::from_str(json).map_err(|error| {
        Failed::new(
            Exit::Storage,
            format!("the run's setup is of another version and cannot be used: {error}"),
        )
    })
}

/// Everything that can be told without a device is told before one is touched.
pub(super) fn check(setup: &Setup) -> Result<(), Failed> {
    setup.validate()?;
    let info = crate::data::describe(&setup.dataset)?;
    setup.validate_with(&info.counts())?;
    crate::analysis::lookup(setup.measure.country.as_deref())
        .map_err(|error| Failed::new(Exit::Usage, format!("measure.country: {error}")))?;
    Ok(())
}

/// The first interrupt stops the run at the next step, the second ends it at once.
fn count_interrupts(control: RunControl) -> Arc<AtomicU32> {
    let interrupts = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&interrupts);
    let handler = move || {
        if seen.fetch_add(1, Ordering::Relaxed) == 0 {
            eprintln!("stopping at the next step; once more ends the run at once");
            control.stop();
        } else {
            control.kill();
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!("an interrupt will end the program without its summary: {error}");
    }
    interrupts
}

/// What should be known at the beginning.
pub(super) fn announce(event: &Event, bar: &Bar) {
    match event {
        Event::Data(data) => bar.line(&format!(
            "dataset   {}: {} to learn from, {} held out, {}, {} classes\nmodel     {} parameters, {} for a training \
             sample",
            data.title,
            count(data.train as u64),
            count(data.test as u64),
            data.input,
            data.classes.len(),
            count(data.plan.parameters()),
            quantity(data.plan.training_flop() as f64, "FLOP"),
        )),
        Event::Resized {
            size: Some((height, width)),
            ..
        } => bar.line(&format!("images    {height}×{width} pixels")),
        Event::Resized { size: None, .. } => bar.line("images    whole"),
        Event::Started(report) => bar.line(&format!("start     {}", report.in_words(None))),
        Event::Learns { groups, .. } => bar.line(&format!("learning  {}", groups.join(", "))),
        Event::Device { device, because } => bar.line(&format!(
            "device    {} ({}): {because}",
            device.name, device.backend
        )),
        Event::SelfCheck(check) if !check.passed => bar.line(&format!(
            "warning   the device failed its self-check: its gradients differ from the CPU's by {} of their size, {} \
             is allowed; its results are not to be trusted",
            check
                .gradient_difference
                .map_or("more than a number can tell".to_owned(), |difference| format!(
                    "{difference:.2e}"
                )),
            check.tolerance
        )),
        Event::Meters { meters, refused } => {
            for meter in meters.iter().filter(|meter| !meter.stands_by()) {
                let beside = match meter.role.as_str() {
                    "cross-check" => " · beside the sum",
                    _ => "",
                };
                bar.line(&format!(
                    "meter     {}: {} · {} · grade {}{beside}",
                    meter.boundary, meter.source, meter.device, meter.grade
                ));
            }
            let only_models = meters
                .iter()
                .all(|meter| meter.kind == "model" || meter.calibration.is_some());
            let is_refused =
                |source: &Source| matches!(source.status, SourceStatus::Refused { .. });
            if only_models && !meters.is_empty() && refused.iter().any(is_refused) {
                bar.line("          no sensor answers; `joulelab doctor` tells what was tried");
            }
            if meters.is_empty() {
                bar.line("warning   no meter answers: the energy of this run will be missing");
            }
        }
        _ => {}
    }
}

fn conclude(ending: &Ending, place: &Place, json: bool, interrupted: bool) -> Result<Exit, Failed> {
    if let Some(run_id) = &ending.run_id {
        // What is shown is what was stored, so that both can only be the same.
        let library = Library::open(place.path()?)?;
        let details = library.details(run_id)?;
        if json {
            show::print_json(&show::as_json(&details, None)?)?;
        } else {
            let judged = library.judged_forecasts_of(run_id)?;
            let text = summary::text(&details, &judged, library.path());
            show::print(&(text + &lineage::text(&details, None)))?;
        }
    }
    if let Some(failure) = &ending.failure {
        let mut failed = Failed::from(failure.clone());
        if ending.worker_died {
            failed.exit = Exit::WorkerDied;
        }
        if ending.library_failed {
            failed.exit = Exit::Storage;
        }
        if let Some(run_id) = &ending.run_id {
            failed.message.push_str(&format!(
                "\nwhat was recorded until then is kept as run {run_id}"
            ));
        }
        return Err(failed);
    }
    let missed = ending
        .summary
        .as_ref()
        .is_some_and(|summary| summary.target_reached == Some(false));
    Ok(match ending.status {
        Status::Stopped | Status::Interrupted => Exit::Interrupted,
        _ if interrupted && ending.summary.is_none() => Exit::Interrupted,
        _ if missed => Exit::TargetNotReached,
        _ => Exit::Success,
    })
}
