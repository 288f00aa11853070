use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    DataError, Normalisation,
    own::{self, Takes},
    split::{self, Partition},
};
use crate::setup::plan::{Head, Plan};
use crate::setup::{DataCounts, InputShape, Outputs, SplitSetup, Task, columns_of};

/// A dataset, whole, in memory.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// What it is.
    pub info: DataInfo,
    /// What to learn from.
    pub train: Split,
    /// What is held out.
    pub test: Split,
    /// How to bring samples of both parts to mean 0 and deviation 1.
    pub normalisation: Normalisation,
    /// What tokens stand for, by token, where the classes do not say it: of texts that have classes of their own. Else empty.
    pub symbols: Vec<String>,
    /// What samples of one's own are made from.
    pub takes: Takes,
}

/// What a dataset is like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataInfo {
    /// Name in a setup.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Shape of one sample.
    pub input: InputShape,
    /// What is asked of a model.
    #[serde(default)]
    pub task: Task,
    /// Every label that samples have. Sets of tokens have one, whose classes are the vocabulary; where a number is to be
    /// foretold, its name stands here, without classes.
    pub labels: Vec<LabelColumn>,
    /// Which of `labels` is to be learnt.
    pub target: usize,
    /// Number of samples to learn from.
    pub train_samples: usize,
    /// Number of samples held out.
    pub test_samples: usize,
    /// Bytes of the samples of both parts as they are stored, without labels: 1 per pixel, 4 per feature of a table.
    pub feature_bytes: u64,
    /// Samples of the source that were left out because values were missing.
    #[serde(default)]
    pub dropped_samples: usize,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl DataInfo {
    /// What a model of this set answers with.
    pub fn outputs(&self) -> Outputs {
        match self.task {
            Task::Classification | Task::Reinforcement => Outputs::of_sample(self.classes().len()),
            Task::Regression => Outputs::of_sample(1),
            Task::LanguageModelling | Task::Sequence => Outputs {
                numbers: self.classes().len(),
                per_position: true,
            },
        }
    }

    /// What checks of a setup have to know of the set.
    pub fn counts(&self) -> DataCounts {
        DataCounts {
            input: self.input,
            task: self.task,
            outputs: self.outputs(),
            labels: self.labels.iter().map(LabelColumn::head).collect(),
            train: self.train_samples,
        }
    }

    /// Which of [`Self::labels`] `heads` foretell, in their order.
    pub fn columns(&self, heads: &[Head]) -> Vec<usize> {
        let labels: Vec<String> = self.labels.iter().map(|label| label.name.clone()).collect();
        columns_of(heads, &labels)
    }

    /// The classes of each head of `plan`, by value; none where it has no heads.
    pub fn head_classes(&self, plan: &Plan) -> Vec<Vec<String>> {
        let heads = plan.heads.as_ref().map_or(&[][..], |heads| &heads.each);
        let columns = self.columns(heads).into_iter();
        columns
            .map(|column| self.labels[column].classes.clone())
            .collect()
    }

    /// The label to be learnt.
    pub fn target_label(&self) -> &LabelColumn {
        &self.labels[self.target]
    }

    /// The classes of the label to be learnt, by value.
    pub fn classes(&self) -> &[String] {
        &self.target_label().classes
    }
}

/// Where a dataset comes from and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Collection, generator or folder.
    pub source: String,
    /// Whom to name when it is shown or passed on; `None` where that is unknown.
    pub credit: Option<String>,
    /// Its licence; `None` where that is unknown.
    pub licence: Option<String>,
}

/// One thing that is known of each sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelColumn {
    /// Its name, such as `digit`.
    pub name: String,
    /// What its values 0, 1, … stand for.
    pub classes: Vec<String>,
}

impl LabelColumn {
    /// A head that foretells it.
    fn head(&self) -> Head {
        Head {
            name: self.name.clone(),
            classes: self.classes.len(),
        }
    }

    pub(super) fn new<S: Into<String>>(name: &str, classes: impl IntoIterator<Item = S>) -> Self {
        Self {
            name: name.to_owned(),
            classes: classes.into_iter().map(Into::into).collect(),
        }
    }
}

/// One part of a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The samples, one after the other, each of the shape that [`DataInfo::input`] says.
    pub features: Features,
    /// What is to be answered.
    pub labels: Labels,
}

/// What is to be answered for each sample of a [`Split`].
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// For each column of [`DataInfo::labels`] the value of each sample, below the number of the column's classes.
    Classes(Vec<Vec<u16>>),
    /// A token for each position of each sample, one sample after the other; [`Labels::NOT_ASKED`] where none is asked for.
    Tokens {
        /// Positions of a sample.
        length: usize,
        /// The tokens.
        tokens: Vec<u16>,
    },
    /// A number for each sample.
    Numbers(Vec<f32>),
}

impl Labels {
    /// Stands at positions where no token is asked for: they count neither in the loss nor in a metric.
    pub const NOT_ASKED: u16 = u16::MAX;

    /// The values of a column of classes, by sample.
    pub fn classes(&self, column: usize) -> Option<&[u16]> {
        match self {
            Self::Classes(columns) => columns.get(column).map(Vec::as_slice),
            _ => None,
        }
    }

    /// What is to be answered for `samples`.
    fn select(&self, samples: &[usize]) -> Self {
        match self {
            Self::Classes(columns) => {
                let of_column = |column: &Vec<u16>| pick(column, samples, 1);
                Self::Classes(columns.iter().map(of_column).collect())
            }
            Self::Tokens { length, tokens } => Self::Tokens {
                length: *length,
                tokens: pick(tokens, samples, *length),
            },
            Self::Numbers(numbers) => Self::Numbers(pick(numbers, samples, 1)),
        }
    }
}

/// What `values` hold of `samples`, each of which has `len` of them.
fn pick<T: Copy>(values: &[T], samples: &[usize], len: usize) -> Vec<T> {
    let mut picked = Vec::with_capacity(samples.len() * len);
    for sample in samples {
        picked.extend_from_slice(&values[sample * len..(sample + 1) * len]);
    }
    picked
}

impl Split {
    /// Number of samples.
    pub fn len(&self) -> usize {
        match &self.labels {
            Labels::Classes(columns) => columns.first().map_or(0, Vec::len),
            Labels::Tokens { length, tokens } => tokens.len() / (*length).max(1),
            Labels::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sample `index` by itself, which must be there; samples have `sample_len` numbers.
    pub(super) fn only(&self, index: usize, sample_len: usize) -> Self {
        Self {
            features: self.features.select(&[index], sample_len),
            labels: self.labels.select(&[index]),
        }
    }
}

/// The numbers of samples, one sample after the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Features {
    /// Pixels.
    U8(Vec<u8>),
    /// Rows of a table.
    F32(Vec<f32>),
    /// Tokens, each below the size of the vocabulary.
    Tokens(Vec<u16>),
}

impl Features {
    /// Numbers in all samples together.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::Tokens(values) => values.len(),
        }
    }

    /// Whether there is no number.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes as stored.
    pub fn bytes(&self) -> u64 {
        let width = match self {
            Self::U8(_) => size_of::<u8>(),
            Self::F32(_) => size_of::<f32>(),
            Self::Tokens(_) => size_of::<u16>(),
        };
        (self.len() * width) as u64
    }

    fn select(&self, samples: &[usize], sample_len: usize) -> Self {
        match self {
            Self::U8(values) => Self::U8(pick(values, samples, sample_len)),
            Self::F32(values) => Self::F32(pick(values, samples, sample_len)),
            Self::Tokens(values) => Self::Tokens(pick(values, samples, sample_len)),
        }
    }
}

/// Title of a set that is the file at `path`: its name without its end.
pub(super) fn title_of(path: &Path) -> String {
    let name = path.file_stem().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// What is known of a dataset before its samples are.
pub(super) struct Heading {
    pub name: String,
    pub title: String,
    pub input: InputShape,
    pub task: Task,
    pub labels: Vec<LabelColumn>,
    pub target: usize,
    pub provenance: Provenance,
}

impl Heading {
    pub(super) fn info(self, train_samples: usize, test_samples: usize, bytes: u64) -> DataInfo {
        DataInfo {
            name: self.name,
            title: self.title,
            input: self.input,
            task: self.task,
            labels: self.labels,
            target: self.target,
            train_samples,
            test_samples,
            feature_bytes: bytes,
            dropped_samples: 0,
            provenance: self.provenance,
        }
    }

    /// The dataset of these two parts.
    pub(super) fn with_parts(self, train: Split, test: Split) -> Dataset {
        let bytes = train.features.bytes() + test.features.bytes();
        let normalisation = Normalisation::of(&train.features, self.input);
        let label = &self.labels[self.target].name;
        let takes = own::usual(&self.name, self.input, &train.features, label);
        Dataset {
            takes,
            info: self.info(train.len(), test.len(), bytes),
            train,
            test,
            normalisation,
            symbols: Vec::new(),
        }
    }

    /// The dataset of these samples, of one label, divided as `setup` says so that each class has its share in both parts.
    pub(super) fn with_samples(
        self,
        features: &Features,
        labels: Vec<u16>,
        setup: &SplitSetup,
    ) -> Result<Dataset, DataError> {
        let partition = split::stratified(&labels, setup)?;
        Ok(self.with_partition(features, &Labels::Classes(vec![labels]), &partition))
    }

    /// The dataset of these samples, divided like this.
    pub(super) fn with_partition(
        self,
        features: &Features,
        labels: &Labels,
        partition: &Partition,
    ) -> Dataset {
        let part = |samples: &[usize]| Split {
            features: features.select(samples, self.input.len()),
            labels: labels.select(samples),
        };
        let (train, test) = (part(&partition.train), part(&partition.test));
        self.with_parts(train, test)
    }
}
