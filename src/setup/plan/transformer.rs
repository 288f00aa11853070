//! Attention: `vit` and `transformer`.

use super::planner::Planner;
use crate::setup::{
    AttentionStack, InputShape, Normalisation, Positions, SequencePooling, TransformerSetup,
    VitSetup,
};

impl Planner {
    pub(super) fn vit(&mut self, vit: &VitSetup) -> Option<usize> {
        let (channels, height, width) = self.image("a vision transformer")?;
        let fits = height.is_multiple_of(vit.patch) && width.is_multiple_of(vit.patch);
        self.problems.require(
            fits,
            "model.patch",
            vit.patch,
            format!("a divisor of height and width of the image, {height} and {width}"),
        );
        if !fits {
            return None;
        }
        let patches = InputShape::Sequence {
            length: (height / vit.patch) * (width / vit.patch),
            width: channels.saturating_mul(vit.patch * vit.patch),
        };
        self.reshape("patches", patches);
        self.linear("linear", vit.width);
        let has_token = vit.pooling == SequencePooling::ClassToken;
        self.positions(has_token, Positions::Learned, vit.dropout);
        self.stack(&vit.stack());
        self.pool_positions(has_token, "class token");
        self.answer(0.0)
    }

    pub(super) fn transformer(&mut self, transformer: &TransformerSetup) -> Option<usize> {
        let stack = transformer.stack(self.outputs);
        if self.outputs.per_position && !stack.is_causal {
            self.problems.require(
                false,
                "model.form",
                "encoder",
                "`decoder` or `auto`: an answer is asked for at each position, and an encoder would see it",
            );
            return None;
        }
        let is_image = self.shape.height_and_width().is_some();
        self.sequence("a transformer", Some(transformer.width))?;
        if is_image {
            self.linear("linear", transformer.width);
        }
        let has_token = transformer.has_class_token(self.outputs);
        self.positions(has_token, transformer.positions, transformer.dropout);
        self.stack(&stack);
        if stack.is_causal && !self.outputs.per_position {
            self.pool_positions(true, "last position");
        } else if !self.outputs.per_position {
            self.pool_positions(has_token, "class token");
        }
        self.answer(0.0)
    }

    /// Class token, where there is one, and positions.
    fn positions(&mut self, has_token: bool, positions: Positions, dropout: f64) {
        let InputShape::Sequence { mut length, width } = self.shape else {
            return;
        };
        if has_token {
            length += 1;
            let output = InputShape::Sequence { length, width };
            self.push("class token", output, width as u64, 0, 0);
        }
        let n = self.shape.len() as u64;
        let learnt = match positions {
            Positions::Learned => n,
            Positions::Sinusoidal => 0,
        };
        self.push("positions", self.shape, learnt, 0, n);
        self.dropout(dropout);
    }

    fn stack(&mut self, stack: &AttentionStack) {
        for block in 0..stack.depth {
            self.at(format!("block {}", block + 1));
            self.group(format!("blocks.{block}"));
            self.normalise(Normalisation::Layer);
            self.linear("query, key, value", stack.width.saturating_mul(3));
            self.attention(stack);
            self.linear("linear", stack.width);
            self.dropout(stack.dropout);
            self.elementwise("add");
            self.normalise(Normalisation::Layer);
            self.linear("linear", stack.hidden);
            self.activate(stack.activation);
            self.linear("linear", stack.width);
            self.dropout(stack.dropout);
            self.elementwise("add");
        }
        self.at("");
        self.group("norm");
        self.normalise(Normalisation::Layer);
    }

    /// Scores between all positions, softmax, and the sum of values that they weight. The weights may be dropped.
    fn attention(&mut self, stack: &AttentionStack) {
        let InputShape::Sequence { length, .. } = self.shape else {
            return;
        };
        let (length, width) = (length as u64, stack.width as u64);
        let pairs = length.saturating_mul(length);
        let weights = pairs.saturating_mul(stack.heads as u64);
        let output = InputShape::Sequence {
            length: length as usize,
            width: stack.width,
        };
        let softmax = weights.saturating_mul(5);
        self.push(
            "attention",
            output,
            0,
            pairs.saturating_mul(width).saturating_mul(2),
            softmax.saturating_add(length.saturating_mul(width)),
        );
        if stack.dropout > 0.0 {
            self.push(super::planner::DROPOUT, output, 0, 0, weights);
        }
    }

    /// One vector of all positions: that at one of them, or the mean.
    fn pool_positions(&mut self, is_one: bool, name: &str) {
        let InputShape::Sequence { width, .. } = self.shape else {
            return;
        };
        if is_one {
            self.reshape(name, InputShape::Features(width));
        } else {
            self.mean("mean of positions");
        }
    }
}
