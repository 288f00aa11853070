//! Power where no sensor answers: P = P_idle + (P_max − P_idle)·f(u), with u the busy share of the device.

mod cpu_points;
mod fit;
mod load;
mod lookup;
mod roofline;
mod roofline_meter;

pub use cpu_points::{CpuPoints, LoadReading};
pub use fit::{FitError, Fitted};

pub(super) use load::cpu_name;
pub use load::{CPU_LOAD_EVERY_S, cpu_load, memory_bytes};
pub use lookup::{cpu_tdp_w, gpu_board_power_w};
pub use roofline::{Because, LeftOut, RooflineFit, RooflinePoint, Term};
pub use roofline_meter::{RooflineMeter, Work, WorkDone};

use super::{
    ErrorRule, Extra, Kind, Level, Load, Meter, MeterInfo, Origin, Part, ReadError, Reading,
};
use crate::units::{Boundary, Grade};

/// Idle power as a share of the design power, where nobody measured it.
pub(super) const IDLE_SHARE: f64 = 0.15;
/// Power of memory by its size, in watts for each GiB. Published figures under load go from 0.09 W/GiB (91 W for 1 TiB) over
/// 0.14 (9 W for 64 GiB; both Lee et al., "GreenDIMM", MICRO 2021, figure 2, read at second hand) to 0.3725 (2.98 W for one module of 8 GiB
/// DDR4-2133, Tom's Hardware 2014; the figure of Lannelongue, Grealey, Inouye, "Green Algorithms", Advanced Science 8, 2021).
/// This is half of the last, so that the factor of 2 of grade F reaches from one end to within 5 % of the other. At rest,
/// large modules draw less than that: 71 W for the 1 TiB.
const MEMORY_W_PER_GIB: f64 = 0.3725 / 2.0;

/// Share of the way from idle to full power at the busy share `u`, 0 to 1: f(u) = 2u − u^1.4, which with two calibrated
/// points came within 9 to 40 % of RAPL on four processors. Input outside 0 to 1 is clamped.
pub fn shape(u: f64) -> f64 {
    let u = u.clamp(0.0, 1.0);
    2.0 * u - u.powf(1.4)
}

/// The two points of a model, and how well they are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Power with nothing to do, in watts.
    pub idle_w: f64,
    /// Power at full load, in watts.
    pub full_w: f64,
    /// D where both points are the user's or were fitted, E with a known full point, F where it was guessed.
    pub grade: Grade,
    /// The interval that follows.
    pub error: ErrorRule,
    /// Where the points come from.
    pub origin: String,
}

impl Parameters {
    /// From the user's figures, else a `known` full point and where it is from, else a `guess`. Figures that are not
    /// above zero are passed over, and an idle point above the full one is lowered to it.
    pub fn choose(
        user_full_w: Option<f64>,
        user_idle_w: Option<f64>,
        known: Option<(f64, String)>,
        guess: (f64, String),
    ) -> Self {
        let user_idle_w = user_idle_w.filter(is_power);
        let (full_w, grade, from) = match (user_full_w.filter(is_power), known) {
            (Some(full_w), _) if user_idle_w.is_some() => (full_w, Grade::D, "given".to_owned()),
            (Some(full_w), _) => (full_w, Grade::E, "given".to_owned()),
            (None, Some((full_w, from))) => (full_w, Grade::E, from),
            (None, None) => (guess.0, Grade::F, guess.1),
        };
        let (idle_w, idle_from) = match user_idle_w {
            Some(idle_w) => (idle_w.min(full_w), "given".to_owned()),
            None => (IDLE_SHARE * full_w, format!("{IDLE_SHARE} of it")),
        };
        Self {
            idle_w,
            full_w,
            grade,
            error: match grade {
                Grade::D => ErrorRule::CALIBRATED,
                Grade::E => ErrorRule::DESIGN_POWER,
                _ => ErrorRule::UNKNOWN,
            },
            origin: format!("full load {full_w:.0} W ({from}), idle {idle_w:.1} W ({idle_from})"),
        }
    }

    /// The share of each of `n` equal parts of the device.
    #[must_use]
    pub fn share(&self, n: usize) -> Self {
        let n = n.max(1) as f64;
        Self {
            idle_w: self.idle_w / n,
            full_w: self.full_w / n,
            origin: format!("one part in {n} of: {}", self.origin),
            ..self.clone()
        }
    }

    /// Whether the user gave any figure that [`Parameters::choose`] would not pass over. It then comes before a fit.
    pub(super) fn any_given(user_full_w: Option<f64>, user_idle_w: Option<f64>) -> bool {
        [user_full_w, user_idle_w]
            .into_iter()
            .flatten()
            .any(|watts| is_power(&watts))
    }

    /// From points that were fitted to readings of this machine.
    pub fn fitted(points: &CpuPoints) -> Self {
        Self {
            idle_w: points.idle_w,
            full_w: points.full_w,
            grade: Grade::D,
            error: points.error(),
            origin: points.in_words(),
        }
    }
}

fn is_power(watts: &f64) -> bool {
    watts.is_finite() && *watts > 0.0
}

/// A device whose power is computed from how busy it is.
pub struct ModelMeter {
    info: MeterInfo,
    parameters: Parameters,
    load: Load,
    /// How often the load is another, in seconds; `None` where it is always that of the moment.
    load_every_s: Option<f64>,
    /// Whether the load is a reading worth telling.
    tells_load: bool,
}

impl ModelMeter {
    /// The processors of the machine as one meter, `model:cpu`.
    pub fn cpu(device: &str, parameters: Parameters, load: Load) -> Self {
        let boundary = Boundary::CpuPackage;
        Self::new(
            "model:cpu",
            device,
            boundary,
            Part::processors(),
            parameters,
            load,
        )
        .of_processors()
    }

    /// One processor package, such as `model:cpu:package-0`. The load is that of all processors: packages that are not
    /// equally busy share the error of the model.
    pub fn package(device: &str, package: &Part, parameters: Parameters, load: Load) -> Self {
        let id = format!("model:cpu:{}", package.name());
        let boundary = Boundary::CpuPackage;
        let part = package.clone();
        let meter = Self::new(&id, device, boundary, part, parameters, load);
        let mut meter = meter.of_processors();
        let assumed = "all packages are taken to be equally busy";
        meter.info.notes.push(assumed.to_owned());
        meter
    }

    /// The GPU that trains, `model:gpu`; `part` is its place in the machine.
    pub fn gpu(device: &str, part: Part, parameters: Parameters, load: Load) -> Self {
        let mut meter = Self::new(
            "model:gpu",
            device,
            Boundary::GpuBoard,
            part,
            parameters,
            load,
        );
        let caution = "busy share × board power is at best an upper bound: a GPU busy at low clocks draws far less";
        meter.info.notes.push(caution.to_owned());
        meter
    }

    /// All memory modules, `model:memory`: [`MEMORY_W_PER_GIB`] whatever they do. `bytes` is what the system sees, which is
    /// less than what is installed: see [`installed_gib`].
    pub fn memory(bytes: u64) -> Self {
        let gib = installed_gib(bytes);
        let full_w = gib * MEMORY_W_PER_GIB;
        let parameters = Parameters {
            idle_w: full_w,
            full_w,
            grade: Grade::F,
            error: ErrorRule::UNKNOWN,
            origin: format!(
                "{gib} GiB × {MEMORY_W_PER_GIB:.3} W/GiB, at rest and under load: modules of different kinds draw 0.09 to 0.37 W/GiB, and which these are is not known"
            ),
        };
        let load: Load = std::sync::Arc::new(|| Some(1.0));
        let mut meter = Self::new(
            "model:memory",
            "memory",
            Boundary::Dram,
            Part::memory(),
            parameters,
            load,
        );
        "size model".clone_into(&mut meter.info.source);
        meter.tells_load = false;
        meter
    }

    /// Its load is the processors', as [`cpu_load`] tells it. That is not told as the meter's refresh period: a window shorter than
    /// that would be all edge, while the model's power is between idle and full load whatever the load was.
    fn of_processors(self) -> Self {
        Self {
            load_every_s: Some(CPU_LOAD_EVERY_S),
            ..self
        }
    }

    /// Adds what a reader of its figures should know.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.info.notes.push(note.into());
        self
    }

    fn new(
        id: &str,
        device: &str,
        boundary: Boundary,
        part: Part,
        parameters: Parameters,
        load: Load,
    ) -> Self {
        Self {
            info: MeterInfo {
                id: id.to_owned(),
                source: "load model".to_owned(),
                device: device.to_owned(),
                boundary,
                covers: vec![part],
                origin: Origin::Model,
                grade: parameters.grade,
                kind: Kind::Power,
                refresh_s: None,
                every_s: 0.0,
                error: parameters.error,
                max_power_w: parameters.full_w,
                notes: vec![parameters.origin.clone()],
                pci: None,
            },
            parameters,
            load,
            load_every_s: None,
            tells_load: true,
        }
    }
}

/// GiB of memory in the machine where the system sees `bytes`. Firmware, kernel and integrated graphics keep some for
/// themselves before anything is counted, up to an eighth or so; modules are sold in powers of two and few of them are
/// mixed. Therefore the next multiple of an eighth of the next power of two: 15.5 → 16, 23.4 → 24, 93.9 → 96, 503 → 512.
pub fn installed_gib(bytes: u64) -> f64 {
    let gib = bytes as f64 / 1_073_741_824.0;
    if gib <= 0.0 {
        return 0.0;
    }
    let step = gib.log2().ceil().exp2() / 8.0;
    (gib / step).ceil() * step
}

impl Meter for ModelMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let busy = (self.load)()
            .filter(|busy| busy.is_finite())
            .ok_or(ReadError::NotYet)?;
        let Parameters { idle_w, full_w, .. } = self.parameters;
        let watts = idle_w + (full_w - idle_w) * shape(busy);
        let utilization = Extra::new("utilization", busy.clamp(0.0, 1.0) * 100.0, "%");
        Ok(Reading {
            // Rounding must not lift full load above the bound.
            level: Level::Watts(watts.min(full_w)),
            extras: if self.tells_load {
                vec![utilization]
            } else {
                Vec::new()
            },
        })
    }

    fn changes_s(&self, period_s: f64) -> f64 {
        self.load_every_s
            .map_or(0.0, |every_s| every_s.max(period_s))
    }
}
