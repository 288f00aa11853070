//! A text of the user's, of which the next character is to be foretold.
//!
//! The last part of the text is held out in one piece: windows drawn here and there would be surrounded by what was learnt.
//! Each part is cut into windows that neither overlap nor reach into the other part; at each position of a window the character
//! after it is asked for. What is left at the end of a part, shorter than a window, is not used.

mod file;
mod vocabulary;

pub(super) use self::vocabulary::Vocabulary;

use self::file::read;
use super::{
    DataError, DataInfo, Dataset, Features, LabelColumn, Labels, Provenance, Source, Split,
    dataset::{Heading, title_of},
    own::Takes,
};
use crate::{
    setup::{InputShape, Task, TextSetup},
    units::count,
};

/// The text in a file.
pub(super) struct Text<'a>(pub &'a TextSetup);

impl Source for Text<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let text = read(&self.0.file)?;
        let plan = self.plan(&text)?;
        let mut characters = text.chars();
        let mut part = |characters_of_part: usize| -> Result<Split, DataError> {
            let windows = self.windows(characters_of_part);
            let mut tokens = characters
                .by_ref()
                .take(characters_of_part)
                .map(|character| plan.vocabulary.token(character));
            let mut features = Vec::new();
            let mut answers = Vec::new();
            for values in [&mut features, &mut answers] {
                values
                    .try_reserve_exact(windows * self.0.length)
                    .map_err(|_| DataError::Memory {
                        bytes: 2 * self.bytes(windows),
                    })?;
            }
            let mut seen = tokens.next();
            for _ in 0..windows * self.0.length {
                let next = tokens.next();
                features.extend(seen);
                answers.extend(next);
                seen = next;
            }
            // What no window reaches is still of this part.
            tokens.for_each(drop);
            Ok(Split {
                features: Features::Tokens(features),
                labels: Labels::Tokens {
                    length: self.0.length,
                    tokens: answers,
                },
            })
        };
        let (train, test) = (part(plan.train)?, part(plan.test)?);
        let mut set = self.heading(&plan).with_parts(train, test);
        set.takes = Takes::Text(plan.vocabulary.rule(self.0.length, true));
        Ok(set)
    }

    fn describe(&self) -> Result<DataInfo, DataError> {
        let plan = self.plan(&read(&self.0.file)?)?;
        let (train, test) = (self.windows(plan.train), self.windows(plan.test));
        let bytes = self.bytes(train + test);
        Ok(self.heading(&plan).info(train, test, bytes))
    }
}

/// What becomes of a text.
struct Plan {
    vocabulary: Vocabulary,
    /// Characters to learn from.
    train: usize,
    /// Characters held out.
    test: usize,
}

impl Text<'_> {
    /// Whole windows in so many characters; the last one of a part is only ever asked for.
    fn windows(&self, characters: usize) -> usize {
        characters.saturating_sub(1) / self.0.length
    }

    fn bytes(&self, windows: usize) -> u64 {
        (windows * self.0.length * size_of::<u16>()) as u64
    }

    fn plan(&self, text: &str) -> Result<Plan, DataError> {
        let refused = |what: String| DataError::Text {
            what,
            path: self.0.file.clone(),
        };
        let characters = text.chars().count();
        let test = (characters as f64 * self.0.test_fraction).round() as usize;
        let train = characters - test;
        let needed = self.0.length + 1;
        for (part, characters) in [("learn from", train), ("hold out", test)] {
            if characters < needed {
                return Err(refused(format!(
                    "{} characters to {part} are less than the {} of one sample and its answers; take a longer text, or \
                     change dataset.length or dataset.test_fraction",
                    count(characters as u64),
                    count(needed as u64)
                )));
            }
        }
        let vocabulary = Vocabulary::of(text.chars(), self.0.vocabulary_max);
        if vocabulary.different() < 2 {
            return Err(refused(
                "the text is one character over and over; there is nothing to learn".to_owned(),
            ));
        }
        Ok(Plan {
            vocabulary,
            train,
            test,
        })
    }

    fn heading(&self, plan: &Plan) -> Heading {
        let path = &self.0.file;
        let vocabulary = &plan.vocabulary;
        let mut source = format!(
            "{}: {} characters, {} different; the last {} are held out",
            path.display(),
            count((plan.train + plan.test) as u64),
            count(vocabulary.different() as u64),
            count(plan.test as u64)
        );
        if vocabulary.has_unknown() {
            source.push_str(&format!(
                "; the rarest, {} of the text, share one symbol",
                vocabulary.share_unknown()
            ));
        }
        Heading {
            name: "text".to_owned(),
            title: title_of(path),
            input: InputShape::Tokens {
                length: self.0.length,
                vocabulary: vocabulary.len(),
            },
            task: Task::LanguageModelling,
            labels: vec![LabelColumn::new("character", vocabulary.names())],
            target: 0,
            provenance: Provenance {
                source,
                credit: None,
                licence: None,
            },
        }
    }
}
