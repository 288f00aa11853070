//! Every source of power readings, each in a file of its own: it looks whether it is there, and offers meters or says why
//! not. Which of them are read is decided in `choice.rs`.

mod amd_gpu;
pub mod apple;
mod battery;
mod cpu_model;
pub mod emi;
mod gpu_model;
mod intel_gpu;
mod memory_model;
mod nvml;
mod perf;
mod rapl;
pub(super) mod simulated;
mod sysfs;
pub mod windows_gpu;

pub(super) use nvml::Probe;
pub use nvml::{part_time_sampled, sleeping_cards};
pub use perf::{PerfCounter, perf_counters, perf_refusal};
pub use rapl::{UDEV_RULE, access_refusal};

use std::slice;

use super::{
    Level, Meter, MeterInfo, ModelMeter, Options, Origin, Part, SourceReport, TrainingGpu, Watched,
    choice::{Candidate, Use},
    part::covers,
};

/// What the sources have said so far.
#[derive(Default)]
pub(super) struct Found {
    /// Meters that answer.
    pub candidates: Vec<Candidate>,
    /// Sources that do not, and devices that are not asked.
    pub report: Vec<SourceReport>,
    /// The limit that the driver enforces on the GPU that trains, in watts; what its model may go by.
    pub gpu_limit_w: Option<f64>,
    /// The processor packages, where there are several: each should have a meter.
    pub packages: Vec<Part>,
    /// The memory of each package, where counters tell it apart.
    pub memories: Vec<Part>,
    /// What is known of sensors from watching them.
    pub watched: Watched,
}

impl Found {
    /// A meter that may be part of the sum. `raw` is what it reads now.
    fn offer(&mut self, meter: impl Meter + 'static, raw: Option<String>) {
        self.offer_as(meter, raw, Use::Add, 0);
    }

    /// A meter that may be used as `may` says; among equals the lower `rank` goes first.
    fn offer_as(&mut self, meter: impl Meter + 'static, raw: Option<String>, may: Use, rank: u8) {
        self.candidates.push(Candidate {
            meter: Box::new(meter),
            raw,
            may,
            rank,
        });
    }

    /// A model that may be part of the sum.
    fn offer_model(&mut self, mut model: ModelMeter) {
        let raw = model.read().ok().map(|reading| match reading.level {
            Level::Watts(watts) => format!("{watts:.1} W"),
            Level::Counts(counts) => format!("{counts} counts"),
        });
        self.offer(model, raw);
    }

    /// Whether a sensor that may be part of the sum covers any of `part`.
    fn has_sensor(&self, part: &Part) -> bool {
        self.candidates.iter().any(|candidate| {
            let info = candidate.meter.info();
            candidate.may == Use::Add
                && info.origin == Origin::Sensor
                && info.covers.iter().any(|covered| covered.overlaps(part))
        })
    }

    /// The parts that a machine has as far as is known: each should be somebody's.
    pub fn expected(&self, options: &Options) -> Vec<Part> {
        let or = |parts: &[Part], all: Part| match parts {
            [] => vec![all],
            parts => parts.to_vec(),
        };
        let mut expected = or(&self.packages, Part::processors());
        expected.extend(or(&self.memories, Part::memory()));
        let card = options.gpu.as_ref().filter(|gpu| !gpu.integrated);
        expected.extend(card.map(TrainingGpu::part));
        expected
    }

    /// Identifier of the first meter that may be added and is of `part` alone.
    fn alone(&self, part: &Part) -> Option<&str> {
        let mut added = self.added();
        let own = added
            .find(|info| !info.covers.is_empty() && covers(slice::from_ref(part), &info.covers));
        own.map(|info| info.id.as_str())
    }

    /// What may be added.
    fn added(&self) -> impl Iterator<Item = &MeterInfo> {
        let added = |candidate: &&Candidate| candidate.may == Use::Add;
        self.candidates
            .iter()
            .filter(added)
            .map(|candidate| candidate.meter.info())
    }

    /// A source without a meter.
    fn refuse(&mut self, report: SourceReport) {
        self.report.push(report);
    }
}

/// The sources in the order in which they are tried and listed. Models come last: they may go by what others said.
pub(super) const SOURCES: [fn(&Options, &mut Found); 12] = [
    nvml::find,
    amd_gpu::find,
    intel_gpu::find,
    rapl::find,
    perf::find,
    battery::find,
    emi::find,
    windows_gpu::find,
    apple::find,
    cpu_model::find,
    memory_model::find,
    gpu_model::find,
];
