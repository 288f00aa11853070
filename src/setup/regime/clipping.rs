use serde::{Deserialize, Serialize};

use super::above_zero;
use crate::setup::Problems;

/// Bound on the gradient before the optimiser sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GradientClipping {
    /// No bound.
    #[default]
    None,
    /// The gradient of all parameters together is scaled down to this Euclidean norm.
    Norm {
        /// Largest norm, above 0.
        max: f64,
    },
    /// Every component is cut at ± this value.
    Value {
        /// Largest absolute value, above 0.
        max: f64,
    },
}

impl GradientClipping {
    /// Every kind of clipping, as named in files and flags.
    pub const KINDS: [&str; 3] = ["none", "norm", "value"];

    pub(super) fn validate(self, problems: &mut Problems) {
        if let Self::Norm { max } | Self::Value { max } = self {
            above_zero(problems, "regime.gradient_clipping.max", max);
        }
    }
}
