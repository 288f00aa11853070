//! The stages of a model's life: what each takes, and its share of all.

use serde::{Deserialize, Serialize};

use super::{AssumptionError, Assumptions, Cost};
use crate::units::Estimate;

const JOULES_PER_KWH: f64 = 3.6e6;
const SECONDS_PER_YEAR: f64 = 365.25 * 86_400.0;

/// A stage of a model's life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// `pretraining`, `training` or `serving`.
    pub name: String,
    /// Joules at the meters.
    pub energy_j: Estimate,
    /// Seconds in which the device was used for it; none where that is not known.
    pub seconds: Option<f64>,
    /// Operational gCO2e: energy × PUE × intensity.
    pub operational_g: Estimate,
    /// Embodied gCO2e: that of the device × seconds ÷ service life; none where it is left out, or the seconds are not known.
    pub embodied_g: Option<f64>,
    /// Cost of its electricity: energy × PUE × price.
    pub cost: Option<Estimate>,
    /// Its share of the energy of all stages, 0 to 1.
    pub energy_share: f64,
    /// Its share of all carbon, operational and embodied, 0 to 1; of no stage known where one has carbon that is not known.
    pub carbon_share: Option<f64>,
}

/// A model's life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LifeCycle {
    /// What was assumed.
    pub assumptions: Assumptions,
    /// Its stages in order of time.
    pub stages: Vec<Stage>,
    /// Inferences after which asking has taken as much energy as learning, what was learnt before included by its share.
    pub inferences_as_training: Option<Estimate>,
}

impl LifeCycle {
    /// What of the table is not known, in a sentence without its end; `None` where everything is.
    pub fn unknown(&self) -> Option<String> {
        let untimed = self.stages.iter().filter(|stage| stage.seconds.is_none());
        let untimed: Vec<&str> = untimed.map(|stage| stage.name.as_str()).collect();
        if untimed.is_empty() {
            return None;
        }
        let follows = match self.assumptions.embodied {
            Some(_) => ", and so neither is its embodied carbon, nor any share of all carbon",
            None => "",
        };
        Some(format!(
            "how long {} took is not known{follows}",
            untimed.join(", ")
        ))
    }
}

/// What asking takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Serving {
    /// Joules for a sample.
    pub energy_j: Estimate,
    /// Half the width of the interval over its windows.
    pub spread_j: Option<f64>,
    /// Seconds for a sample.
    pub seconds: f64,
    /// The meters, in words.
    pub source: String,
}

/// The life of a model that took `training`, with `before` learnt before it (of which it has its share of the uses) and `serving`
/// afterwards, as far as they are known.
///
/// # Errors
/// Where an assumption cannot be.
pub fn life_cycle(
    assumptions: &Assumptions,
    before: Option<&Cost>,
    training: &Cost,
    serving: Option<&Serving>,
) -> Result<LifeCycle, AssumptionError> {
    assumptions.check()?;
    let share = 1.0 / assumptions.uses as f64;
    let mut parts = Vec::new();
    if let Some(before) = before {
        parts.push((
            "pretraining",
            before.energy_j.scale(share),
            before.seconds.map(|seconds| seconds * share),
        ));
    }
    parts.push(("training", training.energy_j, training.seconds));
    if let Some(serving) = serving {
        let count = assumptions.inferences;
        parts.push((
            "serving",
            serving.energy_j.scale(count),
            Some(serving.seconds * count),
        ));
    }
    let stages: Vec<Stage> = parts
        .into_iter()
        .map(|(name, energy_j, seconds)| stage(assumptions, name, energy_j, seconds))
        .collect();
    let total_j: f64 = stages.iter().map(|stage| stage.energy_j.value).sum();
    let total_g: Option<f64> = stages
        .iter()
        .map(|stage| all_carbon(assumptions, stage))
        .sum();
    let of = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let stages = stages
        .into_iter()
        .map(|stage| Stage {
            energy_share: of(stage.energy_j.value, total_j),
            carbon_share: all_carbon(assumptions, &stage)
                .zip(total_g)
                .map(|(carbon_g, total_g)| of(carbon_g, total_g)),
            ..stage
        })
        .collect();
    Ok(LifeCycle {
        assumptions: assumptions.clone(),
        stages,
        inferences_as_training: serving
            .and_then(|serving| as_many(before, training, serving, share)),
    })
}

/// (E_training + share · E_before) ÷ E of a sample. The meters' error cancels where all are of one source.
fn as_many(
    before: Option<&Cost>,
    training: &Cost,
    serving: &Serving,
    share: f64,
) -> Option<Estimate> {
    let each = Cost {
        energy_j: serving.energy_j,
        spread_j: serving.spread_j,
        seconds: Some(serving.seconds),
        runs: 1,
        source: serving.source.clone(),
    };
    let others: Vec<&Cost> = before.into_iter().chain([training, &each]).collect();
    let learnt_j = training.energy_j.value + before.map_or(0.0, |cost| share * cost.energy_j.value);
    let learnt_half = training
        .half(&others)
        .hypot(before.map_or(0.0, |cost| share * cost.half(&others)));
    let (each_j, each_half) = (each.energy_j.value, each.half(&others));
    (each_j > 0.0).then(|| Estimate {
        value: learnt_j / each_j,
        low: (learnt_j - learnt_half).max(0.0) / (each_j + each_half),
        high: if each_j > each_half {
            (learnt_j + learnt_half) / (each_j - each_half)
        } else {
            f64::INFINITY
        },
    })
}

/// Operational and embodied carbon; the former alone where the latter is left out, none where it is not known.
fn all_carbon(assumptions: &Assumptions, stage: &Stage) -> Option<f64> {
    let embodied_g = match &assumptions.embodied {
        Some(_) => stage.embodied_g?,
        None => 0.0,
    };
    Some(stage.operational_g.value + embodied_g)
}

fn stage(assumptions: &Assumptions, name: &str, energy_j: Estimate, seconds: Option<f64>) -> Stage {
    let kwh = energy_j.scale(assumptions.pue / JOULES_PER_KWH);
    let embodied = assumptions.embodied.as_ref();
    Stage {
        name: name.to_owned(),
        energy_j,
        seconds,
        operational_g: kwh.scale(assumptions.g_per_kwh),
        embodied_g: embodied.zip(seconds).map(|(embodied, seconds)| {
            let life_s = embodied.service_life_years * SECONDS_PER_YEAR;
            1000.0 * embodied.kg_co2e * seconds / life_s
        }),
        cost: assumptions.price_per_kwh.map(|price| kwh.scale(price)),
        energy_share: 0.0,
        carbon_share: None,
    }
}
