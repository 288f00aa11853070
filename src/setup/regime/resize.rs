use serde::{Deserialize, Serialize};

use super::freezing::step_at;
use crate::setup::plan::{Heads, Plan, SmallerPlan, plan_smaller};
use crate::setup::{DataCounts, InputShape, ModelSetup, Problems};

/// Progressive resizing: training begins with smaller images, which cost less, and ends with whole ones. Held-out images are
/// always whole.
///
/// In the first `over` of the run there are `stages` sizes of equal duration, stage `k` from 0 with share `from + (1 − from)·k / stages`
/// of height and width; from then on images have their own size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResizeSetup {
    /// Height and width of the first images as a share of their own, above 0 to 1; with 1 none are smaller.
    pub from: f64,
    /// The share of the run in which images are smaller, above 0 to below 1.
    pub over: f64,
    /// In how many sizes, 1 to 64.
    pub stages: u64,
}

/// Most sizes that are accepted: kernels of each are compiled before the run.
const STAGES_MAX: u64 = 64;

impl Default for ResizeSetup {
    fn default() -> Self {
        Self {
            from: 0.5,
            over: 0.5,
            stages: 2,
        }
    }
}

impl ResizeSetup {
    /// When the size changes, as a share of the run from 0, and height and width from then on of images that have `height` and
    /// `width`. Stages whose pixels are the same are one.
    pub fn sizes(&self, height: usize, width: usize) -> Vec<(f64, (usize, usize))> {
        let stages = self.stages.clamp(1, STAGES_MAX);
        let mut sizes: Vec<(f64, (usize, usize))> = Vec::new();
        for stage in 0..=stages {
            let at = stage as f64 / stages as f64;
            let share = self.from + (1.0 - self.from) * at;
            let pixels = |side: usize| ((side as f64 * share).round() as usize).clamp(1, side);
            let size = (pixels(height), pixels(width));
            if sizes.last().is_none_or(|(_, before)| *before != size) {
                sizes.push((self.over * at, size));
            }
        }
        sizes
    }

    /// The same by the first step, from 0, of a run of `total` steps.
    pub fn changes(&self, height: usize, width: usize, total: u64) -> Vec<(u64, (usize, usize))> {
        let sizes = self.sizes(height, width).into_iter();
        sizes
            .map(|(share, size)| (step_at(share, total), size))
            .collect()
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        problems.require(
            self.from > 0.0 && self.from <= 1.0,
            "regime.resize.from",
            self.from,
            "a share of the size, above 0 to 1",
        );
        problems.require(
            self.over > 0.0 && self.over < 1.0,
            "regime.resize.over",
            self.over,
            "a share of the run, above 0 to below 1",
        );
        problems.require(
            (1..=STAGES_MAX).contains(&self.stages),
            "regime.resize.stages",
            self.stages,
            format!("a whole number, 1 to {STAGES_MAX}"),
        );
    }

    /// The layers of `model` at each size but the whole one, smallest first; what cannot be made smaller is refused.
    pub(in crate::setup) fn smaller(
        &self,
        model: &ModelSetup,
        data: &DataCounts,
        heads: Option<&Heads>,
        problems: &mut Problems,
    ) -> Vec<SmallerPlan> {
        let InputShape::Image {
            channels,
            height,
            width,
        } = data.input
        else {
            problems.require(
                false,
                "regime.resize",
                data.input,
                "no resizing for this data: only images can be smaller",
            );
            return Vec::new();
        };
        let whole = (height, width);
        let sizes = self.sizes(height, width).into_iter();
        let sizes: Vec<_> = sizes
            .map(|(_, size)| size)
            .filter(|size| *size != whole)
            .collect();
        if !sizes.is_empty() && !model.takes_other_sizes() {
            problems.require(
                false,
                "regime.resize",
                model.kind(),
                "a model that takes images of several sizes: resnet, mobilenet-v2, or a cnn or vgg whose head is `global-average`",
            );
            return Vec::new();
        }
        let mut smaller: Vec<SmallerPlan> = Vec::new();
        for (h, w) in sizes {
            let input = InputShape::Image {
                channels,
                height: h,
                width: w,
            };
            match plan_smaller(model, data.input, input, data.outputs, heads) {
                Ok(layers) => smaller.push(SmallerPlan { input, layers }),
                Err(wrong) => {
                    let why = wrong.0.first();
                    let why = why.map_or_else(String::new, |why| {
                        format!(" ({}: {})", why.field, why.allowed)
                    });
                    problems.require(
                        false,
                        "regime.resize.from",
                        self.from,
                        format!(
                            "a larger share: this model does not take images of {h}×{w} pixels{why}"
                        ),
                    );
                    return Vec::new();
                }
            }
        }
        smaller
    }
}

/// Whether `plan` has the layers for images of this size.
pub(in crate::setup) fn is_whole(plan: &Plan, size: (usize, usize)) -> bool {
    let is_this = |smaller: &SmallerPlan| smaller.input.height_and_width() == Some(size);
    !plan.smaller.iter().any(is_this)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_grow_evenly_to_the_whole_image() {
        let setup = ResizeSetup {
            stages: 4,
            ..ResizeSetup::default()
        };
        let sizes = setup.sizes(32, 16);
        let shares: Vec<f64> = sizes.iter().map(|(share, _)| *share).collect();
        assert_eq!(shares, [0.0, 0.125, 0.25, 0.375, 0.5]);
        let pixels: Vec<_> = sizes.iter().map(|(_, size)| *size).collect();
        assert_eq!(pixels, [(16, 8), (20, 10), (24, 12), (28, 14), (32, 16)]);
        assert_eq!(setup.changes(32, 16, 80)[4], (40, (32, 16)));
    }

    #[test]
    fn a_first_size_of_one_is_no_resizing() {
        let setup = ResizeSetup {
            from: 1.0,
            ..ResizeSetup::default()
        };
        assert_eq!(setup.sizes(8, 8), [(0.0, (8, 8))]);
    }

    #[test]
    fn stages_of_the_same_pixels_are_one() {
        let setup = ResizeSetup {
            stages: 64,
            ..ResizeSetup::default()
        };
        let sizes = setup.sizes(4, 4);
        let pixels: Vec<_> = sizes.iter().map(|(_, size)| *size).collect();
        assert_eq!(pixels, [(2, 2), (3, 3), (4, 4)]);
    }
}
