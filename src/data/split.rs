//! The division of a set into a training and a test part: stratified where there are classes, seeded, and the same on every
//! machine.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::DataError;
use crate::setup::SplitSetup;

/// Which samples are in which part, each in the order of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// To learn from.
    pub train: Vec<usize>,
    /// Held out.
    pub test: Vec<usize>,
}

/// Divides samples, of which `labels` gives the class, so that each class has its share in both parts.
///
/// [`quotas`] says how many samples of a class are held out. Which ones is drawn class by class from a ChaCha8 stream
/// of its own, with the class as the stream's number: what is held out of one class depends on nothing but the seed
/// and the number of samples in that class.
///
/// # Errors
/// Where no class has two samples, so that one part would be empty.
pub fn stratified(labels: &[u16], setup: &SplitSetup) -> Result<Partition, DataError> {
    let classes = labels.iter().max().map_or(0, |max| usize::from(*max) + 1);
    let mut members = vec![Vec::new(); classes];
    for (sample, class) in labels.iter().enumerate() {
        members[usize::from(*class)].push(sample);
    }
    let counts: Vec<usize> = members.iter().map(Vec::len).collect();
    let quotas = quotas(&counts, setup.test_fraction)?;

    let mut held_out = vec![false; labels.len()];
    for (class, (samples, quota)) in members.iter_mut().zip(quotas).enumerate() {
        let mut rng = rng(*b"joulelab split\0\0", setup.split_seed, class as u64);
        // The first steps of a Fisher–Yates shuffle are a draw without replacement.
        for drawn in 0..quota {
            let rest = samples.len() - drawn;
            samples.swap(drawn, drawn + below(&mut rng, rest));
            held_out[samples[drawn]] = true;
        }
    }
    let (test, train) = (0..labels.len()).partition(|&sample| held_out[sample]);
    Ok(Partition { train, test })
}

/// Divides `samples` samples without looking at what they are: the rounded share of them is held out, at least one and
/// never all.
///
/// Which ones is drawn from a ChaCha8 stream: it depends on nothing but the seed and the number of samples.
///
/// # Errors
/// Where there are fewer than two samples.
pub fn drawn(samples: usize, setup: &SplitSetup) -> Result<Partition, DataError> {
    let quota = held_out(samples, setup.test_fraction)?;
    let mut rng = rng(*b"joulelab drawn\0\0", setup.split_seed, 0);
    let mut order: Vec<usize> = (0..samples).collect();
    for drawn in 0..quota {
        order.swap(drawn, drawn + below(&mut rng, samples - drawn));
    }
    let mut train = order.split_off(quota);
    let mut test = order;
    train.sort_unstable();
    test.sort_unstable();
    Ok(Partition { train, test })
}

/// How many of `samples` samples are held out where there are no classes.
///
/// # Errors
/// Where there are fewer than two samples.
pub fn held_out(samples: usize, test_fraction: f64) -> Result<usize, DataError> {
    match samples {
        0 | 1 => Err(DataError::TooFewSamples { samples }),
        _ => Ok(((samples as f64 * test_fraction).round() as usize).clamp(1, samples - 1)),
    }
}

/// How many samples of each class are held out, for classes of `counts` samples.
///
/// The total is the rounded share of all samples, dealt out by largest remainder (ties go to the lower class). A class
/// of two or more has at least one sample in each part; a class of one is learnt from. Only where these two rules leave
/// no other choice does the total differ from the rounded share.
///
/// # Errors
/// Where no class has two samples.
pub fn quotas(counts: &[usize], test_fraction: f64) -> Result<Vec<usize>, DataError> {
    let samples: usize = counts.iter().sum();
    let least = |class: usize| usize::from(counts[class] >= 2);
    let most = |class: usize| counts[class].saturating_sub(1);
    let ideal = |class: usize| counts[class] as f64 * test_fraction;

    let lowest: usize = (0..counts.len()).map(least).sum();
    let highest: usize = (0..counts.len()).map(most).sum();
    if highest == 0 {
        return Err(DataError::TooFew {
            samples,
            classes: counts.iter().filter(|count| **count > 0).count(),
        });
    }
    let total = ((samples as f64 * test_fraction).round() as usize).clamp(lowest, highest);

    let mut quotas: Vec<usize> = (0..counts.len())
        .map(|class| (ideal(class).floor() as usize).clamp(least(class), most(class)))
        .collect();
    let mut given: usize = quotas.iter().sum();
    while given != total {
        // In steps of 10⁻⁹, so that rounding errors do not break ties.
        let remainder =
            |class: &usize| ((ideal(*class) - quotas[*class] as f64) * 1e9).round() as i64;
        // `total` lies between what the classes must and can give, so there always is one to take from or give to.
        if given < total {
            let able = (0..counts.len()).filter(|&class| quotas[class] < most(class));
            let Some(class) = able.rev().max_by_key(remainder) else {
                break;
            };
            quotas[class] += 1;
            given += 1;
        } else {
            let able = (0..counts.len()).filter(|&class| quotas[class] > least(class));
            let Some(class) = able.min_by_key(remainder) else {
                break;
            };
            quotas[class] -= 1;
            given -= 1;
        }
    }
    Ok(quotas)
}

/// Random numbers for one `purpose`, seed and stream. The key is put together here, so that splits and images stay as
/// they are when a library changes how it seeds.
pub(super) fn rng(purpose: [u8; 16], seed: u64, stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&purpose);
    key[16..24].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);
    rng
}

/// A number from 0 to below `bound`, which must not be 0. For the bounds that occur here, the excess of small numbers
/// is under one in 2⁴⁰.
pub(super) fn below(rng: &mut impl Rng, bound: usize) -> usize {
    (rng.next_u64() % bound as u64) as usize
}
