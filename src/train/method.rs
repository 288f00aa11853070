//! What one way of learning does within the loop, which is the same for all.

use super::checkpoint::Position;
use super::confusion::Answers;
use super::kept::Kept;
use super::learner::Learner;
use super::metrics::Reading;
use super::objective::Means;
use super::{Observer, Predictions, TrainError};
use crate::models::Network;
use crate::setup::{InputShape, Metric, Outputs};

/// What is learnt from.
pub struct Subject {
    /// Shape of one sample.
    pub input: InputShape,
    /// What a network answers with.
    pub outputs: Outputs,
    /// Samples to learn from, where there are any beforehand.
    pub samples: usize,
    /// What they go through before the network sees them, where there are any.
    pub kept: Option<Kept>,
}

/// A way of learning.
pub trait Method {
    /// By which a network is judged.
    fn metric(&self) -> Metric;

    /// The step of the optimiser after as many as `position` says, at this learning rate; counts itself there, and tells
    /// `observer` of its work.
    ///
    /// # Errors
    /// Where the device failed, as far as that is seen without waiting for it.
    fn step(
        &mut self,
        learner: Learner,
        learning_rate: f64,
        position: &mut Position,
        observer: &mut dyn Observer,
    ) -> Result<Learner, TrainError>;

    /// From the next step on images have this height and width; `None`: their own.
    fn resize(&mut self, size: Option<(usize, usize)>) {
        let _ = size;
    }

    /// The steps of the warm-up are over: what they left behind is thrown away, so that the run does all of its work itself.
    fn warmed_up(&mut self) {}

    /// Steps since the last reading.
    fn unread(&self) -> u64;

    /// Means over the steps since the last reading; `None` where there was none. Waits for the device.
    ///
    /// # Errors
    /// Where the device failed since it was last waited for.
    fn read(&mut self) -> Result<Option<Reading>, TrainError>;

    /// How good `network` is, by samples that it does not learn from or, where there are none, by its last experience.
    /// Waits for the device, and tells `observer` of the work.
    ///
    /// # Errors
    /// Where the device failed.
    fn look(
        &mut self,
        network: &Network,
        position: &Position,
        observer: &mut dyn Observer,
    ) -> Result<Look, TrainError>;

    /// What `answers` of a look come to, after `step` steps in `epoch`: of each head, where there are several.
    fn predictions(&self, answers: Answers, step: u64, epoch: u64) -> Vec<Predictions> {
        let _ = (answers, step, epoch);
        Vec::new()
    }
}

/// A look at a network.
pub struct Look {
    /// Loss and metrics.
    pub means: Means,
    /// Whether it is of as many samples as a target asks for.
    pub is_whole: bool,
    /// The answers, where single ones are of interest.
    pub answers: Option<Answers>,
}
