//! Muon for the matrices it is made for.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdjustLrFn, LearningRate, Muon, MuonConfig, MuonState, Optimizer};
use burn::tensor::{Device, Tensor};

use crate::setup::MuonSetup;

/// Burn's Muon, which takes matrices alone, with convolution kernels as matrices: one row for each output channel
/// (Jordan and others 2024).
#[derive(Clone)]
pub struct MatrixMuon(Muon);

impl MatrixMuon {
    /// With the options of a setup. Steps are scaled by the longer side, which does not care whether a matrix is stored by
    /// outputs (as in the paper) or by inputs (as Burn's linear layers are).
    pub fn new(setup: &MuonSetup) -> Self {
        let momentum = MomentumConfig::new()
            .with_momentum(setup.momentum)
            .with_dampening(0.0)
            .with_nesterov(setup.nesterov);
        let decay =
            (setup.weight_decay > 0.0).then(|| WeightDecayConfig::new(setup.weight_decay as f32));
        Self(
            MuonConfig::new()
                .with_momentum(momentum)
                .with_weight_decay(decay)
                .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
                .build(),
        )
    }
}

impl Optimizer for MatrixMuon {
    type State<const D: usize> = MuonState<2>;

    fn step<const D: usize>(
        &self,
        lr: LearningRate,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let shape = tensor.shape();
        let rows = shape[0];
        let matrix = |tensor: Tensor<D>| {
            let columns = tensor.shape().num_elements() / rows.max(1);
            tensor.reshape([rows, columns])
        };
        let (tensor, state) = self.0.step(lr, matrix(tensor), matrix(grad), state);
        (tensor.reshape(shape), state)
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        Muon::to_device(state, device)
    }
}

/// Paths of the hidden weight matrices of `network`: weights of linear layers and of convolutions, but for the first and
/// the last of them, which read the samples and give the answers. Where tokens are embedded, the embedding is the first.
/// Kernels of depthwise convolutions, which see one channel each, are no matrices.
pub fn hidden_matrices<M: Module>(network: &M) -> Vec<String> {
    let mut finder = Finder::default();
    network.visit(&mut finder);
    let mut found = finder.matrices;
    // Several heads answer side by side.
    found.truncate(found.len() - finder.heads.max(1).min(found.len()));
    if !finder.embeds && !found.is_empty() {
        found.remove(0);
    }
    found.into_iter().flatten().collect()
}

#[derive(Default)]
struct Finder {
    path: Vec<String>,
    containers: Vec<String>,
    /// In the order of the network; `None` for one that is not for Muon wherever it stands.
    matrices: Vec<Option<String>>,
    embeds: bool,
    /// Matrices that are heads of several.
    heads: usize,
}

impl ModuleVisitor for Finder {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.push(name.to_owned());
        self.containers.push(container.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
        self.containers.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let is = |kind: &str| {
            let container = self.containers.last().map_or("", String::as_str);
            container.rsplit(':').next() == Some(kind)
        };
        self.embeds |= is("Embedding");
        let is_weight = self.path.last().is_some_and(|name| name == "weight");
        if !is_weight || !(D == 2 && is("Linear") || D == 4 && is("Conv2d")) {
            return;
        }
        self.heads += usize::from(self.containers.iter().any(|of| of == "Struct:Heads"));
        let depthwise = D == 4 && param.shape()[1] == 1 && !self.matrices.is_empty();
        self.matrices
            .push((!depthwise).then(|| self.path.join(".")));
    }
}
