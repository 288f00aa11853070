//! A GPU whose energy is counted by the work it does.

use std::sync::Arc;

use super::roofline::RooflineFit;
use crate::{
    power::{Clock, Kind, Level, Meter, MeterInfo, Origin, Part, ReadError, Reading},
    units::{Boundary, Grade},
};

/// Joules in one count.
const JOULES_PER_COUNT: f64 = 1e-6;
/// No reading of a computed counter is damaged, and the work of a long step is told all at once: no bound of a real device
/// fits. In watts.
const NO_BOUND_W: f64 = 1e9;

/// Work that a device has done since the program began to count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorkDone {
    /// Floating-point operations, counted as when the constants were fitted.
    pub flop: f64,
    /// Bytes moved between the device and its memory; `None` where nobody counts them.
    pub bytes: Option<f64>,
}

impl WorkDone {
    fn is_sane(&self) -> bool {
        let amount = |amount: f64| amount.is_finite() && amount >= 0.0;
        amount(self.flop) && amount(self.bytes.unwrap_or(0.0))
    }
}

/// Work since `last`, where `now` has been done in all. Less than before: whoever counts began anew.
fn since(now: f64, last: f64) -> f64 {
    if now >= last { now - last } else { now }
}

/// Tells the work done so far, or `None` where nobody knows now. What it tells should be finished work: at the edges of a
/// phase, where the device has nothing left to do, it is then exact.
pub type Work = Arc<dyn Fn() -> Option<WorkDone> + Send + Sync>;

/// The GPU that trains as an energy counter, `model:gpu`: ε_flop · FLOP + ε_mem · bytes + π₀ · T with the constants of a
/// [`RooflineFit`]. It always moves, since π₀ · T does; a gap in what is told of the work is counted once it is told again.
pub struct RooflineMeter {
    info: MeterInfo,
    fit: RooflineFit,
    work: Work,
    clock: Clock,
    /// Time of the last reading and the work told then.
    last: Option<(f64, WorkDone)>,
    energy_j: f64,
}

impl RooflineMeter {
    /// A counter for the device called `device` at `part` of the machine, by the work that `work` tells and the time of
    /// `clock`. Counts from its first reading on.
    pub fn new(device: &str, part: Part, fit: RooflineFit, work: Work, clock: Clock) -> Self {
        let info = MeterInfo {
            id: "model:gpu".to_owned(),
            source: "roofline model".to_owned(),
            device: device.to_owned(),
            boundary: Boundary::GpuBoard,
            covers: vec![part],
            origin: Origin::Model,
            grade: Grade::D,
            kind: Kind::Counter {
                joules_per_count: JOULES_PER_COUNT,
                wrap_counts: None,
            },
            refresh_s: None,
            every_s: 0.0,
            error: fit.error(),
            max_power_w: NO_BOUND_W,
            notes: fit.notes(),
            pci: None,
        };
        Self {
            info,
            fit,
            work,
            clock,
            last: None,
            energy_j: 0.0,
        }
    }
}

impl Meter for RooflineMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let done = (self.work)()
            .filter(WorkDone::is_sane)
            .ok_or(ReadError::NotYet)?;
        let now_s = self.clock.now_s();
        let (last_s, last) = self.last.unwrap_or((now_s, done));
        let bytes = done
            .bytes
            .map(|bytes| since(bytes, last.bytes.unwrap_or(bytes)));
        let flop = since(done.flop, last.flop);
        let step_j = self.fit.energy_j(flop, bytes, (now_s - last_s).max(0.0));
        self.energy_j += step_j.ok_or(ReadError::NotYet)?;
        self.last = Some((now_s, done));
        Ok(Level::Counts((self.energy_j / JOULES_PER_COUNT) as u64).into())
    }

    /// All work that is done is counted at each reading.
    fn changes_s(&self, _: f64) -> f64 {
        0.0
    }
}
