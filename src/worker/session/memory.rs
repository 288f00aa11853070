//! Whether what a run keeps fits in the memory of the machine.

use crate::device::{DeviceEntry, DeviceKind};
use crate::power;
use crate::protocol::{Failure, FailureKind};
use crate::setup::plan::Plan;
use crate::setup::{Precision, Setup, TrainedLayers};
use crate::units::{bytes, count};

/// Refuses a run that needs more memory than there is, before anything of it is allocated: a machine that has to swap for it may
/// not answer for many minutes. Of a graphics card with memory of its own nobody tells how much that is; it refuses by itself.
///
/// # Errors
/// Where the weights, what is kept beside them and what a batch leaves for the backward pass are together more than the memory.
pub fn check(setup: &Setup, plan: &Plan, entry: &DeviceEntry) -> Result<(), Failure> {
    let shares_memory = matches!(
        entry.kind,
        DeviceKind::Cpu | DeviceKind::Software | DeviceKind::IntegratedGpu
    );
    let Some(there) = power::memory_bytes().filter(|_| shares_memory) else {
        return Ok(());
    };
    let (kept, batch) = (kept_bytes(setup, plan), batch_bytes(setup, plan));
    if kept.saturating_add(batch) <= there {
        return Ok(());
    }
    Err(Failure {
        kind: FailureKind::Setup,
        message: format!(
            "the setup needs more memory than this machine has, {}: {} for {} parameters with their gradients and the \
             optimiser's state, and {} for what a batch leaves for the backward pass; make the model smaller, or set a smaller \
             regime.batch_size or regime.micro_batch_size",
            bytes(there),
            bytes(kept),
            count(plan.parameters()),
            bytes(batch),
        ),
    })
}

/// Bytes of the weights, and of their gradients and what the optimiser keeps of each where all of them learn.
fn kept_bytes(setup: &Setup, plan: &Plan) -> u64 {
    let layers = &setup.regime.layers;
    let all_learn = layers.train == TrainedLayers::All && layers.frozen.is_empty();
    let numbers = match all_learn {
        true => 2 + setup.regime.state_per_parameter(),
        false => 1,
    };
    plan.parameters().saturating_mul(4 * numbers)
}

/// Bytes of one result for each layer with weights and each sample that goes through at once. There are more of them; how many
/// stay is up to the backend.
fn batch_bytes(setup: &Setup, plan: &Plan) -> u64 {
    let regime = &setup.regime;
    if regime.layers.train != TrainedLayers::All || !regime.layers.frozen.is_empty() {
        return 0;
    }
    let number_bytes = match regime.precision {
        Precision::F32 => 4,
        Precision::F16 => 2,
    };
    let samples = regime.micro_batch_size.unwrap_or(regime.batch_size) as u64;
    let with_weights = plan.layers.iter().filter(|layer| layer.parameters > 0);
    let numbers: u64 = with_weights.map(|layer| layer.output.len() as u64).sum();
    numbers.saturating_mul(samples).saturating_mul(number_bytes)
}
