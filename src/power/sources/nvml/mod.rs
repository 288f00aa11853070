//! NVIDIA cards through the driver's management library: the energy counter first, polled power where the card has no
//! counter (before Volta) and where the counter stops.
//!
//! - `library`: loads it and lists cards; `faults`: what its errors mean.
//! - `handle`: a card to be asked, and the one call that the safe binding lacks.
//! - `card`: who a card is and what it can say; `training`: which one trains; `sleep`: which are not to be woken.
//! - `probe`: how often a card publishes, and whether counter and power agree.
//! - `meter`, `metrics`: what is read, and what is told beside it.

mod card;
mod faults;
mod handle;
mod library;
mod meter;
mod metrics;
mod probe;
mod sleep;
mod training;

pub use card::part_time_sampled;
pub(in crate::power) use probe::Probe;
pub use sleep::sleeping_cards;

use std::sync::Arc;

use self::{
    card::Card,
    handle::Handle,
    library::Library,
    meter::{NvmlMeter, Reads},
    sleep::{SysfsCard, Watch},
    training::{NotKnown, Training},
};
use super::Found;
use crate::{
    power::{Options, Part, PciAddress, Refusal, SourceReport, Status, choice::Use},
    units::{Boundary, Grade},
};

const COUNTER_SOURCE: &str = "NVML energy counter";
const POWER_SOURCE: &str = "NVML polled power";

/// Offers the card that trains, or every card where other programs are measured; names the others.
pub(super) fn find(options: &Options, found: &mut Found) {
    let in_sysfs = sleep::cards(&options.sysfs_root);
    let gpu = options.gpu.as_ref();
    let (asleep, awake): (Vec<SysfsCard>, Vec<SysfsCard>) = in_sysfs
        .iter()
        .cloned()
        .partition(|card| card.asleep && !sleep::may_wake(card, gpu, &in_sysfs));
    // Loading the library may wake cards by itself.
    if awake.is_empty() && !asleep.is_empty() {
        let refusal = Refusal::new(
            "every NVIDIA card sleeps (runtime_status: suspended), and asking would wake it",
        );
        found.refuse(whole_source(
            refusal.with_remedy("it is measured when it is the device that trains"),
        ));
        return;
    }
    let listed = Library::open(options.nvml_library.as_deref()).and_then(|library| {
        let cards = if asleep.is_empty() {
            library.cards()?
        } else {
            let addresses: Vec<PciAddress> = awake.iter().map(|card| card.address).collect();
            library.cards_at(&addresses)
        };
        Ok((cards, library))
    });
    let (cards, library) = match listed {
        Ok(listed) => listed,
        Err(refusal) => return found.refuse(whole_source(refusal)),
    };
    let chip = |card: &Card| {
        let mut known = in_sysfs.iter();
        Some(
            known
                .find(|known| Some(known.address) == card.pci)?
                .chip
                .clone(),
        )
    };
    let training = training::find(gpu, &cards, &asleep, chip);
    if let Ok(training) = training {
        found.gpu_limit_w = cards[training.at].limit_w;
    }
    offer_cards(options, &cards, &library, &training, found);
    for card in &asleep {
        found.refuse(report_of_sleeping(card, options));
    }
    if cards.is_empty() {
        found.refuse(whole_source(Refusal::new(
            "the NVIDIA driver lists no card",
        )));
    }
}

/// Offers those of `cards` that are to be read, and reports the others.
fn offer_cards(
    options: &Options,
    cards: &[Card],
    library: &Library,
    training: &Result<Training, NotKnown>,
    found: &mut Found,
) {
    let trains = |at: usize| training.as_ref().ok().filter(|training| training.at == at);
    let mut chosen: Vec<(usize, &Card, &Arc<Handle>)> = Vec::new();
    for (at, card) in cards.iter().enumerate() {
        let refusal = card.refusal.as_ref().or(card
            .divided
            .as_ref()
            .filter(|_| trains(at).is_some() || !options.every_gpu));
        match (&card.handle, refusal) {
            (Some(handle), None) if trains(at).is_some() || options.every_gpu => {
                chosen.push((at, card, handle));
            }
            (_, Some(refusal)) => found.refuse(card.report(refusal.clone().into())),
            _ => {
                let reason = match training {
                    Ok(_) => "it is not the GPU that trains".to_owned(),
                    Err(not_known) => not_known.reason.clone(),
                };
                found.refuse(card.report(Status::Available { reason }));
            }
        }
    }
    let probes = probes(options, &chosen);
    for ((at, card, handle), probe) in chosen.into_iter().zip(probes) {
        let part = match &options.gpu {
            Some(gpu) if trains(at).is_some() => gpu.part(),
            _ => card.part(),
        };
        let offer = Offer {
            options,
            library,
            card,
            handle,
            training: trains(at).copied(),
            doubt: training
                .as_ref()
                .err()
                .filter(|not_known| not_known.perhaps.contains(&at))
                .map(|not_known| not_known.reason.clone()),
        };
        offer.make(&part, &probe, found);
    }
}

/// What is known of `cards` from watching them, in their order. Those that were not watched earlier are, all at once.
fn probes(options: &Options, cards: &[(usize, &Card, &Arc<Handle>)]) -> Vec<Arc<Probe>> {
    let known = |card: &Card| options.watched.card(&card.id, &card.name);
    let new: Vec<(&Card, &Handle)> = cards
        .iter()
        .filter(|(_, card, _)| known(card).is_none())
        .map(|(_, card, handle)| (*card, handle.as_ref()))
        .collect();
    let mut seen = probe::watch(&new).into_iter().map(Arc::new);
    cards
        .iter()
        .map(|(_, card, _)| {
            known(card).unwrap_or_else(|| {
                let probe = seen.next().unwrap_or_default();
                if probe.is_conclusive(card.has_counter) {
                    options.watched.keep_card(&card.id, &card.name, &probe);
                }
                probe
            })
        })
        .collect()
}

/// A card that is to be read.
struct Offer<'a> {
    options: &'a Options,
    library: &'a Library,
    card: &'a Card,
    handle: &'a Arc<Handle>,
    /// How it was found to be the one that trains, if it is.
    training: Option<Training>,
    /// Why it may be the one that trains without that being known.
    doubt: Option<String>,
}

impl Offer<'_> {
    fn make(&self, part: &Part, probe: &Probe, found: &mut Found) {
        let card = self.card;
        let may = || match self.doubt {
            Some(_) => Use::CrossCheck,
            None => Use::Add,
        };
        if card.has_counter {
            let meter = self.meter(Reads::Counter, part, probe);
            found.offer_as(meter, card.raw.clone(), may(), 0);
        }
        // What a module's power covers is not documented, so it cannot stand in for a counter of the whole; and beside
        // a counter that is only looked at, there is nothing to stand in for.
        let stands_in = !card.is_module() && self.doubt.is_none();
        if card.has_power && (stands_in || !card.has_counter) {
            let meter = self.meter(Reads::Power, part, probe);
            found.offer_as(meter, card.raw_power.clone(), may(), 0);
        }
    }

    fn meter(&self, reads: Reads, part: &Part, probe: &Probe) -> NvmlMeter {
        let mut meter = NvmlMeter::new(self.card, self.handle, reads, part.clone(), probe);
        for note in &self.library.notes {
            meter.note(note);
        }
        match self.training {
            Some(Training { by_name: true, .. }) => meter
                .note("matched to the GPU that trains by its name, since no PCI address is known"),
            // A card that trains does not sleep, and may be woken.
            Some(_) => {}
            None => {
                let pci = self.card.pci;
                meter.let_sleep(pci.and_then(|pci| Watch::of(&self.options.sysfs_root, pci)));
            }
        }
        if let Some(doubt) = &self.doubt {
            meter.note(format!("beside the sum: {doubt}"));
        }
        if self.card.divided.is_some() {
            meter.note("MIG is on: the reading is of the whole board, all slices together");
        }
        meter
    }
}

/// A report on NVIDIA's cards as a whole.
fn whole_source(refusal: Refusal) -> SourceReport {
    SourceReport::without_meter(
        "nvml",
        COUNTER_SOURCE,
        "NVIDIA cards",
        Boundary::GpuBoard,
        Grade::B,
        refusal,
    )
}

/// A report on a card that sleeps beside others that do not.
fn report_of_sleeping(card: &SysfsCard, options: &Options) -> SourceReport {
    let address = card.address;
    let refusal =
        Refusal::new("it sleeps (runtime_status: suspended), and asking would wake it").with_remedy(
            "it is measured when it is the device that trains, or when it is awake before the meters are looked for",
        );
    let mut report = SourceReport::without_meter(
        format!("nvml:{address}"),
        COUNTER_SOURCE,
        format!("NVIDIA card at {address}"),
        Boundary::GpuBoard,
        Grade::B,
        refusal,
    );
    let woken = Watch::of(&options.sysfs_root, address).is_some_and(|watch| !watch.is_asleep());
    if woken {
        report.notes.push(
            "it woke up while the management library was loaded for the other cards: the library cannot be asked \
             without that here"
                .into(),
        );
    }
    report
}
