use std::fmt::Debug;

use burn::module::{
    Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param,
};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::processor::linear;
use super::weights::Maker;
use crate::setup::plan::Heads;

/// What a network is to answer with.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Scores or numbers of an answer, where there is one head.
    pub numbers: usize,
    /// Several heads, each with scores of its own.
    pub heads: Option<&'a Heads>,
}

/// The layer that answers, or several heads side by side behind the same vector.
///
/// A layer by itself has the path of its field (`classes.weight`), as in networks without heads; of several heads each has its
/// name between (`classes.shape.weight`), so that it can be taken over and frozen by itself.
#[derive(Clone, Debug)]
pub enum Head {
    /// One layer.
    One(Linear),
    /// Several heads.
    Several(Several),
}

/// Several heads.
#[derive(Clone, Debug)]
pub struct Several {
    heads: Vec<(String, Linear)>,
    /// `sₖ`, the logarithm of the variance of each head's loss, `[heads]`, where the weights of the losses are learnt.
    uncertainty: Option<Param<Tensor<1>>>,
}

/// How the heads call their container to those who visit a network.
const CONTAINER: &str = "Struct:Heads";
/// The field of the learnt weights; a head may be called alike, since its own fields lie one deeper.
const UNCERTAINTY: &str = "uncertainty";

impl Head {
    /// Behind a vector of `from` numbers.
    pub fn new(make: &Maker<'_>, from: usize, answer: Answer<'_>) -> Self {
        let Some(heads) = answer.heads else {
            return Self::One(make.linear(from, answer.numbers));
        };
        let each = heads.each.iter();
        let each = each.map(|head| (head.name.clone(), make.linear(from, head.classes)));
        Self::Several(Several {
            heads: each.collect(),
            uncertainty: heads.learns_weights.then(|| make.zeros(heads.each.len())),
        })
    }

    /// `[answers, from]` to `[answers, numbers]`, those of the heads one after the other.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::One(layer) => linear(layer, x),
            Self::Several(several) => {
                let answers = several
                    .heads
                    .iter()
                    .map(|(_, layer)| linear(layer, x.clone()));
                Tensor::cat(answers.collect(), 1)
            }
        }
    }

    /// `sₖ` of each head `[heads]`, where they are learnt.
    pub fn uncertainty(&self) -> Option<Tensor<1>> {
        match self {
            Self::One(_) => None,
            Self::Several(several) => several.uncertainty.as_ref().map(Param::val),
        }
    }

    /// The same with every layer and parameter as the functions make them.
    fn each(
        self,
        mut layer: impl FnMut(Linear) -> Linear,
        weights: impl FnOnce(Param<Tensor<1>>) -> Param<Tensor<1>>,
    ) -> Self {
        match self {
            Self::One(one) => Self::One(layer(one)),
            Self::Several(several) => Self::Several(Several {
                heads: several
                    .heads
                    .into_iter()
                    .map(|(name, linear)| (name, layer(linear)))
                    .collect(),
                uncertainty: several.uncertainty.map(weights),
            }),
        }
    }
}

// By hand, since a derived module knows its layers by the names of fields and not by those of labels.
impl Module for Head {
    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        match self {
            Self::One(layer) => layer.collect_devices(devices),
            Self::Several(several) => {
                let devices = several.heads.iter().fold(devices, |devices, (_, layer)| {
                    layer.collect_devices(devices)
                });
                several.uncertainty.collect_devices(devices)
            }
        }
    }

    fn fork(self, device: &Device) -> Self {
        self.each(|layer| layer.fork(device), |weights| weights.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        self.each(
            |layer| layer.to_device(device),
            |weights| Module::to_device(weights, device),
        )
    }

    fn train(self) -> Self {
        self.each(Module::train, Module::train)
    }

    fn valid(&self) -> Self {
        self.clone()
            .each(|layer| layer.valid(), |weights| Module::valid(&weights))
    }

    fn materialize(self) -> Self {
        self.each(Module::materialize, Module::materialize)
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        match self {
            Self::One(layer) => layer.visit(visitor),
            Self::Several(several) => {
                for (name, layer) in &several.heads {
                    visitor.enter_module(name, CONTAINER);
                    layer.visit(visitor);
                    visitor.exit_module(name, CONTAINER);
                }
                if let Some(weights) = &several.uncertainty {
                    visitor.enter_module(UNCERTAINTY, CONTAINER);
                    weights.visit(visitor);
                    visitor.exit_module(UNCERTAINTY, CONTAINER);
                }
            }
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        match self {
            Self::One(layer) => Self::One(layer.map(mapper)),
            Self::Several(several) => {
                let mut heads = Vec::with_capacity(several.heads.len());
                for (name, layer) in several.heads {
                    mapper.enter_module(&name, CONTAINER);
                    let layer = layer.map(mapper);
                    mapper.exit_module(&name, CONTAINER);
                    heads.push((name, layer));
                }
                let uncertainty = several.uncertainty.map(|weights| {
                    mapper.enter_module(UNCERTAINTY, CONTAINER);
                    let weights = Module::map(weights, mapper);
                    mapper.exit_module(UNCERTAINTY, CONTAINER);
                    weights
                });
                Self::Several(Several { heads, uncertainty })
            }
        }
    }
}

impl ModuleDisplayDefault for Head {
    fn content(&self, content: Content) -> Option<Content> {
        match self {
            Self::One(layer) => content.add_single(layer).optional(),
            Self::Several(several) => several
                .heads
                .iter()
                .fold(content, |content, (name, layer)| content.add(name, layer))
                .optional(),
        }
    }
}

impl ModuleDisplay for Head {}
