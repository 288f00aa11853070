//! Every source of power readings, each in a file of its own: it looks whether it is there, and offers meters or says why
//! not. Which of them are read is decided in `choice.rs`.

mod cpu_model;
mod gpu_model;
mod memory_model;
mod nvml;
mod rapl;
pub(super) mod simulated;

pub use nvml::{part_time_sampled, sleeping_cards};
pub use rapl::{UDEV_RULE, access_refusal};

use super::{
    Level, Meter, ModelMeter, Options, SourceReport,
    choice::{Candidate, Use},
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

    /// A source without a meter.
    fn refuse(&mut self, report: SourceReport) {
        self.report.push(report);
    }
}

/// The sources in the order in which they are tried and listed. Models come last: they may go by what others said.
pub(super) const SOURCES: [fn(&Options, &mut Found); 5] = [
    nvml::find,
    rapl::find,
    cpu_model::find,
    memory_model::find,
    gpu_model::find,
];
