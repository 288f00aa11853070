//! What is in the parts of a set, as the tests want it.

use joulelab::data::{Dataset, Features, Labels, Split};

/// The values of a column of classes.
pub fn classes(split: &Split, column: usize) -> &[u16] {
    split.labels.classes(column).expect("labels are classes")
}

/// The values of every column of classes.
pub fn columns(split: &Split) -> &[Vec<u16>] {
    match &split.labels {
        Labels::Classes(columns) => columns,
        other => panic!("no classes: {other:?}"),
    }
}

/// The numbers to be foretold.
pub fn numbers(split: &Split) -> &[f32] {
    match &split.labels {
        Labels::Numbers(numbers) => numbers,
        other => panic!("no numbers: {other:?}"),
    }
}

/// The tokens to be answered, one sample after the other.
pub fn answers(split: &Split) -> &[u16] {
    match &split.labels {
        Labels::Tokens { tokens, .. } => tokens,
        other => panic!("no tokens: {other:?}"),
    }
}

/// Pixels.
pub fn pixels(split: &Split) -> &[u8] {
    match &split.features {
        Features::U8(pixels) => pixels,
        _ => panic!("no pixels"),
    }
}

/// Rows of a table.
pub fn rows(split: &Split) -> &[f32] {
    match &split.features {
        Features::F32(rows) => rows,
        _ => panic!("no rows"),
    }
}

/// Tokens.
pub fn tokens(split: &Split) -> &[u16] {
    match &split.features {
        Features::Tokens(tokens) => tokens,
        _ => panic!("no tokens"),
    }
}

/// Samples of both parts, sorted.
pub fn samples(set: &Dataset) -> Vec<Vec<u16>> {
    let parts = [&set.train, &set.test].into_iter();
    let mut samples: Vec<Vec<u16>> = parts
        .flat_map(|part| tokens(part).chunks(set.info.input.len()))
        .map(<[u16]>::to_vec)
        .collect();
    samples.sort();
    samples
}
