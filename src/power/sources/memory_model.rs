//! Memory modules by their size, where no counter answers.

use super::Found;
use crate::{
    power::{ModelMeter, Options, Refusal, SourceReport, model::memory_bytes},
    units::{Boundary, Grade},
};

/// Offers a model of all memory modules together.
pub(super) fn find(options: &Options, found: &mut Found) {
    match options.memory_bytes.or_else(memory_bytes) {
        Some(bytes) => found.offer_model(ModelMeter::memory(bytes)),
        None => found.refuse(SourceReport::without_meter(
            "model:memory",
            "size model",
            "memory",
            Boundary::Dram,
            Grade::F,
            Refusal::new("the system does not tell how much memory it has"),
        )),
    }
}
