//! Which samples are shown, and in which order.

use crate::gui::mistakes::{Confusion, Predictions};
use crate::gui::pages::train::heat::cell_name;
use crate::units::count;

/// Which samples are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Those of one class that were taken for one class.
    Cell {
        /// What they are.
        truth: usize,
        /// What they were taken for.
        predicted: usize,
    },
    /// All that were taken for another class than theirs.
    Wrong,
}

impl Choice {
    /// The cell, where it is one.
    pub fn cell(self) -> Option<(usize, usize)> {
        match self {
            Self::Cell { truth, predicted } => Some((truth, predicted)),
            Self::Wrong => None,
        }
    }

    /// What is shown, in words.
    pub fn title(self, confusion: &Confusion, classes: &[String]) -> String {
        match self {
            Self::Cell { truth, predicted } => {
                let samples = u64::from(confusion.count(truth, predicted));
                cell_name(classes, truth, predicted, samples)
            }
            Self::Wrong => match confusion.samples() - confusion.right() {
                1 => "1 mistake".to_owned(),
                wrong => format!("{} mistakes", count(wrong)),
            },
        }
    }

    fn takes(self, truth: u16, predicted: u16) -> bool {
        match self {
            Self::Cell {
                truth: is,
                predicted: taken,
            } => usize::from(truth) == is && usize::from(predicted) == taken,
            Self::Wrong => truth != predicted,
        }
    }

    /// As many as the matrix says there are.
    pub(super) fn expected(self, confusion: &Confusion) -> u64 {
        match self {
            Self::Cell { truth, predicted } => u64::from(confusion.count(truth, predicted)),
            Self::Wrong => confusion.samples() - confusion.right(),
        }
    }

    pub(super) fn order_in_words(self) -> &'static str {
        match self {
            Self::Cell { truth, predicted } if truth == predicted => {
                "The least sure first: lowest confidence in the right class."
            }
            _ => "The most wrong first: highest confidence in the wrong class.",
        }
    }
}

/// The samples that `choice` takes: of mistakes the surest first, of right answers the least sure.
pub(super) fn ordered(truth: &[u16], predictions: &Predictions, choice: Choice) -> Vec<u32> {
    let mut found: Vec<u32> = (0_u32..)
        .zip(truth.iter().zip(&predictions.predicted))
        .filter(|(_, (truth, predicted))| choice.takes(**truth, **predicted))
        .map(|(sample, _)| sample)
        .collect();
    let confidence = |sample: &u32| {
        predictions
            .confidence_permille
            .get(*sample as usize)
            .copied()
    };
    match choice {
        Choice::Cell { truth, predicted } if truth == predicted => found.sort_by_key(confidence),
        _ => found.sort_by_key(|sample| std::cmp::Reverse(confidence(sample))),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_begin_with_the_surest_and_right_answers_with_the_least_sure() {
        let predictions = Predictions {
            step: 1,
            predicted: vec![1, 0, 1, 1, 0, 1],
            confidence_permille: vec![600, 900, 990, 700, 501, 800],
        };
        let truth = [0, 0, 0, 1, 0, 1];
        let cell = |truth, predicted| Choice::Cell { truth, predicted };
        assert_eq!(ordered(&truth, &predictions, cell(0, 1)), [2, 0]);
        assert_eq!(ordered(&truth, &predictions, cell(0, 0)), [4, 1]);
        assert_eq!(ordered(&truth, &predictions, cell(1, 1)), [3, 5]);
        assert_eq!(ordered(&truth, &predictions, Choice::Wrong), [2, 0]);
        assert!(ordered(&truth, &predictions, cell(1, 0)).is_empty());
    }
}
