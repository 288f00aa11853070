//! Options of the sets that are texts of the user's.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    dataset::SplitSetup,
    dataset_files::{Missing, require_path},
    problem::Problems,
};

/// Most characters in a row that a model can be shown.
const LENGTH_MAX: usize = 4096;

/// Where a text is, of which the next character is to be foretold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextSetup {
    /// The file, UTF-8 text. Must be given.
    #[serde(deserialize_with = "super::text::text")]
    pub file: PathBuf,
    /// Characters in a sample, 2 to 4096: as far back as a model can see.
    pub length: usize,
    /// Most different symbols, 3 to [`Self::VOCABULARY_MAX`]. Where the text has more different characters than that, the
    /// rarest ones share one symbol.
    pub vocabulary_max: usize,
    /// Share of the text held out for testing, above 0 and below 1: its end, in one piece.
    pub test_fraction: f64,
}

impl Default for TextSetup {
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            length: 64,
            vocabulary_max: Self::VOCABULARY_MAX,
            test_fraction: 0.1,
        }
    }
}

impl TextSetup {
    /// The most symbols that may be asked for.
    pub const VOCABULARY_MAX: usize = 4096;

    pub(super) fn validate(&self, problems: &mut Problems) {
        let allowed = "the path, as UTF-8 text, of the text file";
        require_path(problems, "dataset.file", &self.file, allowed);
        require_length(problems, self.length);
        require_vocabulary(problems, self.vocabulary_max);
        problems.require(
            self.test_fraction > 0.0 && self.test_fraction < 1.0,
            "dataset.test_fraction",
            self.test_fraction,
            "a number above 0 and below 1",
        );
    }
}

/// Where a table of texts with their classes is, and how it is to be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextCsvSetup {
    /// The file, UTF-8 text with cells divided by commas. Must be given.
    #[serde(deserialize_with = "super::text::text")]
    pub file: PathBuf,
    /// The column of the classes: its name in the header or its number from 1. Empty: the first one.
    #[serde(deserialize_with = "super::text::text")]
    pub label: String,
    /// The column of the texts, named likewise. Empty: the first one that is not the label's.
    #[serde(deserialize_with = "super::text::text")]
    pub text: String,
    /// Whether the first line names the columns.
    pub header: bool,
    /// What becomes of rows without a label or a text.
    pub missing: Missing,
    /// Characters that are seen of a text, 2 to 4096: longer ones are cut, shorter ones padded at the end.
    pub length: usize,
    /// Most different symbols, 3 to [`TextSetup::VOCABULARY_MAX`]: characters, padding, and one for all other characters.
    pub vocabulary_max: usize,
    /// Share of the rows held out for testing, above 0 and below 1.
    pub test_fraction: f64,
    /// Seed of the split, at most `i64::MAX`.
    pub split_seed: u64,
}

impl Default for TextCsvSetup {
    fn default() -> Self {
        let split = SplitSetup::default();
        Self {
            file: PathBuf::new(),
            label: String::new(),
            text: String::new(),
            header: true,
            missing: Missing::Error,
            length: 128,
            vocabulary_max: TextSetup::VOCABULARY_MAX,
            test_fraction: split.test_fraction,
            split_seed: split.split_seed,
        }
    }
}

impl TextCsvSetup {
    /// The options of the split by themselves.
    pub fn split(&self) -> SplitSetup {
        SplitSetup {
            test_fraction: self.test_fraction,
            split_seed: self.split_seed,
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        let allowed = "the path, as UTF-8 text, of the CSV file";
        require_path(problems, "dataset.file", &self.file, allowed);
        for (field, column) in [("dataset.label", &self.label), ("dataset.text", &self.text)] {
            problems.require(
                self.header || column.is_empty() || column.parse::<usize>().is_ok_and(|n| n > 0),
                field,
                column,
                "the number of a column from 1, or nothing, as there is no header",
            );
        }
        problems.require(
            self.text.is_empty() || self.text.trim() != self.label.trim(),
            "dataset.text",
            &self.text,
            "another column than the label's",
        );
        require_length(problems, self.length);
        require_vocabulary(problems, self.vocabulary_max);
        self.split().validate(problems);
    }
}

fn require_length(problems: &mut Problems, length: usize) {
    problems.require(
        (2..=LENGTH_MAX).contains(&length),
        "dataset.length",
        length,
        format!("2 to {LENGTH_MAX} characters"),
    );
}

/// Three, so that padding and unknown characters leave room for one that is known.
fn require_vocabulary(problems: &mut Problems, vocabulary_max: usize) {
    problems.require(
        (3..=TextSetup::VOCABULARY_MAX).contains(&vocabulary_max),
        "dataset.vocabulary_max",
        vocabulary_max,
        format!("3 to {} symbols", TextSetup::VOCABULARY_MAX),
    );
}
