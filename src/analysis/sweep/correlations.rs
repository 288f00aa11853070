//! Whether the usual stand-ins for energy go with it.

use serde::Serialize;

use super::effects::Measure;
use super::setups::SetupResult;
use crate::analysis::statistics::{Correlation, kendall, spearman};

/// What is often taken as a stand-in for energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StandIn {
    /// Trainable parameters.
    Parameters,
    /// Floating-point operations for one training sample.
    Flops,
    /// Multiply-accumulate operations of a forward pass ÷ parameters.
    MacsPerParameter,
    /// How busy the device was.
    Utilisation,
}

impl StandIn {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::Parameters,
        Self::Flops,
        Self::MacsPerParameter,
        Self::Utilisation,
    ];

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Flops => "FLOP per sample",
            Self::MacsPerParameter => "MAC per parameter",
            Self::Utilisation => "utilisation",
        }
    }

    /// Its figure for a setup.
    pub fn of(self, setup: &SetupResult) -> Option<f64> {
        match self {
            Self::Parameters => setup.parameters,
            Self::Flops => setup.flops_per_sample,
            Self::MacsPerParameter => {
                let parameters = setup.parameters.filter(|parameters| *parameters > 0.0)?;
                Some(setup.macs? / parameters)
            }
            Self::Utilisation => setup.utilisation,
        }
    }
}

/// How a stand-in goes with an energy over the setups, each of which counts once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rank {
    /// The stand-in.
    pub stand_in: StandIn,
    /// The energy.
    pub measure: Measure,
    /// Spearman's ρ.
    pub spearman: Correlation,
    /// Kendall's τ-b.
    pub kendall: Correlation,
}

/// The rank correlations of energy, and of energy per sample, with each stand-in that varies.
pub fn correlations(setups: &[SetupResult]) -> Vec<Rank> {
    let mut found = Vec::new();
    for measure in [Measure::Energy, Measure::EnergyPerSample] {
        for stand_in in StandIn::ALL {
            let pairs: Vec<(f64, f64)> = setups
                .iter()
                .filter_map(|setup| Some((stand_in.of(setup)?, measure.of(setup)?.mean())))
                .collect();
            if let Some((spearman, kendall)) = spearman(&pairs).zip(kendall(&pairs)) {
                found.push(Rank {
                    stand_in,
                    measure,
                    spearman,
                    kendall,
                });
            }
        }
    }
    found
}
