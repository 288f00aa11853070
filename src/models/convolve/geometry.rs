//! Sizes of a convolution, and of the patches that its products are made of.

/// Numbers of patches that are laid at a time: 8 MiB, which the last cache of most processors holds. The sums of gradients are
/// taken block by block, so this must not depend on the machine: it would change the last bits of a run.
const BLOCK: usize = 2 << 20;

/// A convolution in one group, of images whose padding is the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Images.
    pub batch: usize,
    /// Channels of the images.
    pub from: usize,
    /// Channels of the result.
    pub to: usize,
    /// Height and width of the images.
    pub side: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Pixels from one patch to the next, down and to the right.
    pub stride: [usize; 2],
    /// Zeros above and below, left and right; less than the kernel.
    pub padding: [usize; 2],
}

impl Geometry {
    /// Height and width of the result.
    pub fn out(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            (self.side[axis] + 2 * self.padding[axis] - self.kernel[axis]) / self.stride[axis] + 1
        })
    }

    /// Pixels of an image.
    pub fn pixels(&self) -> usize {
        self.side[0] * self.side[1]
    }

    /// Pixels of an image of the result.
    pub fn out_pixels(&self) -> usize {
        let [height, width] = self.out();
        height * width
    }

    /// Numbers in a patch.
    pub fn depth(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.from
    }

    /// Columns of a laid row: those of the image and one padding. What a patch lacks on the right are the zeros that the next
    /// row begins with. A multiple of the stride, so that all patches lie equally far apart.
    pub fn pitch(&self) -> usize {
        let stride = self.stride[1];
        (self.side[1] + self.padding[1])
            .max(self.out()[1] * stride)
            .next_multiple_of(stride)
    }

    /// Patches in a laid row: those of a row of the result, and a few that are of no use, across two rows.
    pub fn columns(&self) -> usize {
        self.pitch() / self.stride[1]
    }

    /// Patches of an image, those of no use among them.
    pub fn patches(&self) -> usize {
        self.out()[0] * self.columns()
    }

    /// Numbers of a column of a laid row: as many pixels as the kernel is high, below each other.
    pub fn tower(&self) -> usize {
        self.kernel[0] * self.from
    }

    /// Numbers of an image's laid rows.
    pub fn laid(&self) -> usize {
        self.out()[0] * self.pitch() * self.tower()
    }

    /// Images that are laid at a time.
    pub fn block(&self) -> usize {
        (BLOCK / self.laid()).clamp(1, self.batch.max(1))
    }

    /// The convolution that takes a gradient of the result to that of the images, where the stride is 1.
    pub fn backwards(&self) -> Self {
        Self {
            from: self.to,
            to: self.from,
            side: self.out(),
            padding: [0, 1].map(|axis| self.kernel[axis] - 1 - self.padding[axis]),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No patch of use reaches past the zeros at the left of the next row, whatever the sizes.
    #[test]
    fn a_patch_across_two_rows_sees_zeros_only() {
        for side in 1..12 {
            for kernel in 1..6 {
                for stride in 1..5 {
                    for padding in 0..kernel {
                        if side + 2 * padding < kernel {
                            continue;
                        }
                        let geometry = Geometry {
                            batch: 1,
                            from: 1,
                            to: 1,
                            side: [side; 2],
                            kernel: [kernel; 2],
                            stride: [stride; 2],
                            padding: [padding; 2],
                        };
                        let (pitch, out) = (geometry.pitch(), geometry.out()[1]);
                        let end = (out - 1) * stride + kernel;
                        assert!(pitch >= side + padding, "{geometry:?}");
                        assert!(geometry.columns() >= out, "{geometry:?}");
                        assert!(end <= pitch + padding, "{geometry:?}");
                    }
                }
            }
        }
    }
}
