//! The summary of a run as text: what it reached, what it cost, and how well that is known.

use std::path::Path;

use super::{foretold, heads};
use crate::library::{JudgedForecast, PhaseEnergy, RunDetails};
use crate::protocol::Summary;
use crate::units::{Boundary, EnergyFigure, Estimate, Metric, count, duration, estimate};

/// Readings of a meter that a window should have (MLPerf).
const SAMPLES_WANTED: f64 = 60.0;

/// The sum over the parts of the machine, where there is one.
pub fn components(training: &[PhaseEnergy]) -> Option<EnergyFigure> {
    crate::library::sum_of_parts(training).map(|sum| sum.figure)
}

/// The summary of a run that is stored in the library `path`; `judged` are the forecasts of it that can be judged.
pub fn text(details: &RunDetails, judged: &[JudgedForecast], path: &Path) -> String {
    let run = &details.run;
    let stored: Option<Summary> = details
        .summary
        .as_ref()
        .and_then(|summary| serde_json::from_value(summary.json.clone()).ok());
    let mut out = Lines::default();
    let why = stored
        .as_ref()
        .map(|summary| format!(": {}", summary.reason_text))
        .unwrap_or_default();
    out.0
        .push_str(&format!("\nrun {} · {}{why}\n", run.id, run.status));
    if let Some(failure) = &run.failure {
        out.line("failure", failure);
    }
    out.line(details.run.metrics.metric.title(), &result(details));
    for (head, text) in heads::lines(details) {
        out.line(&head, &text);
    }
    if let Some(target) = target(details) {
        out.line("target", &target);
    }
    if let Some(start) = super::start::of(details) {
        out.line("start", &start);
    }
    if let Some(teacher) = teacher(details) {
        out.line("teacher", &teacher);
    }
    out.line("trained", &trained(details, stored.as_ref()));
    if let Some(best) = stored.as_ref().and_then(best) {
        out.line("best", &best);
    }
    let times: Vec<String> = details
        .totals
        .iter()
        .map(|total| format!("{} {}", total.phase, duration(total.duration_s)))
        .collect();
    out.line("time", &times.join(" · "));
    energy(&mut out, details, stored.as_ref());
    carbon(&mut out, details);
    for (at, error) in foretold::after(judged).iter().enumerate() {
        out.line(if at == 0 { "foretold" } else { "" }, error);
    }
    out.line("stored in", &path.display().to_string());
    out.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: &str) {
        self.0.push_str(&format!("{name:<13} {value}\n"));
    }
}

fn result(details: &RunDetails) -> String {
    let metrics = &details.run.metrics;
    match (metrics.final_test_metric, metrics.best_test_metric) {
        (Some(last), Some(best)) => {
            let epoch = metrics
                .best_epoch
                .map(|epoch| format!(" (epoch {epoch})"))
                .unwrap_or_default();
            let of = match metrics.metric {
                Metric::Return => "over the last episodes",
                Metric::Accuracy if is_joint(details) => "of the head with the lowest",
                Metric::Accuracy => "of the held-out samples",
                _ => "on the held-out samples",
            };
            format!(
                "{} at the end, {} at best{epoch}, {of}",
                metrics.metric.format(last),
                metrics.metric.format(best)
            )
        }
        _ => "not evaluated".to_owned(),
    }
}

/// Whether it learns several labels at once.
fn is_joint(details: &RunDetails) -> bool {
    let last = details.epochs.last();
    last.is_some_and(|last| last.heads.len() > 1)
}

fn target(details: &RunDetails) -> Option<String> {
    let heads = heads::of(details);
    if !heads.is_empty() {
        let wanted = heads.iter().filter(|head| head.last.target.is_some());
        let missing: Vec<&str> = wanted
            .clone()
            .filter(|head| head.target_reached != Some(true))
            .map(|head| head.last.head.as_str())
            .collect();
        wanted.clone().next()?;
        return Some(match missing.len() {
            0 => "reached by every head that has one".to_owned(),
            _ => format!("not reached by {}", missing.join(", ")),
        });
    }
    let setup: serde_json::Value = serde_json::from_str(&details.run.setup.json).ok()?;
    let target = setup.pointer("/regime/stop/target")?.as_f64()?;
    let word = match details.run.target_reached {
        Some(true) => "reached",
        _ => "not reached",
    };
    Some(format!(
        "{word}: {}",
        details.run.metrics.metric.format(target)
    ))
}

/// The run that taught this one, and how much that counted.
fn teacher(details: &RunDetails) -> Option<String> {
    let setup: serde_json::Value = serde_json::from_str(&details.run.setup.json).ok()?;
    let distil = setup.get("distil")?;
    let number = |name: &str| distil.get(name).and_then(serde_json::Value::as_f64);
    let (temperature, alpha) = (number("temperature")?, number("alpha")?);
    let run = distil.get("teacher")?.as_str()?;
    Some(match alpha > 0.0 {
        true => format!("run {run} · temperature {temperature} · α {alpha}"),
        false => format!("run {run} · α 0: not asked"),
    })
}

/// When a run was at its best, where it went on from there.
fn best(summary: &Summary) -> Option<String> {
    let step = summary.best_step.filter(|step| *step < summary.steps)?;
    let steps = count(step);
    match (summary.is_restored, summary.reason.as_str()) {
        (true, _) => Some(format!(
            "after {steps} steps, whose weights the run ended with"
        )),
        (false, "early-stopping") => Some(format!("after {steps} steps")),
        _ => None,
    }
}

fn trained(details: &RunDetails, stored: Option<&Summary>) -> String {
    let run = &details.run;
    let number = |value: Option<u64>| value.map_or("no".to_owned(), count);
    let samples = stored
        .map(|summary| format!(", {} samples", count(summary.samples)))
        .unwrap_or_default();
    format!(
        "{} epochs, {} steps{samples} · {} parameters · on {} ({})",
        number(run.epochs),
        number(run.steps),
        number(run.parameters),
        run.device.name,
        run.backend
    )
}

fn energy(out: &mut Lines, details: &RunDetails, stored: Option<&Summary>) {
    out.0.push_str("\nenergy of training and evaluation\n");
    if details.training.is_empty() {
        out.line("", "missing: no meter answered");
    }
    for part in &details.training {
        out.line(&format!("  {}", part.figure.boundary), &figure(part));
    }
    let sum = crate::library::sum_of_parts(&details.training);
    let several = details
        .training
        .iter()
        .filter(|part| part.figure.energy_j.is_some())
        .count()
        > 1;
    if several && let Some(sum) = &sum {
        out.line(&format!("  {}", Boundary::Components), &figure(sum));
    }
    if let Some(summary) = stored.filter(|summary| !summary.missing.is_empty()) {
        out.line(
            "  missing",
            &format!(
                "{} gave no reading and is not in the sum",
                summary.missing.join(", ")
            ),
        );
    }
    for lost in stored.map(|summary| &summary.lost).into_iter().flatten() {
        out.line("  lost", &format!("{}: {}", lost.meter, lost.reason));
    }
    if let Some(problem) = stored.and_then(|summary| summary.recording_problem.as_ref()) {
        out.line("  recording", problem);
    }
    for idle in &details.idle_power {
        out.line(
            "  idle power",
            &format!(
                "{} · {} · {}",
                estimate(idle.power_w, "W"),
                idle.boundary,
                idle.meter
            ),
        );
    }
    if details.idle_power.is_empty() {
        out.line(
            "  idle power",
            "not measured (--idle 0), so there is no net energy",
        );
    }
    if let Some(sum) = &sum {
        per_unit(out, sum, stored);
        let readings = sum.figure.window_s * rate_hz(details);
        if readings < SAMPLES_WANTED {
            out.line(
                "  note",
                &format!(
                    "only about {readings:.0} readings in {}; {SAMPLES_WANTED:.0} or more make a figure to rely on: train \
                     longer",
                    duration(sum.figure.window_s)
                ),
            );
        }
    }
}

fn figure(part: &PhaseEnergy) -> String {
    let gross = part
        .figure
        .energy_j
        .map_or("missing".to_owned(), |gross| estimate(gross, "J"));
    let net = part
        .net_j
        .map(|net| format!(" · net {}", estimate(net, "J")))
        .unwrap_or_default();
    format!(
        "{gross}{net} · grade {} ({}) · {} · {:.0} % covered",
        part.figure.grade,
        part.figure.grade.meaning(),
        part.figure.source,
        part.figure.coverage() * 100.0
    )
}

fn per_unit(out: &mut Lines, sum: &PhaseEnergy, stored: Option<&Summary>) {
    let Some(energy_j) = sum.figure.energy_j else {
        return;
    };
    if let Some(summary) = stored.filter(|summary| summary.steps > 0 && summary.samples > 0) {
        let per = |energy: Estimate, parts: u64| energy.scale(1.0 / parts as f64);
        out.line(
            "  per sample",
            &estimate(per(energy_j, summary.samples), "J"),
        );
        out.line("  per step", &estimate(per(energy_j, summary.steps), "J"));
    }
}

fn rate_hz(details: &RunDetails) -> f64 {
    serde_json::from_str::<serde_json::Value>(&details.run.setup.json)
        .ok()
        .and_then(|setup| setup.pointer("/measure/rate_hz")?.as_f64())
        .unwrap_or(10.0)
}

fn carbon(out: &mut Lines, details: &RunDetails) {
    let carbon = details
        .summary
        .as_ref()
        .and_then(|summary| summary.carbon.as_ref());
    let (Some(carbon), Some(basis)) = (carbon, &details.run.carbon) else {
        return;
    };
    let place = basis.country.as_deref().map_or_else(
        || basis.source.clone(),
        |country| match basis.year {
            Some(year) => format!("{country} {year}, {}", basis.source),
            None => format!("{country}, {}", basis.source),
        },
    );
    out.line(
        "  carbon",
        &format!(
            "{} · {} g/kWh: {place} · PUE {}",
            estimate(carbon.carbon_g, "gCO2e"),
            basis.g_per_kwh,
            basis.pue
        ),
    );
}
