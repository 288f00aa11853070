use super::planner::Planner;
use crate::setup::{Activation, InputShape, MlpSetup};

impl Planner {
    pub(super) fn mlp(&mut self, mlp: &MlpSetup) -> Option<usize> {
        if self.outputs.per_position {
            return self.refuse(
                "`transformer`, `lstm` or `gru`, where an answer is asked for at each position",
            );
        }
        if let InputShape::Tokens { length, vocabulary } = self.shape {
            self.embed(length, vocabulary, mlp.embedding);
            self.flatten();
        }
        let flattened = self.shape.len();
        for (layer, &width) in mlp.hidden.iter().enumerate() {
            self.group(format!("hidden.{layer}"));
            self.linear("linear", width);
            self.normalise(mlp.normalisation);
            self.activate(mlp.activation);
            self.dropout(mlp.dropout);
        }
        self.answer(0.0);
        Some(flattened)
    }

    /// Hidden linear layers behind a feature map and the layer that answers, each behind dropout. Gives the length of the
    /// vector that enters the first of them.
    pub(super) fn image_head(
        &mut self,
        widths: &[usize],
        activation: Activation,
        dropout: f64,
    ) -> Option<usize> {
        self.at("");
        let flattened = self.shape.len();
        for (layer, &width) in widths.iter().enumerate() {
            self.group(format!("hidden.{layer}"));
            self.dropout(dropout);
            self.linear("linear", width);
            self.activate(activation);
        }
        self.answer(dropout);
        Some(flattened)
    }
}
