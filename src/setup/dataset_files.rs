//! Options of the sets that are files of the user's.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{dataset::SplitSetup, dataset_published::named, problem::Problems};
use crate::units::UnknownName;

/// Where MNIST-like files are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdxSetup {
    /// The folder that holds the four files, `.gz` or not. Must be given: the default, an empty path, is refused by
    /// `validate`.
    #[serde(deserialize_with = "super::text::text")]
    pub folder: PathBuf,
}

impl IdxSetup {
    pub(super) fn validate(&self, problems: &mut Problems) {
        let allowed = "the path, as UTF-8 text, of the folder with the four IDX files";
        require_path(problems, "dataset.folder", &self.folder, allowed);
    }
}

/// Where images are, and what becomes of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FolderSetup {
    /// The folder that holds a folder of images for each class, or `train` and `test` that do. Must be given.
    #[serde(deserialize_with = "super::text::text")]
    pub folder: PathBuf,
    /// Height and width in pixels that every image is brought to, 8 to 256.
    pub size: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Share of the images held out for testing, above 0 and below 1; counts where there is no `test` folder.
    pub test_fraction: f64,
    /// Seed of the split, at most `i64::MAX`; counts where there is no `test` folder.
    pub split_seed: u64,
}

impl Default for FolderSetup {
    fn default() -> Self {
        let split = SplitSetup::default();
        Self {
            folder: PathBuf::new(),
            size: 32,
            channels: 3,
            test_fraction: split.test_fraction,
            split_seed: split.split_seed,
        }
    }
}

impl FolderSetup {
    /// The options of the split by themselves.
    pub fn split(&self) -> SplitSetup {
        SplitSetup {
            test_fraction: self.test_fraction,
            split_seed: self.split_seed,
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        let allowed =
            "the path, as UTF-8 text, of the folder with a folder of images for each class";
        require_path(problems, "dataset.folder", &self.folder, allowed);
        problems.require(
            (8..=256).contains(&self.size),
            "dataset.size",
            self.size,
            "8 to 256 pixels a side",
        );
        problems.require(
            matches!(self.channels, 1 | 3),
            "dataset.channels",
            self.channels,
            "1 or 3",
        );
        self.split().validate(problems);
    }
}

/// Where a table is, and how it is to be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CsvSetup {
    /// The file, UTF-8 text with cells divided by commas. Must be given.
    #[serde(deserialize_with = "super::text::text")]
    pub file: PathBuf,
    /// The column to be learnt: its name in the header or its number from 1. Empty: the last one.
    #[serde(deserialize_with = "super::text::text")]
    pub label: String,
    /// What is learnt of that column.
    pub task: TableTask,
    /// Whether the first line names the columns.
    pub header: bool,
    /// What becomes of rows with missing values.
    pub missing: Missing,
    /// Share of the rows held out for testing, above 0 and below 1.
    pub test_fraction: f64,
    /// Seed of the split, at most `i64::MAX`.
    pub split_seed: u64,
}

impl Default for CsvSetup {
    fn default() -> Self {
        let split = SplitSetup::default();
        Self {
            file: PathBuf::new(),
            label: String::new(),
            task: TableTask::Auto,
            header: true,
            missing: Missing::Error,
            test_fraction: split.test_fraction,
            split_seed: split.split_seed,
        }
    }
}

impl CsvSetup {
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
        problems.require(
            self.header
                || self.label.is_empty()
                || self.label.parse::<usize>().is_ok_and(|n| n > 0),
            "dataset.label",
            &self.label,
            "the number of a column from 1, or nothing for the last, as there is no header",
        );
        self.split().validate(problems);
    }
}

named! {
    /// What becomes of the rows of a table that have missing values.
    Missing, "way with missing values" {
        /// The table is refused, and the rows are named.
        #[default]
        Error = "error",
        /// They are left out and counted.
        Drop = "drop",
    }
}

named! {
    /// What is learnt of a column of a table.
    TableTask, "task of csv" {
        /// A number, where every value is a number and some have fractions or more than 100 are different; else classes.
        #[default]
        Auto = "auto",
        /// Each different value is a class.
        Classification = "classification",
        /// The number.
        Regression = "regression",
    }
}

/// A path that is not text could be used here, but not be written into a setup file.
pub(super) fn require_path(problems: &mut Problems, field: &str, path: &Path, allowed: &str) {
    problems.require(
        path.to_str().is_some_and(|path| !path.is_empty()),
        field,
        path.display(),
        allowed,
    );
}
