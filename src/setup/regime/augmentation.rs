use serde::{Deserialize, Serialize};

use crate::setup::{DataCounts, InputShape, Problems, Task};

/// How training images are changed each time they are seen, in this order. Held-out images never are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentationSetup {
    /// Random crop: the image is padded by this many black pixels on each side and cut back to its size at a random
    /// place. 0 for none.
    pub crop_padding: usize,
    /// Every other image, by chance, is mirrored left to right.
    pub flip: bool,
    /// Cutout (DeVries and Taylor 2017): side of a square at a random place, as far as it is inside the image, that is set
    /// to the mean of the training images. 0 for none.
    pub cutout: usize,
    /// Mixup (Zhang and others 2018): α of the Beta(α, α) distribution from which each batch's share λ is drawn; images and
    /// targets become λ times themselves and 1 − λ times their neighbour in the batch. 0 for none.
    pub mixup: f64,
}

/// Largest α of mixup; beyond it λ is one half for all that matters.
const MIXUP_MAX: f64 = 1000.0;

impl AugmentationSetup {
    /// Whether anything is changed.
    pub fn is_active(&self) -> bool {
        self.moves_pixels() || self.mixup > 0.0
    }

    /// Whether images are changed one by one.
    pub fn moves_pixels(&self) -> bool {
        self.crop_padding > 0 || self.flip || self.cutout > 0
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            (0.0..=MIXUP_MAX).contains(&self.mixup),
            "regime.augmentation.mixup",
            self.mixup,
            format!("0 (none) to {MIXUP_MAX}"),
        );
    }

    pub(super) fn validate_for(&self, data: &DataCounts, problems: &mut Problems) {
        let InputShape::Image { height, width, .. } = data.input else {
            problems.require(
                !self.is_active(),
                "regime.augmentation",
                "augmentation",
                format!(
                    "none for this data ({}); only images can be augmented",
                    data.input
                ),
            );
            return;
        };
        problems.require(
            self.crop_padding <= height.min(width),
            "regime.augmentation.crop_padding",
            self.crop_padding,
            format!("0 (none) to {}, the size of the image", height.min(width)),
        );
        problems.require(
            self.cutout <= height.max(width),
            "regime.augmentation.cutout",
            self.cutout,
            format!("0 (none) to {}, the size of the image", height.max(width)),
        );
        problems.require(
            self.mixup <= 0.0 || data.task == Task::Classification,
            "regime.augmentation.mixup",
            self.mixup,
            "0 for this task; only classes can be mixed",
        );
    }
}
