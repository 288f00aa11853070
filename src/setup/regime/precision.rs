use serde::{Deserialize, Serialize};

/// Numbers with which the network computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32 bits throughout.
    #[default]
    F32,
    /// 16 bits in the forward and the backward pass, with a dynamic loss scale (Micikevicius and others 2018). Weights,
    /// normalisation, loss and optimiser stay in 32.
    F16,
}

impl Precision {
    /// Name, as in files and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }
}
