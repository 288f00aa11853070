//! Figures of a window as tables and lines for people.

use super::Measured;
use super::measuring::Update;
use crate::cli::meters::{NEVER_IN_IT, made_of};
use crate::cli::table::Table;
use crate::cli::wrap::hanging;
use crate::protocol::{Meter, MeterNow, PhaseEnergy, WindowEnergy};
use crate::units::{EnergyFigure, duration, estimate, estimate_in_parts, quantity};

/// Readings of a meter that a window should have (MLPerf).
const SAMPLES_WANTED: f64 = 60.0;
/// What stands where there is no reading: missing is not zero.
const NO_READING: &str = "no reading";

/// The table that is drawn anew with every update.
pub fn live(meters: &[Meter], update: &Update) -> String {
    let mut table = Table::new(["meter", "power", "energy", "covered", "grade", ""]).right(&[1, 3]);
    for part in &update.window.energies {
        let now = update.now.iter().find(|now| now.meter == part.gross.meter);
        table.push([
            part.gross.meter.clone(),
            watts(now.and_then(|now| now.power_w)),
            energy(&part.gross),
            covered(&part.gross),
            part.gross.grade.to_string(),
            word(meters, &update.window, &part.gross.meter).to_owned(),
        ]);
    }
    let sum = &update.window.sum.gross;
    table.push([
        "sum".to_owned(),
        watts(MeterNow::sum_w(&update.now)),
        energy(sum),
        covered(sum),
        sum.grade.to_string(),
        lacking(&update.window),
    ]);
    format!("{} · Ctrl-C ends it\n{table}", duration(update.t_s))
}

/// One update in one line, for where it cannot be drawn in place.
pub fn line(update: &Update) -> String {
    let mut parts = vec![format!("{:>9}", duration(update.t_s))];
    let of = |name: &str, power_w: Option<f64>, figure: &EnergyFigure| {
        format!("{name} {} {}", watts(power_w), energy(figure))
    };
    let sum = of(
        "sum",
        MeterNow::sum_w(&update.now),
        &update.window.sum.gross,
    );
    parts.push(sum);
    for part in &update.window.energies {
        let now = update.now.iter().find(|now| now.meter == part.gross.meter);
        let power_w = now.and_then(|now| now.power_w);
        parts.push(of(&part.gross.meter, power_w, &part.gross));
    }
    parts.join(" · ") + "\n"
}

/// What the window came to: a table, net energies where there is a baseline, and what a reader of it should know.
pub fn total(measured: &Measured) -> String {
    let Measured { meters, end, .. } = measured;
    let mut table =
        Table::new(["meter", "energy", "mean power", "covered", "grade", ""]).right(&[2, 3]);
    let mut row = |name: &str, figure: &EnergyFigure, word: String| {
        // Its interval is that of the energy beside it.
        let mean_w = figure.mean_power_w();
        table.push([
            name.to_owned(),
            energy(figure),
            mean_w.map_or(NO_READING.to_owned(), |mean_w| {
                estimate_in_parts(mean_w, "W").0
            }),
            covered(figure),
            figure.grade.to_string(),
            word,
        ]);
    };
    for part in &end.window.energies {
        let word = word(meters, &end.window, &part.gross.meter).to_owned();
        row(&part.gross.meter, &part.gross, word);
    }
    row("sum", &end.window.sum.gross, lacking(&end.window));
    let mut text = format!("energy of {}\n{table}", duration(end.t_s));
    if !measured.idle.is_empty() {
        text.push_str(&format!("\n{}", net(measured)));
    }
    text.push('\n');
    for (head, note) in notes(measured) {
        text.push_str(&hanging(&format!("{head:<11}"), "           ", &note));
    }
    text
}

/// What is left of the energies when the power of the idle machine is taken off.
fn net(measured: &Measured) -> Table {
    let mut table = Table::new(["meter", "idle power", "net energy"]);
    let window = &measured.end.window;
    let net = |part: &PhaseEnergy| {
        part.net_j
            .map_or("no baseline".to_owned(), |net_j| estimate(net_j, "J"))
    };
    for part in &window.energies {
        let id = &part.gross.meter;
        let idle = measured.idle.iter().find(|idle| idle.meter == *id);
        table.push([
            id.clone(),
            idle.map_or(NO_READING.to_owned(), |idle| estimate(idle.power_w, "W")),
            net(part),
        ]);
    }
    table.push(["sum".to_owned(), String::new(), net(&window.sum)]);
    table
}

/// What a reader of the figures should know.
fn notes(measured: &Measured) -> Vec<(&'static str, String)> {
    let Measured { meters, end, .. } = measured;
    let window = &end.window;
    let origin = |id: &str| {
        let meter = meters.iter().find(|meter| meter.id == *id);
        meter.map_or("sensor", |meter| meter.origin.as_str())
    };
    let parts: Vec<(&str, &str)> = window
        .sum
        .gross
        .meter
        .split(" + ")
        .filter(|id| !id.is_empty())
        .map(|id| (id, origin(id)))
        .collect();
    let mut notes = vec![("sum of", made_of(parts.iter().copied()))];
    if !parts.is_empty() && parts.iter().all(|(_, origin)| *origin == "model") {
        let said = "no sensor answers: these figures are a model's, computed from how busy the machine is and not \
                    measured; `joulelab doctor` tells what was tried";
        notes.push(("model", said.to_owned()));
    }
    if parts.iter().any(|(_, origin)| *origin == "simulated") {
        let said = "simulated or played-back meters: nothing of this was drawn here and now";
        notes.push(("simulated", said.to_owned()));
    }
    if !window.missing.is_empty() {
        let said = format!(
            "{} gave no reading and is not in the sum",
            window.missing.join(", ")
        );
        notes.push(("missing", said));
    }
    for lost in &window.lost {
        notes.push(("lost", format!("{}: {}", lost.meter, lost.reason)));
    }
    let readings = end.t_s * measured.rate_hz;
    if readings < SAMPLES_WANTED {
        notes.push((
            "note",
            format!(
                "only about {readings:.0} readings in {}; {SAMPLES_WANTED:.0} or more make a figure to rely on",
                duration(end.t_s)
            ),
        ));
    }
    notes.push(("not in it", NEVER_IN_IT.to_owned()));
    notes
}

/// What the meter is to the sum, in a word.
fn word(meters: &[Meter], window: &WindowEnergy, id: &str) -> &'static str {
    let is_lost = window.lost.iter().any(|lost| lost.meter == *id);
    match meters.iter().find(|meter| meter.id == *id) {
        _ if is_lost => "lost",
        Some(meter) if meter.role == "cross-check" => "beside",
        Some(meter) if meter.origin == "model" => "modelled",
        Some(meter) if meter.origin == "simulated" => "simulated",
        Some(meter) if meter.stands_by() => "stepped in",
        _ => "part",
    }
}

/// Beside the sum: how many of its parts are missing from it.
fn lacking(window: &WindowEnergy) -> String {
    match window.missing.len() {
        0 => String::new(),
        1 => "1 part missing".to_owned(),
        several => format!("{several} parts missing"),
    }
}

fn watts(power_w: Option<f64>) -> String {
    power_w.map_or(NO_READING.to_owned(), |power_w| quantity(power_w, "W"))
}

fn energy(figure: &EnergyFigure) -> String {
    figure
        .energy_j
        .map_or(NO_READING.to_owned(), |energy_j| estimate(energy_j, "J"))
}

fn covered(figure: &EnergyFigure) -> String {
    format!("{:.0} %", figure.coverage() * 100.0)
}
