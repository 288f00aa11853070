//! What a sweep will be, told before it begins.

use super::super::{Exit, Failed, Place};
use super::{axes, pauses};
use crate::analysis::search::{Ahead, Total};
use crate::control;
use crate::data;
use crate::library::Library;
use crate::protocol::Knowledge;
use crate::setup::sweep::{SearcherSetup, Sweep};
use crate::units::{count, duration, quantity};

/// Looks at every combination and at earlier runs of the device.
pub fn look(
    sweep: &Sweep,
    resume: Option<&str>,
    library: &Library,
    place: &Place,
) -> Result<Ahead, Failed> {
    if resume.is_none() {
        control::check_starts(sweep, library)
            .map_err(|message| Failed::new(Exit::Usage, message))?;
    }
    let measure = &sweep.base.measure;
    let worker = place.worker()?;
    let asked = control::doctor(&worker, &sweep.base.device, measure, Knowledge::default());
    let device = asked?.device;
    let past = control::past_runs(library, &device)?;
    let over = match resume {
        Some(id) => {
            let trials = library.trials(id)?;
            trials.iter().filter(|trial| trial.status.is_over()).count()
        }
        None => 0,
    };
    Ahead::look(sweep, (&device.name, &past), over, |dataset| {
        Ok(data::describe(dataset)?.counts())
    })
}

/// For people.
pub fn text(ahead: &Ahead, sweep: &Sweep) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        text.push_str(&format!("{name:<14}{value}\n"));
    };
    let called: Vec<&str> = [sweep.name.as_str(), sweep.about.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    if !called.is_empty() {
        line("sweep", called.join(" · "));
    }
    for axis in &sweep.axes {
        line("axis", axes::in_words(axis));
    }
    let most = if ahead.at_most { "at most " } else { "" };
    let done = match ahead.over {
        0 => String::new(),
        over => format!(", {over} of them done"),
    };
    let seeds = match sweep.searcher {
        // Its runs recur, each with a seed of its own.
        SearcherSetup::Zeus(_) => String::new(),
        _ if sweep.seeds().len() == 1 => ", 1 seed".to_owned(),
        _ => format!(", {} seeds", sweep.seeds().len()),
    };
    line(
        "runs",
        format!(
            "{most}{} ({}, {} combinations{seeds}){done}",
            count(ahead.outlook.trials),
            sweep.searcher.kind(),
            ahead.combinations,
        ),
    );
    line("device", ahead.device.clone());
    let time = ahead.outlook.time_s;
    let energy = ahead.outlook.energy_j;
    line("time", told(time, duration, ahead.past));
    line(
        "energy",
        told(energy, |joules| quantity(joules, "J"), ahead.past),
    );
    if ahead.outlook.may_end_earlier && time.is_some() {
        line("", "less where targets are reached before".to_owned());
    }
    if let Some(pauses) = pauses::ahead(sweep.cool_down, ahead.outlook.trials) {
        line("pauses", pauses);
    }
    for (which, why) in &ahead.impossible {
        line("cannot run", format!("{which}: {why}"));
    }
    text
}

fn told(total: Option<Total>, show: impl Fn(f64) -> String, past: usize) -> String {
    match total {
        Some(Total {
            value,
            range: Some((low, high)),
        }) => format!(
            "about {}, {} to {}; from {past} earlier runs",
            show(value),
            show(low),
            show(high)
        ),
        Some(Total { value, range: None }) => {
            format!("about {}; from {past} earlier runs", show(value))
        }
        None => "unknown: no earlier run of the device tells".to_owned(),
    }
}
