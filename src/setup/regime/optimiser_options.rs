//! Options of each optimiser.

use serde::{Deserialize, Serialize};

/// Options of stochastic gradient descent. Momentum has no dampening, as in PyTorch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SgdSetup {
    /// Share of the last step that is kept, 0 to below 1; 0 is plain descent.
    pub momentum: f64,
    /// Look-ahead form of the momentum; needs a momentum.
    pub nesterov: bool,
    /// L2 term, at least 0.
    pub weight_decay: f64,
}

impl Default for SgdSetup {
    fn default() -> Self {
        Self {
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
        }
    }
}

/// Options of Adam.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamSetup {
    /// Decay of the mean of gradients, 0 to below 1.
    pub beta_1: f64,
    /// Decay of the mean of squared gradients, 0 to below 1.
    pub beta_2: f64,
    /// Added to the denominator, above 0.
    pub epsilon: f64,
    /// L2 term, at least 0.
    pub weight_decay: f64,
}

impl Default for AdamSetup {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
        }
    }
}

/// Options of AdamW.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWSetup {
    /// Decay of the mean of gradients, 0 to below 1.
    pub beta_1: f64,
    /// Decay of the mean of squared gradients, 0 to below 1.
    pub beta_2: f64,
    /// Added to the denominator, above 0.
    pub epsilon: f64,
    /// Decoupled decay, at least 0.
    pub weight_decay: f64,
}

impl Default for AdamWSetup {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
        }
    }
}

/// Options of RMSprop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RmsPropSetup {
    /// Decay of the mean of squared gradients, 0 to below 1.
    pub alpha: f64,
    /// Share of the last step that is kept, 0 to below 1.
    pub momentum: f64,
    /// Added to the denominator, above 0.
    pub epsilon: f64,
    /// Whether the mean gradient is taken off before squaring.
    pub centered: bool,
    /// L2 term, at least 0.
    pub weight_decay: f64,
}

impl Default for RmsPropSetup {
    fn default() -> Self {
        Self {
            alpha: 0.99,
            momentum: 0.0,
            epsilon: 1e-8,
            centered: false,
            weight_decay: 0.0,
        }
    }
}

/// Options of AdaGrad.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaGradSetup {
    /// Added to the denominator, above 0.
    pub epsilon: f64,
    /// L2 term, at least 0.
    pub weight_decay: f64,
}

impl Default for AdaGradSetup {
    fn default() -> Self {
        Self {
            epsilon: 1e-10,
            weight_decay: 0.0,
        }
    }
}

/// Options of Lion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LionSetup {
    /// Weight of the mean against the newest gradient in a step, 0 to below 1.
    pub beta_1: f64,
    /// Decay of the mean of gradients, 0 to below 1.
    pub beta_2: f64,
    /// Decoupled decay, at least 0.
    pub weight_decay: f64,
}

impl Default for LionSetup {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.99,
            weight_decay: 0.0,
        }
    }
}

/// Options of Muon: of its own for hidden weight matrices, and of AdamW for all else. Its steps are scaled by 0.2·√(longer
/// side of the matrix), which gives them the size of AdamW's, so that one learning rate serves both (Liu and others 2025).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MuonSetup {
    /// Share of the last momentum that is kept, 0 to below 1.
    pub momentum: f64,
    /// Look-ahead form of the momentum.
    pub nesterov: bool,
    /// AdamW: decay of the mean of gradients, 0 to below 1.
    pub beta_1: f64,
    /// AdamW: decay of the mean of squared gradients, 0 to below 1.
    pub beta_2: f64,
    /// AdamW: added to the denominator, above 0.
    pub epsilon: f64,
    /// Decoupled decay of both, at least 0.
    pub weight_decay: f64,
}

impl Default for MuonSetup {
    fn default() -> Self {
        Self {
            momentum: 0.95,
            nesterov: true,
            beta_1: 0.9,
            beta_2: 0.95,
            epsilon: 1e-8,
            weight_decay: 0.1,
        }
    }
}

/// Options of LAMB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LambSetup {
    /// Decay of the mean of gradients, 0 to below 1.
    pub beta_1: f64,
    /// Decay of the mean of squared gradients, 0 to below 1.
    pub beta_2: f64,
    /// Added to the denominator, above 0.
    pub epsilon: f64,
    /// Decay that is part of the step before it is scaled, at least 0.
    pub weight_decay: f64,
}

impl Default for LambSetup {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-6,
            weight_decay: 0.01,
        }
    }
}
