use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::Samples;
use super::attention::{Places, Stack};
use super::head::{Answer, Head};
use super::sequence::Reader;
use super::vit::{at, mean};
use super::weights::{Maker, SMALL};
use crate::setup::{InputShape, Outputs, Positions, TransformerSetup};

/// Transformer, encoder or decoder.
#[derive(Module, Debug)]
pub struct Transformer {
    reader: Reader,
    places: Places,
    stack: Stack,
    pub(super) classes: Head,
    per_position: bool,
    is_causal: bool,
    has_class_token: bool,
}

impl Transformer {
    /// For samples of shape `input`.
    pub fn new(
        setup: &TransformerSetup,
        input: InputShape,
        outputs: Outputs,
        answer: Answer<'_>,
        device: &Device,
    ) -> Self {
        let make = Maker::new(setup.initialisation, device);
        let length = match input {
            InputShape::Image { height, .. } => height,
            other => other.len(),
        };
        let has_class_token = setup.has_class_token(outputs);
        let are_learnt = setup.positions == Positions::Learned;
        Self {
            reader: Reader::new(input, setup.width, SMALL, true, &make),
            places: Places::new(length, setup.width, has_class_token, are_learnt, &make),
            stack: Stack::new(&setup.stack(outputs), &make),
            classes: Head::new(&make, setup.width, answer),
            per_position: outputs.per_position,
            is_causal: setup.is_causal(outputs),
            has_class_token,
        }
    }

    /// Samples to answers `[answers, answer]`.
    pub fn forward(&self, samples: Samples) -> Tensor<2> {
        let x = self.places.forward(self.reader.forward(samples));
        let x = self.stack.forward(x);
        let [_, length, _] = x.dims();
        let x = if self.per_position {
            x.flatten(0, 1)
        } else if self.is_causal {
            at(x, length - 1)
        } else if self.has_class_token {
            at(x, 0)
        } else {
            mean(x)
        };
        self.classes.forward(x)
    }
}
