use serde::{Deserialize, Serialize};

use crate::setup::Problems;

/// Which setups of a sweep are tried, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SearcherSetup {
    /// Every combination, with every seed.
    #[default]
    Grid,
    /// Some combinations, drawn by chance (Bergstra and Bengio 2012, JMLR 13).
    Random(RandomSearch),
    /// Many combinations for a short while, the better ones for longer: successive halving (Jamieson and Talwalkar 2016) by
    /// an objective of performance and energy, after the idea of SM² (Geissler et al. 2024, arXiv 2412.08526).
    SuccessiveHalving(Halving),
    /// The batch size of least cost, over runs that recur: Zeus (You et al., NSDI 2023).
    Zeus(Zeus),
}

impl SearcherSetup {
    /// Every kind of searcher, as named in files.
    pub const KINDS: [&str; 4] = ["grid", "random", "successive-halving", "zeus"];

    /// The kind, as named in files.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random(_) => "random",
            Self::SuccessiveHalving(_) => "successive-halving",
            Self::Zeus(_) => "zeus",
        }
    }
}

/// Options of random search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomSearch {
    /// Different combinations to draw; each is run with every seed.
    pub combinations: u64,
    /// Seed of the draws.
    #[serde(default)]
    pub seed: u64,
}

/// Options of energy-aware successive halving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Halving {
    /// One in so many goes on to the next rung, 2 or more.
    pub keep_one_in: u64,
    /// Where the first rung ends.
    pub first: Until,
    /// Combinations to begin with, drawn by chance; all of them where not set.
    pub combinations: Option<u64>,
    /// Seed of the draws.
    pub seed: u64,
    /// What energy counts against performance, 0 (only performance) to 1 (only energy).
    pub energy_weight: f64,
}

impl Default for Halving {
    fn default() -> Self {
        Self {
            keep_one_in: 2,
            first: Until::Epochs(1),
            combinations: None,
            seed: 0,
            energy_weight: 0.5,
        }
    }
}

/// How far a run goes for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// To the end of this epoch, counted from the run's beginning.
    Epochs(u64),
    /// To this step, counted from the run's beginning.
    Steps(u64),
}

impl Until {
    /// `factor` times as far.
    pub fn times(self, factor: u64) -> Self {
        match self {
            Self::Epochs(epochs) => Self::Epochs(epochs.saturating_mul(factor)),
            Self::Steps(steps) => Self::Steps(steps.saturating_mul(factor)),
        }
    }

    /// In steps, where an epoch has `steps_per_epoch`.
    pub fn steps(self, steps_per_epoch: u64) -> u64 {
        match self {
            Self::Epochs(epochs) => epochs.saturating_mul(steps_per_epoch),
            Self::Steps(steps) => steps,
        }
    }
}

impl std::fmt::Display for Until {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Epochs(1) => f.write_str("epoch 1"),
            Self::Epochs(epochs) => write!(f, "epoch {epochs}"),
            Self::Steps(steps) => write!(f, "step {steps}"),
        }
    }
}

/// Options of the search for a batch size. The only axis is `regime.batch_size`; the base holds the default that it starts
/// from, and a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Zeus {
    /// η: what energy counts against time, 0 (only time) to 1 (only energy).
    pub energy_share: f64,
    /// β: a run is stopped where its cost passes so many times the least one seen.
    pub stop_at: f64,
    /// Walks over the batch sizes in which those that do not reach the target are pruned.
    pub pruning_rounds: u64,
    /// Runs in all, those of the walks among them.
    pub runs: u64,
    /// Power by which seconds become joules, W: the most that the device may draw. Where not set, the highest mean power of
    /// the runs so far.
    pub power_max_w: Option<f64>,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Zeus {
    fn default() -> Self {
        Self {
            energy_share: 0.5,
            stop_at: 2.0,
            pruning_rounds: 2,
            runs: 40,
            power_max_w: None,
            seed: 0,
        }
    }
}

impl SearcherSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        match self {
            Self::Grid => {}
            Self::Random(random) => problems.require(
                random.combinations >= 1,
                "searcher.combinations",
                random.combinations,
                "1 or more",
            ),
            Self::SuccessiveHalving(halving) => halving.validate(problems),
            Self::Zeus(zeus) => zeus.validate(problems),
        }
    }
}

impl Halving {
    fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.keep_one_in >= 2,
            "searcher.keep_one_in",
            self.keep_one_in,
            "2 or more",
        );
        problems.require(
            self.first.steps(1) >= 1,
            "searcher.first",
            self.first,
            "1 or more epochs or steps",
        );
        problems.require(
            self.combinations.is_none_or(|count| count >= 1),
            "searcher.combinations",
            self.combinations.unwrap_or_default(),
            "1 or more",
        );
        share(problems, "searcher.energy_weight", self.energy_weight);
    }
}

impl Zeus {
    fn validate(&self, problems: &mut Problems) {
        share(problems, "searcher.energy_share", self.energy_share);
        problems.require(
            self.stop_at > 1.0 && self.stop_at.is_finite(),
            "searcher.stop_at",
            self.stop_at,
            "a finite number above 1",
        );
        for (field, count) in [("pruning_rounds", self.pruning_rounds), ("runs", self.runs)] {
            problems.require(count >= 1, format!("searcher.{field}"), count, "1 or more");
        }
        problems.require(
            self.power_max_w
                .is_none_or(|power| power > 0.0 && power.is_finite()),
            "searcher.power_max_w",
            self.power_max_w.unwrap_or_default(),
            "a finite number above 0",
        );
    }
}

fn share(problems: &mut Problems, field: &str, value: f64) {
    problems.require((0.0..=1.0).contains(&value), field, value, "0 to 1");
}
