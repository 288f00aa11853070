//! What a batch's answers are to be.

use burn::tensor::{Int, Tensor};

use crate::train::batches::part;

/// What a batch's answers are to be, `[answers]` each.
#[derive(Clone, Debug)]
pub enum Targets {
    /// The class or token of each answer.
    Classes(Tensor<1, Int>),
    /// The same, where not every position counts: weights are 1 where it does, else 0.
    Weighted {
        /// The token of each answer; any where none is asked for.
        classes: Tensor<1, Int>,
        /// Whether it counts.
        weights: Tensor<1>,
    },
    /// Two classes for each answer, of samples that were mixed.
    Mixed {
        /// The class that has `share`.
        classes: Tensor<1, Int>,
        /// The class that has the rest.
        others: Tensor<1, Int>,
        /// From 0 to 1.
        share: f64,
    },
    /// The number of each answer, brought to mean 0 and deviation 1.
    Numbers(Tensor<1>),
    /// Those of each head.
    Heads(Vec<Self>),
    /// What is right, and what a teacher answers.
    Taught {
        /// What is right; no heads.
        targets: Box<Self>,
        /// The teacher's scores, `[answers, numbers]`; no gradient flows to them.
        scores: Tensor<2>,
    },
}

impl Targets {
    /// The same without autodiff.
    pub fn inner(self) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(classes.inner()),
            Self::Weighted { classes, weights } => Self::Weighted {
                classes: classes.inner(),
                weights: weights.inner(),
            },
            Self::Mixed {
                classes,
                others,
                share,
            } => Self::Mixed {
                classes: classes.inner(),
                others: others.inner(),
                share,
            },
            Self::Numbers(numbers) => Self::Numbers(numbers.inner()),
            Self::Heads(heads) => Self::Heads(heads.into_iter().map(Self::inner).collect()),
            Self::Taught { targets, scores } => Self::Taught {
                targets: Box::new(targets.inner()),
                scores: scores.inner(),
            },
        }
    }

    /// With a teacher's `scores`, `[answers, numbers]`, for the one label that is learnt.
    pub(super) fn beside(self, scores: Tensor<2>) -> Self {
        Self::Taught {
            targets: Box::new(self),
            scores,
        }
    }

    /// What is right, whatever a teacher says.
    pub(super) fn right(&self) -> &Self {
        match self {
            Self::Taught { targets, .. } => targets.right(),
            other => other,
        }
    }

    /// `share` of what each sample is to be answered with, and the rest of what the one before it is. Only classes can be
    /// mixed.
    pub fn mixed(self, share: f64) -> Self {
        match self {
            Self::Classes(classes) => Self::Mixed {
                others: classes.clone().roll(&[1], &[0]),
                classes,
                share,
            },
            Self::Heads(heads) => {
                Self::Heads(heads.into_iter().map(|head| head.mixed(share)).collect())
            }
            other => other,
        }
    }

    /// Part `index` of `count` equal ones.
    pub fn part(&self, index: usize, count: usize) -> Self {
        match self {
            Self::Classes(all) => Self::Classes(part(all, index, count)),
            Self::Weighted { classes, weights } => Self::Weighted {
                classes: part(classes, index, count),
                weights: part(weights, index, count),
            },
            Self::Mixed {
                classes,
                others,
                share,
            } => Self::Mixed {
                classes: part(classes, index, count),
                others: part(others, index, count),
                share: *share,
            },
            Self::Numbers(all) => Self::Numbers(part(all, index, count)),
            Self::Heads(heads) => {
                Self::Heads(heads.iter().map(|head| head.part(index, count)).collect())
            }
            Self::Taught { targets, scores } => Self::Taught {
                targets: Box::new(targets.part(index, count)),
                scores: part(scores, index, count),
            },
        }
    }

    /// How many answers count `[1]`, where only the device knows.
    pub fn count(&self) -> Option<Tensor<1>> {
        self.weights().map(|weights| weights.clone().sum())
    }

    /// Whether each answer counts, where not all do.
    pub(super) fn weights(&self) -> Option<&Tensor<1>> {
        match self.right() {
            Self::Weighted { weights, .. } => Some(weights),
            _ => None,
        }
    }

    /// The classes, where one class is asked for; of mixed samples the first ones.
    pub fn classes(&self) -> Option<&Tensor<1, Int>> {
        match self.right() {
            Self::Classes(classes)
            | Self::Weighted { classes, .. }
            | Self::Mixed { classes, .. } => Some(classes),
            Self::Numbers(_) | Self::Heads(_) | Self::Taught { .. } => None,
        }
    }
}
