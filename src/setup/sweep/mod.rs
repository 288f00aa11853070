//! A sweep as data: a base setup, the fields that are varied, and how they are searched.
//!
//! A [`Sweep`] is checked as a whole ([`Sweep::validate`]), counted without being spread out ([`Sweep::combinations`]), and
//! spread out into [`Trial`]s, each with a setup of its own, up to a bound. Pure data, but for [`file`].

mod axis;
pub mod file;
mod options;
mod order;
mod searcher;
pub mod shipped;
mod space;
mod trial;

pub use axis::{Axis, AxisValues, Ends, OneOf, Range};
pub use file::{SweepError, read};
pub use options::{Consent, CoolDown, LearningRateRule, Order};
pub use searcher::{Halving, RandomSearch, SearcherSetup, Until, Zeus};
pub use shipped::shipped;
pub use space::{Combination, Combinations};
pub use trial::{AxisValue, Trial};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{ChangeError, Problems, Setup};

/// Version of a sweep's fields. A file of a newer version is refused rather than half understood.
pub const SWEEP_SCHEMA: u32 = 1;

/// Trials that a sweep may have. More would take longer than anybody waits; they are counted, never spread out.
pub const TRIALS_MAX: u64 = 20_000;

/// Many runs that differ in the fields that are looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sweep {
    /// Version of the fields, [`SWEEP_SCHEMA`].
    pub schema: u32,
    /// What it is called.
    pub name: String,
    /// What it is to find out, in a sentence or two.
    pub about: String,
    /// What its runs are called, so that others can start from them; `{seed}` and `{number}` stand for the seed and the number of
    /// the trial. Left out: they have no names.
    pub run_names: Option<String>,
    /// What every run has unless an axis says otherwise. In a file a table of the fields that differ from the defaults, or the
    /// path of a setup file beside it.
    pub base: Setup,
    /// What is varied; the last axis counts fastest.
    pub axes: Vec<Axis>,
    /// Runs of each combination, with different seeds: the base's, the next, and so on.
    pub repeats: u64,
    /// The seeds themselves, instead of `repeats`.
    pub seeds: Option<Vec<u64>>,
    /// Value of the task's metric that every run is to reach: `regime.stop.target` of each, whatever the base says.
    pub target: Option<f64>,
    /// In which order trials are run.
    pub order: Order,
    /// Seed of the order.
    pub order_seed: u64,
    /// How the learning rate follows the batch size; it is meant for the base's batch size.
    pub learning_rate_rule: LearningRateRule,
    /// What happens between two runs.
    pub cool_down: CoolDown,
    /// Seconds for which a measurement of the idle machine serves the runs after it; each run has its own at 0.
    pub idle_valid_s: f64,
    /// Whether runs on different devices go on at the same time. What they share, such as the processor, is then in the
    /// figures of both.
    pub parallel: bool,
    /// Which combinations are tried, and for how long.
    pub searcher: SearcherSetup,
    /// From which size on it asks before it begins.
    pub consent: Consent,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            schema: SWEEP_SCHEMA,
            name: String::new(),
            about: String::new(),
            run_names: None,
            base: Setup::default(),
            axes: Vec::new(),
            repeats: 3,
            seeds: None,
            target: None,
            order: Order::default(),
            order_seed: 0,
            learning_rate_rule: LearningRateRule::default(),
            cool_down: CoolDown::default(),
            idle_valid_s: 1800.0,
            parallel: false,
            searcher: SearcherSetup::default(),
            consent: Consent::default(),
        }
    }
}

impl Sweep {
    /// The seeds, one for each repeat.
    pub fn seeds(&self) -> Vec<u64> {
        match &self.seeds {
            Some(seeds) => seeds.clone(),
            None => (0..self.repeats)
                .map(|repeat| self.base.regime.seed.saturating_add(repeat))
                .collect(),
        }
    }

    /// What the run of trial `number` with `seed` is called.
    pub fn run_name(&self, number: u64, seed: u64) -> Option<String> {
        let name = self.run_names.as_ref()?;
        let name = name.replace("{seed}", &seed.to_string());
        Some(name.replace("{number}", &number.to_string()))
    }

    /// Checks every field on its own and against the others, each axis against the setup's fields, and the number of trials
    /// against [`TRIALS_MAX`].
    ///
    /// # Errors
    /// All problems at once; of an axis that does not fit the setup, the first.
    pub fn validate(&self) -> Result<(), SweepError> {
        let mut problems = Problems::default();
        self.validate_fields(&mut problems);
        problems.into_result()?;
        self.base.validate()?;
        self.validate_searcher()?;
        // Before every value is tried on the setup: that of a million takes minutes.
        self.validate_size()?;
        self.validate_axes()
    }

    fn validate_fields(&self, problems: &mut Problems) {
        problems.require(
            self.schema == SWEEP_SCHEMA,
            "schema",
            self.schema,
            format!("{SWEEP_SCHEMA}, the version this program knows"),
        );
        let seeds = self.seeds.as_deref();
        problems.require(
            (1..=1000).contains(&self.repeats),
            "repeats",
            self.repeats,
            "1 to 1000",
        );
        problems.require(
            seeds.is_none_or(|seeds| !seeds.is_empty()),
            "seeds",
            "an empty list",
            "one seed or more, or `repeats` instead",
        );
        let twice = seeds.and_then(|seeds| {
            let at = (1..seeds.len()).find(|at| seeds[..*at].contains(&seeds[*at]))?;
            Some(seeds[at])
        });
        problems.require(
            twice.is_none(),
            "seeds",
            twice.unwrap_or_default(),
            "each seed once: the same seed gives the same run again",
        );
        problems.require(
            (0.0..=86_400.0).contains(&self.idle_valid_s),
            "idle_valid_s",
            self.idle_valid_s,
            "0 to 86400 seconds",
        );
        if let Some(target) = self.target {
            problems.require(
                target.is_finite() && target > 0.0,
                "target",
                target,
                "a finite number above 0",
            );
        }
        problems.require(
            self.run_names
                .as_ref()
                .is_none_or(|name| !name.trim().is_empty()),
            "run_names",
            "",
            "a name, such as pretrained-{seed}; left out, runs have none",
        );
        self.cool_down.validate(problems);
        self.consent.validate(problems);
        self.searcher.validate(problems);
        for (at, axis) in self.axes.iter().enumerate() {
            axis.validate(&format!("axes[{at}]"), problems);
            self.validate_field(at, axis, problems);
        }
    }

    /// What no axis may be over, since something else of the sweep decides it.
    fn validate_field(&self, at: usize, axis: &Axis, problems: &mut Problems) {
        let instead = match axis.field.as_str() {
            "regime.seed" => Some("another field; seeds are given by `repeats` or `seeds`"),
            "regime.stop.target" if self.target.is_some() => {
                Some("another field, or no `target` of the whole sweep")
            }
            "schema" => Some("a field of the setup that changes a run"),
            _ => None,
        };
        problems.require(
            instead.is_none(),
            format!("axes[{at}].field"),
            &axis.field,
            instead.unwrap_or_default(),
        );
        let twice = self.axes[..at]
            .iter()
            .any(|other| other.field == axis.field && !excludes(other, axis));
        problems.require(
            !twice,
            format!("axes[{at}].field"),
            &axis.field,
            "a field that no other axis has, or a `when` under which the other does not count",
        );
    }

    fn validate_searcher(&self) -> Result<(), SweepError> {
        let mut problems = Problems::default();
        let endless = self.axes.iter().find(|axis| axis.len().is_none());
        if let Some(axis) = endless
            && !matches!(self.searcher, SearcherSetup::Random(_))
        {
            problems.require(
                false,
                format!("axis {}", axis.field),
                "a range without a count",
                "a `count`; only searcher `random` draws from a whole range",
            );
        }
        if let SearcherSetup::Zeus(_) = self.searcher {
            let only = matches!(&self.axes[..], [axis] if axis.field == "regime.batch_size" && axis.when.is_empty());
            problems.require(
                only,
                "axes",
                format!("{} axes", self.axes.len()),
                "one over regime.batch_size alone, for searcher `zeus`",
            );
            problems.require(
                self.target.or(self.base.regime.stop.target).is_some(),
                "target",
                "none",
                "a target, for searcher `zeus`: a batch size is good where it reaches that",
            );
            let default = Value::from(self.base.regime.batch_size as u64);
            let has_default = self.axes.first().is_some_and(|axis| {
                (0..axis.len().unwrap_or_default())
                    .filter_map(|index| axis.value(index))
                    .any(|value| axis::is_same(&value, &default))
            });
            problems.require(
                !only || has_default,
                "base.regime.batch_size",
                self.base.regime.batch_size,
                "one of the axis, for searcher `zeus`: the walk begins there",
            );
        }
        Ok(problems.into_result()?)
    }

    fn validate_size(&self) -> Result<(), SweepError> {
        let seeds = self.seeds().len() as u64;
        let trials = match &self.searcher {
            SearcherSetup::Random(random) => u128::from(random.combinations) * u128::from(seeds),
            SearcherSetup::Zeus(zeus) => u128::from(zeus.runs),
            SearcherSetup::Grid => self.combinations().count() * u128::from(seeds),
            SearcherSetup::SuccessiveHalving(halving) => {
                let all = self.combinations().count();
                let begun = halving
                    .combinations
                    .map_or(all, |some| all.min(u128::from(some)));
                // Rungs shrink by a factor of at least two.
                2 * begun * u128::from(seeds)
            }
        };
        if trials > u128::from(TRIALS_MAX) {
            return Err(SweepError::TooMany { trials });
        }
        Ok(())
    }

    /// The sweep as canonical JSON: every field written out, keys sorted, no blanks.
    pub fn canonical_json(&self) -> String {
        self.to_value().to_string()
    }

    /// Sixteen hexadecimal digits that stand for what is run and how: everything but name, description and consent. A sweep
    /// is only gone on with by a file of the same hash.
    pub fn hash(&self) -> String {
        let mut value = self.to_value();
        if let Some(fields) = value.as_object_mut() {
            for field in NOT_HASHED {
                fields.remove(field);
            }
        }
        let digest = Sha256::digest(value.to_string().as_bytes());
        digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The sweep as a JSON value.
    pub fn to_value(&self) -> Value {
        // Plain data, which serde_json can always hold; its maps keep their keys sorted.
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    /// The fields in which `other` would run something else, for whoever has to mend a file that was changed.
    pub fn changed(&self, other: &Self) -> Vec<String> {
        let (one, two) = (self.to_value(), other.to_value());
        let fields = one.as_object().into_iter().flatten();
        fields
            .filter(|(key, _)| !NOT_HASHED.contains(&key.as_str()))
            .filter(|(key, value)| two.get(key.as_str()) != Some(value))
            .map(|(key, _)| key.clone())
            .collect()
    }
}

/// Fields that change nothing of what is run.
const NOT_HASHED: [&str; 4] = ["name", "about", "run_names", "consent"];

/// Whether two axes can never count at once: some field must have different values for them.
fn excludes(one: &Axis, two: &Axis) -> bool {
    one.when.iter().any(|(field, allowed)| {
        two.when.get(field).is_some_and(|other| {
            let values = match allowed {
                OneOf::One(value) => std::slice::from_ref(value),
                OneOf::Any(values) => values,
            };
            !values.iter().any(|value| other.has(value))
        })
    })
}

impl From<ChangeError> for SweepError {
    fn from(source: ChangeError) -> Self {
        Self::Base(source)
    }
}
