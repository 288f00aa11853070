//! Intel GPUs on Linux, through the energy counters that the i915 and xe drivers publish under hwmon: of the card, and
//! on xe of the chip on it, which they call the package.

use std::path::PathBuf;

use super::{
    Found,
    sysfs::{
        Card, ExtraFile, Extras, cards, entries, in_words, number, refresh_s, sleeps, text,
        training_card,
    },
};
use crate::{
    power::{
        ErrorRule, Kind, Level, Meter, MeterInfo, Options, Origin, Part, PciAddress, ReadError,
        Reading, Refusal, SourceReport, Status,
    },
    units::{Boundary, Grade},
};

const SOURCE: &str = "hwmon energy counter";
const VENDOR: &str = "0x8086";
/// Above what any Intel board draws (600 W for a Data Center GPU Max), in watts. The drivers' own comment reckons with
/// as much.
const MAX_BOARD_W: f64 = 1000.0;
/// How far the register behind the counter counts, in microjoules: 32 bits of 2⁻¹⁴ J (`hwm_energy` in i915_hwmon.c,
/// `xe_hwmon_energy_get` in xe_hwmon.c).
///
/// Both drivers add up the register's rounds to 64 bits themselves, so what they publish should never fall but when the
/// driver is loaded anew. They only notice a round when they are asked in it: at 1000 W that is every 262 s. The modulus
/// is given all the same, for two reasons. A gap in which the driver may have missed a round is then dropped (half of it,
/// 131 s at 1000 W). And a driver that hands on the bare register is read rightly: its falls amount to no more than the
/// board can draw in the time. Any other fall is none: one from above the modulus never, and one from below it only within
/// the last kilojoule or so. A fall from 22 MJ to 200 J (which once became 3.69 TW elsewhere) is dropped.
const REGISTER_UJ: u64 = (1_u64 << 32) * 1_000_000 / (1 << 14);

/// Offers the card that trains, and every card where other programs are measured; names the others.
pub(super) fn find(options: &Options, found: &mut Found) {
    let cards = cards(&options.sysfs_root, VENDOR, &["i915", "xe"]);
    let integrated = options.gpu.as_ref().is_some_and(|gpu| gpu.integrated);
    let by_address = options.gpu.as_ref().is_some_and(|gpu| gpu.pci.is_some());
    let fits = |card: &&Card| by_address || is_integrated(card) == integrated;
    let candidates: Vec<&Card> = cards.iter().filter(fits).collect();
    let training = training_card(options, &candidates, &["intel", "arc"]);
    for card in &cards {
        if is_integrated(card) {
            found.refuse(integrated_report(card));
            continue;
        }
        let trains = matches!(training, Ok((address, _)) if address == card.address);
        let why_not = match &training {
            _ if !trains && card.sleeps() => Some(
                "it sleeps (runtime_status: suspended), and asking would wake it: it is measured when it trains",
            ),
            _ if trains || options.every_gpu => None,
            Ok(_) => Some("it is not the GPU that trains"),
            Err(reason) => Some(reason.as_str()),
        };
        if let Some(reason) = why_not {
            let reason = reason.to_owned();
            found.refuse(report(card, Status::Available { reason }));
            continue;
        }
        let mut common = Common {
            device: name(card),
            whole: Part::card(card.address),
            notes: vec![format!("at {}", card.address)],
        };
        if let Some(gpu) = options.gpu.as_ref().filter(|_| trains) {
            common.device.clone_from(&gpu.name);
            common.whole = gpu.part();
            if matches!(training, Ok((_, true))) {
                common.notes.push(
                    "matched to the GPU that trains as the only one of its maker, since no PCI address is known".to_owned(),
                );
            }
        }
        found.offer_intel(card, &common, !trains);
    }
}

/// Integrated graphics sit on the first bus, where the processor's own devices are (00:02.0); a card is behind a bridge.
/// Both drivers register hwmon for cards alone (`IS_DGFX`).
fn is_integrated(card: &Card) -> bool {
    card.address.bus == 0 && card.hwmon.is_none()
}

fn name(card: &Card) -> String {
    format!("Intel GPU {}", card.device)
}

/// What a card's counters have in common.
struct Common {
    device: String,
    whole: Part,
    notes: Vec<String>,
}

/// What a counter is of.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Card,
    Chip,
}

impl Found {
    fn offer_intel(&mut self, card: &Card, common: &Common, may_sleep: bool) {
        let Some((driver, hwmon)) = &card.hwmon else {
            let refusal = Refusal::new("no i915 or xe driver publishes energy of this card")
                .with_remedy("a kernel from 6.2 on (i915) or 6.8 on (xe) does");
            self.refuse(report(card, refusal));
            return;
        };
        let mut any = false;
        for at in 1..=4 {
            let file = hwmon.join(format!("energy{at}_input"));
            let Some(scope) = scope(hwmon.join(format!("energy{at}_label")), at) else {
                continue;
            };
            if !file.exists() {
                continue;
            }
            any = true;
            let id = match scope {
                Scope::Card => format!("{driver}:{}", card.address),
                Scope::Chip => format!("{driver}:{}:package", card.address),
            };
            let counts = match number(&file) {
                Ok(counts) => counts,
                Err(error) => {
                    let refusal = Refusal::new(in_words(&error));
                    let mut report = report(card, refusal);
                    report.id = id;
                    self.refuse(report);
                    continue;
                }
            };
            let watch = || refresh_s(|| number(&file).ok());
            let refresh_s = self.watched.refresh_s(&file, watch);
            let meter = IntelMeter {
                info: info(id, driver, card.address, common, scope, refresh_s),
                file,
                asleep: may_sleep.then(|| card.folder.clone()),
                extras: extras(card, hwmon),
            };
            self.offer(meter, Some(format!("{counts} µJ")));
        }
        if !any {
            let refusal = Refusal::new(format!(
                "the {driver} driver publishes no energy of this card: {}",
                hwmon.display()
            ));
            self.refuse(report(card, refusal));
        }
    }
}

/// What the counter with this number is of: its label, else the drivers' order. `None` for one that is something else.
fn scope(label: PathBuf, at: u32) -> Option<Scope> {
    match (text(&label).as_deref(), at) {
        (Some("card"), _) | (None, 1) => Some(Scope::Card),
        (Some("pkg" | "package"), _) | (None, 2) => Some(Scope::Chip),
        _ => None,
    }
}

fn info(
    id: String,
    driver: &str,
    address: PciAddress,
    common: &Common,
    scope: Scope,
    refresh_s: Option<f64>,
) -> MeterInfo {
    let mut notes = common.notes.clone();
    match (scope, driver) {
        (Scope::Chip, _) => notes.push(
            "the chip alone: the card's memory and voltage regulators are not in it".to_owned(),
        ),
        // `hwm_get_preregistration_info`: PCU_PACKAGE_ENERGY_STATUS on DG1 and DG2.
        (Scope::Card, "i915") => notes.push(
            "on Arc A cards this driver reads the register of the chip: the card's memory and voltage regulators may not be \
             in it"
                .to_owned(),
        ),
        (Scope::Card, _) => {}
    }
    MeterInfo {
        id,
        source: format!("{driver} {SOURCE}"),
        device: common.device.clone(),
        boundary: Boundary::GpuBoard,
        covers: vec![match scope {
            Scope::Card => common.whole.clone(),
            Scope::Chip => common.whole.inside("package"),
        }],
        origin: Origin::Sensor,
        grade: Grade::B,
        kind: Kind::Counter {
            joules_per_count: 1e-6,
            wrap_counts: Some(REGISTER_UJ),
        },
        refresh_s,
        every_s: 0.0,
        error: ErrorRule::COUNTER,
        max_power_w: MAX_BOARD_W,
        notes,
        pci: Some(address),
    }
}

/// Millidegrees; megahertz; microwatts. On xe temperature 2 is the chip's; i915 has its clock beside the card's node, xe
/// in the folder of the first tile.
fn extras(card: &Card, hwmon: &std::path::Path) -> Extras {
    let clock = entries(&card.folder.join("drm"))
        .into_iter()
        .map(|node| node.join("gt_act_freq_mhz"))
        .chain([card.folder.join("tile0/gt0/freq0/act_freq")])
        .map(|path| ("sm_clock", path, 1.0, "MHz"));
    let files = [
        ("temperature", hwmon.join("temp2_input"), 1e-3, "Cel"),
        ("temperature", hwmon.join("temp1_input"), 1e-3, "Cel"),
        ("power_limit", hwmon.join("power1_max"), 1e-6, "W"),
    ];
    let file = |(metric, path, scale, unit)| ExtraFile {
        metric,
        path,
        scale,
        unit,
    };
    Extras::new(files.into_iter().chain(clock).map(file))
}

fn report(card: &Card, status: impl Into<Status>) -> SourceReport {
    let driver = card.hwmon.as_ref().map_or("intel", |(name, _)| name);
    let mut report = SourceReport::without_meter(
        format!("{driver}:{}", card.address),
        &format!("{driver} {SOURCE}"),
        name(card),
        Boundary::GpuBoard,
        Grade::B,
        status,
    );
    report.notes.push(format!("at {}", card.address));
    report
}

fn integrated_report(card: &Card) -> SourceReport {
    report(
        card,
        Refusal::new(
            "integrated graphics publish no energy of their own: it is in the figure of the processor's package. The nearest to \
             it is RAPL's uncore zone, which is inside the package",
        ),
    )
}

/// One energy counter of an Intel card.
struct IntelMeter {
    info: MeterInfo,
    file: PathBuf,
    /// The folder of a card that may fall asleep while it is watched: it is not woken.
    asleep: Option<PathBuf>,
    extras: Extras,
}

impl Meter for IntelMeter {
    fn info(&self) -> &MeterInfo {
        &self.info
    }

    fn read(&mut self) -> Result<Reading, ReadError> {
        if self.asleep.as_deref().is_some_and(sleeps) {
            return Err(ReadError::Asleep);
        }
        Ok(Reading {
            level: Level::Counts(number(&self.file)?),
            extras: self.extras.due(),
        })
    }
}
