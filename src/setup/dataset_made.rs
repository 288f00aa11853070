//! Options of the sets without pictures that the program makes by itself.

use serde::{Deserialize, Serialize};

use super::{
    dataset::{SplitSetup, require_seed},
    problem::Problems,
};

/// Options of addition modulo a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModularAdditionSetup {
    /// The number `p` modulo which is added, 2 to [`Self::MODULUS_MAX`]: there are `p²` samples and `p` classes.
    pub modulus: usize,
    /// Share of the pairs held out for testing, above 0 and below 1.
    pub test_fraction: f64,
    /// Seed of the split, at most `i64::MAX`.
    pub split_seed: u64,
}

impl Default for ModularAdditionSetup {
    /// The number and the share of Power et al. (2022).
    fn default() -> Self {
        Self {
            modulus: 97,
            test_fraction: 0.5,
            split_seed: 0,
        }
    }
}

impl ModularAdditionSetup {
    /// The largest number modulo which can be added.
    pub const MODULUS_MAX: usize = 1000;

    /// The options of the split by themselves.
    pub fn split(&self) -> SplitSetup {
        SplitSetup {
            test_fraction: self.test_fraction,
            split_seed: self.split_seed,
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            (2..=Self::MODULUS_MAX).contains(&self.modulus),
            "dataset.modulus",
            self.modulus,
            format!("2 to {}", Self::MODULUS_MAX),
        );
        self.split().validate(problems);
    }
}

/// Options of copying a sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SequenceCopySetup {
    /// How many different symbols there are, 2 to [`Self::SYMBOLS_MAX`].
    pub symbols: usize,
    /// Symbols in a sequence, 1 to [`Self::LENGTH_MAX`]. A sample has `2 · length + 1` positions.
    pub length: usize,
    /// Number of sequences, training and test together, 2 to [`Self::SAMPLES_MAX`]; no two are alike, so that there must be
    /// at least twice as many possible ones, and at most [`Self::TOKENS_MAX`] positions in all.
    pub samples: usize,
    /// Seed of the sequences, at most `i64::MAX`.
    pub seed: u64,
    /// Share of the sequences held out for testing, above 0 and below 1.
    pub test_fraction: f64,
    /// Seed of the split, at most `i64::MAX`.
    pub split_seed: u64,
}

impl Default for SequenceCopySetup {
    fn default() -> Self {
        let split = SplitSetup::default();
        Self {
            symbols: 8,
            length: 10,
            samples: 4000,
            seed: 0,
            test_fraction: split.test_fraction,
            split_seed: split.split_seed,
        }
    }
}

impl SequenceCopySetup {
    /// Most different symbols.
    pub const SYMBOLS_MAX: usize = 1000;
    /// Most symbols in a sequence.
    pub const LENGTH_MAX: usize = 1000;
    /// Most sequences.
    pub const SAMPLES_MAX: usize = 1_000_000;
    /// Most positions of all sequences together, 4 bytes each.
    pub const TOKENS_MAX: usize = 1 << 28;

    /// The options of the split by themselves.
    pub fn split(&self) -> SplitSetup {
        SplitSetup {
            test_fraction: self.test_fraction,
            split_seed: self.split_seed,
        }
    }

    /// Positions of a sample: the sequence, the delimiter, and as many blanks as the sequence has symbols.
    pub fn positions(&self) -> usize {
        2 * self.length + 1
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        let sane_symbols = (2..=Self::SYMBOLS_MAX).contains(&self.symbols);
        let sane_length = (1..=Self::LENGTH_MAX).contains(&self.length);
        let sane_samples = (2..=Self::SAMPLES_MAX).contains(&self.samples);
        problems.require(
            sane_symbols,
            "dataset.symbols",
            self.symbols,
            format!("2 to {} symbols", Self::SYMBOLS_MAX),
        );
        problems.require(
            sane_length,
            "dataset.length",
            self.length,
            format!("1 to {} symbols in a sequence", Self::LENGTH_MAX),
        );
        problems.require(
            sane_samples,
            "dataset.samples",
            self.samples,
            format!("2 to {} sequences", Self::SAMPLES_MAX),
        );
        if sane_symbols && sane_length && sane_samples {
            let possible = (self.symbols as f64).powi(self.length as i32);
            let different = (possible / 2.0).min(Self::SAMPLES_MAX as f64) as usize;
            let most = different.min(Self::TOKENS_MAX / self.positions());
            problems.require(
                self.samples <= most,
                "dataset.samples",
                self.samples,
                format!(
                    "at most {most}: half of the different sequences of {} out of {} symbols, and {} positions in all",
                    self.length,
                    self.symbols,
                    Self::TOKENS_MAX
                ),
            );
        }
        require_seed(problems, "dataset.seed", self.seed);
        self.split().validate(problems);
    }
}

/// Options of the pole on a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CartPoleSetup {
    /// Steps after which an episode ends though the pole still stands, 1 to [`Self::STEPS_MAX`]; each earns a reward of 1.
    pub episode_steps_max: usize,
}

impl Default for CartPoleSetup {
    /// As `CartPole-v1` of Gymnasium.
    fn default() -> Self {
        Self {
            episode_steps_max: 500,
        }
    }
}

impl CartPoleSetup {
    /// Most steps that an episode may be given.
    pub const STEPS_MAX: usize = 100_000;

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            (1..=Self::STEPS_MAX).contains(&self.episode_steps_max),
            "dataset.episode_steps_max",
            self.episode_steps_max,
            format!("1 to {} steps", Self::STEPS_MAX),
        );
    }
}
