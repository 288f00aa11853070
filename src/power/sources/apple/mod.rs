//! Apple silicon: the energy counters of the chip that IOReport publishes without any rights, and beside them the power of
//! the whole machine by its own controller (SMC, key `PSTR`).
//!
//! - `energy.rs`: which channels count, their units, their sums; pure, tested on every system.
//! - `feed.rs`: the thread that asks.
//! - `macos.rs`: the calls, through `macmon`.

mod energy;
mod feed;
#[cfg(target_os = "macos")]
mod macos;

use std::{sync::Arc, thread::sleep, time::Duration};

pub use energy::{Channel, Counter, Group, Rail, Totals, counter, nanojoules_per};
use feed::Feed;

use super::Found;
use crate::{
    power::{
        ErrorRule, Kind, Level, Meter, MeterInfo, Options, Origin, Part, ReadError, Reading,
        Refusal, SourceReport, choice::Use,
    },
    units::{Boundary, Grade},
};

const SYSTEM_SOURCE: &str = "SMC's own estimate";
/// Asking for hundreds of channels costs milliseconds, and most of them are renewed every two seconds.
const EVERY_S: f64 = 1.0;
/// How long the counters are watched for movement before they are offered.
const LOOK: Duration = Duration::from_millis(300);
/// Above what any one of these parts draws, in watts.
const MAX_PART_W: f64 = 500.0;
/// Above what such a machine draws, in watts.
const MAX_MACHINE_W: f64 = 1000.0;

/// What the chip says at one moment.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Every channel of energy, with what was added since the sample before.
    pub channels: Vec<Channel>,
    /// Power of the whole machine in watts by its own controller, or why it was not told; `None` where it has none.
    pub system_w: Option<Result<f64, String>>,
}

/// The reports of a chip. They belong to the thread that opened them.
pub trait Reports {
    /// What happened since the sample before; nothing in the first.
    ///
    /// # Errors
    /// Why there is no sample, in words.
    fn sample(&mut self) -> Result<Sample, String>;
}

/// Opens the reports.
pub type OpenReports = Arc<dyn Fn() -> Result<Box<dyn Reports>, String> + Send + Sync>;

#[cfg(target_os = "macos")]
fn system() -> Option<OpenReports> {
    Some(Arc::new(macos::open))
}

/// Other systems have no such reports, and need no word about it.
#[cfg(not(target_os = "macos"))]
fn system() -> Option<OpenReports> {
    None
}

/// Offers the parts of the chip to be added up, and the whole machine to be looked at.
pub(super) fn find(options: &Options, found: &mut Found) {
    let Some(open) = options.energy_reports.clone().or_else(system) else {
        return;
    };
    let cpu_name = options.cpu_name.as_deref().unwrap_or_default();
    let watched = Feed::start(open).and_then(|feed| {
        sleep(LOOK);
        let seen = feed.read(Clone::clone)?;
        Ok((Arc::new(feed), seen))
    });
    let (feed, seen) = match watched {
        Ok(watched) => watched,
        Err(reason) => {
            found.refuse(SourceReport::without_meter(
                "apple",
                source(Group::EnergyModel),
                cpu_name,
                Boundary::Soc,
                Grade::B,
                Refusal::new(format!("IOReport gives no energies: {reason}")).with_remedy(
                    "Apple silicon has them, without administrator rights; virtual machines and Intel processors do not",
                ),
            ));
            return;
        }
    };
    for rail in [Rail::Cpu, Rail::Gpu, Rail::Ane, Rail::Dram] {
        found.offer_rail(rail, &feed, &seen.totals, options);
    }
    if let Some(system_w) = seen.system_w {
        let info = system_info();
        match system_w {
            Ok(watts) => {
                let meter = SmcMeter { info, feed };
                found.offer_as(meter, Some(format!("{watts:.1} W")), Use::CrossCheck, 0);
            }
            Err(reason) => {
                found.refuse(SourceReport::of(&info, None, Refusal::new(reason).into()));
            }
        }
    }
}

impl Found {
    /// Offers the counters of one part: the chip's own first, unless it stands while the other moves.
    fn offer_rail(&mut self, rail: Rail, feed: &Arc<Feed>, totals: &Totals, options: &Options) {
        let of = |group| Counter { rail, group };
        let (own, other) = (of(Group::EnergyModel), of(Group::Clpc));
        let stands = !totals.has_moved(own) && totals.has_moved(other);
        for counter in [own, other] {
            let channels = totals.channels(counter);
            if channels.is_empty() {
                continue;
            }
            let info = info(counter, channels, options);
            let raw = match totals.nanojoules(counter) {
                Ok(nanojoules) => format!("{nanojoules} nJ since it is watched"),
                Err(reason) => {
                    self.refuse(SourceReport::of(&info, None, Refusal::new(reason).into()));
                    continue;
                }
            };
            let rank = match counter.group {
                Group::EnergyModel => 2 * u8::from(stands),
                Group::Clpc => 1,
            };
            let meter = AppleMeter {
                info,
                counter,
                feed: feed.clone(),
            };
            self.offer_as(meter, Some(raw), may(rail, options), rank);
        }
    }
}

/// How a part of the chip may be used.
fn may(rail: Rail, options: &Options) -> Use {
    match rail {
        Rail::Cpu | Rail::Dram => Use::Add,
        Rail::Gpu if options.gpu.is_some() || options.every_gpu => Use::Add,
        Rail::Gpu => Use::Not("training runs on the processor: no GPU is metered".to_owned()),
        // Nothing of this program runs there, and where nothing does its counter stands still, which makes it missing, not
        // 0 J: as a part it would leave every sum incomplete.
        Rail::Ane => Use::CrossCheck,
    }
}

fn source(group: Group) -> &'static str {
    match group {
        Group::EnergyModel => "IOReport energy counter",
        Group::Clpc => "IOReport energy counter (CLPC)",
    }
}

fn info(counter: Counter, channels: &[String], options: &Options) -> MeterInfo {
    let Counter { rail, group } = counter;
    let (name, words, part) = match rail {
        Rail::Cpu => ("cpu", "processor cores", Part::processors()),
        // Beside the cores, not inside them: the chip counts them apart.
        Rail::Gpu => {
            let part = options
                .gpu
                .as_ref()
                .map_or_else(Part::training_gpu, |gpu| gpu.part());
            ("gpu", "graphics", part)
        }
        Rail::Ane => (
            "ane",
            "neural engine",
            Part::machine().inside("neural-engine"),
        ),
        Rail::Dram => ("dram", "memory", Part::memory()),
    };
    let chip = options.cpu_name.as_deref().unwrap_or_default();
    let id = match group {
        Group::EnergyModel => format!("apple:{name}"),
        Group::Clpc => format!("apple:{name}:clpc"),
    };
    MeterInfo {
        id,
        source: source(group).to_owned(),
        device: format!("{chip}, {words}"),
        boundary: Boundary::Soc,
        covers: vec![part],
        origin: Origin::Sensor,
        grade: Grade::B,
        kind: Kind::Counter {
            joules_per_count: 1e-9,
            // The sum is our own and starts at 0.
            wrap_counts: None,
        },
        // Differs from chip to chip and from channel to channel: with every sample, every two seconds, every half hour.
        refresh_s: None,
        every_s: EVERY_S,
        error: ErrorRule::COUNTER,
        max_power_w: MAX_PART_W,
        notes: vec![
            format!("sum of the channels {}", channels.join(", ")),
            "counted by the chip's own model of its parts".to_owned(),
        ],
        pci: None,
    }
}

fn system_info() -> MeterInfo {
    MeterInfo {
        id: "apple:system".to_owned(),
        source: SYSTEM_SOURCE.to_owned(),
        device: "whole machine".to_owned(),
        boundary: Boundary::System,
        covers: vec![Part::machine()],
        origin: Origin::Sensor,
        grade: Grade::C,
        kind: Kind::Power,
        refresh_s: None,
        every_s: EVERY_S,
        error: ErrorRule::POLLED,
        max_power_w: MAX_MACHINE_W,
        notes: vec!["SMC key PSTR: an estimate of the machine's own controller".to_owned()],
        pci: None,
    }
}

/// One part of the chip.
struct AppleMeter {
    info: MeterInfo,
    counter: Counter,
    feed: Arc<Feed>,
}

impl Meter for AppleMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let counter = self.counter;
        let read = self.feed.read(|seen| seen.totals.nanojoules(counter));
        match read.flatten() {
            Ok(nanojoules) => Ok(Level::Counts(nanojoules).into()),
            Err(reason) => Err(ReadError::Driver {
                device: self.info.device.clone(),
                reason,
            }),
        }
    }
}

/// The whole machine.
struct SmcMeter {
    info: MeterInfo,
    feed: Arc<Feed>,
}

impl Meter for SmcMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        let none = || Err("the controller no longer tells it".to_owned());
        let read = self
            .feed
            .read(|seen| seen.system_w.clone().unwrap_or_else(none));
        match read.flatten() {
            Ok(watts) => Ok(Level::Watts(watts).into()),
            Err(reason) => Err(ReadError::Driver {
                device: self.info.device.clone(),
                reason,
            }),
        }
    }
}
