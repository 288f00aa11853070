//! What another program costs, from its start to its end.

use std::ffi::OsString;
use std::io::Write;
use std::process::{Child, ExitStatus};

use serde::Serialize;

use super::interrupts::Interrupts;
use super::json::Line;
use super::measuring::Measuring;
use super::{Args, Measured, figures, json, to_json};
use crate::cli::{Exit, Failed, Place};
use crate::control::AskError;
use crate::setup::MeasureSetup;

/// What is written as JSON.
#[derive(Serialize)]
struct Outcome<'a> {
    command: Ran<'a>,
    #[serde(flatten)]
    figures: Option<Line<'a>>,
    /// Why there are no figures, where there are none.
    failure: Option<String>,
}

/// The command and how it ended.
#[derive(Serialize)]
struct Ran<'a> {
    arguments: Vec<std::borrow::Cow<'a, str>>,
    exit_code: Option<i32>,
    signal: Option<i32>,
}

/// Runs the command and tells what it cost; the program ends as the command did.
pub fn run(args: &Args, measure: &MeasureSetup, place: &Place) -> Result<Exit, Failed> {
    let interrupts = Interrupts::catch();
    let worker = place.worker()?;
    let record = args.record()?;
    let started = Measuring::start(
        &worker,
        &args.device,
        measure,
        place.knowledge(),
        record.as_deref(),
        &interrupts,
    )?;
    let Some(mut measuring) = started else {
        return Ok(Exit::Interrupted);
    };
    // The window is open: every meter has just been read.
    let mut child = spawn(&args.command)?;
    interrupts.command_runs(child.id());
    let status = child.wait().map_err(|error| {
        let name = args.command[0].to_string_lossy();
        Failed::new(
            Exit::Failure,
            format!("cannot wait for `{name}`: {error}; it may still be running"),
        )
    })?;
    interrupts.command_ended();
    // What the user did meanwhile was for the command. Once more ends the wait for a driver that hangs.
    let closed = measuring.close(&interrupts, interrupts.count());
    let measured = closed.map(|end| end.map(|end| Measured::new(&measuring, end, measure.rate_hz)));
    tell(args, status, &measured)?;
    Ok(Exit::Command(code(status)))
}

fn spawn(command: &[OsString]) -> Result<Child, Failed> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| Failed::new(Exit::Usage, "no command after `--`"))?;
    let spawned = std::process::Command::new(program).args(arguments).spawn();
    spawned.map_err(|error| {
        let name = program.to_string_lossy();
        match error.kind() {
            std::io::ErrorKind::NotFound => Failed::new(
                Exit::Usage,
                format!("cannot start `{name}`: there is no such program; give its path, or put its folder on PATH"),
            ),
            std::io::ErrorKind::PermissionDenied => Failed::new(
                Exit::Usage,
                format!("cannot start `{name}`: {error}; make it executable, or give the program that runs it first"),
            ),
            _ => Failed::new(Exit::Failure, format!("cannot start `{name}`: {error}")),
        }
    })
}

/// The figures, to standard error: standard output is the command's own.
fn tell(
    args: &Args,
    status: ExitStatus,
    measured: &Result<Option<Measured>, AskError>,
) -> Result<(), Failed> {
    let failure = match measured {
        Ok(Some(_)) => None,
        Ok(None) => Some("the wait for them was interrupted".to_owned()),
        Err(error) => Some(error.to_string()),
    };
    let figures = measured.as_ref().ok().and_then(Option::as_ref);
    let outcome = Outcome {
        command: Ran {
            arguments: args
                .command
                .iter()
                .map(|argument| argument.to_string_lossy())
                .collect(),
            exit_code: status.code(),
            signal: signal(status),
        },
        figures: figures.map(json::total),
        failure: failure.clone(),
    };
    let mut text = String::new();
    if args.json && args.output.is_none() {
        text = to_json(&outcome)? + "\n";
    } else if let Some(measured) = figures.filter(|_| !args.json) {
        text = format!("\n{}", figures::total(measured));
    }
    if let Some(failure) = failure {
        text.push_str(&format!("joulelab: the figures are missing: {failure}\n"));
    }
    // The command has done its work: that its figures cannot be written must not change how it ended.
    if let Err(failed) = args.write_output(&outcome) {
        text.push_str(&format!("joulelab: {}\n", failed.message));
    }
    // Nobody may be reading any more, which changes nothing either.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
    Ok(())
}

/// As a shell tells it: the command's own code, or 128 and the signal that ended it.
fn code(status: ExitStatus) -> u8 {
    let code = signal(status).map_or(status.code(), |signal| Some(128 + signal));
    // Windows has codes that do not fit; none of them may become 0.
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<i32> {
    None
}
