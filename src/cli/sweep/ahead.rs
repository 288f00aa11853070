//! What a sweep will be, told before it begins.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{axes, pauses};
use crate::analysis::forecast::PastRun;
use crate::analysis::search::{Candidate, Outlook, Total, outlook, searcher};
use crate::analysis::sweep::axes::name;
use crate::cli::{Failed, Place};
use crate::control;
use crate::data;
use crate::library::{Filter, Library};
use crate::protocol::Knowledge;
use crate::setup::sweep::{Consent, CoolDown, SearcherSetup, Sweep};
use crate::setup::{DataCounts, Setup};
use crate::units::{count, duration, quantity};

/// Earlier runs that a forecast is told from: the newest count.
const PAST_RUNS: u64 = 300;

/// What is known of a sweep before it begins.
pub struct Ahead {
    outlook: Outlook,
    device: String,
    past: usize,
    /// Combinations that cannot run, with the reason.
    impossible: Vec<(String, String)>,
    combinations: usize,
    over: usize,
    pauses_s: f64,
}

impl Ahead {
    /// Looks at every combination and at earlier runs of the device.
    pub fn look(
        sweep: &Sweep,
        resume: Option<&str>,
        library: &Library,
        place: &Place,
    ) -> Result<Self, Failed> {
        let searcher = searcher(sweep);
        let combinations = searcher.combinations();
        let seed = sweep.seeds().first().copied().unwrap_or_default();
        let mut described = HashMap::new();
        let mut candidates = Vec::new();
        let mut impossible = Vec::new();
        for combination in &combinations {
            let trial = sweep.trial(combination, 0, seed);
            let found = match trial.problem {
                Some(problem) => Err(problem),
                None => candidate(&trial.setup, &mut described)?,
            };
            match found {
                Ok(candidate) => candidates.push(candidate),
                Err(problem) => impossible.push((words(&trial.values), problem)),
            }
        }
        let measure = &sweep.base.measure;
        let worker = place.worker()?;
        let asked = control::doctor(&worker, &sweep.base.device, measure, Knowledge::default());
        let device = asked?.device;
        let past = past(library, &device)?;
        let over = match resume {
            Some(id) => {
                let trials = library.trials(id)?;
                trials.iter().filter(|trial| trial.status.is_over()).count()
            }
            None => 0,
        };
        let rungs = searcher.rungs();
        let possible = candidates.len() as f64 / combinations.len().max(1) as f64;
        let outlook = outlook(&rungs, &candidates, &past).of_share(possible);
        let pauses_s = match sweep.cool_down {
            CoolDown::Fixed { seconds } => seconds * outlook.trials.saturating_sub(1) as f64,
            CoolDown::None | CoolDown::NearIdle { .. } => 0.0,
        };
        Ok(Self {
            outlook,
            device: device.name,
            past: past.len(),
            impossible,
            combinations: combinations.len(),
            over,
            pauses_s,
        })
    }

    /// For people.
    pub fn text(&self, sweep: &Sweep) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            text.push_str(&format!("{name:<14}{value}\n"));
        };
        if !sweep.name.is_empty() || !sweep.about.is_empty() {
            line("sweep", format!("{} · {}", sweep.name, sweep.about));
        }
        for axis in &sweep.axes {
            line("axis", axes::in_words(axis));
        }
        let most = match sweep.searcher {
            SearcherSetup::Grid | SearcherSetup::Random(_) => "",
            SearcherSetup::SuccessiveHalving(_) | SearcherSetup::Zeus(_) => "at most ",
        };
        let done = match self.over {
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
                count(self.outlook.trials),
                sweep.searcher.kind(),
                self.combinations,
            ),
        );
        line("device", self.device.clone());
        let time = self.outlook.time_s;
        let energy = self.outlook.energy_j;
        line("time", told(time, duration, self.past));
        line(
            "energy",
            told(energy, |joules| quantity(joules, "J"), self.past),
        );
        if self.outlook.may_end_earlier && time.is_some() {
            line("", "less where targets are reached before".to_owned());
        }
        if let Some(pauses) = pauses::ahead(sweep.cool_down, self.outlook.trials) {
            line("pauses", pauses);
        }
        for (which, why) in &self.impossible {
            line("cannot run", format!("{which}: {why}"));
        }
        text
    }

    /// For machines, and to be kept beside what came.
    pub fn json(&self) -> Value {
        json!({
            "outlook": self.outlook,
            "device": self.device,
            "past_runs": self.past,
            "combinations": self.combinations,
            "done": self.over,
            "pauses_s": self.pauses_s,
            "impossible": self.impossible.iter().map(|(which, why)| json!({ "combination": which, "reason": why }))
                .collect::<Vec<_>>(),
        })
    }

    /// In what it is above the limits.
    pub fn above(&self, consent: &Consent) -> Vec<String> {
        let runs = self.outlook.trials.saturating_sub(self.over as u64);
        let mut above = Vec::new();
        if runs > consent.runs {
            above.push(format!(
                "{} runs, above {}",
                count(runs),
                count(consent.runs)
            ));
        }
        if let Some(energy) = self
            .outlook
            .energy_j
            .filter(|it| it.value > consent.energy_j)
        {
            let limit = quantity(consent.energy_j, "J");
            above.push(format!("{}, above {limit}", quantity(energy.value, "J")));
        }
        let limit_s = consent.hours * 3600.0;
        let time_s = self.outlook.time_s.map(|time| time.value + self.pauses_s);
        if let Some(time_s) = time_s.filter(|time_s| *time_s > limit_s) {
            above.push(format!("{}, above {}", duration(time_s), duration(limit_s)));
        }
        above
    }
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

/// What a forecast needs of a setup; or why it cannot run.
fn candidate(
    setup: &Setup,
    described: &mut HashMap<String, DataCounts>,
) -> Result<Result<Candidate, String>, Failed> {
    let key = serde_json::to_string(&setup.dataset).unwrap_or_default();
    let counts = match described.get(&key) {
        Some(counts) => *counts,
        None => {
            let counts = data::describe(&setup.dataset)?.counts();
            described.insert(key, counts);
            counts
        }
    };
    Ok(match setup.validate_with(&counts) {
        Ok(plan) => Ok(Candidate {
            steps_per_epoch: setup.steps_per_epoch(counts.train) as u64,
            flop_per_sample: plan.training_flop() as f64,
            setup: setup.clone(),
        }),
        Err(problems) => Err(problems.to_string().replace('\n', "; ")),
    })
}

fn past(library: &Library, device: &crate::protocol::Device) -> Result<Vec<PastRun>, Failed> {
    let filter = Filter {
        device: Some(device.name.clone()),
        limit: Some(PAST_RUNS),
        ..Filter::default()
    };
    let (machine, _) = control::here();
    let rows = library.runs(&filter)?;
    Ok(rows
        .iter()
        .filter(|row| row.run.machine.fingerprint == machine.fingerprint)
        .filter(|row| row.run.device.identity == device.identity)
        .filter_map(PastRun::of)
        .collect())
}

/// The choices of a combination, for people.
pub fn words(values: &[crate::setup::sweep::AxisValue]) -> String {
    let words: Vec<String> = values
        .iter()
        .map(|choice| {
            let field = name(&choice.field);
            match &choice.value {
                Value::String(text) => format!("{field} {text}"),
                value => format!("{field} {value}"),
            }
        })
        .collect();
    words.join(", ")
}
