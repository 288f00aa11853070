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

/// A part of a training step, as the loop goes through it. The parts are what the thread that trains does: of a device that
/// works by itself, they are the time to hand the work over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepPart {
    /// Taking the batch's samples, normalising and changing them.
    Gather,
    /// Playing episodes, where experience is learnt from. Waits for the device at each moment of them.
    Play,
    /// The answers of a teacher, where there is one.
    Teach,
    /// The network's answers and their loss. With experience the backward pass is in it.
    Forward,
    /// Adding losses and hits to the sums that are read later.
    Metrics,
    /// Gradients of the loss.
    Backward,
    /// Clipping, the optimiser's update, the average of the weights.
    Optimiser,
    /// Reading the sums of the last steps. Waits for the device; about four times a second.
    Read,
}

impl StepPart {
    /// Every part, in the order of a step.
    pub const ALL: [Self; 8] = [
        Self::Gather,
        Self::Play,
        Self::Teach,
        Self::Forward,
        Self::Metrics,
        Self::Backward,
        Self::Optimiser,
        Self::Read,
    ];

    /// Name, as shown and exported.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gather => "gather",
            Self::Play => "play",
            Self::Teach => "teach",
            Self::Forward => "forward",
            Self::Metrics => "metrics",
            Self::Backward => "backward",
            Self::Optimiser => "optimiser",
            Self::Read => "read",
        }
    }
}

impl std::fmt::Display for StepPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
