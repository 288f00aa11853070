//! Walks a person through a calibration: what to do with the plug meter, what it showed, what came of it.

use std::io::{BufRead, IsTerminal, Write};

use serde_json::json;

use super::measure::{Measured, Stretch};
use super::watts::Watts;
use super::{Make, kept};
use crate::cli::{Exit, Failed, Place, show};
use crate::control::{self, AskError};
use crate::library::WallCalibration;
use crate::protocol::{FailureKind, Meter, WallLine, WallReading, WallReadings, WallState};
use crate::units::{estimate, significant};

/// Makes a calibration; stores it where that is wished.
pub fn make(args: &Make, place: &Place) -> Result<Exit, Failed> {
    let measure = args.measure()?;
    let has_check = args.has_check()?;
    // A library that cannot be used should be known before anybody reads a meter for minutes.
    drop(place.open()?);
    let worker = place.worker()?;
    let knowledge = place.knowledge();
    let stretch = Stretch {
        worker: &worker,
        device: &args.device,
        measure: &measure,
        knowledge: &knowledge,
        settle_s: args.settle,
        seconds: args.seconds,
    };
    end_on_interrupt();
    let mut states = vec![WallState::Idle, WallState::Load];
    states.extend(has_check.then_some(WallState::Check));
    let is_given = args.idle_w.is_some();
    if !is_given {
        introduce(args);
    }
    let mut steps: Vec<Step> = Vec::new();
    for (&state, number) in states.iter().zip(1..) {
        eprintln!("\n{number} of {}: {}", states.len(), in_words(state));
        if !is_given {
            prompt("   Press Enter to begin. ")?;
        }
        let measured = stretch.measure(state)?;
        eprintln!(
            "   parts of the machine: {} over {:.0} s",
            estimate(measured.parts_w, "W"),
            measured.seconds
        );
        if let Some(first) = steps.first() {
            same_meters(&first.measured, &measured)?;
        }
        let watts = match given(args, state) {
            Some(watts) => watts,
            None => ask_watts(state)?,
        };
        steps.push(Step {
            state,
            measured,
            watts,
        });
    }
    let (readings, line) = loop {
        let readings = readings(args.meter_error, &steps);
        match control::fit_wall(&worker, readings.clone()) {
            Ok(line) => break (readings, line),
            Err(AskError::Refused(failure)) if failure.kind == FailureKind::Setup && !is_given => {
                eprintln!("\nThat gives no line: {}", failure.message);
                eprintln!("Type what the plug meter showed again, or end with Ctrl-C.");
                for step in &mut steps {
                    step.watts = ask_watts(step.state)?;
                }
            }
            Err(error) => return Err(error.into()),
        }
    };
    let calibration = calibration(args, &steps, &readings, line)?;
    if !args.json {
        show::print(&kept::text(&calibration))?;
    }
    if !args.yes && !asked_to_store()? {
        eprintln!("nothing was stored");
        return Ok(Exit::Success);
    }
    store(place, &calibration, &steps)?;
    if args.json {
        show::print_json(&calibration)?;
    }
    eprintln!(
        "\nstored as {}; `joulelab run --wall` on {} applies it",
        calibration.id, steps[0].measured.device.name
    );
    Ok(Exit::Success)
}

/// What was measured in one state of the machine, and what the plug meter showed.
struct Step {
    state: WallState,
    measured: Measured,
    watts: Watts,
}

fn introduce(args: &Make) {
    eprintln!(
        "Wall calibration: a line from what the parts of this machine add up to, to what a plug meter shows.\n\n\
         The plug meter has to feed this machine alone, without its display, and show watts. Close other programs, and \
         leave the machine alone while it is measured.\n\
         Each reading takes {:.0} s to settle and {:.0} s in which the plug meter is read: note its mean power if it shows \
         one, else several values spread over that time.",
        args.settle, args.seconds
    );
}

fn in_words(state: WallState) -> &'static str {
    match state {
        WallState::Idle => "the idle machine",
        WallState::Load => "full load on the device",
        WallState::Check => "a check at half load",
    }
}

fn given(args: &Make, state: WallState) -> Option<Watts> {
    match state {
        WallState::Idle => args.idle_w.clone(),
        WallState::Load => args.load_w.clone(),
        WallState::Check => args.check_w.clone(),
    }
}

/// Ctrl-C ends the program, and the worker with it: what is stored is stored in one go at the very end.
fn end_on_interrupt() {
    let handler = || {
        eprintln!("\nended; nothing was stored");
        std::process::exit(130);
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::debug!("an interrupt ends the program without a word: {error}");
    }
}

/// Asks on standard error; standard output is for results.
fn prompt(text: &str) -> Result<String, Failed> {
    let mut out = std::io::stderr();
    // A standard error that is gone asks nobody, and the end of input says so.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if !std::io::stdin().is_terminal() {
        // Where nobody types, nothing ends the line.
        eprintln!();
    }
    match read {
        Ok(0) => Err(Failed::new(
            Exit::Interrupted,
            "the input ended; nothing was stored",
        )),
        Ok(_) => Ok(line),
        Err(error) => Err(Failed::new(
            Exit::Interrupted,
            format!("the input cannot be read ({error}); nothing was stored"),
        )),
    }
}

fn ask_watts(state: WallState) -> Result<Watts, Failed> {
    let what = match state {
        WallState::Idle => "while idle",
        WallState::Load => "under full load",
        WallState::Check => "under half load",
    };
    loop {
        match prompt(&format!("   Plug meter {what}, in W: "))?.parse() {
            Ok(watts) => return Ok(watts),
            Err(reason) => eprintln!("   {reason}"),
        }
    }
}

fn asked_to_store() -> Result<bool, Failed> {
    loop {
        let answer = prompt("\nStore it? [Y/n] ")?;
        match answer.trim().to_lowercase().as_str() {
            "" | "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            other => eprintln!("`{other}` is neither yes nor no"),
        }
    }
}

/// A line through readings of different meters would be one of nothing.
fn same_meters(first: &Measured, now: &Measured) -> Result<(), Failed> {
    let parts = |measured: &Measured| -> Vec<(String, String)> {
        let parts = measured.meters.iter().filter(|meter| meter.role == "part");
        parts
            .map(|meter| (meter.id.clone(), meter.source.clone()))
            .collect()
    };
    if first.device.identity == now.device.identity && parts(first) == parts(now) {
        return Ok(());
    }
    Err(Failed::new(
        Exit::Failure,
        "other meters answered than before, so the readings cannot be compared; begin again",
    ))
}

fn readings(meter_error: f64, steps: &[Step]) -> WallReadings {
    let first = &steps[0].measured;
    // Readings that wander leave the line as uncertain as a plug meter that is off by so much more.
    let wander = steps
        .iter()
        .map(|step| step.watts.wander())
        .fold(0.0, f64::max);
    WallReadings {
        made_at: this_second().to_string(),
        machine: control::here().0.fingerprint,
        device: first.device.identity.clone(),
        meters: first.meters.clone(),
        meter_error: meter_error + wander,
        readings: steps
            .iter()
            .map(|step| WallReading {
                what: step.state,
                components_w: step.measured.parts_w,
                wall_w: step.watts.mean_w(),
                seconds: step.measured.seconds,
            })
            .collect(),
    }
}

/// Now, without parts of a second that nobody needs to read.
fn this_second() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now)
}

/// As the library keeps it.
fn calibration(
    args: &Make,
    steps: &[Step],
    readings: &WallReadings,
    line: WallLine,
) -> Result<WallCalibration, Failed> {
    let is_part = |meter: &&Meter| meter.role == "part";
    let simulated = readings
        .meters
        .iter()
        .filter(is_part)
        .any(|meter| meter.origin == "simulated");
    let made_at = readings
        .made_at
        .parse()
        .map_err(|error| Failed::new(Exit::Failure, format!("the time of day is none: {error}")))?;
    let rows: Vec<serde_json::Value> = steps
        .iter()
        .zip(&readings.readings)
        .zip(&line.line_w)
        .map(|((step, reading), line_w)| {
            json!({
                "what": reading.what,
                "components_w": reading.components_w,
                "wall_w": reading.wall_w,
                "typed_w": step.watts.readings_w(),
                "line_w": line_w,
                "seconds": reading.seconds,
            })
        })
        .collect();
    Ok(WallCalibration {
        id: control::new_id(),
        machine: readings.machine.clone(),
        device: readings.device.clone(),
        made_at,
        residual: line.residual,
        simulated,
        note: args.note.clone(),
        json: json!({
            "calibration": line.calibration,
            "device": steps[0].measured.device,
            "offset_w": line.offset_w,
            "slope": line.slope,
            "residual": line.residual,
            "error": line.error,
            "parts_off": line.parts_off,
            "meter_error": readings.meter_error,
            "remarks": line.remarks,
            "readings": rows,
            "meters": readings.meters,
        }),
    })
}

fn store(place: &Place, calibration: &WallCalibration, steps: &[Step]) -> Result<(), Failed> {
    let mut library = place.open()?;
    library.record_wall_calibration(calibration)?;
    let cpu_points: Vec<_> = steps
        .iter()
        .flat_map(|step| step.measured.cpu_points.clone())
        .collect();
    if !cpu_points.is_empty() {
        control::keep_learnt(&mut library, None, &[], &cpu_points)?;
    }
    Ok(())
}

/// A share in percent, with two significant digits.
pub fn percent(share: f64) -> String {
    format!("{} %", significant(100.0 * share, 2))
}
