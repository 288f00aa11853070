use serde::{Deserialize, Serialize};

/// How good the source of an energy figure is: A the best. The table and the intervals to start from are described in
/// `docs/measuring.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// A wall meter, or a system figure calibrated with one.
    A,
    /// A hardware energy counter.
    B,
    /// Polled power, integrated.
    C,
    /// A model calibrated on this machine at idle and full load.
    D,
    /// A model with a known thermal design power or board power.
    E,
    /// A model of an unknown device.
    F,
}

impl Grade {
    /// One letter, as stored and exported.
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::E => "E",
            Self::F => "F",
        }
    }

    /// The grade with this letter.
    pub fn from_letter(letter: &str) -> Option<Self> {
        [Self::A, Self::B, Self::C, Self::D, Self::E, Self::F]
            .into_iter()
            .find(|grade| grade.letter() == letter)
    }

    /// The grade of a sum: the worst of the parts that make up a tenth of it or more, given as grades and amounts. A small
    /// part that is poorly known widens the interval of the sum and says no more about it than that. `F` where there are
    /// no parts; where all amounts are zero, the worst of all.
    pub fn of_sum(parts: impl Iterator<Item = (Self, f64)> + Clone) -> Self {
        let sum: f64 = parts.clone().map(|(_, amount)| amount).sum();
        parts
            .filter(|(_, amount)| *amount >= 0.1 * sum)
            .map(|(grade, _)| grade)
            .max()
            .unwrap_or(Self::F)
    }

    /// What the letter stands for, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::A => "wall meter, or calibrated with one",
            Self::B => "hardware energy counter",
            Self::C => "polled power, integrated",
            Self::D => "model calibrated on this machine",
            Self::E => "model from a known design power",
            Self::F => "model of an unknown device",
        }
    }
}

impl std::fmt::Display for Grade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.letter())
    }
}
