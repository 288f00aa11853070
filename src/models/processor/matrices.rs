//! Products of matrices by `gemm`, the library that Burn computes them with, into memory that is at hand.
//!
//! Burn's own product clears its result before it is written, and copies it once, since it allocates it as bytes and wants them
//! aligned as numbers. Nor can it add to what is there.
#![allow(
    unsafe_code,
    reason = "`gemm` takes pointers; that all it reads and writes lies within the slices is checked before it is called"
)]

use gemm::Parallelism;

use super::threads::share;

/// Multiplications from which on a product is worth several threads: as Burn has it.
const WORTH_THREADS: usize = 192 * 192 * 192;

/// Rows from which on a thread is better off with a product of its own, for which it packs the second matrix by itself, than with
/// a part of one, where threads wait for each other.
const ROWS_MIN: usize = 64;

/// A matrix that is read: numbers, and how far its rows and its columns lie apart in them.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    numbers: &'a [f32],
    /// Rows and columns.
    sides: [usize; 2],
    /// Numbers from one row to the next, and from one column to the next.
    steps: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// Row after row.
    ///
    /// # Panics
    /// Where there are too few numbers.
    pub fn new(numbers: &'a [f32], sides: [usize; 2]) -> Self {
        Self::with_step(numbers, sides, sides[1])
    }

    /// Rows that begin `step` numbers after one another; with a step that is smaller than a row they overlap.
    ///
    /// # Panics
    /// Where there are too few numbers.
    pub fn with_step(numbers: &'a [f32], sides: [usize; 2], step: usize) -> Self {
        Self::with_steps(numbers, sides, [step, 1])
    }

    /// With steps from row to row and from column to column.
    ///
    /// # Panics
    /// Where there are too few numbers.
    pub fn with_steps(numbers: &'a [f32], sides: [usize; 2], steps: [usize; 2]) -> Self {
        let [rows, columns] = sides;
        assert!(
            reach(sides, steps).is_some_and(|reach| reach <= numbers.len()),
            "{rows} rows of {columns}, {steps:?} apart, are not among {} numbers",
            numbers.len()
        );
        Self {
            numbers,
            sides,
            steps,
        }
    }

    /// Rows and columns.
    pub fn sides(&self) -> [usize; 2] {
        self.sides
    }

    /// Some rows of it.
    fn rows(self, first: usize, count: usize) -> Self {
        let numbers = &self.numbers[first * self.steps[0]..];
        Self::with_steps(numbers, [count, self.sides[1]], self.steps)
    }

    /// Its columns as rows.
    pub fn transposed(self) -> Self {
        let ([rows, columns], [down, right]) = (self.sides, self.steps);
        Self {
            numbers: self.numbers,
            sides: [columns, rows],
            steps: [right, down],
        }
    }
}

/// How many numbers such a matrix reaches over; none where that is more than can be counted.
fn reach([rows, columns]: [usize; 2], [down, right]: [usize; 2]) -> Option<usize> {
    if rows == 0 || columns == 0 {
        return Some(0);
    }
    let last_row = (rows - 1).checked_mul(down)?;
    let last_column = (columns - 1).checked_mul(right)?;
    last_row.checked_add(last_column)?.checked_add(1)
}

/// What becomes of the numbers that a product is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// They are replaced, whatever they are.
    Anything,
    /// The product is added to them.
    Sums,
}

/// Who computes a product. The result is the same to the last bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The one that asks: there are other products for the others.
    One,
    /// All, where the product is large enough for them.
    All,
}

/// Writes `a` · `b` to `out`, row after row.
///
/// # Panics
/// Where the matrices do not fit each other, or `out` is not as large as their product.
pub fn multiply(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], onto: Onto, threads: Threads) {
    let ([rows, depth], [b_rows, columns]) = (a.sides, b.sides);
    assert_eq!(depth, b_rows, "columns of the first, rows of the second");
    let numbers = rows.checked_mul(columns);
    assert_eq!(numbers, Some(out.len()), "numbers of the product");
    if depth == 0 && onto == Onto::Anything {
        out.fill(0.0);
    }
    if out.is_empty() || depth == 0 {
        return;
    }
    let work = out.len().saturating_mul(depth);
    if threads == Threads::One || work < WORTH_THREADS {
        return write(a, b, out, onto, Parallelism::None);
    }
    let of_thread = rows.div_ceil(rayon::current_num_threads());
    if of_thread < ROWS_MIN {
        return write(a, b, out, onto, Parallelism::Rayon(0));
    }
    share(out, of_thread * columns, work, |index, out| {
        let a = a.rows(index * of_thread, out.len() / columns);
        write(a, b, out, onto, Parallelism::None);
    });
}

/// As [`multiply`], of matrices that fit and are not empty.
fn write(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], onto: Onto, parallelism: Parallelism) {
    let ([rows, depth], [_, columns]) = (a.sides, b.sides);
    assert_eq!(depth, b.sides[0]);
    assert_eq!(rows.checked_mul(columns), Some(out.len()));
    let [a_down, a_right] = a.steps.map(|step| step as isize);
    let [b_down, b_right] = b.steps.map(|step| step as isize);
    // SAFETY: `Matrix` is only made where its last number is within its slice; the steps are not negative, so that all others
    // are before it; `out` has as many numbers as are written, and nobody else has them, as it is borrowed for writing.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            out.as_mut_ptr(),
            1,
            columns as isize,
            onto == Onto::Sums,
            a.numbers.as_ptr(),
            a_right,
            a_down,
            b.numbers.as_ptr(),
            b_right,
            b_down,
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(length: usize) -> Vec<f32> {
        (0..length).map(|index| index as f32).collect()
    }

    #[test]
    fn products_replace_or_add() {
        let (a, b) = (counted(6), counted(6));
        let mut out = vec![f32::NAN; 4];
        let (a, b) = (Matrix::new(&a, [2, 3]), Matrix::new(&b, [3, 2]));
        multiply(a, b, &mut out, Onto::Anything, Threads::All);
        assert_eq!(out, [10.0, 13.0, 28.0, 40.0]);
        multiply(a, b, &mut out, Onto::Sums, Threads::One);
        assert_eq!(out, [20.0, 26.0, 56.0, 80.0]);
    }

    #[test]
    fn rows_overlap_and_are_columns() {
        let numbers = counted(5);
        // Rows 0 1 2, 1 2 3 and 2 3 4, times their columns.
        let rows = Matrix::with_step(&numbers, [3, 3], 1);
        let mut out = vec![0.0; 9];
        multiply(
            rows,
            rows.transposed(),
            &mut out,
            Onto::Anything,
            Threads::One,
        );
        assert_eq!(out, [5.0, 8.0, 11.0, 8.0, 14.0, 20.0, 11.0, 20.0, 29.0]);
    }

    #[test]
    fn nothing_adds_up_to_zeros() {
        let mut out = vec![f32::NAN; 6];
        let (a, b) = (Matrix::new(&[], [2, 0]), Matrix::new(&[], [0, 3]));
        multiply(a, b, &mut out, Onto::Anything, Threads::One);
        assert_eq!(out, [0.0; 6]);
    }

    #[test]
    #[should_panic(expected = "are not among 8 numbers")]
    fn a_matrix_that_is_larger_than_its_numbers_is_refused() {
        let numbers = counted(8);
        let _ = Matrix::with_step(&numbers, [3, 3], 3);
    }

    /// Sizes so large that their product is a small number again.
    #[test]
    fn what_cannot_be_counted_is_not_taken_for_little() {
        let half = 1 << (usize::BITS / 2);
        assert_eq!(reach([half + 1, 1], [half, 1]), None);
        assert_eq!(reach([2, 2], [usize::MAX, 1]), None);
        assert_eq!(reach([half, half], [0, 0]), Some(1));
        let one = [1.0];
        let all = Matrix::with_steps(&one, [half, half], [0, 0]);
        let product = || multiply(all, all, &mut [], Onto::Anything, Threads::One);
        assert!(std::panic::catch_unwind(product).is_err());
    }

    #[test]
    #[should_panic(expected = "numbers of the product")]
    fn a_result_of_another_size_is_refused() {
        let (a, mut out) = (counted(4), vec![0.0; 3]);
        let a = Matrix::new(&a, [2, 2]);
        multiply(a, a, &mut out, Onto::Anything, Threads::One);
    }
}
