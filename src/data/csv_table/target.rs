use std::{cmp::Ordering, collections::BTreeMap, path::Path};

use super::{
    CLASSES_MAX, DataError, number,
    rows::{line_at, shown},
    table,
};
use crate::setup::TableTask;

/// With more different whole numbers than this a column is no column of classes, unless it is said to be one.
const WHOLE_CLASSES_MAX: usize = 100;

/// What is known of the column to be learnt while the rows go by.
#[derive(Default)]
pub(super) struct SeenTarget {
    /// Rows of each value, as it is written.
    counts: BTreeMap<String, usize>,
    has_too_many: bool,
    /// The first cell that is no number, with the place of its row in bytes.
    text: Option<(u64, String)>,
    has_fractions: bool,
    first_number: Option<f32>,
    has_other_numbers: bool,
}

/// What is learnt.
pub(super) enum Target {
    /// One of these classes.
    Classes {
        /// Their names, in order.
        names: Vec<String>,
        /// Rows of each.
        counts: Vec<usize>,
        by_name: BTreeMap<String, u16>,
    },
    /// A number.
    Numbers,
}

impl SeenTarget {
    pub(super) fn take(&mut self, cell: &str, byte: u64) {
        match number(cell) {
            Some(number) => {
                self.has_fractions |= number.fract() != 0.0;
                self.has_other_numbers |= self.first_number.is_some_and(|first| first != number);
                self.first_number.get_or_insert(number);
            }
            None if self.text.is_none() => self.text = Some((byte, cell.to_owned())),
            None => {}
        }
        if let Some(count) = self.counts.get_mut(cell) {
            *count += 1;
        } else if self.counts.len() < CLASSES_MAX {
            self.counts.insert(cell.to_owned(), 1);
        } else {
            self.has_too_many = true;
        }
    }

    /// Whether there are more values than there may be classes.
    pub(super) fn has_too_many(&self) -> bool {
        self.has_too_many
    }

    /// What is learnt from the column called `name`, all rows having been seen.
    pub(super) fn finish(
        self,
        task: TableTask,
        name: &str,
        path: &Path,
    ) -> Result<Target, DataError> {
        // A number with a fraction is a quantity; whole numbers are names of classes as long as they are few.
        let seem_quantities =
            self.text.is_none() && (self.has_fractions || self.counts.len() > WHOLE_CLASSES_MAX);
        match task {
            TableTask::Regression => self.numbers(name, path),
            TableTask::Auto if seem_quantities => self.numbers(name, path),
            TableTask::Auto | TableTask::Classification => self.classes(name, path),
        }
    }

    fn numbers(self, name: &str, path: &Path) -> Result<Target, DataError> {
        if let Some((byte, text)) = self.text {
            let (line, text) = (line_at(path, byte), shown(&text));
            let what = format!(
                "line {line}, column `{name}`, which is to be learnt: `{text}` is no number; write a number there, or learn \
                 classes with dataset.task=classification"
            );
            return Err(table(path, what));
        }
        if !self.has_other_numbers {
            let what = format!(
                "column `{name}`, which is to be learnt, has the same number in every row; there is nothing to learn"
            );
            return Err(table(path, what));
        }
        Ok(Target::Numbers)
    }

    fn classes(self, name: &str, path: &Path) -> Result<Target, DataError> {
        if self.has_too_many {
            let mut what = format!(
                "column `{name}`, which is to be learnt, has more than {CLASSES_MAX} different values; it must be one of \
                 classes: name another with dataset.label"
            );
            if self.text.is_none() {
                what.push_str(", or learn its numbers with dataset.task=regression");
            }
            return Err(table(path, what));
        }
        let mut counts: Vec<(String, usize)> = self.counts.into_iter().collect();
        if let [(only, _)] = &counts[..] {
            let only = shown(only);
            let what = format!(
                "column `{name}`, which is to be learnt, is `{only}` in every row; there must be two classes at least"
            );
            return Err(table(path, what));
        }
        // Classes that are numbers in the order of numbers: 2 before 10.
        if self.text.is_none() {
            counts.sort_by(|(a, _), (b, _)| {
                let order = number(a).partial_cmp(&number(b));
                order.unwrap_or(Ordering::Equal)
            });
        }
        let (names, counts): (Vec<String>, Vec<usize>) = counts.into_iter().unzip();
        let by_name = names.iter().cloned().zip(0_u16..).collect();
        Ok(Target::Classes {
            names,
            counts,
            by_name,
        })
    }
}
