//! What a card tells beside energy and power. Nothing of it is ever added to the board's energy.

use std::time::{Duration, Instant};

use nvml_wrapper::{
    Device,
    bitmasks::device::ThrottleReasons,
    enum_wrappers::device::{Clock, TemperatureSensor},
    sys_exports::field_id::{NVML_FI_DEV_POWER_AVERAGE, NVML_FI_DEV_POWER_INSTANT},
};

use super::handle::{Field, Handle};
use crate::power::Extra;

/// Load, temperature and clocks change slowly and cost a driver call each: they are read this often.
const EVERY: Duration = Duration::from_secs(1);

const GPU: u32 = 0;
const MODULE: u32 = 1;
const MEMORY: u32 = 2;

/// Powers of parts of the device, each with the fields that may hold it, the better first. The memory's is a mean on the
/// cards that have it.
const SCOPED: [(&str, &[Field]); 4] = [
    ("instant_power", &[field(NVML_FI_DEV_POWER_INSTANT, GPU)]),
    ("average_power", &[field(NVML_FI_DEV_POWER_AVERAGE, GPU)]),
    (
        "memory_power",
        &[
            field(NVML_FI_DEV_POWER_INSTANT, MEMORY),
            field(NVML_FI_DEV_POWER_AVERAGE, MEMORY),
        ],
    ),
    (
        "module_power",
        &[
            field(NVML_FI_DEV_POWER_INSTANT, MODULE),
            field(NVML_FI_DEV_POWER_AVERAGE, MODULE),
        ],
    ),
];

const fn field(id: u32, scope: u32) -> Field {
    Field { id, scope }
}

/// Reads them about once a second.
pub(super) struct Metrics {
    scoped: Vec<(&'static str, Field)>,
    read_at: Option<Instant>,
}

impl Metrics {
    /// Finds out, once, which of the scoped powers the card has.
    pub fn of(handle: &Handle) -> Self {
        let all: Vec<Field> = SCOPED
            .iter()
            .flat_map(|(_, fields)| *fields)
            .copied()
            .collect();
        let values = handle.fields(&all);
        // A card without such a sensor says 0 where it does not say that it has none.
        let has = |field: &Field| {
            let mut pairs = all.iter().zip(&values);
            pairs.any(|(known, value)| known == field && value.is_some_and(|mw| mw > 0.0))
        };
        let scoped = SCOPED.iter().filter_map(|(metric, fields)| {
            let field = fields.iter().copied().find(|field| has(field))?;
            Some((*metric, field))
        });
        Self {
            scoped: scoped.collect(),
            read_at: None,
        }
    }

    /// All that the card tells, or nothing where that was read less than a second ago.
    pub fn read(&mut self, handle: &Handle) -> Vec<Extra> {
        if self.read_at.is_some_and(|at| at.elapsed() < EVERY) {
            return Vec::new();
        }
        self.read_at = Some(Instant::now());
        let mut extras = of_device(handle.device());
        if !self.scoped.is_empty() {
            let fields: Vec<Field> = self.scoped.iter().map(|(_, field)| *field).collect();
            let values = self.scoped.iter().zip(handle.fields(&fields));
            extras.extend(
                values.filter_map(|((metric, _), mw)| Some(Extra::new(metric, mw? / 1e3, "W"))),
            );
        }
        extras
    }
}

fn of_device(device: &Device<'_>) -> Vec<Extra> {
    let load = device.utilization_rates().ok();
    let clock = |domain| device.clock_info(domain).ok().map(f64::from);
    let temperature = device.temperature(TemperatureSensor::Gpu).ok();
    let limit_mw = device.enforced_power_limit().ok();
    let reasons = device.current_throttle_reasons().ok();
    [
        (
            "utilization",
            load.as_ref().map(|load| f64::from(load.gpu)),
            "%",
        ),
        (
            "memory_utilization",
            load.as_ref().map(|load| f64::from(load.memory)),
            "%",
        ),
        ("temperature", temperature.map(f64::from), "Cel"),
        ("sm_clock", clock(Clock::SM), "MHz"),
        ("memory_clock", clock(Clock::Memory), "MHz"),
        ("power_limit", limit_mw.map(|mw| f64::from(mw) / 1e3), "W"),
    ]
    .into_iter()
    .filter_map(|(metric, value, unit)| Some(Extra::new(metric, value?, unit)))
    .chain(reasons.into_iter().flat_map(throttling))
    .collect()
}

/// The reasons as NVIDIA's bit mask, and as one number, 0 or 1, for each kind that a reader would want to tell apart:
/// not enough power, too hot, anything else that slows the clocks down. An idle card and clocks that a user has set are
/// in the mask alone.
fn throttling(reasons: ThrottleReasons) -> [Extra; 4] {
    let power = ThrottleReasons::SW_POWER_CAP | ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN;
    let thermal = ThrottleReasons::SW_THERMAL_SLOWDOWN | ThrottleReasons::HW_THERMAL_SLOWDOWN;
    // The hardware's slowdown goes along with its heat and its power brake; alone it has another cause.
    let known = ThrottleReasons::HW_THERMAL_SLOWDOWN | ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN;
    let unnamed = reasons.contains(ThrottleReasons::HW_SLOWDOWN) && !reasons.intersects(known);
    let other = unnamed || reasons.contains(ThrottleReasons::SYNC_BOOST);
    let is = |kind: bool| if kind { 1.0 } else { 0.0 };
    [
        Extra::new("throttle_reasons", reasons.bits() as f64, "1"),
        Extra::new("throttled_power", is(reasons.intersects(power)), "1"),
        Extra::new("throttled_thermal", is(reasons.intersects(thermal)), "1"),
        Extra::new("throttled_other", is(other), "1"),
    ]
}
