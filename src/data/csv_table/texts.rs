//! A table of the user's with a text and its class in each row.

use std::{collections::HashMap, path::Path};

use csv::StringRecord;

use super::{
    FEATURE_BYTES_MAX, ROWS_MAX,
    columns::{MissingRows, check_names, named_column, names_or_numbers},
    is_missing, open,
    rows::Rows,
    table,
    target::{SeenTarget, Target},
};
use crate::{
    data::{
        DataError, Dataset, Features, LabelColumn, Labels, Provenance, Source,
        dataset::{Heading, title_of},
        own::Takes,
        split,
        text::Vocabulary,
    },
    setup::{InputShape, TableTask, Task, TextCsvSetup},
    units::count,
};

/// Most bytes that a file may have (1 GiB): the beginnings of all its texts are held.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Texts and their classes in a file, to be told apart by their characters.
///
/// Characters have tokens if a text of the training part has them; all others share one, so that nothing of the test part is
/// known before.
pub(in crate::data) struct TextTable<'a>(pub &'a TextCsvSetup);

impl Source for TextTable<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let read = self.read()?;
        let partition = split::stratified(&read.labels, &self.0.split())?;
        let to_learn_from = partition
            .train
            .iter()
            .flat_map(|row| read.texts[*row].chars());
        let vocabulary = Vocabulary::padded(to_learn_from, self.0.vocabulary_max);
        let length = self.0.length;
        let numbers = read.texts.len() * length;
        let bytes = (numbers * size_of::<u16>()) as u64;
        let mut tokens = Vec::new();
        tokens
            .try_reserve_exact(numbers)
            .map_err(|_| DataError::Memory { bytes })?;
        for (row, text) in read.texts.iter().enumerate() {
            tokens.extend(text.chars().map(|character| vocabulary.token(character)));
            tokens.resize((row + 1) * length, Vocabulary::PADDING);
        }
        let dropped = read.dropped;
        let (heading, labels) = self.heading(read, &vocabulary);
        let labels = Labels::Classes(vec![labels]);
        let mut set = heading.with_partition(&Features::Tokens(tokens), &labels, &partition);
        set.info.dropped_samples = dropped;
        set.symbols = vocabulary.names();
        set.takes = Takes::Text(vocabulary.rule(length, false));
        Ok(set)
    }
}

/// What a file holds.
struct Read {
    label_name: String,
    text_name: String,
    classes: Vec<String>,
    /// The class of each row that is kept.
    labels: Vec<u16>,
    /// As many characters of each text as are seen.
    texts: Vec<String>,
    /// Texts that are longer.
    cut: usize,
    /// Rows left out because of missing values.
    dropped: usize,
}

/// Which columns count.
struct Columns {
    label: usize,
    text: usize,
}

impl TextTable<'_> {
    fn path(&self) -> &Path {
        &self.0.file
    }

    fn columns(&self, names: &[String]) -> Result<Columns, DataError> {
        let path = self.path();
        let label = named_column(&self.0.label, "learnt", names, path)?;
        let text = named_column(&self.0.text, "learnt from", names, path)?;
        // What is not named is the first column that is left: label, text.
        let label = label.unwrap_or(usize::from(text == Some(0)));
        let text = text.unwrap_or(usize::from(label == 0));
        if label == text {
            let name = &names[label];
            let what = format!(
                "column `{name}` is named both as the label and as the text; name two columns with dataset.label and \
                 dataset.text"
            );
            return Err(table(path, what));
        }
        Ok(Columns { label, text })
    }

    fn read(&self) -> Result<Read, DataError> {
        let path = self.path();
        let file = open(path, FILE_BYTES_MAX)?;
        let mut rows = Rows::new(&file, self.0.header);
        let mut names = match self.0.header {
            true => Some(rows.header(path)?),
            false => None,
        };
        let mut columns = None;
        let mut target = SeenTarget::default();
        let mut missing = MissingRows::default();
        // Classes in the order in which they come; their real order is known at the end.
        let mut known = HashMap::<String, u16>::new();
        let mut labels = Vec::new();
        let mut texts = Vec::new();
        let mut cut = 0;
        let mut record = StringRecord::new();
        while rows.next(&mut record, path)? {
            let byte = record.position().map_or(0, csv::Position::byte);
            let columns = match &columns {
                Some(columns) => columns,
                None => {
                    let names = names.get_or_insert_with(|| names_or_numbers(&record));
                    check_names(names, &record, path)?;
                    columns.insert(self.columns(names)?)
                }
            };
            let (label, text) = (record[columns.label].trim(), record[columns.text].trim());
            // A text may well be `none`, or a single question mark.
            if is_missing(label) || text.is_empty() {
                let at = if is_missing(label) {
                    columns.label
                } else {
                    columns.text
                };
                missing.take(byte, at);
                continue;
            }
            target.take(label, byte);
            if target.has_too_many() {
                break;
            }
            let next = known.len() as u16;
            labels.push(*known.entry(label.to_owned()).or_insert(next));
            let mut characters = text.chars();
            texts.push(characters.by_ref().take(self.0.length).collect::<String>());
            cut += usize::from(characters.next().is_some());
            let bytes = (texts.len() * self.0.length * size_of::<u16>()) as u64;
            if texts.len() > ROWS_MAX || bytes > FEATURE_BYTES_MAX {
                let what = format!(
                    "there are more than {} rows of {} characters, the most that are read; take fewer, or a smaller \
                     dataset.length",
                    count(texts.len() as u64 - 1),
                    self.0.length
                );
                return Err(table(path, what));
            }
        }
        let names = names.unwrap_or_default();
        missing.check(self.0.missing, texts.len(), &names, path)?;
        let Some(columns) = columns else {
            return Err(table(path, "there are no rows"));
        };
        let name = &names[columns.label];
        let target = target.finish(TableTask::Classification, name, path)?;
        let Target::Classes {
            names: classes,
            by_name,
            ..
        } = target
        else {
            return Err(table(path, "its classes are not known"));
        };
        let mut in_order = vec![0; known.len()];
        for (class, first_order) in &known {
            in_order[usize::from(*first_order)] = by_name[class];
        }
        for label in &mut labels {
            *label = in_order[usize::from(*label)];
        }
        Ok(Read {
            label_name: name.clone(),
            text_name: names[columns.text].clone(),
            classes,
            labels,
            texts,
            cut,
            dropped: missing.rows,
        })
    }

    fn heading(&self, read: Read, vocabulary: &Vocabulary) -> (Heading, Vec<u16>) {
        let path = self.path();
        let mut source = format!(
            "{}: the characters of column `{}`, {} different in the training part",
            path.display(),
            read.text_name,
            count(vocabulary.different() as u64)
        );
        if vocabulary.has_unknown() {
            source.push_str(&format!(
                ", the rarest of which, {} of it, share one symbol",
                vocabulary.share_unknown()
            ));
        }
        if read.cut > 0 {
            source.push_str(&format!(
                "; {} of {} texts are cut after {} characters",
                count(read.cut as u64),
                count(read.texts.len() as u64),
                self.0.length
            ));
        }
        let heading = Heading {
            name: "text-csv".to_owned(),
            title: title_of(path),
            input: InputShape::Tokens {
                length: self.0.length,
                vocabulary: vocabulary.len(),
            },
            task: Task::Classification,
            labels: vec![LabelColumn::new(&read.label_name, read.classes)],
            target: 0,
            provenance: Provenance {
                source,
                credit: None,
                licence: None,
            },
        };
        (heading, read.labels)
    }
}
