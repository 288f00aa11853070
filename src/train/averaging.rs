//! Exponential moving average of a network's weights, kept on the device.

use std::collections::HashSet;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::models::Network;
use crate::setup::EmaSetup;

/// The average: `decay · average + (1 − decay) · weights` after each step (Polyak and Juditsky 1992 with an exponential
/// window). The running statistics of batch normalisation are averaged in the same way.
pub struct Average {
    setup: EmaSetup,
    network: Network,
}

impl Average {
    /// Begins with the weights of `network`.
    pub fn new(setup: &EmaSetup, network: &Network) -> Self {
        Self {
            setup: setup.clone(),
            network: network.valid(),
        }
    }

    /// Takes in the weights of `network` after `steps` steps, but for those that are `frozen`: the mean of a number and itself need
    /// not be that number to the last bit. Waits for nothing.
    pub fn update(&mut self, network: &Network, steps: u64, frozen: &HashSet<ParamId>) {
        let decay = self.setup.decay_at(steps);
        // Without autodiff, and with the running statistics of the last forward pass.
        let mut weights = weights(&network.valid());
        self.network = self.network.clone().map(&mut Towards {
            weights: &mut weights,
            frozen,
            decay,
        });
    }

    /// The averaged network, without autodiff.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// With the weights of `network`, from a checkpoint.
    pub fn with_network(self, network: Network) -> Self {
        Self { network, ..self }
    }
}

/// Every float of a network by its parameter's id, running statistics among them.
pub fn weights(network: &Network) -> GradientsParams {
    let mut collect = Collect(GradientsParams::new());
    network.visit(&mut collect);
    collect.0
}

/// `GradientsParams` is Burn's only container of tensors of any rank by parameter.
struct Collect(GradientsParams);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register(param.id, param.val().inner());
    }
}

struct Towards<'a> {
    weights: &'a mut GradientsParams,
    frozen: &'a HashSet<ParamId>,
    decay: f64,
}

impl ModuleMapper for Towards<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(weights) = self.weights.remove::<D>(param.id) else {
            return param;
        };
        if self.frozen.contains(&param.id) {
            return param;
        }
        param.map(|average| average * self.decay + weights * (1.0 - self.decay))
    }
}
