//! Figures of a window as JSON, a line each; described in `docs/command-line.md`.

use serde::Serialize;

use super::Measured;
use super::measuring::Update;
use crate::protocol::{
    IdlePower, LostMeter, Meter, MeterNow, PhaseEnergy, Replayed, ReplayedWindow,
};
use crate::units::{Boundary, Estimate, Grade};

/// One update, or the totals.
#[derive(Serialize)]
pub struct Line<'a> {
    t_s: f64,
    #[serde(rename = "final")]
    is_final: bool,
    meters: Vec<MeterLine<'a>>,
    sum: SumLine<'a>,
    #[serde(flatten)]
    totals: Option<Totals<'a>>,
    #[serde(flatten)]
    stretch: Option<Stretch<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<RecordingLine<'a>>,
}

/// Which window of a recording it is.
#[derive(Serialize)]
struct Stretch<'a> {
    label: &'a str,
    from_s: f64,
    to_s: f64,
    closed: bool,
}

/// What a recording says of itself.
#[derive(Serialize)]
struct RecordingLine<'a> {
    date: &'a str,
    program_version: &'a str,
    rate_hz: f64,
    readings: u64,
    lost_lines: u64,
    end: Option<&'a str>,
    cut_off: bool,
}

/// What the last line has beside.
#[derive(Serialize)]
struct Totals<'a> {
    idle_power: &'a [IdlePower],
    lost: &'a [LostMeter],
}

#[derive(Serialize)]
struct MeterLine<'a> {
    meter: &'a str,
    source: &'a str,
    origin: &'a str,
    boundary: Boundary,
    role: &'a str,
    grade: Grade,
    power_w: Option<f64>,
    energy_j: Option<Estimate>,
    net_j: Option<Estimate>,
    covered_s: f64,
    window_s: f64,
    lost: Option<&'a str>,
}

#[derive(Serialize)]
struct SumLine<'a> {
    meters: Vec<&'a str>,
    missing: &'a [String],
    grade: Grade,
    power_w: Option<f64>,
    energy_j: Option<Estimate>,
    net_j: Option<Estimate>,
    covered_s: f64,
    window_s: f64,
}

/// How the window stands.
pub fn update<'a>(meters: &'a [Meter], update: &'a Update) -> Line<'a> {
    let window = &update.window;
    let of_part = |part: &'a PhaseEnergy| {
        let id = &part.gross.meter;
        let meter = meters.iter().find(|meter| meter.id == *id);
        let now = update.now.iter().find(|now| now.meter == *id);
        let lost = window.lost.iter().find(|lost| lost.meter == *id);
        MeterLine {
            meter: id,
            source: &part.gross.source,
            origin: meter.map_or("sensor", |meter| &meter.origin),
            boundary: part.gross.boundary,
            role: meter.map_or("part", |meter| &meter.role),
            grade: part.gross.grade,
            power_w: now.and_then(|now| now.power_w),
            energy_j: part.gross.energy_j,
            net_j: part.net_j,
            covered_s: part.gross.covered_s,
            window_s: part.gross.window_s,
            lost: lost.map(|lost| lost.reason.as_str()),
        }
    };
    let sum = &window.sum;
    let names = sum.gross.meter.split(" + ").filter(|name| !name.is_empty());
    Line {
        t_s: update.t_s,
        is_final: false,
        meters: window.energies.iter().map(of_part).collect(),
        sum: SumLine {
            meters: names.collect(),
            missing: &window.missing,
            grade: sum.gross.grade,
            power_w: MeterNow::sum_w(&update.now),
            energy_j: sum.gross.energy_j,
            net_j: sum.net_j,
            covered_s: sum.gross.covered_s,
            window_s: sum.gross.window_s,
        },
        totals: None,
        stretch: None,
        recording: None,
    }
}

impl<'a> Line<'a> {
    /// The same as that of a window of a recording.
    pub fn of_window(mut self, window: &'a ReplayedWindow) -> Self {
        self.stretch = Some(Stretch {
            label: &window.label,
            from_s: window.from_s,
            to_s: window.to_s,
            closed: window.closed,
        });
        self
    }

    fn use_mean_power(&mut self, end: &Update) {
        let mean_w = |part: &PhaseEnergy| part.gross.mean_power_w().map(|mean_w| mean_w.value);
        for (meter, part) in self.meters.iter_mut().zip(&end.window.energies) {
            meter.power_w = mean_w(part);
        }
        self.sum.power_w = mean_w(&end.window.sum);
    }

    /// The same as that of all of a recording.
    pub fn of_recording(self, replayed: &'a Replayed) -> Self {
        let recording = Some(RecordingLine {
            date: &replayed.date,
            program_version: &replayed.program_version,
            rate_hz: replayed.rate_hz,
            readings: replayed.readings,
            lost_lines: replayed.lost_lines,
            end: replayed.end.as_deref(),
            cut_off: replayed.cut_off,
        });
        Self {
            recording,
            ..self.of_window(&replayed.whole)
        }
    }
}

/// A window of a recording. `power_w` is the mean over the covered time.
pub fn window<'a>(meters: &'a [Meter], end: &'a Update, window: &'a ReplayedWindow) -> Line<'a> {
    let mut line = update(meters, end).of_window(window);
    line.use_mean_power(end);
    line
}

/// What the window came to. `power_w` is then the mean over the covered time.
pub fn total(measured: &Measured) -> Line<'_> {
    let mut line = update(&measured.meters, &measured.end);
    line.use_mean_power(&measured.end);
    line.is_final = true;
    line.totals = Some(Totals {
        idle_power: &measured.idle,
        lost: &measured.end.window.lost,
    });
    line
}
