//! Shares work on numbers among threads.

use std::num::NonZero;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{Builder, available_parallelism, scope};

/// Numbers that a thread must have to read or write to be worth its start, which takes some tens of µs.
const WORTH_A_THREAD: usize = 1 << 18;

/// Calls `each` with every piece of `length` numbers of `data`, and with its index. `work` is how many numbers are read or
/// written altogether: where they are few the calling thread does it all. What becomes of a piece does not depend on who takes it.
pub fn share(
    data: &mut [f32],
    length: usize,
    work: usize,
    each: impl Fn(usize, &mut [f32]) + Sync,
) {
    let pieces = data.len().div_ceil(length.max(1));
    let threads = (work / WORTH_A_THREAD).min(pieces).min(processors());
    let queue = Mutex::new(data.chunks_mut(length.max(1)).enumerate());
    let take = || {
        loop {
            // A thread that panicked ends the scope with a panic anyway.
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, piece)) = next else { break };
            each(index, piece);
        }
    };
    if threads <= 1 {
        return take();
    }
    scope(|scope| {
        for _ in 1..threads {
            // Without another thread this one takes all of it.
            let _ = Builder::new()
                .name("joulelab-convolve".to_owned())
                .spawn_scoped(scope, take);
        }
        take();
    });
}

fn processors() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| available_parallelism().map_or(1, NonZero::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_taken_once() {
        for work in [0, 100 * WORTH_A_THREAD] {
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
}
