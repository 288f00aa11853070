//! What becomes of the channels of all meters together: which are offered, as what, and which are only named.

use std::collections::BTreeMap;

use super::{
    Covers, EmiMeter, JOULES_PER_COUNT, Look, Measurement, SECONDS_PER_TICK, SOURCE, Unit, covers,
};
use crate::{
    power::{
        ErrorRule, Kind, MeterInfo, Origin, Part, Refusal, SourceReport, Status, choice::Use,
        sources::Found,
    },
    units::{Boundary, Grade},
};

/// Above what any one socket draws today, turbo included, in watts.
const MAX_PACKAGE_W: f64 = 1000.0;
/// Above what the memory of any one socket draws, in watts.
const MAX_DRAM_W: f64 = 500.0;
/// Above what a machine behind one plug draws, in watts.
const MAX_MACHINE_W: f64 = 4000.0;
/// A processor renews its counters about every millisecond (Intel's manual, volume 3, section on RAPL).
const REFRESH_S: f64 = 0.001;

/// Whether the meter measures when it is asked: then its own time goes on as ours does. One that publishes now and then
/// stands between two looks, or leaps.
fn measures_when_asked(first: Measurement, later: Measurement, elapsed_s: f64) -> bool {
    let own_s = later.time.saturating_sub(first.time) as f64 * SECONDS_PER_TICK;
    (0.5..=1.5).contains(&(own_s / elapsed_s))
}

impl Found {
    /// Offers packages and memory to be added and the whole machine to be looked at; names the others.
    pub(super) fn offer_looks(&mut self, looks: Vec<Look>, cpu_name: &str) {
        let mut packages: Vec<(String, Measurement, Measurement)> = Vec::new();
        let mut cores: BTreeMap<String, usize> = BTreeMap::new();
        for look in looks {
            let name = look.channel.name.clone();
            let covers = covers(&name);
            if let Covers::InPackage {
                package,
                part: "single core",
            } = &covers
            {
                *cores.entry(package.clone()).or_default() += 1;
                continue;
            }
            let mut info = describe_channel(&look, &covers, cpu_name);
            let twin = |id: &str| {
                self.candidates
                    .iter()
                    .any(|candidate| candidate.meter.info().id == id)
            };
            let mut rank = 0;
            while twin(&info.id) {
                rank += 1;
                info.id = format!("{} ({})", own_id(&covers, &look), rank + 1);
            }
            let (first, later, elapsed_s) = match look.seen {
                Ok(seen) if look.channel.unit == Unit::PicowattHours => seen,
                Ok(_) => {
                    let reason = format!("its energy has an unknown unit: {:?}", look.channel.unit);
                    self.refuse(SourceReport::of(&info, None, Refusal::new(reason).into()));
                    continue;
                }
                Err(reason) => {
                    self.refuse(SourceReport::of(&info, None, Refusal::new(reason).into()));
                    continue;
                }
            };
            if measures_when_asked(first, later, elapsed_s) {
                info.refresh_s = Some(REFRESH_S);
            }
            let may = match &covers {
                Covers::Package(package) => match mirror(&packages, first, later) {
                    Some(other) => Use::Not(format!(
                        "reads the same as the channel of package {other}: the package is shown twice"
                    )),
                    None => {
                        packages.push((package.clone(), first, later));
                        Use::Add
                    }
                },
                Covers::Memory { .. } => Use::Add,
                Covers::Machine => Use::CrossCheck,
                Covers::InPackage { package, part } => {
                    Use::Not(format!("{part} is contained in package {package}"))
                }
                Covers::Graphics => Use::Not(
                    "which graphics it is about is looked for among the performance counters"
                        .to_owned(),
                ),
                Covers::Unknown => Use::Not("what it covers is not known by its name".to_owned()),
            };
            let meter = EmiMeter {
                info,
                device: look.device,
                channels: look.channels,
                index: look.index,
            };
            self.offer_as(meter, Some(format!("{} pWh", later.energy)), may, rank);
        }
        for (package, count) in cores {
            let reason = format!(
                "{count} channels, one for each core: they are contained in package {package}"
            );
            self.refuse(SourceReport::without_meter(
                format!("emi:package-{package}:cores"),
                SOURCE,
                cpu_name,
                Boundary::CpuPackage,
                Grade::B,
                Status::Available { reason },
            ));
        }
    }
}

/// The package whose counter this one repeats: each of its looks then lies between, or on, those of the other, which for
/// separate counters of many digits would be a wonder.
fn mirror(
    packages: &[(String, Measurement, Measurement)],
    first: Measurement,
    later: Measurement,
) -> Option<&str> {
    let near = |a: Measurement, b: Measurement, step: u64| a.energy.abs_diff(b.energy) <= step;
    packages
        .iter()
        .find(|(_, other_first, other_later)| {
            let step = other_later.energy.saturating_sub(other_first.energy);
            first.energy > 0 && near(first, *other_first, step) && near(later, *other_later, step)
        })
        .map(|(package, ..)| package.as_str())
}

fn own_id(covers: &Covers, look: &Look) -> String {
    match covers {
        Covers::Package(package) => format!("emi:package-{package}"),
        Covers::Memory { package } => format!("emi:package-{package}:dram"),
        Covers::InPackage { package, part } => format!("emi:package-{package}:{part}"),
        Covers::Machine => "emi:machine".to_owned(),
        Covers::Graphics | Covers::Unknown if look.channel.name.is_empty() => {
            format!("emi:channel-{}", look.index)
        }
        Covers::Graphics | Covers::Unknown => format!("emi:{}", look.channel.name),
    }
}

fn describe_channel(look: &Look, covers: &Covers, cpu_name: &str) -> MeterInfo {
    let mut notes = vec![format!("channel `{}`", look.channel.name)];
    if !look.maker.is_empty() {
        notes.push(format!("meter of {}", look.maker));
    }
    let package_of = |package: &str| format!("{cpu_name}, package {package}");
    let (boundary, part, device, max_power_w) = match covers {
        Covers::Package(package) => (
            Boundary::CpuPackage,
            Part::package(package),
            package_of(package),
            MAX_PACKAGE_W,
        ),
        Covers::Memory { package } => (
            Boundary::Dram,
            Part::memory_of(package),
            package_of(package),
            MAX_DRAM_W,
        ),
        Covers::InPackage { package, part } => (
            Boundary::CpuPackage,
            Part::package(package).inside(part),
            package_of(package),
            MAX_PACKAGE_W,
        ),
        Covers::Machine => (
            Boundary::System,
            Part::machine(),
            "whole machine".to_owned(),
            MAX_MACHINE_W,
        ),
        Covers::Graphics | Covers::Unknown => (
            match covers {
                Covers::Graphics => Boundary::GpuBoard,
                _ => Boundary::Components,
            },
            Part::machine().inside(&own_id(covers, look)),
            look.channel.name.clone(),
            MAX_MACHINE_W,
        ),
    };
    MeterInfo {
        id: own_id(covers, look),
        source: SOURCE.to_owned(),
        device,
        boundary,
        covers: vec![part],
        origin: Origin::Sensor,
        grade: Grade::B,
        kind: Kind::Counter {
            joules_per_count: JOULES_PER_COUNT,
            // 64 bits of picowatt-hours are 66 GJ: nothing is known of a range below that.
            wrap_counts: None,
        },
        refresh_s: None,
        every_s: 0.0,
        error: ErrorRule::COUNTER,
        max_power_w,
        notes,
        pci: None,
    }
}
