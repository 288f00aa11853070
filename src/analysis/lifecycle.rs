//! The life of a model: what learning it and asking it take in energy, carbon and money, and when what was learnt before has paid off.
//!
//! Pure. Figures of one source share its systematic error, which cancels in their ratios; what is then uncertain is what differs from run
//! to run.

use serde::{Deserialize, Serialize};

use super::statistics::mean_interval;
use crate::units::{Estimate, nearest};

const JOULES_PER_KWH: f64 = 3.6e6;
const SECONDS_PER_YEAR: f64 = 365.25 * 86_400.0;

/// `class,kg_co2e,service_life_years,source`; its origin is in `assets/tables/README.md`.
const TABLE: &str = include_str!("../../assets/tables/embodied_carbon.csv");

/// What making a device took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Embodied {
    /// kgCO2e of the device.
    pub kg_co2e: f64,
    /// Years that it is used.
    pub service_life_years: f64,
    /// Whose figures they are, in words.
    pub source: String,
}

/// What cannot be measured: each of it is the user's to change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assumptions {
    /// gCO2e/kWh.
    pub g_per_kwh: f64,
    /// Whose figure it is.
    pub intensity_source: String,
    /// Power usage effectiveness, 1 to 10.
    pub pue: f64,
    /// Price of a kilowatt-hour; none where no cost is asked for.
    pub price_per_kwh: Option<f64>,
    /// Its currency, for people.
    pub currency: String,
    /// What making the device took; none where that is left out.
    pub embodied: Option<Embodied>,
    /// Models among which what was learnt before is shared, 1 or more.
    pub uses: u64,
    /// Samples that the model is asked about in its life.
    pub inferences: f64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            g_per_kwh: super::WORLD_MEAN_G_PER_KWH,
            intensity_source: super::CarbonIntensity::world_mean().source,
            pue: 1.0,
            price_per_kwh: None,
            currency: "EUR".to_owned(),
            embodied: None,
            uses: 1,
            inferences: 1e6,
        }
    }
}

/// An assumption that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssumptionError {
    /// Out of bounds.
    #[error("{field}: `{given}` is not possible; allowed: {allowed}")]
    Bounds {
        /// Which.
        field: &'static str,
        /// What was given.
        given: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// No such class of device.
    #[error(
        "unknown device class `{given}`{}; known: {known}",
        nearest.as_ref().map(|name| format!(", did you mean `{name}`?")).unwrap_or_default()
    )]
    Class {
        /// What was given.
        given: String,
        /// The one most like it.
        nearest: Option<String>,
        /// All of them.
        known: String,
    },
}

impl Assumptions {
    /// Checks every figure.
    ///
    /// # Errors
    /// The first that cannot be.
    pub fn check(&self) -> Result<(), AssumptionError> {
        let embodied = self.embodied.as_ref();
        let price = self.price_per_kwh.unwrap_or_default();
        let kg = embodied.map_or(0.0, |embodied| embodied.kg_co2e);
        let years = embodied.map_or(1.0, |embodied| embodied.service_life_years);
        let least = |value: f64| value.is_finite() && value >= 0.0;
        let rules = [
            (
                "g_per_kwh",
                (0.0..=5000.0).contains(&self.g_per_kwh),
                self.g_per_kwh,
                "0 to 5000 gCO2e/kWh",
            ),
            ("pue", (1.0..=10.0).contains(&self.pue), self.pue, "1 to 10"),
            (
                "price_per_kwh",
                least(price),
                price,
                "a finite number, 0 or more",
            ),
            (
                "embodied.kg_co2e",
                least(kg),
                kg,
                "a finite number, 0 or more",
            ),
            (
                "embodied.service_life_years",
                years > 0.0 && years <= 100.0,
                years,
                "above 0 to 100 years",
            ),
            ("uses", self.uses >= 1, self.uses as f64, "1 or more"),
            (
                "inferences",
                least(self.inferences),
                self.inferences,
                "a finite number, 0 or more",
            ),
        ];
        match rules.into_iter().find(|(_, holds, ..)| !holds) {
            None => Ok(()),
            Some((field, _, given, allowed)) => Err(AssumptionError::Bounds {
                field,
                given: given.to_string(),
                allowed,
            }),
        }
    }
}

/// What making a device of `class` took, by the table that the program ships.
///
/// # Errors
/// Where the table has no such class.
pub fn embodied(class: &str) -> Result<Embodied, AssumptionError> {
    let wanted = class.trim().to_lowercase();
    let mut reader = csv::Reader::from_reader(TABLE.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().filter_map(Result::ok).collect();
    let found = rows
        .iter()
        .find(|row| row.get(0) == Some(wanted.as_str()))
        .and_then(|row| {
            Some(Embodied {
                kg_co2e: row.get(1)?.parse().ok()?,
                service_life_years: row.get(2)?.parse().ok()?,
                source: row.get(3)?.to_owned(),
            })
        });
    let classes: Vec<&str> = rows.iter().filter_map(|row| row.get(0)).collect();
    found.ok_or_else(|| AssumptionError::Class {
        given: class.to_owned(),
        nearest: nearest(&wanted, classes.iter().copied()).map(str::to_owned),
        known: classes.join(", "),
    })
}

/// Energies of several runs of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Mean joules, with the error of the meters.
    pub energy_j: Estimate,
    /// Half the width of the 95 % interval over the runs (Student's t); none for a single run, which says nothing of it.
    pub spread_j: Option<f64>,
    /// Mean seconds.
    pub seconds: f64,
    /// Runs.
    pub runs: usize,
    /// The meters, in words.
    pub source: String,
}

impl Cost {
    /// The mean over `runs`: joules, seconds and source of each. `None` where there are none.
    pub fn of(runs: &[(Estimate, f64, String)]) -> Option<Self> {
        let mean = mean_interval(runs.iter().map(|(energy, ..)| energy.value))?;
        let count = runs.len() as f64;
        let sum = runs
            .iter()
            .map(|(energy, ..)| *energy)
            .reduce(Estimate::plus_same_source)?;
        let mut sources: Vec<&str> = runs.iter().map(|(.., source)| source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        Some(Self {
            energy_j: sum.scale(1.0 / count),
            spread_j: mean.half_width,
            seconds: runs.iter().map(|(_, seconds, _)| seconds).sum::<f64>() / count,
            runs: runs.len(),
            source: sources.join(" + "),
        })
    }

    /// Half the width of what is uncertain in a ratio of this and figures of `others`: the spread; and the meters' error as well, where
    /// they are not of one source with it.
    fn half(&self, others: &[&Self]) -> f64 {
        let spread = self.spread_j.unwrap_or(0.0);
        if others.iter().all(|other| other.source == self.source) {
            spread
        } else {
            spread.hypot(self.energy_j.half_width())
        }
    }
}

/// When what was learnt before has paid off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakEven {
    /// Joules that each reuse saves: from scratch less with what was learnt before. Below 0 it costs more.
    pub saving_j: f64,
    /// Where that lies; none with a single run on both sides.
    pub saving_range_j: Option<(f64, f64)>,
    /// Uses after which the pretraining is paid off; none where nothing is saved.
    pub uses: Option<f64>,
    /// Its least and its most; the most is none where it may never pay off. None at all with a single run on each side.
    pub uses_range: Option<(f64, Option<f64>)>,
    /// In a sentence.
    pub words: String,
}

/// N* = E_pretrain ÷ (E_scratch − E_finetune), all to the same target.
///
/// The interval of the saving is the difference of the means ± the two half-widths in quadrature; that of N* follows from its ends and
/// those of the pretraining.
pub fn break_even(pretrain: &Cost, scratch: &Cost, finetune: &Cost) -> BreakEven {
    let saving_j = scratch.energy_j.value - finetune.energy_j.value;
    let knows = scratch.spread_j.is_some() || finetune.spread_j.is_some();
    let half = scratch
        .half(&[finetune, pretrain])
        .hypot(finetune.half(&[scratch, pretrain]));
    let range = knows.then_some((saving_j - half, saving_j + half));
    let cost_j = pretrain.energy_j.value;
    let cost_half = pretrain.half(&[scratch, finetune]);
    let uses = (saving_j > 0.0).then(|| cost_j / saving_j);
    let uses_range = range
        .filter(|(_, high)| uses.is_some() && *high > 0.0)
        .map(|(low, high)| {
            let least = (cost_j - cost_half).max(0.0) / high;
            let most = (low > 0.0).then(|| (cost_j + cost_half) / low);
            (least, most)
        });
    let (scratch_j, finetune_j) = (scratch.energy_j.value, finetune.energy_j.value);
    let single = match (&scratch.spread_j, &finetune.spread_j) {
        (None, Some(_)) => {
            "; of runs from scratch there is one alone, and how far others would differ is not in that"
        }
        (Some(_), None) => {
            "; of runs with what was learnt before there is one alone, and how far others would differ is not in that"
        }
        _ => "",
    };
    let words = match (uses, range, uses_range) {
        (None, ..) => format!(
            "nothing is saved: with what was learnt before it took {finetune_j:.4} J, from scratch {scratch_j:.4} J; the pretraining never \
             pays off"
        ),
        (Some(uses), None, _) => format!(
            "the pretraining pays off after {uses:.1} uses, by one run of each; how far other seeds differ is not known"
        ),
        (Some(uses), Some(_), Some((least, Some(most)))) => {
            format!(
                "the pretraining pays off after {uses:.1} uses ({least:.1} to {most:.1}){single}"
            )
        }
        (Some(uses), ..) => format!(
            "the pretraining pays off after {uses:.1} uses by the means, but the runs differ so much that it may never do so; more seeds \
             would tell"
        ),
    };
    BreakEven {
        saving_j,
        saving_range_j: range,
        uses,
        uses_range,
        words,
    }
}

/// A stage of a model's life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// `pretraining`, `training` or `serving`.
    pub name: String,
    /// Joules at the meters.
    pub energy_j: Estimate,
    /// Seconds in which the device was used for it.
    pub seconds: f64,
    /// Operational gCO2e: energy × PUE × intensity.
    pub operational_g: Estimate,
    /// Embodied gCO2e: that of the device × seconds ÷ service life.
    pub embodied_g: Option<f64>,
    /// Cost of its electricity: energy × PUE × price.
    pub cost: Option<Estimate>,
    /// Its share of the energy of all stages, 0 to 1.
    pub energy_share: f64,
    /// Its share of all carbon, operational and embodied, 0 to 1.
    pub carbon_share: f64,
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
            before.seconds * share,
        ));
    }
    parts.push(("training", training.energy_j, training.seconds));
    if let Some(serving) = serving {
        let count = assumptions.inferences;
        parts.push((
            "serving",
            serving.energy_j.scale(count),
            serving.seconds * count,
        ));
    }
    let stages: Vec<Stage> = parts
        .into_iter()
        .map(|(name, energy_j, seconds)| stage(assumptions, name, energy_j, seconds))
        .collect();
    let total_j: f64 = stages.iter().map(|stage| stage.energy_j.value).sum();
    let carbon = |stage: &Stage| stage.operational_g.value + stage.embodied_g.unwrap_or(0.0);
    let total_g: f64 = stages.iter().map(carbon).sum();
    let of = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let stages = stages
        .into_iter()
        .map(|stage| Stage {
            energy_share: of(stage.energy_j.value, total_j),
            carbon_share: of(carbon(&stage), total_g),
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
        seconds: serving.seconds,
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

fn stage(assumptions: &Assumptions, name: &str, energy_j: Estimate, seconds: f64) -> Stage {
    let kwh = energy_j.scale(assumptions.pue / JOULES_PER_KWH);
    let embodied = assumptions.embodied.as_ref();
    Stage {
        name: name.to_owned(),
        energy_j,
        seconds,
        operational_g: kwh.scale(assumptions.g_per_kwh),
        embodied_g: embodied.map(|embodied| {
            let life_s = embodied.service_life_years * SECONDS_PER_YEAR;
            1000.0 * embodied.kg_co2e * seconds / life_s
        }),
        cost: assumptions.price_per_kwh.map(|price| kwh.scale(price)),
        energy_share: 0.0,
        carbon_share: 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(joules: &[f64], source: &str) -> Cost {
        let runs: Vec<(Estimate, f64, String)> = joules
            .iter()
            .map(|joules| {
                (
                    Estimate::plus_minus(*joules, joules / 8.0),
                    10.0,
                    source.to_owned(),
                )
            })
            .collect();
        Cost::of(&runs).unwrap()
    }

    #[test]
    fn pretraining_pays_off_by_the_formula() {
        let pretrain = cost(&[900.0], "RAPL");
        // Means 120 and 60; s = 10 and 5, n = 3, t = 4.302653.
        let scratch = cost(&[110.0, 120.0, 130.0], "RAPL");
        let finetune = cost(&[55.0, 60.0, 65.0], "RAPL");
        let found = break_even(&pretrain, &scratch, &finetune);
        assert_eq!((found.saving_j, found.uses), (60.0, Some(15.0)));
        let half = (4.302_653 / 3.0_f64.sqrt()) * 10.0_f64.hypot(5.0);
        let (least, most) = found.uses_range.unwrap();
        // The meters' common error cancels.
        assert!((least - 900.0 / (60.0 + half)).abs() < 1e-4, "{least}");
        assert!(
            (most.unwrap() - 900.0 / (60.0 - half)).abs() < 1e-3,
            "{most:?}"
        );
        // Of another meter it does not.
        let elsewhere = break_even(&cost(&[900.0], "NVML"), &scratch, &finetune);
        assert!(elsewhere.uses_range.unwrap().0 < least);
    }

    #[test]
    fn plain_words_where_nothing_is_saved_or_nobody_can_tell() {
        let pretrain = cost(&[900.0], "RAPL");
        let dearer = break_even(
            &pretrain,
            &cost(&[50.0, 52.0], "RAPL"),
            &cost(&[60.0, 61.0], "RAPL"),
        );
        assert_eq!((dearer.uses, dearer.uses_range), (None, None));
        assert!(
            dearer.words.contains("nothing is saved") && dearer.words.contains("never"),
            "{}",
            dearer.words
        );
        let unsure = break_even(
            &pretrain,
            &cost(&[10.0, 200.0], "RAPL"),
            &cost(&[90.0, 100.0], "RAPL"),
        );
        assert_eq!(unsure.uses, Some(90.0));
        assert_eq!(unsure.uses_range.unwrap().1, None);
        assert!(unsure.words.contains("may never"), "{}", unsure.words);
        let scratch = cost(&[110.0, 120.0, 130.0], "RAPL");
        let on_one_side = break_even(&pretrain, &scratch, &cost(&[60.0], "RAPL"));
        assert!(
            on_one_side.words.contains("there is one alone"),
            "{}",
            on_one_side.words
        );
        let both = break_even(&pretrain, &scratch, &cost(&[55.0, 60.0], "RAPL"));
        assert!(!both.words.contains("alone"), "{}", both.words);
        let single = break_even(&pretrain, &cost(&[120.0], "RAPL"), &cost(&[60.0], "RAPL"));
        assert_eq!((single.uses, single.uses_range), (Some(15.0), None));
        assert!(single.words.contains("one run of each"), "{}", single.words);
    }

    fn assumptions() -> Assumptions {
        Assumptions {
            g_per_kwh: 500.0,
            pue: 1.5,
            price_per_kwh: Some(0.3),
            embodied: Some(Embodied {
                kg_co2e: 365.25,
                service_life_years: 4.0,
                source: "made up".to_owned(),
            }),
            uses: 4,
            inferences: 1e6,
            ..Assumptions::default()
        }
    }

    #[test]
    fn stages_are_right_to_the_digit() {
        let before = cost(&[7.2e6], "RAPL");
        let training = cost(&[1.8e6], "RAPL");
        let serving = Serving {
            energy_j: Estimate::plus_minus(0.9, 0.05),
            spread_j: Some(0.1),
            seconds: 0.001,
            source: "RAPL".to_owned(),
        };
        let life = life_cycle(&assumptions(), Some(&before), &training, Some(&serving)).unwrap();
        let by = |of: &dyn Fn(&Stage) -> f64| life.stages.iter().map(of).collect::<Vec<_>>();
        assert_eq!(by(&|stage| stage.energy_j.value), [1.8e6, 1.8e6, 0.9e6]);
        // 0.5 kWh × 1.5 × 500 g/kWh.
        assert_eq!(
            by(&|stage| stage.operational_g.value),
            [375.0, 375.0, 187.5]
        );
        assert_eq!(
            by(&|stage| (stage.cost.unwrap().value * 1e9).round() / 1e9),
            [0.225, 0.225, 0.1125]
        );
        // 365.25 kg ÷ (4 · 365.25 d) is 250 g a day: 2.5 s, 10 s and 1000 s of it.
        let embodied = by(&|stage| stage.embodied_g.unwrap());
        for (found, seconds) in embodied.iter().zip([2.5, 10.0, 1000.0]) {
            assert!((found - 250.0 * seconds / 86_400.0).abs() < 1e-9, "{found}");
        }
        assert_eq!(by(&|stage| stage.energy_share), [0.4, 0.4, 0.2]);
        let shares: f64 = life.stages.iter().map(|stage| stage.carbon_share).sum();
        assert!((shares - 1.0).abs() < 1e-12);
        // 3.6 MJ of learning by 0.9 J a sample, 0.8 to 1.0.
        let found = life.inferences_as_training.unwrap();
        assert!(
            (found.value - 4e6).abs() < 1e-3 && (found.low - 3.6e6).abs() < 1e-3,
            "{found:?}"
        );
        assert!((found.high - 4.5e6).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn assumptions_that_cannot_be_are_named() {
        let training = cost(&[1.0], "RAPL");
        let refused = |change: &dyn Fn(&mut Assumptions)| {
            let mut assumptions = assumptions();
            change(&mut assumptions);
            life_cycle(&assumptions, None, &training, None)
                .unwrap_err()
                .to_string()
        };
        assert!(refused(&|a| a.pue = 0.5).contains("pue"));
        assert!(refused(&|a| a.uses = 0).contains("uses"));
        assert!(refused(&|a| a.g_per_kwh = f64::NAN).contains("g_per_kwh"));
        assert!(
            refused(&|a| a.embodied.as_mut().unwrap().service_life_years = 0.0)
                .contains("service_life")
        );
        let words = embodied("labtop").unwrap_err().to_string();
        assert!(
            words.contains("did you mean `laptop`") && words.contains("server"),
            "{words}"
        );
    }

    #[test]
    fn every_class_of_the_table_has_figures_and_a_source() {
        for class in ["accelerator", "server", "laptop"] {
            let found = embodied(class).unwrap();
            assert!(
                found.kg_co2e > 0.0 && found.service_life_years > 0.0 && !found.source.is_empty()
            );
        }
        assert_eq!(
            csv::Reader::from_reader(TABLE.as_bytes())
                .records()
                .filter(Result::is_ok)
                .count(),
            3
        );
    }
}
