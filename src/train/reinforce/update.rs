//! The gradient of a policy by what was played.

use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::cartpole::OBSERVED;
use super::rollout::Played;
use crate::models::{Network, Samples};

/// Environment steps that go through the network at once. One size, however long the episodes are, so that kernels are
/// compiled and tuned for it alone; the last are filled up with what does not count. On a CPU it was the fastest of 128 to 8192:
/// what is between two layers stays in the cache.
const CHUNK: usize = 512;

/// What a policy is to learn, and how much of it went through the network for that.
pub struct Update {
    /// Gradients of the loss.
    pub gradients: GradientsParams,
    /// The loss `[1]` without autodiff: minus the mean of advantage times log-probability, less the entropy's part.
    pub loss: Tensor<1>,
    /// Environment steps that went forward and backward, repeats among them.
    pub samples: u64,
    /// In how many parts.
    pub parts: u64,
}

/// The policy gradient (REINFORCE, Williams 1992): the mean over all steps of `advantages` times the log-probability of what was
/// done. `entropy` weighs the mean entropy of the policy's choices, which is added to it so that the policy goes on exploring
/// (Mnih and others 2016). `device` is with autodiff, as is `network`.
pub fn update(
    network: &Network,
    played: &Played,
    advantages: &[f32],
    entropy: f64,
    device: &Device,
) -> Update {
    let count = played.actions.len();
    let mut gradients = GradientsAccumulator::new();
    let mut loss_sum: Tensor<1> = Tensor::zeros([1], &device.clone().inner());
    let mut parts = 0;
    for from in (0..count).step_by(CHUNK) {
        let to = (from + CHUNK).min(count);
        let observed = filled(
            &played.observed[from * OBSERVED..to * OBSERVED],
            OBSERVED,
            f32::clone,
        );
        let actions = filled(&played.actions[from..to], 1, |&action| i32::from(action));
        let weights = filled(&advantages[from..to], 1, |weight| weight / count as f32);
        let counted = filled(&advantages[from..to], 1, |_| 1.0 / count as f32);
        let observed = Tensor::from_data(TensorData::new(observed, [CHUNK, OBSERVED]), device);
        let actions: Tensor<2, Int> =
            Tensor::from_data(TensorData::new(actions, [CHUNK, 1]), device);
        let numbers = |numbers| -> Tensor<2> {
            Tensor::from_data(TensorData::new(numbers, [CHUNK, 1]), device)
        };

        let logs = log_softmax(network.forward(Samples::Numbers(observed)), 1);
        let done = logs.clone().gather(1, actions);
        let negative_entropy = (logs.clone().exp() * logs).sum_dim(1);
        let loss =
            (negative_entropy * numbers(counted)).sum() * entropy - (done * numbers(weights)).sum();
        loss_sum = loss_sum + loss.clone().inner();
        let part = GradientsParams::from_grads(loss.backward(), network);
        gradients.accumulate(network, part);
        parts += 1;
    }
    Update {
        gradients: gradients.grads(),
        loss: loss_sum,
        samples: parts * CHUNK as u64,
        parts,
    }
}

/// `values` turned by `turn`, and zeros until there are those of [`CHUNK`] steps of `width` values each.
fn filled<T, U: Clone + Default>(values: &[T], width: usize, turn: impl Fn(&T) -> U) -> Vec<U> {
    let mut filled: Vec<U> = values.iter().map(turn).collect();
    filled.resize(CHUNK * width, U::default());
    filled
}
