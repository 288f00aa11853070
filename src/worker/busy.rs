//! What the device is given to do: what models of its power go by where no sensor answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
    counted: Mutex<Counted>,
    steps: AtomicU64,
    updates: AtomicU64,
    learnt_samples: AtomicU64,
    further_batches: AtomicU64,
    forward_samples: AtomicU64,
    forward_batches: AtomicU64,
    taught_samples: AtomicU64,
    taught_batches: AtomicU64,
}

/// Work that was counted at earlier costs, and what work comes to since then.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    /// FLOP and bytes of the work before.
    before: (f64, f64),
    /// How much work that was.
    at: Counts,
    costs: Costs,
}

/// How much work was done, by kind.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    steps: f64,
    updates: f64,
    learnt_samples: f64,
    further_batches: f64,
    forward_samples: f64,
    forward_batches: f64,
    taught_samples: f64,
    taught_batches: f64,
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
    /// FLOP of a sample that goes through a teacher.
    pub taught_flop: f64,
    /// Bytes of such a sample.
    pub taught_bytes: f64,
    /// Bytes of a batch that goes through a teacher, beside those of its samples.
    pub taught_batch_bytes: f64,
}

impl Costs {
    /// Of a run with this setup, whose samples have `input_numbers` numbers each, while the groups of layers learn that `learns`
    /// says.
    pub fn of_run(
        setup: &Setup,
        plan: &Plan,
        input_numbers: u64,
        learns: impl Fn(&str) -> bool,
    ) -> Self {
        let batch = setup.regime.batch_size as u64;
        let state = setup.regime.state_per_parameter();
        let trained = plan.trained(learns);
        let (flop, further) = (trained.flop() as f64, trained.further_batch_bytes());
        let bytes = |samples| trained.bytes(input_numbers, samples, state);
        Self {
            step_flop: flop * batch as f64,
            step_bytes: bytes(batch) + further * (setup.regime.accumulation_steps() - 1) as f64,
            update_bytes: bytes(0),
            learnt_flop: flop,
            learnt_bytes: bytes(1) - bytes(0),
            further_batch_bytes: further,
            sample_flop: plan.forward_flop() as f64,
            sample_bytes: plan.forward_bytes(input_numbers, 1, 0),
            batch_bytes: plan.forward_bytes(input_numbers, 0, 1),
            ..Self::default()
        }
    }

    /// The same with the forward passes of `whole`: held-out images have their own size, whatever that of training images is.
    pub fn looking_at(self, whole: &Self) -> Self {
        Self {
            sample_flop: whole.sample_flop,
            sample_bytes: whole.sample_bytes,
            batch_bytes: whole.batch_bytes,
            ..self
        }
    }

    /// The same with a teacher that has these layers, for samples of `input_numbers` numbers each.
    pub fn taught_by(self, teacher: &Plan, input_numbers: u64) -> Self {
        Self {
            taught_flop: teacher.forward_flop() as f64,
            taught_bytes: teacher.forward_bytes(input_numbers, 1, 0),
            taught_batch_bytes: teacher.forward_bytes(input_numbers, 0, 1),
            ..self
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

    /// What the work comes to from now on.
    pub fn count(&self, costs: Costs) {
        let at = self.counts();
        let mut counted = self.counted();
        let before = counted.total(at);
        *counted = Counted { before, at, costs };
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, Counted> {
        // Plain numbers: whoever panicked while holding it left them whole.
        self.0
            .counted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> Counts {
        let state = &self.0;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        Counts {
            steps: count(&state.steps),
            updates: count(&state.updates),
            learnt_samples: count(&state.learnt_samples),
            further_batches: count(&state.further_batches),
            forward_samples: count(&state.forward_samples),
            forward_batches: count(&state.forward_batches),
            taught_samples: count(&state.taught_samples),
            taught_batches: count(&state.taught_batches),
        }
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
            Work::Teach { samples, batches } => {
                state.taught_samples.fetch_add(samples, Ordering::Relaxed);
                state.taught_batches.fetch_add(batches, Ordering::Relaxed);
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
        let counted = self.counted();
        let (flop, bytes) = counted.total(self.counts());
        power::WorkDone {
            flop,
            bytes: Some(bytes),
        }
    }
}

impl Counted {
    /// FLOP and bytes of all work up to `now`.
    fn total(&self, now: Counts) -> (f64, f64) {
        let Counted { before, at, costs } = self;
        let steps = now.steps - at.steps;
        let learnt = now.learnt_samples - at.learnt_samples;
        let forward = now.forward_samples - at.forward_samples;
        let taught = now.taught_samples - at.taught_samples;
        let flop = before.0
            + costs.step_flop * steps
            + costs.learnt_flop * learnt
            + costs.sample_flop * forward
            + costs.taught_flop * taught;
        let bytes = before.1
            + costs.step_bytes * steps
            + costs.update_bytes * (now.updates - at.updates)
            + costs.learnt_bytes * learnt
            + costs.further_batch_bytes * (now.further_batches - at.further_batches)
            + costs.sample_bytes * forward
            + costs.batch_bytes * (now.forward_batches - at.forward_batches)
            + costs.taught_bytes * taught
            + costs.taught_batch_bytes * (now.taught_batches - at.taught_batches);
        (flop, bytes)
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
        let costs = Costs::of_run(&setup, &plan.unwrap(), 4, |_| true);
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
        let nothing = power::WorkDone {
            flop: 0.0,
            bytes: Some(0.0),
        };
        assert_eq!(work(), Some(nothing), "nothing was done yet");
        busy.count(Costs {
            step_flop: 1000.0,
            step_bytes: 500.0,
            ..Costs::default()
        });
        busy.worked(Work::Step);
        // What was done before is counted at what it cost then.
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
            taught_flop: 19.0,
            taught_bytes: 23.0,
            taught_batch_bytes: 29.0,
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
        busy.worked(Work::Teach {
            samples: 4,
            batches: 2,
        });
        let learnt = 7.0 + 6.0 * 13.0 + 2.0 * 17.0;
        let taught = 4.0 * 23.0 + 2.0 * 29.0;
        let done = power::WorkDone {
            flop: 1000.0 + 100.0 + 8.0 * 2.0 + 6.0 * 11.0 + 4.0 * 19.0,
            bytes: Some(500.0 + 10.0 + 8.0 * 3.0 + 2.0 * 5.0 + learnt + taught),
        };
        assert_eq!(work(), Some(done));
    }
}
