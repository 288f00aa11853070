//! Episodes, played side by side by one policy.

use burn::tensor::{Device, Tensor, TensorData};

use super::cartpole::{ACTIONS, Episode, OBSERVED};
use crate::models::{Network, Samples};
use crate::train::TrainError;

/// What was seen and done in a number of episodes: one environment step after the other, those of one moment side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Played {
    /// What the network saw, `[steps, 4]`.
    pub observed: Vec<f32>,
    /// What it did: the number of the action of each step.
    pub actions: Vec<u8>,
    /// To which episode each step belongs.
    pub episodes: Vec<u32>,
    /// Steps of each episode, which is what it earned.
    pub lengths: Vec<u32>,
    /// Forward passes that were made, each over as many samples as there are episodes.
    pub passes: u64,
}

/// Plays `episodes` to their ends, all at once: one forward pass of `policy` (without autodiff) for each moment. Those that
/// are over go through the network with the others, so that every pass has one shape; its answer to them is not looked at.
///
/// The environment is on the host, which reads the scores of each moment. As tensor operations on the device it was 2 to
/// 3 times slower on the CPU backend and 4 to 10 times on a software adapter: some thirty operations on a few numbers each, and
/// the host has to wait all the same to see whether any episode still goes on.
///
/// # Errors
/// Where the device failed.
pub fn play(
    policy: &Network,
    mut episodes: Vec<Episode>,
    device: &Device,
) -> Result<Played, TrainError> {
    let count = episodes.len();
    let mut played = Played::default();
    while !episodes.iter().all(Episode::is_over) {
        let seen: Vec<f32> = episodes
            .iter()
            .flat_map(|episode| episode.state().observed())
            .collect();
        let samples = TensorData::new(seen.clone(), [count, OBSERVED]);
        let scores = policy
            .forward(Samples::Numbers(Tensor::from_data(samples, device)))
            .try_into_data()
            .map_err(TrainError::device("playing"))?;
        played.passes += 1;
        let mut scores = scores.iter::<f32>();
        for (number, episode) in episodes.iter_mut().enumerate() {
            let scores: [f32; ACTIONS] = std::array::from_fn(|_| scores.next().unwrap_or(f32::NAN));
            if episode.is_over() {
                continue;
            }
            let right = episode.draw(scores);
            episode.push(right);
            let from = number * OBSERVED;
            played.observed.extend(&seen[from..from + OBSERVED]);
            played.actions.push(u8::from(right));
            played.episodes.push(number as u32);
        }
    }
    played.lengths = episodes.iter().map(Episode::length).collect();
    Ok(played)
}
