//! Setups of every kind, and batches for them.

use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Distribution, Int, Tensor};
use joulelab::models::{Network, Samples};
use joulelab::setup::{InputShape, ModelSetup, Outputs, plan::plan};

/// The generator is one for the whole process: whoever wants the same numbers again must draw alone.
static DRAWING: RwLock<()> = RwLock::new(());

/// Draws while others do.
pub fn together() -> RwLockReadGuard<'static, ()> {
    DRAWING.read().unwrap_or_else(|failed| failed.into_inner())
}

/// Draws while nobody else does.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    DRAWING.write().unwrap_or_else(|failed| failed.into_inner())
}

/// A model, what it reads, and what it is to answer with.
pub struct Case {
    pub model: ModelSetup,
    pub input: InputShape,
    pub outputs: Outputs,
}

/// A model from its fields, as a file would give them.
pub fn model(fields: &str) -> ModelSetup {
    toml::from_str(fields).unwrap_or_else(|error| panic!("{fields}: {error}"))
}

pub fn image(channels: usize, height: usize, width: usize) -> InputShape {
    InputShape::Image {
        channels,
        height,
        width,
    }
}

pub fn tokens(length: usize, vocabulary: usize) -> InputShape {
    InputShape::Tokens { length, vocabulary }
}

pub fn each_position(numbers: usize) -> Outputs {
    Outputs {
        numbers,
        per_position: true,
    }
}

impl Case {
    pub fn new(fields: &str, input: InputShape, outputs: Outputs) -> Self {
        Self {
            model: model(fields),
            input,
            outputs,
        }
    }

    pub fn network(&self, seed: u64, device: &Device) -> Network {
        let plan = plan(&self.model, self.input, self.outputs)
            .unwrap_or_else(|problems| panic!("{:?}: {problems}", self.model));
        Network::new(&self.model, self.input, self.outputs, &plan, seed, device)
    }

    /// Random samples.
    pub fn samples(&self, batch: usize, device: &Device) -> Samples {
        match self.input {
            InputShape::Tokens { length, vocabulary } => {
                let last = vocabulary as f64;
                let distribution = Distribution::Uniform(0.0, last);
                let tokens = Tensor::<2>::random([batch, length], distribution, device);
                Samples::Tokens(tokens.clamp_max(last - 1.0).int())
            }
            input => {
                let distribution = Distribution::Normal(0.0, 1.0);
                let numbers = Tensor::<2>::random([batch, input.len()], distribution, device);
                Samples::Numbers(numbers)
            }
        }
    }
}

/// Small models of every kind, on all that each can read.
pub fn every_kind() -> Vec<Case> {
    let answer = Outputs::of_sample(3);
    let picture = image(2, 16, 12);
    let mut cases = vec![
        Case::new("kind='mlp'\nhidden=[8]", InputShape::Features(5), answer),
        Case::new("kind='mlp'\nembedding=4", tokens(3, 7), answer),
        Case::new("kind='mlp'\nhidden=[]", picture, answer),
        Case::new("kind='cnn'\nnormalisation='layer'", picture, answer),
        Case::new("kind='lenet5'", picture, answer),
        Case::new(
            "kind='vgg'\nwidth=8\nnormalisation='layer'\nhidden=[6]",
            picture,
            answer,
        ),
        Case::new("kind='resnet'\nwidth=8", picture, answer),
        Case::new(
            "kind='resnet'\nwidth=8\nnormalisation='none'\nstem='imagenet'",
            image(3, 40, 40),
            answer,
        ),
        Case::new(
            "kind='resnet'\ndepth=50\nwidth=8\nnormalisation='group'",
            picture,
            answer,
        ),
        Case::new(
            "kind='mobilenet-v2'\nwidth_multiplier=0.25",
            image(3, 24, 24),
            answer,
        ),
        Case::new("kind='vit'\nwidth=16\ndepth=2", picture, answer),
        Case::new(
            "kind='vit'\nwidth=16\ndepth=1\npatch=2\npooling='mean'\ndropout=0.1",
            picture,
            answer,
        ),
    ];
    for kind in ["lstm", "gru"] {
        let fields = format!("kind='{kind}'\nwidth=8\nembedding=6\ndepth=2");
        cases.push(Case::new(&fields, tokens(5, 7), answer));
        cases.push(Case::new(&fields, tokens(5, 7), each_position(7)));
        cases.push(Case::new(&fields, picture, answer));
    }
    for fields in [
        "pooling='class-token'",
        "positions='sinusoidal'",
        "form='decoder'",
    ] {
        let fields = format!("kind='transformer'\nwidth=16\n{fields}");
        cases.push(Case::new(&fields, tokens(5, 7), answer));
        cases.push(Case::new(&fields, picture, answer));
        cases.push(Case::new(&fields, tokens(5, 7), each_position(7)));
    }
    cases
}

/// Numbers that are learnt: the running statistics of a batch normalisation are visited as parameters are, but not learnt.
pub fn learnt(network: &Network) -> u64 {
    struct Count(u64);
    impl ModuleVisitor for Count {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.is_require_grad() {
                self.0 += param.lazy_shape().num_elements() as u64;
            }
        }
    }
    let mut count = Count(0);
    network.visit(&mut count);
    count.0
}

/// What a network answers, as plain numbers.
pub fn answers(network: &Network, samples: Samples) -> Vec<f32> {
    network.forward(samples).into_data().try_to_vec().unwrap()
}

/// Tokens `[1, length]`.
pub fn sentence(tokens: &[i32], device: &Device) -> Samples {
    Samples::Tokens(Tensor::<1, Int>::from_ints(tokens, device).unsqueeze())
}

/// Equal but for the order of sums.
pub fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!(
            (a - b).abs() <= 1e-4 * (1.0 + b.abs()),
            "{what}: {a} and {b}"
        );
    }
}
