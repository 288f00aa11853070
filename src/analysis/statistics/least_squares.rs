//! Least squares on columns of zeros and ones, as levels of several axes give them.

/// What a fit came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// One for each column; 0 where the column follows from those before it.
    pub coefficients: Vec<f64>,
    /// Whether the column follows from those before it, so that it has no coefficient of its own.
    pub dropped: Vec<bool>,
    /// Sum of the squared residuals.
    pub residual: f64,
    /// The same without the last columns, as [`fit_with_last`] sets them apart.
    pub residual_without_last: f64,
    /// Columns of the last ones that were not dropped.
    pub rank_of_last: usize,
    /// Rows minus columns that count.
    pub freedom: usize,
    /// Inverse of XᵀX over the columns that count, row by row.
    inverse: Vec<f64>,
}

impl Fit {
    /// The value that `weights`, one for each column, make of the coefficients.
    pub fn value(&self, weights: &[f64]) -> f64 {
        self.coefficients
            .iter()
            .zip(weights)
            .map(|(b, w)| b * w)
            .sum()
    }

    /// Its standard error, √(wᵀ (XᵀX)⁻¹ w · residual ÷ freedom); `None` without degrees of freedom.
    pub fn standard_error(&self, weights: &[f64]) -> Option<f64> {
        if self.freedom == 0 {
            return None;
        }
        let size = weights.len();
        let mut quadratic = 0.0;
        for (row, a) in weights.iter().enumerate().filter(|(_, a)| **a != 0.0) {
            for (column, b) in weights.iter().enumerate() {
                quadratic += a * b * self.inverse[row * size + column];
            }
        }
        Some((quadratic.max(0.0) * self.residual / self.freedom as f64).sqrt())
    }
}

/// Fits `values`, each of a row that has a one in the columns of `rows` and zeros elsewhere.
pub fn fit(columns: usize, rows: &[Vec<usize>], values: &[f64]) -> Fit {
    fit_with_last(columns, rows, values, &[])
}

/// The same, with the columns `last` taken in after all others, so that what they explain beyond the others is
/// `residual_without_last − residual`.
///
/// By the sweep operator on XᵀX (Goodnight, The American Statistician 33, 1979): a column whose pivot is all but nothing
/// follows from those before and is left out.
pub fn fit_with_last(columns: usize, rows: &[Vec<usize>], values: &[f64], last: &[usize]) -> Fit {
    // Beside XᵀX stand Xᵀy in the last column and yᵀy in the corner. Centred values keep digits.
    let size = columns + 1;
    let centre = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let mut matrix = vec![0.0; size * size];
    for (row, value) in rows.iter().zip(values) {
        let value = value - centre;
        for &a in row {
            for &b in row {
                matrix[a * size + b] += 1.0;
            }
            matrix[a * size + columns] += value;
            matrix[columns * size + a] += value;
        }
        matrix[columns * size + columns] += value * value;
    }
    let diagonal: Vec<f64> = (0..columns).map(|at| matrix[at * size + at]).collect();
    let mut dropped = vec![true; columns];
    let corner = |matrix: &[f64]| matrix[columns * size + columns].max(0.0);
    let mut rank = 0;
    for at in (0..columns).filter(|at| !last.contains(at)) {
        if sweep(&mut matrix, size, at, diagonal[at]) {
            dropped[at] = false;
            rank += 1;
        }
    }
    let residual_without_last = corner(&matrix);
    let mut rank_of_last = 0;
    for &at in last {
        if sweep(&mut matrix, size, at, diagonal[at]) {
            dropped[at] = false;
            rank_of_last += 1;
        }
    }
    let mut coefficients = vec![0.0; columns];
    let mut inverse = vec![0.0; columns * columns];
    for a in (0..columns).filter(|at| !dropped[*at]) {
        coefficients[a] = matrix[a * size + columns];
        for b in (0..columns).filter(|at| !dropped[*at]) {
            inverse[a * columns + b] = matrix[a * size + b];
        }
    }
    // The first column is the constant, by convention of those who call.
    if let Some(constant) = coefficients.first_mut() {
        *constant += centre;
    }
    Fit {
        coefficients,
        dropped,
        residual: corner(&matrix),
        residual_without_last,
        rank_of_last,
        freedom: rows.len().saturating_sub(rank + rank_of_last),
        inverse,
    }
}

/// Takes column `at` into the fit, unless it follows from those that are in.
fn sweep(matrix: &mut [f64], size: usize, at: usize, before: f64) -> bool {
    let pivot = matrix[at * size + at];
    if pivot <= 1e-9 * before.max(1.0) {
        return false;
    }
    for column in 0..size {
        matrix[at * size + column] /= pivot;
    }
    let pivot_row = matrix[at * size..(at + 1) * size].to_vec();
    for row in (0..size).filter(|row| *row != at) {
        let factor = matrix[row * size + at];
        if factor == 0.0 {
            continue;
        }
        for (column, above) in pivot_row.iter().enumerate() {
            matrix[row * size + column] -= factor * above;
        }
        matrix[row * size + at] = -factor / pivot;
    }
    matrix[at * size + at] = 1.0 / pivot;
    true
}
