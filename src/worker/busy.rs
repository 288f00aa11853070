//! What the device is given to do: what models of its power go by where no sensor answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::power;
use crate::setup::Setup;
use crate::setup::plan::Plan;
use crate::train::Work;

/// Told by the thread that trains, without waiting for anything; asked by the one that reads the meters.
#[derive(Clone, Default)]
pub struct Busy(Arc<State>);

#[derive(Default)]
struct State {
    /// Bits of an `f64`, 0 to 1.
    share: AtomicU64,
    costs: OnceLock<Costs>,
    steps: AtomicU64,
    updates: AtomicU64,
    learnt_samples: AtomicU64,
    further_batches: AtomicU64,
    forward_samples: AtomicU64,
    forward_batches: AtomicU64,
}

/// What a piece of work comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// FLOP of a step.
    pub step_flop: f64,
    /// Bytes of a step.
    pub step_bytes: f64,
    /// Bytes of an update, beside those of its samples and of the batches after the first.
    pub update_bytes: f64,
    /// FLOP of a sample of an update.
    pub learnt_flop: f64,
    /// Bytes of a sample of an update.
    pub learnt_bytes: f64,
    /// Bytes of each batch of an update after the first, beside those of its samples.
    pub further_batch_bytes: f64,
    /// FLOP of a sample that only goes forward.
    pub sample_flop: f64,
    /// Bytes of a sample that only goes forward.
    pub sample_bytes: f64,
    /// Bytes of a batch that only goes forward, beside those of its samples.
    pub batch_bytes: f64,
}

impl Costs {
    /// Of a run with this setup, whose samples have `input_numbers` numbers each.
    pub fn of_run(setup: &Setup, plan: &Plan, input_numbers: u64) -> Self {
        let batch = setup.regime.batch_size as u64;
        let state = setup.regime.state_per_parameter();
        Self {
            step_flop: plan.training_flop() as f64 * batch as f64,
            step_bytes: plan.training_bytes(input_numbers, batch, state)
                + plan.further_batch_bytes() * (setup.regime.accumulation_steps() - 1) as f64,
            update_bytes: plan.training_bytes(input_numbers, 0, state),
            learnt_flop: plan.training_flop() as f64,
            learnt_bytes: plan.training_bytes(input_numbers, 1, state)
                - plan.training_bytes(input_numbers, 0, state),
            further_batch_bytes: plan.further_batch_bytes(),
            sample_flop: plan.forward_flop() as f64,
            sample_bytes: plan.forward_bytes(input_numbers, 1, 0),
            batch_bytes: plan.forward_bytes(input_numbers, 0, 1),
        }
    }
}

impl Busy {
    /// Whether the device has work now.
    pub fn set(&self, busy: bool) {
        self.set_share(if busy { 1.0 } else { 0.0 });
    }

    /// The share of the time in which it has work.
    pub fn set_share(&self, share: f64) {
        self.0.share.store(share.to_bits(), Ordering::Relaxed);
    }

    /// What the work comes to; once.
    pub fn count(&self, costs: Costs) {
        // A second time would be another run, and there is one a process.
        let _ = self.0.costs.set(costs);
    }

    /// The device was given work.
    pub fn worked(&self, work: Work) {
        let state = &self.0;
        match work {
            Work::Step => {
                state.steps.fetch_add(1, Ordering::Relaxed);
            }
            Work::Update { samples, batches } => {
                let further = batches.saturating_sub(1);
                state.updates.fetch_add(1, Ordering::Relaxed);
                state.learnt_samples.fetch_add(samples, Ordering::Relaxed);
                state.further_batches.fetch_add(further, Ordering::Relaxed);
            }
            Work::Forward { samples, batches } => {
                state.forward_samples.fetch_add(samples, Ordering::Relaxed);
                state.forward_batches.fetch_add(batches, Ordering::Relaxed);
            }
        }
    }

    /// How busy the device is, for a model by load.
    pub fn load(&self) -> power::Load {
        let state = Arc::clone(&self.0);
        Arc::new(move || Some(f64::from_bits(state.share.load(Ordering::Relaxed))))
    }

    /// The work done so far, for a model by work.
    pub fn work(&self) -> power::Work {
        let busy = self.clone();
        Arc::new(move || Some(busy.done()))
    }

    /// The work done so far. Before anybody counts, none was done.
    pub fn done(&self) -> power::WorkDone {
        let state = &self.0;
        let costs = state.costs.get().copied().unwrap_or_default();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let steps = count(&state.steps);
        let (updates, learnt) = (count(&state.updates), count(&state.learnt_samples));
        let forward = count(&state.forward_samples);
        power::WorkDone {
            flop: costs.step_flop * steps
                + costs.learnt_flop * learnt
                + costs.sample_flop * forward,
            bytes: Some(
                costs.step_bytes * steps
                    + costs.update_bytes * updates
                    + costs.learnt_bytes * learnt
                    + costs.further_batch_bytes * count(&state.further_batches)
                    + costs.sample_bytes * forward
                    + costs.batch_bytes * count(&state.forward_batches),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_in_one_batch_costs_what_a_step_of_as_many_samples_does() {
        let setup = Setup::default();
        let model = crate::setup::ModelSetup::Mlp(crate::setup::MlpSetup::default());
        let input = crate::setup::InputShape::Features(4);
        let plan = crate::setup::plan::plan(&model, input, crate::setup::Outputs::of_sample(2));
        let costs = Costs::of_run(&setup, &plan.unwrap(), 4);
        let samples = setup.regime.batch_size as f64;
        assert_eq!(costs.learnt_flop * samples, costs.step_flop);
        assert_eq!(
            costs.update_bytes + costs.learnt_bytes * samples,
            costs.step_bytes
        );
    }

    #[test]
    fn work_adds_up_to_what_it_costs() {
        let busy = Busy::default();
        let work = busy.work();
        busy.worked(Work::Step);
        let nothing = power::WorkDone {
            flop: 0.0,
            bytes: Some(0.0),
        };
        assert_eq!(work(), Some(nothing), "nobody counts yet");
        busy.count(Costs {
            step_flop: 100.0,
            step_bytes: 10.0,
            update_bytes: 7.0,
            learnt_flop: 11.0,
            learnt_bytes: 13.0,
            further_batch_bytes: 17.0,
            sample_flop: 2.0,
            sample_bytes: 3.0,
            batch_bytes: 5.0,
        });
        busy.worked(Work::Step);
        busy.worked(Work::Forward {
            samples: 8,
            batches: 2,
        });
        busy.worked(Work::Update {
            samples: 6,
            batches: 3,
        });
        let done = power::WorkDone {
            flop: 2.0 * 100.0 + 8.0 * 2.0 + 6.0 * 11.0,
            bytes: Some(2.0 * 10.0 + 8.0 * 3.0 + 2.0 * 5.0 + 7.0 + 6.0 * 13.0 + 2.0 * 17.0),
        };
        assert_eq!(work(), Some(done));
    }
}
