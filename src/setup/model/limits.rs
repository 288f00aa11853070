//! Checks that several kinds of model share.

use crate::setup::Problems;

/// Widest layer that is accepted; beyond it a typing error is likelier than a wish.
const WIDTH_MAX: usize = 65_536;
/// Deepest stack that is accepted.
const DEPTH_MAX: usize = 64;

pub(super) fn widths(problems: &mut Problems, field: &str, widths: &[usize]) {
    problems.require(
        widths.len() <= DEPTH_MAX,
        field,
        format!("{} layers", widths.len()),
        format!("at most {DEPTH_MAX} layers"),
    );
    for (i, given) in widths.iter().enumerate() {
        width(problems, &format!("{field}[{i}]"), *given);
    }
}

pub(super) fn width(problems: &mut Problems, field: &str, width: usize) {
    problems.require(
        (1..=WIDTH_MAX).contains(&width),
        field,
        width,
        format!("1 to {WIDTH_MAX}"),
    );
}

pub(super) fn depth(problems: &mut Problems, depth: usize) {
    problems.require(
        (1..=DEPTH_MAX).contains(&depth),
        "model.depth",
        depth,
        format!("1 to {DEPTH_MAX}"),
    );
}

/// One of the depths of a family.
pub(super) fn depth_of(problems: &mut Problems, depth: usize, known: &[usize]) {
    let names: Vec<String> = known.iter().map(ToString::to_string).collect();
    problems.require(
        known.contains(&depth),
        "model.depth",
        depth,
        names.join(", "),
    );
}

pub(super) fn dropout(problems: &mut Problems, dropout: f64) {
    problems.require(
        (0.0..1.0).contains(&dropout),
        "model.dropout",
        dropout,
        "a probability from 0 to below 1",
    );
}

/// Width and heads of attention.
pub(super) fn heads(problems: &mut Problems, heads: usize, width: usize) {
    problems.require(
        heads >= 1 && width.is_multiple_of(heads),
        "model.heads",
        heads,
        format!("a divisor of the width, {width}: every head has the same share of it"),
    );
}

pub(super) fn ratio(problems: &mut Problems, ratio: usize) {
    problems.require(
        (1..=64).contains(&ratio),
        "model.mlp_ratio",
        ratio,
        "1 to 64",
    );
}

/// `16-32` for widths of 16 and 32.
pub(super) fn joined(widths: &[usize]) -> String {
    let widths: Vec<String> = widths.iter().map(ToString::to_string).collect();
    widths.join("-")
}
