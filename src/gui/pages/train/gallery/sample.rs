//! What is known of one sample: what it is, what it was taken for, how surely.

use super::Of;
use super::held::Held;
use crate::units::count;

/// What is known of one sample.
pub(super) struct Sample<'a> {
    pub(super) index: u32,
    pub(super) truth: &'a str,
    pub(super) predicted: &'a str,
    pub(super) confidence: String,
}

impl<'a> Sample<'a> {
    pub(super) fn new(of: &Of<'a>, held: &Held, index: u32) -> Self {
        let at = index as usize;
        let name = |class: u16| {
            of.classes
                .get(usize::from(class))
                .map_or("?", String::as_str)
        };
        let permille = of.predictions.confidence_permille[at];
        Self {
            index,
            truth: name(held.truth[at]),
            predicted: name(of.predictions.predicted[at]),
            confidence: format!("{:.1} %", f64::from(permille) / 10.0),
        }
    }

    pub(super) fn in_words(&self) -> String {
        format!(
            "held-out sample {}: truth {}, predicted {}, confidence {}",
            count(u64::from(self.index) + 1),
            self.truth,
            self.predicted,
            self.confidence
        )
    }
}
