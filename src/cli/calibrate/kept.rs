//! Calibrations that are kept: listed, shown, forgotten.

use serde_json::Value;

use super::guide::percent;
use crate::cli::table::Table;
use crate::cli::{Exit, Failed, Place, show};
use crate::control;
use crate::library::WallCalibration;
use crate::units::{Estimate, estimate};

/// Arguments of `joulelab calibrate list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `joulelab calibrate show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Calibration: identifier, or its beginning
    id: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `joulelab calibrate forget`.
#[derive(Debug, clap::Args)]
pub struct ForgetArgs {
    /// Calibration: identifier, or its beginning
    id: String,
}

/// Lists calibrations, newest first.
pub fn list(args: &ListArgs, place: &Place) -> Result<Exit, Failed> {
    let all = place.open()?.wall_calibrations(None)?;
    if args.json {
        show::print_json(&all)?;
        return Ok(Exit::Success);
    }
    if all.is_empty() {
        eprintln!("no wall calibration here yet; `joulelab calibrate` makes one");
        return Ok(Exit::Success);
    }
    let here = control::here().0.fingerprint;
    let mut table = Table::new([
        "calibration",
        "machine",
        "device",
        "line",
        "residual",
        "error",
        "note",
    ]);
    for calibration in &all {
        table.push([
            calibration.id.clone(),
            machine(calibration, &here),
            device(calibration),
            line(calibration),
            residual(calibration),
            number(&calibration.json, "error")
                .map_or_else(dash, |error| format!("±{}", percent(error))),
            note(calibration),
        ]);
    }
    show::print(&table.to_string())?;
    Ok(Exit::Success)
}

/// Shows one.
pub fn show(args: &ShowArgs, place: &Place) -> Result<Exit, Failed> {
    let calibration = place.open()?.wall_calibration(&args.id)?;
    if args.json {
        show::print_json(&calibration)?;
    } else {
        show::print(&text(&calibration))?;
    }
    Ok(Exit::Success)
}

/// Forgets one.
pub fn forget(args: &ForgetArgs, place: &Place) -> Result<Exit, Failed> {
    let calibration = place.open()?.forget_wall_calibration(&args.id)?;
    eprintln!(
        "forgot {} of {}; figures that used it stay",
        calibration.id, calibration.made_at
    );
    Ok(Exit::Success)
}

/// Everything about a calibration, for people.
pub fn text(calibration: &WallCalibration) -> String {
    let json = &calibration.json;
    let here = control::here().0.fingerprint;
    let mut text = String::new();
    let mut say = |name: &str, value: &str| {
        text.push_str(&format!("{name:<13}{value}\n"));
    };
    say(
        "calibration",
        &format!("{} · {}", calibration.id, calibration.made_at),
    );
    say("machine", &machine(calibration, &here));
    say("device", &device(calibration));
    if calibration.simulated {
        say(
            "warning",
            "made with made-up meters: it is never applied to figures of real ones",
        );
    }
    if let Some(note) = &calibration.note {
        say("note", note);
    }
    say("line", &line(calibration));
    say("residual", &residual(calibration));
    if let (Some(error), Some(parts_off)) = (number(json, "error"), number(json, "parts_off")) {
        say(
            "error",
            &format!(
                "±{} at the wall; the parts alone were off the plug meter by {} on average",
                percent(error),
                percent(parts_off)
            ),
        );
    }
    if let Some(meter_error) = number(json, "meter_error") {
        say(
            "plug meter",
            &format!(
                "±{}, wandering of its readings included",
                percent(meter_error)
            ),
        );
    }
    for meter in list_of(json, "meters") {
        let field = |name: &str| meter[name].as_str().unwrap_or_default();
        say(
            "meter",
            &format!(
                "{} · {} · {} · grade {}",
                field("id"),
                field("role"),
                field("source"),
                field("grade")
            ),
        );
    }
    for remark in list_of(json, "remarks").iter().filter_map(Value::as_str) {
        say("remark", remark);
    }
    text.push('\n');
    text.push_str(&readings(json));
    text
}

fn readings(json: &Value) -> String {
    let mut table =
        Table::new(["state", "parts", "plug meter", "line", "off", "time"]).right(&[2, 3, 4, 5]);
    for reading in list_of(json, "readings") {
        let watts = |name: &str| number(reading, name);
        let parts: Option<Estimate> = serde_json::from_value(reading["components_w"].clone()).ok();
        let off = watts("line_w")
            .zip(watts("wall_w"))
            .map(|(line_w, wall_w)| line_w / wall_w - 1.0);
        table.push([
            reading["what"].as_str().unwrap_or_default().to_owned(),
            parts.map_or_else(dash, |parts| estimate(parts, "W")),
            watts("wall_w").map_or_else(dash, |watts| format!("{watts:.1} W")),
            watts("line_w").map_or_else(dash, |watts| format!("{watts:.1} W")),
            off.map_or_else(dash, |off| format!("{:+.1} %", 100.0 * off)),
            watts("seconds").map_or_else(dash, |seconds| format!("{seconds:.0} s")),
        ]);
    }
    table.to_string()
}

fn dash() -> String {
    "-".to_owned()
}

fn number(json: &Value, name: &str) -> Option<f64> {
    json[name].as_f64()
}

fn list_of<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    json[name].as_array().map_or(&[], Vec::as_slice)
}

fn machine(calibration: &WallCalibration, here: &str) -> String {
    if calibration.machine == here {
        "this one".to_owned()
    } else {
        calibration.machine.clone()
    }
}

fn device(calibration: &WallCalibration) -> String {
    let name = calibration.json["device"]["name"].as_str();
    name.unwrap_or(&calibration.device).to_owned()
}

fn line(calibration: &WallCalibration) -> String {
    let json = &calibration.json;
    match (number(json, "offset_w"), number(json, "slope")) {
        (Some(offset_w), Some(slope)) => format!("wall = {offset_w:.1} W + {slope:.3} × parts"),
        _ => dash(),
    }
}

fn residual(calibration: &WallCalibration) -> String {
    calibration
        .residual
        .map_or_else(|| "unknown with two readings".to_owned(), percent)
}

fn note(calibration: &WallCalibration) -> String {
    let made_up = calibration.simulated.then(|| "made-up meters".to_owned());
    let words: Vec<String> = made_up
        .into_iter()
        .chain(calibration.note.clone())
        .collect();
    words.join("; ")
}
