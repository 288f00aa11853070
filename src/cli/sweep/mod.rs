//! `joulelab sweep` and `joulelab sweeps`.

mod ahead;
mod axes;
mod foretold;
mod list;
mod pauses;
mod progress;
mod result;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

pub use list::{Args as ListArgs, run as list};

use super::{Exit, Failed, Place, show};
use crate::analysis::search::Ahead;
use crate::control::{self, SweepControl, SweepEnding, SweepEvent, SweepLaunch};
use crate::library::{Library, Status};
use crate::setup::Change;
use crate::setup::sweep::{self, Sweep};
use progress::Progress;

/// Arguments of `joulelab sweep`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Sweep file, TOML or JSON, or the name of a sweep that comes with the program, such as paper-digits
    #[arg(value_name = "FILE", required_unless_present_any = ["resume", "shipped"])]
    file: Option<PathBuf>,

    /// List the sweeps that come with the program
    #[arg(long, conflicts_with_all = ["file", "resume"])]
    shipped: bool,

    /// Say how many runs there would be and what they are expected to take, and run nothing
    #[arg(long)]
    dry_run: bool,

    /// Write the sweep file to standard output, and run nothing
    #[arg(long, conflicts_with = "resume")]
    print: bool,

    /// Begin without asking, however much it is
    #[arg(long, short = 'y')]
    yes: bool,

    /// Go on with a sweep that was stopped or interrupted; a file that is given too must still be the same
    #[arg(long, value_name = "SWEEP")]
    resume: Option<String>,

    /// Begin anew, though a sweep of the same file was not finished
    #[arg(long, conflicts_with = "resume")]
    new: bool,

    /// Device of every run: `auto`, `cpu`, a number of `joulelab devices`, or part of a name
    #[arg(long, short = 'D', conflicts_with = "resume")]
    device: Option<String>,

    /// Set a field of the base setup, such as `regime.stop.epochs=5`; may be given several times
    #[arg(long = "set", value_name = "FIELD=VALUE", conflicts_with = "resume")]
    set: Vec<String>,

    /// Use this meter instead of the machine's: `simulated:NAME` or `replay:FILE`; may be given several times
    #[arg(long = "meter", value_name = "METER", conflicts_with = "resume")]
    meters: Vec<String>,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// No progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

/// Runs a sweep.
pub fn run(args: &Args, place: &Place) -> Result<Exit, Failed> {
    if args.shipped {
        show::print(&list::shipped()?)?;
        return Ok(Exit::Success);
    }
    let given = args
        .file
        .as_deref()
        .map(|file| read(file, args))
        .transpose()?;
    if args.print {
        let file = args.file.as_deref().unwrap_or(Path::new(""));
        show::print(&text_of(file, given.as_ref())?)?;
        return Ok(Exit::Success);
    }
    let library = place.open()?;
    let (sweep, resume) = match &args.resume {
        Some(id) => stored(&library, id, given.as_ref())?,
        None => {
            let sweep = given.unwrap_or_default();
            if !args.new && !args.dry_run {
                unfinished(&library, &sweep)?;
            }
            (sweep, None)
        }
    };
    let outlook = ahead::look(&sweep, resume.as_deref(), &library, place)?;
    if !args.quiet || args.dry_run {
        let text = ahead::text(&outlook, &sweep);
        match (args.dry_run, args.json) {
            (true, true) => show::print_json(&outlook.json())?,
            (true, false) => show::print(&text)?,
            (false, _) => eprint!("{text}"),
        }
    } else if args.dry_run {
        show::print(&ahead::text(&outlook, &sweep))?;
    }
    if args.dry_run {
        return Ok(Exit::Success);
    }
    consent(&outlook, &sweep, args.yes)?;
    drop(library);
    let session = control::start_sweep(SweepLaunch {
        resume,
        forecast: Some(outlook.json()),
        worker: place.worker()?,
        library: place.path()?,
        sweep: sweep.clone(),
    })?;
    stop_on_interrupt(session.control.clone());
    let mut progress = Progress::new(args.quiet);
    let ending = loop {
        match session.events.recv_timeout(Duration::from_millis(200)) {
            Ok(SweepEvent::Ended(ending)) => break *ending,
            Ok(event) => progress.take(event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failed::new(Exit::Failure, "the sweep ended without a word"));
            }
        }
    };
    progress.finish();
    conclude(&ending, place, args.json)
}

/// The sweep that a file or a name means, with what the flags change.
fn read(file: &Path, args: &Args) -> Result<Sweep, Failed> {
    let name = file.to_str().unwrap_or_default();
    let mut sweep = match sweep::shipped::names().find(|known| *known == name) {
        Some(name) if !file.exists() => sweep::shipped(name)?,
        _ if !file.exists() && file.extension().is_none() => {
            let shipped = sweep::shipped::text(name).map(|_| Sweep::default());
            return Err(Failed::new(
                Exit::Usage,
                format!(
                    "there is no such file, and {}",
                    shipped.err().map_or_else(String::new, |e| e.to_string())
                ),
            ));
        }
        _ => sweep::read(file)?,
    };
    let mut change = Change::default();
    for assignment in &args.set {
        change.assign(assignment)?;
    }
    if let Some(device) = &args.device {
        change.set("device", device.clone());
    }
    if !args.meters.is_empty() {
        change.set("measure.meters", args.meters.clone());
    }
    if !change.is_empty() {
        sweep.base = change.apply(&sweep.base)?;
        sweep.validate()?;
    }
    Ok(sweep)
}

/// The file of a sweep as it was written; one that flags change as every field of it.
fn text_of(file: &Path, sweep: Option<&Sweep>) -> Result<String, Failed> {
    let name = file.to_str().unwrap_or_default();
    match (sweep::shipped::text(name), sweep) {
        (Ok(text), Some(sweep)) if sweep::shipped(name)?.hash() == sweep.hash() => {
            Ok(text.to_owned())
        }
        (_, Some(sweep)) => sweep::file::to_toml(sweep)
            .map_err(|error| Failed::new(Exit::Usage, format!("the sweep is no TOML: {error}"))),
        (_, None) => Ok(String::new()),
    }
}

/// The stored sweep that is gone on with; a file that is given beside it must be the one that it began with.
fn stored(
    library: &Library,
    id: &str,
    given: Option<&Sweep>,
) -> Result<(Sweep, Option<String>), Failed> {
    let record = library.sweep(id)?;
    if record.status == Status::Completed {
        return Err(Failed::new(
            Exit::Usage,
            format!(
                "sweep {} is finished; there is nothing to go on with",
                record.id
            ),
        ));
    }
    let sweep: Sweep = serde_json::from_str(&record.json).map_err(|error| {
        Failed::new(
            Exit::Storage,
            format!("the sweep is of another version and cannot be used: {error}"),
        )
    })?;
    if let Some(given) = given.filter(|given| given.hash() != record.hash) {
        return Err(Failed::new(
            Exit::Usage,
            format!(
                "the file has changed since sweep {} began ({}); leave the file out to go on as it was, or begin anew \
                 without --resume",
                record.id,
                sweep.changed(given).join(", ")
            ),
        ));
    }
    Ok((sweep, Some(record.id)))
}

/// Refuses to begin what was begun already and not finished: going on with it is what is usually meant.
fn unfinished(library: &Library, sweep: &Sweep) -> Result<(), Failed> {
    let hash = sweep.hash();
    let same = library
        .sweeps()?
        .into_iter()
        .find(|row| row.sweep.hash == hash && row.sweep.status != Status::Completed);
    match same {
        None => Ok(()),
        Some(row) => Err(Failed::new(
            Exit::Usage,
            format!(
                "sweep {id} of the same file is {} with {} of {} trials done; `joulelab sweep --resume {id}` goes on with \
                 it, --new begins anew",
                row.sweep.status,
                row.over(),
                row.total(),
                id = row.sweep.id,
            ),
        )),
    }
}

/// Asks where it is much.
fn consent(ahead: &Ahead, sweep: &Sweep, yes: bool) -> Result<(), Failed> {
    let reasons = ahead.above(&sweep.consent);
    if yes || reasons.is_empty() {
        return Ok(());
    }
    let reasons = reasons.join(", ");
    if !std::io::stdin().is_terminal() {
        return Err(Failed::new(
            Exit::Usage,
            format!("the sweep is large ({reasons}); --yes begins it without asking"),
        ));
    }
    eprint!("the sweep is large ({reasons}); begin? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Failed::new(Exit::Interrupted, "not begun"))
    }
}

/// The first interrupt stops the sweep at the next step, the second ends it at once.
fn stop_on_interrupt(control: SweepControl) {
    let seen = AtomicU32::new(0);
    let handler = move || {
        if seen.fetch_add(1, Ordering::Relaxed) == 0 {
            eprintln!(
                "stopping at the next step, everything is kept; once more ends the run at once"
            );
            control.stop();
        } else {
            control.kill();
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!("an interrupt will end the program in the middle of a run: {error}");
    }
}

fn conclude(ending: &SweepEnding, place: &Place, json: bool) -> Result<Exit, Failed> {
    let exit = match &ending.id {
        Some(id) => {
            let library = Library::open(place.path()?)?;
            let (record, trials) = (library.sweep(id)?, library.trials(id)?);
            if json {
                show::print_json(&serde_json::json!({ "sweep": record, "trials": trials }))?;
            } else {
                show::print(&result::text(&record, &trials))?;
            }
            result::exit(&record, &trials)
        }
        None => Exit::Failure,
    };
    match &ending.failure {
        None => Ok(exit),
        Some(failure) => Err(Failed::new(
            result::exit_of(failure),
            match &ending.id {
                Some(id) => format!(
                    "{failure}\nwhat is done is kept; `joulelab sweep --resume {id}` goes on"
                ),
                None => failure.to_string(),
            },
        )),
    }
}
