use std::collections::HashSet;

use rand_chacha::ChaCha8Rng;

use super::{
    DataError, DataInfo, Dataset, Features, LabelColumn, Labels, Provenance, Source,
    dataset::Heading,
    own::{SymbolRule, Takes},
    split,
};
use crate::setup::{InputShape, SequenceCopySetup, Task};

/// Sequences to be remembered and written again, as in the copy task of Graves et al. (2014), "Neural Turing machines": random
/// symbols, a delimiter, and then as many blanks, at each of which the symbol that stood in its place is asked for. Nothing of the
/// answer is among the inputs, so that also models that see all positions at once have to carry it over.
///
/// Symbols are the tokens from 0; the delimiter and the blank come after them. No sequence occurs twice, so that none of the test
/// part is known from the training part.
pub(super) struct SequenceCopy<'a>(pub &'a SequenceCopySetup);

/// Tokens that are no symbols.
const SIGNS: usize = 2;

impl Source for SequenceCopy<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let setup = self.0;
        let positions = setup.positions();
        // At most 1000, so that all are tokens.
        let (delimiter, blank) = (setup.symbols as u16, setup.symbols as u16 + 1);
        let count = setup.samples * positions;
        let mut tokens = Vec::new();
        let mut answers = Vec::new();
        for values in [&mut tokens, &mut answers] {
            values
                .try_reserve_exact(count)
                .map_err(|_| DataError::Memory {
                    bytes: (2 * count * size_of::<u16>()) as u64,
                })?;
        }
        let mut known = HashSet::with_capacity(setup.samples);
        let mut rng = split::rng(*b"joulelab copy\0\0\0", setup.seed, 0);
        while known.len() < setup.samples {
            let sequence = self.sequence(&mut rng);
            if known.contains(&sequence) {
                continue;
            }
            tokens.extend_from_slice(&sequence);
            tokens.push(delimiter);
            tokens.extend(std::iter::repeat_n(blank, setup.length));
            answers.extend(std::iter::repeat_n(Labels::NOT_ASKED, setup.length + 1));
            answers.extend_from_slice(&sequence);
            known.insert(sequence);
        }
        let mut set = self.heading().with_partition(
            &Features::Tokens(tokens),
            &Labels::Tokens {
                length: positions,
                tokens: answers,
            },
            &split::drawn(setup.samples, &setup.split())?,
        );
        let mut tail = vec![blank; setup.length + 1];
        tail[0] = delimiter;
        let example: Vec<String> = (0..setup.length)
            .map(|at| (at % setup.symbols).to_string())
            .collect();
        set.takes = Takes::Symbols(SymbolRule {
            names: set.info.classes().to_vec(),
            given: setup.length,
            tail,
            example: example.join(" "),
        });
        Ok(set)
    }

    fn describe(&self) -> Result<DataInfo, DataError> {
        let samples = self.0.samples;
        let test = split::held_out(samples, self.0.test_fraction)?;
        let bytes = (samples * self.0.positions() * size_of::<u16>()) as u64;
        Ok(self.heading().info(samples - test, test, bytes))
    }
}

impl SequenceCopy<'_> {
    fn sequence(&self, rng: &mut ChaCha8Rng) -> Vec<u16> {
        let symbol = |_| split::below(rng, self.0.symbols) as u16;
        (0..self.0.length).map(symbol).collect()
    }

    fn heading(&self) -> Heading {
        let symbols = (0..self.0.symbols).map(|symbol| symbol.to_string());
        let signs = ["delimiter", "blank"].map(str::to_owned);
        Heading {
            name: "sequence-copy".to_owned(),
            title: format!("Copying of {} symbols", self.0.length),
            input: InputShape::Tokens {
                length: self.0.positions(),
                vocabulary: self.0.symbols + SIGNS,
            },
            task: Task::Sequence,
            labels: vec![LabelColumn::new("symbol", symbols.chain(signs))],
            target: 0,
            provenance: Provenance {
                source: format!(
                    "made by this program: {} symbols out of {}, a delimiter, and blanks in whose place they are to be \
                     written again",
                    self.0.length, self.0.symbols
                ),
                credit: Some(
                    "after A. Graves, G. Wayne, I. Danihelka, Neural Turing machines, 2014"
                        .to_owned(),
                ),
                licence: None,
            },
        }
    }
}
