//! How much better a step turned out than the steps at its time did.

use super::rollout::Played;

/// Keeps a division by a deviation of 0 from happening.
const EPSILON: f64 = 1e-8;

/// The advantage of each step of `played`: its return, the discounted rewards from it to the end of its episode, less the
/// baseline, the mean return of the steps at the same time of all episodes that go on until then; divided by the deviation over
/// all steps.
///
/// A baseline that does not depend on the action leaves the expected gradient as it is and makes it vary less
/// (Williams 1992, section 4; Greensmith, Bartlett and Baxter 2004). That of the time rather than of the batch takes away what
/// comes from the clock alone: near the longest allowed episode there is little left to earn, whatever is done. The division
/// makes one learning rate do for short and long episodes.
pub fn advantages(played: &Played, discount: f64) -> Vec<f32> {
    let longest = played.lengths.iter().max().map_or(0, |&max| max as usize);
    let to_come = returns_by_steps_left(longest, discount);
    // Summed by time over the episodes that go on until then.
    let mut sums = vec![(0.0, 0_u32); longest];
    for &length in &played.lengths {
        for (time, (sum, count)) in sums.iter_mut().take(length as usize).enumerate() {
            *sum += to_come[length as usize - time];
            *count += 1;
        }
    }
    let mut times = vec![0_usize; played.lengths.len()];
    let advantages: Vec<f64> = played
        .episodes
        .iter()
        .map(|&episode| {
            let episode = episode as usize;
            let time = times[episode];
            times[episode] += 1;
            let (sum, count) = sums[time];
            to_come[played.lengths[episode] as usize - time] - sum / f64::from(count)
        })
        .collect();
    // Their mean is 0, as it is at each time.
    let squares: f64 = advantages.iter().map(|advantage| advantage.powi(2)).sum();
    let deviation = (squares / advantages.len().max(1) as f64).sqrt();
    advantages
        .iter()
        .map(|advantage| (advantage / (deviation + EPSILON)) as f32)
        .collect()
}

/// The return by the number of steps that are left, 0 to `longest`: each step earns 1.
fn returns_by_steps_left(longest: usize, discount: f64) -> Vec<f64> {
    let mut returns = vec![0.0; longest + 1];
    for left in 1..=longest {
        returns[left] = 1.0 + discount * returns[left - 1];
    }
    returns
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two episodes side by side, of 3 steps and of 1.
    fn played() -> Played {
        Played {
            episodes: vec![0, 1, 0, 0],
            lengths: vec![3, 1],
            ..Played::default()
        }
    }

    #[test]
    fn returns_are_compared_with_those_of_the_same_time() {
        // Returns with a discount of 0.5: 1.75, 1.5 and 1 of the first episode, 1 of the second. Baselines 1.375, 1.5 and 1.
        let wanted = [0.375, -0.375, 0.0, 0.0];
        let deviation = (2.0 * 0.375_f64.powi(2) / 4.0).sqrt();
        let found = advantages(&played(), 0.5);
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((f64::from(*found) - wanted / deviation).abs() < 1e-6);
        }
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn episodes_that_are_all_alike_teach_nothing() {
        let alike = Played {
            episodes: vec![0, 1, 0, 1],
            lengths: vec![2, 2],
            ..Played::default()
        };
        assert_eq!(advantages(&alike, 0.99), [0.0; 4]);
        assert_eq!(advantages(&Played::default(), 0.99), Vec::<f32>::new());
    }
}
