//! What the network takes the held-out samples for.

use burn::tensor::TensorData;

/// Held-out samples up to which the answer to each is kept. Of a larger set there is only the confusion matrix: the
/// answers would be most of what a run's record holds.
pub const SAMPLES_KEPT_MAX: usize = 100_000;
/// Classes up to which a confusion matrix is made: it has as many cells as there are pairs.
pub const CLASSES_MAX: usize = 256;

/// The network's answers as they were read from the device, for as many samples as count; what follows is padding.
pub struct Answers {
    /// Of each head; one where there are none.
    pub(super) each: Vec<Taken>,
    pub(super) samples: usize,
}

/// What each sample was taken for.
pub struct Taken {
    /// The class with the highest score, `[samples]`.
    pub(super) predicted: TensorData,
    /// The share that softmax gives to it, `[samples]`, where it is kept.
    pub(super) confidence: Option<TensorData>,
}

/// What was asked of the held-out samples.
pub struct Asked {
    /// The label, where there are several heads.
    pub head: Option<String>,
    /// The class of each sample.
    pub truth: Vec<u16>,
    /// Number of classes.
    pub classes: usize,
}

/// What the network took the held-out samples for, after a number of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predictions {
    /// The head that took them for it, where there are several.
    pub head: Option<String>,
    /// Steps done.
    pub step: u64,
    /// Epoch in which it happens, from 1.
    pub epoch: u64,
    /// How many samples of each class (row) were taken for each class (column).
    pub confusion: Vec<Vec<u32>>,
    /// The answer to each sample, in the order of the dataset's test part; `None` where there are more than
    /// [`SAMPLES_KEPT_MAX`] or the network's scores are no numbers.
    pub samples: Option<SamplePredictions>,
}

/// The answer to each held-out sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamplePredictions {
    /// The class it was taken for.
    pub predicted: Vec<u16>,
    /// The share that softmax gives to that class, in thousandths.
    pub confidence_permille: Vec<u16>,
}

impl Answers {
    /// Compares the answers with what was `asked`. Left out is where there are too many classes, or a driver answered with a
    /// class that is none.
    pub fn predictions(self, asked: &[Asked], step: u64, epoch: u64) -> Vec<Predictions> {
        let samples = self.samples;
        let each = self.each.into_iter().zip(asked);
        each.filter_map(|(taken, asked)| taken.predictions(asked, samples, step, epoch))
            .collect()
    }
}

impl Taken {
    fn predictions(
        self,
        asked: &Asked,
        samples: usize,
        step: u64,
        epoch: u64,
    ) -> Option<Predictions> {
        if asked.classes > CLASSES_MAX {
            return None;
        }
        let predicted: Vec<u16> = self
            .predicted
            .iter::<i64>()
            .take(samples)
            .map(|class| u16::try_from(class).ok())
            .collect::<Option<_>>()?;
        let confusion = confusion(&asked.truth, &predicted, asked.classes)?;
        let confidence: Option<Vec<u16>> = self.confidence.and_then(|shares| {
            let shares = shares.iter::<f32>().take(samples);
            shares.map(permille).collect()
        });
        let samples = confidence.map(|confidence_permille| SamplePredictions {
            predicted,
            confidence_permille,
        });
        Some(Predictions {
            head: asked.head.clone(),
            step,
            epoch,
            confusion,
            samples,
        })
    }
}

fn permille(share: f32) -> Option<u16> {
    share
        .is_finite()
        .then(|| (share.clamp(0.0, 1.0) * 1000.0).round() as u16)
}

/// Counts of `predicted` (columns) by `truth` (rows); `None` where they do not fit each other or name a class beyond
/// `classes`.
fn confusion(truth: &[u16], predicted: &[u16], classes: usize) -> Option<Vec<Vec<u32>>> {
    if truth.len() != predicted.len() {
        return None;
    }
    let mut counts = vec![vec![0; classes]; classes];
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        *counts
            .get_mut(usize::from(truth))?
            .get_mut(usize::from(predicted))? += 1;
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(predicted: Vec<i32>, confidence: Vec<f32>, samples: usize) -> Answers {
        let (p, c) = (predicted.len(), confidence.len());
        let taken = Taken {
            predicted: TensorData::new(predicted, [p]),
            confidence: Some(TensorData::new(confidence, [c])),
        };
        Answers {
            each: vec![taken],
            samples,
        }
    }

    fn predictions(answers: Answers, truth: &[u16], classes: usize) -> Option<Predictions> {
        let asked = Asked {
            head: None,
            truth: truth.to_vec(),
            classes,
        };
        answers.predictions(&[asked], 10, 1).pop()
    }

    #[test]
    fn rows_are_the_truth_and_padding_does_not_count() {
        let answers = answers(
            vec![0, 1, 1, 2, 0, 1],
            vec![0.9, 0.5, 1.0, 0.4, 0.9, 0.5],
            4,
        );
        let found = predictions(answers, &[0, 0, 1, 2], 3).unwrap();
        assert_eq!(found.confusion, [[1, 1, 0], [0, 1, 0], [0, 0, 1]]);
        let samples = found.samples.unwrap();
        assert_eq!(samples.predicted, [0, 1, 1, 2]);
        assert_eq!(samples.confidence_permille, [900, 500, 1000, 400]);
    }

    #[test]
    fn what_is_no_number_is_no_confidence_and_what_is_no_class_no_answer() {
        let lost = answers(vec![0, 0], vec![f32::NAN, 0.5], 2);
        let found = predictions(lost, &[0, 1], 2).unwrap();
        assert_eq!(
            (found.confusion, found.samples),
            (vec![vec![1, 0], vec![1, 0]], None)
        );
        for class in [7, -1] {
            let strange = answers(vec![0, class], vec![0.5; 2], 2);
            assert!(predictions(strange, &[0, 1], 2).is_none());
        }
    }
}
