//! Sums of many numbers: sixteen side by side, as processors add several numbers at once but compilers never change the order of
//! a sum by themselves. The order follows from the sizes alone.

use super::threads::each_of;

/// Rows whose columns are added up together.
const ROWS: usize = 64;

/// Of `numbers`.
pub fn sum(numbers: &[f32]) -> f64 {
    sum_of(numbers, |number| number)
}

/// Of what `of` makes of each of `numbers`.
#[inline(always)]
pub fn sum_of(numbers: &[f32], of: impl Fn(f32) -> f32) -> f64 {
    let mut sums = [0.0_f32; 16];
    let (whole, rest) = numbers.as_chunks::<16>();
    for numbers in whole {
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += of(*number);
        }
    }
    let rest = rest.iter().map(|number| of(*number));
    sums.into_iter().chain(rest).map(f64::from).sum()
}

/// Of what `of` makes of each of `a` and the number of `b` in its place.
#[inline(always)]
pub fn sum_of_pairs(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> f32) -> f64 {
    let mut sums = [0.0_f32; 16];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += of(*a, *b);
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| of(*a, *b));
    sums.into_iter().chain(rest).map(f64::from).sum()
}

/// Of each of the `columns` of `matrix` `[rows, columns]`.
pub fn of_columns(matrix: &[f32], columns: usize) -> Vec<f32> {
    let length = (ROWS * columns).max(1);
    let pieces = each_of(matrix.len().div_ceil(length), matrix.len(), |index| {
        let rows = &matrix[index * length..matrix.len().min((index + 1) * length)];
        let mut sums = vec![0.0; columns];
        rows.chunks_exact(columns)
            .for_each(|row| add(&mut sums, row));
        sums
    });
    total(&pieces, columns)
}

/// The sum of `pieces` of `length` numbers each, number by number.
pub fn total(pieces: &[Vec<f32>], length: usize) -> Vec<f32> {
    let mut total = vec![0.0; length];
    pieces.iter().for_each(|piece| add(&mut total, piece));
    total
}

fn add(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_taken_in() {
        let numbers: Vec<f32> = (1..=37_u8).map(f32::from).collect();
        assert_eq!(sum(&numbers), 703.0);
        assert_eq!(sum_of(&numbers, |x| 2.0 * x), 1406.0);
        assert_eq!(sum_of_pairs(&numbers, &numbers, |a, b| a * b), 17575.0);
    }

    #[test]
    fn columns_are_summed_over_all_pieces() {
        let (rows, columns) = (1500, 70);
        let matrix: Vec<f32> = (0..rows * columns).map(|i| (i % columns) as f32).collect();
        let expected: Vec<f32> = (0..columns).map(|i| (i * rows) as f32).collect();
        assert_eq!(of_columns(&matrix, columns), expected);
    }
}
