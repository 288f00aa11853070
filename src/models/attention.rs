use burn::module::{Module, Param};
use burn::nn::{Dropout, Linear};
use burn::tensor::{Bool, Tensor, activation};

use super::layers::{NonLinearity, PositionNorm, drop, dropout, of_each};
use super::processor::{add, attention};
use super::weights::Maker;
use crate::setup::AttentionStack;

/// What is put for the score of a position that must not be looked at: its weight is exactly zero in single precision, and half
/// precision can still hold it.
const UNSEEN: f64 = -1e4;

/// Blocks of attention and two linear layers, each behind a layer normalisation and added to what entered it; a last layer
/// normalisation.
#[derive(Module, Debug)]
pub struct Stack {
    blocks: Vec<Block>,
    norm: PositionNorm,
    activation: NonLinearity,
    dropout: Option<Dropout>,
    heads: usize,
    is_causal: bool,
}

#[derive(Module, Debug)]
struct Block {
    attention_norm: PositionNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    mlp_norm: PositionNorm,
    up: Linear,
    down: Linear,
}

impl Stack {
    /// The stack that a setup describes.
    pub fn new(stack: &AttentionStack, make: &Maker<'_>) -> Self {
        let width = stack.width;
        let norm = || PositionNorm::new(width, make.device);
        let blocks = (0..stack.depth).map(|_| Block {
            attention_norm: norm(),
            query: make.linear(width, width),
            key: make.linear(width, width),
            value: make.linear(width, width),
            output: make.linear(width, width),
            mlp_norm: norm(),
            up: make.linear(width, stack.hidden),
            down: make.linear(stack.hidden, width),
        });
        Self {
            blocks: blocks.collect(),
            norm: norm(),
            activation: NonLinearity::new(stack.activation),
            dropout: dropout(stack.dropout),
            heads: stack.heads,
            is_causal: stack.is_causal,
        }
    }

    /// `[batch, length, width]` to the same shape.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [_, length, _] = x.dims();
        let unseen = self.is_causal.then(|| {
            let device = x.device();
            Tensor::<2, Bool>::tril_mask([length, length], 0, &device).unsqueeze::<4>()
        });
        let mut x = drop(&self.dropout, x);
        for block in &self.blocks {
            let attended = self.attention(block, block.attention_norm.forward(x.clone()), &unseen);
            x = add(x, drop(&self.dropout, attended));
            let hidden = of_each(&block.up, block.mlp_norm.forward(x.clone()));
            let added = of_each(&block.down, self.activation.forward(hidden));
            x = add(x, drop(&self.dropout, added));
        }
        self.norm.forward(x)
    }

    /// Softmax of scaled scores between all positions, head by head, weighs the values.
    fn attention(
        &self,
        block: &Block,
        x: Tensor<3>,
        unseen: &Option<Tensor<4, Bool>>,
    ) -> Tensor<3> {
        let [batch, length, width] = x.dims();
        let query = of_each(&block.query, x.clone());
        let key = of_each(&block.key, x.clone());
        let value = of_each(&block.value, x);
        if self.dropout.is_none() {
            let all = [&query, &key, &value];
            if let Some(sum) = attention(all, self.heads, self.is_causal) {
                return of_each(&block.output, sum);
            }
        }
        let of_head = width / self.heads;
        let by_head = |x: Tensor<3>| {
            x.reshape([batch, length, self.heads, of_head])
                .swap_dims(1, 2)
        };
        let query = by_head(query.mul_scalar(1.0 / (of_head as f64).sqrt()));
        let mut scores = query.matmul(by_head(key).transpose());
        if let Some(unseen) = unseen {
            scores = scores.mask_fill(unseen.clone(), UNSEEN);
        }
        let weights = drop(&self.dropout, activation::softmax(scores, 3));
        let sum = weights.matmul(by_head(value)).swap_dims(1, 2);
        of_each(&block.output, sum.reshape([batch, length, width]))
    }
}

/// What tells a position from the others, and the position that stands before them, if any.
#[derive(Module, Debug)]
pub struct Places {
    /// `[1, width]`.
    class_token: Option<Param<Tensor<2>>>,
    /// `[length, width]`, where they are learnt.
    learnt: Option<Param<Tensor<2>>>,
    /// `[length, width]`, where they are not.
    fixed: Option<Tensor<2>>,
}

impl Places {
    /// For `length` positions of `width` numbers, beside the class token.
    pub fn new(
        length: usize,
        width: usize,
        has_class_token: bool,
        are_learnt: bool,
        make: &Maker<'_>,
    ) -> Self {
        let length = length + usize::from(has_class_token);
        Self {
            class_token: has_class_token.then(|| make.vectors(1, width)),
            learnt: are_learnt.then(|| make.vectors(length, width)),
            fixed: (!are_learnt).then(|| sinusoids(length, width, make)),
        }
    }

    /// `[batch, length, width]` to the same, one longer where there is a class token.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, _, width] = x.dims();
        let mut x = x;
        if let Some(token) = &self.class_token {
            let token = token.val().unsqueeze::<3>().expand([batch, 1, width]);
            x = Tensor::cat(vec![token, x], 1);
        }
        if let Some(learnt) = &self.learnt {
            x = x + learnt.val().unsqueeze();
        }
        if let Some(fixed) = &self.fixed {
            let fixed = fixed.clone().cast(x.dtype());
            x = x + fixed.unsqueeze();
        }
        x
    }
}

/// sin(p / 10000^(2i/w)) at 2i and cos of the same at 2i + 1, for position p and width w (Vaswani et al. 2017, section 3.5).
fn sinusoids(length: usize, width: usize, make: &Maker<'_>) -> Tensor<2> {
    let mut values = Vec::with_capacity(length * width);
    for position in 0..length {
        for i in 0..width {
            let exponent = (i / 2 * 2) as f64 / width as f64;
            let angle = position as f64 / 10_000_f64.powf(exponent);
            let value = if i % 2 == 0 { angle.sin() } else { angle.cos() };
            values.push(value as f32);
        }
    }
    let data = burn::tensor::TensorData::new(values, [length, width]);
    Tensor::from_data(data, make.device)
}
