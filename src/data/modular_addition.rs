use super::{
    DataError, DataInfo, Dataset, Features, LabelColumn, Labels, Provenance, Source,
    dataset::Heading,
    own::{SymbolRule, Takes},
    split,
};
use crate::setup::{InputShape, ModularAdditionSetup, Task};

/// Every sum `a + b` modulo `p`, as Power et al. (2022), "Grokking: Generalization beyond overfitting on small algorithmic
/// datasets", write it: the symbols `a`, `+`, `b`, `=`, upon which `c` is to be answered. Each number is a symbol of its own, whose
/// token is the number; `+` is `p` and `=` is `p + 1`. What is held out is drawn among all pairs, as there.
///
/// The pairs `(a, b)` and `(b, a)` are two samples, so that the sum of a held-out pair may be known in the other order; this
/// is so there too.
pub(super) struct ModularAddition<'a>(pub &'a ModularAdditionSetup);

/// `a`, `+`, `b`, `=`.
const POSITIONS: usize = 4;
/// Symbols that are no numbers.
const SIGNS: usize = 2;

impl Source for ModularAddition<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        // At most 1000, so that everything here is a token.
        let modulus = self.0.modulus as u16;
        let pairs = || (0..modulus).flat_map(|a| (0..modulus).map(move |b| (a, b)));
        let tokens = pairs().flat_map(|(a, b)| [a, modulus, b, modulus + 1]);
        let sums = pairs().map(|(a, b)| (a + b) % modulus);
        let mut set = self.heading().with_partition(
            &Features::Tokens(tokens.collect()),
            &Labels::Classes(vec![sums.collect()]),
            &split::drawn(self.samples(), &self.0.split())?,
        );
        let signs = ["+", "="].map(str::to_owned);
        set.takes = Takes::Symbols(SymbolRule {
            names: (0..modulus).map(|c| c.to_string()).chain(signs).collect(),
            given: POSITIONS - 1,
            tail: vec![modulus + 1],
            example: format!("{} + {}", modulus / 2, modulus - 1),
        });
        Ok(set)
    }

    fn describe(&self) -> Result<DataInfo, DataError> {
        let samples = self.samples();
        let test = split::held_out(samples, self.0.test_fraction)?;
        let bytes = (samples * POSITIONS * size_of::<u16>()) as u64;
        Ok(self.heading().info(samples - test, test, bytes))
    }
}

impl ModularAddition<'_> {
    fn samples(&self) -> usize {
        self.0.modulus * self.0.modulus
    }

    fn heading(&self) -> Heading {
        let modulus = self.0.modulus;
        Heading {
            name: "modular-addition".to_owned(),
            title: format!("Addition modulo {modulus}"),
            input: InputShape::Tokens {
                length: POSITIONS,
                vocabulary: modulus + SIGNS,
            },
            task: Task::Classification,
            labels: vec![LabelColumn::new("sum", (0..modulus).map(|c| c.to_string()))],
            target: 0,
            provenance: Provenance {
                source: "made by this program: a + b = for every pair of numbers".to_owned(),
                credit: Some("after A. Power and others, Grokking, 2022".to_owned()),
                licence: None,
            },
        }
    }
}
