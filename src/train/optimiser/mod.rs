//! Burn's optimisers, built from a setup; Adam and AdamW with a step of our own on the CPU.

mod adam;
mod muon;

use burn::module::{Module, ParamGroup};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{
    AdaGradConfig, DynOptimizer, DynState, LambConfig, LearningRate, LionConfig, ModuleOptimizer,
    Optimizer, RmsPropConfig, SgdConfig, StateSink, StateSource,
};
use burn::tensor::Device;
use burn::tensor::kind::BridgeTensor;

use self::adam::{FusedAdam, FusedAdamW};
use crate::setup::OptimiserSetup;

/// The optimiser of a setup for `network`, with its state on `device` (without autodiff). It may be used with any network
/// of the same layers: parameters are told apart by their place in it.
pub fn build<M: Module>(setup: &OptimiserSetup, network: &M, device: &Device) -> ModuleOptimizer {
    let decay = |weight_decay: f64| {
        (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay as f32))
    };
    match setup {
        OptimiserSetup::Sgd(sgd) => {
            // No dampening, as in PyTorch.
            let momentum = (sgd.momentum > 0.0).then(|| {
                MomentumConfig::new()
                    .with_momentum(sgd.momentum)
                    .with_dampening(0.0)
                    .with_nesterov(sgd.nesterov)
            });
            on_device(
                SgdConfig::new()
                    .with_weight_decay(decay(sgd.weight_decay))
                    .with_momentum(momentum)
                    .build(),
                device,
            )
        }
        OptimiserSetup::Adam(adam) => on_device(FusedAdam::new(adam), device),
        OptimiserSetup::AdamW(adam) => on_device(FusedAdamW::new(adam), device),
        OptimiserSetup::RmsProp(rmsprop) => on_device(
            RmsPropConfig::new()
                .with_alpha(rmsprop.alpha as f32)
                .with_momentum(rmsprop.momentum as f32)
                .with_epsilon(rmsprop.epsilon as f32)
                .with_centered(rmsprop.centered)
                .with_weight_decay(decay(rmsprop.weight_decay))
                .build(),
            device,
        ),
        OptimiserSetup::AdaGrad(adagrad) => on_device(
            // The schedule changes the learning rate, as for every optimiser, so Burn's own decay of it stays off.
            AdaGradConfig::new()
                .with_epsilon(adagrad.epsilon as f32)
                .with_weight_decay(decay(adagrad.weight_decay))
                .build(),
            device,
        ),
        OptimiserSetup::Lion(lion) => on_device(
            LionConfig::new()
                .with_beta_1(lion.beta_1 as f32)
                .with_beta_2(lion.beta_2 as f32)
                .with_weight_decay(lion.weight_decay as f32)
                .build(),
            device,
        ),
        OptimiserSetup::Muon(muon) => {
            let betas = [muon.beta_1, muon.beta_2];
            let rest = FusedAdamW::with(betas, muon.epsilon, muon.weight_decay);
            let rest = on_device(rest, device);
            let matrices = OnDevice {
                optimiser: muon::MatrixMuon::new(muon),
                device: device.clone(),
            };
            rest.with_group(
                ParamGroup::from_paths(muon::hidden_matrices(network)),
                matrices,
                None,
            )
        }
        OptimiserSetup::Lamb(lamb) => on_device(
            LambConfig::new()
                .with_beta_1(lamb.beta_1 as f32)
                .with_beta_2(lamb.beta_2 as f32)
                .with_epsilon(lamb.epsilon as f32)
                .with_weight_decay(lamb.weight_decay as f32)
                .build(),
            device,
        ),
    }
}

fn on_device<O: Optimizer>(optimiser: O, device: &Device) -> ModuleOptimizer {
    ModuleOptimizer::from(optimiser.clone()).with_group(
        ParamGroup::all(),
        OnDevice {
            optimiser,
            device: device.clone(),
        },
        None,
    )
}

/// An optimiser that restores its state on the device that trains.
///
/// Burn's own restores it on the default device, which is a graphics card even in a run on the CPU, and fails where there
/// is none.
struct OnDevice<O> {
    optimiser: O,
    device: Device,
}

impl<O: Optimizer> DynOptimizer for OnDevice<O> {
    fn step_dyn(
        &self,
        rank: usize,
        lr: LearningRate,
        tensor: BridgeTensor,
        grad: BridgeTensor,
        state: Option<DynState>,
    ) -> (BridgeTensor, Option<DynState>) {
        self.optimiser.step_dyn(rank, lr, tensor, grad, state)
    }

    fn to_device_dyn(&self, state: DynState, device: &Device) -> DynState {
        self.optimiser.to_device_dyn(state, device)
    }

    fn state_flatten(&self, prefix: &str, state: &DynState, out: &mut StateSink) {
        self.optimiser.state_flatten(prefix, state, out);
    }

    fn state_unflatten(
        &self,
        rank: usize,
        prefix: &str,
        src: &mut StateSource,
        _default: &Device,
    ) -> Option<DynState> {
        self.optimiser
            .state_unflatten(rank, prefix, src, &self.device)
    }
}
