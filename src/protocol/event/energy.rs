//! What the meters read: power at rest and now, energy of phases and windows, raw readings.

use serde::{Deserialize, Serialize};

use super::LostMeter;
use crate::units::{Boundary, EnergyFigure, Estimate, Grade};

/// The pause before a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CooledDown {
    /// How long it was, s.
    pub waited_s: f64,
    /// Whether the machine came near its idle power; `None` where that was not looked at.
    pub reached: Option<bool>,
    /// Power at its end, W, of the meters that were looked at together.
    pub power_w: Option<f64>,
    /// Power of the idle machine by the same meters, W.
    pub idle_w: Option<f64>,
    /// What happened, in a sentence.
    pub text: String,
}

/// Power of the idle machine by one meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdlePower {
    /// Which meter.
    pub meter: String,
    /// Of what hardware.
    pub boundary: Boundary,
    /// How good that is.
    pub grade: Grade,
    /// Watts.
    pub power_w: Estimate,
}

/// Energy of a stretch of time by one meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseEnergy {
    /// Gross energy with its provenance.
    pub gross: EnergyFigure,
    /// Gross minus the idle baseline, J; `None` where there is no baseline.
    pub net_j: Option<Estimate>,
}

/// Energy of a window of time while the meters are watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowEnergy {
    /// By meter; of stand-bys only those that have stepped in.
    pub energies: Vec<PhaseEnergy>,
    /// The same added up over the parts of the machine.
    pub sum: PhaseEnergy,
    /// Parts of the machine that had no reading and are not in the sum.
    pub missing: Vec<String>,
    /// Meters that ended before the window did.
    pub lost: Vec<LostMeter>,
}

/// One meter at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeterNow {
    /// Which meter.
    pub meter: String,
    /// Power in W.
    pub power_w: Option<f64>,
    /// Whether it is part of the sum over the machine now.
    pub in_sum: bool,
    /// Why it is no longer read, if so.
    pub lost: Option<String>,
}

impl MeterNow {
    /// Power of the parts of the machine together, W; `None` where one of them has no reading, or where there are none.
    pub fn sum_w(now: &[Self]) -> Option<f64> {
        let parts = || now.iter().filter(|meter| meter.in_sum);
        parts().next()?;
        parts().map(|meter| meter.power_w).sum()
    }
}

/// One raw reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub t_s: f64,
    /// Which meter.
    pub meter: String,
    /// What was read, such as `power`.
    pub metric: String,
    /// The reading; `None` where it is no number.
    pub value: Option<f64>,
    /// Its unit, as UCUM writes it.
    pub unit: String,
}
