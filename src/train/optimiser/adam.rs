//! Adam and AdamW, whose step on the CPU backend is one pass over weights, gradient and moments, shared among threads.
//!
//! Burn makes the step of each parameter of a dozen operations, each a pass by one thread. The numbers here are combined in the
//! same order, so that every one is Burn's to the last bit. On other devices, where fusion joins the operations, and in 16 bits
//! the step is Burn's, and the state is Burn's on all.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{
    Adam, AdamConfig, AdamState, AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState,
    LearningRate, Optimizer,
};
use burn::tensor::{Device, Tensor};

use crate::models::processor::tensors::{is_here, numbers, tensor, unshared};
use crate::models::processor::threads::share_three;
use crate::setup::{AdamSetup, AdamWSetup};

/// Adam (Kingma and Ba 2015); weight decay is added to the gradient.
#[derive(Clone)]
pub struct FusedAdam {
    burn: Adam,
    moments: Moments,
    /// Times the weights is added to the gradient.
    penalty: Option<f32>,
}

impl FusedAdam {
    /// With the options of a setup.
    pub fn new(setup: &AdamSetup) -> Self {
        let penalty = (setup.weight_decay > 0.0).then_some(setup.weight_decay as f32);
        let moments = Moments::new(setup.beta_1, setup.beta_2, setup.epsilon);
        let burn = AdamConfig::new()
            .with_beta_1(moments.betas[0])
            .with_beta_2(moments.betas[1])
            .with_epsilon(moments.epsilon)
            .with_weight_decay(penalty.map(WeightDecayConfig::new));
        Self {
            burn: burn.build(),
            moments,
            penalty,
        }
    }
}

impl Optimizer for FusedAdam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        lr: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let momentum = state.as_ref().map(|state| &state.momentum);
        if !is_fused([&weights, &gradient], momentum) {
            return self.burn.step(lr, weights, gradient, state);
        }
        let momentum = state.map(|state| state.momentum);
        let Moments { betas, epsilon } = self.moments;
        let (penalty, lr) = (self.penalty, lr as f32);
        let (weights, momentum) = self.moments.step(weights, gradient, momentum, |time| {
            let root = (1.0 - betas[1].powi(time)).sqrt();
            let (factor, epsilon) = (root / (1.0 - betas[0].powi(time)), epsilon * root);
            move |weight: f32, gradient: f32, moments: [&mut f32; 2]| {
                let gradient = penalty.map_or(gradient, |penalty| weight * penalty + gradient);
                let [first, second] = follow(moments, gradient, betas);
                weight - first * factor / (second.sqrt() + epsilon) * lr
            }
        });
        (weights, Some(AdamState::new(momentum)))
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        Adam::to_device(state, device)
    }
}

/// Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019).
#[derive(Clone)]
pub struct FusedAdamW {
    burn: AdamW,
    moments: Moments,
    decay: f32,
}

impl FusedAdamW {
    /// With the options of a setup.
    pub fn new(setup: &AdamWSetup) -> Self {
        Self::with(
            [setup.beta_1, setup.beta_2],
            setup.epsilon,
            setup.weight_decay,
        )
    }

    /// With the factors of the two moments, what keeps a quotient finite, and the weight decay.
    pub fn with(betas: [f64; 2], epsilon: f64, weight_decay: f64) -> Self {
        let moments = Moments::new(betas[0], betas[1], epsilon);
        let decay = weight_decay as f32;
        let burn = AdamWConfig::new()
            .with_beta_1(moments.betas[0])
            .with_beta_2(moments.betas[1])
            .with_epsilon(moments.epsilon)
            .with_weight_decay(decay);
        Self {
            burn: burn.build(),
            moments,
            decay,
        }
    }
}

impl Optimizer for FusedAdamW {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        lr: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let momentum = state.as_ref().map(|state| &state.momentum);
        if !is_fused([&weights, &gradient], momentum) {
            return self.burn.step(lr, weights, gradient, state);
        }
        let momentum = state.map(|state| state.momentum);
        let Moments { betas, epsilon } = self.moments;
        // Without decay a factor of one, which changes no bit.
        let kept = (1.0 - lr * f64::from(self.decay)) as f32;
        let lr = lr as f32;
        let (weights, momentum) = self.moments.step(weights, gradient, momentum, |time| {
            let shares = betas.map(|beta| 1.0 - beta.powi(time));
            move |weight: f32, gradient: f32, moments: [&mut f32; 2]| {
                let [first, second] = follow(moments, gradient, betas);
                let step = first / shares[0] / ((second / shares[1]).sqrt() + epsilon);
                weight * kept - step * lr
            }
        });
        (weights, Some(AdamWState::new(momentum)))
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        AdamW::to_device(state, device)
    }
}

/// Whether a step of these is made here.
fn is_fused<const D: usize>(
    tensors: [&Tensor<D>; 2],
    momentum: Option<&AdaptiveMomentumState<D>>,
) -> bool {
    let moments = momentum.map(|momentum| [&momentum.moment_1, &momentum.moment_2]);
    let mut all = tensors.into_iter().chain(moments.into_iter().flatten());
    all.all(|tensor| is_here(tensor) && !tensor.device().is_autodiff())
}

/// Moves both moments of a weight towards its gradient, and gives them.
#[inline(always)]
fn follow([first, second]: [&mut f32; 2], gradient: f32, betas: [f32; 2]) -> [f32; 2] {
    *first = *first * betas[0] + gradient * (1.0 - betas[0]);
    *second = *second * betas[1] + gradient * gradient * (1.0 - betas[1]);
    [*first, *second]
}

/// What both have in common.
#[derive(Clone, Copy)]
struct Moments {
    betas: [f32; 2],
    epsilon: f32,
}

impl Moments {
    fn new(beta_1: f64, beta_2: f64, epsilon: f64) -> Self {
        Self {
            betas: [beta_1 as f32, beta_2 as f32],
            epsilon: epsilon as f32,
        }
    }

    /// Weights and moments after a step. `rule` gives for the number of the step, from 1, what makes of a weight, its gradient and
    /// its moments, which it moves on, the new weight.
    fn step<const D: usize, R>(
        self,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        momentum: Option<AdaptiveMomentumState<D>>,
        rule: impl FnOnce(i32) -> R,
    ) -> (Tensor<D>, AdaptiveMomentumState<D>)
    where
        R: Fn(f32, f32, [&mut f32; 2]) -> f32 + Sync + Send,
    {
        let shape = weights.shape();
        let (time, moments) = match momentum {
            Some(of) => (of.time + 1, [of.moment_1, of.moment_2].map(taken)),
            None => {
                let none = || tensor(vec![0.0; shape.num_elements()], shape.clone());
                (1, [none(), none()])
            }
        };
        let rule = rule(time as i32);
        let [mut first, mut second] = moments.map(unshared);
        let mut weights = unshared(taken(weights));
        let gradient = taken(gradient).to_contiguous();
        let all = [
            weights.storage_mut(),
            first.storage_mut(),
            second.storage_mut(),
        ];
        share_three(
            all,
            numbers(&gradient),
            |[weights, first, second], gradient| {
                let moments = first.iter_mut().zip(second);
                for ((weight, gradient), (first, second)) in
                    weights.iter_mut().zip(gradient).zip(moments)
                {
                    *weight = rule(*weight, *gradient, [first, second]);
                }
            },
        );
        let [first, second] = [first, second].map(Tensor::from_primitive::<Flex>);
        let momentum = AdaptiveMomentumState::new(time, first, second);
        (Tensor::from_primitive::<Flex>(weights), momentum)
    }
}

fn taken<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    let taken = tensor.try_into_primitive::<Flex>();
    taken.expect("the tensor is one of the CPU backend")
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Weights after each of some steps, with gradients that are the same for every optimiser, then both moments.
    fn steps<O: Optimizer>(optimiser: &O, moments: fn(O::State<2>) -> [Tensor<2>; 2]) -> Vec<f32> {
        let device = Device::flex();
        // Not Burn's, of which there is one source for all tests, whose turns are by chance.
        let mut source = ChaCha8Rng::seed_from_u64(3);
        let mut numbers = |rows| {
            let numbers: Vec<f32> = (0..rows * 300)
                .map(|_| source.random::<f32>() - 0.4)
                .collect();
            Tensor::<2>::from_data(TensorData::new(numbers, [rows, 300]), &device)
        };
        let mut found = Vec::new();
        // One that a thread does alone, one that several share.
        for rows in [2, 250] {
            let (mut weights, mut state) = (numbers(rows), None);
            for step in 0..5 {
                // Some gradients are zero for a while, and one is not in the order of memory.
                let gradient = match step {
                    0 => numbers(rows).clamp_min(0.0),
                    1 => numbers(rows).reshape([300, rows]).transpose(),
                    _ => numbers(rows),
                };
                (weights, state) = optimiser.step(0.01, weights, gradient, state);
                found.extend(weights.clone().into_data().iter::<f32>());
            }
            for moment in moments(state.unwrap()) {
                found.extend(moment.into_data().iter::<f32>());
            }
        }
        found
    }

    #[test]
    fn adam_is_that_of_burn_to_the_last_bit() {
        for weight_decay in [0.0, 0.1] {
            let setup = AdamSetup {
                weight_decay,
                ..AdamSetup::default()
            };
            let own = FusedAdam::new(&setup);
            let moments = |state: AdamState<2>| [state.momentum.moment_1, state.momentum.moment_2];
            assert!(steps(&own, moments) == steps(&own.burn, moments));
        }
    }

    #[test]
    fn adamw_is_that_of_burn_to_the_last_bit() {
        for weight_decay in [0.0, 0.1] {
            let setup = AdamWSetup {
                weight_decay,
                ..AdamWSetup::default()
            };
            let own = FusedAdamW::new(&setup);
            let moments = |state: AdamWState<2>| [state.momentum.moment_1, state.momentum.moment_2];
            assert!(steps(&own, moments) == steps(&own.burn, moments));
        }
    }

    /// What somebody else still holds stays as it is.
    #[test]
    fn weights_that_are_held_elsewhere_stay() {
        let device = Device::flex();
        let before = Tensor::<2>::ones([2, 300], &device);
        let own = FusedAdam::new(&AdamSetup::default());
        let (after, _) = own.step(0.01, before.clone(), before.clone(), None);
        assert!(before.into_data().iter::<f32>().all(|weight| weight == 1.0));
        assert!(after.into_data().iter::<f32>().all(|weight| weight < 1.0));
    }
}
