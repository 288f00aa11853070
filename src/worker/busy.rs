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
            step_bytes: plan.training_bytes(input_numbers, batch, state),
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

    /// The work done so far, for a model by work. Before anybody counts, none was done.
    pub fn work(&self) -> power::Work {
        let state = Arc::clone(&self.0);
        Arc::new(move || {
            let costs = state.costs.get().copied().unwrap_or_default();
            let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
            let (steps, samples) = (count(&state.steps), count(&state.forward_samples));
            Some(power::WorkDone {
                flop: costs.step_flop * steps + costs.sample_flop * samples,
                bytes: Some(
                    costs.step_bytes * steps
                        + costs.sample_bytes * samples
                        + costs.batch_bytes * count(&state.forward_batches),
                ),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            sample_flop: 2.0,
            sample_bytes: 3.0,
            batch_bytes: 5.0,
        });
        busy.worked(Work::Step);
        busy.worked(Work::Forward {
            samples: 8,
            batches: 2,
        });
        let done = power::WorkDone {
            flop: 2.0 * 100.0 + 8.0 * 2.0,
            bytes: Some(2.0 * 10.0 + 8.0 * 3.0 + 2.0 * 5.0),
        };
        assert_eq!(work(), Some(done));
    }
}
