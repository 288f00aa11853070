//! Energy of a GPU by the work it does: E = ε_flop · FLOP + ε_mem · bytes + π₀ · T (Choi, Bedard, Fowler, Vuduc, "A roofline
//! model of energy", IPDPS 2013), with constants fitted on the device.

use serde::{Deserialize, Serialize};

use super::fit::{
    FitError, Fitted, Solution, dot, error_rule, length, mean_error, relative, residual,
    residual_in_words,
};
use crate::{power::ErrorRule, units::Estimate};

/// A term is told apart from the others if at least this share of its column, which has length 1, points elsewhere than
/// theirs. At 1/15 the condition index of two columns is 30, above which constants are usually called degraded (Belsley,
/// Kuh, Welsch, "Regression Diagnostics", 1980): an error of 1 % in the readings then moves a constant by about 15 %.
const SEPARABLE: f64 = 1.0 / 15.0;

/// One measured stretch of work.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RooflinePoint {
    /// Energy of the device, in joules, with the interval of the meter that said so.
    pub energy_j: Estimate,
    /// Floating-point operations done; 0 at rest.
    pub flop: f64,
    /// Bytes moved between the device and its memory; `None` where nobody counted.
    pub bytes: Option<f64>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// A term of the roofline form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Term {
    /// π₀ · T.
    Time,
    /// ε_flop · FLOP.
    Flop,
    /// ε_mem · bytes.
    Bytes,
}

impl Term {
    /// In the order in which they enter a fit: what costs energy at rest first, then what is counted best.
    pub const ALL: [Self; 3] = [Self::Time, Self::Flop, Self::Bytes];

    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Flop => "FLOP",
            Self::Bytes => "bytes",
        }
    }

    fn of(self, point: &RooflinePoint) -> f64 {
        match self {
            Self::Time => point.seconds,
            Self::Flop => point.flop,
            Self::Bytes => point.bytes.unwrap_or(0.0),
        }
    }
}

/// Why a term is not in a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// Nobody counted it.
    Untold,
    /// In these readings it rises and falls with the others; its energy is in their constants.
    Inseparable,
    /// The best constant would be negative.
    Negative,
}

/// A term that is not in a fit, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which.
    pub term: Term,
    /// Why.
    pub because: Because,
}

/// The constants of one device, as data. Made with [`RooflineFit::fit`], stored as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RooflineFit {
    /// Which device, when, and against what.
    pub of: Fitted,
    /// ε_flop, in joules for each floating-point operation.
    pub flop_j: f64,
    /// ε_mem, in joules for each byte.
    pub byte_j: f64,
    /// π₀, in watts.
    pub constant_w: f64,
    /// Terms that are not in it: their constants are 0.
    pub left_out: Vec<LeftOut>,
    /// How far the readings are off the model, relative to the model: √(Σ rᵢ² ÷ (n − terms)); `None` where there are no
    /// more readings than terms.
    pub residual: Option<f64>,
    /// What the readings themselves may be off by, as a share: the mean over them.
    pub truth_error: f64,
    /// How many readings there were.
    pub points: usize,
}

impl RooflineFit {
    /// Fits the constants to `points`, which should be of different networks and at rest. The squares of the
    /// distances, relative to the model, add up to the least, and no constant is negative.
    ///
    /// Where a term rises and falls with those before it (time, FLOP, bytes, in this order) in all points, its constant
    /// cannot be told from theirs. It is then left out, and [`Self::left_out`] says so: theirs hold its energy, and the
    /// model is good for work of that kind only.
    ///
    /// # Errors
    /// Where there are fewer than two points, one of them is none, or not even two terms can be told apart.
    pub fn fit(of: Fitted, points: &[RooflinePoint]) -> Result<Self, FitError> {
        if points.len() < 2 {
            return Err(FitError::TooFew {
                given: points.len(),
                needed: 2,
            });
        }
        points.iter().enumerate().try_for_each(check)?;
        let energies_j: Vec<f64> = points.iter().map(|point| point.energy_j.value).collect();
        let mut left_out = Vec::new();
        let mut terms: Vec<Term> = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut directions: Vec<Vec<f64>> = Vec::new();
        for term in Term::ALL {
            let counted = term != Term::Bytes || points.iter().all(|point| point.bytes.is_some());
            let column: Vec<f64> = points.iter().map(|point| term.of(point)).collect();
            // As it weighs in the fit.
            let weighed: Vec<f64> = column
                .iter()
                .zip(&energies_j)
                .map(|(value, joules)| value / joules)
                .collect();
            if !counted || column.iter().all(|value| *value <= 0.0) {
                let because = Because::Untold;
                left_out.push(LeftOut { term, because });
                continue;
            }
            match elsewhere(&weighed, &directions) {
                Some(direction) => {
                    terms.push(term);
                    columns.push(column);
                    directions.push(direction);
                }
                None => {
                    let because = Because::Inseparable;
                    left_out.push(LeftOut { term, because });
                }
            }
        }
        if terms.len() < 2 {
            return Err(FitError::OneWorkload);
        }
        let Solution { constants, squares } = relative(&columns, &energies_j);
        let of_term = |term| {
            let at = terms.iter().position(|other| *other == term);
            at.map_or(0.0, |at| constants[at])
        };
        for term in terms.iter().copied().filter(|term| of_term(*term) <= 0.0) {
            let because = Because::Negative;
            left_out.push(LeftOut { term, because });
        }
        let used = constants.iter().filter(|constant| **constant > 0.0).count();
        Ok(Self {
            of,
            flop_j: of_term(Term::Flop),
            byte_j: of_term(Term::Bytes),
            constant_w: of_term(Term::Time),
            left_out,
            residual: residual(squares, points.len(), used),
            truth_error: mean_error(points.iter().map(|point| point.energy_j)),
            points: points.len(),
        })
    }

    /// Energy of `flop` operations and `bytes` moved in `seconds`, in joules; `None` where the bytes are needed and nobody
    /// counted them.
    pub fn energy_j(&self, flop: f64, bytes: Option<f64>, seconds: f64) -> Option<f64> {
        let bytes_j = match bytes {
            Some(bytes) => self.byte_j * bytes,
            None if self.byte_j > 0.0 => return None,
            None => 0.0,
        };
        Some(self.flop_j * flop + bytes_j + self.constant_w * seconds)
    }

    /// The interval of its figures: 25 %, or twice the residual and the readings' own error if that is more.
    pub fn error(&self) -> ErrorRule {
        error_rule(self.residual, self.truth_error)
    }

    /// Constants, residual and date, and what could not be told apart.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!(
            "{:.3} pJ/FLOP, {:.3} pJ/byte, {:.1} W always, fitted {} ({})",
            1e12 * self.flop_j,
            1e12 * self.byte_j,
            self.constant_w,
            self.of.in_words(self.points),
            residual_in_words(self.residual)
        )];
        notes.extend(self.left_out.iter().map(|LeftOut { term, because }| {
            let term = term.label();
            match because {
                Because::Untold => format!("{term} were not counted: their energy is in the other constants"),
                Because::Inseparable => format!(
                    "{term} could not be told from the other terms: their energy is in the other constants, which hold for work like that of the readings"
                ),
                Because::Negative => format!(
                    "the best constant for {term} was below 0, which nothing can have: it is 0"
                ),
            }
        }));
        notes
    }
}

/// Whether a point can be one.
fn check((at, point): (usize, &RooflinePoint)) -> Result<(), FitError> {
    let energy_j = point.energy_j;
    let bytes = point.bytes.unwrap_or(0.0);
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let no_less = |value: f64| value.is_finite() && value >= 0.0;
    for (what, value, sane) in [
        (
            "the energy in joules",
            energy_j.value,
            positive(energy_j.value),
        ),
        (
            "half the energy's interval",
            energy_j.half_width(),
            no_less(energy_j.half_width()),
        ),
        ("FLOP", point.flop, no_less(point.flop)),
        ("bytes", bytes, no_less(bytes)),
        (
            "the time in seconds",
            point.seconds,
            positive(point.seconds),
        ),
    ] {
        if !sane {
            let number = at + 1;
            return Err(FitError::NoReading {
                number,
                what,
                value,
            });
        }
    }
    Ok(())
}

/// What of `column` points elsewhere than `directions`, which stand at right angles to each other, as a direction of length
/// 1; `None` where that is too little.
fn elsewhere(column: &[f64], directions: &[Vec<f64>]) -> Option<Vec<f64>> {
    let whole = length(column);
    let mut rest: Vec<f64> = column.iter().map(|value| value / whole).collect();
    for direction in directions {
        let along = dot(&rest, direction);
        for (value, step) in rest.iter_mut().zip(direction) {
            *value -= along * step;
        }
    }
    let share = length(&rest);
    (share >= SEPARABLE).then(|| rest.iter().map(|value| value / share).collect())
}
