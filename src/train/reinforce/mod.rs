//! Reinforcement learning: a policy learns by what its actions in an environment of this program earn.
//!
//! The method is REINFORCE with a baseline (Williams 1992). A step of the optimiser is over `regime.batch_size` whole episodes,
//! played side by side with the policy as it is; nothing of them is left when the next step begins. So the number of a step
//! and the seed say all about its episodes, and a run that is resumed plays the ones that it would have played.

mod advantage;
mod cartpole;
mod recent;
mod rollout;
mod update;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

pub use cartpole::{CartPole, Episode};
pub use recent::Recent;

use super::checkpoint::Position;
use super::learner::Learner;
use super::method::{Look, Method, Subject};
use super::metrics::{Reading, first};
use super::objective::Means;
use super::{Observer, TrainError, Work};
use crate::models::Network;
use crate::setup::{
    CartPoleSetup, InputShape, Metric, Outputs, RegimeSetup, ReinforcementSetup, StepPart, Task,
};

/// Learning to balance a pole by REINFORCE.
pub struct Reinforced {
    regime: RegimeSetup,
    options: ReinforcementSetup,
    /// Steps after which an episode ends at the latest.
    length_max: u32,
    device: Device,
    autodiff: Device,
    unread: Unread,
}

/// What came together since the last reading.
struct Unread {
    /// Sum of the losses of its steps, `[1]`, on the device.
    loss: Tensor<1>,
    /// Sum of the returns of its episodes.
    returns: f64,
    episodes: u64,
    steps: u64,
    samples: u64,
}

impl Unread {
    fn new(device: &Device) -> Self {
        Self {
            loss: Tensor::zeros([1], device),
            returns: 0.0,
            episodes: 0,
            steps: 0,
            samples: 0,
        }
    }
}

impl Reinforced {
    /// On `device`, which is without autodiff.
    pub fn new(regime: &RegimeSetup, cartpole: &CartPoleSetup, device: &Device) -> (Self, Subject) {
        let learner = Self {
            regime: regime.clone(),
            options: regime.reinforcement(),
            length_max: u32::try_from(cartpole.episode_steps_max).unwrap_or(u32::MAX),
            device: device.clone(),
            autodiff: device.clone().autodiff(),
            unread: Unread::new(device),
        };
        let subject = Subject {
            input: InputShape::Features(cartpole::OBSERVED),
            outputs: Outputs::of_sample(cartpole::ACTIONS),
            samples: 0,
            kept: None,
        };
        (learner, subject)
    }

    /// The episodes of a step, at their beginning.
    fn episodes(&self, step: u64) -> Vec<Episode> {
        let count = self.regime.batch_size as u64;
        (step * count..(step + 1) * count)
            .map(|number| Episode::start(self.regime.seed, number, self.length_max))
            .collect()
    }
}

impl Method for Reinforced {
    fn metric(&self) -> Metric {
        Task::Reinforcement.metric()
    }

    /// Waits for the device at each moment of the episodes: what is seen next depends on what is done.
    fn step(
        &mut self,
        learner: Learner,
        learning_rate: f64,
        position: &mut Position,
        observer: &mut dyn Observer,
    ) -> Result<Learner, TrainError> {
        let episodes = self.episodes(position.step);
        let count = episodes.len() as u64;
        let network = learner.network();
        observer.part(StepPart::Play);
        let played = rollout::play(&network.valid(), episodes, &self.device)?;
        observer.worked(Work::Forward {
            samples: count * played.passes,
            batches: played.passes,
        });

        observer.part(StepPart::Forward);
        let advantages = advantage::advantages(&played, self.options.discount);
        let entropy = self.options.entropy;
        let update = update::update(network, &played, &advantages, entropy, &self.autodiff);
        observer.part(StepPart::Optimiser);
        let learner = learner.apply(&self.regime, update.gradients, learning_rate, position.step);
        observer.worked(Work::Update {
            samples: update.samples,
            batches: update.parts,
        });

        let returns = || played.lengths.iter().map(|&length| f64::from(length));
        let samples = played.actions.len() as u64;
        position.step += 1;
        position.samples += samples;
        position.recent.add(returns());
        let unread = &mut self.unread;
        unread.loss = unread.loss.clone() + update.loss;
        unread.returns += returns().sum::<f64>();
        unread.episodes += count;
        unread.steps += 1;
        unread.samples += samples;
        Ok(learner)
    }

    fn unread(&self) -> u64 {
        self.unread.steps
    }

    fn read(&mut self) -> Result<Option<Reading>, TrainError> {
        if self.unread.steps == 0 {
            return Ok(None);
        }
        let unread = std::mem::replace(&mut self.unread, Unread::new(&self.device));
        let loss = unread
            .loss
            .try_into_data()
            .map_err(TrainError::device("reading the training metrics"))?;
        Ok(Some(Reading {
            heads: Vec::new(),
            loss: first(&[loss], 0) / unread.steps as f64,
            metric: unread.returns / unread.episodes as f64,
            steps: unread.steps,
            samples: unread.samples,
        }))
    }

    /// By the episodes that it learnt from last: none are played for it.
    fn look(
        &mut self,
        _: &Network,
        position: &Position,
        _: &mut dyn Observer,
    ) -> Result<Look, TrainError> {
        Ok(Look {
            means: Means {
                heads: Vec::new(),
                loss: position.since_evaluation.mean_loss().unwrap_or(0.0),
                metric: position.recent.mean(),
                others: Vec::new(),
            },
            is_whole: position.recent.is_whole(),
            answers: None,
        })
    }
}
