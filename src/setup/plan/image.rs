//! What networks for images have in common.

use super::planner::{Convolution, Planner};
use crate::setup::{Activation, CnnHead, InputShape, Normalisation, Pooling};

impl Planner {
    /// A convolution with what follows it.
    pub(super) fn conv_block(
        &mut self,
        conv: Convolution,
        normalisation: Normalisation,
        activation: Option<Activation>,
    ) {
        self.conv(conv);
        self.normalise(normalisation);
        if let Some(activation) = activation {
            self.activate(activation);
        }
    }

    /// `kernel×kernel` pooling with a stride of 2 and `padding` on every side.
    pub(super) fn pool(&mut self, pooling: Pooling, kernel: usize, padding: usize) {
        let InputShape::Image {
            channels,
            height,
            width,
        } = self.shape
        else {
            return;
        };
        let kind = match pooling {
            Pooling::None => return,
            Pooling::Max => "max",
            Pooling::Average => "average",
        };
        let side = |side: usize| (side + 2 * padding).saturating_sub(kernel) / 2 + 1;
        let output = InputShape::Image {
            channels,
            height: side(height),
            width: side(width),
        };
        let flop = ((kernel * kernel) as u64).saturating_mul(output.len() as u64);
        self.push(
            &format!("{kind} pool {kernel}×{kernel}"),
            output,
            0,
            0,
            flop,
        );
    }

    /// The last feature map becomes a vector.
    pub(super) fn head(&mut self, head: CnnHead) {
        self.at("");
        match head {
            CnnHead::GlobalAverage => self.mean("global average"),
            CnnHead::Flatten => self.flatten(),
        }
    }
}
