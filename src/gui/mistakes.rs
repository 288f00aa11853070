//! What a network takes for what; the same for a run that goes on and for a stored one.

use std::sync::Arc;

use crate::library::{EpochRecord, Library, LibraryError};
use crate::protocol;

/// Confusion matrices that are kept; beyond, every second one is dropped and from then on every second one is taken.
pub const KEPT_MAX: usize = 200;

/// What the held-out samples were taken for at one evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// Steps done.
    pub step: u64,
    /// Epoch, from 1.
    pub epoch: u64,
    /// How many samples of each class (row) were taken for each class (column).
    pub counts: Vec<Vec<u32>>,
}

impl Confusion {
    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// Samples of class `truth` that were taken for class `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u32 {
        let row = self.counts.get(truth);
        row.and_then(|row| row.get(predicted))
            .copied()
            .unwrap_or_default()
    }

    /// Samples of class `truth`.
    pub fn of_class(&self, truth: usize) -> u64 {
        self.counts
            .get(truth)
            .map_or(0, |row| row.iter().map(|count| u64::from(*count)).sum())
    }

    /// Samples that were taken for class `predicted`.
    pub fn taken_for(&self, predicted: usize) -> u64 {
        (0..self.classes())
            .map(|truth| u64::from(self.count(truth, predicted)))
            .sum()
    }

    /// All samples.
    pub fn samples(&self) -> u64 {
        (0..self.classes()).map(|truth| self.of_class(truth)).sum()
    }

    /// Samples that the network got right.
    pub fn right(&self) -> u64 {
        (0..self.classes())
            .map(|class| u64::from(self.count(class, class)))
            .sum()
    }

    /// Share of the samples of class `truth` that the network got right; `None` where there are none.
    pub fn accuracy(&self, truth: usize) -> Option<f64> {
        let samples = self.of_class(truth);
        (samples > 0).then(|| f64::from(self.count(truth, truth)) / samples as f64)
    }

    /// The most frequent mistakes as true class, predicted class and samples; at most `most`.
    pub fn mistakes(&self, most: usize) -> Vec<(usize, usize, u32)> {
        let classes = 0..self.classes();
        let mut mistakes: Vec<_> = classes
            .clone()
            .flat_map(|truth| classes.clone().map(move |predicted| (truth, predicted)))
            .filter(|(truth, predicted)| truth != predicted)
            .map(|(truth, predicted)| (truth, predicted, self.count(truth, predicted)))
            .filter(|(.., count)| *count > 0)
            .collect();
        mistakes.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
        mistakes.truncate(most);
        mistakes
    }
}

/// The answer to each held-out sample at one evaluation, in the order of the dataset's test part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predictions {
    /// Steps done.
    pub step: u64,
    /// The class that each was taken for.
    pub predicted: Vec<u16>,
    /// The share that softmax gives to that class, in thousandths.
    pub confidence_permille: Vec<u16>,
}

/// What is known of a run's mistakes.
#[derive(Clone, Debug, Default)]
pub struct Mistakes {
    /// By head; where one label is learnt there is one, without a name.
    heads: Vec<(Option<String>, HeadMistakes)>,
}

/// What is known of the mistakes of one head.
#[derive(Clone, Debug, Default)]
pub struct HeadMistakes {
    confusions: Vec<Arc<Confusion>>,
    stride: u64,
    taken: u64,
    /// The answers at the latest evaluation; `None` where the samples are too many to be kept one by one.
    pub predictions: Option<Arc<Predictions>>,
}

impl Mistakes {
    /// Takes in what a worker said of an evaluation.
    pub fn take(&mut self, said: protocol::Predictions) {
        let known = self.heads.iter().position(|(head, _)| *head == said.head);
        let at = known.unwrap_or_else(|| {
            self.heads
                .push((said.head.clone(), HeadMistakes::default()));
            self.heads.len() - 1
        });
        self.heads[at].1.take(said);
    }

    /// Those of a stored run.
    ///
    /// # Errors
    /// Where the library cannot be read or there is no such run.
    pub fn of_run(library: &Library, run_id: &str) -> Result<Self, LibraryError> {
        let epochs = library.epochs(run_id)?;
        let heads = epochs.last().map_or(&[][..], |last| &last.heads);
        let heads = heads.iter().map(|head| Some(head.head.clone()));
        let mut mistakes = Self::default();
        for head in heads.chain([None]) {
            let own = HeadMistakes::of_run(library, run_id, head.as_deref(), &epochs)?;
            if !own.confusions.is_empty() {
                mistakes.heads.push((head, own));
            }
        }
        Ok(mistakes)
    }

    /// The names of the heads; none where one label is learnt.
    pub fn heads(&self) -> impl Iterator<Item = &str> {
        self.heads.iter().filter_map(|(head, _)| head.as_deref())
    }

    /// Those of the head called `name`; of the first one where there is none of that name.
    pub fn of(&self, name: Option<&str>) -> Option<(Option<&str>, &HeadMistakes)> {
        let named = self.heads.iter().find(|(head, _)| head.as_deref() == name);
        let (head, own) = named.or(self.heads.first())?;
        Some((head.as_deref(), own))
    }
}

impl HeadMistakes {
    fn take(&mut self, said: protocol::Predictions) {
        self.predictions = said.samples.map(|samples| {
            Arc::new(Predictions {
                step: said.step,
                predicted: samples.predicted,
                confidence_permille: samples.confidence_permille,
            })
        });
        self.push(Confusion {
            step: said.step,
            epoch: said.epoch,
            counts: said.confusion,
        });
    }

    fn of_run(
        library: &Library,
        run_id: &str,
        head: Option<&str>,
        epochs: &[EpochRecord],
    ) -> Result<Self, LibraryError> {
        let epoch_at = |step: u64| {
            let found = epochs.binary_search_by_key(&step, |epoch| epoch.step);
            found.map_or(0, |at| epochs[at].epoch)
        };
        let mut mistakes = Self::default();
        for confusion in library.confusions(run_id, head, KEPT_MAX)? {
            mistakes.push(Confusion {
                epoch: epoch_at(confusion.step),
                step: confusion.step,
                counts: confusion.counts,
            });
        }
        mistakes.predictions = library.predictions(run_id, head)?.map(|latest| {
            Arc::new(Predictions {
                step: latest.step,
                predicted: latest.predicted,
                confidence_permille: latest.confidence_permille,
            })
        });
        Ok(mistakes)
    }

    /// The matrices that are kept, in order; the last is the latest.
    pub fn confusions(&self) -> &[Arc<Confusion>] {
        &self.confusions
    }

    fn push(&mut self, confusion: Confusion) {
        let stride = self.stride.max(1);
        // The latest is always there; one that was only kept as the latest makes room.
        if self.taken > 0 && !(self.taken - 1).is_multiple_of(stride) {
            self.confusions.pop();
        }
        if self.confusions.len() >= KEPT_MAX {
            let mut keep = false;
            self.confusions.retain(|_| {
                keep = !keep;
                keep
            });
            self.stride = 2 * stride;
        }
        self.confusions.push(Arc::new(confusion));
        self.taken += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion(step: u64) -> Confusion {
        Confusion {
            step,
            epoch: 1,
            counts: vec![vec![4, 1, 0], vec![2, 3, 0], vec![0, 0, 0]],
        }
    }

    #[test]
    fn sums_and_shares_of_a_matrix() {
        let confusion = confusion(1);
        assert_eq!((confusion.samples(), confusion.right()), (10, 7));
        assert_eq!((confusion.of_class(1), confusion.taken_for(1)), (5, 4));
        assert_eq!(confusion.accuracy(0), Some(0.8));
        assert_eq!(confusion.accuracy(2), None, "no samples are no accuracy");
        assert_eq!(confusion.mistakes(9), [(1, 0, 2), (0, 1, 1)]);
    }

    #[test]
    fn as_many_matrices_as_fit_are_kept_and_the_latest_always() {
        let mut mistakes = HeadMistakes::default();
        for step in 1..=5000 {
            mistakes.push(confusion(step));
            let kept = mistakes.confusions();
            assert!(kept.len() <= KEPT_MAX);
            assert_eq!(kept.last().map(|last| last.step), Some(step));
            assert_eq!(kept[0].step, 1);
            assert!(kept.is_sorted_by(|a, b| a.step < b.step));
        }
        assert!(mistakes.confusions().len() >= KEPT_MAX / 4);
    }

    #[test]
    fn each_head_has_mistakes_of_its_own() {
        let said = |head: Option<&str>, right: u32| protocol::Predictions {
            head: head.map(str::to_owned),
            step: 1,
            epoch: 1,
            confusion: vec![vec![right]],
            samples: None,
        };
        let mut mistakes = Mistakes::default();
        mistakes.take(said(Some("shape"), 7));
        mistakes.take(said(Some("size"), 9));
        mistakes.take(said(Some("size"), 8));
        assert_eq!(mistakes.heads().collect::<Vec<_>>(), ["shape", "size"]);
        let (name, size) = mistakes.of(Some("size")).unwrap();
        assert_eq!((name, size.confusions().len()), (Some("size"), 2));
        let (name, first) = mistakes.of(Some("colour")).unwrap();
        assert_eq!((name, first.confusions()[0].right()), (Some("shape"), 7));
        mistakes = Mistakes::default();
        mistakes.take(said(None, 5));
        assert_eq!(mistakes.heads().count(), 0);
        assert!(mistakes.of(None).is_some());
    }
}
