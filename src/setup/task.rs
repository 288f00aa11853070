use std::fmt;

use serde::{Deserialize, Serialize};

use super::InputShape;

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

/// What tells how well a model does.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Share of answers that are right, 0 to 1.
    #[default]
    Accuracy,
    /// Share of samples whose class is among the five with the highest scores, 0 to 1.
    TopFive,
    /// e to the mean cross-entropy: among how many tokens the model is undecided.
    Perplexity,
    /// Mean cross-entropy in bits.
    BitsPerCharacter,
    /// Root of the mean squared error, in the unit of what is foretold.
    Rmse,
    /// Mean sum of rewards over the last episodes.
    Return,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 6] = [
        Self::Accuracy,
        Self::TopFive,
        Self::Perplexity,
        Self::BitsPerCharacter,
        Self::Rmse,
        Self::Return,
    ];

    /// Name, as stored and exported.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::TopFive => "top-five",
            Self::Perplexity => "perplexity",
            Self::BitsPerCharacter => "bits-per-character",
            Self::Rmse => "rmse",
            Self::Return => "return",
        }
    }

    /// The metric called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Name for people, within a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::TopFive => "top-5 accuracy",
            Self::Perplexity => "perplexity",
            Self::BitsPerCharacter => "bits per character",
            Self::Rmse => "RMSE",
            Self::Return => "return",
        }
    }

    /// Whether more is better.
    pub fn higher_is_better(self) -> bool {
        matches!(self, Self::Accuracy | Self::TopFive | Self::Return)
    }

    /// Whether `value` is as good as `target` or better.
    pub fn reaches(self, value: f64, target: f64) -> bool {
        if self.higher_is_better() {
            value >= target
        } else {
            value <= target
        }
    }

    /// The better of two values.
    pub fn better(self, a: f64, b: f64) -> f64 {
        // Comparisons with NaN are false, so that a number wins over none.
        if a.is_nan() || self.reaches(b, a) && !b.is_nan() {
            b
        } else {
            a
        }
    }

    /// What adds up over answers, where the metric itself does not: the square of an error's root.
    pub fn to_additive(self, value: f64) -> f64 {
        if self == Self::Rmse {
            value * value
        } else {
            value
        }
    }

    /// The metric that a mean of [`Self::to_additive`] stands for.
    pub fn from_additive(self, mean: f64) -> f64 {
        if self == Self::Rmse {
            mean.sqrt()
        } else {
            mean
        }
    }

    /// Whether it is a share from 0 to 1, shown in per cent.
    pub fn is_share(self) -> bool {
        matches!(self, Self::Accuracy | Self::TopFive)
    }

    /// By how much values are multiplied to be shown, and what stands behind them.
    pub fn shown(self) -> (f64, &'static str) {
        if self.is_share() {
            (100.0, " %")
        } else {
            (1.0, "")
        }
    }

    /// The value for people, such as `97.22 %`.
    pub fn format(self, value: f64) -> String {
        let (factor, unit) = self.shown();
        let value = value * factor;
        let places = match self {
            Self::Accuracy | Self::TopFive | Self::Perplexity => 2,
            Self::BitsPerCharacter => 3,
            Self::Return => 1,
            // As many digits as tell something, whatever the unit.
            Self::Rmse => {
                let digits = value.abs().max(1e-12).log10().floor();
                (3.0 - digits).clamp(0.0, 12.0) as usize
            }
        };
        format!("{value:.places$}{unit}")
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
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
