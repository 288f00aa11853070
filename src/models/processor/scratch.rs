//! Memory for what an operation computes on the way.
//!
//! To allocate it anew each time would be to have it cleared each time, by one thread.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Pieces of memory that wait to be used again: never more than were in use at the same time.
static SPARE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// Numbers of any value, to be written before they are read.
#[derive(Debug)]
pub struct Scratch {
    numbers: Vec<f32>,
    length: usize,
}

impl Scratch {
    /// `length` numbers.
    pub fn new(length: usize) -> Self {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        let large = |numbers: &Vec<f32>| numbers.len() >= length;
        let fitting = spare.iter().filter(|numbers| large(numbers));
        let fitting = fitting.map(Vec::len).min();
        let place = spare
            .iter()
            .position(|numbers| Some(numbers.len()) == fitting);
        let mut numbers = match place.or_else(|| spare.len().checked_sub(1)) {
            Some(place) => spare.swap_remove(place),
            None => Vec::new(),
        };
        drop(spare);
        if numbers.len() < length {
            numbers = vec![0.0; length];
        }
        Self { numbers, length }
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.numbers[..self.length]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[..self.length]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push(std::mem::take(&mut self.numbers));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_grows_where_it_must() {
        let mut first = Scratch::new(1 << 10);
        first.fill(7.0);
        let second = Scratch::new(10);
        assert_eq!((first.len(), second.len()), (1 << 10, 10));
        drop((first, second));
        // Other tests may take what was given back meanwhile, so that only the sizes are sure.
        for length in [1 << 10, 3, 1 << 12, 0] {
            let mut scratch = Scratch::new(length);
            scratch.fill(1.0);
            assert_eq!(scratch.iter().sum::<f32>(), length as f32);
        }
    }
}
