use super::planner::{Convolution, Planner};
use crate::setup::{CnnHead, Inverted, MobilenetSetup, Normalisation};

impl Planner {
    pub(super) fn mobilenet(&mut self, mobilenet: &MobilenetSetup) -> Option<usize> {
        self.image("MobileNetV2")?;
        let (height, width) = self.built_size();
        let keeps_size = mobilenet.stem.keeps_size(height, width);
        let norm = mobilenet.normalisation;
        let has_bias = norm == Normalisation::None;
        let activation = Some(mobilenet.activation);
        let conv = |out, kernel| Convolution::same(out, kernel).bias(has_bias);
        self.at("stem");
        self.group("stem");
        let stride = MobilenetSetup::first_stride(keeps_size);
        self.conv_block(conv(mobilenet.first(), 3).stride(stride), norm, activation);
        for (i, block) in mobilenet.blocks(keeps_size).iter().enumerate() {
            self.at(format!("block {}", i + 1));
            self.group(format!("blocks.{i}"));
            if block.expands() {
                self.conv_block(conv(block.hidden, 1), norm, activation);
            }
            self.conv_block(depthwise(block, has_bias), norm, activation);
            self.conv_block(conv(block.to, 1), norm, None);
            if block.adds() {
                self.elementwise("add");
            }
        }
        self.at("last");
        self.group("last");
        self.conv_block(conv(mobilenet.last(), 1), norm, activation);
        self.head(CnnHead::GlobalAverage);
        self.answer(mobilenet.dropout)
    }
}

fn depthwise(block: &Inverted, has_bias: bool) -> Convolution {
    Convolution {
        groups: block.hidden,
        stride: block.stride,
        has_bias,
        ..Convolution::same(block.hidden, 3)
    }
}
