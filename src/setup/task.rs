use serde::{Deserialize, Serialize};

use super::InputShape;
use crate::units::Metric;

/// What is asked of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// The class of each sample.
    #[default]
    Classification,
    /// The next character at every position of a text.
    LanguageModelling,
    /// A token at every position that counts, as in copying a sequence.
    Sequence,
    /// A number for each sample.
    Regression,
    /// Actions in an environment, for as much reward as possible.
    Reinforcement,
}

impl Task {
    /// Name, as stored and exported.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::LanguageModelling => "language-modelling",
            Self::Sequence => "sequence",
            Self::Regression => "regression",
            Self::Reinforcement => "reinforcement",
        }
    }

    /// The metric by which a run of this task is judged and for which a target can be set.
    pub fn metric(self) -> Metric {
        match self {
            Self::Classification | Self::Sequence => Metric::Accuracy,
            Self::LanguageModelling => Metric::BitsPerCharacter,
            Self::Regression => Metric::Rmse,
            Self::Reinforcement => Metric::Return,
        }
    }

    /// Further metrics that an evaluation tells, where the model has `outputs` answers to choose from.
    pub fn other_metrics(self, outputs: usize) -> &'static [Metric] {
        match self {
            // Of five classes or fewer the right one is always among the first five.
            Self::Classification if outputs > 5 => &[Metric::TopFive],
            Self::Classification | Self::Regression | Self::Reinforcement => &[],
            Self::LanguageModelling => &[Metric::Perplexity, Metric::Accuracy],
            Self::Sequence => &[Metric::Perplexity],
        }
    }
}

/// What a model answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs {
    /// Numbers of one answer: a score for each class, token or action, or the one number that is foretold.
    pub numbers: usize,
    /// Whether there is an answer at each position of a sequence, rather than one for the whole sample.
    pub per_position: bool,
}

impl Outputs {
    /// One answer a sample.
    pub fn of_sample(numbers: usize) -> Self {
        Self {
            numbers,
            per_position: false,
        }
    }

    /// Answers to one sample of shape `input`.
    pub fn answers(self, input: InputShape) -> usize {
        match input {
            InputShape::Tokens { length, .. } if self.per_position => length,
            _ => 1,
        }
    }
}
