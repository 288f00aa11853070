use serde::{Deserialize, Serialize};

/// What a run is doing. Each moment of a run belongs to one phase; the device is synchronised where phases meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nothing, on purpose: the idle baseline.
    Idle,
    /// Reading the dataset, moving it to the device, drawing initial weights.
    Load,
    /// Compiling and tuning kernels on steps that are thrown away.
    WarmUp,
    /// Training steps.
    Train,
    /// Looking at the held-out samples.
    Evaluate,
    /// Saving the state.
    Checkpoint,
    /// Held by the user.
    Pause,
}

impl Phase {
    /// Every phase, in the order in which a run meets them.
    pub const ALL: [Self; 7] = [
        Self::Idle,
        Self::Load,
        Self::WarmUp,
        Self::Train,
        Self::Evaluate,
        Self::Checkpoint,
        Self::Pause,
    ];

    /// Name, as stored, exported and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Load => "load",
            Self::WarmUp => "warm-up",
            Self::Train => "train",
            Self::Evaluate => "evaluate",
            Self::Checkpoint => "checkpoint",
            Self::Pause => "pause",
        }
    }

    /// Whether its energy is part of the run's result: what training to the reached accuracy cost.
    pub fn is_training(self) -> bool {
        matches!(self, Self::Train | Self::Evaluate)
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
