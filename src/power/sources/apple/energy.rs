//! From what IOReport tells of energies to counters in nanojoules; pure.
//!
//! The group `Energy Model` has a channel for every block of the chip, hundreds of them, one inside the other: cores, then
//! clusters, then the whole. Only the wholes are taken, by their exact names; a chip of two dies has one for each. Names and
//! units as macOS showed them on M1 to M5 Ultra (the sources of macmon; lablup/all-smi #410, #412, #424):
//!
//! | what | one die | several |
//! |---|---|---|
//! | processor cores | `CPU Energy`, mJ | `DIE_0_CPU Energy`, … |
//! | graphics | `GPU Energy`, nJ | the same |
//! | neural engine | `ANE`, `ANE0`, mJ | `ANE0_0`, `ANE0_1`, … |
//! | memory | `DRAM`, `DRAM0`, mJ | `DRAM0_0`, `DRAM0_1`, … |
//!
//! From macOS 27 on, some of them stand still for programs without Apple's permission; the group `CLPC` then still has the
//! processor cores (`CPU Energy`), the graphics and the neural engine, in nJ.

use std::collections::BTreeMap;

/// What a counter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rail {
    /// All processor cores with their caches.
    Cpu,
    /// The graphics part.
    Gpu,
    /// The neural engine.
    Ane,
    /// The memory of the package.
    Dram,
}

/// Who keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// `Energy Model`.
    EnergyModel,
    /// `CLPC`: the driver that sets the clocks.
    Clpc,
}

/// A counter of this program: the sum over the dies of one group's channels of one rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// What it is about.
    pub rail: Rail,
    /// Who keeps it.
    pub group: Group,
}

/// One channel of IOReport: what was added to it since the sample before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Such as `Energy Model`.
    pub group: String,
    /// Such as `Energy Counters`; often empty.
    pub subgroup: String,
    /// Such as `CPU Energy`.
    pub name: String,
    /// As this sample calls it, such as `mJ`.
    pub unit: String,
    /// How many of the unit were added.
    pub added: i64,
}

/// Which counter the channel belongs to, and how closely it looks: 0 for the whole, more for its parts. `None` for a channel
/// that is no whole of anything.
pub fn counter(channel: &Channel) -> Option<(Counter, usize)> {
    let group = match (channel.group.as_str(), channel.subgroup.as_str()) {
        ("Energy Model", _) => Group::EnergyModel,
        ("CLPC", "Energy Counters") => Group::Clpc,
        _ => return None,
    };
    let name = channel.name.as_str();
    let (rail, closeness) = match name {
        "CPU Energy" => (Rail::Cpu, 0),
        "GPU Energy" => (Rail::Gpu, 0),
        _ => {
            let die = name
                .strip_prefix("DIE_")
                .and_then(|rest| rest.strip_suffix("_CPU Energy"));
            if let Some(die) = die {
                is_number(die).then_some((Rail::Cpu, 1))?
            } else if let Some(rest) = name.strip_prefix("ANE") {
                (Rail::Ane, numbers(rest)?)
            } else {
                (Rail::Dram, numbers(name.strip_prefix("DRAM")?)?)
            }
        }
    };
    Some((Counter { rail, group }, closeness))
}

/// 0 for nothing, 1 for `0`, 2 for `0_1`.
fn numbers(text: &str) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    match text.split_once('_') {
        None => is_number(text).then_some(1),
        Some((block, die)) => (is_number(block) && is_number(die)).then_some(2),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// Nanojoules in one `unit`; `None` for a label that is no such unit.
pub fn nanojoules_per(unit: &str) -> Option<i64> {
    match unit.trim() {
        "mJ" => Some(1_000_000),
        // With the letter u, the sign for micro, and the Greek letter.
        "uJ" | "\u{b5}J" | "\u{3bc}J" => Some(1_000),
        "nJ" => Some(1),
        _ => None,
    }
}

/// The counters, added up from one sample to the next.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    counters: BTreeMap<Counter, Total>,
    samples: u64,
}

#[derive(Clone, Debug, Default)]
struct Total {
    nanojoules: u64,
    /// The channels it is the sum of.
    names: Vec<String>,
    /// Why the last sample could not be added, if so.
    fault: Option<String>,
    moved: bool,
}

impl Totals {
    /// Adds what happened since the sample before.
    ///
    /// Where that cannot be told of a counter, because a channel is gone or new, has a unit that is not known, or fell, the
    /// counter starts again at 0: whoever reads it then sees a reset, and leaves a gap instead of guessing.
    pub fn add(&mut self, sample: &[Channel]) {
        let mut wholes: BTreeMap<Counter, (usize, Vec<&Channel>)> = BTreeMap::new();
        for channel in sample {
            let Some((counter, closeness)) = counter(channel) else {
                continue;
            };
            let (closest, channels) = wholes.entry(counter).or_insert((closeness, Vec::new()));
            // A whole contains its parts: only the channels that look least closely count.
            if closeness < *closest {
                (*closest, *channels) = (closeness, Vec::new());
            }
            if closeness == *closest {
                channels.push(channel);
            }
        }
        let first = self.samples == 0;
        self.samples += 1;
        for (counter, (_, channels)) in &wholes {
            let total = self.counters.entry(*counter).or_default();
            let mut names: Vec<String> = channels.iter().map(|one| one.name.clone()).collect();
            names.sort();
            if total.names != names {
                let known = !total.names.is_empty() || !first;
                *total = Total {
                    names,
                    ..Total::default()
                };
                if known {
                    total.fault = Some("its channels are others than before".to_owned());
                    continue;
                }
            }
            match added(channels) {
                Ok(nanojoules) => {
                    total.moved |= nanojoules > 0;
                    total.nanojoules = total.nanojoules.wrapping_add(nanojoules);
                    total.fault = None;
                }
                Err(fault) => {
                    total.nanojoules = 0;
                    total.fault = Some(fault);
                }
            }
        }
        for (counter, total) in &mut self.counters {
            if !wholes.contains_key(counter) {
                total.nanojoules = 0;
                total.fault = Some("its channels are gone".to_owned());
            }
        }
    }

    /// Nanojoules since the first sample.
    ///
    /// # Errors
    /// Why the last sample says nothing of this counter.
    pub fn nanojoules(&self, counter: Counter) -> Result<u64, String> {
        match self.counters.get(&counter) {
            Some(Total {
                fault: Some(fault), ..
            }) => Err(fault.clone()),
            Some(total) => Ok(total.nanojoules),
            None => Err("IOReport has no such channel".to_owned()),
        }
    }

    /// The channels that the counter is the sum of; none where there are none.
    pub fn channels(&self, counter: Counter) -> &[String] {
        self.counters
            .get(&counter)
            .map_or(&[], |total| total.names.as_slice())
    }

    /// Whether anything was ever added to it.
    pub fn has_moved(&self, counter: Counter) -> bool {
        self.counters.get(&counter).is_some_and(|total| total.moved)
    }
}

/// Nanojoules that were added to all `channels` together.
fn added(channels: &[&Channel]) -> Result<u64, String> {
    let mut sum: i64 = 0;
    for channel in channels {
        let Channel {
            name, unit, added, ..
        } = channel;
        let scale = nanojoules_per(unit)
            .ok_or_else(|| format!("`{name}` has the unit `{unit}`, not mJ, uJ or nJ"))?;
        sum = (*added >= 0)
            .then(|| added.checked_mul(scale)?.checked_add(sum))
            .flatten()
            .ok_or_else(|| format!("`{name}` fell, or leapt beyond measure: {added} {unit}"))?;
    }
    u64::try_from(sum).map_err(|error| error.to_string())
}
