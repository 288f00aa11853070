//! Samples of one's own: how an image, a row, a text or a drawing becomes what a network was trained on.
//!
//! What that takes is an [`Encoding`]: small, plain, and kept with a run, so that a network can be asked when the files of its
//! dataset are gone. `picture` makes pixels, with `plane`; `row` the numbers of tables, `text` tokens.

mod picture;
mod plane;
mod row;
mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{DataError, DataInfo, Dataset, Features, Labels, Normalisation};
use crate::setup::{InputShape, Task};
pub use picture::{Framing, Invert, PictureRule};
pub use plane::Plane;
pub use row::{ROWS_MAX, RowColumn, RowKind, RowRule};
pub use text::{SymbolRule, TextRule};

/// What a sample of one's own goes through before a network sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoding {
    /// The dataset: shape of a sample, labels, classes.
    pub info: DataInfo,
    /// That of the training part.
    pub normalisation: Normalisation,
    /// What is taken.
    pub takes: Takes,
    /// What tokens stand for, where the classes do not say it.
    pub symbols: Vec<String>,
}

/// What a network can be asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Takes {
    /// Pictures.
    Picture(PictureRule),
    /// Rows of a table.
    Row(RowRule),
    /// Text, by character.
    Text(TextRule),
    /// Symbols with names, divided by blanks.
    Symbols(SymbolRule),
    /// Nothing: what a policy sees comes from its environment.
    Nothing,
}

/// A sample, as a dataset would hold it: not yet normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnSample {
    /// What it is called where it is told about.
    pub name: String,
    /// Its numbers.
    pub features: Features,
    /// The position whose answer counts, where there is one at each.
    pub at: Option<usize>,
    /// What is known to be right, by label.
    pub truth: BTreeMap<String, String>,
    /// What was done to it that one might not expect.
    pub notes: Vec<String>,
}

/// Why something cannot be asked about. Each message says what is wrong, where, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// A file is not what the network takes.
    #[error("{what}: {}", path.display())]
    File {
        /// What is wrong with it.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// What was given is not what the network takes.
    #[error("{0}")]
    Given(String),
    /// The dataset cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl Encoding {
    /// What `dataset` was learnt with.
    pub fn of(dataset: &Dataset) -> Self {
        Self {
            info: dataset.info.clone(),
            normalisation: dataset.normalisation.clone(),
            takes: dataset.takes.clone(),
            symbols: dataset.symbols.clone(),
        }
    }

    /// What the network takes, in words.
    pub fn wants(&self) -> &'static str {
        match &self.takes {
            Takes::Picture(_) => "images: PNG or JPEG files",
            Takes::Row(_) => "rows of a table: CSV files, or --row",
            Takes::Text(_) => "text: --text, or a text file",
            Takes::Symbols(_) => "symbols divided by blanks: --text",
            Takes::Nothing => "nothing: what a policy sees comes from its environment",
        }
    }

    /// What the classes of label `name` are called; nothing where there is no such label.
    pub fn classes(&self, name: &str) -> &[String] {
        let found = self.info.labels.iter().find(|label| label.name == name);
        found.map_or(&[], |label| &label.classes)
    }
}

impl Dataset {
    /// Sample `index` of the held-out part, with what is right for it; `None` where there is no such sample.
    pub fn held_out(&self, index: usize) -> Option<OwnSample> {
        if index >= self.test.len() {
            return None;
        }
        let part = self.test.only(index, self.info.input.len());
        let label = |column: usize| &self.info.labels[column];
        let name = |column: usize, value: u16| {
            let name = label(column).classes.get(usize::from(value));
            name.cloned().unwrap_or_else(|| value.to_string())
        };
        let mut truth = BTreeMap::new();
        let target = self.info.target;
        match &part.labels {
            Labels::Classes(columns) => {
                for (column, values) in columns.iter().enumerate() {
                    truth.insert(label(column).name.clone(), name(column, values[0]));
                }
            }
            Labels::Numbers(numbers) => {
                truth.insert(label(target).name.clone(), numbers[0].to_string());
            }
            Labels::Tokens { tokens, .. } => {
                let asked = tokens.iter().filter(|token| **token != Labels::NOT_ASKED);
                let names: Vec<String> = asked.map(|token| name(target, *token)).collect();
                let right = match self.info.task {
                    Task::LanguageModelling => names.last().cloned().unwrap_or_default(),
                    _ => names.join(" "),
                };
                truth.insert(label(target).name.clone(), right);
            }
        }
        Some(OwnSample {
            name: format!("held-out sample {}", index + 1),
            at: self.last_position(),
            features: part.features,
            truth,
            notes: Vec::new(),
        })
    }

    /// The position after which the next character of a text is asked for.
    fn last_position(&self) -> Option<usize> {
        match (self.info.task, self.info.input) {
            (Task::LanguageModelling, InputShape::Tokens { length, .. }) => length.checked_sub(1),
            _ => None,
        }
    }
}

/// What samples of this shape are made from, where a dataset does not say more.
pub(super) fn usual(name: &str, input: InputShape, training: &Features, label: &str) -> Takes {
    match (input, training) {
        (
            InputShape::Image {
                channels,
                height,
                width,
            },
            Features::U8(pixels),
        ) => Takes::Picture(PictureRule::of(name, [channels, height, width], pixels)),
        (InputShape::Features(count), _) => Takes::Row(RowRule::numbered(count, label)),
        _ => Takes::Nothing,
    }
}
