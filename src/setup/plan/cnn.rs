//! Plain stacks of convolutions: `cnn`, `lenet5`, `vgg`.

use super::planner::{Convolution, Planner};
use crate::setup::{CnnHead, CnnSetup, InputShape, Lenet5Setup, Pooling, VggSetup};

impl Planner {
    pub(super) fn cnn(&mut self, cnn: &CnnSetup) -> Option<usize> {
        self.image("a convolutional network")?;
        let (mut height, mut width) = self.built_size();
        for (block, &out) in cnn.channels.iter().enumerate() {
            self.group(format!("blocks.{block}"));
            let side = height.min(width);
            self.problems.require(
                cnn.kernel <= side,
                "model.kernel",
                cnn.kernel,
                format!(
                    "at most {side}, the size of the image in block {}",
                    block + 1
                ),
            );
            for _ in 0..cnn.convolutions {
                self.conv_block(
                    Convolution::same(out, cnn.kernel),
                    cnn.normalisation,
                    Some(cnn.activation),
                );
            }
            if cnn.pooling != Pooling::None {
                let now = self.shape.height_and_width().unwrap_or((0, 0));
                let halves = now.0.min(now.1) >= 2;
                self.problems.require(
                    halves,
                    "model.pooling",
                    format!("block {}", block + 1),
                    "`none`, or fewer blocks: the image is already a single pixel wide there",
                );
                if !halves {
                    return None;
                }
                self.pool(cnn.pooling, 2, 0);
                (height, width) = (height / 2, width / 2);
            }
        }
        self.head(cnn.head);
        self.image_head(&cnn.hidden, cnn.activation, cnn.dropout)
    }

    pub(super) fn lenet5(&mut self, lenet: &Lenet5Setup) -> Option<usize> {
        let (channels, height, width) = self.image("LeNet-5")?;
        let [top, left, bottom, right] = Lenet5Setup::padding(height, width);
        if top + left + bottom + right > 0 {
            let output = InputShape::Image {
                channels,
                height: height + top + bottom,
                width: width + left + right,
            };
            self.reshape("zero padding", output);
        }
        for (block, out) in Lenet5Setup::CHANNELS.into_iter().enumerate() {
            self.group(format!("blocks.{block}"));
            let conv = Convolution {
                padding: 0,
                ..Convolution::same(out, Lenet5Setup::KERNEL)
            };
            self.conv_block(conv, lenet.normalisation, Some(lenet.activation));
            self.pool(lenet.pooling, 2, 0);
        }
        self.head(CnnHead::Flatten);
        self.image_head(&Lenet5Setup::HIDDEN, lenet.activation, lenet.dropout)
    }

    pub(super) fn vgg(&mut self, vgg: &VggSetup) -> Option<usize> {
        self.image("a VGG network")?;
        let (mut height, mut width) = self.built_size();
        for (block, (out, convolutions)) in vgg.blocks().into_iter().enumerate() {
            self.at(format!("block {}", block + 1));
            self.group(format!("blocks.{block}"));
            for _ in 0..convolutions {
                let conv = Convolution::same(out, 3);
                self.conv_block(conv, vgg.normalisation, Some(vgg.activation));
            }
            if VggSetup::pools(height, width) {
                let has_pixels = self
                    .shape
                    .height_and_width()
                    .is_some_and(|(height, width)| VggSetup::pools(height, width));
                self.problems.require(
                    has_pixels,
                    "model.depth",
                    format!("block {}", block + 1),
                    "larger images: they are already a single pixel wide there",
                );
                if !has_pixels {
                    return None;
                }
                self.pool(Pooling::Max, 2, 0);
                (height, width) = (height / 2, width / 2);
            }
        }
        self.head(vgg.head);
        self.image_head(&vgg.hidden, vgg.activation, vgg.dropout)
    }
}
