use std::fmt;

use serde::{Deserialize, Serialize};

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

    /// Name for people, at the head of a figure or a plot.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Accuracy => "Accuracy",
            Self::TopFive => "Top-5 accuracy",
            Self::Perplexity => "Perplexity",
            Self::BitsPerCharacter => "Bits per character",
            Self::Rmse => "RMSE",
            Self::Return => "Return",
        }
    }

    /// The value for people where no heading says what it is of, such as `97.22 %` or `1.842 bits per character`.
    pub fn format_named(self, value: f64) -> String {
        if self == Self::Accuracy {
            self.format(value)
        } else {
            format!("{} {}", self.format(value), self.title())
        }
    }

    /// What the value is of, in words for those who learn.
    pub fn explained(self) -> &'static str {
        match self {
            Self::Accuracy => "Share of the answers that are right",
            Self::TopFive => {
                "Share of the samples whose class is among the five that the network holds likeliest"
            }
            Self::Perplexity => {
                "Among how many tokens the network is undecided, as if all of them were equally likely"
            }
            Self::BitsPerCharacter => {
                "Bits that it takes to tell the next character to whom the network has told its guess"
            }
            Self::Rmse => "How far the answers are off: root of the mean of the squared errors",
            Self::Return => "Mean sum of rewards in an episode",
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
