//! How much one branch took of what the other did.

use serde::Serialize;

use crate::analysis::statistics::Test;
use crate::analysis::sweep::Ratio;

/// Joint ÷ separate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BranchRatio {
    /// What it is, and between what it lies.
    pub estimate: RatioEstimate,
    /// Whether seeds were compared one by one, since both branches have the same.
    pub paired: bool,
    /// The test that there is no difference, on the logarithm of the ratio; `None` where either branch has one seed.
    pub test: Option<Test>,
}

/// A ratio of means and the ends of its 95 % interval over seeds and meters. Where either branch has one seed there are no ends:
/// what chance does is not known, and one meter's error cancels, so that the measurement alone would make an interval of no width.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RatioEstimate {
    /// Mean of the joint branch ÷ mean of the separate one.
    pub value: f64,
    /// Its lower end.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
}

impl RatioEstimate {
    /// Both ends, where there are.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }
}

impl From<Ratio> for BranchRatio {
    fn from(ratio: Ratio) -> Self {
        let ends = ratio.test.map(|_| ratio.estimate);
        Self {
            estimate: RatioEstimate {
                value: ratio.estimate.value,
                low: ends.map(|ends| ends.low),
                high: ends.map(|ends| ends.high),
            },
            paired: ratio.paired,
            test: ratio.test,
        }
    }
}
