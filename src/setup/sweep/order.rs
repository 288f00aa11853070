use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::Order;

/// `count` positions in the order of repeat `repeat`.
pub(super) fn positions(order: Order, seed: u64, repeat: u64, count: usize) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..count).collect();
    if order == Order::Shuffled {
        // One stream of the generator a repeat: independent orders of one seed.
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(repeat.wrapping_add(1));
        positions.shuffle(&mut rng);
    }
    positions
}
