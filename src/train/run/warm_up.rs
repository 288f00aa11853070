//! The warm-up: steps that are thrown away.

use super::Run;
use super::load::new_network;
use crate::train::checkpoint::Position;
use crate::train::learner::Learner;
use crate::train::{Observer, TrainError};

/// Steps of warm-up where kernels are compiled and tuned.
const WARM_UP_STEPS_COMPILED: u64 = 10;
/// Steps of warm-up after which it ends where every kernel was tuned before: the first ones differ, since the optimiser has no
/// state yet and memory is not laid out.
const WARM_UP_STEPS_KNOWN: u64 = 3;
/// Steps of warm-up where there is nothing to compile: caches and thread pools only.
const WARM_UP_STEPS: u64 = 2;

impl Run {
    /// Steps and an evaluation of a network that is thrown away, so that every kernel of the run is compiled, tuned and
    /// cached before anything is counted: also those of later steps, in which more layers learn than at first.
    pub(super) fn warm_up(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let network = new_network(&self.setup, &self.subject, &self.plan, &self.autodiff);
        let mut learner = Learner::new(
            &self.setup.regime,
            network,
            self.layers.clone(),
            &self.device,
        )?;
        let mut position = Position::default();
        let steps = if self.compiles {
            WARM_UP_STEPS_COMPILED
        } else {
            WARM_UP_STEPS
        };
        let mut kinds: Vec<(usize, Option<(usize, usize)>)> = Vec::new();
        for stage in &self.stages {
            let kind = (stage.opened, stage.size);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        observer.warms_up(steps * kinds.len() as u64);
        let rate = self.learning_rate(0);
        for (opened, size) in kinds {
            self.resize(size, observer);
            learner = self.open(learner, opened, observer);
            for done in 1..=steps {
                learner = self.method.step(learner, rate, &mut position, observer)?;
                if done == WARM_UP_STEPS_KNOWN && done < steps {
                    // What is tuned may be behind what was asked for.
                    self.sync("warming up")?;
                    if observer.is_warm() {
                        break;
                    }
                }
            }
        }
        self.method.read()?;
        self.method.look(learner.best(), &position, observer)?;
        self.method.warmed_up();
        Ok(())
    }
}
