//! Which instance of the performance counters is about which graphics.

use std::fmt;

use crate::power::{
    Part, TrainingGpu,
    choice::Use,
    sources::emi::{Covers, covers},
};

/// The number that Windows gives a graphics adapter until the next start of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Luid {
    /// The upper half.
    pub high: u32,
    /// The lower half.
    pub low: u32,
}

impl fmt::Display for Luid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}:0x{:08x}", self.high, self.low)
    }
}

impl Luid {
    /// From the name of an instance, in which Windows' own graphics counters write `luid_0x00000000_0x00010960`.
    pub fn in_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let mut words = lower.split('_').skip_while(|word| *word != "luid").skip(1);
        let mut half = || u32::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
        Some(Self {
            high: half()?,
            low: half()?,
        })
    }
}

/// The instances that are about graphics, as `names` calls them.
pub(super) fn graphics(names: &[String]) -> Vec<&String> {
    names
        .iter()
        .filter(|name| covers(name) == Covers::Graphics)
        .collect()
}

/// What a graphics instance is about: the part that it covers and how it may be used. `instances` is how many of them there
/// are, `adapters` how many graphics adapters Windows lists, where that is known.
///
/// The GPU that trains is known by its place on the PCI bus, and the instance at best by a LUID. So one is the other's only
/// where there is but one of each.
pub(super) fn graphics_use(
    name: &str,
    instances: usize,
    adapters: Option<usize>,
    gpu: Option<&TrainingGpu>,
) -> (Part, Use) {
    let own = Part::machine().inside(&format!("graphics {name}"));
    let Some(gpu) = gpu else {
        let reason = "training runs on the processor: no GPU is metered";
        return (own, Use::Not(reason.to_owned()));
    };
    let called = match Luid::in_name(name) {
        Some(luid) => format!("graphics adapter {luid}"),
        None => format!("`{name}`"),
    };
    match (instances, adapters) {
        (1, Some(1)) if gpu.integrated => (
            Part::processors().inside("graphics"),
            // The processor's own figure contains it.
            Use::CrossCheck,
        ),
        (1, Some(1)) => (gpu.part(), Use::Add),
        (1, Some(adapters)) => {
            let reason = format!(
                "whether {called} is the GPU that trains cannot be told: Windows lists {adapters} graphics adapters"
            );
            (own, Use::Not(reason))
        }
        (1, None) => {
            let reason = format!(
                "whether {called} is the GPU that trains cannot be told: Windows does not list its graphics adapters"
            );
            (own, Use::Not(reason))
        }
        (several, _) => {
            let reason = format!(
                "which of {several} graphics counters is about the GPU that trains cannot be told"
            );
            (own, Use::Not(reason))
        }
    }
}
