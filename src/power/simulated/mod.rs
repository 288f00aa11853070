//! Meters of made-up devices that ship with the program: for demonstrations and lessons without hardware, and for tests.
//!
//! Each reads as its model does (counter or power, refresh period, range, grade), follows a [`Clock`], and knows the truth.
//! [`Origin::Simulated`](super::Origin::Simulated), an identifier that begins with `simulated:` and a source that begins
//! with `simulated` mark every figure of theirs.

mod catalogue;
mod faults;
mod meter;
mod profile;

pub use catalogue::{SIMULATIONS, Simulation};
pub use meter::SimulatedMeter;
pub use profile::Profile;

use super::Clock;
use crate::units::UnknownName;
use faults::Fault;

/// What identifiers of simulated meters begin with, and what may stand before a simulation's name.
pub const PREFIX: &str = "simulated:";

/// Settings of a simulation, as given after its name.
#[derive(Clone, Copy, Debug, Default)]
struct Settings {
    /// Mean power in watts.
    watts: Option<f64>,
    /// Refresh period in seconds.
    refresh_s: Option<f64>,
    /// What the sensor says is the truth times 1 + this.
    error: Option<f64>,
    /// The one fault there is, instead of the usual ones.
    fault: Option<Fault>,
    /// When the fault begins, in seconds.
    at_s: Option<f64>,
    /// How long it lasts, in seconds.
    for_s: Option<f64>,
}

/// A simulation that there is not, or a setting of one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UnknownSimulation {
    /// No such name.
    #[error(transparent)]
    Name(UnknownName),
    /// No such setting, or none of this simulation.
    #[error("simulated meter `{simulation}`: {unknown}")]
    Setting {
        /// Which simulation.
        simulation: String,
        /// What is not known, and what is.
        unknown: UnknownName,
    },
    /// A setting whose value is not possible.
    #[error(
        "simulated meter `{simulation}`: {setting}: `{given}` is not possible; allowed: {allowed}"
    )]
    Value {
        /// Which simulation.
        simulation: String,
        /// Which setting.
        setting: String,
        /// What was given.
        given: String,
        /// What is possible.
        allowed: String,
    },
}

/// The meters of a simulation such as `steady` or `simulated:steady,watts=80,refresh_ms=100`, on `clock`.
///
/// # Errors
/// Where there is no such simulation, setting or value; the error lists those there are.
pub fn parse(text: &str, clock: &Clock) -> Result<Vec<SimulatedMeter>, UnknownSimulation> {
    let text = text.trim();
    let text = text.strip_prefix(PREFIX).unwrap_or(text);
    let mut parts = text.split(',').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let simulation = SIMULATIONS
        .iter()
        .find(|simulation| simulation.name == name)
        .ok_or_else(|| {
            let known = SIMULATIONS.iter().map(|simulation| simulation.name);
            UnknownSimulation::Name(UnknownName::new("simulated meter", name, known))
        })?;
    let mut settings = Settings::default();
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        settings.set(simulation, key.trim(), value.trim())?;
    }
    let drafts = simulation.drafts(&settings);
    Ok(drafts
        .into_iter()
        .map(|draft| draft.start(clock.clone()))
        .collect())
}

impl Settings {
    fn set(
        &mut self,
        simulation: &Simulation,
        key: &str,
        value: &str,
    ) -> Result<(), UnknownSimulation> {
        if !simulation.settings.contains(&key) {
            let known = simulation.settings.iter().copied();
            return Err(UnknownSimulation::Setting {
                simulation: simulation.name.to_owned(),
                unknown: UnknownName::new("setting", key, known),
            });
        }
        let wrong = |allowed: String| UnknownSimulation::Value {
            simulation: simulation.name.to_owned(),
            setting: key.to_owned(),
            given: value.to_owned(),
            allowed,
        };
        let number = |low: f64, high: f64, unit: &str| {
            let number = value.parse::<f64>().ok();
            number
                .filter(|number| (low..=high).contains(number))
                .ok_or_else(|| wrong(format!("{low} to {high}{unit}")))
        };
        match key {
            "watts" => self.watts = Some(number(0.1, 10_000.0, " W")?),
            "refresh_ms" => self.refresh_s = Some(number(1.0, 60_000.0, " ms")? / 1000.0),
            "error_percent" => self.error = Some(number(-50.0, 50.0, " %")? / 100.0),
            "at_s" => self.at_s = Some(number(0.0, 1e6, " s")?),
            "for_s" => self.for_s = Some(number(0.001, 1e6, " s")?),
            _ => {
                let fault = Fault::ALL.into_iter().find(|fault| fault.name() == value);
                self.fault = Some(fault.ok_or_else(|| {
                    let names = Fault::ALL.map(Fault::name);
                    wrong(names.join(", "))
                })?);
            }
        }
        Ok(())
    }
}
