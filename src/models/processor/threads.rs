//! Shares work on numbers among the threads that Burn computes products with.

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

/// Numbers that must be read or written for other threads to be worth waking, which takes some 10 µs.
pub const WORTH_THREADS: usize = 1 << 16;

/// Numbers of a piece of what is computed number by number: fits the processor's first cache with what is read beside it.
pub const PIECE: usize = 1 << 12;

/// Calls `each` with every piece of `length` numbers of `data`, and with its index. `work` is how many numbers are read or
/// written altogether: where they are few the calling thread does it all. What becomes of a piece does not depend on who takes it.
pub fn share(
    data: &mut [f32],
    length: usize,
    work: usize,
    each: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    shared(data, length, work, each);
}

/// As [`share`], with room that `new` makes for each thread that takes part.
pub fn share_with<R: Send>(
    data: &mut [f32],
    length: usize,
    work: usize,
    new: impl Fn() -> R + Sync + Send,
    each: impl Fn(&mut R, usize, &mut [f32]) + Sync + Send,
) {
    let length = length.max(1);
    if work < WORTH_THREADS || data.len() <= length {
        let mut room = new();
        let pieces = data.chunks_mut(length).enumerate();
        pieces.for_each(|(index, piece)| each(&mut room, index, piece));
    } else {
        let pieces = data.par_chunks_mut(length).enumerate();
        pieces.for_each_init(new, |room, (index, piece)| each(room, index, piece));
    }
}

/// As [`share`], with what `each` gives for every piece, in order.
pub fn shared<T: Send>(
    data: &mut [f32],
    length: usize,
    work: usize,
    each: impl Fn(usize, &mut [f32]) -> T + Sync + Send,
) -> Vec<T> {
    let length = length.max(1);
    if work < WORTH_THREADS || data.len() <= length {
        let pieces = data.chunks_mut(length).enumerate();
        pieces.map(|(index, piece)| each(index, piece)).collect()
    } else {
        let pieces = data.par_chunks_mut(length).enumerate();
        pieces.map(|(index, piece)| each(index, piece)).collect()
    }
}

/// As [`share`] with [`PIECE`], for two slices of equal length.
pub fn share_both(
    a: &mut [f32],
    b: &mut [f32],
    each: impl Fn(&mut [f32], &mut [f32]) + Sync + Send,
) {
    if a.len() < WORTH_THREADS / 2 {
        each(a, b);
    } else {
        let pieces = a.par_chunks_mut(PIECE).zip(b.par_chunks_mut(PIECE));
        pieces.for_each(|(a, b)| each(a, b));
    }
}

/// As [`share`] with [`PIECE`], for three slices and what is read beside them, all of equal length.
pub fn share_three(
    [a, b, c]: [&mut [f32]; 3],
    from: &[f32],
    each: impl Fn([&mut [f32]; 3], &[f32]) + Sync + Send,
) {
    if 4 * a.len() < WORTH_THREADS {
        each([a, b, c], from);
    } else {
        let pieces = a.par_chunks_mut(PIECE).zip(b.par_chunks_mut(PIECE));
        let pieces = pieces.zip(c.par_chunks_mut(PIECE));
        let pieces = pieces.zip(from.par_chunks(PIECE));
        pieces.for_each(|(((a, b), c), from)| each([a, b, c], from));
    }
}

/// Calls `each` with every number of `to` and the number of `from` in its place.
pub fn pairs(to: &mut [f32], from: &[f32], each: impl Fn(&mut f32, f32) + Sync + Send) {
    let work = 2 * to.len();
    share(to, PIECE, work, |index, to| {
        for (to, from) in to.iter_mut().zip(&from[index * PIECE..]) {
            each(to, *from);
        }
    });
}

/// What `of` makes of each of `0..count`, in order. `work` as for [`share`].
pub fn each_of<T: Send>(
    count: usize,
    work: usize,
    of: impl Fn(usize) -> T + Sync + Send,
) -> Vec<T> {
    if work < WORTH_THREADS || count <= 1 {
        (0..count).map(of).collect()
    } else {
        (0..count).into_par_iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_taken_once() {
        for work in [0, 100 * WORTH_THREADS] {
            let mut data = vec![0.0; 1003];
            share(&mut data, 10, work, |index, piece| {
                for number in piece {
                    *number += 1.0 + index as f32;
                }
            });
            for (place, number) in data.iter().enumerate() {
                assert_eq!(*number, 1.0 + (place / 10) as f32);
            }
        }
    }

    #[test]
    fn results_stand_in_order() {
        for work in [0, WORTH_THREADS] {
            let squares = each_of(100, work, |index| index * index);
            assert!(
                squares
                    .iter()
                    .enumerate()
                    .all(|(i, square)| i * i == *square)
            );
        }
    }
}
