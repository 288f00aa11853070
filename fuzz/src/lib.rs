//! The rooms that read what others wrote, compiled by themselves for fuzzing. See `README.md`.

#![allow(missing_docs, dead_code, reason = "parts of another crate, by path")]

#[path = "../../src/data/mod.rs"]
pub mod data;
#[path = "../../src/power/mod.rs"]
pub mod power;
#[path = "../../src/setup/mod.rs"]
pub mod setup;
#[path = "../../src/units/mod.rs"]
pub mod units;

use std::{fs, path::Path};

use data::{DataError, Dataset, Features, Labels, Split, Store};
use setup::{DatasetSetup, InputShape};
use tempfile::TempDir;
use units::EnergyFigure;

/// Panics where a figure cannot be.
pub fn check(figure: &EnergyFigure) {
    assert!(figure.covered_s >= 0.0, "{figure:?}");
    assert!(figure.covered_s <= figure.window_s, "{figure:?}");
    let Some(energy_j) = figure.energy_j else {
        return;
    };
    assert!(energy_j.low >= 0.0, "{figure:?}");
    assert!(energy_j.low <= energy_j.value, "{figure:?}");
    assert!(energy_j.value <= energy_j.high, "{figure:?}");
    assert!(energy_j.high.is_finite(), "{figure:?}");
}

/// A folder for the files of one round, in memory where the system has such a place.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    }
    .expect("a folder can be made")
}

/// Writes a file.
pub fn write(path: &Path, content: &[u8]) {
    fs::write(path, content).expect("a file can be written");
}

/// Loads a set, with downloaded ones from `store`. Panics where what is loaded cannot be, or is described otherwise.
pub fn load(setup: &DatasetSetup, store: &Store) -> Result<Dataset, DataError> {
    let loaded = data::load_from(setup, store);
    let described = data::describe_from(setup, store);
    if let Ok(set) = &loaded {
        assert_eq!(described.as_ref().ok(), Some(&set.info));
        assert_eq!(set.train.len(), set.info.train_samples);
        assert_eq!(set.test.len(), set.info.test_samples);
        check_part(set, &set.train);
        check_part(set, &set.test);
    }
    loaded
}

fn check_part(set: &Dataset, part: &Split) {
    assert!(!part.is_empty());
    assert_eq!(part.features.len(), part.len() * set.info.input.len());
    match (&part.features, set.info.input) {
        (Features::U8(_), _) => {}
        (Features::F32(values), _) => assert!(values.iter().all(|value| value.is_finite())),
        (Features::Tokens(tokens), InputShape::Tokens { vocabulary, .. }) => {
            assert!(tokens.iter().all(|token| usize::from(*token) < vocabulary));
        }
        (Features::Tokens(_), shape) => panic!("tokens of {shape}"),
    }
    let classes = set.info.classes().len();
    let is_class = |label: &u16| usize::from(*label) < classes;
    match &part.labels {
        Labels::Classes(columns) => {
            for (values, column) in columns.iter().zip(&set.info.labels) {
                assert_eq!(values.len(), part.len());
                assert!(
                    values
                        .iter()
                        .all(|value| usize::from(*value) < column.classes.len())
                );
            }
        }
        Labels::Tokens { tokens, .. } => {
            assert!(
                tokens
                    .iter()
                    .all(|token| is_class(token) || *token == Labels::NOT_ASKED)
            );
        }
        Labels::Numbers(numbers) => assert!(numbers.iter().all(|number| number.is_finite())),
    }
}
