use super::planner::{Convolution, Planner};
use crate::setup::{CnnHead, InputShape, Normalisation, Pooling, Residual, ResnetSetup};

impl Planner {
    pub(super) fn resnet(&mut self, resnet: &ResnetSetup) -> Option<usize> {
        self.image("a residual network")?;
        let (height, width) = self.built_size();
        let has_bias = resnet.normalisation == Normalisation::None;
        self.at("stem");
        self.group("stem");
        let keeps_size = resnet.stem.keeps_size(height, width);
        let stem = if keeps_size {
            Convolution::same(resnet.width, 3)
        } else {
            Convolution::same(resnet.width, 7).stride(2)
        };
        let activation = Some(resnet.activation);
        self.conv_block(stem.bias(has_bias), resnet.normalisation, activation);
        if !keeps_size {
            self.pool(Pooling::Max, 3, 1);
        }
        for (index, block) in resnet.blocks().into_iter().enumerate() {
            self.at(format!("block {}.{}", block.at.0, block.at.1));
            self.group(format!("blocks.{index}"));
            self.residual(resnet, &block, has_bias);
        }
        self.head(CnnHead::GlobalAverage);
        self.answer(resnet.dropout)
    }

    fn residual(&mut self, resnet: &ResnetSetup, block: &Residual, has_bias: bool) {
        let entered = self.shape;
        let norm = resnet.normalisation;
        let conv = |out, kernel| Convolution::same(out, kernel).bias(has_bias);
        if resnet.has_bottlenecks() {
            let activation = Some(resnet.activation);
            self.conv_block(conv(block.channels, 1), norm, activation);
            let middle = conv(block.channels, 3).stride(block.stride);
            self.conv_block(middle, norm, activation);
            self.conv_block(conv(block.out, 1), norm, None);
        } else {
            let first = conv(block.channels, 3).stride(block.stride);
            self.conv_block(first, norm, Some(resnet.activation));
            self.conv_block(conv(block.out, 3), norm, None);
        }
        if block.stride != 1 || entered.channels() != block.out {
            let place = format!("block {}.{} shortcut", block.at.0, block.at.1);
            self.branch(entered, place, |planner| {
                let shortcut = conv(block.out, 1).stride(block.stride);
                planner.conv_block(shortcut, norm, None);
            });
        }
        self.elementwise("add");
        self.activate(resnet.activation);
    }

    /// Layers that start from `entered` again; what they give is added to what the layers before gave.
    fn branch(&mut self, entered: InputShape, place: String, layers: impl FnOnce(&mut Self)) {
        let back = self.at_place();
        self.shape = entered;
        self.at(place);
        layers(self);
        self.at(back);
    }
}
