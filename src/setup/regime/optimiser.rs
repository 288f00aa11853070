use serde::{Deserialize, Serialize};

use super::{
    AdaGradSetup, AdamSetup, AdamWSetup, LambSetup, LionSetup, MuonSetup, RmsPropSetup, SgdSetup,
    above_zero, share,
};
use crate::setup::Problems;

/// Writes the enum and what follows from its list of variants, so that an optimiser's name, options and defaults cannot
/// drift apart.
macro_rules! optimisers {
    ($($(#[$doc:meta])* $variant:ident($options:ident) = $name:literal),+ $(,)?) => {
        /// Which rule turns gradients into steps.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum OptimiserSetup {
            $($(#[$doc])* #[serde(rename = $name)] $variant($options)),+
        }

        impl OptimiserSetup {
            /// Every kind of optimiser, as named in files and flags.
            pub const KINDS: [&'static str; [$($name),+].len()] = [$($name),+];

            /// The kind, as named in files and flags.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),+ }
            }

            /// The optimiser of a kind, with the default of each option; `None` where there is no such kind.
            pub fn of_kind(kind: &str) -> Option<Self> {
                match kind {
                    $($name => Some(Self::$variant($options::default())),)+
                    _ => None,
                }
            }

            /// Reads the options of a kind from a table without `kind`, for an error that names the field.
            pub(in crate::setup) fn try_options(
                kind: &str,
                table: serde_json::Value,
            ) -> Result<(), serde_path_to_error::Error<serde_json::Error>> {
                match kind {
                    $($name => serde_path_to_error::deserialize::<_, $options>(table).map(drop),)+
                    _ => Ok(()),
                }
            }
        }
    };
}

optimisers! {
    /// Stochastic gradient descent.
    Sgd(SgdSetup) = "sgd",
    /// Adam (Kingma and Ba 2015), weight decay as L2 term.
    Adam(AdamSetup) = "adam",
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW(AdamWSetup) = "adamw",
    /// RMSprop (Hinton 2012).
    RmsProp(RmsPropSetup) = "rmsprop",
    /// AdaGrad (Duchi, Hazan and Singer 2011).
    AdaGrad(AdaGradSetup) = "adagrad",
    /// Lion: the sign of a mean of gradients (Chen and others 2023). Wants a learning rate three to ten times smaller than
    /// AdamW's.
    Lion(LionSetup) = "lion",
    /// Muon: momentum made orthogonal for hidden weight matrices (Jordan and others 2024), AdamW for all else.
    Muon(MuonSetup) = "muon",
    /// LAMB: Adam's step scaled by a trust ratio for each parameter tensor, for large batches (You and others 2020).
    Lamb(LambSetup) = "lamb",
}

impl OptimiserSetup {
    /// Numbers that it keeps for each parameter. Of Muon, what it keeps for the matrices that are its own; AdamW, which
    /// has the others, keeps 2.
    pub fn state_per_parameter(&self) -> u64 {
        match self {
            Self::Sgd(sgd) => u64::from(sgd.momentum > 0.0),
            Self::Adam(_) | Self::AdamW(_) | Self::Lamb(_) => 2,
            Self::RmsProp(rmsprop) => {
                1 + u64::from(rmsprop.momentum > 0.0) + u64::from(rmsprop.centered)
            }
            Self::AdaGrad(_) | Self::Lion(_) | Self::Muon(_) => 1,
        }
    }

    pub(super) fn validate(&self, problems: &mut Problems) {
        let field = |name: &str| format!("regime.optimiser.{name}");
        let mut betas = |beta_1: f64, beta_2: f64| {
            share(problems, &field("beta_1"), beta_1);
            share(problems, &field("beta_2"), beta_2);
        };
        let (momentum, epsilon, weight_decay) = match self {
            Self::Sgd(sgd) => (Some(sgd.momentum), None, sgd.weight_decay),
            Self::Adam(adam) => {
                betas(adam.beta_1, adam.beta_2);
                (None, Some(adam.epsilon), adam.weight_decay)
            }
            Self::AdamW(adam) => {
                betas(adam.beta_1, adam.beta_2);
                (None, Some(adam.epsilon), adam.weight_decay)
            }
            Self::RmsProp(rmsprop) => {
                share(problems, &field("alpha"), rmsprop.alpha);
                let RmsPropSetup {
                    momentum, epsilon, ..
                } = *rmsprop;
                (Some(momentum), Some(epsilon), rmsprop.weight_decay)
            }
            Self::AdaGrad(adagrad) => (None, Some(adagrad.epsilon), adagrad.weight_decay),
            Self::Lion(lion) => {
                betas(lion.beta_1, lion.beta_2);
                (None, None, lion.weight_decay)
            }
            Self::Muon(muon) => {
                betas(muon.beta_1, muon.beta_2);
                (Some(muon.momentum), Some(muon.epsilon), muon.weight_decay)
            }
            Self::Lamb(lamb) => {
                betas(lamb.beta_1, lamb.beta_2);
                (None, Some(lamb.epsilon), lamb.weight_decay)
            }
        };
        if let Some(momentum) = momentum {
            share(problems, &field("momentum"), momentum);
        }
        if let Some(epsilon) = epsilon {
            above_zero(problems, &field("epsilon"), epsilon);
        }
        if let Self::Sgd(sgd) = self {
            problems.require(
                !sgd.nesterov || sgd.momentum > 0.0,
                field("nesterov"),
                sgd.nesterov,
                "true only with a momentum above 0",
            );
        }
        problems.require(
            weight_decay.is_finite() && weight_decay >= 0.0,
            field("weight_decay"),
            weight_decay,
            "a finite number, 0 or more",
        );
    }
}

impl Default for OptimiserSetup {
    fn default() -> Self {
        Self::Adam(AdamSetup::default())
    }
}
