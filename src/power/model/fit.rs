//! What the fits of models have in common: how they fail, what an error they give, and least squares with constants that
//! may not be negative.

use serde::{Deserialize, Serialize};

use crate::{
    power::{ErrorRule, calibration::date},
    units::Estimate,
};

/// The least relative error of a model that was fitted on this device: grade D.
const LEAST_ERROR: f64 = 0.25;

/// What a model was fitted to, when, and against what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// What tells the device apart, such as its name, with its PCI address where there is one.
    pub device: String,
    /// Version of its driver, where it has one.
    #[serde(default)]
    pub driver: Option<String>,
    /// When, as RFC 3339 text.
    pub made_at: String,
    /// What the readings came from, such as `NVML energy counter` or `plug meter`.
    pub source: String,
}

impl Fitted {
    /// In words: `to 12 readings of NVML energy counter on 2025-11-21, driver 535.1`.
    pub(in crate::power) fn in_words(&self, readings: usize) -> String {
        let date = date(&self.made_at);
        let driver = self.driver.as_ref();
        let driver = driver.map_or_else(String::new, |driver| format!(", driver {driver}"));
        format!(
            "to {readings} readings of {} on {date}{driver}",
            self.source
        )
    }
}

/// Why readings give no model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// Too few readings.
    #[error("a fit needs at least {needed} readings, and there are {given}: measure more")]
    TooFew {
        /// How many there are.
        given: usize,
        /// How many there have to be.
        needed: usize,
    },
    /// A reading that cannot be one.
    #[error("reading {number}: {what} is {value}: leave it out or measure again")]
    NoReading {
        /// Which, from 1.
        number: usize,
        /// Which of its numbers.
        what: &'static str,
        /// What was given.
        value: f64,
    },
    /// All readings are of much the same load.
    #[error(
        "the busy share goes from {low:.2} to {high:.2} only: measure at rest and with every processor busy"
    )]
    TooClose {
        /// The lowest busy share.
        low: f64,
        /// The highest.
        high: f64,
    },
    /// More was drawn at rest than under load.
    #[error(
        "the readings fall as the load rises, from {idle_w:.1} W at rest to {full_w:.1} W: they are not of this device, or another one was busy"
    )]
    Falls {
        /// Fitted power at rest, in watts.
        idle_w: f64,
        /// Fitted power at full load, in watts.
        full_w: f64,
    },
    /// The readings differ in length only, so that no two constants can be told apart.
    #[error(
        "all readings are of one kind of work, so that what time costs and what work costs cannot be told apart: measure the device at rest too, or train another network"
    )]
    OneWorkload,
}

/// The interval of a model with this relative residual, fitted to readings that were themselves known to `truth_error`: at
/// least 25 %, else twice the residual and what the readings may be off by together.
pub(super) fn error_rule(residual: Option<f64>, truth_error: f64) -> ErrorRule {
    let own = 2.0 * residual.unwrap_or(0.0) + truth_error;
    ErrorRule::Relative {
        fraction: own.max(LEAST_ERROR),
    }
}

/// A residual in words.
pub(super) fn residual_in_words(residual: Option<f64>) -> String {
    match residual {
        Some(residual) => format!("residual {:.1} %", 100.0 * residual),
        None => "residual unknown, since there are no more readings than constants".to_owned(),
    }
}

/// √(Σ rᵢ² ÷ spare readings), if there are any.
pub(super) fn residual(squares: f64, readings: usize, constants: usize) -> Option<f64> {
    let spare = readings.checked_sub(constants).filter(|spare| *spare > 0)?;
    Some((squares / spare as f64).sqrt())
}

/// Half the width of an interval, relative to its value: the mean over `readings`.
pub(super) fn mean_error(readings: impl ExactSizeIterator<Item = Estimate>) -> f64 {
    let count = readings.len() as f64;
    readings
        .map(|reading| reading.half_width() / reading.value)
        .sum::<f64>()
        / count
}

/// A model's constants, none of them negative, and how far readings are off it.
pub(super) struct Solution {
    pub constants: Vec<f64>,
    /// Σ rᵢ² of the distances relative to the model.
    pub squares: f64,
}

/// The constants with which `columns` add up to `readings` as nearly as they can, in relative terms: least squares of the
/// distances, each relative to what the model itself says there. Relative to the readings it would come out too low, since
/// readings that are low by chance would count more than those that are high; so the weights follow the model, from one round to
/// the next, as in a generalised linear model whose scatter is in proportion to its mean.
pub(super) fn relative(columns: &[Vec<f64>], readings: &[f64]) -> Solution {
    let mut scales = readings.to_vec();
    let mut constants = vec![0.0; columns.len()];
    for _ in 0..ROUNDS {
        let before = constants;
        constants = nonnegative(&divided(columns, &scales), &divide(readings, &scales));
        scales = model(columns, &constants)
            .iter()
            .zip(readings)
            // Where the model says next to nothing, a reading would count for more than all others.
            .map(|(says, reading)| says.max(LEAST_SCALE * reading))
            .collect();
        let settled = |(now, then): (&f64, &f64)| (now - then).abs() <= 1e-12 * now.abs();
        if constants.iter().zip(&before).all(settled) {
            break;
        }
    }
    let squares = squares(
        &divided(columns, &scales),
        &divide(readings, &scales),
        &constants,
    );
    Solution { constants, squares }
}

/// More rounds than it ever takes for weights to settle.
const ROUNDS: u32 = 50;
/// A reading is weighed as if the model said at least this share of it.
const LEAST_SCALE: f64 = 0.1;

fn divide(values: &[f64], by: &[f64]) -> Vec<f64> {
    values
        .iter()
        .zip(by)
        .map(|(value, by)| value / by)
        .collect()
}

fn divided(columns: &[Vec<f64>], by: &[f64]) -> Vec<Vec<f64>> {
    columns.iter().map(|column| divide(column, by)).collect()
}

/// What the columns with these constants add up to, row by row.
fn model(columns: &[Vec<f64>], constants: &[f64]) -> Vec<f64> {
    let rows = columns.first().map_or(0, Vec::len);
    let sum = |row: usize| {
        let pairs = columns.iter().zip(constants);
        pairs.map(|(column, constant)| constant * column[row]).sum()
    };
    (0..rows).map(sum).collect()
}

/// Σ (target − model)².
fn squares(columns: &[Vec<f64>], targets: &[f64], constants: &[f64]) -> f64 {
    let model = model(columns, constants);
    let pairs = targets.iter().zip(&model);
    pairs.map(|(target, says)| (target - says).powi(2)).sum()
}

/// The constants, none of them negative, with the least [`squares`]. At most a handful of columns: the best of all subsets
/// whose constants come out positive is the answer, since at the optimum the constants that are not 0 are the unbounded
/// solution of their own columns.
fn nonnegative(columns: &[Vec<f64>], targets: &[f64]) -> Vec<f64> {
    let mut best = vec![0.0; columns.len()];
    let mut least = f64::INFINITY;
    for subset in 1..1_u32 << columns.len() {
        let chosen: Vec<usize> = (0..columns.len())
            .filter(|at| subset & 1 << at != 0)
            .collect();
        let Some(solution) = unbounded(columns, targets, &chosen) else {
            continue;
        };
        if solution.iter().any(|constant| *constant < 0.0) {
            continue;
        }
        let mut constants = vec![0.0; columns.len()];
        for (at, constant) in chosen.into_iter().zip(solution) {
            constants[at] = constant;
        }
        let squares = squares(columns, targets, &constants);
        if squares < least {
            least = squares;
            best = constants;
        }
    }
    best
}

/// The same without a bound, with some of the columns alone: the normal equations of columns of length 1, by elimination.
fn unbounded(columns: &[Vec<f64>], targets: &[f64], chosen: &[usize]) -> Option<Vec<f64>> {
    let lengths: Vec<f64> = chosen.iter().map(|&at| length(&columns[at])).collect();
    let size = chosen.len();
    let mut rows: Vec<Vec<f64>> = (0..size)
        .map(|i| {
            let own = &columns[chosen[i]];
            let products =
                (0..size).map(|j| dot(own, &columns[chosen[j]]) / (lengths[i] * lengths[j]));
            products.chain([dot(own, targets) / lengths[i]]).collect()
        })
        .collect();
    for pivot in 0..size {
        let best =
            (pivot..size).max_by(|&a, &b| rows[a][pivot].abs().total_cmp(&rows[b][pivot].abs()))?;
        rows.swap(pivot, best);
        let head = rows[pivot].clone();
        if head[pivot].abs() < 1e-12 {
            return None;
        }
        for (at, row) in rows.iter_mut().enumerate() {
            if at != pivot {
                let factor = row[pivot] / head[pivot];
                for (value, above) in row.iter_mut().zip(&head) {
                    *value -= factor * above;
                }
            }
        }
    }
    let solved = rows.iter().enumerate();
    Some(
        solved
            .map(|(at, row)| row[size] / row[at] / lengths[at])
            .collect(),
    )
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn length(column: &[f64]) -> f64 {
    dot(column, column).sqrt()
}
