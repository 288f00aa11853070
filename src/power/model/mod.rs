//! Power where no sensor answers: P = P_idle + (P_max − P_idle)·f(u), with u the busy share of the device.

mod load;
mod lookup;

pub use load::cpu_load;
pub(super) use load::{cpu_name, memory_bytes};
pub use lookup::{cpu_tdp_w, gpu_board_power_w};

use super::{
    ErrorRule, Extra, Kind, Level, Load, Meter, MeterInfo, Origin, Part, ReadError, Reading,
};
use crate::units::{Boundary, Grade};

/// Idle power as a share of the design power, where nobody measured it.
pub(super) const IDLE_SHARE: f64 = 0.15;
/// Power of memory by its size, in watts for each 10⁹ bytes, whatever it does (Lannelongue, Grealey, Inouye, "Green
/// Algorithms", Advanced Science 8, 2021).
const MEMORY_W_PER_GB: f64 = 0.3725;

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
    /// D where both points are the user's, E with a known full point, F where it was guessed.
    pub grade: Grade,
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
        let sane = |watts: &f64| watts.is_finite() && *watts > 0.0;
        let user_idle_w = user_idle_w.filter(sane);
        let (full_w, grade, from) = match (user_full_w.filter(sane), known) {
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

    fn error(&self) -> ErrorRule {
        match self.grade {
            Grade::D => ErrorRule::CALIBRATED,
            Grade::E => ErrorRule::DESIGN_POWER,
            _ => ErrorRule::UNKNOWN,
        }
    }
}

/// A device whose power is computed from how busy it is.
pub struct ModelMeter {
    info: MeterInfo,
    parameters: Parameters,
    load: Load,
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
    }

    /// One processor package, such as `model:cpu:package-0`. The load is that of all processors: packages that are not
    /// equally busy share the error of the model.
    pub fn package(device: &str, package: &Part, parameters: Parameters, load: Load) -> Self {
        let id = format!("model:cpu:{}", package.name());
        let boundary = Boundary::CpuPackage;
        let part = package.clone();
        let mut meter = Self::new(&id, device, boundary, part, parameters, load);
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

    /// All memory modules, `model:memory`: [`MEMORY_W_PER_GB`] whatever they do.
    pub fn memory(bytes: u64) -> Self {
        let gb = bytes as f64 / 1e9;
        let full_w = gb * MEMORY_W_PER_GB;
        let parameters = Parameters {
            idle_w: full_w,
            full_w,
            grade: Grade::F,
            origin: format!("{gb:.1} GB × {MEMORY_W_PER_GB} W/GB, at rest and under load"),
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
                error: parameters.error(),
                max_power_w: parameters.full_w,
                notes: vec![parameters.origin.clone()],
                pci: None,
            },
            parameters,
            load,
            tells_load: true,
        }
    }
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
}
