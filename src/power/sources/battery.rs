//! The machine's batteries: what they give while it is unplugged is what the whole machine draws.
//!
//! Under Linux the files are read here and not through the battery library: that one reads `/sys` alone, says 0 W where the
//! kernel gives no rate or one above 100 W, and multiplies the current by the voltage that the battery was designed for.
//! Elsewhere the library asks the system.

use std::path::{Path, PathBuf};

use starship_battery::{Manager, State, units::power::watt};

use super::{
    Found,
    sysfs::{entries, number, text},
};
use crate::{
    power::{
        ErrorRule, Extra, Kind, Level, Meter, MeterInfo, Options, Origin, Part, ReadError, Reading,
        Refusal, SourceReport, choice::Use,
    },
    units::{Boundary, Grade},
};

const SOURCE: &str = "battery discharge rate";
/// The rate is that of the battery's own gauge, which is made to tell how long the charge lasts: it is a mean over up to
/// half a minute that nothing dates, and the gauge's tolerance is written nowhere. So twice what polled power gets.
const ERROR: ErrorRule = ErrorRule::Relative { fraction: 0.20 };
/// Seconds between two readings: gauges publish every few seconds, and asking one goes through a slow bus.
const EVERY_S: f64 = 5.0;
/// Above what any portable machine draws, in watts.
const MAX_W: f64 = 500.0;

/// Offers all batteries together, to be looked at beside the sum.
pub(super) fn find(options: &Options, found: &mut Found) {
    let folder = options.sysfs_root.join("class/power_supply");
    let bank: Box<dyn Bank> = if folder.is_dir() {
        Box::new(Files { folder })
    } else if cfg!(target_os = "linux") || options.sysfs_root != Path::new("/sys") {
        return;
    } else {
        Box::new(Library)
    };
    let mut meter = BatteryMeter::new(bank);
    let supply = match meter.bank.look() {
        // No battery, and nothing that could be mended.
        Ok(supply) if supply.batteries.is_empty() => return,
        Ok(supply) => supply,
        Err(error) => {
            let refusal = Refusal::new(error.to_string());
            found.refuse(SourceReport::without_meter(
                "battery",
                SOURCE,
                "battery",
                Boundary::System,
                Grade::C,
                refusal,
            ));
            return;
        }
    };
    let n = supply.batteries.len();
    if n > 1 {
        meter.info.device = format!("{n} batteries");
        meter.info.notes.push("their rates are added up".to_owned());
    }
    let raw = match supply.draw() {
        Draw::Watts(watts) => Some(format!("{watts:.1} W")),
        Draw::Mains => {
            meter.info.notes.push(
                "on mains now, when a battery's rate says nothing of the machine: it answers once the machine is unplugged"
                    .to_owned(),
            );
            None
        }
        Draw::Unknown => None,
    };
    found.offer_as(meter, raw, Use::CrossCheck, 0);
}

/// One battery at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Battery {
    /// Whether energy flows out of it; `None` where it neither takes nor gives.
    gives: Option<bool>,
    /// How much flows, in watts, either way; `None` where it does not tell.
    rate_w: Option<f64>,
    /// How full it is, in percent.
    charge: Option<f64>,
}

/// What feeds the machine.
struct Supply {
    /// Whether a charger is plugged in, as far as it shows.
    mains: bool,
    batteries: Vec<Battery>,
}

/// What the machine draws, as far as its batteries can tell.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Draw {
    /// From the batteries alone.
    Watts(f64),
    /// A charger feeds it, in part at least.
    Mains,
    /// From the batteries, but one does not tell how much.
    Unknown,
}

impl Supply {
    fn draw(&self) -> Draw {
        let giving = || self.batteries.iter().filter(|one| one.gives == Some(true));
        let taking = self.batteries.iter().any(|one| one.gives == Some(false));
        // With a charger, a battery may give too, to help at a peak: then it is not all that the machine draws.
        if self.mains || taking || giving().next().is_none() {
            return Draw::Mains;
        }
        // A rate of nothing is what gauges say before they know.
        let rates = giving().map(|one| one.rate_w.filter(|rate_w| *rate_w > 0.0));
        rates
            .sum::<Option<f64>>()
            .map_or(Draw::Unknown, Draw::Watts)
    }

    /// Mean charge of the batteries in percent.
    fn charge(&self) -> Option<f64> {
        let charges: Option<Vec<f64>> = self.batteries.iter().map(|one| one.charge).collect();
        let charges = charges.filter(|charges| !charges.is_empty())?;
        Some(charges.iter().sum::<f64>() / charges.len() as f64)
    }
}

/// Where batteries are looked up.
trait Bank: Send {
    fn look(&self) -> Result<Supply, ReadError>;
}

/// The kernel's files, `class/power_supply`.
struct Files {
    folder: PathBuf,
}

impl Bank for Files {
    fn look(&self) -> Result<Supply, ReadError> {
        let mut supply = Supply {
            mains: false,
            batteries: Vec::new(),
        };
        for path in entries(&self.folder) {
            let says = |file: &str| text(&path.join(file)).unwrap_or_default();
            // Mice and headphones have batteries of their own.
            if says("scope") == "Device" {
                continue;
            }
            match says("type").as_str() {
                "Battery" if says("present") != "0" => supply.batteries.push(battery(&path)),
                "Battery" => {}
                _ => supply.mains |= says("online") == "1",
            }
        }
        Ok(supply)
    }
}

/// A battery from its files: µW, or µA and µV. Some drivers write what flows out as a negative number.
fn battery(path: &Path) -> Battery {
    let micro = |file: &str| {
        let said = text(&path.join(file))?;
        let magnitude: u64 = said.trim_start_matches('-').parse().ok()?;
        Some(magnitude as f64 * 1e-6)
    };
    let from_current = || Some(micro("current_now")? * micro("voltage_now")?);
    Battery {
        gives: match text(&path.join("status")).unwrap_or_default().as_str() {
            "Discharging" => Some(true),
            "Charging" => Some(false),
            _ => None,
        },
        rate_w: micro("power_now").or_else(from_current),
        charge: number(&path.join("capacity"))
            .ok()
            .map(|percent| percent as f64),
    }
}

/// The battery library, which asks Windows and macOS.
struct Library;

impl Bank for Library {
    fn look(&self) -> Result<Supply, ReadError> {
        let failed = |error: starship_battery::Error| ReadError::Driver {
            device: "battery".to_owned(),
            reason: error.to_string(),
        };
        let mut batteries = Vec::new();
        for one in Manager::new()
            .and_then(|manager| manager.batteries())
            .map_err(failed)?
        {
            let one = one.map_err(failed)?;
            batteries.push(Battery {
                gives: match one.state() {
                    State::Discharging => Some(true),
                    State::Charging => Some(false),
                    _ => None,
                },
                rate_w: Some(f64::from(one.energy_rate().get::<watt>())),
                charge: Some(f64::from(one.state_of_charge().value) * 100.0),
            });
        }
        Ok(Supply {
            // It does not tell of chargers; both systems say "discharging" only without one.
            mains: false,
            batteries,
        })
    }
}

/// All batteries of the machine.
struct BatteryMeter {
    info: MeterInfo,
    bank: Box<dyn Bank>,
}

impl BatteryMeter {
    fn new(bank: Box<dyn Bank>) -> Self {
        Self {
            bank,
            info: MeterInfo {
                id: "battery".to_owned(),
                source: SOURCE.to_owned(),
                device: "battery".to_owned(),
                boundary: Boundary::System,
                covers: vec![Part::machine()],
                origin: Origin::Sensor,
                grade: Grade::C,
                kind: Kind::Power,
                refresh_s: None,
                every_s: EVERY_S,
                error: ERROR,
                max_power_w: MAX_W,
                notes: vec![
                    "a slow mean by the battery's own gauge: ±20 %, wider than other polled power"
                        .to_owned(),
                ],
                pci: None,
            },
        }
    }
}

impl Meter for BatteryMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let supply = self.bank.look()?;
        let charge = supply.charge();
        match supply.draw() {
            Draw::Watts(watts) => Ok(Reading {
                level: Level::Watts(watts),
                extras: charge
                    .map(|charge| Extra::new("battery_charge", charge, "%"))
                    .into_iter()
                    .collect(),
            }),
            Draw::Mains | Draw::Unknown => Err(ReadError::NotYet),
        }
    }
}
