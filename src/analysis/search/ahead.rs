//! What a sweep will be, told before it begins: how many runs, which of them cannot run, and what they will take.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Candidate, Outlook, outlook, searcher};
use crate::analysis::forecast::PastRun;
use crate::analysis::sweep::axes::{name, text};
use crate::setup::sweep::{AxisValue, Consent, CoolDown, SearcherSetup, Sweep};
use crate::setup::{DataCounts, DatasetSetup, Setup};
use crate::units::{count, duration, quantity};

/// What is known of a sweep before it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Ahead {
    /// Runs, and what they take.
    pub outlook: Outlook,
    /// Name of the device that the forecast is for.
    pub device: String,
    /// Earlier runs that the forecast is told from.
    pub past: usize,
    /// Combinations that cannot run, each with the reason.
    pub impossible: Vec<(String, String)>,
    /// Combinations that may be tried.
    pub combinations: usize,
    /// Trials that are over already, of a sweep that is taken up.
    pub over: usize,
    /// Pauses of a set length between runs, s.
    pub pauses_s: f64,
    /// Whether a searcher may end with fewer runs.
    pub at_most: bool,
}

impl Ahead {
    /// Looks at every combination of `sweep`, which must be valid. `past` are earlier runs of `device`, the newest first;
    /// `over` trials have been run; `describe` tells what a dataset is like and is asked once for each.
    ///
    /// # Errors
    /// Those of `describe`.
    pub fn look<E>(
        sweep: &Sweep,
        (device, past): (&str, &[PastRun]),
        over: usize,
        mut describe: impl FnMut(&DatasetSetup) -> Result<DataCounts, E>,
    ) -> Result<Self, E> {
        let searcher = searcher(sweep);
        let combinations = searcher.combinations();
        let seed = sweep.seeds().first().copied().unwrap_or_default();
        let mut described: HashMap<String, DataCounts> = HashMap::new();
        let mut candidates = Vec::new();
        let mut impossible = Vec::new();
        for combination in &combinations {
            let trial = sweep.trial(combination, 0, seed);
            let found = match trial.problem {
                Some(problem) => Err(problem),
                None => {
                    let dataset = &trial.setup.dataset;
                    let key = serde_json::to_string(dataset).unwrap_or_default();
                    let counts = match described.get(&key) {
                        Some(counts) => counts.clone(),
                        None => {
                            let counts = describe(dataset)?;
                            described.insert(key, counts.clone());
                            counts
                        }
                    };
                    candidate(&trial.setup, &counts)
                }
            };
            match found {
                Ok(candidate) => candidates.push(candidate),
                Err(problem) => impossible.push((words(&trial.values), problem)),
            }
        }
        let possible = candidates.len() as f64 / combinations.len().max(1) as f64;
        let outlook = outlook(&searcher.rungs(), &candidates, past).of_share(possible);
        let pauses_s = match sweep.cool_down {
            CoolDown::Fixed { seconds } => seconds * outlook.trials.saturating_sub(1) as f64,
            CoolDown::None | CoolDown::NearIdle { .. } => 0.0,
        };
        Ok(Self {
            outlook,
            device: device.to_owned(),
            past: past.len(),
            impossible,
            combinations: combinations.len(),
            over,
            pauses_s,
            at_most: matches!(
                sweep.searcher,
                SearcherSetup::SuccessiveHalving(_) | SearcherSetup::Zeus(_)
            ),
        })
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

/// What a forecast needs of a setup; or why it cannot run.
fn candidate(setup: &Setup, counts: &DataCounts) -> Result<Candidate, String> {
    match setup.validate_with(counts) {
        Ok(plan) => Ok(Candidate {
            steps_per_epoch: setup.steps_per_epoch(counts.train) as u64,
            flop_per_sample: setup.training_flop(&plan) as f64,
            setup: setup.clone(),
        }),
        Err(problems) => Err(problems.to_string().replace('\n', "; ")),
    }
}

/// The choices of a combination, for people.
pub fn words(values: &[AxisValue]) -> String {
    let words: Vec<String> = values
        .iter()
        .map(|choice| {
            let field = name(&choice.field);
            format!("{field} {}", text(&choice.value))
        })
        .collect();
    words.join(", ")
}
