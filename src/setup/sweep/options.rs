use serde::{Deserialize, Serialize};

use crate::setup::Problems;

/// In which order trials are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Shuffled within each repeat, so that a machine that warms up or slows down over hours does not favour one end of an
    /// axis. Every setup is run once before any is run twice (randomised complete blocks, Fisher 1935).
    #[default]
    Shuffled,
    /// As the axes count, the last one fastest; repeat after repeat.
    Given,
}

/// How the learning rate follows the batch size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LearningRateRule {
    /// It does not.
    #[default]
    None,
    /// In proportion (Goyal et al. 2017, arXiv 1706.02677).
    Linear,
    /// With the square root (Krizhevsky 2014, arXiv 1404.5997).
    SquareRoot,
}

impl LearningRateRule {
    /// What the learning rate is multiplied with at `batch_size`, where it was chosen for `reference`.
    pub fn factor(self, batch_size: usize, reference: usize) -> f64 {
        let ratio = batch_size as f64 / reference.max(1) as f64;
        match self {
            Self::None => 1.0,
            Self::Linear => ratio,
            Self::SquareRoot => ratio.sqrt(),
        }
    }
}

/// What happens between two runs, so that the heat of one is not in the figures of the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CoolDown {
    /// Nothing.
    None,
    /// A pause of a set length.
    Fixed {
        /// Its length, s.
        seconds: f64,
    },
    /// Until the power of the machine is near that of the idle machine, as measured before the first run.
    NearIdle {
        /// How far above idle power still counts as near, as a share of it.
        #[serde(default = "default_within")]
        within: f64,
        /// Seconds after which the next run begins in any case; the record says so.
        #[serde(default = "default_at_most_s")]
        at_most_s: f64,
    },
}

fn default_within() -> f64 {
    0.1
}

fn default_at_most_s() -> f64 {
    60.0
}

impl Default for CoolDown {
    fn default() -> Self {
        Self::NearIdle {
            within: default_within(),
            at_most_s: default_at_most_s(),
        }
    }
}

impl CoolDown {
    pub(super) fn validate(self, problems: &mut Problems) {
        const SECONDS_MAX: f64 = 3600.0;
        match self {
            Self::None => {}
            Self::Fixed { seconds } => problems.require(
                (0.0..=SECONDS_MAX).contains(&seconds),
                "cool_down.seconds",
                seconds,
                "0 to 3600 seconds",
            ),
            Self::NearIdle { within, at_most_s } => {
                problems.require(
                    within > 0.0 && within <= 10.0,
                    "cool_down.within",
                    within,
                    "above 0 to 10, a share of the idle power",
                );
                problems.require(
                    (0.0..=SECONDS_MAX).contains(&at_most_s),
                    "cool_down.at_most_s",
                    at_most_s,
                    "0 to 3600 seconds",
                );
            }
        }
    }
}

/// From which size on a sweep asks before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Consent {
    /// More runs than this.
    pub runs: u64,
    /// More joules than this, where a forecast tells.
    pub energy_j: f64,
    /// More hours than this, where a forecast tells.
    pub hours: f64,
}

impl Default for Consent {
    fn default() -> Self {
        Self {
            runs: 100,
            energy_j: 1e6,
            hours: 1.0,
        }
    }
}

impl Consent {
    pub(super) fn validate(&self, problems: &mut Problems) {
        for (field, value) in [("energy_j", self.energy_j), ("hours", self.hours)] {
            problems.require(
                value >= 0.0,
                format!("consent.{field}"),
                value,
                "a number, 0 or more",
            );
        }
    }
}
